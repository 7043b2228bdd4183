"""Activations beyond relu, sigmoid and tanh: each a formula in primitives, its derivative beside it.

Source of names and defaults: https://docs.pytorch.org/docs/stable/nn.functional.html#non-linear-activation-functions
"""

from __future__ import annotations

import math

from typing import Any

from ..backends.protocol import Array, Operand
from ..tensor import Tensor
from .op import binary, unary

_SQRT_HALF = math.sqrt(0.5)
_SQRT_2_OVER_PI = math.sqrt(2 / math.pi)
_INV_SQRT_2PI = 1 / math.sqrt(2 * math.pi)
_CUBIC = 0.044715  # of gelu's tanh form

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


def sigmoid_of(be: Any, x: Any) -> Any:
    """1 / (1 + exp(-x)) in primitives."""
    # By way of tanh, which saturates where exp would overflow.
    return be.add(be.mul(be.tanh(be.mul(x, 0.5)), 0.5), 0.5)


@unary(
    input=lambda g, input, negative_slope: g.where(input > 0, g * negative_slope),
)
def leaky_relu(be: Any, input: Array, negative_slope: float = 0.01) -> Any:
    """Returns x where x > 0, else negative_slope · x."""
    scaled = be.mul(input, float(negative_slope))
    if 0 <= negative_slope <= 1:
        return be.maximum(input, scaled)
    return be.where(be.lt(0.0, input), input, scaled)


@binary(
    name="PreluKernelBackward0",
    input=lambda g, input, other: g.where(input > 0, g * other),
    other=lambda g, input: (g * input).where(input <= 0, 0.0),
)
def prelu(be: Any, input: Operand, other: Operand) -> Any:
    """Returns x where x > 0, else weight · x, element by element; `functional.prelu` gives `other` its shape."""
    return be.where(be.lt(0.0, input), input, be.mul(input, other))


def _elu_derivative(g: Tensor, input: Tensor, alpha: float, scale: float, input_scale: float) -> Tensor:
    # clamp: exp must not overflow in the branch that is not taken, or the second derivative is nan
    below = (input.clamp(max=0.0) * input_scale).exp() * (alpha * scale * input_scale)
    return (g * scale).where(input > 0, g * below)


