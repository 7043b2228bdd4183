"""Long stretches of work between reads: order, results that nobody wants, and many arrays at once."""

from __future__ import annotations

import math

from flambeau.dtype import float32, int32, int64
from flambeau.testing.conformance.laboratory import Laboratory, samples


def test_thousands_of_operations_before_a_read(lab: Laboratory) -> None:
    b = lab.backend
    x = b.full((5,), 0.0, float32)
    for _ in range(3000):
        x = b.add(x, 1.0)
    lab.check(x, [3000.0] * 5, (5,), float32)


def test_results_that_die_unread(lab: Laboratory) -> None:
    b = lab.backend
    x = lab.array(samples(100, float32), (10, 10), float32)
    kept = []
    for i in range(1000):
        y = b.tanh(b.mul(x, float(i)))
        if i % 100 == 0:
            kept.append(b.sum(y, (0, 1), False))
    del y
    values = samples(100, float32)
    for i, total in enumerate(kept):
        lab.check(total, [sum(math.tanh(v * 100 * i) for v in values)], (), float32, 1e-4, 1e-4)


def test_one_value_with_many_readers(lab: Laboratory) -> None:
    b = lab.backend
    x = lab.array([1.0, 2.0, 3.0], (3,), float32)
    shared = b.exp(x)
    readers = [b.mul(shared, float(i)) for i in range(50)]
    total = readers[0]
    for reader in readers[1:]:
        total = b.add(total, reader)
    lab.check(total, [math.exp(v) * 1225 for v in (1, 2, 3)], (3,), float32, 1e-5)
    lab.check(readers[7], [math.exp(v) * 7 for v in (1, 2, 3)], (3,), float32, 1e-5)
    lab.check(shared, [math.exp(v) for v in (1, 2, 3)], (3,), float32, 1e-5)


def test_doubling_does_not_explode(lab: Laboratory) -> None:
    """Sixty times `x + x`: a backend that inlines every use would compute 2**60 terms."""
    b = lab.backend
    x = lab.array([1.0, 0.5], (2,), float32)
    for _ in range(60):
        x = b.add(x, x)
    lab.check(x, [2.0**60, 2.0**59], (2,), float32)


def test_many_arrays_in_one_expression(lab: Laboratory) -> None:
    """More operands than a GPU kernel may bind."""
    b = lab.backend
    parts = [lab.array([float(i), 1.0], (2,), float32) for i in range(40)]
    total = parts[0]
    for part in parts[1:]:
        total = b.add(total, part)
    lab.check(total, [780.0, 40.0], (2,), float32)


def test_reductions_and_elementwise_in_turn(lab: Laboratory) -> None:
    """Softmax, layer norm: reductions whose results are broadcast back, five times over."""
    b = lab.backend
    values = samples(12, float32)
    x = lab.array(values, (3, 4), float32)
    rows = [values[i : i + 4] for i in (0, 4, 8)]
    for _ in range(5):
        e = b.exp(b.sub(x, b.max(x, (1,), True)))
        x = b.mul(b.div(e, b.sum(e, (1,), True)), 3.0)
        rows = [[3 * math.exp(v) / sum(map(math.exp, row)) for v in row] for row in rows]
    lab.check(x, [v for row in rows for v in row], (3, 4), float32, 1e-4)


def test_a_step_boundary_changes_nothing(lab: Laboratory) -> None:
    b = lab.backend
    x = lab.array([1.0, 2.0], (2,), float32)
    for _ in range(10):
        gradient = b.mul(x, 0.5)
        x = b.assign(x, None, b.sub(x, b.mul(gradient, 0.1)))
        b.step_boundary()
    b.synchronize()
    lab.check(x, [0.95**10, 2 * 0.95**10], (2,), float32, 1e-5)


def test_a_value_read_in_the_middle(lab: Laboratory) -> None:
    b = lab.backend
    x = b.full((), 1.0, float32)
    for i in range(30):
        x = b.mul(x, 2.0) if lab.read(x)[0] < 1000 else b.sub(x, 1.0)
        assert i >= 0
    lab.check(x, [1024.0 - 20], (), float32)


def test_changing_shapes(lab: Laboratory) -> None:
    """A dynamic model: the same operations on another length every time."""
    b = lab.backend
    for length in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89):
        values = samples(length * 3, float32, seed=length)
        x = lab.array(values, (length, 3), float32)
        lab.check(b.sum(b.mul(x, x), (0, 1), False), [sum(v * v for v in values)], (), float32, 1e-5)


def test_a_large_array(lab: Laboratory) -> None:
    b = lab.backend
    count = (1 << 18) + 3
    x = b.arange(0, 1, count, int64)
    lab.check(b.sum(b.remainder(x, 3), (0,), False), [sum(i % 3 for i in range(count))], (), int64)
    last = b.view(b.add(x, 1), (3,), (1,), count - 3)
    lab.check(last, [count - 2, count - 1, count], (3,), int64)


# --- the same work with something else in it: what a cache of kernels or of plans must not confuse --------------------


def test_other_scalars(lab: Laboratory) -> None:
    b = lab.backend
    x = lab.array([1.0, -2.0, 3.0], (3,), float32)
    for factor in (0.0, 1.0, -1.5, 2, True, math.inf):
        expected = [v * factor + factor for v in (1.0, -2.0, 3.0)]
        lab.check(b.add(b.mul(x, factor), factor), expected, (3,), float32)


