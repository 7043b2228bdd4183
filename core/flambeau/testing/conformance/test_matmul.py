"""Matrix products."""

from __future__ import annotations

import math

import pytest

from flambeau.dtype import dtype, float32
from flambeau.testing.conformance import oracle
from flambeau.testing.conformance.laboratory import Laboratory, samples
from flambeau.testing.conformance.oracle import FLOATS, INTEGERS, Shape, epsilon, inf, nan


def product(xs: list[float], x: Shape, ys: list[float], y: Shape) -> tuple[list[float], Shape]:
    """The product, by its definition, and its shape."""
    batch, (n, k), m = oracle.broadcast_shape(x[:-2], y[:-2]), x[-2:], y[-1]
    left = oracle.broadcast(xs, x, (*batch, n, k))
    right = oracle.broadcast(ys, y, (*batch, k, m))
    out = []
    for b in range(math.prod(batch)):
        columns = [right[b * k * m + j : (b + 1) * k * m : m] if k else [] for j in range(m)]
        for i in range(n):
            row = left[(b * n + i) * k : (b * n + i + 1) * k]
            out += [math.fsum(p * q for p, q in zip(row, column, strict=True)) for column in columns]
    return out, (*batch, n, m)


def check_matmul(lab: Laboratory, x: Shape, y: Shape, d: dtype) -> None:
    xs, ys = samples(math.prod(x), d, -2, 2, seed=1), samples(math.prod(y), d, -2, 2, seed=2)
    expected, shape = product(xs, x, ys, y)
    got = lab.backend.matmul(lab.array(xs, x, d), lab.array(ys, y, d))
    scale = 0.0 if d in INTEGERS else 4 * epsilon(d) * max(1.0, math.sqrt(x[-1])) * 2
    lab.check(got, expected, shape, d, scale, scale)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ((1, 1), (1, 1)),
        ((2, 3), (3, 4)),
        ((1, 5), (5, 1)),
        ((5, 1), (1, 5)),
        ((7, 13), (13, 9)),
        ((16, 16), (16, 16)),
        ((33, 17), (17, 65)),
        ((64, 64), (64, 64)),
        ((1, 100), (100, 70)),
        ((70, 100), (100, 1)),
        ((3, 500), (500, 2)),
    ],
    ids=str,
)
def test_sizes(lab: Laboratory, x: Shape, y: Shape) -> None:
    check_matmul(lab, x, y, float32)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ((5, 2, 3), (5, 3, 4)),
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 4)),
        ((2, 1, 2, 3), (5, 3, 4)),
        ((2, 1, 2, 3), (1, 5, 3, 4)),
        ((1, 2, 3), (4, 3, 2)),
        ((2, 2, 2, 2), (2, 2, 2, 2)),
        ((3, 17, 9), (3, 9, 20)),
    ],
    ids=str,
)
def test_batches(lab: Laboratory, x: Shape, y: Shape) -> None:
    check_matmul(lab, x, y, float32)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ((2, 0), (0, 3)),
        ((0, 2), (2, 3)),
        ((2, 3), (3, 0)),
        ((0, 2, 3), (3, 4)),
        ((4, 2, 0), (4, 0, 2)),
        ((0, 0), (0, 0)),
    ],
    ids=str,
)
def test_nothing(lab: Laboratory, x: Shape, y: Shape) -> None:
    check_matmul(lab, x, y, float32)


@pytest.mark.parametrize("d", [*FLOATS, *INTEGERS], ids=repr)
def test_dtypes(lab: Laboratory, d: dtype) -> None:
    check_matmul(lab, (3, 4), (4, 5), d)


def test_transposed_operands(lab: Laboratory) -> None:
    """The products of a linear layer's gradient: transposed views of matrices."""
    b = lab.backend
    xs, ys = samples(12, float32, seed=1), samples(15, float32, seed=2)
    x, y = lab.array(xs, (3, 4), float32), lab.array(ys, (3, 5), float32)
    turned = [xs[4 * i + j] for j in range(4) for i in range(3)]
    expected, shape = product(turned, (4, 3), ys, (3, 5))
    lab.check(b.matmul(b.view(x, (4, 3), (1, 4), 0), y), expected, shape, float32, 1e-5, 1e-5)
    flat = [ys[5 * i + j] for j in range(5) for i in range(3)]
    expected, shape = product(flat, (5, 3), xs, (3, 4))
    lab.check(b.matmul(b.view(y, (5, 3), (1, 5), 0), x), expected, shape, float32, 1e-5, 1e-5)


def test_of_itself_and_of_results(lab: Laboratory) -> None:
    b = lab.backend
    values = samples(9, float32)
    x = lab.array(values, (3, 3), float32)
    squared, shape = product(values, (3, 3), values, (3, 3))
    lab.check(b.matmul(x, x), squared, shape, float32, 1e-5, 1e-5)
    expected, shape = product([v + 1 for v in values], (3, 3), squared, (3, 3))
    lab.check(
        b.tanh(b.matmul(b.add(x, 1.0), b.matmul(x, x))), [math.tanh(v) for v in expected], shape, float32, 1e-4, 1e-4
    )


def test_special_values(lab: Laboratory) -> None:
    x = lab.array([1.0, inf, 0.0, nan, 2.0, 3.0], (3, 2), float32)
    y = lab.array([1.0, 0.0, 1.0, 0.0], (2, 2), float32)
    lab.check(lab.backend.matmul(x, y), [inf, nan, nan, nan, 5.0, 0.0], (3, 2), float32)
