"""Losses of sequences. Source: https://docs.pytorch.org/docs/stable/nn.html#loss-functions"""

from __future__ import annotations

from collections.abc import Sequence

from ..._tensor import Tensor
from .. import functional as F
from .base import _Loss


class CTCLoss(_Loss):
    """-log of the probability of labels over all their alignments with time: log-probabilities (T, N, C) or (T, C).

    Args:
        blank: the class that stands for no label; default 0.
        reduction: "mean" (default) divides each loss by its number of labels first.
        zero_infinity: 0 for sequences too short for their labels, instead of inf; default False.

    Source: Graves et al., "Connectionist temporal classification", ICML 2006.
    """

    __constants__ = ["blank", "reduction"]

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(
        self,
        log_probs: Tensor,
        targets: Tensor,
        input_lengths: Tensor | Sequence[int],
        target_lengths: Tensor | Sequence[int],
    ) -> Tensor:
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )
