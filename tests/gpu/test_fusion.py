"""What becomes one kernel, counted."""

from typing import Any

import numpy as np

from flambeau.dtype import float32, int64

random = np.random.default_rng(0)


def normal(*shape: int) -> Any:
    return random.standard_normal(shape).astype("f4")


def test_an_elementwise_chain_is_one_kernel(gpu: Any) -> None:
    b = gpu.backend
    a, row, column = normal(5, 7), normal(7), normal(5, 1)
    x = b.mul(b.tanh(b.add(gpu.put(a), gpu.put(row))), gpu.put(column))
    y = b.where(b.lt(x, 0.0), b.mul(x, 0.25), x)
    assert len(gpu.kernels()) == 1
    expected = np.tanh(a + row) * column
    np.testing.assert_allclose(gpu.get(y), np.where(expected < 0, expected / 4, expected), rtol=1e-5, atol=1e-6)


def test_views_are_index_arithmetic(gpu: Any) -> None:
    b = gpu.backend
    a = normal(4, 6)
    x = gpu.put(a)
    transposed = b.view(x, (6, 4), (1, 6), 0)
    part = b.view(transposed, (3, 4), (4, 1), 8)
    y = b.add(b.exp(part), 1.0)
    assert gpu.kernels() == [["add", "exp"]]
    np.testing.assert_allclose(gpu.get(y), np.exp(a.T[2:5]) + 1, rtol=1e-5)


def test_a_reshape_of_a_transpose_needs_no_copy(gpu: Any) -> None:
    b = gpu.backend
    a = normal(4, 6)
    transposed = b.view(gpu.put(a), (6, 4), (1, 6), 0)
    y = b.add(b.view(transposed, (24,), (1,), 0), 1.0)
    assert len(gpu.kernels()) == 1
    np.testing.assert_allclose(gpu.get(y), a.T.reshape(-1) + 1, rtol=1e-6)


def test_a_reduction_takes_its_producer_and_its_consumer(gpu: Any) -> None:
    b = gpu.backend
    a, c = normal(33, 65), normal(65)
    y = b.log(b.sum(b.exp(b.mul(gpu.put(a), gpu.put(c))), (1,), False))
    assert len(gpu.kernels()) == 1
    np.testing.assert_allclose(gpu.get(y), np.log(np.exp(a * c).sum(1)), rtol=1e-5)


def test_a_matmul_takes_bias_and_activation(gpu: Any) -> None:
    b = gpu.backend
    x, w, bias = normal(5, 8), normal(12, 8), normal(12)
    weight = b.view(gpu.put(w), (8, 12), (1, 8), 0)
    y = b.tanh(b.add(b.matmul(gpu.put(x), weight), gpu.put(bias)))
    assert gpu.kernels() == [["matmul", "tanh", "add"]]
    np.testing.assert_allclose(gpu.get(y), np.tanh(x @ w.T + bias), rtol=1e-5, atol=1e-6)


def test_log_softmax_is_one_kernel(gpu: Any) -> None:
    b = gpu.backend
    a = normal(40, 66)
    x = gpu.put(a)
    shifted = b.sub(x, b.max(x, (1,), True))
    y = b.sub(shifted, b.log(b.sum(b.exp(shifted), (1,), True)))
    del shifted
    assert len(gpu.kernels()) == 1
    shifted = a - a.max(1, keepdims=True)
    np.testing.assert_allclose(gpu.get(y), shifted - np.log(np.exp(shifted).sum(1, keepdims=True)), rtol=1e-5)


def test_an_optimizer_step_is_one_kernel_and_in_place(gpu: Any) -> None:
    b = gpu.backend
    state = [gpu.put(normal(64, 64)) for _ in range(4)]
    p, g, m, v = (b.add(x, 0.0) for x in state)
    v = b.mul(v, v)
    b.synchronize()
    before = {x.buffer.handle for x in (p, m, v)}
    m = b.assign(m, None, b.add(b.mul(m, 0.9), b.mul(g, 0.1)))
    v = b.assign(v, None, b.add(b.mul(v, 0.99), b.mul(b.mul(g, g), 0.01)))
    p = b.assign(p, None, b.sub(p, b.mul(b.div(m, b.add(b.sqrt(v), 1e-8)), 1e-3)))
    assert len(gpu.kernels()) == 1
    assert {x.buffer.handle for x in (p, m, v)} == before


