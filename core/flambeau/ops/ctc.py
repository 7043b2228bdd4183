"""Connectionist temporal classification: the probability of a sequence of labels, over all its alignments with time.

What stands between labels is the blank: n labels make 2 n + 1 states. `alpha` sums over the ways to have come to a state,
`beta` over the ways to go on from it. Logarithms throughout, of at least _LOW, so that nothing is inf - inf.
Source: Graves et al., "Connectionist temporal classification", ICML 2006.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from ..dtype import bool_
from .creation import tensor
from .op import composite, op

_LOW = -1e30


def _log_sum(be: Any, *terms: Any) -> Any:
    peak = terms[0]
    for x in terms[1:]:
        peak = be.maximum(peak, x)
    total = be.exp(be.sub(terms[0], peak))
    for x in terms[1:]:
        total = be.add(total, be.exp(be.sub(x, peak)))
    return be.add(peak, be.log(total))


def _moved(be: Any, x: Any, edge: Any, by: int) -> Any:
    """(N, L) with every state `by` further on (or back, if negative), _LOW where there was none."""
    length = x.shape[1]
    rim = be.narrow(edge, 1, 0, abs(by))
    if by > 0:
        return be.concat([rim, be.narrow(x, 1, 0, length - by)], 1)
    return be.concat([be.narrow(x, 1, -by, length + by), rim], 1)


def _at(be: Any, x: Any, t: int) -> Any:
    """`x[t]`."""
    return be.reshape(be.narrow(x, 0, t, 1), x.shape[1:])


def _emissions(be: Any, log_probs: Any, index: Any) -> Any:
    return be.maximum(be.gather(log_probs, 2, index), _LOW)


def _alphas(be: Any, scores: Any, skips: Any, begin: Any, edge: Any, running: Any) -> list[Any]:
    """(N, L) for each time; from a sequence's end on those of its end."""
    alpha = be.add(begin, _at(be, scores, 0))
    found = [alpha]
    for t in range(1, scores.shape[0]):
        two = be.add(_moved(be, alpha, edge, 2), skips)
        further = be.add(_log_sum(be, alpha, _moved(be, alpha, edge, 1), two), _at(be, scores, t))
        alpha = be.where(_at(be, running, t), be.maximum(further, _LOW), alpha)
        found.append(alpha)
    return found


def _betas(be: Any, scores: Any, skips: Any, end: Any, edge: Any, last: Any) -> list[Any]:
    """(N, L) for each time; meaningless from a sequence's end on."""
    steps = scores.shape[0]
    on_skips = _moved(be, skips, edge, -2)
    beta = be.add(end, _at(be, scores, steps - 1))
    found = [beta]
    for t in range(steps - 2, -1, -1):
        two = be.add(_moved(be, beta, edge, -2), on_skips)
        back = _log_sum(be, beta, _moved(be, beta, edge, -1), two)
        beta = be.maximum(be.add(be.where(_at(be, last, t), end, back), _at(be, scores, t)), _LOW)
        found.append(beta)
    return found[::-1]


def _log_likelihood(be: Any, alpha: Any, end: Any) -> Any:
    """(N, 1): the sum over the states that a sequence may end in."""
    terms = be.add(alpha, end)
    peak = be.max(terms, (1,), True)
    return be.add(peak, be.log(be.sum(be.exp(be.sub(terms, peak)), (1,), True)))


def _ctc_gradient(
    g: Tensor,
    log_probs: Tensor,
    index: Tensor,
    skips: Tensor,
    begin: Tensor,
    end: Tensor,
    edge: Tensor,
    running: Tensor,
    last: Tensor,
    zero_infinity: bool,
) -> Tensor:
    grad: Tensor = ctc_loss_backward(g, log_probs, index, skips, begin, end, edge, running, last, zero_infinity)
    return grad


