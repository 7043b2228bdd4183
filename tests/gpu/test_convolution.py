"""Convolutions on the device: torch's values and gradients from every layout of the kernels, and how many kernels they take."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import flambeau
from flambeau.backends.numpy_kernels import convolution as in_numpy
from flambeau.dtype import int32
from flambeau_wgpu.kernels.convolution_choice import LARGE, SMALL, ConvolutionShape, Layout, candidates, default
from flambeau_wgpu.kernels.matmul import Variant
from flambeau_wgpu.lazy import CONVOLVE, CONVOLVE_INPUT, CONVOLVE_WEIGHT, Op
from flambeau_wgpu.tune import Tuner

Shape = tuple[int, ...]

SETTINGS: dict[str, tuple[Shape, Shape, dict[str, Any]]] = {
    "dense": ((3, 4, 9, 7), (6, 4, 3, 3), {"padding": 1}),
    "apart": ((3, 4, 9, 8), (6, 2, 3, 2), {"stride": (2, 3), "padding": (1, 0), "groups": 2}),
    "dilated": ((2, 3, 9, 9), (4, 3, 2, 3), {"dilation": (3, 2)}),
    "points": ((3, 4, 5, 6), (5, 4, 1, 1), {}),
    "points apart": ((2, 16, 9, 9), (13, 16, 1, 1), {"stride": 2}),
    "each channel": ((2, 5, 8, 6), (5, 1, 3, 3), {"groups": 5, "padding": 1}),
    "each channel twice, apart": ((2, 3, 8, 6), (6, 1, 3, 2), {"groups": 3, "stride": 2}),
    "line": ((3, 4, 20), (6, 4, 5), {"padding": 2}),
    "long line": ((3, 2, 40), (3, 2, 11), {"padding": 7, "stride": 3}),
    "volume": ((2, 4, 7, 6, 8), (6, 2, 3, 3, 2), {"padding": (0, 1, 1), "stride": (2, 1, 2), "groups": 2}),
    "small planes, many channels": ((4, 64, 4, 4), (64, 64, 3, 3), {"padding": 1}),
    "halved": ((2, 16, 33, 31), (9, 16, 7, 7), {"padding": 3, "stride": 2}),
    "with gaps": ((2, 3, 17, 16), (5, 3, 2, 1), {"stride": 3}),
    "beyond the edges": ((2, 3, 3, 3), (4, 3, 5, 5), {"padding": 4}),
    "large": ((4, 32, 32, 32), (64, 32, 3, 3), {"padding": 1}),
    "large, points": ((8, 64, 16, 16), (128, 64, 1, 1), {}),
    "no samples": ((0, 3, 8, 8), (4, 3, 3, 3), {}),
    "next to each other": ((3, 5, 12, 8), (7, 5, 3, 3), {"padding": (2, 0)}),
    "small planes, ragged": ((5, 6, 3, 2), (4, 6, 3, 3), {"padding": 1}),
    "every other": ((3, 6, 9, 8), (10, 6, 3, 3), {"padding": 1, "stride": 2}),
    "every third of five": ((2, 3, 14, 17), (4, 3, 5, 5), {"padding": 2, "stride": 3}),
    "even": ((2, 3, 9, 10), (4, 3, 4, 4), {"padding": 1, "stride": 2}),
}
AS_PRODUCTS = [
    "dense", "points", "points apart", "small planes, many channels", "beyond the edges", "large", "next to each other",
    "small planes, ragged", "every other", "every third of five", "even",
]  # fmt: skip
WINOGRAD = ["dense", "small planes, many channels", "large", "next to each other", "small planes, ragged"]
LAYOUTS = [
    *[("workgroup", 64, name) for name in SETTINGS],
    *[("register", SMALL, name) for name in SETTINGS],
    *[("register", LARGE, name) for name in ("dense", "apart", "long line", "volume", "halved", "large")],
    *[("winograd", 1, name) for name in AS_PRODUCTS],
    *[("winograd", size, name) for size in (2, 4) for name in WINOGRAD],
]


@pytest.fixture
def use(gpu: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Layout], set[str]]]:
    """Has convolutions laid out so where they can be, and tells which were."""
    device, plans = gpu.engine.device, gpu.engine.plans

    def force(layout: Layout) -> set[str]:
        laid_out: set[str] = set()
        # The kernels for real GPUs compute the same on any device.
        kind = "gpu" if layout.kind == "workgroup" else "cpu"
        monkeypatch.setattr(device, "info", dataclasses.replace(device.info, kind=kind))

        def choose(key: str, found: Sequence[Any], default: Any, work: Any) -> Any:
            if layout in found:
                laid_out.add(key.split()[0])
            return layout if layout in found else default

        monkeypatch.setattr(gpu.engine.tuner, "choose", choose)
        return laid_out

    plans.clear()
    yield force
    gpu.backend.synchronize()
    plans.clear()


def outcome(library: Any, device: str, arrays: list[Any], transposed: bool, settings: dict[str, Any]) -> list[Any]:
    """The activated result of a convolution and the gradients of input, weight and bias."""
    x, w, b = (library.from_numpy(a).to(device).requires_grad_() for a in arrays)
    name = f"conv{'_transpose' if transposed else ''}{x.dim() - 2}d"
    y = getattr(library.nn.functional, name)(x, w, b, **settings).relu()
    (y * y).sum().backward()
    return [t.detach().cpu().numpy() for t in (y, x.grad, w.grad, b.grad)]


def check(shape: Shape, kernel: Shape, bias: int, transposed: bool, settings: dict[str, Any]) -> None:
    generator = np.random.default_rng(0)
    arrays = [generator.standard_normal(s).astype("f4") for s in (shape, kernel, (bias,))]
    expected = outcome(torch, "cpu", arrays, transposed, settings)
    found = outcome(flambeau, "wgpu", arrays, transposed, settings)
    for theirs, ours in zip(expected, found, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5 * max(1.0, np.abs(theirs).max(initial=0)))


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "size", "name"), LAYOUTS)
def test_every_layout(use: Callable[[Layout], set[str]], kind: str, size: int, name: str) -> None:
    laid_out = use(Layout(kind, size))
    shape, kernel, settings = SETTINGS[name]
    check(shape, kernel, kernel[0], False, settings)
    if kind == "winograd":
        assert laid_out == {"convolution", "convolution_input", "convolution_weight"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shape", "kernel", "settings"),
    [
        ((2, 4, 5, 6), (4, 3, 3, 2), {"stride": 2, "padding": 1, "output_padding": 1}),
        ((2, 6, 7), (6, 2, 4), {"stride": 3, "groups": 2}),
        ((2, 64, 8, 8), (64, 64, 4, 4), {"stride": 2, "padding": 1}),
        ((1, 2, 3, 2, 3), (2, 2, 2, 2, 2), {"dilation": 2}),
    ],
)
@pytest.mark.parametrize("layout", [Layout("workgroup", 64), Layout("register", SMALL), Layout("winograd", 1)], ids=str)
def test_transposed(
    use: Callable[[Layout], set[str]], shape: Shape, kernel: Shape, settings: dict[str, Any], layout: Layout
) -> None:
    use(layout)
    check(shape, kernel, kernel[1] * settings.get("groups", 1), True, settings)


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 2, 4])
def test_a_long_epilogue(use: Callable[[Layout], set[str]], gpu: Any, size: int) -> None:
    """One that is not written out for every vector of results."""
    use(Layout("winograd", size))
    b = gpu.backend
    generator = np.random.default_rng(0)
    arrays = [generator.standard_normal(s).astype("f4") for s in ((2, 3, 8, 8), (5, 3, 3, 3), (5,), (2, 5, 8, 8))]
    x, w, bias, residual = map(gpu.put, arrays)
    y = b.add(b.kernels["convolve"](x, w, bias, (1, 1), (1, 1), (1, 1), 1), residual)
    for _ in range(4):
        y = b.sin(b.add(b.mul(y, 1.5), b.mul(residual, y)))
    assert [ops[0] for ops in gpu.kernels()] == ["into", "into", "matmul", "convolution"]
    x, w, bias, residual = map(torch.from_numpy, arrays)
    expected = torch.nn.functional.conv2d(x, w, bias, padding=1) + residual
    for _ in range(4):
        expected = torch.sin(expected * 1.5 + residual * expected)
    np.testing.assert_allclose(gpu.get(y), expected, rtol=1e-2, atol=1e-3)


def layers(op: Op, samples: int = 16, dtype: str = "float32", bias: bool = False) -> dict[str, ConvolutionShape]:
    """Some of ResNet-18 on images of 32 × 32, and a layer for each channel."""
    sizes = {
        "first": (3, 64, 32, 3, 1), "wide": (64, 64, 32, 3, 1), "halving": (64, 128, 32, 3, 2), "shortcut": (64, 128, 32, 1, 2),
        "last": (512, 512, 4, 3, 1),
    }  # fmt: skip
    shapes = {
        name: ConvolutionShape(
            op, samples, inner, outer, (size,) * 2, (taps,) * 2, (stride,) * 2, (taps // 2,) * 2, (1, 1), 1, dtype, bias
        )
        for name, (inner, outer, size, taps, stride) in sizes.items()
    }
    return shapes | {"each": shapes["wide"]._replace(groups=64)}


def test_what_is_taken_unmeasured() -> None:
    def taken(op: Op, kind: str, largest: int = 1 << 30, **settings: Any) -> dict[str, str]:
        return {
            name: str(default(shape, kind, candidates(shape, kind, largest)))
            for name, shape in layers(op, **settings).items()
        }

    assert taken(CONVOLVE, "cpu") == {
        "first": "register 16", "wide": "winograd 4", "halving": "winograd 1", "shortcut": "winograd 1",
        "last": "winograd 2", "each": "register 8",
    }  # fmt: skip
    assert taken(CONVOLVE_INPUT, "cpu")["halving"] == "winograd 1"
    assert taken(CONVOLVE_WEIGHT, "cpu", bias=True)["wide"] == "winograd 4"
    assert taken(CONVOLVE, "cpu", samples=1)["shortcut"] == "register 8"
    assert taken(CONVOLVE, "cpu", dtype="float16")["wide"] == "register 16"
    assert taken(CONVOLVE, "cpu", largest=1 << 16)["wide"] == "register 16"
    assert taken(CONVOLVE, "gpu")["wide"] == "workgroup 64"
    assert taken(CONVOLVE, "gpu")["each"] == "register 8"


def test_convolutions_are_measured(gpu: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    tuner = Tuner(gpu.engine.device, "1")
    few = [Layout("register", SMALL), Layout("winograd", 1)]
    monkeypatch.setattr("flambeau_wgpu.kernels.convolution_choice.candidates", lambda *_: few)
    monkeypatch.setattr("flambeau_wgpu.kernels.matmul.candidates", lambda *_: [Variant("register", 4, 4)])
    gpu.engine.plans.clear()
    monkeypatch.setattr(gpu.engine, "tuner", tuner)
    check((3, 5, 7, 6), (4, 5, 3, 3), 4, False, {"padding": 1})
    settings = "4x8x4 8x8 by 3x3 1x1 1x1 1 float32"
    for op in ("convolution", "convolution_input", "convolution_weight"):
        key = f"{op} {settings}{' bias' if op == 'convolution_weight' else ''}"
        assert tuner.chosen[key] in map(str, few)
    gpu.engine.plans.clear()


@pytest.mark.slow
def test_second_derivative() -> None:
    def penalty(library: Any, device: str) -> list[Any]:
        x = library.linspace(-1, 1, 2 * 3 * 7 * 6).reshape(2, 3, 7, 6).to(device).requires_grad_()
        w = library.linspace(-1, 2, 4 * 3 * 3 * 2).reshape(4, 3, 3, 2).to(device).requires_grad_()
        y = library.nn.functional.conv2d(x, w, stride=2, padding=1)
        (slope,) = library.autograd.grad((y * y * y).sum(), x, create_graph=True)
        (slope * slope).sum().backward()
        return [t.grad.cpu().numpy() for t in (x, w)]

    for theirs, ours in zip(penalty(torch, "cpu"), penalty(flambeau, "wgpu"), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max())


@pytest.mark.slow
def test_half_precision() -> None:
    generator = np.random.default_rng(0)
    arrays = [generator.standard_normal(s).astype("f2") for s in ((2, 3, 8, 7), (4, 3, 3, 3), (4,))]
    if flambeau.float16 not in flambeau.zeros(1, device="wgpu")._storage.backend.dtypes:
        with pytest.raises(TypeError, match="float16"):
            outcome(flambeau, "wgpu", arrays, False, {})
        return
    expected = outcome(torch, "cpu", [a.astype("f4") for a in arrays], False, {})
    for theirs, ours in zip(expected, outcome(flambeau, "wgpu", arrays, False, {}), strict=True):
        assert ours.dtype == np.float16
        np.testing.assert_allclose(ours, theirs, rtol=1e-2, atol=2e-2 * np.abs(theirs).max())


@pytest.mark.slow
def test_integers(gpu: Any) -> None:
    generator = np.random.default_rng(0)
    x, w, g = (generator.integers(-9, 9, s, "i4") for s in ((2, 4, 6, 5), (6, 2, 3, 2), (2, 6, 3, 4)))
    settings = ((2, 1), (1, 0), (1, 1), 2)
    kernels = gpu.backend.kernels
    y = kernels["convolve"](gpu.put(x, int32), gpu.put(w, int32), None, *settings)
    np.testing.assert_array_equal(gpu.get(y), in_numpy.convolve(x, w, None, *settings))
    y = kernels["convolution_input_grad"](gpu.put(g, int32), gpu.put(w, int32), (6, 5), *settings)
    np.testing.assert_array_equal(gpu.get(y), in_numpy.convolution_input_grad(g, w, (6, 5), *settings))
    y = kernels["convolution_weight_grad"](gpu.put(g, int32), gpu.put(x, int32), (3, 2), *settings)
    np.testing.assert_array_equal(gpu.get(y), in_numpy.convolution_weight_grad(g, x, (3, 2), *settings))


@pytest.mark.slow
def test_one_kernel_with_bias_activation_and_residual_from_operands_as_they_lie(gpu: Any) -> None:
    b = gpu.backend
    generator = np.random.default_rng(0)
    pixels, weight, bias, residual = (
        generator.standard_normal(s).astype("f4") for s in ((2, 9, 8, 5), (3, 3, 3, 4), (4,), (2, 4, 9, 8))
    )
    # Channels last, and a slice of them; weights with the outputs last.
    x = b.narrow(b.permute(gpu.put(pixels), (0, 3, 1, 2)), 1, 1, 3)
    w = b.permute(gpu.put(weight), (3, 0, 1, 2))
    y = b.kernels["convolve"](x, w, gpu.put(bias), (1, 1), (1, 1), (1, 1), 1)
    y = b.maximum(b.add(y, gpu.put(residual)), 0.0)
    assert gpu.kernels() == [["convolution", "maximum", "add", "add"]]
    seen = torch.from_numpy(pixels).permute(0, 3, 1, 2)[:, 1:4]
    expected = torch.nn.functional.conv2d(
        seen, torch.from_numpy(weight).permute(3, 0, 1, 2), torch.from_numpy(bias), padding=1
    )
    np.testing.assert_allclose(gpu.get(y), (expected + torch.from_numpy(residual)).relu(), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_sums_are_the_same_on_every_run(gpu: Any) -> None:
    b = gpu.backend
    generator = np.random.default_rng(0)
    g, x = (gpu.put(generator.standard_normal(s).astype("f4")) for s in ((16, 4, 16, 16), (16, 2, 18, 18)))
    kernel = b.kernels["convolution_weight_grad"]
    first, second = (gpu.get(kernel(g, x, (3, 3), (1, 1), (0, 0), (1, 1), 1)) for _ in range(2))
    assert first.tobytes() == second.tobytes()


@pytest.mark.slow
def test_other_sizes_find_their_kernels(gpu: Any) -> None:
    """Batch, height, channels and padding are numbers: no other value of them compiles anything."""
    b = gpu.backend

    def run(batch: int, channels: int, height: int, padding: int) -> Any:
        x = b.full((batch, channels, height, 8), 1.0, flambeau.float32)
        w = b.full((8, channels, 3, 3), 1.0, flambeau.float32)
        x, w = (gpu.put(np.ones(t.shape)) for t in (x, w))
        return gpu.get(b.kernels["convolve"](x, w, None, (1, 1), (padding, 1), (1, 1), 1))

    run(2, 3, 16, 1)
    pipelines = gpu.engine.device.counters.pipelines
    for batch, channels, height, padding in ((3, 3, 16, 1), (2, 5, 16, 0), (4, 3, 12, 2)):
        run(batch, channels, height, padding)
    assert gpu.engine.device.counters.pipelines == pipelines


@pytest.mark.slow
def test_the_gradient_of_a_bias_comes_with_that_of_its_weight(gpu: Any) -> None:
    generator = np.random.default_rng(0)
    g, x = (generator.standard_normal(s).astype("f4") for s in ((3, 5, 6, 4), (3, 2, 6, 4)))
    settings = ((3, 3), (1, 1), (1, 1), (1, 1), 1)
    for slices in (1, 4):
        grads = gpu.put(np.tile(g, (slices, 1, 1, 1))), gpu.put(np.tile(x, (slices, 1, 1, 1)))
        of_weight, of_bias = gpu.backend.kernels["convolution_parameter_grads"](*grads, *settings)
        del of_weight  # nobody wants it
        doubled = gpu.backend.mul(of_bias, 2.0)
        assert sum("convolution_weight" in ops for ops in gpu.kernels()) <= 2
        np.testing.assert_allclose(gpu.get(of_bias), slices * g.sum((0, 2, 3)), rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(gpu.get(doubled), 2 * slices * g.sum((0, 2, 3)), rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_more_consumers_than_a_kernel_has_buffers(gpu: Any) -> None:
    b = gpu.backend
    generator = np.random.default_rng(0)
    x, w, *others = (
        generator.standard_normal(s).astype("f4") for s in ((1, 2, 4, 4), (2, 2, 1, 1), *[(1, 2, 4, 4)] * 9)
    )
    y = b.kernels["convolve"](gpu.put(x), gpu.put(w), None, (1, 1), (0, 0), (1, 1), 1)
    for other in others:
        y = b.add(y, gpu.put(other))
    expected = np.einsum("oc,nchw->nohw", w[:, :, 0, 0], x) + sum(others)
    np.testing.assert_allclose(gpu.get(y), expected, rtol=1e-4, atol=1e-5)
