"""Batch and group norm as nodes of the queue: the formulas of flambeau, with statistics that stay in buffers.

The scheduler makes a row kernel of each, with whatever follows. Their gradients read the statistics again, and would
otherwise have the normalised elements stored for them.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any

from .lazy import KEEP, LazyArray

if TYPE_CHECKING:
    from .backend import WgpuBackend

Ints = tuple[int, ...]
Enqueue = Callable[..., LazyArray]
Normed = tuple[LazyArray, LazyArray, LazyArray]  # the result, means, reciprocal deviations


class Norms:
    """The normalisations of flambeau, by name, for a backend."""

    def __init__(self, backend: WgpuBackend, enqueue: Enqueue) -> None:
        self._be = backend
        self._enqueue = enqueue
        self.kernels: dict[str, Callable[..., Any]] = {"_batch_norm": self.batch_norm, "_group_norm": self.group_norm}

    def batch_norm(self, input: LazyArray, weight: LazyArray | None, bias: LazyArray | None, eps: float) -> Normed:
        """(N, C, ...) by channel; the statistics are (C,)."""
        axes = tuple(axis for axis in range(len(input.shape)) if axis != 1)
        channels = input.shape[1:2]
        y, mean, rstd = self._normed(input, axes, eps)
        y = self._affine(y, weight, bias, (1, *channels, *[1] * (len(input.shape) - 2)))
        return y, self._be.reshape(mean, channels), self._be.reshape(rstd, channels)

    def group_norm(
        self, input: LazyArray, weight: LazyArray | None, bias: LazyArray | None, groups: int, eps: float
    ) -> Normed:
        """(N, C, ...) by sample and group of channels; the statistics are (N, groups)."""
        be = self._be
        n, channels = input.shape[:2]
        x = be.reshape(input, (n, groups, channels // groups, prod(input.shape[2:])))
        y, mean, rstd = self._normed(x, (2, 3), eps)
        y = self._affine(y, weight, bias, (1, groups, channels // groups, 1))
        return be.reshape(y, input.shape), be.reshape(mean, (n, groups)), be.reshape(rstd, (n, groups))

    def _normed(self, x: LazyArray, axes: Ints, eps: float) -> Normed:
        be = self._be
        count = float(max(1, prod([x.shape[axis] for axis in axes])))
        mean = self._kept(be.div(be.sum(x, axes, True), count))
        centered = be.sub(x, mean)
        variance = be.div(be.sum(be.mul(centered, centered), axes, True), count)
        rstd = self._kept(be.div(1.0, be.sqrt(be.add(variance, float(eps)))))
        return be.mul(centered, rstd), mean, rstd

    def _kept(self, x: LazyArray) -> LazyArray:
        return self._enqueue(KEEP, (x,), None, (), x.shape, x.dtype)

    def _affine(self, x: LazyArray, weight: LazyArray | None, bias: LazyArray | None, shape: Ints) -> LazyArray:
        be = self._be
        if weight is not None:
            x = be.mul(x, be.reshape(weight, shape))
        return x if bias is None else be.add(x, be.reshape(bias, shape))
