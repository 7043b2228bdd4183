"""Losses for classes and for numbers. All end with `reduction`: "none", "mean" or "sum".

`size_average` and `reduce` are the older spelling of `reduction` and warn. Source: https://docs.pytorch.org/docs/stable/nn.functional.html
"""

from __future__ import annotations

import math
import warnings

from ... import ops
from ..._tensor import Tensor
from ...autograd.modes import no_grad
from ...ops.arguments import labelled
from ...ops.node_names import recorded_as
from ...ops.vmap_levels import every
from .reduction import legacy_reduction, reduced, reduction_of


@labelled("nll_loss_nd")
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-w[y] · x[y] for log-probabilities x: (N, C, ...) or (C) and classes (N, ...) or ().

    Args:
        weight: of each class, (C); the mean divides by the sum of the weights used.
        ignore_index: a target that counts for nothing.
    """
    if size_average is not None or reduce is not None or reduction not in ("mean", "sum", "none"):
        reduction = reduction_of(reduction, size_average, reduce)
    return ops.nll_loss(input, target, weight, reduction, ignore_index)


@labelled("cross_entropy_loss")
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-w[y] · log_softmax(x)[y] for logits x: (N, C, ...) or (C); targets are classes, or probabilities shaped like x.

    Args:
        weight: of each class, (C); the mean divides by the sum of the weights used.
        ignore_index: a class target that counts for nothing.
        label_smoothing: mix the target with this much of the uniform distribution; in [0, 1].
    """
    if size_average is not None or reduce is not None or reduction not in ("mean", "sum", "none"):
        reduction = reduction_of(reduction, size_average, reduce)
    return ops.cross_entropy(input, target, weight, reduction, ignore_index, label_smoothing)


def _same_size(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    if target.size() == input.size():
        return input, target
    warnings.warn(
        f"Using a target size ({target.size()}) that is different to the input size ({input.size()}). "
        "This will likely lead to incorrect results due to broadcasting. "
        "Please ensure they have the same size.",
        stacklevel=3,
    )
    input, target = ops.broadcast_tensors(input, target)
    return input, target


def _weighted(loss: Tensor, input: Tensor, weight: Tensor, reduction: str, divide_by_weights: bool = True) -> Tensor:
    if weight.shape != input.shape:
        raise ValueError("Weights and input must have the same size.")
    loss = loss * weight
    if reduction == "none":
        return loss
    if reduction == "sum":
        return loss.sum()
    if reduction == "mean":
        return loss.sum() / weight.sum() if divide_by_weights else loss.mean()
    raise ValueError(f"Invalid reduction mode: {reduction}. Expected one of 'none', 'mean', 'sum'.")


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """(x - y)²; with `weight` (shaped like the input) the mean is a weighted one."""
    pair = _same_size(input, target)
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce)
    if weight is not None:
        return _weighted((pair[0] - pair[1]) ** 2, input, weight, reduction)
    return ops.mse_loss(*pair, reduction_of(reduction))


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """|x - y|; with `weight` (shaped like the input) the mean is a weighted one."""
    pair = _same_size(input, target)
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce)
    loss = (pair[0] - pair[1]).abs()
    if weight is not None:
        return _weighted(loss, input, weight, reduction)
    return reduced(loss, reduction_of(reduction))


@recorded_as("SmoothL1LossBackward0")
def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """d² / (2 beta) where |d| < beta, else |d| - beta / 2, for d = x - y."""
    pair = _same_size(input, target)
    reduction = reduction_of(reduction, size_average, reduce)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    loss = (pair[0] - pair[1]).abs() if beta == 0 else ops.smooth_l1_loss(*pair, beta)
    return reduced(loss, reduction)


@recorded_as("HuberLossBackward0")
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """d² / 2 where |d| ≤ delta, else delta (|d| - delta / 2), for d = x - y."""
    pair = _same_size(input, target)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    loss = ops.huber_loss(*pair, delta)
    if weight is not None:
        return _weighted(loss, input, weight, reduction, divide_by_weights=False)
    return reduced(loss, reduction_of(reduction))


