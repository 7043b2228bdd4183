"""Convolution and pooling as nodes of the queue: each composite op is one kernel, or two where few sums are long."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .lazy import CONVOLVE, CONVOLVE_INPUT, CONVOLVE_WEIGHT, LazyArray

if TYPE_CHECKING:
    from .backend import WgpuBackend

Ints = tuple[int, ...]
Enqueue = Callable[..., LazyArray]


class Images:
    """The ops of flambeau on images, by name, for a backend."""

    def __init__(self, backend: WgpuBackend, enqueue: Enqueue) -> None:
        self._be = backend
        self._enqueue = enqueue
        self.kernels: dict[str, Callable[..., Any]] = {
            "convolve": self.convolve,
            "convolution_input_grad": self.convolution_input_grad,
            "convolution_weight_grad": self.convolution_weight_grad,
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
        attr = (kernel, (stride, padding, dilation, groups), False)
        return self._enqueue(CONVOLVE_WEIGHT, (grad, input), attr, (), shape, grad.dtype)
