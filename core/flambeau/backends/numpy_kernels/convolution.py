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

from .windows import Ints, padded, slices, windows

Array = Any

CHUNK = 1 << 20
"""Elements of the windows of the samples that are worked on at a time: they stay in the cache."""
_WASTE = 1.5
"""How many times more elements wide reading may give than there are."""


_FEW = 128
_LARGE = 1 << 15
"""Of how few windows, and with how large a matrix of weights, the products of single samples are slow."""


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
        self.scratch: Any = None
        """Where the windows of one part of the samples are; the memory of the last part serves again."""

    def joins(self, rows: Array) -> bool:
        """Whether one product for several samples is quicker than one for each."""
        return self.points <= _FEW and bool(rows[0].size >= _LARGE)

    def parts(self, n: int) -> Iterator[tuple[_Plan, tuple[slice, ...], tuple[slice, ...]]]:
        """The work in parts whose windows are few enough: a plan, and the index of its padded input and of its output.

        A part is some samples, or some rows of the output of one.
        """
        each = self.rows * self.points
        step = max(1, CHUNK // each)
        if each <= 4 * CHUNK or len(self.out) < 2:
            for start in range(0, n, step):
                samples = (slice(start, min(n, start + step)),)
                yield self, samples, samples
            return
        height = max(1, CHUNK // (self.rows * prod(self.out[1:])))
        (stride, *_), reach = self.stride, self.dilation[0] * (self.kernel[0] - 1) + 1
        plans: dict[int, _Plan] = {}
        for sample, first in product(range(n), range(0, self.out[0], height)):
            count = min(height, self.out[0] - first)
            taken = slice(first * stride, (first + count - 1) * stride + reach)
            if count not in plans:
                size, out = (taken.stop - taken.start, *self.size[1:]), (count, *self.out[1:])
                plans[count] = _Plan(self.channels, size, self.kernel, out, self.stride, self.dilation)
            one = slice(sample, sample + 1), slice(None)
            yield plans[count], (*one, taken), (*one, slice(first, first + count))

    def columns(self, x: Array, groups: int, joined: bool) -> Array:
        """The windows of padded samples (n, C, *size), whose planes are in C order: (n, groups, rows, points).

        Where samples are `joined`, they lie side by side: (groups, rows, n * points).
        """
        n = x.shape[0]
        if self.whole:
            view = x.reshape(n, self.channels, self.points)
        elif self.wide:
            item = x.itemsize
            inside = [s * d * item for s, d in zip(self.steps, self.dilation, strict=True)]
            view = np.lib.stride_tricks.as_strided(
                x, (*x.shape[:2], *self.kernel, self.run), (*x.strides[:2], *inside, item)
            )
        else:
            view = windows(x, self.kernel, self.out, self.stride, self.dilation)
        shape: Ints = (n, groups, self.rows // groups, self.points)
        if joined:
            last = 2 + len(self.kernel) if not self.whole else 2
            view = view.transpose((*range(1, last), 0, *range(last, view.ndim)))
            shape = (groups, self.rows // groups, n * self.points)
        elif self.whole:
            return view.reshape(shape)
        if self.scratch is None or self.scratch.shape != view.shape:
            self.scratch = np.empty(view.shape, x.dtype)
        np.copyto(self.scratch, view)
        return self.scratch.reshape(shape)

    def spread(self, grad: Array, groups: int, joined: bool) -> Array:
        """A gradient (n, O, *out) laid out as `columns` is, with zeros where no window is."""
        n, o = grad.shape[:2]
        if self.wide and self.run != prod(self.out):
            buffer = np.zeros((n, o, self.run), grad.dtype)
            self.in_wide(buffer)[...] = grad
            grad = buffer
        if not joined:
            return grad.reshape(n, groups, o // groups, self.points)
        side = grad.reshape(n, o, self.points).transpose(1, 0, 2)
        return side.reshape(groups, o // groups, n * self.points)

    def gather(self, result: Array, out: Array, joined: bool) -> None:
        """Write a product, laid out as `columns` is, to `out` (n, O, *out)."""
        if joined:
            result = result.reshape(out.shape[1], out.shape[0], self.points).transpose(1, 0, 2)
        else:
            result = result.reshape(*out.shape[:2], self.points)
        out[...] = self.in_wide(result) if self.wide else result.reshape(out.shape)

    def in_wide(self, x: Array) -> Array:
        """The places (n, O, *out) that have a window, of planes (n, O, run) read wide."""
        strides = [s * x.itemsize for s in self.steps]
        return np.lib.stride_tricks.as_strided(x, (*x.shape[:2], *self.out), (*x.strides[:2], *strides))

    def fold(self, columns: Array, target: Array, joined: bool) -> None:
        """Add windows, laid out as `columns` has them, to padded samples `target` (n, C, *size), whose planes are in C order."""
        n = target.shape[0]
        if joined:
            columns = columns.reshape(self.rows, n, self.points).transpose(1, 0, 2)
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
    else:
        plan = _Plan(c, x.shape[2:], kernel, out, stride, dilation)
        rows = w.reshape(groups, w.shape[0] // groups, -1)
        joined = plan.joins(rows)
        dense = not joined and (not plan.wide or plan.run == prod(out))
        for part, inside, made in plan.parts(n):
            columns = part.columns(x[inside], groups, joined)
            if dense and part is plan:
                np.matmul(rows, columns, out=y[made].reshape(*columns.shape[:2], rows.shape[1], plan.points))
            else:
                part.gather(np.matmul(rows, columns), y[made], joined)
    if bias is not None:
        y += bias.reshape(-1, *(1,) * len(out))
    return y if y.dtype == input.dtype else y.astype(input.dtype)


def _few_channels_input_grad(g: Array, w: Array, target: Array, stride: Ints, dilation: Ints, groups: int) -> Array:
    """The gradient of padded samples as a convolution: of the gradient, its elements apart, with the kernel turned round."""
    size, kernel, out = target.shape[2:], w.shape[2:], g.shape[2:]
    reach = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    apart = np.zeros((*g.shape[:2], *[n + r for n, r in zip(size, reach, strict=True)]), g.dtype)
    places = [slice(r, r + (n - 1) * s + 1, s) for r, n, s in zip(reach, out, stride, strict=True)]
    apart[(slice(None), slice(None), *places)] = g
    turned = w[(slice(None), slice(None), *[slice(None, None, -1)] * len(size))]
    turned = np.ascontiguousarray(turned.reshape(groups, -1, *w.shape[1:]).swapaxes(1, 2))
    ones = (1,) * len(size)
    return convolve(apart, turned.reshape(-1, *turned.shape[2:]), None, ones, (0,) * len(size), dilation, groups)


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
    elif groups > 1 and o <= 2 * groups:
        target = _few_channels_input_grad(g, w, target, stride, dilation, groups)
    else:
        plan = _Plan(c, whole, kernel, out, stride, dilation)
        rows = w.reshape(groups, o // groups, -1).transpose(0, 2, 1)
        joined = plan.joins(rows)
        for part, inside, made in plan.parts(n):
            part.fold(np.matmul(rows, part.spread(g[made], groups, joined)), target[inside], joined)
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
    plan = _Plan(c, x.shape[2:], kernel, out, stride, dilation)
    sums = np.zeros((groups, o // groups, plan.rows // groups), g.dtype)
    joined = sums[0].size >= _LARGE
    for part, inside, made in plan.parts(n):
        columns = part.columns(x[inside], groups, joined).swapaxes(-1, -2)
        products = np.matmul(part.spread(g[made], groups, joined), columns)
        sums += products if joined else products.sum(0)
    return sums.reshape(shape).astype(grad.dtype, copy=False)


KERNELS = {f.__name__: f for f in (convolve, convolution_input_grad, convolution_weight_grad)}
