"""Convolutions on NumPy: windows copied into matrices that BLAS multiplies, a few samples at a time.

Windows that are one step apart are read in runs as long as the plane is: element j of all windows is the padded plane from
j's offset on, read through to the last window's j, including the few places between two rows where no window is ("wide").
A copy is then a `memcpy`, and the adjoint adds whole planes.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any

import numpy as np

from .numpy_windows import Ints, padded, slices, windows

Array = Any

CHUNK = 1 << 20
"""Elements of the windows of the samples that are worked on at a time: they stay in the cache."""
_WASTE = 1.5
"""How many times more elements wide reading may give than there are."""


class _Plan:
    """How the windows of one convolution are read."""

    def __init__(self, c: int, size: Ints, kernel: Ints, out: Ints, stride: Ints, dilation: Ints) -> None:
        self.channels, self.size, self.kernel, self.out = c, size, kernel, out
        self.stride, self.dilation = stride, dilation
        steps = [prod(size[i + 1 :]) for i in range(len(size))]
        self.run = sum([(n - 1) * s for n, s in zip(out, steps, strict=True)]) + 1
        points = prod(out)
        self.wide = set(stride) == {1} and (self.run <= _WASTE * points)
        self.points = self.run if self.wide else points
        self.steps = tuple(steps)
        self.whole = prod(kernel) == 1 and set(stride) == {1} and self.run == prod(size)
        self.rows = c * prod(kernel)

    def chunks(self, n: int) -> Iterator[slice]:
        """The samples in parts whose windows are few enough."""
        step = max(1, CHUNK // max(1, self.rows * self.points))
        for start in range(0, n, step):
            yield slice(start, min(n, start + step))

    def columns(self, x: Array, groups: int) -> Array:
        """The windows of padded samples (n, C, *size) in C order: (n, groups, C / groups * prod(kernel), points)."""
        n = x.shape[0]
        if self.whole:
            return x.reshape(n, groups, self.rows // groups, self.points)
        if self.wide:
            item = x.itemsize
            inside = [s * d * item for s, d in zip(self.steps, self.dilation, strict=True)]
            view = np.lib.stride_tricks.as_strided(
                x, (*x.shape[:2], *self.kernel, self.run), (*x.strides[:2], *inside, item)
            )
        else:
            view = windows(x, self.kernel, self.out, self.stride, self.dilation)
        return view.reshape(n, groups, self.rows // groups, self.points)

    def spread(self, grad: Array, groups: int) -> Array:
        """A gradient (n, O, *out) as (n, groups, O / groups, points), with zeros where no window is."""
        n, o = grad.shape[:2]
        if not self.wide or self.run == prod(self.out):
            return grad.reshape(n, groups, o // groups, self.points)
        buffer = np.zeros((n, o, self.run), grad.dtype)
        self._in_wide(buffer)[...] = grad
        return buffer.reshape(n, groups, o // groups, self.run)

    def gather(self, result: Array, out: Array) -> None:
        """Write a product (n, groups, O / groups, points) to `out` (n, O, *out)."""
        result = result.reshape(*out.shape[:2], self.points)
        out[...] = self._in_wide(result) if self.wide else result.reshape(out.shape)

    def _in_wide(self, x: Array) -> Array:
        strides = [s * x.itemsize for s in self.steps]
        return np.lib.stride_tricks.as_strided(x, (*x.shape[:2], *self.out), (*x.strides[:2], *strides))

    def fold(self, columns: Array, target: Array) -> None:
        """Add windows (n, groups, rows / groups, points) to padded samples `target` (n, C, *size) in C order."""
        n = target.shape[0]
        if self.wide:
            columns = columns.reshape(n, self.channels, *self.kernel, self.points)
            flat = target.reshape(n, self.channels, -1)
            for j in product(*map(range, self.kernel)):
                start = sum([i * s * d for i, s, d in zip(j, self.steps, self.dilation, strict=True)])
                part = flat[:, :, start : start + self.run]
                np.add(part, columns[(slice(None), slice(None), *j)], out=part)
            return
        columns = columns.reshape(n, self.channels, *self.kernel, *self.out)
        for j in product(*map(range, self.kernel)):
            part = target[slices(j, self.out, self.stride, self.dilation)]
            np.add(part, columns[(slice(None), slice(None), *j)], out=part)


def _widened(x: Array) -> Array:
    """In a dtype that products are quick and exact enough in."""
    return x.astype(np.float32) if x.dtype == np.float16 else x


def _is_depthwise(weight_shape: Ints, groups: int) -> bool:
    return groups > 1 and weight_shape[0] == groups and weight_shape[1] == 1


def convolve(
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    groups: int,
) -> Array:
    kernel = weight.shape[2:]
    x = padded(_widened(input), padding)
    w = _widened(weight)
    n, c = x.shape[:2]
    count = zip(x.shape[2:], kernel, stride, dilation, strict=True)
    out = tuple([(size - d * (k - 1) - 1) // s + 1 for size, k, s, d in count])
    y = np.empty((n, w.shape[0], *out), x.dtype)
    if not y.size or not w.size:
        y[...] = 0
    elif _is_depthwise(weight.shape, groups):
        _depthwise(x, w, y, stride, dilation)
    else:
        plan = _Plan(c, x.shape[2:], kernel, out, stride, dilation)
        rows = w.reshape(groups, w.shape[0] // groups, -1)
        direct = not plan.wide or plan.run == prod(out)
        for part in plan.chunks(n):
            columns = plan.columns(x[part], groups)
            if direct:
                np.matmul(rows, columns, out=y[part].reshape(*columns.shape[:2], rows.shape[1], plan.points))
            else:
                plan.gather(np.matmul(rows, columns), y[part])
    if bias is not None:
        y += bias.reshape(-1, *(1,) * len(out))
    return y if y.dtype == input.dtype else y.astype(input.dtype)


def _depthwise(x: Array, w: Array, y: Array, stride: Ints, dilation: Ints) -> None:
    """One kernel for each channel: a sum over the kernel's places of shifted, scaled planes."""
    first = True
    for j in product(*map(range, w.shape[2:])):
        scale = w[(slice(None), 0, *j)].reshape(-1, *(1,) * len(j))
        part = x[slices(j, y.shape[2:], stride, dilation)]
        if first:
            np.multiply(part, scale, out=y)
            first = False
        else:
            y += part * scale


