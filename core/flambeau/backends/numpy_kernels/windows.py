"""Sliding windows over NumPy arrays (N, C, *size)."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any
Ints = tuple[int, ...]


def padded(x: Array, padding: Ints, value: float = 0) -> Array:
    """An array in C order, with a border of `value`, as wide as `padding` on both sides of each dimension."""
    if not any(padding):
        return np.ascontiguousarray(x)
    shape = (*x.shape[:2], *[n + 2 * p for n, p in zip(x.shape[2:], padding, strict=True)])
    out = np.full(shape, value, x.dtype) if value else np.zeros(shape, x.dtype)
    inside = [slice(p, p + n) for p, n in zip(padding, x.shape[2:], strict=True)]
    out[(slice(None), slice(None), *inside)] = x
    return out


def windows(x: Array, kernel: Ints, out: Ints, stride: Ints, dilation: Ints) -> Array:
    """A view (N, C, *kernel, *out) of the first windows."""
    steps = x.strides[2:]
    inside = [step * d for step, d in zip(steps, dilation, strict=True)]
    between = [step * s for step, s in zip(steps, stride, strict=True)]
    return np.lib.stride_tricks.as_strided(x, (*x.shape[:2], *kernel, *out), (*x.strides[:2], *inside, *between))


def slices(place: Ints, out: Ints, stride: Ints, dilation: Ints) -> tuple[slice, ...]:
    """The index that picks one element of every window: (N, C, *out)."""
    parts = [slice(j * d, j * d + (n - 1) * s + 1, s) for j, n, s, d in zip(place, out, stride, dilation, strict=True)]
    return (slice(None), slice(None), *parts)
