"""The activations that everything is built of: relu, sigmoid, tanh, softmax, dropout. Others are in `nonlinearity`.

Source: https://docs.pytorch.org/docs/stable/nn.functional.html#non-linear-activation-functions
"""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from ..dtype import dtype
from ..shape import wrap_dim
from .op import composite, op, unary
from .operands import to_dtype


@unary(name="ReluBackward0", input=lambda g, out: threshold_backward(g, out))
def relu(be: Any, input: Array) -> Any:
    """Each element, or 0 where it is negative."""
    return be.maximum(input, 0.0 if be.dtype_of(input).is_floating_point else 0)


@composite
def threshold_backward(be: Any, g: Array, out: Array) -> Any:
    """`g` where `out` is positive or nan, else 0."""
    return be.where(be.le(out, 0.0), 0.0, g)


@unary(promote="float", input=lambda g, out: sigmoid_backward(g, out))
def sigmoid(be: Any, input: Array) -> Any:
    """1 / (1 + exp(-x))."""
    return be.div(1.0, be.add(be.exp(be.neg(input)), 1.0))


@composite
def sigmoid_backward(be: Any, g: Array, out: Array) -> Any:
    """g * out * (1 - out)."""
    return be.mul(be.mul(g, be.sub(1.0, out)), out)


@unary(promote="float", input=lambda g, out: tanh_backward(g, out))
def tanh(be: Any, input: Array) -> Any:
    """The hyperbolic tangent."""
    return be.tanh(input)


@composite
def tanh_backward(be: Any, g: Array, out: Array) -> Any:
    """g * (1 - out**2)."""
    return be.mul(g, be.sub(1.0, be.mul(out, out)))


# --- softmax ----------------------------------------------------------------------------------------------------------


@op(name="SoftmaxBackward0", input=lambda g, axis, out: softmax_backward(g, out, axis))
def _softmax(be: Any, input: Array, axis: int) -> Any:
    shifted = be.exp(be.sub(input, be.max(input, (axis,), True)))
    return be.div(shifted, be.sum(shifted, (axis,), True))


@composite
def softmax_backward(be: Any, g: Array, out: Array, axis: int) -> Any:
    """out * (g - sum(g * out))."""
    scaled = be.mul(g, out)
    return be.sub(scaled, be.mul(out, be.sum(scaled, (axis,), True)))


@op(name="LogSoftmaxBackward0", input=lambda g, axis, out: log_softmax_backward(g, out, axis))
def _log_softmax(be: Any, input: Array, axis: int) -> Any:
    shifted = be.sub(input, be.max(input, (axis,), True))
    return be.sub(shifted, be.log(be.sum(be.exp(shifted), (axis,), True)))


@composite
def log_softmax_backward(be: Any, g: Array, out: Array, axis: int) -> Any:
    """g - exp(out) * sum(g)."""
    return be.sub(g, be.mul(be.exp(out), be.sum(g, (axis,), True)))


def _along(f: Any, name: str, input: Tensor, dim: int, kind: dtype | None) -> Tensor:
    if kind is not None:
        input = to_dtype(input, kind)
    if not input.dtype.is_floating_point:
        raise NotImplementedError(f"\"{name}_kernel_impl\" not implemented for '{input.dtype.legacy_name}'")
    if dim is None:
        raise TypeError(f"{name.removesuffix('_lastdim')}(): argument 'dim' (position 2) must be int, not NoneType")
    axis = wrap_dim(dim, len(input._shape))
    if input.numel() == 0:
        return input.clone()
    if not input._shape:
        result: Tensor = f(input.reshape(1), 0).reshape(())
    else:
        result = f(input, axis)
    return result


def softmax(input: Tensor, dim: int, dtype: dtype | None = None) -> Tensor:
    """exp(x) / sum(exp(x)) along a dimension."""
    return _along(_softmax, "softmax_lastdim", input, dim, dtype)


def log_softmax(input: Tensor, dim: int, dtype: dtype | None = None) -> Tensor:
    """log(softmax(x)) along a dimension, without overflow."""
    return _along(_log_softmax, "log_softmax_lastdim", input, dim, dtype)


# --- dropout ----------------------------------------------------------------------------------------------------------


def dropout(input: Tensor, p: float = 0.5, train: bool = True) -> Tensor:
    """Each element zeroed with probability `p`, the others scaled by 1 / (1 - p); `input` itself where not training.

    Raises:
        RuntimeError: `p` is not a probability.
    """
    if not 0 <= p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p:g}")
    if not train or p == 0 or not input.numel():
        return input
    if p == 1:
        return input * 0.0
    from .creation import empty_like
    from .random import bernoulli_

    return input * bernoulli_(empty_like(input.detach()), 1 - p).div_(1 - p)


FUNCTIONS = (relu, sigmoid, tanh, softmax, log_softmax, dropout)
METHODS = (relu, sigmoid, tanh, softmax, log_softmax)
INPLACE = (relu, sigmoid, tanh)
