"""Weighted sums along dimensions on NumPy: slices where the positions are regular, else a product with a matrix."""

from __future__ import annotations

import math
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import numpy as np

Array = Any

_LAST, _OTHER = 80, 40
"""How many elements per tap a line may have for a product with a matrix to be quicker, along the last dimension and others."""


class Table(Protocol):
    """See `flambeau.ops.resampling`."""

    size: int
    out: int
    taps: int
    positions: Any
    weights: Any
    plain: bool


class _Ready:
    """A table in the forms that NumPy is quick with."""

    def __init__(self, table: Table) -> None:
        self.size, self.out, self.taps = table.size, table.out, table.taps
        self.positions = np.array(table.positions, np.int64).reshape(table.out, table.taps)
        self.weights = np.array(table.weights).reshape(table.out, table.taps)
        self.slices = [_as_slice(column) for column in self.positions.T]
        same = (self.weights == self.weights[:1]).all() if self.out else False
        self.regular = bool(same) and None not in self.slices
        self.matrices: dict[Any, Array] = {}

    def matrix(self, kind: Any) -> Array:
        """The weights as a matrix (out, size)."""
        found = self.matrices.get(kind)
        if found is None:
            full = np.zeros((self.out, self.size))
            np.add.at(full, (np.arange(self.out)[:, None], self.positions), self.weights)
            found = self.matrices[kind] = full.astype(kind)
        return found


def _as_slice(column: Array) -> slice | None:
    """A slice that picks these positions, if they are equally far apart."""
    if column.size < 2:
        return slice(int(column[0]), int(column[0]) + 1) if column.size else slice(0, 0)
    step = int(column[1] - column[0])
    if step < 1 or (np.diff(column) != step).any():
        return None
    return slice(int(column[0]), int(column[-1]) + 1, step)


_READY: WeakKeyDictionary[Any, _Ready] = WeakKeyDictionary()


def resample(input: Array, tables: tuple[Table | None, ...]) -> Array:
    first = input.ndim - len(tables)
    for axis, table in enumerate(tables, first):
        if table is None:
            continue
        ready = _READY.get(table)
        if ready is None:
            ready = _READY[table] = _Ready(table)
        if table.plain:
            input = input.take(ready.positions[:, 0], axis)
        elif input.size and ready.regular:
            input = _sliced(input, axis, ready)
        else:
            input = _summed(input, axis, ready)
    return np.ascontiguousarray(input) if any(tables) else input.copy("C")


def _sliced(x: Array, axis: int, table: _Ready) -> Array:
    lead = (slice(None),) * axis
    weights = table.weights[0]
    total = x[(*lead, table.slices[0])]
    even = (weights == weights[0]).all()
    total = total.copy("C") if even else np.multiply(total, x.dtype.type(weights[0]), order="C", out=...)
    for part, weight in zip(table.slices[1:], weights[1:], strict=True):
        piece = x[(*lead, part)]
        total += piece if even else piece * x.dtype.type(weight)
    if even and weights[0] != 1:
        total *= x.dtype.type(weights[0])
    return total


def _summed(x: Array, axis: int, table: _Ready) -> Array:
    after = math.prod(x.shape[axis + 1 :])
    shape = (*x.shape[:axis], table.out, *x.shape[axis + 1 :])
    if x.size and x.dtype.itemsize > 2 and table.size <= (_LAST if after == 1 else _OTHER) * table.taps:
        matrix = table.matrix(x.dtype)
        if after == 1:
            y = x.reshape(-1, table.size) @ matrix.T
        else:
            y = matrix @ x.reshape(-1, table.size, after)
        if math.isfinite(y.sum()):  # in a product nan and infinity spread to where they are not wanted
            return y.reshape(shape)
    total = np.zeros(shape, x.dtype)
    if not x.size:
        return total
    for positions, weights in zip(table.positions.T, table.weights.T, strict=True):
        piece = x.take(positions, axis)
        piece *= weights.astype(x.dtype).reshape(-1, *(1,) * (x.ndim - axis - 1))
        total += piece
    nothing = ~table.weights.any(1)
    if nothing.any():  # such as an element that no window has, were it to meet nan
        total[(slice(None),) * axis + (nothing,)] = 0
    return total


KERNELS = {"resample": resample}
