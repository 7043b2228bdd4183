"""Batch, group and instance norm on the device: torch's values, gradients and running statistics, in few kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import flambeau

LAYERS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any], tuple[int, ...]]] = {
    "batch 2d": ("BatchNorm2d", (5,), {}, (4, 5, 7, 6)),
    "batch 1d": ("BatchNorm1d", (5,), {}, (9, 5)),
    "batch 3d": ("BatchNorm3d", (3,), {"momentum": 0.3}, (2, 3, 4, 3, 5)),
    "batch, cumulative": ("BatchNorm2d", (4,), {"momentum": None}, (3, 4, 5, 5)),
    "batch, no parameters": ("BatchNorm2d", (4,), {"affine": False}, (3, 4, 5, 5)),
    "batch, nothing kept": ("BatchNorm2d", (4,), {"track_running_stats": False}, (3, 4, 5, 5)),
    "batch, long": ("BatchNorm1d", (2,), {}, (8, 2, 5000)),
    "instance": ("InstanceNorm2d", (3,), {"affine": True}, (2, 3, 6, 7)),
    "instance, tracked": ("InstanceNorm1d", (3,), {"affine": True, "track_running_stats": True}, (4, 3, 8)),
    "group": ("GroupNorm", (2, 6), {}, (3, 6, 5, 4)),
    "group of vectors": ("GroupNorm", (3, 6), {}, (5, 6)),
}


def train(library: Any, device: str, name: str, shape: tuple[int, ...]) -> list[Any]:
    """Two training steps and an evaluation: results, gradients and everything that the layer keeps."""
    kind, arguments, options, _ = LAYERS[name]
    layer = getattr(library.nn, kind)(*arguments, **options).to(device)
    results = []
    for step in range(2):
        generator = np.random.default_rng(step)
        x = library.from_numpy(generator.standard_normal(shape).astype("f4") * 2 + 1).to(device).requires_grad_()
        g = library.from_numpy(generator.standard_normal(shape).astype("f4")).to(device)
        y = layer(x).relu()
        y.backward(g)
        results += [y, x.grad]
    layer.eval()
    results += [layer(x), *(p.grad for p in layer.parameters()), *layer.buffers()]
    return [t.detach().cpu().numpy() for t in results]


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_training_steps(name: str) -> None:
    shape = LAYERS[name][3]
    for theirs, ours in zip(train(torch, "cpu", name, shape), train(flambeau, "wgpu", name, shape), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=2e-5 * max(1.0, np.abs(theirs).max()))


@pytest.mark.slow
def test_a_large_mean_takes_nothing_from_the_variance() -> None:
    x = np.random.default_rng(0).standard_normal((4, 3, 8, 8)).astype("f4") + 1000
    expected = torch.nn.functional.batch_norm(torch.from_numpy(x), None, None, training=True)
    found = flambeau.nn.functional.batch_norm(flambeau.from_numpy(x).to("wgpu"), None, None, training=True)
    np.testing.assert_allclose(found.cpu().numpy(), expected.numpy(), rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_second_derivative() -> None:
    def penalty(library: Any, device: str) -> Any:
        x = library.linspace(-1, 2, 2 * 3 * 4 * 4).square().reshape(2, 3, 4, 4).to(device).requires_grad_()
        y = library.nn.functional.batch_norm(x, None, None, training=True)
        (slope,) = library.autograd.grad((y * y * y).sum(), x, create_graph=True)
        (slope * slope).sum().backward()
        return x.grad.cpu().numpy()

    expected = penalty(torch, "cpu")
    np.testing.assert_allclose(penalty(flambeau, "wgpu"), expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


@pytest.mark.slow
def test_kernels_of_a_layer(gpu: Any) -> None:
    """Statistics, normalisation and activation in one; what is kept of the statistics in a few small ones; the gradients of
    input, weight and bias in few.
    """
    layer = flambeau.nn.BatchNorm2d(8).to("wgpu")
    x = flambeau.rand(4, 8, 6, 6).to("wgpu").requires_grad_()
    g = flambeau.rand(4, 8, 6, 6).to("wgpu")
    gpu.kernels()
    activated = layer(x).relu()
    kernels = gpu.kernels()
    assert len(kernels) <= 4
    assert sum("maximum" in ops and ops.count("sum") == 2 for ops in kernels) == 1
    activated.backward(g)
    assert len(gpu.kernels()) <= 3  # nine buffers; in a model, where parameters lie together, it is one


@pytest.mark.slow
def test_a_steady_step_creates_nothing(gpu: Any) -> None:
    """A small residual network: nothing is compiled, allocated or bound anew, and the losses are torch's."""

    def training(library: Any, device: str) -> Any:
        library.manual_seed(0)
        nn = library.nn

        class Net(nn.Module):  # type: ignore[name-defined, misc]
            def __init__(self) -> None:
                super().__init__()
                self.first = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
                self.second = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8))
                self.down = nn.Sequential(nn.Conv2d(8, 16, 1, stride=2, bias=False), nn.BatchNorm2d(16))
                self.last = nn.Linear(16, 5)

            def forward(self, x: Any) -> Any:
                x = self.first(x)
                x = nn.functional.relu(self.second(x) + x)
                return self.last(nn.functional.adaptive_avg_pool2d(self.down(x), 1).flatten(1))

        net = Net().to(device)
        optimizer = library.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
        x, y = library.randn(4, 3, 8, 8).to(device), library.randint(0, 5, (4,)).to(device)

        def step() -> float:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            return float(loss.item())

        return step

    step, expected = training(flambeau, "wgpu"), training(torch, "cpu")
    counters = gpu.engine.device.counters
    for _ in range(4):
        np.testing.assert_allclose(step(), expected(), rtol=1e-4)
    made = (counters.buffers, counters.pipelines, counters.bind_groups, gpu.engine.planned)
    for _ in range(4):
        np.testing.assert_allclose(step(), expected(), rtol=1e-3)
    assert (counters.buffers, counters.pipelines, counters.bind_groups, gpu.engine.planned) == made
