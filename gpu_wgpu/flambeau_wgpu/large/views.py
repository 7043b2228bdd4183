"""Views that only describe: a rule makes them for `Cutter.show` to read through."""

from __future__ import annotations

from math import prod

from ..lazy import VIEW, LazyArray
from ..regions import Shape, Strides, broadcast_strides, contiguous_strides

Axes = tuple[int, ...]


def seen(x: LazyArray, shape: Shape, strides: Strides) -> LazyArray:
    """An array as a view of it that is not computed: a description, for `Cutter.show` to read through."""
    return LazyArray(VIEW, (x,), (strides, 0), (), shape, x.dtype)


def reshaped(x: LazyArray, shape: Shape) -> LazyArray:
    return x if x.shape == shape else seen(x, shape, contiguous_strides(shape))


def expanded(x: LazyArray, shape: Shape) -> LazyArray:
    return x if x.shape == shape else seen(x, shape, broadcast_strides(x.shape, shape))


def permuted(x: LazyArray, axes: Axes) -> LazyArray:
    strides = contiguous_strides(x.shape)
    return seen(x, tuple(x.shape[a] for a in axes), tuple(strides[a] for a in axes))


def around(shape: Shape, axis: int) -> Shape:
    """A shape as three dimensions: those before an axis, the axis, those behind it."""
    return prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])