@op(name="CtcLossBackward0", log_probs=_ctc_gradient)
def _ctc_loss(
    be: Any,
    log_probs: Array,
    index: Array,
    skips: Array,
    begin: Array,
    end: Array,
    edge: Array,
    running: Array,
    last: Array,
    zero_infinity: bool,
) -> Any:
    """-log of the probability of each sequence.

    Shapes: `log_probs` (T, N, C); `index` (T, N, L), the class of each state; `skips` (N, L), 0 where a state can be
    reached from the one before the last, else _LOW; `begin` and `end` likewise, where a sequence can begin and end;
    `edge` (N, 2) of _LOW; `running` and `last` (T, N, 1), whether a sequence still runs, and whether this is its end.
    """
    alphas = _alphas(be, _emissions(be, log_probs, index), skips, begin, edge, running)
    score = be.reshape(_log_likelihood(be, alphas[-1], end), (log_probs.shape[1],))
    return be.where(be.lt(score, _LOW / 10), 0.0 if zero_infinity else math.inf, be.neg(score))


@composite
def ctc_loss_backward(
    be: Any,
    g: Array,
    log_probs: Array,
    index: Array,
    skips: Array,
    begin: Array,
    end: Array,
    edge: Array,
    running: Array,
    last: Array,
    zero_infinity: bool,
) -> Any:
    """g (exp(log_probs) - the share of each class in all alignments), which presumes that the classes' sum is 1."""
    scores = _emissions(be, log_probs, index)
    alphas = _alphas(be, scores, skips, begin, edge, running)
    betas = _betas(be, scores, skips, end, edge, last)
    likelihood = _log_likelihood(be, alphas[-1], end)
    shape = (1, *scores.shape[1:])
    both = be.concat([be.reshape(be.add(a, b), shape) for a, b in zip(alphas, betas, strict=True)], 0)
    # Above 0 only where there is no alignment, and then not used: but it must not overflow on the way.
    shares = be.exp(be.minimum(be.sub(be.sub(both, scores), likelihood), 60.0))
    grad = be.neg(be.scatter(be.neg(be.exp(log_probs)), 2, index, shares, "add"))
    factor = be.reshape(g, (1, scores.shape[1], 1))
    impossible = be.reshape(be.lt(likelihood, _LOW / 10), (1, scores.shape[1], 1))
    grad = be.where(impossible, 0.0 if zero_infinity else math.nan, be.mul(grad, factor))
    return be.where(running, grad, 0.0)


# --- the public function ----------------------------------------------------------------------------------------------

_CHECKING = "(while checking arguments for ctc_loss_allocate_outputs)"


def _lengths(lengths: Any, name: str) -> list[int]:
    if not isinstance(lengths, Tensor):
        return [int(n) for n in lengths]
    if lengths.dtype.is_floating_point:
        raise RuntimeError(f"{name} must be integral")
    found: list[int] = lengths.reshape(-1).tolist()
    return found