def test_what_nobody_holds_is_not_computed(gpu: Any) -> None:
    b = gpu.backend
    x = gpu.put(normal(10))
    dead = b.exp(x)
    del dead
    y = b.neg(x)
    assert gpu.kernels() == [["neg"]]
    del y


def test_what_nobody_holds_is_computed_if_needed(gpu: Any) -> None:
    b = gpu.backend
    a = normal(10)
    y = b.view(b.exp(gpu.put(a)), (2, 5), (5, 1), 0)
    assert gpu.kernels() == [["exp"]]
    np.testing.assert_allclose(gpu.get(y), np.exp(a).reshape(2, 5), rtol=1e-6)


def test_twelve_inputs(gpu: Any) -> None:
    b = gpu.backend
    arrays = [normal(50) for _ in range(12)]
    y = gpu.put(arrays[0])
    for a in arrays[1:]:
        y = b.add(y, gpu.put(a))
    assert len(gpu.kernels()) == 2
    np.testing.assert_allclose(gpu.get(y), np.sum(arrays, axis=0), rtol=1e-5, atol=1e-5)


def test_twelve_outputs(gpu: Any) -> None:
    b = gpu.backend
    a = normal(50)
    x = b.exp(gpu.put(a))
    outputs = [b.add(x, float(k)) for k in range(12)]
    assert len(gpu.kernels()) <= 3
    for k, y in enumerate(outputs):
        np.testing.assert_allclose(gpu.get(y), np.exp(a) + np.float32(k), rtol=1e-6)


def test_a_long_chain(gpu: Any) -> None:
    b = gpu.backend
    a = normal(7)
    y = gpu.put(a)
    for _ in range(5000):
        y = b.add(y, 1.0)
    np.testing.assert_allclose(gpu.get(y), a + 5000, rtol=1e-4)


def test_scalars_do_not_recompile(gpu: Any) -> None:
    b = gpu.backend
    x = gpu.put(normal(100))

    def step(rate: float) -> Any:
        return b.sub(x, b.mul(b.sqrt(b.abs(x)), rate))

    gpu.get(step(0.5))
    pipelines, planned = gpu.engine.device.counters.pipelines, gpu.engine.planned
    for rate in (0.25, 1e-3, float("inf"), 0.0, 7.0):
        gpu.get(step(rate))
    assert gpu.engine.device.counters.pipelines == pipelines
    assert gpu.engine.planned == planned


def test_sizes_do_not_recompile(gpu: Any) -> None:
    """The same model on sequences of other lengths: new plans, no new kernel."""
    b = gpu.backend
    w = gpu.put(normal(16, 16))

    def model(length: int, batch: int) -> Any:
        tokens = gpu.put(random.integers(0, 16, (length, batch)), int64)
        h = b.full((batch, 16), 0.0, float32)
        outputs = []
        for t in range(length):
            x = b.take(w, b.view(tokens, (batch,), (1,), t * batch), 0)
            h = b.tanh(b.add(x, b.matmul(h, b.view(w, (16, 16), (1, 16), 0))))
            outputs.append(h)
        joined = b.concat([b.view(h, (1, batch, 16), (0, 16, 1), 0) for h in outputs], 0)
        return b.sum(joined, (0, 1, 2), False)

    for length in range(3, 12):
        gpu.get(model(length, 8))
    pipelines = gpu.engine.device.counters.pipelines
    for length in range(12, 30):
        gpu.get(model(length, 8))
    for batch in (4, 5, 6, 20, 32):
        gpu.get(model(9, batch))
    assert (
        gpu.engine.device.counters.pipelines - pipelines <= 2
    )  # a longer last concat may join another number of arrays


def test_a_steady_step_creates_nothing(gpu: Any) -> None:
    b = gpu.backend
    p = b.add(gpu.put(normal(32, 32)), 0.0)
    x = gpu.put(normal(8, 32))

    def step(p: Any) -> Any:
        y = b.tanh(b.matmul(x, p))
        gradient = b.matmul(b.view(x, (32, 8), (1, 32), 0), y)
        p = b.assign(p, None, b.sub(p, b.mul(gradient, 0.01)))
        b.step_boundary()
        return p

    for _ in range(5):
        p = step(p)
    c = gpu.engine.device.counters
    created = (c.buffers, c.pipelines, c.bind_groups, gpu.engine.planned)
    for _ in range(20):
        p = step(p)
    assert (c.buffers, c.pipelines, c.bind_groups, gpu.engine.planned) == created
