"""Reductions and running results."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import accumulate, combinations
from typing import Any

import pytest

from flambeau.dtype import bool_, dtype, float32, int32, int64, uint8
from flambeau.testing.conformance import oracle
from flambeau.testing.conformance.laboratory import Laboratory, samples
from flambeau.testing.conformance.oracle import FLOATS, INTEGERS, Shape, epsilon, inf, nan

REDUCTIONS: dict[str, Callable[[list[Any]], Any]] = {"sum": sum, "prod": math.prod, "max": max, "min": min}


def check_reduction(
    lab: Laboratory, name: str, values: list[Any], shape: Shape, axes: tuple[int, ...], d: dtype, rtol: float = 0.0
) -> None:
    x = lab.array(values, shape, d)
    expected, kept = oracle.reduce(values, shape, axes, REDUCTIONS[name])
    dropped = tuple(size for axis, size in enumerate(shape) if axis not in axes)
    atol = rtol * max((abs(v) for v in values), default=0.0)
    lab.check(getattr(lab.backend, name)(x, axes, True), expected, kept, d, rtol, atol)
    lab.check(getattr(lab.backend, name)(x, axes, False), expected, dropped, d, rtol, atol)


@pytest.mark.parametrize("axes", [c for n in range(1, 4) for c in combinations(range(3), n)], ids=str)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_axes(lab: Laboratory, name: str, axes: tuple[int, ...]) -> None:
    check_reduction(lab, name, samples(24, float32, 0.5, 1.5), (2, 3, 4), axes, float32, 1e-6)


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize(
    ("shape", "axes"), [((), ()), ((1,), (0,)), ((5, 1), (1,)), ((1, 5), (0, 1)), ((2, 1, 2, 1, 3), (0, 2, 4))], ids=str
)
def test_small_shapes(lab: Laboratory, name: str, shape: Shape, axes: tuple[int, ...]) -> None:
    check_reduction(lab, name, samples(math.prod(shape), float32, 0.5, 1.5), shape, axes, float32, 1e-6)


@pytest.mark.parametrize("d", [*FLOATS, *INTEGERS], ids=repr)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_dtypes(lab: Laboratory, name: str, d: dtype) -> None:
    values = samples(12, d, 1, 2)
    rtol = 0.0 if d in INTEGERS else 4 * epsilon(d)
    check_reduction(lab, name, values, (3, 4), (0,), d, rtol)
    check_reduction(lab, name, values, (3, 4), (1,), d, rtol)


@pytest.mark.parametrize(
    ("shape", "axes"), [((3, 1000), (1,)), ((1000, 3), (0,)), ((5000,), (0,)), ((70, 3, 70), (0, 2))]
)
@pytest.mark.parametrize("name", ["sum", "max", "min"])
def test_long_lines(lab: Laboratory, name: str, shape: Shape, axes: tuple[int, ...]) -> None:
    check_reduction(lab, name, samples(math.prod(shape), float32, -1, 3), shape, axes, float32, 2e-5)


@pytest.mark.parametrize(
    ("shape", "axes", "out"), [((0,), (0,), ()), ((0, 3), (0,), (3,)), ((3, 0), (1,), (3,)), ((2, 0, 3), (0, 1), (3,))]
)
def test_of_nothing(lab: Laboratory, shape: Shape, axes: tuple[int, ...], out: Shape) -> None:
    x = lab.array([], shape, float32)
    lab.check(lab.backend.sum(x, axes, False), [0.0] * math.prod(out), out, float32)
    lab.check(lab.backend.prod(x, axes, False), [1.0] * math.prod(out), out, float32)


@pytest.mark.parametrize("name", REDUCTIONS)
def test_to_nothing(lab: Laboratory, name: str) -> None:
    x = lab.array([], (0, 3), float32)
    lab.check(getattr(lab.backend, name)(x, (1,), False), [], (0,), float32)
    lab.check(getattr(lab.backend, name)(x, (1,), True), [], (0, 1), float32)


def test_special_values(lab: Laboratory) -> None:
    x = lab.array([1.0, inf, 2.0, nan, 3.0, 4.0, inf, -inf, 0.0, -inf, -inf, -5.0], (4, 3), float32)
    lab.check(lab.backend.sum(x, (1,), False), [inf, nan, nan, -inf], (4,), float32)
    lab.check(lab.backend.max(x, (1,), False), [inf, nan, inf, -5.0], (4,), float32)
    lab.check(lab.backend.min(x, (1,), False), [1.0, nan, -inf, -inf], (4,), float32)
    lab.check(lab.backend.prod(x, (1,), False), [inf, nan, nan, -inf], (4,), float32)


@pytest.mark.parametrize("length", [3, 700])
def test_one_nan_among_many(lab: Laboratory, length: int) -> None:
    for place in (0, 1, length - 1):
        values = samples(length, float32)
        values[place] = nan
        x = lab.array(values, (length,), float32)
        lab.check(lab.backend.max(x, (0,), False), [nan], (), float32)
        lab.check(lab.backend.min(x, (0,), False), [nan], (), float32)
        lab.check(lab.backend.argmax(x, 0, False), [place], (), int64)
        lab.check(lab.backend.argmin(x, 0, False), [place], (), int64)


def test_infinities_alone(lab: Laboratory) -> None:
    """The largest of -inf only: a start value that is merely very small would show."""
    low, high = lab.array([-inf] * 3, (3,), float32), lab.array([inf] * 3, (3,), float32)
    lab.check(lab.backend.max(low, (0,), False), [-inf], (), float32)
    lab.check(lab.backend.min(high, (0,), False), [inf], (), float32)
    lab.check(lab.backend.argmax(low, 0, False), [0], (), int64)
    lab.check(lab.backend.argmin(high, 0, False), [0], (), int64)


@pytest.mark.parametrize("d", INTEGERS[1:], ids=repr)
def test_sums_of_integers_wrap(lab: Laboratory, d: dtype) -> None:
    top = (1 << 8 * d.itemsize - d.is_signed) - 1
    x = lab.array([top, top, 3], (3,), d)
    lab.check(lab.backend.sum(x, (0,), False), [2 * top + 3], (), d)
    lab.check(lab.backend.prod(x, (0,), False), [3 * top * top], (), d)


def test_extremes_of_integers(lab: Laboratory) -> None:
    x = lab.array([-(2**31), 2**31 - 1, 0, -5], (2, 2), int32)
    lab.check(lab.backend.max(x, (1,), False), [2**31 - 1, 0], (2,), int32)
    lab.check(lab.backend.min(x, (1,), False), [-(2**31), -5], (2,), int32)


def test_any_and_all(lab: Laboratory) -> None:
    x = lab.array([True, False, True, True, False, False], (3, 2), bool_)
    lab.check(lab.backend.max(x, (1,), False), [True, True, False], (3,), bool_)
    lab.check(lab.backend.min(x, (1,), False), [False, True, False], (3,), bool_)
    lab.check(lab.backend.max(x, (0, 1), False), [True], (), bool_)
    lab.check(lab.backend.min(x, (0, 1), True), [False], (1, 1), bool_)


# --- positions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("d", [*FLOATS, *INTEGERS], ids=repr)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_positions_and_ties(lab: Laboratory, axis: int, d: dtype) -> None:
    values = samples(60, d, 0, 3) if d in INTEGERS else [float(v) for v in samples(60, uint8, 0, 3)]
    x = lab.array(values, (3, 4, 5), d)
    for name, best in (("argmax", max), ("argmin", min)):

        def place(line: list[Any], best: Callable[[list[Any]], Any] = best) -> int:
            return line.index(best(line))

        expected, kept = oracle.reduce(values, (3, 4, 5), (axis,), place)
        dropped = tuple(size for a, size in enumerate((3, 4, 5)) if a != axis)
        lab.check(getattr(lab.backend, name)(x, axis, True), expected, kept, int64)
        lab.check(getattr(lab.backend, name)(x, axis, False), expected, dropped, int64)


@pytest.mark.parametrize("shape", [(1000,), (4, 700), (700, 4)], ids=str)
def test_positions_in_long_lines(lab: Laboratory, shape: Shape) -> None:
    axis = shape.index(max(shape))
    values = [float(v) for v in samples(math.prod(shape), uint8, 0, 200)]
    x = lab.array(values, shape, float32)
    expected, kept = oracle.reduce(values, shape, (axis,), lambda line: line.index(max(line)))
    lab.check(lab.backend.argmax(x, axis, True), expected, kept, int64)


# --- running results --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("d", [*FLOATS, *INTEGERS], ids=repr)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_cumulation(lab: Laboratory, axis: int, d: dtype) -> None:
    values = samples(24, d, 1, 2)
    x = lab.array(values, (2, 3, 4), d)
    rtol = 0.0 if d in INTEGERS else 4 * epsilon(d)
    sums = oracle.along(values, (2, 3, 4), axis, lambda line: list(accumulate(line)))
    lab.check(lab.backend.cumsum(x, axis), sums, (2, 3, 4), d, rtol)
    products = oracle.along(values, (2, 3, 4), axis, lambda line: list(accumulate(line, lambda p, q: p * q)))
    lab.check(lab.backend.cumprod(x, axis), products, (2, 3, 4), d, rtol)


@pytest.mark.parametrize("shape", [(1,), (1000,), (3, 300), (300, 3), (0,), (0, 3), (3, 0)], ids=str)
def test_cumulation_of_other_lengths(lab: Laboratory, shape: Shape) -> None:
    axis = shape.index(max(shape))
    values = samples(math.prod(shape), float32, -1, 2)
    expected = oracle.along(values, shape, axis, lambda line: list(accumulate(line)))
    lab.check(lab.backend.cumsum(lab.array(values, shape, float32), axis), expected, shape, float32, 1e-5, 1e-4)


def test_cumulation_of_special_values(lab: Laboratory) -> None:
    x = lab.array([1.0, inf, 2.0, -inf, 3.0], (5,), float32)
    lab.check(lab.backend.cumsum(x, 0), [1.0, inf, inf, nan, nan], (5,), float32)
    lab.check(lab.backend.cumprod(lab.array([2.0, nan, 0.0], (3,), float32), 0), [2.0, nan, nan], (3,), float32)
