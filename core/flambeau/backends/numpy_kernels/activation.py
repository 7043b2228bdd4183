"""Faster NumPy forms of activations: computed a piece at a time, so that what lies between stays in the cache."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any

_add, _subtract, _multiply, _divide = np.add, np.subtract, np.multiply, np.divide
_PIECE = 1 << 14

# atanh(erf(x)) / x as a polynomial in x², fitted on 0 ≤ x ≤ 3.95 so that its tanh is erf to 1.8e-7.
_ERF = (
    1.5133310523540520e-07, -5.8186599613708540e-06, 8.8448754267185000e-05, -6.2160522437096370e-04,
    -1.9018647231558135e-04, 1.0276857891088731e-01, 1.1283792937517640e00,
)  # fmt: skip
_ERF_END = 3.95**2
_SQRT_HALF = math.sqrt(0.5)
_SQRT_2_OVER_PI = math.sqrt(2 / math.pi)
_INV_SQRT_2PI = 1 / math.sqrt(2 * math.pi)
_CUBIC = 0.044715


def _erf_into(x: Array, square: Array, out: Array, scale: float = 1.0) -> None:
    """erf(scale · x) in float32; `square`, (scale · x)², is overwritten."""
    np.minimum(square, _ERF_END, out=square)
    _multiply(square, _ERF[0] * scale, out)
    for k in _ERF[1:-1]:
        _add(out, k * scale, out)
        _multiply(out, square, out)
    _add(out, _ERF[-1] * scale, out)
    _multiply(out, x, out)
    np.tanh(out, out)


def _erf32(x: Array) -> Array:
    out = np.empty(x.shape, x.dtype)
    _erf_into(x, _multiply(x, x, out=...), out)
    return out


def erf(x: Array) -> Array:
    """The error function: to 2e-7 in float32; to 1e-15 in float64, by its Maclaurin series below 2, else a fraction."""
    if x.dtype != np.float64:
        return _erf32(x.astype(np.float32, copy=False)).astype(x.dtype, copy=False)
    z = x
    a = np.minimum(np.abs(z), 6.0)  # erf(6) rounds to 1
    square = a * a
    term = a.copy()
    series = a.copy()
    for n in range(1, 40):
        term = term * (-square / n)
        series = series + term / (2 * n + 1)
    series *= 2 / np.sqrt(np.pi)
    fraction = np.zeros_like(a)
    for k in range(60, 0, -1):
        fraction = (k / 2) / (a + fraction)
    tail = 1 - np.exp(-square) / (np.sqrt(np.pi) * (a + fraction))
    return np.asarray(np.copysign(np.where(a < 2, series, tail), z)).astype(x.dtype)


def _pieces(*arrays: Array) -> Any:
    """Flat pieces of arrays of one size, the last of them to be written to."""
    flat = [np.ascontiguousarray(a).reshape(-1) for a in arrays[:-1]] + [arrays[-1].reshape(-1)]
    for start in range(0, flat[0].size, _PIECE):
        yield [a[start : start + _PIECE] for a in flat]


def gelu(input: Array, approximate: str = "none") -> Array:
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    if input.dtype == np.float16:
        return gelu(input.astype(np.float32), approximate).astype(np.float16)
    out = np.empty(input.shape, input.dtype)
    scratch = np.empty(min(_PIECE, input.size), input.dtype)
    for x, y in _pieces(input, out):
        t = scratch[: x.size]
        _multiply(x, x, y)
        if approximate == "tanh":
            _multiply(y, _CUBIC * _SQRT_2_OVER_PI, y)
            _add(y, _SQRT_2_OVER_PI, y)
            _multiply(y, x, t)
            np.tanh(t, t)
        else:
            _multiply(y, 0.5, y)
            _erf_of_half(x, y, t)
        _multiply(x, 0.5, y)
        _multiply(t, y, t)
        _add(y, t, y)
    return out


def _erf_of_half(x: Array, half_square: Array, out: Array) -> None:
    """erf(x / √2), where `half_square` is x² / 2, which is overwritten."""
    if x.dtype == np.float32:
        _erf_into(x, half_square, out, _SQRT_HALF)
    else:
        out[...] = erf(x * _SQRT_HALF)


def gelu_backward(g: Array, input: Array, approximate: str) -> Array:
    if input.dtype == np.float16:
        return gelu_backward(g.astype(np.float32), input.astype(np.float32), approximate).astype(np.float16)
    out = np.empty(input.shape, input.dtype)
    scratch = np.empty((2, min(_PIECE, input.size)), input.dtype)
    for grad, x, y in _pieces(g, input, out):
        t, s = scratch[0, : x.size], scratch[1, : x.size]
        _multiply(x, x, s)
        if approximate == "tanh":
            _multiply(s, _CUBIC * _SQRT_2_OVER_PI, y)
            _add(y, _SQRT_2_OVER_PI, y)
            _multiply(y, x, t)
            np.tanh(t, t)
            _multiply(s, 3 * _CUBIC * _SQRT_2_OVER_PI, s)
            _add(s, _SQRT_2_OVER_PI, s)
            _multiply(s, x, s)
            _multiply(t, t, y)
            _subtract(1.0, y, y)
            _multiply(s, y, s)
            _add(s, t, s)
            _add(s, 1.0, s)
            _multiply(s, 0.5, s)
        else:
            _multiply(s, 0.5, s)
            _multiply(s, -1.0, y)
            np.exp(y, y)
            _multiply(y, x, y)
            _multiply(y, 2 * _INV_SQRT_2PI, y)
            _erf_of_half(x, s, t)
            _add(t, 1.0, t)
            _add(t, y, t)
            _multiply(t, 0.5, s)
        _multiply(s, grad, y)
    return out


def silu(input: Array) -> Array:
    out = np.empty(input.shape, input.dtype)
    for x, y in _pieces(input, out):
        np.negative(x, y)
        np.exp(y, y)
        _add(y, 1.0, y)
        _divide(x, y, y)
    return out


def silu_backward(g: Array, input: Array) -> Array:
    out = np.empty(input.shape, input.dtype)
    scratch = np.empty(min(_PIECE, input.size), input.dtype)
    for grad, x, y in _pieces(g, input, out):
        s = scratch[: x.size]
        np.negative(x, s)
        np.exp(s, s)
        _add(s, 1.0, s)
        _divide(1.0, s, s)
        _subtract(1.0, s, y)
        _multiply(y, x, y)
        _add(y, 1.0, y)
        _multiply(y, s, y)
        _multiply(y, grad, y)
    return out


def leaky_relu(input: Array, negative_slope: float = 0.01) -> Array:
    out = np.empty(input.shape, input.dtype)
    for x, y in _pieces(input, out):
        _multiply(x, negative_slope, y)
        (np.maximum if negative_slope <= 1 else np.minimum)(x, y, out=y)
    return out


def leaky_relu_backward(g: Array, input: Array, negative_slope: float) -> Array:
    out = np.empty(input.shape, input.dtype)
    for grad, x, y in _pieces(g, input, out):
        np.copyto(y, x > 0)
        _multiply(y, 1 - negative_slope, y)
        _add(y, negative_slope, y)
        _multiply(y, grad, y)
    return out


def elu(input: Array, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Array:
    out = np.empty(input.shape, input.dtype)
    scratch = np.empty(min(_PIECE, input.size), input.dtype)
    for x, y in _pieces(input, out):
        t = scratch[: x.size]
        np.minimum(x, 0.0, out=t)
        if input_scale != 1:
            _multiply(t, input_scale, t)
        np.expm1(t, t)
        _multiply(t, alpha * scale, t)
        np.maximum(x, 0.0, out=y)
        if scale != 1:
            _multiply(y, scale, y)
        _add(y, t, y)
    return out


def elu_backward(g: Array, input: Array, alpha: float, scale: float, input_scale: float) -> Array:
    out = np.empty(input.shape, input.dtype)
    scratch = np.empty(min(_PIECE, input.size), input.dtype)
    at_zero = alpha * scale * input_scale
    for grad, x, y in _pieces(g, input, out):
        t = scratch[: x.size]
        np.minimum(x, 0.0, out=y)
        if input_scale != 1:
            _multiply(y, input_scale, y)
        np.exp(y, y)
        _multiply(y, at_zero, y)
        if at_zero != scale:  # above 0 the exponential is 1
            np.copyto(t, x > 0)
            _multiply(t, scale - at_zero, t)
            _add(y, t, y)
        _multiply(y, grad, y)
    return out


def hardswish(input: Array) -> Array:
    out = np.empty(input.shape, input.dtype)
    for x, y in _pieces(input, out):
        _add(x, 3.0, y)
        np.clip(y, 0.0, 6.0, out=y)
        _multiply(y, x, y)
        _divide(y, 6.0, y)
    return out


def hardswish_backward(g: Array, input: Array) -> Array:
    out = np.empty(input.shape, input.dtype)
    scratch = np.empty(min(_PIECE, input.size), input.dtype)
    for grad, x, y in _pieces(g, input, out):
        t = scratch[: x.size]
        np.clip(x, -3.0, 3.0, out=y)
        _divide(y, 3.0, y)
        _add(y, 0.5, y)
        # That is 3/2 from 3 on, and -1/2 up to -3: where the slope is 1, and 0.
        np.copyto(t, x >= 3)
        _multiply(t, 0.5, t)
        _subtract(y, t, y)
        np.copyto(t, x <= -3)
        _multiply(t, 0.5, t)
        _add(y, t, y)
        _multiply(y, grad, y)
    return out


KERNELS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        gelu, gelu_backward, silu, silu_backward, leaky_relu, leaky_relu_backward, elu, elu_backward, hardswish,
        hardswish_backward,
    )
}  # fmt: skip
