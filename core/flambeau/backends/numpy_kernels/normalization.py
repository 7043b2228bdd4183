"""Faster NumPy forms of normalisation and its gradients.

Sums along rows are products with ones, and sums of products dot products: BLAS does both several times quicker than
NumPy reduces. Rows are summed by NumPy where they are long, since it adds in pairs and so loses less.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any

_add, _subtract, _multiply, _divide = np.add, np.subtract, np.multiply, np.divide
_LONG = 4096
_ones: dict[tuple[int, Any], Array] = {}


def _ones_of(count: int, kind: Any) -> Array:
    found = _ones.get((count, kind))
    if found is None:
        found = np.ones(count, kind)
        if count <= _LONG:
            _ones[count, kind] = found
    return found


def _row_sums(x: Array) -> Array:
    """(n, m) → (n, 1)."""
    if x.shape[1] > _LONG:
        return np.add.reduce(x, 1, keepdims=True)
    return x.dot(_ones_of(x.shape[1], x.dtype))[:, None]


def _row_dots(x: Array, y: Array) -> Array:
    """The sums of x * y along rows: (n, m), (n, m) → (n, 1)."""
    if x.shape[1] > _LONG:
        return np.add.reduce(x * y, 1, keepdims=True)
    return np.vecdot(x, y)[:, None]


def _column_sums(x: Array) -> Array:
    """(n, m) → (m,)."""
    if x.shape[0] > _LONG:
        return np.add.reduce(x, 0)
    return _ones_of(x.shape[0], x.dtype).dot(x)


def _inverse_root(variance: Array, eps: float) -> Array:
    _add(variance, eps, variance)
    np.sqrt(variance, variance)
    return _divide(1.0, variance, variance)


def _centred_rows(x: Array, eps: float) -> tuple[Array, Array, Array]:
    """Rows with mean 0, the means, and the reciprocal deviations."""
    count = max(1, x.shape[1])
    mean = _row_sums(x)
    _divide(mean, count, mean)
    y = _subtract(x, mean)
    rstd = _row_dots(y, y)
    _divide(rstd, count, rstd)
    return y, mean, _inverse_root(rstd, eps)


def _normalized_rows(x: Array, eps: float) -> tuple[Array, Array, Array]:
    """Rows with mean 0 and variance 1, the means, and the reciprocal deviations."""
    y, mean, rstd = _centred_rows(x, eps)
    _multiply(y, rstd, y)
    return y, mean, rstd


def _through_rows(inner: Array, normalized: Array, rstd: Array) -> Array:
    """The gradient through `_normalized_rows`; `inner` and `normalized` are used up."""
    count = max(1, inner.shape[1])
    along = _row_dots(inner, normalized)
    _divide(along, count, along)
    mean = _row_sums(inner)
    _divide(mean, count, mean)
    _multiply(normalized, along, normalized)
    _subtract(inner, mean, inner)
    _subtract(inner, normalized, inner)
    return _multiply(inner, rstd, inner)


def _rows(x: Array, count: int) -> Array:
    """The last `count` dimensions as one, and all before them as one."""
    width = math.prod(x.shape[x.ndim - count :])
    return np.ascontiguousarray(x).reshape(math.prod(x.shape[: x.ndim - count]), width)


# --- layer norm, root mean square norm --------------------------------------------------------------------------------


def _layer_norm(input: Array, weight: Array | None, bias: Array | None, count: int, eps: float) -> Any:
    y, mean, rstd = _normalized_rows(_rows(input, count), eps)
    if weight is not None:
        _multiply(y, weight.reshape(-1), y)
    if bias is not None:
        _add(y, bias.reshape(-1), y)
    stats = (*input.shape[: input.ndim - count], *([1] * count))
    return y.reshape(input.shape), mean.reshape(stats), rstd.reshape(stats)


def layer_norm_backward(
    g: Array, input: Array, weight: Array | None, mean: Array, rstd: Array, count: int, eps: float, has_bias: bool
) -> Any:
    x, grad = _rows(input, count), _rows(g, count)
    rstd = rstd.reshape(-1, 1)
    normalized = _subtract(x, mean.reshape(-1, 1))
    _multiply(normalized, rstd, normalized)
    grads = []
    if weight is None:
        inner = grad.copy()
    else:
        inner = _multiply(grad, normalized)
        grads.append(_column_sums(inner).reshape(weight.shape))
        _multiply(grad, weight.reshape(-1), inner)
    if has_bias:
        grads.append(_column_sums(grad).reshape(input.shape[input.ndim - count :]))
    of_input = _through_rows(inner, normalized, rstd).reshape(input.shape)
    return (of_input, *grads) if grads else of_input


def _rms_norm(input: Array, weight: Array | None, count: int, eps: float) -> Any:
    x = _rows(input, count)
    rstd = _row_dots(x, x)
    _divide(rstd, max(1, x.shape[1]), rstd)
    _inverse_root(rstd, eps)
    y = _multiply(x, rstd)
    if weight is not None:
        _multiply(y, weight.reshape(-1), y)
    return y.reshape(input.shape), rstd.reshape(*input.shape[: input.ndim - count], *([1] * count))


def rms_norm_backward(g: Array, input: Array, weight: Array | None, rstd: Array, count: int, eps: float) -> Any:
    x, grad = _rows(input, count), _rows(g, count)
    rstd = rstd.reshape(-1, 1)
    normalized = _multiply(x, rstd)
    of_weight = None
    if weight is None:
        inner = grad.copy()
    else:
        inner = _multiply(grad, normalized)
        of_weight = _column_sums(inner).reshape(weight.shape)
        _multiply(grad, weight.reshape(-1), inner)
    along = _row_dots(inner, normalized)
    _divide(along, max(1, x.shape[1]), along)
    _multiply(normalized, along, normalized)
    _subtract(inner, normalized, inner)
    of_input = _multiply(inner, rstd, inner).reshape(input.shape)
    return of_input if of_weight is None else (of_input, of_weight)


# --- batch norm -------------------------------------------------------------------------------------------------------


def _by_channel(x: Array) -> Array:
    """(N, C, ...) as (N, C, rest)."""
    return np.ascontiguousarray(x).reshape(x.shape[0], x.shape[1], math.prod(x.shape[2:]))


def _channel_sums(x: Array) -> Array:
    """(N, C, L) → (C,)."""
    n, channels, length = x.shape
    if length == 1:
        return _column_sums(x.reshape(n, channels))
    return np.add.reduce(_row_sums(x.reshape(n * channels, length)).reshape(n, channels), 0)


def _channel_dots(x: Array, y: Array) -> Array:
    """The sums of x * y of each channel: (N, C, L), (N, C, L) → (C,)."""
    n, channels, length = x.shape
    if length == 1:
        return _column_sums((x * y).reshape(n, channels))
    rows = (n * channels, length)
    return np.add.reduce(_row_dots(x.reshape(rows), y.reshape(rows)).reshape(n, channels), 0)


def _batch_norm(input: Array, weight: Array | None, bias: Array | None, eps: float) -> Any:
    x = _by_channel(input)
    count = max(1, x.shape[0] * x.shape[2])
    mean = _channel_sums(x)
    _divide(mean, count, mean)
    y = _subtract(x, mean[:, None])
    rstd = _channel_dots(y, y)
    _divide(rstd, count, rstd)
    _inverse_root(rstd, eps)
    _multiply(y, (rstd if weight is None else rstd * weight)[:, None], y)
    if bias is not None:
        _add(y, bias[:, None], y)
    return y.reshape(input.shape), mean, rstd


def batch_norm_backward(
    g: Array, input: Array, weight: Array | None, mean: Array, rstd: Array, eps: float, has_bias: bool
) -> Any:
    x, grad = _by_channel(input), _by_channel(g)
    count = max(1, x.shape[0] * x.shape[2])
    centered = _subtract(x, mean[:, None])
    of_weight = _channel_dots(grad, centered) * rstd
    of_bias = _channel_sums(grad)
    # ((g - of_bias / n) - centered * rstd * of_weight / n) * rstd * weight
    _multiply(centered, (of_weight * rstd / count)[:, None], centered)
    _subtract(grad, centered, centered)
    _subtract(centered, (of_bias / count)[:, None], centered)
    _multiply(centered, (rstd if weight is None else rstd * weight)[:, None], centered)
    of_input = centered.reshape(input.shape)
    grads = [of_input]
    if weight is not None:
        grads.append(of_weight)
    if has_bias:
        grads.append(of_bias)
    return tuple(grads) if len(grads) > 1 else of_input


def _batch_norm_fixed(
    input: Array, weight: Array | None, bias: Array | None, mean: Array, var: Array, eps: float
) -> Array:
    x = _by_channel(input)
    scale = _inverse_root(var.copy(), eps)
    if weight is not None:
        _multiply(scale, weight, scale)
    shift = _multiply(mean, scale)
    _subtract(0.0 if bias is None else bias, shift, shift)
    y = _multiply(x, scale[:, None])
    return _add(y, shift[:, None], y).reshape(input.shape)


def batch_norm_fixed_backward(
    g: Array, input: Array, weight: Array | None, mean: Array, var: Array, eps: float, has_bias: bool
) -> Any:
    grad = _by_channel(g)
    rstd = _inverse_root(var.copy(), eps)
    scale = rstd if weight is None else rstd * weight
    grads = [_multiply(grad, scale[:, None]).reshape(input.shape)]
    of_bias = _channel_sums(grad) if has_bias or weight is not None else None
    if weight is not None:
        # the sums of g * (x - mean) * rstd
        grads.append((_channel_dots(grad, _by_channel(input)) - mean * of_bias) * rstd)
    if has_bias:
        grads.append(of_bias)
    return tuple(grads) if len(grads) > 1 else grads[0]


# --- group norm -------------------------------------------------------------------------------------------------------


def _group_norm(input: Array, weight: Array | None, bias: Array | None, groups: int, eps: float) -> Any:
    n, channels = input.shape[:2]
    x = np.ascontiguousarray(input).reshape(n * groups, input.size // max(1, n * groups))
    y, mean, rstd = _centred_rows(x, eps)
    stats = mean.reshape(n, groups), rstd.reshape(n, groups)
    if weight is None:
        _multiply(y, rstd, y)
    else:  # one factor for each channel of each sample
        by_channel = y.reshape(n * channels, input.size // max(1, n * channels))
        _multiply(
            by_channel,
            (rstd * weight.reshape(1, groups, -1).repeat(n, 0).reshape(n * groups, channels // groups)).reshape(-1, 1),
            by_channel,
        )
    if bias is not None:
        by_channel = _by_channel(y.reshape(input.shape))
        _add(by_channel, bias[:, None], by_channel)
    return y.reshape(input.shape), *stats


def group_norm_backward(
    g: Array,
    input: Array,
    weight: Array | None,
    mean: Array,
    rstd: Array,
    groups: int,
    eps: float,
    has_bias: bool,
) -> Any:
    # As PyTorch: everything comes of two sums for each channel of each sample, and the gradient of the input is linear
    # in the incoming one and in the input.
    n, channels = input.shape[:2]
    rows = (n * channels, input.size // max(1, n * channels))
    x, grad = np.ascontiguousarray(input).reshape(rows), np.ascontiguousarray(g).reshape(rows)
    by_group = (n, groups, channels // groups)
    products, sums = _row_dots(grad, x).reshape(by_group), _row_sums(grad).reshape(by_group)
    mean, rstd = mean.reshape(n, groups), rstd.reshape(n, groups)
    grads = []
    if weight is None:
        of_grad = rstd[..., None].repeat(by_group[2], 2)
        product, total = np.add.reduce(products, 2), np.add.reduce(sums, 2)
    else:
        factors = weight.reshape(by_group[1:])
        grads.append(np.add.reduce((products - sums * mean[..., None]) * rstd[..., None], 0).reshape(channels))
        of_grad = rstd[..., None] * factors
        product, total = np.add.reduce(products * factors, 2), np.add.reduce(sums * factors, 2)
    if has_bias:
        grads.append(np.add.reduce(sums, 0).reshape(channels))
    share = x.dtype.type(n * groups / max(1, input.size))
    of_input = (total * mean - product) * rstd * rstd * rstd * share
    constant = -of_input * mean - total * rstd * share
    result = grad * of_grad.reshape(-1, 1)
    linear = x.reshape(n * groups, -1 if input.size else 0) * of_input.reshape(-1, 1)
    _add(linear, constant.reshape(-1, 1), linear)
    _add(result, linear.reshape(rows), result)
    result = result.reshape(input.shape)
    return (result, *grads) if grads else result


KERNELS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        _layer_norm, layer_norm_backward, _rms_norm, rms_norm_backward, _batch_norm, batch_norm_backward, _batch_norm_fixed,
        batch_norm_fixed_backward,
        _group_norm, group_norm_backward,
    )
}  # fmt: skip
