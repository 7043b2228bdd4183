"""Sliding windows in primitives: an array's windows, and their adjoint, which adds windows up where they overlap.

An array is (N, C, *size); its windows are (N, C, *kernel, *out). Both directions are a view or a view and a sum, whatever
the number of dimensions: no loop over elements or kernel positions, and the same order of addition every time.
"""

from __future__ import annotations

from math import prod
from typing import Any

from ..shape import contiguous_strides

Ints = tuple[int, ...]


def window_counts(size: Ints, kernel: Ints, stride: Ints, dilation: Ints) -> Ints:
    """How many windows fit along each dimension; not positive where none does."""
    return tuple(
        [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(size, kernel, stride, dilation, strict=True)],
    )


def padded(be: Any, x: Any, padding: Ints, value: float = 0, size: Ints | None = None) -> Any:
    """An array (N, C, *sizes) with a border of `value`, `padding` wide at the start of each dimension.

    It is as wide at the end, or reaches to the sizes `size`.
    """
    whole = size or tuple([n + 2 * p for n, p in zip(x.shape[2:], padding, strict=True)])
    shape = (*x.shape[:2], *whole)
    if shape == x.shape:
        return x
    strides = contiguous_strides(shape)
    offset = sum([p * s for p, s in zip(padding, strides[2:], strict=True)])
    return be.assign(be.full(shape, value, be.dtype_of(x)), (x.shape, strides, offset), x)


def cropped(be: Any, x: Any, start: Ints, size: Ints) -> Any:
    """The part of an array (N, C, *sizes) that begins at `start` and has the sizes `size`, in C order."""
    if x.shape[2:] == size:
        return x
    for axis, (first, n) in enumerate(zip(start, size, strict=True), 2):
        if n != x.shape[axis]:
            x = be.narrow(x, axis, first, n)
    return be.copy(x)


def windows(be: Any, x: Any, kernel: Ints, out: Ints, stride: Ints, dilation: Ints) -> Any:
    """The first windows (N, C, *kernel, *out) of an array (N, C, *size)."""
    x = be.copy(x)  # a view is of an array in C order
    outer, steps = contiguous_strides(x.shape)[:2], contiguous_strides(x.shape)[2:]
    inside = tuple([step * d for step, d in zip(steps, dilation, strict=True)])
    between = tuple([step * s for step, s in zip(steps, stride, strict=True)])
    return be.view(x, (*x.shape[:2], *kernel, *out), (*outer, *inside, *between), 0)


def overlap_add(be: Any, w: Any, size: Ints, stride: Ints, dilation: Ints) -> Any:
    """The array (N, C, *size) in which windows (N, C, *kernel, *out) are added where they came from.

    Each window element j of output o is put at o * stride + (kernel - 1) * dilation in a line of its own, filled up with
    zeros; read along diagonals, the lines give for every position all that was put there, and a sum adds it.
    """
    rank = len(size)
    kernel, out = w.shape[2 : 2 + rank], w.shape[2 + rank :]
    if kernel == stride and not any(d != 1 for d in dilation) and size == tuple(map(_product, kernel, out)):
        # The windows lie side by side.
        order = [2 + i + half * rank for i in range(rank) for half in (1, 0)]
        return be.copy(be.reshape(be.permute(w, (0, 1, *order)), (*w.shape[:2], *size)))
    reach = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
    length = tuple([n + r for n, r in zip(size, reach, strict=True)])
    shape = (*w.shape[:2], *kernel, *length)
    strides = contiguous_strides(shape)
    inner, along = strides[2 : 2 + rank], strides[2 + rank :]
    offset = sum([r * a for r, a in zip(reach, along, strict=True)])
    region = (w.shape, (*strides[:2], *inner, *[a * s for a, s in zip(along, stride, strict=True)]), offset)
    lines = be.assign(be.full(shape, 0, be.dtype_of(w)), region, w)
    diagonals = [i - d * a if k > 1 else 0 for i, a, d, k in zip(inner, along, dilation, kernel, strict=True)]
    read = be.view(lines, (*w.shape[:2], *kernel, *size), (*strides[:2], *diagonals, *along), offset)
    return be.sum(read, tuple(range(2, 2 + rank)), False)


def _product(a: int, b: int) -> int:
    return a * b


def flat_windows(be: Any, x: Any, kernel: Ints, out: Ints, stride: Ints, dilation: Ints, groups: int = 1) -> Any:
    """The windows of an array (N, C, *size) as matrices (N, groups, C / groups * prod(kernel), prod(out))."""
    n, c = x.shape[:2]
    shape = (n, groups, c // groups * prod(kernel), prod(out))
    return be.reshape(windows(be, x, kernel, out, stride, dilation), shape)
