"""Largest elements of windows on NumPy: one dimension after the other, in slices."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from .windows import Ints, slices

Array = Any


def _bordered(x: Array, window: Any, counts: Ints) -> Array:
    """The input with a border, of minus infinity, that is wide enough for all windows."""
    needed = [
        (o - 1) * s + d * (k - 1) + 1
        for o, k, s, d in zip(counts, window.kernel, window.stride, window.dilation, strict=True)
    ]
    after = [max(0, m - n - p) for m, n, p in zip(needed, x.shape[2:], window.padding, strict=True)]
    if not any(window.padding) and not any(after):
        return x
    sides = zip(window.padding, x.shape[2:], after, strict=True)
    out = np.full((*x.shape[:2], *[p + n + a for p, n, a in sides]), -np.inf, x.dtype)
    inside = [slice(p, p + n) for p, n in zip(window.padding, x.shape[2:], strict=True)]
    out[(slice(None), slice(None), *inside)] = x
    return out


def max_pool(input: Array, window: Any, counts: Ints) -> Array:
    x = _bordered(input, window, counts)
    for axis in range(len(counts)):
        n, k, s, d = counts[axis], window.kernel[axis], window.stride[axis], window.dilation[axis]
        lead = (slice(None),) * (2 + axis)
        parts = [x[(*lead, slice(j * d, j * d + (n - 1) * s + 1, s))] for j in range(k)]
        if k == 1:
            x = parts[0]
            continue
        best = np.maximum(parts[0], parts[1], order="C", out=...)
        for part in parts[2:]:
            np.maximum(best, part, out=best)
        x = best
    return x.copy("C") if window.kernel[-1] == 1 else x


def max_pool_backward(g: Array, input: Array, window: Any) -> Array:
    counts = g.shape[2:]
    largest = max_pool(input, window, counts)
    x = _bordered(input, window, counts)
    grad = np.zeros(x.shape, g.dtype)
    apart = window.kernel == window.stride and set(window.dilation) == {1}
    left = None
    for j in product(*map(range, window.kernel)):
        place = slices(j, counts, window.stride, window.dilation)
        # Not "equal": where the largest is nan, the first element takes the gradient.
        chosen = np.less(x[place], largest)
        np.logical_not(chosen, out=chosen)
        if left is None:
            left = np.logical_not(chosen)
        else:
            chosen &= left
            left ^= chosen
        if apart:
            np.multiply(g, chosen, out=grad[place])
        else:
            grad[place] += g * chosen
    if x is not input:
        inside = [slice(p, p + n) for p, n in zip(window.padding, input.shape[2:], strict=True)]
        grad = np.ascontiguousarray(grad[(slice(None), slice(None), *inside)])
    return grad


def to_places(g: Array, indices: Array, size: Ints) -> Array:
    lead = g.shape[: g.ndim - len(size)]
    rows, n = int(np.prod(lead, dtype=np.int64)), int(np.prod(size, dtype=np.int64))
    if not g.size:
        return np.zeros((*lead, *size), g.dtype)
    flat = indices.reshape(rows, -1) + np.arange(0, rows * n, n or 1)[:, None]
    total = np.bincount(flat.reshape(-1), g.reshape(-1), rows * n)
    return total.astype(g.dtype).reshape(*lead, *size)


KERNELS = {f.__name__: f for f in (max_pool, max_pool_backward, to_places)}
