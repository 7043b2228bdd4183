"""Images at other sizes: every element of the result is a weighted sum of a few elements of each line.

Averages over windows and all interpolations are of this form, dimension by dimension, and so are their adjoints. What
differs is a table of positions and weights.
Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import Any

from ..backends.protocol import Array
from ..dtype import float64, int64
from .op import op

Row = Sequence[tuple[int, float]]


class Table:
    """Where the elements of a line of the result come from: for each one, positions and weights, all equally many."""

    def __init__(self, size: int, rows: Sequence[Row]) -> None:
        self.size = size
        self.out = len(rows)
        self.taps = max([1, *[len(row) for row in rows]])
        # A short row repeats a position, with weight 0.
        filled = [[*row, *[(row[-1][0] if row else 0, 0.0)] * (self.taps - len(row))] for row in rows]
        self.positions = array("q", [p for row in filled for p, _ in row])
        self.weights = array("d", [w for row in filled for _, w in row])
        self.rows = rows
        self.plain = self.taps == 1 and all(w == 1.0 for w in self.weights)
        """Whether elements are only picked."""

    @cached_property
    def transposed(self) -> Table:
        """The table of the adjoint."""
        rows: list[list[tuple[int, float]]] = [[] for _ in range(self.size)]
        for i, row in enumerate(self.rows):
            for p, w in row:
                rows[p].append((i, w))
        return Table(self.out, rows)


Tables = tuple[Table | None, ...]
"""A table for each of the last dimensions; None leaves it as it is."""


def resampled(be: Any, input: Any, tables: Tables) -> Any:
    """The weighted sums, one dimension after the other."""
    if not any(tables):
        return be.copy(input)
    first = len(input.shape) - len(tables)
    for axis, table in enumerate(tables, first):
        if table is None:
            continue
        picked = be.take(input, be.from_bytes(table.positions.tobytes(), (table.out * table.taps,), int64), axis)
        if table.plain:
            input = picked
            continue
        before, after = input.shape[:axis], input.shape[axis + 1 :]
        picked = be.reshape(picked, (*before, table.out, table.taps, *after))
        kind = be.dtype_of(input)
        numbers = array("d" if kind is float64 else "f", table.weights)
        weights = be.from_bytes(numbers.tobytes(), (table.out, table.taps, *(1,) * len(after)), kind)
        input = be.sum(be.mul(picked, weights), (axis + 1,), False)
    return input


RESAMPLERS: dict[str, Any] = {}
"""The op of each name that PyTorch has for a resampling; they differ in nothing else."""


def resampler(name: str) -> Any:
    """The op whose node has this name."""

    @op(name=f"{name}Backward0", input=lambda g, tables: _adjoint(name, g, tables))
    def resample(be: Any, input: Array, tables: Tables) -> Any:
        """Weighted sums along the last dimensions."""
        return resampled(be, input, tables)

    return RESAMPLERS.setdefault(name, resample)


def _adjoint(name: str, g: Any, tables: Tables) -> Any:
    return RESAMPLERS[name](g, tuple([t and t.transposed for t in tables]))


# --- interpolation ----------------------------------------------------------------------------------------------------


def _single(x: float) -> float:
    """Rounded to float32, in which PyTorch computes positions."""
    return array("f", [x])[0]


def source_scale(size: int, out: int, align_corners: bool, factor: float | None) -> float:
    """Elements of the input per element of the result."""
    if align_corners:
        return (size - 1) / (out - 1) if out > 1 else 0.0
    return 1.0 / factor if factor is not None and factor > 0 else size / out


@lru_cache(maxsize=256)
def nearest_table(size: int, out: int, factor: float | None, centered: bool) -> Table:
    """Each element's neighbour: at or before its place, or ("nearest-exact", `centered`) the one whose center is nearest."""
    if not centered and out == size:
        return Table(size, [[(i, 1.0)] for i in range(out)])
    if not centered and out == 2 * size:
        return Table(size, [[(i >> 1, 1.0)] for i in range(out)])
    scale = _single(source_scale(size, out, False, factor))
    half = 0.5 if centered else 0.0
    return Table(size, [[(min(int(_single((i + half) * scale)), size - 1), 1.0)] for i in range(out)])


@lru_cache(maxsize=256)
def linear_table(size: int, out: int, factor: float | None, align_corners: bool) -> Table:
    """The two neighbours of each element's place, weighted by nearness."""
    if size == out:
        return Table(size, [[(i, 1.0)] for i in range(out)])
    scale = source_scale(size, out, align_corners, factor)
    rows = []
    for i in range(out):
        place = i * scale if align_corners else max((i + 0.5) * scale - 0.5, 0.0)
        low = min(int(place), size - 1)
        part = min(max(place - low, 0.0), 1.0)
        rows.append([(low, 1.0 - part), (min(low + 1, size - 1), part)])
    return Table(size, rows)


def _cubic(x: float, a: float) -> float:
    """Keys' piecewise cubic with slope `a` at 1."""
    x = abs(x)
    if x <= 1:
        return ((a + 2) * x - (a + 3)) * x * x + 1
    if x < 2:
        return (((x - 5) * x + 8) * x - 4) * a
    return 0.0


@lru_cache(maxsize=256)
def cubic_table(size: int, out: int, factor: float | None, align_corners: bool) -> Table:
    """The four neighbours of each element's place, weighted by a cubic with a = -0.75."""
    scale = source_scale(size, out, align_corners, factor)
    rows = []
    for i in range(out):
        place = i * scale if align_corners else (i + 0.5) * scale - 0.5
        low = math.floor(place)
        part = place - low
        rows.append([(min(max(low + j, 0), size - 1), _cubic(part - j, -0.75)) for j in (-1, 0, 1, 2)])
    return Table(size, rows)


def _triangle(x: float) -> float:
    return max(0.0, 1.0 - abs(x))


def _lanczos(x: float) -> float:
    """sinc(x) sinc(x / 3) within 3."""
    if abs(x) >= 3:
        return 0.0
    if x == 0:
        return 1.0
    angle = math.pi * x
    return math.sin(angle) / angle * math.sin(angle / 3) / (angle / 3)


_FILTERS: dict[str, tuple[Callable[[float], float], int]] = {
    "bilinear": (_triangle, 2),
    "bicubic": (lambda x: _cubic(x, -0.5), 4),
    "lanczos": (_lanczos, 6),
}
"""Filter and width, as Pillow's."""


@lru_cache(maxsize=256)
def smooth_table(size: int, out: int, factor: float | None, align_corners: bool, mode: str) -> Table:
    """All elements under a filter that is as wide as an element of the result: nothing is skipped when shrinking."""
    scale = source_scale(size, out, align_corners, factor)
    kernel, width = _FILTERS[mode]
    support = width / 2 * max(scale, 1.0)
    inverse = 1.0 / scale if scale >= 1.0 else 1.0
    rows = []
    for i in range(out):
        center = scale * (i + 0.5)
        low = max(int(center - support + 0.5), 0)
        high = min(int(center + support + 0.5), size)
        weights = [kernel((j - center + 0.5) * inverse) for j in range(low, high)]
        total = math.fsum(weights) or 1.0
        rows.append([(j, w / total) for j, w in enumerate(weights, low)])
    return Table(size, rows)