def _check(log_probs: Tensor, targets: Tensor, times: list[int], counts: list[int], blank: int) -> list[list[int]]:
    """The labels of each sequence."""
    steps, batch, classes = log_probs._shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    for lengths, name in ((times, "input_lengths"), (counts, "target_lengths")):
        if len(lengths) != batch:
            raise RuntimeError(f"{name} must be of size batch_size")
    for n in counts:
        if n < 0:
            raise RuntimeError(f"Expected target_lengths to have value at least 0, but got value {n} {_CHECKING}")
    if targets.dim() not in (1, 2):
        raise RuntimeError(
            f"Expected 1 to 2 dimensions, but got {targets.dim()}-dimensional tensor for argument #2 'targets' {_CHECKING}"
        )
    size = list(targets._shape)
    wrong = "Expected tensor to have size {}{} at dimension {}, but got size {} for argument #2 'targets' " + _CHECKING
    if len(size) == 1:
        if size[0] != sum(counts):
            raise RuntimeError(wrong.format("", sum(counts), 0, size[0]))
    else:
        if size[0] != batch:
            raise RuntimeError(wrong.format("", batch, 0, size[0]))
        if size[1] < max(counts, default=0):
            raise RuntimeError(wrong.format("at least ", max(counts), 1, size[1]))
    for n in times:
        if n < 0:
            raise RuntimeError(f"Expected input_lengths to have value at least 0, but got value {n} {_CHECKING}")
        if n > steps:
            raise RuntimeError(f"Expected input_lengths to have value at most {steps}, but got value {n} {_CHECKING}")
    if log_probs.dtype.itemsize == 2 or not log_probs.dtype.is_floating_point:
        raise NotImplementedError(f"\"ctc_loss_cpu\" not implemented for '{log_probs.dtype.legacy_name}'")
    if len(size) == 2:
        return [[int(y) for y in row[:n]] for row, n in zip(targets.tolist(), counts, strict=True)]
    flat, starts = [int(y) for y in targets.tolist()], [sum(counts[:i]) for i in range(batch)]
    return [flat[i : i + n] for i, n in zip(starts, counts, strict=True)]


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: int = 0,
    zero_infinity: bool = False,
) -> Tensor:
    """-log of the probability of labels, over all alignments: log-probabilities (T, N, C) or (T, C) → (N,), or a number.

    Args:
        targets: (N, S), or all labels one after another.
        input_lengths, target_lengths: of each sequence.
        blank: the class that stands for no label.
        reduction: 0 (default) none, 1 the mean of losses divided by the numbers of labels, 2 the sum.
        zero_infinity: 0 for sequences too short for their labels, instead of inf.

    Raises:
        RuntimeError: lengths, labels or sizes that do not go together.
    """
    times, counts = _lengths(input_lengths, "input_lengths"), _lengths(target_lengths, "target_lengths")
    batched = log_probs.dim() != 2
    if not batched:
        log_probs = log_probs.unsqueeze(1)
        targets = targets if targets.dim() > 1 else targets.unsqueeze(0)
    elif log_probs.dim() != 3:
        dims = log_probs.dim() + 1
        raise RuntimeError(
            f"Expected 3-dimensional tensor, but got {dims}-dimensional tensor for argument #1 'log_probs' {_CHECKING}"
        )
    labels = _check(log_probs, targets, times, counts, blank)
    losses = _ctc_loss(log_probs, *_states(log_probs, labels, times, blank), zero_infinity)
    empty = [not n and not ys for n, ys in zip(times, labels, strict=True)]
    if any(empty):  # no labels in no time: certain
        losses = losses.masked_fill(tensor(empty, device=losses.device), 0.0)
    if reduction == 1:
        divisor = tensor([max(1, n) for n in counts], dtype=losses.dtype, device=losses.device)
        return (losses / divisor).mean()
    if reduction == 2:
        return losses.sum()
    result: Tensor = losses if batched else losses.squeeze(0)
    return result


def _states(log_probs: Tensor, labels: list[list[int]], times: list[int], blank: int) -> list[Tensor]:
    """What `_ctc_loss` wants to know of the sequences."""
    steps, batch, _ = log_probs._shape
    width = 2 * max([1, *map(len, labels)]) + 1
    device, kind = log_probs.device, log_probs.dtype
    classes, skips, begin, end = [], [], [], []
    for ys, n in zip(labels, times, strict=True):
        row = [blank] * width
        row[1 : 2 * len(ys) : 2] = ys
        classes.append(row)
        skips.append([0.0 if s % 2 and s > 2 and row[s] != row[s - 2] else _LOW for s in range(width)])
        begin.append([0.0 if s < 2 and n else _LOW for s in range(width)])
        end.append([0.0 if s in (2 * len(ys), 2 * len(ys) - 1) else _LOW for s in range(width)])
    index = tensor(classes, device=device).unsqueeze(0).expand(steps, batch, width)
    floats = [tensor(x, dtype=kind, device=device) for x in (skips, begin, end, [[_LOW, _LOW]] * batch)]
    running = [[[t < n] for n in times] for t in range(steps)]
    last = [[[t == n - 1] for n in times] for t in range(steps)]
    return [index, *floats, *[tensor(x, dtype=bool_, device=device) for x in (running, last)]]


FUNCTIONS = (ctc_loss,)
METHODS = ()
