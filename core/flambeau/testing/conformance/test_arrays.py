"""The device, and arrays going in and coming out."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from flambeau.dtype import bool_, dtype, float32, int32, int64
from flambeau.testing.conformance import oracle
from flambeau.testing.conformance.laboratory import Laboratory, samples
from flambeau.testing.conformance.oracle import ALL, FLOATS, INTEGERS, Shape, inf, nan

SHAPES = [(), (1,), (5,), (2, 3), (3, 1, 2), (0,), (2, 0, 3), (1, 1, 1, 1), (2, 1, 3, 1, 2, 2)]


def test_describes_itself(lab: Laboratory) -> None:
    assert isinstance(lab.backend.name, str)
    assert lab.backend.name
    assert lab.backend.device_name()
    assert isinstance(lab.backend.kernels, Mapping)
    assert isinstance(lab.backend.dtypes, frozenset)
    assert {float32, int64, bool_} <= lab.backend.dtypes, "the core needs float32, int64 and bool"
    lab.backend.synchronize()
    lab.backend.step_boundary()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("d", ALL, ids=repr)
def test_bytes_there_and_back(lab: Laboratory, d: dtype, shape: Shape) -> None:
    values = samples(math.prod(shape), d)
    lab.check(lab.array(values, shape, d), values, shape, d)


@pytest.mark.parametrize("d", FLOATS, ids=repr)
def test_special_values_there_and_back(lab: Laboratory, d: dtype) -> None:
    values = [inf, -inf, nan, 0.0, 1 / 3, -65504.0]
    lab.check(lab.array(values, (6,), d), values, (6,), d)


@pytest.mark.parametrize("d", INTEGERS, ids=repr)
def test_extreme_integers_there_and_back(lab: Laboratory, d: dtype) -> None:
    bits = min(8 * d.itemsize, 32)
    values = [-(1 << bits - 1), (1 << bits - 1) - 1, -1] if d.is_signed else [0, 255, 128]
    lab.check(lab.array(values, (3,), d), values, (3,), d)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_the_source_is_copied(lab: Laboratory, kind: type) -> None:
    source = bytearray(oracle.encode([1.0, 2.0, 3.0], float32))
    x = lab.backend.from_bytes(kind(source), (3,), float32)
    source[:] = bytes(len(source))
    lab.check(x, [1.0, 2.0, 3.0], (3,), float32)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("d", ALL, ids=repr)
def test_full(lab: Laboratory, d: dtype, shape: Shape) -> None:
    lab.need(d)
    lab.check(lab.backend.full(shape, 3, d), [3] * math.prod(shape), shape, d)


@pytest.mark.parametrize("value", [0, 1, True, False, 0.1, -2.5, inf, -inf, nan, 1e30, 16777216])
def test_full_of_float32(lab: Laboratory, value: float) -> None:
    lab.check(lab.backend.full((3,), value, float32), [value] * 3, (3,), float32)


@pytest.mark.parametrize("d", [int64, int32], ids=repr)
def test_full_of_integers(lab: Laboratory, d: dtype) -> None:
    lab.need(d)
    for value in (0, -1, True, 2**31 - 1, -(2**31)):
        lab.check(lab.backend.full((2,), value, d), [value] * 2, (2,), d)


@pytest.mark.parametrize("d", [*FLOATS, *INTEGERS], ids=repr)
def test_arange(lab: Laboratory, d: dtype) -> None:
    lab.need(d)
    for start, step, count in ((0, 1, 10), (5, -1, 5), (3, 7, 4), (2, 0, 3), (0, 1, 1), (0, 1, 0)):
        expected = [start + i * step for i in range(count)]
        lab.check(lab.backend.arange(start, step, count, d), expected, (count,), d)


def test_arange_of_fractions(lab: Laboratory) -> None:
    """Computed in float64 and rounded once: the last element is where it should be."""
    expected = [0.1 + i * 0.1 for i in range(1000)]
    lab.check(lab.backend.arange(0.1, 0.1, 1000, float32), expected, (1000,), float32, rtol=2e-7)


@pytest.mark.parametrize("d", ALL, ids=repr)
def test_copy(lab: Laboratory, d: dtype) -> None:
    values = samples(6, d)
    x = lab.array(values, (2, 3), d)
    lab.check(lab.backend.copy(x), values, (2, 3), d)
    lab.check(
        lab.backend.copy(lab.backend.view(x, (3, 2), (1, 3), 0)), values[::3] + values[1::3] + values[2::3], (3, 2), d
    )


@pytest.mark.parametrize("to", ALL, ids=repr)
@pytest.mark.parametrize("d", ALL, ids=repr)
def test_cast(lab: Laboratory, d: dtype, to: dtype) -> None:
    lab.need(d, to)
    values: list[float] = [0, 1, 2, 7, 100]
    if d.is_floating_point:
        values += [0.25, 0.5, 1.75, 99.5]
    if d.is_signed and (to.is_signed or to is bool_):
        values += [-1, -3, -100]
        values += [-0.25, -1.75, -2.5] if d.is_floating_point else []
    held = [oracle.rounded(v, d) for v in values]
    expected = [math.trunc(v) if to.is_integral else v for v in held]
    lab.check(lab.backend.cast(lab.array(values, (len(values),), d), to), expected, (len(values),), to)


@pytest.mark.parametrize("to", FLOATS, ids=repr)
@pytest.mark.parametrize("d", FLOATS, ids=repr)
def test_cast_of_special_values(lab: Laboratory, d: dtype, to: dtype) -> None:
    lab.need(d, to)
    values = [inf, -inf, nan, 1 / 3, -2 / 3, 1.00390625, 1.01171875]
    lab.check(lab.backend.cast(lab.array(values, (7,), d), to), [oracle.rounded(v, d) for v in values], (7,), to)


def test_cast_of_special_values_to_bool(lab: Laboratory) -> None:
    x = lab.array([inf, -inf, nan, 0.0, -0.0, 1e-20], (6,), float32)
    lab.check(lab.backend.cast(x, bool_), [True, True, True, False, False, True], (6,), bool_)


def test_cast_of_large_integers(lab: Laboratory) -> None:
    """Integers beyond 2**24 round to nearest even in float32, and wrap in narrower integers."""
    values = [2**24 + 1, 2**24 + 3, -(2**24) - 1, 2**31 - 1]
    lab.check(lab.backend.cast(lab.array(values, (4,), int64), float32), [float(v) for v in values], (4,), float32)


@pytest.mark.parametrize("to", INTEGERS[2:], ids=repr)
@pytest.mark.parametrize("d", INTEGERS[:3], ids=repr)
def test_cast_wraps(lab: Laboratory, d: dtype, to: dtype) -> None:
    lab.need(d, to)
    values = [300, -1, -129, 255, 128, 32767]
    lab.check(lab.backend.cast(lab.array(values, (6,), d), to), values, (6,), to)
