"""Activations beyond relu, sigmoid, tanh and softmax: each formula and, under it, its derivative, both in primitives.

Source of names and defaults: https://docs.pytorch.org/docs/stable/nn.functional.html#non-linear-activation-functions
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array, Operand
from .op import binary, composite, unary

_SQRT_HALF = math.sqrt(0.5)
_SQRT_2_OVER_PI = math.sqrt(2 / math.pi)
_INV_SQRT_2PI = 1 / math.sqrt(2 * math.pi)
_CUBIC = 0.044715  # of gelu's tanh form

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


def sigmoid_of(be: Any, x: Any) -> Any:
    """1 / (1 + exp(-x)) in primitives."""
    return be.div(1.0, be.add(be.exp(be.neg(x)), 1.0))


def _softplus_of(be: Any, x: Any) -> Any:
    """log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|)), which does not overflow."""
    return be.add(be.maximum(x, 0.0), be.log1p(be.exp(be.neg(be.abs(x)))))


def _inside(be: Any, x: Any, low: float, high: float) -> Any:
    return be.bitwise_and(be.lt(low, x), be.lt(x, high))


# --- rectifiers -------------------------------------------------------------------------------------------------------


@unary(input=lambda g, input, negative_slope: leaky_relu_backward(g, input, negative_slope))
def leaky_relu(be: Any, input: Array, negative_slope: float = 0.01) -> Any:
    """x where x > 0, else negative_slope * x."""
    scaled = be.mul(input, float(negative_slope))
    if 0 <= negative_slope <= 1:
        return be.maximum(input, scaled)
    return be.where(be.lt(0.0, input), input, scaled)


@composite
def leaky_relu_backward(be: Any, g: Array, input: Array, negative_slope: float) -> Any:
    """g, or negative_slope * g where x <= 0."""
    return be.where(be.lt(0.0, input), g, be.mul(g, float(negative_slope)))


@binary(
    name="PreluKernelBackward0",
    input=lambda g, input, other: g.where(input > 0, g * other),
    other=lambda g, input: (g * input).where(input <= 0, 0.0),
)
def prelu_kernel(be: Any, input: Operand, other: Operand) -> Any:
    """x where x > 0, else weight * x, element by element."""
    return be.where(be.lt(0.0, input), input, be.mul(input, other))


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where x > 0, else weight · x; the weight is one number or one for each channel (dimension 1).

    Raises:
        RuntimeError: the number of weights is neither 1 nor the number of channels.
    """
    if weight.numel() != 1:
        if input.dim() == 0:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = input.size(1) if input.dim() > 1 else 1
        if channels != weight.numel():
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {weight.numel()}"
                f" and channel size = {channels}."
            )
    if weight.dim() > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.dim()}")
    if input.dim() < 2:
        return prelu_kernel(input, weight.reshape(1) if input.dim() else weight.reshape(()))
    return prelu_kernel(input, weight.view([1, weight.numel()] + [1] * (input.dim() - 2)))


