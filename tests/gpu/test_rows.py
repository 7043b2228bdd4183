"""Row kernels: what becomes one, and that it computes what NumPy does, in every layout."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import flambeau
from flambeau import nn
from flambeau_wgpu.device.interface import SUBGROUPS
from flambeau_wgpu.kernels import RENDER

F = nn.functional


@pytest.fixture(params=["cpu", "gpu", "gpu without subgroups"])
def kind(gpu: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The layouts for software adapters, and those for GPUs."""
    device = gpu.engine.device
    features = device.info.features
    if request.param == "gpu":
        assert SUBGROUPS in features
    elif request.param == "gpu without subgroups":
        features -= {SUBGROUPS}
    info = replace(device.info, kind=request.param[:3], features=features)
    monkeypatch.setattr(device, "info", info)
    gpu.engine.plans.clear()
    yield request.param
    gpu.backend.synchronize()
    gpu.engine.plans.clear()


def cross_entropy(x: Any) -> Any:
    return F.cross_entropy(x, flambeau.arange(x.shape[0], device=x.device) % x.shape[1])


def layer_norm(x: Any) -> Any:
    weight = flambeau.linspace(-1, 2, x.shape[-1], device=x.device)
    return F.layer_norm(x, x.shape[-1:], weight, weight.flip(0))


def several(x: Any) -> Any:
    return x.sum(0).sin().sum() + (x.exp() - x.mean(0)).square().sum(0).log().sum() + (x / x.abs().max()).sum()


CASES: dict[str, Callable[[Any], Any]] = {
    "softmax": lambda x: F.softmax(x, -1),
    "softmax over the first": lambda x: F.softmax(x, 0),
    "log_softmax": lambda x: F.log_softmax(x * 3, 1),
    "cross_entropy": cross_entropy,
    "layer_norm": layer_norm,
    "rms_norm": lambda x: F.rms_norm(x, x.shape[-1:], x[0]),
    "variance": lambda x: x.var(1) + x.std(1),
    "normalize": lambda x: F.normalize(x.t(), dim=0),
    "several": several,
    "logsumexp": lambda x: x.logsumexp(1) * x.amax(1),
    "sum of a transposed": lambda x: (x.t() * 2).sum(0),
}
SHAPES = [(3, 5), (40, 66), (70, 300), (33, 512), (130, 64), (8, 40000)]


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients(gpu: Any, kind: str, name: str, shape: tuple[int, ...]) -> None:
    flambeau.manual_seed(0)
    x = flambeau.randn(shape)
    results = []
    for device in ("cpu", "wgpu"):
        leaf = x.to(device, copy=True).requires_grad_()
        y = CASES[name](leaf)
        (y * flambeau.linspace(0.5, 1.5, y.numel(), device=device).reshape(y.shape)).sum().backward()
        results.append((y.detach().cpu().numpy(), leaf.grad.cpu().numpy()))
    for found, expected in zip(results[1], results[0], strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-5 * max(1.0, float(np.abs(expected).max())))


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(20, 1040), (50, 260), (4, 9, 1024), (6, 66, 4, 16)], ids=str)
def test_over_axes_that_others_follow(gpu: Any, kind: str, shape: tuple[int, ...]) -> None:
    """Neighbouring rows side by side: as many of them as divide the last dimension, in invocations that walk together."""
    a = np.random.default_rng(2).normal(size=shape).astype("f4")
    a[-1, 7] = -np.inf
    x = flambeau.from_numpy(a).to("wgpu")
    for axes in ((0,), tuple(k for k in range(len(shape)) if k != 1 or len(shape) == 2)):
        expected = np.exp(a - a.max(axes, keepdims=True))
        expected /= expected.sum(axes, keepdims=True)
        weights = (x - x.amax(axes, keepdim=True)).exp()
        weights = weights / weights.sum(axes, keepdim=True)
        np.testing.assert_allclose(weights.cpu().numpy(), expected, rtol=2e-5, atol=1e-7)
        np.testing.assert_allclose(x.exp().sum(axes).cpu().numpy(), np.exp(a).sum(axes), rtol=2e-5)
        assert x.amax(axes).cpu().numpy().tolist() == a.max(axes).tolist()
        assert x.argmax(0).cpu().numpy().tolist() == a.argmax(0).tolist()


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(40, 66), (33, 512), (2, 9000)], ids=str)
def test_positions(gpu: Any, kind: str, shape: tuple[int, ...]) -> None:
    a = np.random.default_rng(1).integers(-50, 50, shape).astype("f4")
    a[1, 7] = np.nan
    x = flambeau.from_numpy(a).to("wgpu")
    for axis in (0, 1):
        assert x.argmax(axis).cpu().numpy().tolist() == np.argmax(a, axis).tolist()
        assert x.argmin(axis).cpu().numpy().tolist() == np.argmin(a, axis).tolist()


