"""How many kernels a training step takes, what it leaves unmade, and that it computes what NumPy does."""

import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flambeau
from flambeau import nn

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from gpu_steps import STEPS

MOST = {"lenet": 30, "mlp": 12, "transformer": 36, "gru": 4 * 32 + 20, "rnn_loop": 2 * 32 + 20}
OPTIMIZERS: dict[str, list[dict[str, Any]]] = {
    "SGD": [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}],
    "Adam": [{}, {"amsgrad": True, "weight_decay": 0.1}, {"maximize": True}],
    "AdamW": [{}],
    "RMSprop": [{}, {"momentum": 0.5, "centered": True}],
    "Adagrad": [{}],
    "Adadelta": [{}],
    "Adamax": [{}],
    "NAdam": [{}],
    "RAdam": [{}],
    "ASGD": [{}],
    "Rprop": [{}],
}


@pytest.fixture
def on_gpu() -> Iterator[None]:
    flambeau.set_default_device("wgpu")
    yield
    flambeau.set_default_device("cpu")


def dispatches(gpu: Any, work: Callable[[], Any]) -> int:
    gpu.engine.flush()
    before = gpu.engine.device.counters.dispatches
    work()
    gpu.engine.flush()
    return int(gpu.engine.device.counters.dispatches - before)


@pytest.mark.slow
@pytest.mark.parametrize("name", MOST)
def test_kernels_of_a_training_step(gpu: Any, on_gpu: None, name: str) -> None:
    step = STEPS[name](flambeau)
    for _ in range(3):
        step()
    assert dispatches(gpu, step) <= MOST[name]
    counters = gpu.engine.device.counters
    made = (counters.buffers, counters.pipelines, counters.bind_groups, gpu.engine.planned)
    for _ in range(3):
        step()
    assert (counters.buffers, counters.pipelines, counters.bind_groups, gpu.engine.planned) == made


@pytest.mark.slow
def test_kernels_of_a_residual_network(gpu: Any, on_gpu: None) -> None:
    """Of 59 convolutions and gradients most are products, with three kernels before and behind them; a layer of batch norm is
    one kernel each way, and two that keep its statistics.
    """
    step = STEPS["resnet18"](flambeau)
    for _ in range(2):
        step()
    assert dispatches(gpu, step) <= 330


@pytest.mark.slow
@pytest.mark.parametrize("name, options", [(name, options) for name in OPTIMIZERS for options in OPTIMIZERS[name]])
def test_one_update_for_all_parameters(gpu: Any, name: str, options: dict[str, Any]) -> None:
    def train(device: str) -> tuple[list[Any], list[int]]:
        flambeau.manual_seed(0)
        model = nn.Sequential(nn.Linear(7, 5), nn.Tanh(), nn.Linear(5, 3)).to(device)
        x = flambeau.randn(4, 7).to(device)
        optimizer = getattr(flambeau.optim, name)(model.parameters(), lr=0.01, **options)
        counts = []
        for _ in range(4):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            counts.append(dispatches(gpu, optimizer.step))
        return [p.detach().cpu().numpy() for p in model.parameters()], counts

    expected, _ = train("cpu")
    found, counts = train("wgpu")
    for x, y in zip(found, expected, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-6)
    assert max(counts[1:]) <= 3  # gradients of an earlier flush are moved together first


def test_parameters_and_state_stay_where_they_are(gpu: Any) -> None:
    flambeau.manual_seed(0)
    model = nn.Linear(5, 4).to("wgpu")
    x = flambeau.ones(2, 5).to("wgpu")
    optimizer = flambeau.optim.Adam(model.parameters())

    def step() -> set[int]:
        optimizer.zero_grad()
        model(x).sum().backward()
        optimizer.step()
        gpu.engine.flush()
        kept = [*model.parameters(), *(s[k] for s in optimizer.state.values() for k in ("exp_avg", "exp_avg_sq"))]
        return {t._array().inputs[0].buffer.handle for t in kept}

    step()
    buffers = step()
    assert len(buffers) == 3  # parameters, averages, averages of squares
    assert all(step() == buffers for _ in range(3))
    assert model.weight.grad is not None
    np.testing.assert_allclose(model.weight.grad.cpu().numpy(), np.full((4, 5), 2.0))


def test_a_gradient_read_in_the_flush_of_its_update(gpu: Any) -> None:
    model = nn.Linear(3, 2).to("wgpu")
    optimizer = flambeau.optim.SGD(model.parameters(), lr=0.5)
    before = model.weight.detach().cpu().numpy()
    model(flambeau.ones(4, 3).to("wgpu")).sum().backward()
    optimizer.step()
    assert model.weight.grad is not None
    assert model.weight.grad.cpu().numpy().tolist() == [[4.0] * 3] * 2
    np.testing.assert_allclose(model.weight.detach().cpu().numpy(), before - 2, rtol=1e-6)


@pytest.mark.slow
def test_a_loop_longer_than_the_queue_is_planned_once(gpu: Any, on_gpu: None) -> None:
    """500 steps of a cell are cut into flushes at the same places in every training step."""
    cell, output = nn.GRUCell(8, 8), nn.Linear(8, 3)
    optimizer = flambeau.optim.Adam([*cell.parameters(), *output.parameters()], lr=0.01)
    x, y = flambeau.randn(500, 2, 8), flambeau.randint(0, 3, (2,))
    engine = gpu.engine

    def train() -> float:
        memory = flambeau.zeros(2, 8)
        for now in x:
            memory = cell(now, memory)
        loss = nn.functional.cross_entropy(output(memory), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss.item())

    losses = [train() for _ in range(3)]
    flushes, planned, made = engine.flushes, engine.planned, vars(engine.device.counters).copy()
    losses += [train() for _ in range(3)]
    assert engine.flushes - flushes > 3 * 4  # they are many
    assert engine.planned == planned
    for name in ("pipelines", "buffers", "bind_groups"):
        assert getattr(engine.device.counters, name) == made[name]
    assert losses == sorted(losses, reverse=True)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["RNN", "GRU"])
def test_other_lengths_compile_nothing(gpu: Any, on_gpu: None, kind: str) -> None:
    draw = random.Random(0)
    net, output = getattr(nn, kind)(12, 16), nn.Linear(16, 5)
    optimizer = flambeau.optim.Adam([*net.parameters(), *output.parameters()])

    def train(batch: int) -> None:
        length = draw.randint(5, 50)
        x, y = flambeau.randn(length, batch, 12), flambeau.randint(0, 5, (length * batch,))
        loss = nn.functional.cross_entropy(output(net(x)[0]).flatten(0, 1), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        gpu.engine.flush()

    for _ in range(100):
        train(3)
    counters = gpu.engine.device.counters
    compiled, planned = counters.pipelines, gpu.engine.planned
    for batch in (3, 3, 3, 3, 2, 4, 5, 3, 6, 2):
        train(batch)
    assert gpu.engine.planned > planned
    assert counters.pipelines == compiled