def test_other_regions(lab: Laboratory) -> None:
    b = lab.backend
    values = samples(20, float32)
    x = lab.array(values, (20,), float32)
    for offset in range(16):
        lab.check(
            b.mul(b.view(x, (4,), (1,), offset), 2.0), [2 * v for v in values[offset : offset + 4]], (4,), float32
        )
    for stride in range(1, 5):
        lab.check(b.neg(b.view(x, (4,), (stride,), 1)), [-values[1 + stride * i] for i in range(4)], (4,), float32)


def test_other_axes(lab: Laboratory) -> None:
    b = lab.backend
    values = samples(27, float32)
    x = lab.array(values, (3, 3, 3), float32)
    for axis, step in ((0, 9), (1, 3), (2, 1)):
        starts = [i for i in range(27) if i // step % 3 == 0]
        lab.check(b.max(x, (axis,), False), [max(values[i : i + 3 * step : step]) for i in starts], (3, 3), float32)


def test_other_dtypes(lab: Laboratory) -> None:
    b = lab.backend
    for d in (float32, int64, int32):
        if d in b.dtypes:
            x = lab.array([7, -7, 2**24 - 1], (3,), d)
            lab.check(b.floordiv(b.add(x, 1), 2), [4, -3, 2**23], (3,), d)


def test_other_seeds(lab: Laboratory) -> None:
    b = lab.backend
    drawn = [lab.read(b.mul(b.random((8,), seed, 5), 2.0)) for seed in (1, 2, 1)]
    assert drawn[0] == drawn[2] != drawn[1]


def test_same_operands_in_other_places(lab: Laboratory) -> None:
    """`x - y`, `y - x`, `x - x`: alike in structure, not in meaning."""
    b = lab.backend
    x, y = lab.array([5.0], (1,), float32), lab.array([3.0], (1,), float32)
    pairs = [(x, y, 2.0), (y, x, -2.0), (x, x, 0.0), (y, y, 0.0), (x, y, 2.0)]
    for left, right, expected in pairs:
        lab.check(b.sub(left, right), [expected], (1,), float32)


# --- memory that is used again ----------------------------------------------------------------------------------------


def test_many_arrays_alive(lab: Laboratory) -> None:
    b = lab.backend
    alive = [b.add(b.full((3,), float(i), float32), 0.5) for i in range(500)]
    for i, x in enumerate(alive):
        lab.check(x, [i + 0.5] * 3, (3,), float32)


def test_old_results_outlive_new_ones(lab: Laboratory) -> None:
    """Memory is handed on only when nobody can look at it any more."""
    b = lab.backend
    kept = []
    for i in range(60):
        x = b.full((64,), float(i), float32)
        y = b.mul(b.add(x, 1.0), 2.0)
        if i % 7 == 0:
            kept.append((i, b.view(y, (2,), (1,), 30)))
        if i % 11 == 0:
            lab.check(b.sum(y, (0,), False), [128.0 * (i + 1)], (), float32)
    for i, view in kept:
        lab.check(view, [2.0 * (i + 1)] * 2, (2,), float32)


def test_a_view_outlives_its_base(lab: Laboratory) -> None:
    b = lab.backend
    values = samples(12, float32)
    base = b.mul(lab.array(values, (12,), float32), 2.0)
    view = b.view(base, (2, 3), (1, 4), 1)
    del base
    for _ in range(5):
        lab.read(b.full((12,), 9.0, float32))
    lab.check(view, [2 * values[1 + i + 4 * j] for i in range(2) for j in range(3)], (2, 3), float32)


def test_reading_twice(lab: Laboratory) -> None:
    x = lab.backend.exp(lab.array([1.0, 2.0], (2,), float32))
    assert lab.read(x) == lab.read(x)


def test_training_in_place(lab: Laboratory) -> None:
    """Two parameters with momentum, written in place for twenty steps, one of them also read through its transpose."""
    b = lab.backend
    w, v = [0.5, -0.25, 1.0, 0.75], [0.1, 0.2]
    velocity = [0.0] * 4
    weight, bias, speed = lab.array(w, (2, 2), float32), lab.array(v, (2,), float32), b.full((2, 2), 0.0, float32)
    for _ in range(20):
        gradient = b.mul(b.add(b.view(weight, (2, 2), (1, 2), 0), bias), 0.1)
        speed = b.assign(speed, None, b.add(b.mul(speed, 0.5), gradient))
        weight = b.assign(weight, None, b.sub(weight, speed))
        bias = b.assign(bias, ((1,), (1,), 0), b.sub(b.view(bias, (1,), (1,), 0), 0.01))
        b.step_boundary()
        slope = [0.1 * (w[0] + v[0]), 0.1 * (w[2] + v[1]), 0.1 * (w[1] + v[0]), 0.1 * (w[3] + v[1])]
        velocity = [0.5 * p + q for p, q in zip(velocity, slope, strict=True)]
        w = [p - q for p, q in zip(w, velocity, strict=True)]
        v[0] -= 0.01
    lab.check(weight, w, (2, 2), float32, 1e-4, 1e-5)
    lab.check(bias, v, (2,), float32, 1e-4, 1e-6)
    lab.check(speed, velocity, (2, 2), float32, 1e-4, 1e-5)