def kernels(gpu: Any, work: Callable[[], Any]) -> int:
    gpu.engine.flush()
    before = gpu.engine.device.counters.dispatches
    held = work()
    gpu.engine.flush()
    del held
    return int(gpu.engine.device.counters.dispatches - before)


def test_softmax_and_norms_are_one_kernel_each_way(gpu: Any) -> None:
    x = flambeau.randn(48, 40).to("wgpu").requires_grad_()
    weight = flambeau.ones(40).to("wgpu").requires_grad_()
    flambeau.stack([x, x]).sum().item()
    for function in (
        lambda: F.softmax(x, 1),
        lambda: F.log_softmax(x.tanh(), 1).exp(),
        lambda: F.layer_norm(x, (40,), weight, weight),
        lambda: F.rms_norm(x * 2, (40,), weight),
    ):
        assert kernels(gpu, function) == 1
    target = (flambeau.arange(48) % 40).to("wgpu")
    assert kernels(gpu, lambda: F.cross_entropy(x, target)) == 2  # the second across the rows
    y = F.softmax(x, 1)
    g = flambeau.randn(48, 40).to("wgpu")
    assert kernels(gpu, lambda: flambeau.autograd.grad(y, x, g)) == 1
    y = F.layer_norm(x, (40,), weight, weight)
    assert kernels(gpu, lambda: flambeau.autograd.grad(y, (x, weight), g)) == 2  # along rows, and across them


@pytest.mark.parametrize("shape", [(9, 515), (70, 1028), (515, 9)], ids=str)
@pytest.mark.parametrize("axis", [0, 1])
def test_what_is_held_is_computed_once(gpu: Any, kind: str, shape: tuple[int, int], axis: int) -> None:
    """In one kernel with reductions that need it: written in the first walk, read in the others."""
    x = flambeau.linspace(0, 2, shape[0] * shape[1]).reshape(shape)
    results = []
    for device in ("cpu", "wgpu"):
        held = [(x.to(device) * 1.5).sinh()]  # (rare: kernels of other tests are told apart by it)
        held += [held[0] * held[0] - 0.5, F.softmax(held[0], axis), held[0].sum(axis)]
        results.append([y.cpu().numpy() for y in held])
    for found, expected in zip(results[1], results[0], strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    rows = [RENDER["rows"](ir) for ir in gpu.engine.pipelines if ir.template == "rows"]
    computed = [re.findall(r"let (\w+): f32 = sinh_f\(", text) for text in rows if "sinh_f" in text]
    assert computed and all(computed)
    for values in computed:
        assert len(set(values)) == len(values), "a value is computed in two walks"


def test_with_more_buffers_than_a_kernel_may_have(gpu: Any) -> None:
    """What waits for a reduction that somebody holds does not come before it."""
    flambeau.manual_seed(0)
    inputs = [flambeau.rand(shape) for shape in ((24,), (2, 3, 4), (2, 3, 4), (4, 6))]
    results = []
    for device in ("cpu", "wgpu"):
        x, y, z, rows = (each.to(device) for each in inputs)
        flambeau.accelerator.synchronize()
        a = -x
        total = a.sum()
        m = flambeau.maximum(y, y)
        held = [a, total, m, y + z, m + total]
        held.append(flambeau.cat([a.view(4, 6), rows]))
        results.append([each.cpu().numpy() for each in held])
    for found, expected in zip(results[1], results[0], strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)
