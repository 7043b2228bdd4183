"""Symmetric indefinite matrices: A = L D Lᵀ with blocks of one and two on D's diagonal, and systems solved by it.

Laid out as LAPACK's `sytrf` for the lower triangle. Source: Bunch and Kaufman, "Some stable methods for calculating
inertia and solving symmetric linear systems", Mathematics of Computation 31, 1977.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..protocol import Array
from .linalg import stacked

_ALPHA = (1 + math.sqrt(17)) / 8
"""The bound on growth that decides between a block of one and of two."""


def _size(x: Any) -> Any:
    """What LAPACK compares numbers by: of complex ones the sizes of the parts, summed."""
    return np.abs(x.real) + np.abs(x.imag) if np.iscomplexobj(x) else np.abs(x)


def factor(a: Array) -> tuple[Array, Array, Array]:
    """L and D in the lower triangle, the swaps (int32 from 1, negative and twice for a block of two), and `info`."""
    *batch, n, _ = a.shape
    work = stacked(np.tril(a)).copy()
    pivots = np.zeros((len(work), n), np.int32)
    info = np.array([_factor_one(m, p) for m, p in zip(work, pivots, strict=True)], np.int32)
    return work.reshape(a.shape), pivots.reshape(*batch, n), info.reshape(tuple(batch))


def _block(a: Array, k: int) -> tuple[int, int]:
    """Which row comes to the diagonal at step k, and whether it makes a block of one or two."""
    n = len(a)
    own = _size(a[k, k])
    if k == n - 1:
        return k, 1
    largest = k + 1 + int(np.argmax(_size(a[k + 1 :, k])))
    column = _size(a[largest, k])
    if own >= _ALPHA * column:
        return k, 1
    row = max(_size(a[largest, k:largest]).max(), _size(a[largest + 1 :, largest]).max(initial=0.0))
    if own >= _ALPHA * column * (column / row):
        return k, 1
    return (largest, 1) if _size(a[largest, largest]) >= _ALPHA * row else (largest, 2)


def _swap(a: Array, k: int, i: int, j: int) -> None:
    """Exchange rows and columns i < j of the symmetric matrix from step k on, in its lower triangle."""
    a[j + 1 :, i], a[j + 1 :, j] = a[j + 1 :, j].copy(), a[j + 1 :, i].copy()
    a[i + 1 : j, i], a[j, i + 1 : j] = a[j, i + 1 : j].copy(), a[i + 1 : j, i].copy()
    a[i, i], a[j, j] = a[j, j], a[i, i]
    if i == k + 1:
        a[i, k], a[j, k] = a[j, k], a[i, k]


def _factor_one(a: Array, pivots: Array) -> int:
    n, k, info = len(a), 0, 0
    while k < n:
        if not _size(a[k:, k]).max():
            info = info or k + 1
            pivots[k] = k + 1
            k += 1
            continue
        row, size = _block(a, k)
        last = k + size - 1
        if row != last:
            _swap(a, k if size == 2 else n, last, row)
        if size == 1:
            below = a[k + 1 :, k] / a[k, k]
            a[k + 1 :, k + 1 :] -= np.tril(np.outer(below, a[k + 1 :, k]))
            a[k + 1 :, k] = below
            pivots[k] = row + 1
        else:
            below = a[k + 2 :, k : k + 2].copy()
            block = a[k : k + 2, k : k + 2].copy()
            block[0, 1] = block[1, 0]
            factors = np.linalg.solve(block, below.T).T
            a[k + 2 :, k + 2 :] -= np.tril(factors @ below.T)
            a[k + 2 :, k : k + 2] = factors
            pivots[k : k + 2] = -(row + 1)
        k += size
    return info


def solve(ld: Array, pivots: Array, b: Array) -> Array:
    """X of A X = B, A as `factor` left it. Batches agree."""
    x = stacked(b).copy()
    for a, p, y in zip(stacked(ld), stacked(pivots, 1), x, strict=True):
        _solve_one(a, p, y)
    return x.reshape(b.shape)


def _solve_one(a: Array, pivots: Array, x: Array) -> None:
    n, k = len(a), 0
    while k < n:
        size = 1 if pivots[k] > 0 else 2
        last, row = k + size - 1, abs(int(pivots[k])) - 1
        x[[last, row]] = x[[row, last]]
        here = slice(k, k + size)
        x[k + size :] -= a[k + size :, here] @ x[here]
        block: Any = np.tril(a[here, here]) + np.tril(a[here, here], -1).T
        x[here] = np.linalg.solve(block, x[here]) if size == 2 else x[here] / block
        k += size
    while k > 0:
        size = 1 if pivots[k - 1] > 0 else 2
        here = slice(k - size, k)
        x[here] -= a[k:, here].T @ x[k:]
        last, row = k - 1, abs(int(pivots[k - 1])) - 1
        x[[last, row]] = x[[row, last]]
        k -= size


KERNELS: dict[str, Callable[..., Any]] = {"ldl_factors": factor, "ldl_solution": solve}