@unary(input=_elu_derivative)
def elu(be: Any, input: Array, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Any:
    """Returns scale · x where x > 0, else scale · alpha · (exp(input_scale · x) - 1)."""
    below = be.mul(be.expm1(be.mul(be.minimum(input, 0.0), float(input_scale))), float(alpha * scale))
    return be.where(be.lt(0.0, input), input if scale == 1 else be.mul(input, float(scale)), below)


def _gelu_derivative(g: Tensor, input: Tensor, approximate: str) -> Tensor:
    if approximate == "tanh":
        squared = input * input
        t = (_SQRT_2_OVER_PI * (input + _CUBIC * (squared * input))).tanh()
        inner = _SQRT_2_OVER_PI * (1 + 3 * _CUBIC * squared)
        return g * (0.5 * (1 + t) + 0.5 * input * (1 - t * t) * inner)
    cdf = 0.5 * (1 + (input * _SQRT_HALF).erf())
    pdf = _INV_SQRT_2PI * (-0.5 * input * input).exp()
    return g * (cdf + input * pdf)


@unary(input=_gelu_derivative)
def gelu(be: Any, input: Array, approximate: str = "none") -> Any:
    """Returns x Φ(x), Φ the normal distribution function; `approximate="tanh"` uses its tanh form. Source: arXiv 1606.08415.

    Raises:
        RuntimeError: `approximate` is neither "none" nor "tanh".
    """
    if approximate == "tanh":
        cube = be.mul(be.mul(input, input), input)
        inner = be.mul(be.add(input, be.mul(cube, _CUBIC)), _SQRT_2_OVER_PI)
        return be.mul(be.mul(input, 0.5), be.add(be.tanh(inner), 1.0))
    if approximate != "none":
        raise RuntimeError("approximate argument must be either none or tanh.")
    return be.mul(be.mul(input, 0.5), be.add(be.erf(be.mul(input, _SQRT_HALF)), 1.0))


def _silu_derivative(g: Tensor, input: Tensor) -> Tensor:
    s = input.sigmoid()
    return g * (s * (1 + input * (1 - s)))


@unary(input=_silu_derivative)
def silu(be: Any, input: Array) -> Any:
    """Returns x · sigmoid(x)."""
    return be.mul(input, sigmoid_of(be, input))


def _mish_derivative(g: Tensor, input: Tensor) -> Tensor:
    t = softplus(input).tanh()
    return g * (t + input * (1 - t * t) * input.sigmoid())


@unary(input=_mish_derivative)
def mish(be: Any, input: Array) -> Any:
    """Returns x · tanh(log(1 + exp(x))). Source: arXiv 1908.08681."""
    return be.mul(input, be.tanh(_log1p_exp(be, input)))


def _log1p_exp(be: Any, x: Any) -> Any:
    # max(x, 0) + log(1 + exp(-|x|)) does not overflow
    return be.add(be.maximum(x, 0.0), be.log1p(be.exp(be.neg(be.abs(x)))))


@unary(
    input=lambda g, input, beta, threshold: g.where(input * beta > threshold, g * (input * beta).sigmoid()),
)
def softplus(be: Any, input: Array, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """Returns log(1 + exp(beta · x)) / beta, and x itself where beta · x > threshold."""
    scaled = input if beta == 1 else be.mul(input, float(beta))
    soft = _log1p_exp(be, scaled)
    return be.where(be.lt(float(threshold), scaled), input, soft if beta == 1 else be.div(soft, float(beta)))


@unary(name="LogSigmoidBackward0", input=lambda g, input: g * (-input).sigmoid())
def logsigmoid(be: Any, input: Array) -> Any:
    """Returns log(1 / (1 + exp(-x)))."""
    return be.neg(_log1p_exp(be, be.neg(input)))


@unary(
    input=lambda g, input, min_val, max_val: g.where((input > min_val) & (input < max_val), 0.0),
)
def hardtanh(be: Any, input: Array, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """Returns x limited to [min_val, max_val]."""
    return be.minimum(be.maximum(input, float(min_val)), float(max_val))


@unary(input=lambda g, input: (g / 6).where((input > -3) & (input < 3), 0.0))
def hardsigmoid(be: Any, input: Array) -> Any:
    """Returns (x + 3) / 6 limited to [0, 1]."""
    return be.div(be.minimum(be.maximum(be.add(input, 3.0), 0.0), 6.0), 6.0)


@unary(
    input=lambda g, input: (g * (input / 3 + 0.5)).where((input > -3) & (input < 3), g.where(input >= 3, 0.0)),
)
def hardswish(be: Any, input: Array) -> Any:
    """Returns x · hardsigmoid(x). Source: arXiv 1905.02244."""
    return be.div(be.mul(input, be.minimum(be.maximum(be.add(input, 3.0), 0.0), 6.0)), 6.0)


@unary(input=lambda g, input, lambd: g.where(input.abs() > lambd, 0.0))
def hardshrink(be: Any, input: Array, lambd: float = 0.5) -> Any:
    """Returns x where |x| > lambd, else 0."""
    return be.where(be.le(be.abs(input), float(lambd)), 0.0, input)


@unary(input=lambda g, input, lambd: g.where(input.abs() > lambd, 0.0))
def softshrink(be: Any, input: Array, lambd: float = 0.5) -> Any:
    """Returns x moved towards 0 by lambd, and 0 where |x| ≤ lambd.

    Raises:
        RuntimeError: lambd is negative.
    """
    lambd = float(lambd)
    if lambd < 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd:g}.")
    return be.sub(input, be.minimum(be.maximum(input, -lambd), lambd))


@unary(input=lambda g, input, threshold: g.where(input > threshold, 0.0))
def threshold(be: Any, input: Array, threshold: float, value: float) -> Any:
    """Returns x where x > threshold, else value."""
    return be.where(be.le(input, float(threshold)), float(value), input)
