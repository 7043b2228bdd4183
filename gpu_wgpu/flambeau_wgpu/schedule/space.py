"""What a reduction runs over: the space that all values of a row kernel live in."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from ..regions import Shape, Strides, contiguous_strides

FEW_ROWS = 32  # below, a kernel that also writes all elements would leave most of a device idle...
SMALL = 1 << 14  # ...unless there are few elements anyway

LONG = 1 << 15  # a row beyond is reduced in slices, by kernels of its own


class Space(NamedTuple):
    """Rows of `length` elements each. `shape` and `axes` are those of what is reduced; for rows that lie one after the
    other they do not matter and are left empty, so that arrays of other shapes fit as well.
    """

    rows: int
    length: int
    shape: Shape
    axes: tuple[int, ...]

    @property
    def numel(self) -> int:
        return self.rows * self.length

    @property
    def worth_sharing(self) -> bool:
        return self.length <= LONG and (self.rows >= FEW_ROWS or self.numel <= SMALL)

    def row_strides(self, shape: Shape) -> Strides | None:
        """How an array of `shape` that has an element for each of the space walks the rows; None if it has not."""
        if prod(shape) != self.numel:
            return None
        if self.axes:
            if shape != self.shape:
                return None
            kept = [axis for axis in range(len(shape)) if axis not in self.axes]
        else:
            inner, split = 1, len(shape)
            while inner < self.length:
                split -= 1
                inner *= shape[split]
            if inner != self.length:
                return None
            kept = list(range(split))
        result = [0] * len(shape)
        for axis, stride in zip(kept, contiguous_strides(tuple(shape[axis] for axis in kept)), strict=True):
            result[axis] = stride
        return tuple(result)


def space_of(shape: Shape, axes: tuple[int, ...]) -> Space:
    """The space of a reduction of `shape` over `axes`."""
    length = prod(shape[axis] for axis in axes)
    rows = prod(shape) // length
    first = min((axis for axis in axes if shape[axis] != 1), default=0)
    trailing = all(axis in axes or shape[axis] == 1 for axis in range(first, len(shape)))
    return Space(rows, length, () if trailing else shape, () if trailing else axes)
