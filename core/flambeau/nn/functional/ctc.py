"""Connectionist temporal classification as a function."""

from __future__ import annotations

from collections.abc import Sequence

from ... import ops
from ..._tensor import Tensor
from .reduction import reduction_of


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """-log of the probability of labels over all their alignments: log-probabilities (T, N, C) or (T, C).

    Args:
        targets: (N, S), or all labels one after another.
        input_lengths, target_lengths: (N,), of each sequence.
        blank: the class that stands for no label.
        reduction: "mean" divides each loss by its number of labels first.
        zero_infinity: 0 for sequences too short for their labels, instead of inf.

    Raises:
        RuntimeError: lengths, labels or sizes that do not go together.

    Source: Graves et al., "Connectionist temporal classification", ICML 2006.
    """
    how = ("none", "mean", "sum").index(reduction_of(reduction))
    return ops.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, how, zero_infinity)
