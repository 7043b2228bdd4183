"""Faster NumPy forms of what training does most: the cells of recurrent networks, and the steps of optimizers.

Each computes what its op's forward does, in the same order, with fewer passes over memory and fewer temporaries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Array = Any

_add, _subtract, _multiply, _divide = np.add, np.subtract, np.multiply, np.divide


def _sigmoid_into(x: Array) -> Array:
    np.negative(x, x)
    np.exp(x, x)
    _add(x, 1.0, x)
    return _divide(1.0, x, x)


def _times_slope(grad: Array, s: Array, out: Array) -> None:
    """grad * s * (1 - s) for s = sigmoid(x)."""
    _multiply(grad, s, out)
    _multiply(out, _subtract(1.0, s), out)


def _times_tanh_slope(grad: Array, t: Array, out: Array) -> None:
    """grad * (1 - t²) for t = tanh(x)."""
    slope = _multiply(t, t, out=...)
    _subtract(1.0, slope, slope)
    _multiply(grad, slope, out)


# --- recurrent cells --------------------------------------------------------------------------------------------------


def lstm_cell(gates: Array, c: Array) -> tuple[Array, Array]:
    size = c.shape[-1]
    squashed = _sigmoid_into(gates.copy("C"))
    g = np.tanh(gates[..., 2 * size : 3 * size], out=...)
    next_c = _multiply(squashed[..., size : 2 * size], c, order="C", out=...)
    _multiply(g, squashed[..., :size], g)
    _add(next_c, g, next_c)
    h = np.tanh(next_c, out=...)
    _multiply(h, squashed[..., 3 * size :], h)
    return h, next_c


def lstm_cell_backward(grad_h: Array, grad_c: Array, gates: Array, c: Array, next_c: Array) -> tuple[Array, Array]:
    size = c.shape[-1]
    squashed = _sigmoid_into(gates.copy("C"))
    i, f, o = squashed[..., :size], squashed[..., size : 2 * size], squashed[..., 3 * size :]
    g = np.tanh(gates[..., 2 * size : 3 * size], out=...)
    t = np.tanh(next_c, out=...)
    grad_gates = np.empty_like(squashed)
    through_h = _multiply(grad_h, t, out=...)
    _times_slope(through_h, o, grad_gates[..., 3 * size :])
    _multiply(grad_h, o, through_h)
    _times_tanh_slope(through_h, t, through_h)
    _add(through_h, grad_c, through_h)
    scratch = _multiply(through_h, g, out=...)
    _times_slope(scratch, i, grad_gates[..., :size])
    _multiply(through_h, c, scratch)
    _times_slope(scratch, f, grad_gates[..., size : 2 * size])
    _multiply(through_h, i, scratch)
    _times_tanh_slope(scratch, g, grad_gates[..., 2 * size : 3 * size])
    return grad_gates, _multiply(through_h, f, through_h)


def _gru_parts(gates_x: Array, gates_h: Array, size: int) -> tuple[Array, Array, Array]:
    both = _sigmoid_into(_add(gates_x[..., : 2 * size], gates_h[..., : 2 * size], order="C", out=...))
    r, z = both[..., :size], both[..., size:]
    n = _multiply(r, gates_h[..., 2 * size :], order="C", out=...)
    _add(n, gates_x[..., 2 * size :], n)
    return r, z, np.tanh(n, n)


def gru_cell(gates_x: Array, gates_h: Array, h: Array) -> Array:
    _, z, n = _gru_parts(gates_x, gates_h, h.shape[-1])
    out = _subtract(h, n, order="C", out=...)
    _multiply(out, z, out)
    return _add(out, n, out)


def gru_cell_backward(g: Array, gates_x: Array, gates_h: Array, h: Array) -> tuple[Array, Array, Array]:
    size = h.shape[-1]
    r, z, n = _gru_parts(gates_x, gates_h, size)
    grad_x = np.empty(gates_x.shape, gates_x.dtype)
    grad_r, grad_z, grad_n = grad_x[..., :size], grad_x[..., size : 2 * size], grad_x[..., 2 * size :]
    scratch = _subtract(1.0, z, out=...)
    _multiply(scratch, g, scratch)
    _times_tanh_slope(scratch, n, grad_n)
    _subtract(h, n, scratch)
    _multiply(scratch, g, scratch)
    _times_slope(scratch, z, grad_z)
    _multiply(grad_n, gates_h[..., 2 * size :], scratch)
    _times_slope(scratch, r, grad_r)
    grad_h = grad_x.copy()
    _multiply(grad_h[..., 2 * size :], r, grad_h[..., 2 * size :])
    return grad_x, grad_h, _multiply(g, z, out=...)


# --- optimizer steps --------------------------------------------------------------------------------------------------


def sgd_step(param: Array, grad: Array, lr: float, weight_decay: float) -> Array:
    if weight_decay == 0:
        step = _multiply(grad, -lr, out=...)
    else:
        step = _multiply(param, weight_decay, out=...)
        _add(step, grad, step)
        _multiply(step, -lr, step)
    return _add(step, param, step)


_BLOCK = 32768
"""Elements that a step works on at a time: what it reads and writes of them stays in the cache from one line to the next."""


def _blocks(*arrays: Array) -> Iterator[list[Array]]:
    """The arrays, of one size, in corresponding flat pieces."""
    flat = [np.ascontiguousarray(x).reshape(-1) for x in arrays]
    size = flat[0].size
    if size <= _BLOCK:
        yield flat
        return
    for start in range(0, size, _BLOCK):
        yield [x[start : start + _BLOCK] for x in flat]


def _averages(grad: Array, old: Array, old_sq: Array, beta1: float, beta2: float, new: Array, new_sq: Array) -> None:
    _subtract(grad, old, new)
    _multiply(new, 1 - beta1, new)
    _add(new, old, new)
    _multiply(grad, 1 - beta2, new_sq)
    _multiply(new_sq, grad, new_sq)
    _add(new_sq, _multiply(old_sq, beta2), new_sq)


def _scaled_step(
    param: Array, average: Array, squares: Array, step_size: float, root: float, eps: float, new: Array
) -> None:
    denominator = np.sqrt(squares)
    _divide(denominator, root, denominator)
    _add(denominator, eps, denominator)
    _multiply(average, -step_size, new)
    _divide(new, denominator, new)
    _add(new, param, new)


def adam_step(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    step_size: float,
    beta1: float,
    beta2: float,
    root_correction: float,
    eps: float,
) -> tuple[Array, ...]:
    news = tuple(np.empty(param.shape, param.dtype) for _ in range(3))
    for p, g, m, v, new_p, new_m, new_v in _blocks(param, grad, exp_avg, exp_avg_sq, *news):
        _averages(g, m, v, beta1, beta2, new_m, new_v)
        _scaled_step(p, new_m, new_v, step_size, root_correction, eps, new_p)
    return news


def amsgrad_step(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    max_exp_avg_sq: Array,
    step_size: float,
    beta1: float,
    beta2: float,
    root_correction: float,
    eps: float,
) -> tuple[Array, ...]:
    news = tuple(np.empty(param.shape, param.dtype) for _ in range(4))
    blocks = _blocks(param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, *news)
    for p, g, m, v, largest, new_p, new_m, new_v, new_largest in blocks:
        _averages(g, m, v, beta1, beta2, new_m, new_v)
        np.maximum(largest, new_v, out=new_largest)
        _scaled_step(p, new_m, new_largest, step_size, root_correction, eps, new_p)
    return news


KERNELS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        lstm_cell, lstm_cell_backward, gru_cell, gru_cell_backward, sgd_step, adam_step, amsgrad_step,
    )
}  # fmt: skip
