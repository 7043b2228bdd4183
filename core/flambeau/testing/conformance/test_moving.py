"""Joining, picking and scattering elements."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from flambeau.backends.protocol import Reduce
from flambeau.dtype import bool_, dtype, float32, int64
from flambeau.testing.conformance import oracle
from flambeau.testing.conformance.laboratory import Laboratory, samples
from flambeau.testing.conformance.oracle import ALL, FLOATS, INTEGERS, Shape, epsilon, nan

COMBINE: dict[Reduce, Callable[[Any, Any], Any]] = {
    "replace": lambda old, new: new,
    "add": lambda old, new: old + new,
    "mul": lambda old, new: old * new,
    "max": max,
    "min": min,
}

# --- concat -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shapes", "axis"),
    [
        ([(3,), (2,)], 0),
        ([(3,)], 0),
        ([(2, 3), (1, 3), (4, 3)], 0),
        ([(2, 3), (2, 1), (2, 2)], 1),
        ([(2, 1, 3), (2, 4, 3)], 1),
        ([(2, 2, 1), (2, 2, 5)], 2),
        ([(0, 3), (2, 3)], 0),
        ([(2, 0), (2, 0)], 1),
        ([(1,)] * 40, 0),
    ],
    ids=str,
)
def test_concat(lab: Laboratory, shapes: list[Shape], axis: int) -> None:
    parts = [samples(math.prod(shape), float32, seed=i) for i, shape in enumerate(shapes)]
    got = lab.backend.concat([lab.array(v, s, float32) for v, s in zip(parts, shapes, strict=True)], axis)
    outer = math.prod(shapes[0][:axis])
    blocks = [math.prod(shape[axis:]) for shape in shapes]
    expected = [
        v for i in range(outer) for part, n in zip(parts, blocks, strict=True) for v in part[i * n : (i + 1) * n]
    ]
    shape = (*shapes[0][:axis], sum(s[axis] for s in shapes), *shapes[0][axis + 1 :])
    lab.check(got, expected, shape, float32)


@pytest.mark.parametrize("d", ALL, ids=repr)
def test_concat_of_every_dtype(lab: Laboratory, d: dtype) -> None:
    xs, ys = samples(3, d, 0, 100), samples(5, d, 0, 100, seed=1)
    lab.check(lab.backend.concat([lab.array(xs, (3,), d), lab.array(ys, (5,), d)], 0), xs + ys, (8,), d)


def test_concat_of_views_and_of_itself(lab: Laboratory) -> None:
    b = lab.backend
    x = lab.array([1.0, 2.0, 3.0, 4.0], (2, 2), float32)
    turned = b.view(x, (2, 2), (1, 2), 0)
    lab.check(b.concat([x, turned, x], 1), [1, 2, 1, 3, 1, 2, 3, 4, 2, 4, 3, 4], (2, 6), float32)


# --- take and put -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [[0], [2, 0, 1], [1, 1, 1, 2, 0], []], ids=str)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_take(lab: Laboratory, axis: int, index: list[int]) -> None:
    shape = (3, 4, 5)
    values = samples(60, float32)
    out = (*shape[:axis], len(index), *shape[axis + 1 :])
    expected = []
    for place in oracle.indices(out):
        source = [index[i] if a == axis else i for a, i in enumerate(place)]
        expected.append(values[sum(i * s for i, s in zip(source, oracle.strides_of(shape), strict=True))])
    got = lab.backend.take(lab.array(values, shape, float32), lab.array(index, (len(index),), int64), axis)
    lab.check(got, expected, out, float32)


@pytest.mark.parametrize("d", ALL, ids=repr)
def test_take_of_every_dtype(lab: Laboratory, d: dtype) -> None:
    values = samples(6, d, 0, 100)
    got = lab.backend.take(lab.array(values, (3, 2), d), lab.array([2, 2, 0], (3,), int64), 0)
    lab.check(got, values[4:] * 2 + values[:2], (3, 2), d)


def put(
    values: list[Any], shape: Shape, index: list[int], axis: int, new: list[Any], combine: Callable[[Any, Any], Any]
) -> list[Any]:
    """What `put` must give: slices combined one after the other."""
    out = list(values)
    for place, element in zip(oracle.indices((*shape[:axis], len(index), *shape[axis + 1 :])), new, strict=True):
        target = [index[i] if a == axis else i for a, i in enumerate(place)]
        position = sum(i * s for i, s in zip(target, oracle.strides_of(shape), strict=True))
        out[position] = combine(out[position], element)
    return out


@pytest.mark.parametrize("reduce", COMBINE)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_put(lab: Laboratory, axis: int, reduce: Reduce) -> None:
    shape, index = (3, 4, 5), [2, 0] if reduce == "replace" else [2, 0, 2, 2, 1]
    count = 60 // shape[axis] * len(index)
    values, new = samples(60, float32), samples(count, float32, -2, 2, seed=1)
    x = lab.array(values, shape, float32)
    source = lab.array(new, (*shape[:axis], len(index), *shape[axis + 1 :]), float32)
    got = lab.backend.put(x, lab.array(index, (len(index),), int64), axis, source, reduce)
    lab.check(got, put(values, shape, index, axis, new, COMBINE[reduce]), shape, float32, 1e-5, 1e-5)
    lab.check(x, values, shape, float32)


@pytest.mark.parametrize("reduce", COMBINE)
@pytest.mark.parametrize("d", [*FLOATS, *INTEGERS], ids=repr)
def test_put_of_every_dtype(lab: Laboratory, d: dtype, reduce: Reduce) -> None:
    index = [3, 1] if reduce == "replace" else [3, 1, 3, 3]
    values, new = samples(8, d, 1, 3), samples(2 * len(index), d, 1, 3, seed=1)
    got = lab.backend.put(
        lab.array(values, (4, 2), d),
        lab.array(index, (len(index),), int64),
        0,
        lab.array(new, (len(index), 2), d),
        reduce,
    )
    lab.check(got, put(values, (4, 2), index, 0, new, COMBINE[reduce]), (4, 2), d, 8 * epsilon(d))


@pytest.mark.parametrize("reduce", ["replace", "add"])
def test_put_broadcasts(lab: Laboratory, reduce: Reduce) -> None:
    values, index = samples(12, float32), [2, 0]
    x, where = lab.array(values, (3, 4), float32), lab.array(index, (2,), int64)
    row = lab.array([1.0, 2.0, 3.0, 4.0], (4,), float32)
    expected = put(values, (3, 4), index, 0, [1.0, 2.0, 3.0, 4.0] * 2, COMBINE[reduce])
    lab.check(lab.backend.put(x, where, 0, row, reduce), expected, (3, 4), float32, 1e-6)
    expected = put(values, (3, 4), index, 0, [0.5] * 8, COMBINE[reduce])
    lab.check(lab.backend.put(x, where, 0, 0.5, reduce), expected, (3, 4), float32, 1e-6)


def test_put_with_many_duplicates(lab: Laboratory) -> None:
    """The gradient of an embedding: thousands of rows added into few."""
    count = 2000
    index = [i * 7 % 5 for i in range(count)]
    x = lab.backend.full((5, 3), 0.0, float32)
    got = lab.backend.put(x, lab.array(index, (count,), int64), 0, lab.backend.full((count, 3), 1.0, float32), "add")
    lab.check(got, [float(count // 5)] * 15, (5, 3), float32)


def test_duplicates_replace_each_other(lab: Laboratory) -> None:
    """One of the duplicates wins, whole element by whole element; a CPU takes the last."""
    x, index = lab.array([0.0, 0.0], (2,), float32), lab.array([1, 1, 1], (3,), int64)
    first, second = lab.read(lab.backend.put(x, index, 0, lab.array([5.0, 6.0, 7.0], (3,), float32), "replace"))
    assert first == 0.0
    assert second in (5.0, 6.0, 7.0)


def test_put_of_bools(lab: Laboratory) -> None:
    x = lab.array([False] * 4, (4,), bool_)
    got = lab.backend.put(x, lab.array([3, 1], (2,), int64), 0, True, "replace")
    lab.check(got, [False, True, False, True], (4,), bool_)


def test_nan_wins(lab: Laboratory) -> None:
    x, index = lab.array([1.0, nan, 1.0], (3,), float32), lab.array([0, 1, 2], (3,), int64)
    new = lab.array([nan, 1.0, 2.0], (3,), float32)
    lab.check(lab.backend.put(x, index, 0, new, "max"), [nan, nan, 2.0], (3,), float32)
    lab.check(lab.backend.put(x, index, 0, new, "min"), [nan, nan, 1.0], (3,), float32)


# --- gather and scatter -----------------------------------------------------------------------------------------------

INDEX_SHAPES = [(3, 4, 5), (2, 4, 5), (3, 2, 1), (1, 1, 1), (5, 4, 5), (3, 7, 2), (0, 4, 5)]


def targets(shape: Shape, axis: int, index: list[int], index_shape: Shape) -> list[int]:
    """The position in an array of `shape` that each element of an index means."""
    strides = oracle.strides_of(shape)
    return [
        sum((index[n] if a == axis else i) * s for a, (i, s) in enumerate(zip(place, strides, strict=True)))
        for n, place in enumerate(oracle.indices(index_shape))
    ]


def fitting(shape: Shape, index_shape: Shape, axis: int) -> bool:
    return all(n <= m for a, (n, m) in enumerate(zip(index_shape, shape, strict=True)) if a != axis)


@pytest.mark.parametrize(
    ("axis", "index_shape"), [(a, s) for a in range(3) for s in INDEX_SHAPES if fitting((3, 4, 5), s, a)]
)
def test_gather(lab: Laboratory, axis: int, index_shape: Shape) -> None:
    shape = (3, 4, 5)
    values = samples(60, float32)
    index = samples(math.prod(index_shape), int64, 0, shape[axis] - 1)
    got = lab.backend.gather(lab.array(values, shape, float32), axis, lab.array(index, index_shape, int64))
    lab.check(got, [values[p] for p in targets(shape, axis, index, index_shape)], index_shape, float32)


@pytest.mark.parametrize("d", ALL, ids=repr)
def test_gather_of_every_dtype(lab: Laboratory, d: dtype) -> None:
    values = samples(6, d, 0, 100)
    got = lab.backend.gather(lab.array(values, (2, 3), d), 1, lab.array([2, 0, 1, 1], (2, 2), int64))
    lab.check(got, [values[2], values[0], values[4], values[4]], (2, 2), d)


@pytest.mark.parametrize("reduce", [r for r in COMBINE if r != "replace"])
@pytest.mark.parametrize(
    ("axis", "index_shape"), [(a, s) for a in range(3) for s in INDEX_SHAPES if fitting((3, 4, 5), s, a)]
)
def test_scatter(lab: Laboratory, axis: int, index_shape: Shape, reduce: Reduce) -> None:
    shape = (3, 4, 5)
    values, new = samples(60, float32), samples(math.prod(index_shape), float32, -2, 2, seed=1)
    index = samples(math.prod(index_shape), int64, 0, shape[axis] - 1)
    x = lab.array(values, shape, float32)
    got = lab.backend.scatter(
        x, axis, lab.array(index, index_shape, int64), lab.array(new, index_shape, float32), reduce
    )
    expected = list(values)
    for position, element in zip(targets(shape, axis, index, index_shape), new, strict=True):
        expected[position] = COMBINE[reduce](expected[position], element)
    lab.check(got, expected, shape, float32, 1e-5, 1e-5)
    lab.check(x, values, shape, float32)


@pytest.mark.parametrize("d", ALL, ids=repr)
def test_scatter_replaces(lab: Laboratory, d: dtype) -> None:
    values, new = samples(6, d, 0, 50), samples(4, d, 50, 100, seed=1)
    index = [2, 0, 1, 2]
    x = lab.array(values, (2, 3), d)
    got = lab.backend.scatter(x, 1, lab.array(index, (2, 2), int64), lab.array(new, (2, 2), d), "replace")
    lab.check(got, [new[1], values[1], new[0], values[3], new[2], new[3]], (2, 3), d)
    got = lab.backend.scatter(x, 1, lab.array(index, (2, 2), int64), 1, "replace")
    lab.check(got, [1, values[1], 1, values[3], 1, 1], (2, 3), d)


def test_scatter_one_hot(lab: Laboratory) -> None:
    labels = [3, 0, 2]
    x = lab.backend.full((3, 4), 0.0, float32)
    got = lab.backend.scatter(x, 1, lab.array(labels, (3, 1), int64), 1.0, "replace")
    lab.check(got, [float(j == label) for label in labels for j in range(4)], (3, 4), float32)


# --- nonzero ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1,), (7,), (3, 4), (2, 3, 4), (0,), (2, 0), (1000,), ()], ids=str)
def test_nonzero(lab: Laboratory, shape: Shape) -> None:
    values = samples(math.prod(shape), bool_)
    found = [index for index, value in zip(oracle.indices(shape), values, strict=True) if value]
    got = lab.backend.nonzero(lab.array(values, shape, bool_))
    lab.check(got, [i for index in found for i in index], (len(found), len(shape)), int64)


@pytest.mark.parametrize("value", [True, False])
def test_nonzero_of_all_and_none(lab: Laboratory, value: bool) -> None:
    got = lab.backend.nonzero(lab.backend.full((2, 2), value, bool_))
    lab.check(got, [0, 0, 0, 1, 1, 0, 1, 1] if value else [], (4 if value else 0, 2), int64)
