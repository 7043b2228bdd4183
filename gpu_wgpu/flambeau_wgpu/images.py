"""Convolution and pooling as nodes of the queue: each composite op is one kernel, or two where few sums are long."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from flambeau.dtype import float32, int64

from .lazy import (
    CONVOLVE,
    CONVOLVE_BIAS,
    CONVOLVE_INPUT,
    CONVOLVE_WEIGHT,
    MAX_POOL,
    MAX_POOL_AT,
    MAX_POOL_INPUT,
    MAX_POOL_PLACES,
    RESAMPLE,
    LazyArray,
)

if TYPE_CHECKING:
    from .backend import WgpuBackend
    from .device.interface import Device

Ints = tuple[int, ...]
Enqueue = Callable[..., LazyArray]


class Images:
    """The ops of flambeau on images, by name, for a backend."""

    def __init__(self, backend: WgpuBackend, enqueue: Enqueue) -> None:
        self._be = backend
        self._enqueue = enqueue
        self._tables: WeakKeyDictionary[Any, tuple[Device, LazyArray]] = WeakKeyDictionary()
        self.kernels: dict[str, Callable[..., Any]] = {
            "convolve": self.convolve,
            "convolution_input_grad": self.convolution_input_grad,
            "convolution_weight_grad": self.convolution_weight_grad,
            "convolution_parameter_grads": self.convolution_parameter_grads,
            "resample": self.resample,
            "max_pool": self.max_pool,
            "max_pool_backward": self.max_pool_backward,
            "max_windows": self.max_windows,
            "max_windows_backward": self.max_windows_backward,
        }

    # --- convolution

    def convolve(
        self, input: LazyArray, weight: LazyArray, bias: LazyArray | None,
        stride: Ints, padding: Ints, dilation: Ints, groups: int,
    ) -> LazyArray:  # fmt: skip
        """(N, C, *size), (O, C / groups, *kernel) → (N, O, *counts)"""
        be = self._be
        sizes = zip(input.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True)
        counts = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in sizes]
        shape = (input.shape[0], weight.shape[0], *counts)
        if 0 in input.shape or 0 in weight.shape:
            y = be.full(shape, 0, input.dtype)
        else:
            settings = (stride, padding, dilation, groups)
            y = self._enqueue(CONVOLVE, (input, weight), settings, (), shape, input.dtype)
        return y if bias is None else be.add(y, be.reshape(bias, (bias.shape[0], *(1,) * len(counts))))

    def convolution_input_grad(
        self, grad: LazyArray, weight: LazyArray, size: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
    ) -> LazyArray:
        """(N, O, *counts), (O, C / groups, *kernel) → (N, C, *size)"""
        shape = (grad.shape[0], weight.shape[1] * groups, *size)
        if 0 in grad.shape or 0 in weight.shape:
            return self._be.full(shape, 0, grad.dtype)
        settings = (stride, padding, dilation, groups)
        return self._enqueue(CONVOLVE_INPUT, (grad, weight), settings, (), shape, grad.dtype)

    def convolution_weight_grad(
        self, grad: LazyArray, input: LazyArray, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
    ) -> LazyArray:
        """(N, O, *counts), (N, C, *size) → (O, C / groups, *kernel)"""
        shape = (grad.shape[1], input.shape[1] // groups, *kernel)
        if 0 in grad.shape or 0 in input.shape:
            return self._be.full(shape, 0, grad.dtype)
        attr = (kernel, (stride, padding, dilation, groups))
        return self._enqueue(CONVOLVE_WEIGHT, (grad, input), attr, (), shape, grad.dtype)

    def convolution_parameter_grads(
        self, grad: LazyArray, input: LazyArray, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
    ) -> tuple[LazyArray, LazyArray]:
        """The gradient of the weight, and that of the bias: (O,)."""
        self._be.engine.keep_together(2)
        of_weight = self.convolution_weight_grad(grad, input, kernel, stride, padding, dilation, groups)
        if of_weight.op is not CONVOLVE_WEIGHT:
            return of_weight, self._be.sum(grad, (0, *range(2, len(grad.shape))), False)
        return of_weight, self._enqueue(CONVOLVE_BIAS, (of_weight,), None, (), (grad.shape[1],), grad.dtype)

    # --- weighted sums along lines

    def resample(self, input: LazyArray, tables: tuple[Any, ...]) -> LazyArray:
        """(..., *size) → (..., *out), by a table of positions and weights for each of the last dimensions, or None."""
        be = self._be
        if not any(tables):
            return be.copy(input)
        lead = input.shape[: len(input.shape) - len(tables)]
        sizes = input.shape[len(lead) :]
        out = tuple([n if table is None else table.out for n, table in zip(sizes, tables, strict=True)])
        if 0 in input.shape:
            return be.full((*lead, *out), 0, input.dtype)
        x = be.reshape(input, (prod(lead), *sizes))
        taps = tuple([0 if table is None else table.taps for table in tables])
        inputs = (x, *[self._pairs(table) for table in tables if table is not None])
        return be.reshape(self._enqueue(RESAMPLE, inputs, taps, (), (prod(lead), *out), input.dtype), (*lead, *out))

    def _pairs(self, table: Any) -> LazyArray:
        """A table on the device: positions and weights by turns. It stays there as long as the table is in use."""
        device = self._be.engine.device
        known = self._tables.get(table)
        if known is None or known[0] is not device:
            pairs = array("f", [number for pair in zip(table.positions, table.weights, strict=True) for number in pair])
            known = self._tables[table] = (device, self._be.from_bytes(pairs.tobytes(), (len(pairs),), float32))
        return known[1]

    # --- largest elements of windows

    def max_pool(self, input: LazyArray, window: Any, counts: Ints) -> LazyArray:
        """(N, C, *size) → (N, C, *counts)"""
        return self._enqueue(MAX_POOL, (input,), tuple(window[:4]), (), (*input.shape[:2], *counts), input.dtype)

    def max_pool_backward(self, grad: LazyArray, input: LazyArray, window: Any) -> LazyArray:
        """The gradient of the input of `max_pool`."""
        if 0 in grad.shape:
            return self._be.full(input.shape, 0, grad.dtype)
        return self._enqueue(MAX_POOL_INPUT, (grad, input), tuple(window[:4]), (), input.shape, grad.dtype)

    def max_windows(self, input: LazyArray, rows: tuple[Any, ...]) -> tuple[LazyArray, LazyArray]:
        """(..., *size) → (..., *out), the largest elements and their places in the plane."""
        lead = input.shape[: len(input.shape) - len(rows)]
        shape = (*lead, *[row.out for row in rows])
        x = self._planes(input, len(rows))
        planes = (*x.shape[:2], *shape[len(lead) :])
        values = self._enqueue(MAX_POOL, (x,), _settings(rows), (), planes, input.dtype)
        places = self._enqueue(MAX_POOL_AT, (x,), _settings(rows), (), planes, int64)
        return self._be.reshape(values, shape), self._be.reshape(places, shape)

    def max_windows_backward(self, grad: LazyArray, places: LazyArray, size: Ints, rows: tuple[Any, ...]) -> LazyArray:
        """The gradient (..., *size) of the input of `max_windows`."""
        shape = (*grad.shape[: len(grad.shape) - len(rows)], *size)
        if 0 in grad.shape:
            return self._be.full(shape, 0, grad.dtype)
        g, at = self._planes(grad, len(rows)), self._planes(places, len(rows))
        planes = (*g.shape[:2], *size)
        result = self._enqueue(MAX_POOL_PLACES, (g, at), _settings(rows), (), planes, grad.dtype)
        return self._be.reshape(result, shape)

    def _planes(self, x: LazyArray, rank: int) -> LazyArray:
        """As samples and channels of planes."""
        lead = x.shape[: len(x.shape) - rank]
        return x if len(lead) == 2 else self._be.reshape(x, (1, prod(lead), *x.shape[len(lead) :]))


def _settings(rows: tuple[Any, ...]) -> tuple[Ints, ...]:
    """Kernel, stride, padding and dilation of windows along some dimensions; nothing for adaptive ones."""
    if rows[0].window is None:
        return ((), (), (), ())
    return tuple(zip(*[row.window for row in rows], strict=True))
