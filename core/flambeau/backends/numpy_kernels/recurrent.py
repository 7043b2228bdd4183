"""Faster NumPy forms of recurrent networks over all of time: activations in place, one product for a weight's gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .training import _sigmoid_into

Array = Any

_add, _subtract, _multiply = np.add, np.subtract, np.multiply


def _order(steps: int, reverse: bool) -> range:
    return range(steps - 1, -1, -1) if reverse else range(steps)


def _before(every: Array, first: Array, reverse: bool) -> Array:
    before = np.empty(every.shape, every.dtype)
    if reverse:
        before[:-1], before[-1] = every[1:], first
    else:
        before[1:], before[0] = every[:-1], first
    return before


def _states(shape: tuple[int, ...], first: Array, reverse: bool) -> tuple[Array, Array]:
    """Room for the state before the first step and after each, and of that the part after each."""
    states = np.empty((shape[0] + 1, *shape[1:]), first.dtype)
    states[-1 if reverse else 0] = first
    return states, states[:-1] if reverse else states[1:]


def _weight_gradient(grads: Array, states: Array) -> Array:
    return grads.reshape(-1, grads.shape[-1]).T.dot(states.reshape(-1, states.shape[-1]))


def _own(grad: Array | None, shape: tuple[int, ...], kind: Any) -> Array:
    """A copy of a gradient; zeros, where there is none."""
    return np.zeros(shape, kind) if grad is None else grad.copy("C")


def _tanh_slopes(active: Array) -> Array:
    """1 - t² for activations t = tanh(x)."""
    slopes = _multiply(active, active)
    return _subtract(1.0, slopes, slopes)


# --- LSTM -------------------------------------------------------------------------------------------------------------


def lstm_scan(gates: Array, h: Array, c: Array, weight: Array, reverse: bool) -> Any:
    steps, n, width = gates.shape
    size = width // 4
    turned = weight.T
    output, cells = [np.empty((steps, n, size), gates.dtype) for _ in range(2)]
    active = np.empty(gates.shape, gates.dtype)
    scratch = np.empty((n, size), gates.dtype)
    h = np.ascontiguousarray(h)
    for t in _order(steps, reverse):
        z = active[t]
        np.dot(h, turned, z)
        _add(z, gates[t], z)
        g = z[:, 2 * size : 3 * size]
        np.tanh(g, scratch)
        _sigmoid_into(z[:, : 2 * size])
        _sigmoid_into(z[:, 3 * size :])
        g[...] = scratch
        cell = cells[t]
        _multiply(z[:, size : 2 * size], c, cell)
        _multiply(scratch, z[:, :size], scratch)
        _add(cell, scratch, cell)
        c, h = cell, output[t]
        np.tanh(cell, h)
        _multiply(h, z[:, 3 * size :], h)
    return output, h.copy(), c.copy(), cells, active


def lstm_scan_backward(
    gates: Array,
    h: Array,
    c: Array,
    weight: Array,
    grad_out: Array | None,
    grad_h: Array | None,
    grad_c: Array | None,
    output: Array,
    cells: Array,
    active: Array,
    reverse: bool,
) -> Any:
    steps, n, size = output.shape
    grads = np.empty(active.shape, active.dtype)
    through_h = _own(grad_h, (n, size), active.dtype)
    through_c = _own(grad_c, (n, size), active.dtype)
    scratch = np.empty((n, size), active.dtype)
    slope = np.empty((n, size), active.dtype)
    before = _before(cells, c, reverse)
    parts = [slice(k * size, (k + 1) * size) for k in range(4)]
    for t in _order(steps, not reverse):
        i, f, g, o = [active[t][:, part] for part in parts]
        of_i, of_f, of_g, of_o = [grads[t][:, part] for part in parts]
        if grad_out is not None:
            _add(through_h, grad_out[t], through_h)
        squashed = np.tanh(cells[t])
        _multiply(through_h, o, scratch)
        _multiply(through_h, squashed, through_h)
        _subtract(1.0, o, slope)
        _multiply(slope, o, slope)
        _multiply(through_h, slope, of_o)
        _multiply(squashed, squashed, squashed)
        _subtract(1.0, squashed, squashed)
        _multiply(scratch, squashed, scratch)
        _add(through_c, scratch, through_c)
        _multiply(through_c, i, scratch)
        _subtract(1.0, i, slope)
        _multiply(slope, scratch, slope)
        _multiply(slope, g, of_i)
        _multiply(g, g, slope)
        _subtract(1.0, slope, slope)
        _multiply(scratch, slope, of_g)
        _multiply(through_c, f, through_c)
        _subtract(1.0, f, slope)
        _multiply(slope, before[t], slope)
        _multiply(slope, through_c, of_f)
        np.dot(grads[t], weight, through_h)
    return grads, through_h, through_c, _weight_gradient(grads, _before(output, h, reverse))


# --- GRU --------------------------------------------------------------------------------------------------------------


def gru_scan(gates: Array, h: Array, weight: Array, bias: Array, reverse: bool) -> Any:
    steps, n, width = gates.shape
    size = width // 3
    turned = weight.T
    states, output = _states((steps, n, size), h, reverse)
    active = np.empty((steps, n, 4 * size), gates.dtype)
    of_h = np.empty((n, width), gates.dtype)
    h = np.ascontiguousarray(h)
    for t in _order(steps, reverse):
        x, z = gates[t], active[t]
        np.dot(h, turned, of_h)
        _add(of_h, bias, of_h)
        both = z[:, : 2 * size]
        _add(x[:, : 2 * size], of_h[:, : 2 * size], both)
        _sigmoid_into(both)
        candidate, last = z[:, 2 * size : 3 * size], z[:, 3 * size :]
        last[...] = of_h[:, 2 * size :]
        _multiply(z[:, :size], last, candidate)
        _add(candidate, x[:, 2 * size :], candidate)
        np.tanh(candidate, candidate)
        y = output[t]
        _subtract(h, candidate, y)
        _multiply(y, z[:, size : 2 * size], y)
        h = _add(y, candidate, y)
    return output.copy(), h.copy(), active, states


def gru_scan_backward(
    gates: Array,
    h: Array,
    weight: Array,
    bias: Array,
    grad_out: Array | None,
    grad_h: Array | None,
    active: Array,
    states: Array,
    reverse: bool,
) -> Any:
    steps, n, width = active.shape
    size = width // 4
    of_x, of_h = [np.empty(gates.shape, gates.dtype) for _ in range(2)]
    through_h = _own(grad_h, (n, size), gates.dtype)
    scratch = np.empty((n, size), gates.dtype)
    before = states[1:] if reverse else states[:-1]
    for t in _order(steps, not reverse):
        r, z, candidate, last = [active[t][:, k * size : (k + 1) * size] for k in range(4)]
        of_r, of_z, of_n = [of_x[t][:, k * size : (k + 1) * size] for k in range(3)]
        if grad_out is not None:
            _add(through_h, grad_out[t], through_h)
        _subtract(before[t], candidate, scratch)
        _multiply(scratch, through_h, scratch)
        _multiply(scratch, z, scratch)
        _subtract(1.0, z, of_n)
        _multiply(scratch, of_n, of_z)
        _multiply(of_n, through_h, of_n)
        _multiply(candidate, candidate, scratch)
        _subtract(1.0, scratch, scratch)
        _multiply(of_n, scratch, of_n)
        _multiply(of_n, last, scratch)
        _multiply(scratch, r, scratch)
        _subtract(1.0, r, of_r)
        _multiply(of_r, scratch, of_r)
        state = of_h[t]
        state[:, : 2 * size] = of_x[t][:, : 2 * size]
        _multiply(of_n, r, state[:, 2 * size :])
        _multiply(through_h, z, through_h)
        _add(through_h, np.dot(state, weight), through_h)
    rows = of_h.reshape(-1, 3 * size)
    return of_x, through_h, _weight_gradient(of_h, before), np.ones(len(rows), rows.dtype).dot(rows)


# --- Elman's network --------------------------------------------------------------------------------------------------


def rnn_scan(gates: Array, h: Array, weight: Array, squash: bool, reverse: bool) -> Any:
    turned = weight.T
    states, output = _states(gates.shape, h, reverse)
    h = np.ascontiguousarray(h)
    for t in _order(len(gates), reverse):
        y = output[t]
        np.dot(h, turned, y)
        _add(y, gates[t], y)
        h = np.tanh(y, y) if squash else np.maximum(y, 0.0, out=y)
    return output.copy(), h.copy(), states


def rnn_scan_backward(
    gates: Array,
    h: Array,
    weight: Array,
    grad_out: Array | None,
    grad_h: Array | None,
    states: Array,
    squash: bool,
    reverse: bool,
) -> Any:
    output, before = (states[:-1], states[1:]) if reverse else (states[1:], states[:-1])
    grads = _tanh_slopes(output) if squash else (output > 0).astype(output.dtype)
    through_h = _own(grad_h, output.shape[1:], output.dtype)
    for t in _order(len(output), not reverse):
        if grad_out is not None:
            _add(through_h, grad_out[t], through_h)
        _multiply(grads[t], through_h, grads[t])
        np.dot(grads[t], weight, through_h)
    return grads, through_h, _weight_gradient(grads, before)


KERNELS: dict[str, Callable[..., Any]] = {
    f.__name__: f for f in (lstm_scan, lstm_scan_backward, gru_scan, gru_scan_backward, rnn_scan, rnn_scan_backward)
}