@unary(input=lambda g, input, alpha, scale, input_scale: elu_backward(g, input, alpha, scale, input_scale))
def elu(be: Any, input: Array, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Any:
    """scale * x where x > 0, else scale * alpha * (exp(input_scale * x) - 1)."""
    below = be.mul(be.expm1(be.mul(be.minimum(input, 0.0), float(input_scale))), float(alpha * scale))
    return be.where(be.lt(0.0, input), input if scale == 1 else be.mul(input, float(scale)), below)


@composite
def elu_backward(be: Any, g: Array, input: Array, alpha: float, scale: float, input_scale: float) -> Any:
    """scale * g where x > 0, else g * scale * alpha * input_scale * exp(input_scale * x)."""
    # minimum: exp must not overflow in the branch that is not taken, or the second derivative is nan
    slope = be.mul(be.exp(be.mul(be.minimum(input, 0.0), float(input_scale))), float(alpha * scale * input_scale))
    return be.where(be.lt(0.0, input), be.mul(g, float(scale)), be.mul(g, slope))


@unary(input=lambda g, input, threshold: threshold_below(g, input, threshold))
def threshold(be: Any, input: Array, threshold: float, value: float) -> Any:
    """x where x > threshold, else value."""
    return be.where(be.le(input, float(threshold)), float(value), input)


@composite
def threshold_below(be: Any, g: Array, input: Array, threshold: float) -> Any:
    """g where x > threshold, else 0."""
    return be.where(be.lt(float(threshold), input), g, 0.0)


# --- rectifiers in place: the result is saved, for where it lives nothing else is left --------------------------------


def _with_node(kind: Any, function: Any, name: str, derivative: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """An op of a kind with the forward of another, and a node of PyTorch's of its own."""
    op: Callable[..., Tensor] = kind(name=name, input=derivative)(function.op.forward)
    return op


def _leaky_relu_backward_by_result(g: Tensor, out: Tensor, negative_slope: float) -> Tensor:
    if negative_slope < 0:
        raise RuntimeError(
            "In-place leakyReLu backward calculation is triggered with a negative slope which is not supported. This is "
            "caused by calling in-place forward function with a negative slope, please call out-of-place version instead. "
            "File an issue at https://github.com/pytorch/pytorch if you do require supporting in-place leakRelu backward "
            "calculation with negative slope"
        )
    return leaky_relu_backward(g, out, negative_slope)  # the result has the sign of the input


def _elu_backward_by_result(g: Tensor, out: Tensor, alpha: float, scale: float, input_scale: float) -> Tensor:
    if alpha < 0:
        raise RuntimeError(
            "In-place elu backward calculation is triggered with a negative slope which is not supported. This is caused by "
            "calling in-place forward function with a negative slope, please call out-of-place version instead."
        )
    return elu_backward_by_result(g, out, alpha, scale, input_scale)


@composite
def elu_backward_by_result(be: Any, g: Array, out: Array, alpha: float, scale: float, input_scale: float) -> Any:
    """scale * g where the result is above 0, else g * input_scale * (out + scale * alpha)."""
    slope = be.mul(be.add(out, float(scale * alpha)), float(input_scale))
    return be.where(be.le(out, 0.0), be.mul(g, slope), be.mul(g, float(scale)))


leaky_relu_by_result = _with_node(unary, leaky_relu, "LeakyReluBackward1", _leaky_relu_backward_by_result)
elu_by_result = _with_node(unary, elu, "EluBackward1", _elu_backward_by_result)
celu_by_result = _with_node(unary, elu, "CeluBackward1", _elu_backward_by_result)
leaky_rrelu = _with_node(
    unary,
    leaky_relu,
    "RreluWithNoiseBackward0",
    lambda g, input, negative_slope: leaky_relu_backward(g, input, negative_slope),
)
leaky_rrelu_by_result = _with_node(unary, leaky_relu, "RreluWithNoiseBackward1", _leaky_relu_backward_by_result)


@binary(name="RreluWithNoiseBackward0", input=lambda g, input, other: g * other)  # the input is saved, as in PyTorch
def rrelu_with_noise(be: Any, input: Operand, other: Operand) -> Any:
    """input * noise, the slope drawn for each element."""
    return be.mul(input, other)


rrelu_with_noise_by_result = _with_node(
    binary, rrelu_with_noise, "RreluWithNoiseBackward1", lambda g, out, other: g * other
)


threshold_in_place = _with_node(
    unary, threshold, "ThresholdBackward1", lambda g, input, threshold: threshold_below(g, input, threshold)
)


# --- smooth -----------------------------------------------------------------------------------------------------------


@unary(input=lambda g, input, approximate: gelu_backward(g, input, approximate))
def gelu(be: Any, input: Array, approximate: str = "none") -> Any:
    """x Φ(x), Φ the normal distribution function; `approximate="tanh"` uses its tanh form. Source: arXiv 1606.08415.

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


@composite
def gelu_backward(be: Any, g: Array, input: Array, approximate: str) -> Any:
    """g (Φ(x) + x φ(x)), or the derivative of the tanh form."""
    square = be.mul(input, input)
    if approximate == "tanh":
        t = be.tanh(be.mul(be.mul(be.add(be.mul(square, _CUBIC), 1.0), input), _SQRT_2_OVER_PI))
        slope = be.mul(be.add(be.mul(square, 3 * _CUBIC), 1.0), _SQRT_2_OVER_PI)
        rise = be.mul(be.mul(input, be.sub(1.0, be.mul(t, t))), slope)
        return be.mul(g, be.mul(be.add(be.add(t, 1.0), rise), 0.5))
    cdf = be.mul(be.add(be.erf(be.mul(input, _SQRT_HALF)), 1.0), 0.5)
    density = be.mul(be.exp(be.mul(square, -0.5)), _INV_SQRT_2PI)
    return be.mul(g, be.add(cdf, be.mul(input, density)))


@unary(input=lambda g, input: silu_backward(g, input))
def silu(be: Any, input: Array) -> Any:
    """x * sigmoid(x)."""
    return be.div(input, be.add(be.exp(be.neg(input)), 1.0))


@composite
def silu_backward(be: Any, g: Array, input: Array) -> Any:
    """g s (1 + x (1 - s)), s = sigmoid(x)."""
    s = sigmoid_of(be, input)
    return be.mul(be.mul(g, s), be.add(be.mul(input, be.sub(1.0, s)), 1.0))


@unary(input=lambda g, input: mish_backward(g, input))
def mish(be: Any, input: Array) -> Any:
    """x * tanh(log(1 + exp(x))). Source: arXiv 1908.08681."""
    return be.mul(input, be.tanh(_softplus_of(be, input)))


@composite
def mish_backward(be: Any, g: Array, input: Array) -> Any:
    """g (t + x (1 - t²) sigmoid(x)), t = tanh(softplus(x))."""
    t = be.tanh(_softplus_of(be, input))
    rise = be.mul(be.mul(input, be.sub(1.0, be.mul(t, t))), sigmoid_of(be, input))
    return be.mul(g, be.add(t, rise))


@unary(input=lambda g, input, beta, threshold: softplus_backward(g, input, beta, threshold))
def softplus(be: Any, input: Array, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + exp(beta * x)) / beta, and x itself where beta * x > threshold."""
    scaled = input if beta == 1 else be.mul(input, float(beta))
    soft = _softplus_of(be, scaled)
    return be.where(be.lt(float(threshold), scaled), input, soft if beta == 1 else be.div(soft, float(beta)))


@composite
def softplus_backward(be: Any, g: Array, input: Array, beta: float, threshold: float) -> Any:
    """g * sigmoid(beta * x), and g itself where beta * x > threshold."""
    scaled = be.mul(input, float(beta))
    return be.where(be.lt(float(threshold), scaled), g, be.mul(g, sigmoid_of(be, scaled)))


@unary(name="LogSigmoidBackward0", input=lambda g, input: logsigmoid_backward(g, input))
def logsigmoid(be: Any, input: Array) -> Any:
    """log(1 / (1 + exp(-x)))."""
    return be.neg(_softplus_of(be, be.neg(input)))


@composite
def logsigmoid_backward(be: Any, g: Array, input: Array) -> Any:
    """g * sigmoid(-x)."""
    return be.div(g, be.add(be.exp(input), 1.0))


# --- made of straight pieces ------------------------------------------------------------------------------------------


@unary(input=lambda g, input, min_val, max_val: inside_backward(g, input, min_val, max_val))
def hardtanh(be: Any, input: Array, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """x limited to [min_val, max_val], of which integers take the whole parts."""
    number = float if be.dtype_of(input).is_floating_point else int
    return be.minimum(be.maximum(input, number(min_val)), number(max_val))


@composite
def inside_backward(be: Any, g: Array, input: Array, low: float, high: float) -> Any:
    """g where low < x < high, else 0."""
    return be.where(_inside(be, input, float(low), float(high)), g, 0.0)


@unary(input=lambda g, input: inside_backward(g / 6, input, -3.0, 3.0))
def hardsigmoid(be: Any, input: Array) -> Any:
    """(x + 3) / 6 limited to [0, 1]."""
    return be.div(be.minimum(be.maximum(be.add(input, 3.0), 0.0), 6.0), 6.0)


@unary(input=lambda g, input: hardswish_backward(g, input))
def hardswish(be: Any, input: Array) -> Any:
    """x * hardsigmoid(x). Source: arXiv 1905.02244."""
    return be.div(be.mul(input, be.minimum(be.maximum(be.add(input, 3.0), 0.0), 6.0)), 6.0)


@composite
def hardswish_backward(be: Any, g: Array, input: Array) -> Any:
    """0 below -3, g (x / 3 + 1 / 2) up to 3, g above."""
    middle = be.mul(g, be.add(be.div(input, 3.0), 0.5))
    return be.where(be.le(input, -3.0), 0.0, be.where(be.lt(input, 3.0), middle, g))


@unary(input=lambda g, input, lambd: outside_backward(g, input, lambd))
def hardshrink(be: Any, input: Array, lambd: float = 0.5) -> Any:
    """x where |x| > lambd, else 0."""
    return be.where(be.le(be.abs(input), float(lambd)), 0.0, input)


@unary(input=lambda g, input, lambd: outside_backward(g, input, lambd))
def softshrink(be: Any, input: Array, lambd: float = 0.5) -> Any:
    """x moved towards 0 by lambd, and 0 where |x| <= lambd."""
    return be.sub(input, be.minimum(be.maximum(input, -float(lambd)), float(lambd)))


@composite
def outside_backward(be: Any, g: Array, input: Array, lambd: float) -> Any:
    """g where |x| > lambd, else 0."""
    return be.where(be.le(be.abs(input), float(lambd)), 0.0, g)


FUNCTIONS = (threshold, prelu, hardshrink)
METHODS = (prelu, hardshrink)
