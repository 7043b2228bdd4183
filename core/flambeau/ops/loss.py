"""Losses that are ops of their own: negative log-likelihood, cross entropy, squared error.

Source: https://docs.pytorch.org/docs/stable/nn.functional.html#loss-functions
"""

from __future__ import annotations

import math
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from ..dtype import int64
from ..shape import broadcast_shapes
from .activation import log_softmax
from .node_names import name_node, recorded_as
from .op import composite, op, pointwise

Reduction = str  # "none", "mean" or "sum"


def _class_weights(be: Any, target: Array, weight: Array | None, ignore_index: int, kind: Any) -> tuple[Any, Any]:
    """Targets made safe to index with, and the weight of each: that of its class, or 0 where it is ignored."""
    counted = be.ne(target, ignore_index)
    safe = be.where(counted, target, 0)
    each = be.cast(counted, kind)
    return safe, each if weight is None else be.mul(be.take(weight, safe, 0), each)


@op(
    name="NllLossBackward0",
    input=lambda g, target, weight, reduction, ignore_index, input_shape: nll_loss_backward(
        g, target, weight, reduction, ignore_index, input_shape[1]
    ),
)
def _nll_loss(be: Any, input: Array, target: Array, weight: Array | None, reduction: str, ignore_index: int) -> Any:
    n = input.shape[0]
    safe, each = _class_weights(be, target, weight, ignore_index, be.dtype_of(input))
    picked = be.reshape(be.gather(input, 1, be.reshape(safe, (n, 1))), (n,))
    losses = be.neg(be.mul(picked, each))
    if reduction == "none":
        return losses
    total = be.sum(losses, (0,), False)
    return total if reduction == "sum" else be.div(total, be.sum(each, (0,), False))


@op(
    name="NllLossBackwardBackward0",
    g=lambda gg, target, weight, reduction, ignore_index: _nll_loss(gg, target, weight, reduction, ignore_index),
)
def nll_loss_backward(
    be: Any, g: Array, target: Array, weight: Array | None, reduction: str, ignore_index: int, classes: int
) -> Any:
    """The gradient of the log-probabilities: -weight at each target, 0 elsewhere."""
    n = target.shape[0]
    kind = be.dtype_of(g)
    safe, each = _class_weights(be, target, weight, ignore_index, kind)
    scale = be.mul(each, g)
    if reduction == "mean":  # with nothing to average the loss is nan, but there is no gradient
        scale = be.where(be.ne(target, ignore_index), be.div(scale, be.sum(each, (0,), False)), 0.0)
    zeros = be.full((n, classes), 0, kind)
    return be.scatter(zeros, 1, be.reshape(safe, (n, 1)), be.reshape(be.neg(scale), (n, 1)), "replace")


def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: Reduction = "mean", ignore_index: int = -100
) -> Tensor:
    """-weight[y] * x[y] for log-probabilities (N, C, ...) or (C) and classes (N, ...) or ().

    Raises:
        IndexError: a class is out of range (on the CPU).
        RuntimeError, ValueError: dtypes or sizes that do not agree, in PyTorch's words.
    """
    shape = input._shape
    if len(shape) > 1 and target._shape[:1] != shape[:1]:
        raise ValueError(
            f"Expected input batch_size ({shape[0]}) to match target batch_size "
            f"({target._shape[0] if target._shape else 1})."
        )
    if len(shape) <= 2 and len(target._shape) > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if len(shape) == 1 and target._shape not in ((), (1,)):
        raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {target._shape[0]}")
    if target.dtype is not int64:
        if target.dtype.name != "uint8":
            raise RuntimeError(f"expected target dtype to be Long or Byte, but got {target.dtype.legacy_name}")
        target = target.to(int64)
    if len(shape) == 1:
        result = nll_loss(input.unsqueeze(0), target.reshape((1,)), weight, reduction, ignore_index)
        return result.reshape(target._shape) if reduction == "none" else result
    classes = shape[1]
    if weight is not None and weight._shape != (classes,):
        raise RuntimeError(
            "weight tensor should be defined either for all "
            f"{classes} classes or no classes but got weight tensor of shape: {list(weight._shape)}"
        )
    if len(shape) == 2:
        if len(target._shape) != 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        _check_classes(target, classes, ignore_index)
        loss: Tensor = _nll_loss(input, target, weight, reduction, ignore_index)
        return loss
    if target._shape != (shape[0], *shape[2:]):
        raise RuntimeError(
            f"Expected target size {[shape[0], *shape[2:]]}, got {list(target._shape)}"
            if len(shape) == 3 and len(target._shape) == 2
            else f"size mismatch (got input: {list(shape)} , target: {list(target._shape)}"
            if len(target._shape) == len(shape) - 1
            else f"only batches of spatial targets supported (3D tensors) but got targets of dimension: {target.dim()}"
        )
    rows = input.movedim(1, -1).reshape(-1, classes)
    flat = target.reshape(-1)
    _check_classes(flat, classes, ignore_index)
    loss = _nll_loss(rows, flat, weight, reduction, ignore_index)
    if reduction == "none":
        return loss.reshape(target._shape)
    return name_node(loss, "NllLoss2DBackward0")


