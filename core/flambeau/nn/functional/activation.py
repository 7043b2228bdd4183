"""Activations as functions, with PyTorch's signatures. With `inplace=True` the input itself is changed and returned."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from ... import ops
from ..._tensor import Tensor
from ...dtype import float64
from ...numeric_limits import finfo
from ...ops.inplace import in_place
from ...ops.node_names import recorded_as
from ...ops.nonlinearity import (
    SELU_ALPHA,
    SELU_SCALE,
    celu_by_result,
    elu_by_result,
    leaky_relu_by_result,
    leaky_rrelu,
    leaky_rrelu_by_result,
    rrelu_with_noise,
    rrelu_with_noise_by_result,
    threshold_in_place,
)


def _apply(function: Callable[..., Tensor], input: Tensor, inplace: bool, *args: Any) -> Tensor:
    return in_place(function)(input, *args) if inplace else function(input, *args)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where x > threshold, else value."""
    return _apply(threshold_in_place if inplace else ops.threshold, input, inplace, threshold, value)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """In-place `threshold`."""
    return _apply(threshold_in_place, input, True, threshold, value)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(0, x)."""
    return _apply(ops.relu, input, True) if inplace else ops.relu(input)


def relu_(input: Tensor) -> Tensor:
    """In-place `relu`."""
    return _apply(ops.relu, input, True)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a · sigmoid(b), where a and b are the halves of `input` along `dim`.

    Raises:
        RuntimeError: that size is odd, or the input is 0-d.
    """
    if input.dim() == 0:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    size = input.size(dim)
    if size % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim % input.dim()} is size {size}")
    a, b = input.chunk(2, dim)
    return a * b.sigmoid()


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x limited to [min_val, max_val].

    Raises:
        ValueError: min_val > max_val.
    """
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    return _apply(ops.hardtanh, input, inplace, min_val, max_val)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """In-place `hardtanh`."""
    return hardtanh(input, min_val, max_val, inplace=True)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(0, x), 6)."""
    return _apply(ops.hardtanh, input, inplace, 0.0, 6.0)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, else alpha · (exp(x) - 1)."""
    return _apply(elu_by_result if inplace else ops.elu, input, inplace, alpha)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """In-place `elu`."""
    return elu(input, alpha, inplace=True)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """scale · elu(x, alpha), with the two constants that keep mean 0 and variance 1. Source: arXiv 1706.02515."""
    return _apply(elu_by_result if inplace else ops.elu, input, inplace, SELU_ALPHA, SELU_SCALE)


def selu_(input: Tensor) -> Tensor:
    """In-place `selu`."""
    return selu(input, inplace=True)


@recorded_as("CeluBackward0")
def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """max(0, x) + min(0, alpha · (exp(x / alpha) - 1)). Source: arXiv 1704.07483.

    Raises:
        RuntimeError: alpha is 0.
    """
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return _apply(celu_by_result if inplace else ops.elu, input, inplace, alpha, 1.0, 1.0 / alpha)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """In-place `celu`."""
    return celu(input, alpha, inplace=True)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where x > 0, else negative_slope · x."""
    return _apply(leaky_relu_by_result if inplace else ops.leaky_relu, input, inplace, negative_slope)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """In-place `leaky_relu`."""
    return leaky_relu(input, negative_slope, inplace=True)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where x > 0, else weight · x; the weight is one number or one for each channel (dimension 1)."""
    return ops.prelu(input, weight)


def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """Leaky relu whose slope is drawn from U(lower, upper) for each element in training, else the mean of the two.

    Source: arXiv 1505.00853.
    """
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    if not training:
        return _apply(leaky_rrelu_by_result if inplace else leaky_rrelu, input, inplace, (lower + upper) / 2)
    input = input if inplace else input.contiguous()
    slopes = ops.ones_like(input)
    negative = input.detach() <= 0
    # As PyTorch: one float64 draw for each element that is not positive, in order, within bounds of the input's dtype.
    low, high = ops.tensor([lower, upper], dtype=input.dtype).tolist()
    drawn = ops.empty(int(negative.sum().item()), dtype=float64).uniform_(low, high)
    slopes[negative] = drawn.to(input.dtype).to(input.device)
    return _apply(rrelu_with_noise_by_result if inplace else rrelu_with_noise, input, inplace, slopes)


def rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """In-place `rrelu`."""
    return rrelu(input, lower, upper, training, inplace=True)


def logsigmoid(input: Tensor) -> Tensor:
    """log(1 / (1 + exp(-x)))."""
    return ops.logsigmoid(input.contiguous())


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x Φ(x), exactly, or with `approximate="tanh"` its tanh form. Source: arXiv 1606.08415."""
    return ops.gelu(input, approximate)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x where |x| > lambd, else 0."""
    return ops.hardshrink(input, lambd)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved towards 0 by lambd, and 0 where |x| ≤ lambd.

    Raises:
        RuntimeError: lambd is negative or beyond the dtype's range.
    """
    largest = finfo(input.dtype).max
    if not 0 <= lambd <= largest:
        raise RuntimeError(
            f"lambda must be in range [0, {largest:g}] for input dtype {input.dtype.legacy_name}, but found {lambd:g}"
        )
    return ops.softshrink(input, lambd)


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x)."""
    return input - input.tanh()


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    return input / (input.abs() + 1)


def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """log(1 + exp(beta · x)) / beta, and x itself where beta · x > threshold."""
    return ops.softplus(input, beta, threshold)


def tanh(input: Tensor) -> Tensor:
    """tanh(x)."""
    return input.tanh()


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x))."""
    return input.sigmoid()


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """(x + 3) / 6 limited to [0, 1]."""
    return _apply(ops.hardsigmoid, input, inplace)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x · sigmoid(x)."""
    return _apply(ops.silu, input, inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x · tanh(softplus(x)). Source: arXiv 1908.08681."""
    return _apply(ops.mish, input, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x · hardsigmoid(x). Source: arXiv 1905.02244."""
    return _apply(ops.hardswish, input, inplace)


def _implicit_dim(name: str, ndim: int, stacklevel: int) -> int:
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """exp(x) / Σ exp(x) along `dim`; in `dtype`, if that is given."""
    if dim is None:
        dim = _implicit_dim("softmax", input.dim(), _stacklevel)
    return (input if dtype is None else input.to(dtype)).softmax(dim)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """softmax(-x)."""
    if dim is None:
        dim = _implicit_dim("softmin", input.dim(), _stacklevel)
    return (-input if dtype is None else (-input).to(dtype)).softmax(dim)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """log(softmax(x)), computed stably."""
    if dim is None:
        dim = _implicit_dim("log_softmax", input.dim(), _stacklevel)
    return (input if dtype is None else input.to(dtype)).log_softmax(dim)


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A differentiable draw from the categorical distribution of `logits`; with `hard` one-hot in forward.

    Args:
        tau: temperature.

    Source: arXiv 1611.01144, 1611.00712.
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    noise = -ops.empty_like(logits).exponential_().log()
    soft = ((logits + noise) / tau).softmax(dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    one_hot = ops.zeros_like(logits).scatter_(dim, index, 1.0)
    return one_hot - soft.detach() + soft
