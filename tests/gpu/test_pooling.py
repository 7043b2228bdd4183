"""Pooling and interpolation on the device: torch's values and gradients, in one kernel each way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import flambeau

Shape = tuple[int, ...]

# A function of nn.functional, the shape of its input, its arguments.
CASES: dict[str, tuple[str, Shape, dict[str, Any]]] = {
    "side by side": ("max_pool2d", (2, 3, 8, 6), {"kernel_size": 2}),
    "with a rest": ("max_pool2d", (2, 3, 7, 9), {"kernel_size": 2}),
    "padded": ("max_pool2d", (2, 3, 7, 9), {"kernel_size": 3, "stride": 3, "padding": 1}),
    "with gaps": ("max_pool2d", (2, 3, 9, 9), {"kernel_size": (2, 1), "stride": 3}),
    "overlapping": ("max_pool2d", (2, 3, 9, 8), {"kernel_size": 3, "stride": 2, "padding": 1}),
    "dilated": ("max_pool2d", (1, 2, 9, 10), {"kernel_size": 3, "stride": 1, "padding": 1, "dilation": 2}),
    "ceil": ("max_pool2d", (2, 2, 7, 8), {"kernel_size": 3, "stride": 2, "ceil_mode": True}),
    "wide": ("max_pool2d", (1, 2, 12, 11), {"kernel_size": 5, "stride": 2, "padding": 2}),
    "line": ("max_pool1d", (2, 3, 11), {"kernel_size": 3, "stride": 2}),
    "volume": ("max_pool3d", (1, 2, 5, 4, 6), {"kernel_size": 2}),
    "one image": ("max_pool2d", (3, 6, 6), {"kernel_size": 2}),
    "averages": ("avg_pool2d", (2, 3, 8, 6), {"kernel_size": 2}),
    "averages over edges": ("avg_pool2d", (2, 3, 7, 9), {"kernel_size": 3, "stride": 2, "padding": 1}),
    "averages inside": ("avg_pool2d", (1, 2, 5, 5), {"kernel_size": 3, "padding": 1, "count_include_pad": False}),
    "adaptive averages": ("adaptive_avg_pool2d", (2, 3, 7, 9), {"output_size": (3, 4)}),
    "adaptive line": ("adaptive_avg_pool1d", (2, 3, 10), {"output_size": 4}),
    "bilinear": ("interpolate", (2, 2, 5, 4), {"size": (8, 3), "mode": "bilinear"}),
    "nearest": ("interpolate", (2, 2, 5, 4), {"scale_factor": 2}),
}
WITH_PLACES: dict[str, tuple[str, Shape, dict[str, Any]]] = {
    "places": ("max_pool2d", (2, 3, 9, 8), {"kernel_size": 3, "stride": 2, "padding": 1, "return_indices": True}),
    "adaptive": ("adaptive_max_pool2d", (2, 3, 7, 9), {"output_size": (3, 5), "return_indices": True}),
    "adaptive line": ("adaptive_max_pool1d", (3, 10), {"output_size": 4, "return_indices": True}),
}


def outcome(library: Any, device: str, x: Any, name: str, arguments: dict[str, Any]) -> list[Any]:
    """The result, where its elements are if that is asked for, and the gradient of the input."""
    x = library.from_numpy(x).to(device).requires_grad_()
    found = getattr(library.nn.functional, name)(x, **arguments)
    results = list(found) if isinstance(found, tuple) else [found]
    (results[0] * results[0]).sum().backward()
    return [t.detach().cpu().numpy() for t in (*results, x.grad)]


def check(x: Any, name: str, arguments: dict[str, Any]) -> None:
    expected = outcome(torch, "cpu", x, name, arguments)
    for theirs, ours in zip(expected, outcome(flambeau, "wgpu", x, name, arguments), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("case", [*CASES.values(), *WITH_PLACES.values()], ids=[*CASES, *WITH_PLACES])
def test_values_and_gradients(case: tuple[str, Shape, dict[str, Any]]) -> None:
    name, shape, arguments = case
    generator = np.random.default_rng(0)
    check(generator.standard_normal(shape).astype("f4"), name, arguments)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"kernel_size": 2}, {"kernel_size": 3, "stride": 1, "padding": 1}], ids=str)
def test_the_first_of_equals_takes_the_gradient(settings: dict[str, Any]) -> None:
    x = np.random.default_rng(0).integers(0, 3, (1, 2, 8, 8)).astype("f4")
    check(x, "max_pool2d", settings)
    check(np.full((1, 1, 6, 6), -np.inf, "f4"), "max_pool2d", settings | {"return_indices": True})


@pytest.mark.slow
def test_nan_is_larger_than_all() -> None:
    x = np.arange(36, dtype="f4").reshape(1, 1, 6, 6)
    x[0, 0, 2, 3] = np.nan
    for settings in ({"kernel_size": 2}, {"kernel_size": 3, "stride": 1}):
        expected = torch.nn.functional.max_pool2d(torch.from_numpy(x), **settings)
        found = flambeau.nn.functional.max_pool2d(flambeau.from_numpy(x).to("wgpu"), **settings)
        np.testing.assert_array_equal(found.cpu().numpy(), expected.numpy())


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_one_kernel_each_way(case: tuple[str, Shape, dict[str, Any]], gpu: Any) -> None:
    name, shape, arguments = case
    function: Callable[..., Any] = getattr(flambeau.nn.functional, name)
    x = flambeau.rand(shape).to("wgpu").requires_grad_()
    activated = function(x, **arguments).relu()
    assert len(gpu.kernels()) == 1
    g = flambeau.rand(activated.shape).to("wgpu")
    function(x, **arguments).backward(g)
    assert len(gpu.kernels()) == 1
    assert x.grad is not None


@pytest.mark.slow
def test_tables_stay_on_the_device(gpu: Any) -> None:
    x = flambeau.rand(1, 2, 6, 6).to("wgpu")
    for _ in range(2):
        flambeau.nn.functional.avg_pool2d(x, 2).cpu()
    writes = gpu.engine.device.counters.writes
    flambeau.nn.functional.avg_pool2d(x, 2).cpu()
    assert gpu.engine.device.counters.writes == writes


@pytest.mark.slow
@pytest.mark.parametrize("indices", [False, True])
def test_second_derivative(indices: bool) -> None:
    def penalty(library: Any, device: str) -> Any:
        x = (library.arange(2 * 7 * 7).reshape(1, 2, 7, 7).to(device) * 37.0 % 101).requires_grad_()
        y = library.nn.functional.max_pool2d(x, 3, 2, return_indices=indices)
        y = y[0] if indices else y
        (slope,) = library.autograd.grad((y * y).sum(), x, create_graph=True)
        (slope * slope).sum().backward()
        return x.grad.cpu().numpy()

    np.testing.assert_allclose(penalty(flambeau, "wgpu"), penalty(torch, "cpu"), rtol=1e-5)


@pytest.mark.slow
def test_no_samples() -> None:
    for name, settings in (("max_pool2d", {"kernel_size": 2}), ("avg_pool2d", {"kernel_size": 2})):
        check(np.zeros((0, 2, 6, 6), "f4"), name, settings)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["side by side", "overlapping", "averages", "adaptive averages"])
def test_half_precision(name: str) -> None:
    if flambeau.float16 not in flambeau.zeros(1, device="wgpu")._storage.backend.dtypes:
        with pytest.raises(TypeError, match="float16"):
            flambeau.zeros(1, device="wgpu", dtype=flambeau.float16)
        return
    function, shape, arguments = CASES[name]
    x = np.random.default_rng(0).standard_normal(shape).astype("f2")
    expected = outcome(torch, "cpu", x.astype("f4"), function, arguments)
    for theirs, ours in zip(expected, outcome(flambeau, "wgpu", x, function, arguments), strict=True):
        assert ours.dtype == np.float16
        np.testing.assert_allclose(ours, theirs, rtol=4e-3, atol=4e-3)
