"""Sorting: values, positions, stability, nan."""

from __future__ import annotations

import math
from typing import Any

import pytest

from flambeau.dtype import bool_, dtype, float32, int64, uint8
from flambeau.testing.conformance import oracle
from flambeau.testing.conformance.laboratory import Laboratory, samples
from flambeau.testing.conformance.oracle import FLOATS, INTEGERS, Shape, inf, nan


def order(line: list[Any], descending: bool) -> list[int]:
    """Positions of the sorted elements; equal ones keep their order, nan is above all."""
    return sorted(
        range(len(line)), key=lambda i: (line[i] != line[i], 0 if line[i] != line[i] else line[i]), reverse=descending
    )


def check_sort(lab: Laboratory, values: list[Any], shape: Shape, axis: int, d: dtype) -> None:
    x = lab.array(values, shape, d)
    for descending in (False, True):
        ordered, places = lab.backend.sort(x, axis, descending)
        want = oracle.along(values, shape, axis, lambda line: [line[i] for i in order(line, descending)])  # noqa: B023
        lab.check(ordered, want, shape, d)
        lab.check(places, oracle.along(values, shape, axis, lambda line: order(line, descending)), shape, int64)  # noqa: B023


@pytest.mark.parametrize("d", [*FLOATS, *INTEGERS], ids=repr)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_axes_and_dtypes(lab: Laboratory, axis: int, d: dtype) -> None:
    check_sort(lab, samples(60, d, -100, 100), (3, 4, 5), axis, d)


@pytest.mark.parametrize(
    ("shape", "axis"), [((1,), 0), ((7, 1), 1), ((0,), 0), ((0, 3), 1), ((3, 0), 1), ((2, 0), 0), ((5, 2), 0)]
)
def test_small_shapes(lab: Laboratory, shape: Shape, axis: int) -> None:
    check_sort(lab, samples(math.prod(shape), float32), shape, axis, float32)


@pytest.mark.parametrize("length", [2, 3, 17, 64, 65, 300, 1000])
def test_stable(lab: Laboratory, length: int) -> None:
    check_sort(lab, [float(v) for v in samples(length, uint8, 0, 5)], (length,), 0, float32)


@pytest.mark.parametrize("length", [4, 50])
def test_nan_is_the_largest(lab: Laboratory, length: int) -> None:
    values = samples(length, float32)
    values[1::4] = [nan] * len(values[1::4])
    values[0], values[-1] = inf, -inf
    check_sort(lab, values, (length,), 0, float32)


def test_bools(lab: Laboratory) -> None:
    check_sort(lab, [True, False, True, False, False], (5,), 0, bool_)
