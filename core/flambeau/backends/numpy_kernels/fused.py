"""Faster NumPy forms of composite ops: fewer passes over memory, fewer temporaries. Each computes what its op's forward does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = Any

_add, _subtract, _multiply, _divide = np.add, np.subtract, np.multiply, np.divide


def affine(input: Array, weight: Array, bias: Array) -> Array:
    out = project(input, weight)
    _add(out, bias, out)
    return out


def project(input: Array, weight: Array) -> Array:
    if input.ndim == 2:
        return input.dot(weight.T)
    rows = input.reshape(-1, input.shape[-1]).dot(weight.T)
    return rows.reshape(*input.shape[:-1], weight.shape[0])


def linear_input_grad(grad: Array, weight: Array) -> Array:
    return project(grad, weight.T)


def linear_weight_grad(grad: Array, input: Array) -> Array:
    if grad.ndim != 2:
        grad, input = grad.reshape(-1, grad.shape[-1]), input.reshape(-1, input.shape[-1])
    return grad.T.dot(input)


def tanh_backward(g: Array, out: Array) -> Array:
    slope = _multiply(out, out, order="C", out=...)
    _subtract(1.0, slope, slope)
    _multiply(slope, g, slope)
    return slope


def sigmoid(input: Array) -> Array:
    out = np.negative(input, order="C", out=...)
    np.exp(out, out)
    _add(out, 1.0, out)
    return _divide(1.0, out, out)


def sigmoid_backward(g: Array, out: Array) -> Array:
    slope = _subtract(1.0, out, order="C", out=...)
    _multiply(slope, out, slope)
    return _multiply(slope, g, slope)


_BITS: dict[int, Any] = {2: np.int16, 4: np.int32, 8: np.int64}


def threshold_backward(g: Array, out: Array) -> Array:
    # All bits of the gradient, or none: a product with 0 would make nan of an infinite gradient, and `where` is slow.
    bits = _BITS[g.dtype.itemsize]
    chosen = np.less_equal(out, 0, out=...).astype(bits, order="C")
    np.subtract(chosen, 1, chosen)
    return np.bitwise_and(chosen, np.asarray(g, order="C").view(bits), chosen).view(g.dtype).reshape(out.shape)


def _log_softmax(input: Array, axis: int) -> Array:
    out = _subtract(input, np.maximum.reduce(input, axis, keepdims=True), order="C", out=...)
    total = np.add.reduce(np.exp(out), axis, keepdims=True)
    np.log(total, total)
    return _subtract(out, total, out)


def log_softmax_backward(g: Array, out: Array, axis: int) -> Array:
    grad = np.exp(out, order="C", out=...)
    _multiply(grad, np.add.reduce(g, axis, keepdims=True), grad)
    return _subtract(g, grad, grad)


def _softmax(input: Array, axis: int) -> Array:
    out = _subtract(input, np.maximum.reduce(input, axis, keepdims=True), order="C", out=...)
    np.exp(out, out)
    return _divide(out, np.add.reduce(out, axis, keepdims=True), out)


def softmax_backward(g: Array, out: Array, axis: int) -> Array:
    grad = _multiply(g, out, order="C", out=...)
    total = np.add.reduce(grad, axis, keepdims=True)
    return _subtract(grad, _multiply(out, total), grad)


def pile(tensors: Sequence[Array], axis: int) -> Array:
    shape = tensors[0].shape
    if axis == len(shape):
        joined = np.concatenate([x[..., None] for x in tensors], axis)
    else:  # one after the other along the dimension that the new one comes before: no array needs one more
        joined = np.concatenate(tensors, axis)
    joined = joined if joined.flags.c_contiguous else joined.copy("C")
    return joined.reshape((*shape[:axis], len(tensors), *shape[axis:]))


KERNELS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        affine, project, linear_input_grad, linear_weight_grad, tanh_backward, sigmoid, sigmoid_backward, threshold_backward,
        _log_softmax, log_softmax_backward, _softmax, softmax_backward, pile,
    )
}  # fmt: skip