def _check_classes(target: Tensor, classes: int, ignore_index: int) -> None:
    if target._storage.backend.name != "cpu":
        return  # a look would make every step wait for the device
    for y in set(target._flat()):
        if not 0 <= y < classes and y != ignore_index:
            raise IndexError(f"Target {y} is out of bounds.")


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Tensor:
    """-weight[y] * log_softmax(x)[y] for logits (N, C, ...) or (C); targets are classes, or probabilities like x."""
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}")
    axis = 0 if len(input._shape) == 1 else 1
    if target._shape == input._shape:
        if not target.dtype.is_floating_point:
            raise RuntimeError(
                f"Expected floating point type for target with class probabilities, got {target.dtype.legacy_name}"
            )
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing, axis)
    log_probabilities = log_softmax(input, axis)
    hard = nll_loss(log_probabilities, target, weight, reduction, ignore_index)
    if not label_smoothing:
        return hard
    return _smoothed(hard, log_probabilities, target, weight, reduction, ignore_index, label_smoothing, axis)


def _smoothed(
    hard: Tensor,
    log_probabilities: Tensor,
    target: Tensor,
    weight: Tensor | None,
    reduction: str,
    ignore_index: int,
    smoothing: float,
    axis: int,
) -> Tensor:
    classes = log_probabilities._shape[axis]
    weighted = log_probabilities if weight is None else log_probabilities * _along_axis(weight, log_probabilities, axis)
    even = -weighted.sum(axis).masked_fill(target == ignore_index, 0.0)
    if reduction == "mean":
        if weight is None:
            even = even.sum() / (target != ignore_index).sum()
        else:
            safe = target.masked_fill(target == ignore_index, 0)
            each = weight[safe].masked_fill(target == ignore_index, 0.0)
            even = even.sum() / each.sum()
    elif reduction == "sum":
        even = even.sum()
    return (1 - smoothing) * hard + smoothing / classes * even


def _along_axis(weight: Tensor, like: Tensor, axis: int) -> Tensor:
    return weight.reshape(tuple(-1 if i == axis else 1 for i in range(like.dim())))


def _soft_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, smoothing: float, axis: int
) -> Tensor:
    if smoothing:
        target = target * (1 - smoothing) + smoothing / input._shape[axis]
    terms = log_softmax(input, axis) * target
    if weight is not None:
        terms = terms * _along_axis(weight, input, axis)
    if reduction == "none":
        return -terms.sum(axis)
    if reduction == "sum":
        return -terms.sum()
    return -terms.sum() / max(1, input.numel() // input._shape[axis])


@pointwise(
    name="MseLossBackward0",
    input=lambda g, input, target: g * (input - target) * 2.0,
    target=lambda g, input, target: g * (target - input) * 2.0,
)
def squared_error(be: Any, input: Array, target: Array) -> Any:
    """(input - target)**2, element by element."""
    difference = be.sub(input, target)
    return be.mul(difference, difference)


@op(
    name="MseLossBackward0",
    jointly=lambda g, input, target: _both_ways(mean_squared_error_backward(g, input, target)),
)
def mean_squared_error(be: Any, input: Array, target: Array) -> Any:
    """The mean of (input - target)**2 over all elements, for two tensors of one shape."""
    difference = be.sub(input, target)
    total = be.sum(be.mul(difference, difference), tuple(range(len(input.shape))), False)
    return be.div(total, float(math.prod(input.shape)))


@composite
def mean_squared_error_backward(be: Any, g: Array, input: Array, target: Array) -> Any:
    """The gradient of the input: 2 (input - target) / n."""
    return be.mul(be.sub(input, target), be.mul(g, 2.0 / max(1, math.prod(input.shape))))


def _both_ways(g: Tensor) -> tuple[Tensor, Tensor]:
    return g, -g


@recorded_as("MseLossBackward0")
def mse_loss(input: Tensor, target: Tensor, reduction: Reduction = "mean") -> Tensor:
    """(input - target)**2: its mean, its sum, or element by element."""
    if input._shape != target._shape:
        broadcast_shapes(input._shape, target._shape)
    elif reduction == "mean" and input.dtype is target.dtype and input.dtype.is_floating_point and input.numel():
        loss: Tensor = mean_squared_error(input, target)
        return loss
    losses = squared_error(input, target)
    return losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()


FUNCTIONS = ()
METHODS = ()
