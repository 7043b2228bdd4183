"""Faster NumPy forms of attention: a few matrices of weights at a time, which stay in the cache, written over in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Array = Any

_add, _subtract, _multiply, _divide = np.add, np.subtract, np.multiply, np.divide
_CACHED = 1 << 18  # elements of the weights worked on at a time
_LOW = -1e30


def _pieces(shape: tuple[int, ...], *arrays: Array | None) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Slices along the first batch dimension, and of each array what goes with them."""
    if len(shape) < 3:
        yield ..., arrays
        return
    weights = 1
    for n in shape[1:]:
        weights *= n
    step = max(1, _CACHED // max(1, weights))
    for start in range(0, shape[0], step):
        piece = slice(start, start + step)
        yield piece, tuple([x if x is None or x.ndim < len(shape) or x.shape[0] == 1 else x[piece] for x in arrays])


def _turned(x: Array) -> Array:
    return x.swapaxes(-2, -1)


def _wide(*arrays: Array) -> list[Array]:
    """The arrays, float16 as float32."""
    return [x.astype(np.float32) if x.dtype == np.float16 else x for x in arrays]


def _masked(bias: Array | None, is_causal: bool, shape: tuple[int, ...], dtype: Any) -> Array | None:
    """What to add to scores."""
    if not is_causal:
        return bias
    above = np.triu(np.full(shape[-2:], -np.inf, dtype), 1)
    return above if bias is None else bias + above


def _scores(query: Array, key: Array, bias: Array | None, scale: float) -> Array:
    scores = np.matmul(_multiply(query, scale), _turned(key))
    if bias is not None:
        _add(scores, bias, scores)
    return scores


def _attention(
    query: Array,
    key: Array,
    value: Array,
    bias: Array | None,
    noise: Array | None,
    scale: float,
    is_causal: bool,
) -> tuple[Array, Array]:
    narrow = query.dtype
    query, key, value = _wide(query, key, value)
    rows = query.shape[:-1]
    shape = (*rows, key.shape[-2])
    bias = _masked(bias, is_causal, shape, query.dtype)
    out = np.empty((*rows, value.shape[-1]), query.dtype)
    log_sums = np.empty((*rows, 1), query.dtype)
    for piece, (q, k, v, b, n) in _pieces(shape, query, key, value, bias, noise):
        weights = _scores(q, k, b, scale)
        peak = np.maximum.reduce(weights, -1, keepdims=True)
        np.maximum(peak, _LOW, out=peak)
        _subtract(weights, peak, weights)
        np.exp(weights, weights)
        total = weights.reshape(-1, shape[-1]).dot(np.ones(shape[-1], weights.dtype)).reshape(peak.shape)
        np.maximum(total, 1e-30, out=total)
        _divide(weights, total, weights)
        np.log(total, total)
        _add(total, peak, log_sums[piece])
        if n is not None:
            _multiply(weights, n, weights)
        np.matmul(weights, v, out[piece])
    return out.astype(narrow, copy=False), log_sums


def attention_backward(
    g: Array,
    query: Array,
    key: Array,
    value: Array,
    bias: Array | None,
    noise: Array | None,
    out: Array,
    log_sums: Array,
    scale: float,
    is_causal: bool,
    of_scores: bool,
) -> Any:
    narrow = query.dtype
    g, query, key, value, out = _wide(g, query, key, value, out)
    shape = (*query.shape[:-1], key.shape[-2])
    bias = _masked(bias, is_causal, shape, query.dtype)
    along = np.vecdot(g, out)[..., None]
    grads = [np.empty(x.shape, x.dtype) for x in (query, key, value)]
    of_query, of_key, of_value = grads
    if of_scores:
        grads.append(np.empty(shape, query.dtype))
    arrays = (g, query, key, value, bias, noise, log_sums, along)
    for piece, (grad, q, k, v, b, n, sums, mean) in _pieces(shape, *arrays):
        weights = _scores(q, k, b, scale)
        _subtract(weights, sums, weights)
        np.exp(weights, weights)
        of_weights = np.matmul(grad, _turned(v))
        if n is None:
            np.matmul(_turned(weights), grad, of_value[piece])
        else:
            np.matmul(_turned(weights * n), grad, of_value[piece])
            _multiply(of_weights, n, of_weights)
        _subtract(of_weights, mean, of_weights)
        _multiply(of_weights, weights, of_weights)
        if of_scores:
            grads[3][piece] = of_weights
        _multiply(of_weights, scale, of_weights)
        np.matmul(of_weights, k, of_query[piece])
        np.matmul(_turned(of_weights), q, of_key[piece])
    return tuple([x.astype(narrow, copy=False) for x in grads])


KERNELS: dict[str, Callable[..., Any]] = {"_attention": _attention, "attention_backward": attention_backward}