@recorded_as("BinaryCrossEntropyBackward0")
def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-w (t log p + (1 - t) log(1 - p)) for probabilities p and targets t in [0, 1].

    Raises:
        ValueError: the sizes differ.
        RuntimeError: a probability is outside [0, 1] (checked on the CPU, where reading costs nothing).
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if target.shape != input.shape:
        raise ValueError(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}) is deprecated."
            " Please ensure they have the same size."
        )
    if input.device.type == "cpu" and not every((input >= 0) & (input <= 1)).all().item():
        raise RuntimeError("all elements of input should be between 0 and 1")
    if target.dtype is not input.dtype:
        raise RuntimeError(f"Found dtype {target.dtype.legacy_name} but expected {input.dtype.legacy_name}")
    loss = ops.binary_cross_entropy(input, target)
    return reduced(loss if weight is None else loss * weight, reduction)


@recorded_as("BinaryCrossEntropyWithLogitsBackward0")
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`binary_cross_entropy` of sigmoid(x), without its loss of precision.

    Args:
        weight: broadcast to the input.
        pos_weight: factor of the t log p part, broadcast to the input.

    Raises:
        ValueError: the sizes differ.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if target.shape != input.shape:
        raise ValueError(f"Target size ({target.size()}) must be the same as input size ({input.size()})")
    if not target.dtype.is_floating_point:
        if target.dtype.name == "bool":
            target - target
        raise RuntimeError(f"result type Float can't be cast to the desired output type {target.dtype.legacy_name}")
    if pos_weight is None:
        if weight is None and reduction == "mean" and input.dtype is target.dtype and input.numel():
            mean: Tensor = ops.mean_binary_cross_entropy_with_logits(input, target)
            return mean
        loss = ops.binary_cross_entropy_with_logits(input, target)
    else:
        loss = (1 - target) * input - ((pos_weight - 1) * target + 1) * ops.logsigmoid(input)
    return reduced(loss if weight is None else loss * weight, reduction)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """t (log t - x) for log-probabilities x and probabilities t, or log-probabilities t with `log_target`.

    `reduction="batchmean"` divides the sum by the first size: the mathematical definition.
    """
    if size_average is not None or reduce is not None:
        how = legacy_reduction(size_average, reduce, 3)
    else:
        if reduction == "mean":
            warnings.warn(
                "reduction: 'mean' divides the total loss by both the batch size and the support size."
                "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
                "'mean' will be changed to behave the same as 'batchmean' in the next major release.",
                stacklevel=2,
            )
        how = "sum" if reduction == "batchmean" else reduction_of(reduction)
    if log_target:
        loss = target.exp() * (target - input)
    else:
        # 0 log 0 is 0, and its gradient too
        positive = target.where(target != 0, ops.ones_like(target))
        loss = target * positive.log() - target * input
    total = reduced(loss, how)
    return total / input.size(0) if reduction == "batchmean" and input.dim() != 0 else total


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """exp(x) - y x (or x - y log(x + eps) without `log_input`), with `full` plus Stirling's term where y > 1."""
    reduction = reduction_of(reduction, size_average, reduce)
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        loss = loss + stirling.where(target > 1, ops.zeros_like(stirling))
    return reduced(loss, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """(log v + (x - y)² / v) / 2 for a variance v, at least `eps`; with `full` plus log(2π) / 2.

    Raises:
        ValueError: a variance is negative or has the wrong size.
    """
    variance = var if isinstance(var, Tensor) else ops.full_like(input, var)
    if every(variance < 0).any().item():
        raise ValueError("var has negative entry/entries")
    if variance.shape != input.shape:
        if input.shape[:-1] == variance.shape:
            variance = variance.unsqueeze(-1)
        elif input.ndim != variance.ndim or _mismatched(variance, input) != [1]:
            raise ValueError("var is of incorrect size")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not valid")
    variance = variance.clone()
    with no_grad():
        variance.clamp_(min=eps)
    loss = 0.5 * (variance.log() + (input - target) ** 2 / variance)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduced(loss, reduction)


def _mismatched(sizes: Tensor, others: Tensor) -> list[int]:
    return [n for n, m in zip(sizes.shape, others.shape, strict=True) if n != m]
