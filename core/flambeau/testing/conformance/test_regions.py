"""Views and writes: every shape of region, and who sees a write."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from flambeau.backends.protocol import Array, Backend
from flambeau.dtype import bool_, dtype, float32, int64
from flambeau.testing.conformance import oracle
from flambeau.testing.conformance.laboratory import Laboratory, samples
from flambeau.testing.conformance.oracle import ALL, Region, Shape

DISTINCT: dict[str, Region] = {
    "all": ((24,), (1,), 0),
    "reshape": ((2, 3, 4), (12, 4, 1), 0),
    "slice": ((7,), (1,), 5),
    "step": ((8,), (3,), 1),
    "element": ((), (), 13),
    "element of rank 2": ((1, 1), (24, 1), 23),
    "transpose": ((4, 6), (1, 4), 0),
    "transposed block": ((3, 2), (1, 6), 7),
    "block": ((2, 3), (6, 1), 8),
    "every second column": ((4, 3), (6, 2), 1),
    "row": ((6,), (1,), 12),
    "column": ((4,), (6,), 5),
    "diagonal": ((4,), (7,), 0),
    "permuted": ((4, 2, 3), (1, 12, 4), 0),
    "swapped ends": ((4, 3, 2), (1, 4, 12), 0),
    "unit axes": ((1, 4, 1, 6, 1), (99, 6, 0, 1, 7), 0),
    "rank 6": ((2, 1, 2, 3, 1, 2), (12, 12, 6, 2, 1, 1), 0),
    "empty": ((0,), (1,), 24),
    "empty of rank 2": ((3, 0), (1, 1), 3),
}
"""Regions of 24 elements whose elements are distinct: they can be read and written."""

SHARED: dict[str, Region] = {
    "expanded row": ((3, 6), (0, 1), 6),
    "expanded column": ((4, 5), (6, 0), 2),
    "one for all": ((2, 3), (0, 0), 17),
    "windows": ((20, 5), (1, 1), 0),
    "strided windows": ((5, 4), (4, 1), 2),
    "expanded middle": ((2, 3, 4), (4, 0, 1), 5),
    "expanded of length 1": ((1, 5), (0, 0), 3),
}
"""Regions whose elements overlap: they can only be read."""


@pytest.mark.parametrize("name", [*DISTINCT, *SHARED])
def test_view(lab: Laboratory, name: str) -> None:
    region = DISTINCT.get(name) or SHARED[name]
    values = samples(24, float32)
    x = lab.array(values, (4, 6), float32)
    lab.check(lab.backend.view(x, *region), [values[p] for p in oracle.positions(region)], region[0], float32)


@pytest.mark.parametrize("name", ["transpose", "expanded row", "windows", "element"])
@pytest.mark.parametrize("d", ALL, ids=repr)
def test_view_of_every_dtype(lab: Laboratory, d: dtype, name: str) -> None:
    region = DISTINCT.get(name) or SHARED[name]
    values = samples(24, d, 0, 100)
    lab.check(
        lab.backend.view(lab.array(values, (24,), d), *region),
        [values[p] for p in oracle.positions(region)],
        region[0],
        d,
    )


@pytest.mark.parametrize("name", [*DISTINCT, *SHARED])
def test_views_are_operands(lab: Laboratory, name: str) -> None:
    """Views of computed arrays, computed on: where a lazy backend folds them into index arithmetic."""
    region = DISTINCT.get(name) or SHARED[name]
    values = samples(24, float32)
    b = lab.backend
    base = b.mul(lab.array(values, (24,), float32), 2.0)
    seen = [2 * values[p] for p in oracle.positions(region)]
    view = b.view(base, *region)
    lab.check(b.sub(b.add(view, view), 1.0), [2 * v - 1 for v in seen], region[0], float32)
    total = b.sum(view, tuple(range(len(region[0]))), False)
    lab.check(total, [sum(seen)], (), float32, 1e-5, 1e-4)


def test_two_views_of_one_base(lab: Laboratory) -> None:
    values = samples(16, float32)
    x = lab.array(values, (4, 4), float32)
    b = lab.backend
    got = b.add(x, b.view(x, (4, 4), (1, 4), 0))
    lab.check(got, [values[4 * i + j] + values[4 * j + i] for i, j in oracle.indices((4, 4))], (4, 4), float32)


# --- writing ----------------------------------------------------------------------------------------------------------


def check_assign(
    lab: Laboratory, values: list[Any], d: dtype, region: Region | None, value: Any, new: list[Any]
) -> None:
    """Assign, compare all of the storage, and hold the backend to the aliasing that it claims."""
    b = lab.backend
    n = len(values)
    x = lab.array(values, (n,), d)
    before = b.view(x, (n,), (1,), 0)
    result = b.assign(x, region, value)
    expected = list(values)
    for position, element in zip(oracle.positions(region or ((n,), (1,), 0)), new, strict=True):
        expected[position] = element
    lab.check(result, expected, (n,), d)
    if result is x:
        lab.check(before, expected, (n,), d)
    else:
        lab.check(x, values, (n,), d)
        lab.check(before, values, (n,), d)


@pytest.mark.parametrize("name", DISTINCT)
def test_assign_array(lab: Laboratory, name: str) -> None:
    region = DISTINCT[name]
    count = math.prod(region[0])
    new = samples(count, float32, 10, 20, seed=9)
    check_assign(lab, samples(24, float32), float32, region, lab.array(new, region[0], float32), new)


@pytest.mark.parametrize("name", DISTINCT)
def test_assign_scalar(lab: Laboratory, name: str) -> None:
    region = DISTINCT[name]
    check_assign(lab, samples(24, float32), float32, region, -7.5, [-7.5] * math.prod(region[0]))


@pytest.mark.parametrize("d", ALL, ids=repr)
def test_assign_every_dtype(lab: Laboratory, d: dtype) -> None:
    values, new = samples(24, d, 0, 50), samples(4, d, 50, 100, seed=3)
    check_assign(lab, values, d, DISTINCT["column"], lab.array(new, (4,), d), new)
    check_assign(lab, values, d, DISTINCT["step"], 1, [1] * 8)
    check_assign(lab, values, d, None, 0, [0] * 24)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (1, 3), (2, 1), (1, 1), (2, 3)], ids=str)
def test_assign_broadcasts(lab: Laboratory, shape: Shape) -> None:
    region = DISTINCT["block"]
    new = samples(math.prod(shape), float32, 10, 20)
    expected = oracle.broadcast(new, shape, (2, 3))
    check_assign(lab, samples(24, float32), float32, region, lab.array(new, shape, float32), expected)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, True, 3])
def test_assign_scalar_values(lab: Laboratory, value: float) -> None:
    check_assign(lab, samples(24, float32), float32, DISTINCT["step"], value, [value] * 8)


def test_assign_everything(lab: Laboratory) -> None:
    new = samples(6, float32, seed=2)
    b = lab.backend
    x = lab.array(samples(6, float32), (2, 3), float32)
    lab.check(b.assign(x, None, lab.array(new, (2, 3), float32)), new, (2, 3), float32)
    y = lab.array(samples(6, float32), (2, 3), float32)
    lab.check(b.assign(y, None, lab.array(new[:3], (3,), float32)), new[:3] * 2, (2, 3), float32)


def test_assign_to_no_dimensions(lab: Laboratory) -> None:
    x = lab.array([1.0], (), float32)
    lab.check(lab.backend.assign(x, None, 2.5), [2.5], (), float32)


def test_assign_to_nothing(lab: Laboratory) -> None:
    x = lab.array([], (0, 3), float32)
    lab.check(lab.backend.assign(x, None, 2.5), [], (0, 3), float32)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (((23,), (1,), 0), ((23,), (1,), 1)),
        (((23,), (1,), 1), ((23,), (1,), 0)),
        (((4, 4), (1, 6), 0), ((4, 4), (6, 1), 0)),
    ],
    ids=["forwards", "backwards", "transposed"],
)
def test_assign_reads_before_it_writes(lab: Laboratory, source: Region, target: Region) -> None:
    """`x[1:] = x[:-1]`: the value is what it was when it was made."""
    values = samples(24, float32)
    b = lab.backend
    x = lab.array(values, (24,), float32)
    expected = list(values)
    for to, position in zip(oracle.positions(target), oracle.positions(source), strict=True):
        expected[to] = values[position]
    lab.check(b.assign(x, target, b.copy(b.view(x, *source))), expected, (24,), float32)
    y = lab.array(values, (24,), float32)
    computed = b.mul(b.view(y, *source), 2.0)
    for to, position in zip(oracle.positions(target), oracle.positions(source), strict=True):
        expected[to] = 2 * values[position]
    lab.check(b.assign(y, target, computed), expected, (24,), float32)


def test_assign_after_a_pending_read(lab: Laboratory) -> None:
    """What was computed before a write keeps its value, also if nobody has looked at it yet."""
    values = samples(8, float32)
    b = lab.backend
    x = lab.array(values, (8,), float32)
    doubled, total = b.mul(x, 2.0), b.sum(x, (0,), False)
    x = b.assign(x, ((4,), (2,), 0), 100.0)
    after = b.sum(x, (0,), False)
    x = b.assign(x, None, b.add(x, 1.0))
    lab.check(doubled, [2 * v for v in values], (8,), float32)
    lab.check(total, [sum(values)], (), float32, 1e-5, 1e-5)
    lab.check(after, [400 + sum(values[1::2])], (), float32, 1e-5)
    lab.check(x, [101.0 if i % 2 == 0 else v + 1 for i, v in enumerate(values)], (8,), float32)


def test_many_assigns(lab: Laboratory) -> None:
    b = lab.backend
    x = b.full((300,), 0.0, float32)
    for i in range(300):
        x = b.assign(x, ((1,), (1,), i), float(i))
    for _ in range(100):
        x = b.assign(x, None, b.add(x, 1.0))
    lab.check(x, [100.0 + i for i in range(300)], (300,), float32)


# --- who shares with whom ---------------------------------------------------------------------------------------------

EQUALS: dict[str, Callable[[Backend, Array], Array]] = {
    "copy": lambda b, x: b.copy(x),
    "cast": lambda b, x: b.cast(x, float32),
    "add nothing": lambda b, x: b.add(x, 0.0),
    "abs": lambda b, x: b.abs(x),
    "maximum": lambda b, x: b.maximum(x, x),
    "sum over a unit axis": lambda b, x: b.sum(b.view(x, (1, 6), (6, 1), 0), (0,), False),
    "max over a unit axis": lambda b, x: b.max(b.view(x, (6, 1), (1, 1), 0), (1,), False),
    "concat of one": lambda b, x: b.concat([x], 0),
    "take all": lambda b, x: b.take(x, b.arange(0, 1, 6, int64), 0),
    "put nothing": lambda b, x: b.put(x, b.arange(0, 1, 0, int64), 0, 0.0, "replace"),
    "scatter nothing": lambda b, x: b.scatter(x, 0, b.arange(0, 1, 0, int64), 0.0, "add"),
    "where": lambda b, x: b.where(b.full((), True, bool_), x, 0.0),
    "cumsum of differences": lambda b, x: b.cumsum(b.view(x, (1, 6), (6, 1), 0), 0),
    "floor": lambda b, x: b.floor(x),
}


@pytest.mark.parametrize("name", EQUALS)
def test_results_do_not_alias_operands(lab: Laboratory, name: str) -> None:
    """Writing to an operand does not change a result, nor the other way round; only views alias."""
    values = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    b = lab.backend
    x = lab.array(values, (6,), float32)
    y = EQUALS[name](b, x)
    b.assign(x, None, 9.0)
    assert lab.read(y) == values
    x = lab.array(values, (6,), float32)
    y = EQUALS[name](b, x)
    b.assign(y, None, 9.0)
    assert lab.read(x) == values


def test_equal_constants_are_not_shared(lab: Laboratory) -> None:
    b = lab.backend
    x, y = b.full((4,), 1.0, float32), b.full((4,), 1.0, float32)
    lab.check(b.assign(x, None, 2.0), [2.0] * 4, (4,), float32)
    lab.check(y, [1.0] * 4, (4,), float32)
    lab.check(b.full((4,), 1.0, float32), [1.0] * 4, (4,), float32)


def test_assigned_values_are_not_shared(lab: Laboratory) -> None:
    """`x[...] = y`, then a write to y: x keeps what it was given."""
    b = lab.backend
    x, y = b.full((3,), 0.0, float32), lab.array([1.0, 2.0, 3.0], (3,), float32)
    x = b.assign(x, None, y)
    y = b.assign(y, None, -1.0)
    lab.check(x, [1.0, 2.0, 3.0], (3,), float32)
    x = b.assign(x, None, 0.0)
    lab.check(y, [-1.0] * 3, (3,), float32)
