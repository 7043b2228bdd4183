"""Losses of one prediction and one target, element by element; `nn.functional` reduces them. The two have one shape.

Source of names and defaults: https://docs.pytorch.org/docs/stable/nn.functional.html#loss-functions
"""

from __future__ import annotations

from math import prod
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array, Operand
from .op import composite, op, pointwise


@pointwise(
    input=lambda g, input, target, beta: smooth_l1_loss_backward(g, input, target, beta),
    target=lambda g, input, target, beta: -smooth_l1_loss_backward(g, input, target, beta),
)
def smooth_l1_loss(be: Any, input: Operand, target: Operand, beta: float = 1.0) -> Any:
    """d² / (2 beta) where |d| < beta, else |d| - beta / 2, for d = input - target."""
    d = be.abs(be.sub(input, target))
    return be.where(be.lt(d, float(beta)), be.mul(be.mul(d, d), 0.5 / beta), be.sub(d, 0.5 * beta))


@composite
def smooth_l1_loss_backward(be: Any, g: Array, input: Array, target: Array, beta: float) -> Any:
    """The gradient of the input: g times d / beta limited to [-1, 1]."""
    d = be.sub(input, target)
    return be.mul(g, be.minimum(be.maximum(be.div(d, float(beta)), -1.0), 1.0))


@pointwise(
    input=lambda g, input, target, delta: huber_loss_backward(g, input, target, delta),
    target=lambda g, input, target, delta: -huber_loss_backward(g, input, target, delta),
)
def huber_loss(be: Any, input: Operand, target: Operand, delta: float = 1.0) -> Any:
    """d² / 2 where |d| ≤ delta, else delta (|d| - delta / 2), for d = input - target."""
    d = be.abs(be.sub(input, target))
    quadratic = be.mul(be.mul(d, d), 0.5)
    return be.where(be.le(d, float(delta)), quadratic, be.mul(be.sub(d, 0.5 * delta), float(delta)))


@composite
def huber_loss_backward(be: Any, g: Array, input: Array, target: Array, delta: float) -> Any:
    """The gradient of the input: g times d limited to [-delta, delta]."""
    d = be.sub(input, target)
    return be.mul(g, be.minimum(be.maximum(d, -float(delta)), float(delta)))


@pointwise(
    input=lambda g, input, target: g * (input - target) / ((1 - input) * input).clamp(min=1e-12),
    target=lambda g, input: g * ((1 - input).log().clamp(min=-100.0) - input.log().clamp(min=-100.0)),
)
def binary_cross_entropy(be: Any, input: Operand, target: Operand) -> Any:
    """-(t log p + (1 - t) log(1 - p)) for probabilities p; the logarithms stop at -100."""
    yes = be.maximum(be.log(input), -100.0)
    no = be.maximum(be.log1p(be.neg(input)), -100.0)
    return be.sub(be.mul(be.sub(target, 1.0), no), be.mul(target, yes))


@pointwise(
    input=lambda g, input, target: _logits_slope(g, input, target),
    target=lambda g, input: -(g * input),
)
def binary_cross_entropy_with_logits(be: Any, input: Operand, target: Operand) -> Any:
    """`binary_cross_entropy` of sigmoid(x), without its loss of precision: (1 - t) x + log(1 + exp(-x))."""
    soft = be.add(be.log1p(be.exp(be.neg(be.abs(input)))), be.maximum(be.neg(input), 0.0))
    return be.add(be.mul(be.sub(1.0, target), input), soft)


@op(
    name="BinaryCrossEntropyWithLogitsBackward0",
    input=lambda g, input, target: _logits_slope(g / input.numel(), input, target),
    target=lambda g, input: -(g / input.numel() * input),
)
def mean_binary_cross_entropy_with_logits(be: Any, input: Array, target: Array) -> Any:
    """The mean of `binary_cross_entropy_with_logits` over all elements, for two tensors of one shape and dtype."""
    soft = be.add(be.log1p(be.exp(be.neg(be.abs(input)))), be.maximum(be.neg(input), 0.0))
    losses = be.add(be.mul(be.sub(1.0, target), input), soft)
    return be.div(be.sum(losses, tuple(range(len(input.shape))), False), float(prod(input.shape)))


def _logits_slope(g: Tensor, input: Tensor, target: Tensor) -> Tensor:
    return g * (input.sigmoid() - target)


FUNCTIONS = ()
METHODS = ()