def convolution_input_grad(
    grad: Array, weight: Array, size: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    g, w = _widened(grad), _widened(weight)
    n, o, *counts = g.shape
    kernel, out, c = w.shape[2:], tuple(counts), w.shape[1] * groups
    whole = tuple([s + 2 * p for s, p in zip(size, padding, strict=True)])
    target = np.zeros((n, c, *whole), g.dtype)
    if not g.size or not target.size:
        pass
    elif _is_depthwise(weight.shape, groups):
        for j in product(*map(range, kernel)):
            target[slices(j, out, stride, dilation)] += g * w[(slice(None), 0, *j)].reshape(-1, *(1,) * len(j))
    else:
        plan = _Plan(c, whole, kernel, out, stride, dilation)
        rows = w.reshape(groups, o // groups, -1).transpose(0, 2, 1)
        for part in plan.chunks(n):
            columns = np.matmul(rows, plan.spread(g[part], groups))
            if plan.whole:
                target[part] = columns.reshape(target[part].shape)
            else:
                plan.fold(columns, target[part])
    if any(padding):
        target = target[slices(padding, size, (1,) * len(size), (1,) * len(size))]
    return np.ascontiguousarray(target, grad.dtype)


def convolution_weight_grad(
    grad: Array, input: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    g, x = _widened(grad), padded(_widened(input), padding)
    n, o, *counts = g.shape
    c, out = x.shape[1], tuple(counts)
    shape = (o, c // groups, *kernel)
    if not g.size or not x.size:
        return np.zeros(shape, grad.dtype)
    if _is_depthwise(shape, groups):
        total = np.empty(shape, g.dtype)
        axes = (0, *range(2, g.ndim))
        for place in product(*map(range, kernel)):
            index: Any = (slice(None), 0, *place)
            total[index] = (g * x[slices(place, out, stride, dilation)]).sum(axes)
        return total.astype(grad.dtype, copy=False)
    plan = _Plan(c, x.shape[2:], kernel, out, stride, dilation)
    sums = np.zeros((groups, o // groups, plan.rows // groups), g.dtype)
    for part in plan.chunks(n):
        columns = plan.columns(x[part], groups)
        sums += np.matmul(plan.spread(g[part], groups), columns.transpose(0, 1, 3, 2)).sum(0)
    return sums.reshape(shape).astype(grad.dtype, copy=False)


KERNELS = {f.__name__: f for f in (convolve, convolution_input_grad, convolution_weight_grad)}
