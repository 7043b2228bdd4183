"""Long stretches of work between reads: order, results that nobody wants, and many arrays at once."""

from __future__ import annotations

import math

from flambeau.dtype import float32, int64
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
