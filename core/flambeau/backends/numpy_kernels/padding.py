"""Borders of an array's own elements on NumPy: the gradient, slab by slab."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any

_SLABS = 64
"""The widest border whose slabs are added one by one."""


def border_grad(g: Array, shape: tuple[int, ...], sides: Any, mode: str) -> Array:
    for axis in range(g.ndim - 1, -1, -1):
        before, after = sides[axis]
        if before or after:
            g = _along(g, axis, shape[axis], before, mode)
    return np.array(g, order="C")


def _along(g: Array, axis: int, size: int, before: int, mode: str) -> Array:
    """The gradient without the border of one dimension, whose elements go to where they came from."""
    n = g.shape[axis]
    lead = (slice(None),) * axis
    positions = np.arange(-before, n - before)
    if mode == "reflect":
        positions = size - 1 - np.abs(size - 1 - np.abs(positions))
    elif mode == "replicate":
        positions = np.clip(positions, 0, size - 1)
    else:
        after = n - size - before
        first, left = max(0, -before), size + min(0, before) + min(0, after)
        positions = first + (np.arange(n) - max(0, before)) % left if left else positions
    total = np.zeros((*g.shape[:axis], size, *g.shape[axis + 1 :]), g.dtype)
    start, stop = max(0, before), min(n, size + before)
    if start < stop:
        total[(*lead, slice(start - before, stop - before))] = g[(*lead, slice(start, stop))]
    border = [*range(min(start, n)), *range(max(stop, start), n)]
    if len(border) > _SLABS:
        index: Any = (*lead, positions[border])
        np.add.at(total, index, g[(*lead, border)])
        return total
    for i in border:
        total[(*lead, positions[i])] += g[(*lead, i)]
    return total


KERNELS = {"border_grad": border_grad}
