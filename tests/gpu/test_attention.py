"""Attention on the GPU: one kernel forward, three back, none of the weights in memory; and PyTorch's values."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flambeau
from flambeau.ops.attention import _attention
from flambeau_wgpu.kernels import attention_walk
from flambeau_wgpu.kernels.attention import FORWARD
from flambeau_wgpu.kernels.attention_backward import OF_KEYS
from flambeau_wgpu.kernels.attention_walk import Problem, Variant, candidates, default
from flambeau_wgpu.large.blocks import WALK
from flambeau_wgpu.lazy import ATTENTION, ATTENTION_KEY
from flambeau_wgpu.tune import Tuner

attention = flambeau.nn.functional.scaled_dot_product_attention
SHAPES = [(2, 3, 33, 16), (2, 3, 40, 16), (2, 3, 40, 24), (2, 3, 33, 24)]
WHOLE = [(2, 2, 64, 8), (2, 2, 72, 8), (2, 2, 72, 12), (2, 2, 64, 12)]
NARROW = [(3, 4, 3), (3, 70, 3), (3, 70, 5), (3, 4, 5)]  # rows that are no whole vectors, though all of them are


def tensors(device: str, shapes: list[Any] = SHAPES, dtype: Any = None) -> list[Any]:
    flambeau.manual_seed(0)
    return [flambeau.randn(shape).to(dtype or flambeau.float32).to(device).requires_grad_() for shape in shapes]


def causal(rows: int, columns: int) -> Any:
    return flambeau.ones(rows, columns, dtype=flambeau.bool).tril()


def numbers(*shape: int) -> Any:
    return flambeau.linspace(-2, 2, int(np.prod(shape))).sin().reshape(shape)


def moved(options: dict[str, Any], device: str) -> dict[str, Any]:
    return {name: x.to(device) if isinstance(x, flambeau.Tensor) else x for name, x in options.items()}


def close(found: Any, expected: Any, tolerance: float = 1e-4) -> None:
    for x, y in zip(found, expected, strict=True):
        np.testing.assert_allclose(x, y, rtol=10 * tolerance, atol=tolerance * max(1.0, float(np.abs(y).max())))


OPTIONS: dict[str, Any] = {
    "plain": {},
    "causal": {"is_causal": True},
    "bool mask": {"attn_mask": causal(33, 40).flip(1)},  # one row sees nothing
    "nothing seen": {"attn_mask": flambeau.zeros(33, 40, dtype=flambeau.bool)},
    "float mask": {"attn_mask": flambeau.linspace(-2, 2, 40), "scale": 0.3},
    "padding": {"attn_mask": (flambeau.arange(40) < flambeau.tensor([[30], [7]])).reshape((2, 1, 1, 40))},
    "mask and causal": {"attn_mask": numbers(2, 3, 33, 40), "is_causal": True},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIONS)
def test_values_and_gradients(gpu: Any, name: str) -> None:
    results = []
    for device in ("cpu", "wgpu"):
        query, key, value, g = tensors(device)
        y = attention(query, key, value, **moved(OPTIONS[name], device))
        first = flambeau.autograd.grad(y, (query, key, value), g, retain_graph=True)
        grads = flambeau.autograd.grad(y, (query, key, value), g, create_graph=True)
        (second,) = flambeau.autograd.grad(sum(x.square().sum() for x in grads), query)
        results.append([x.detach().cpu().numpy() for x in (y, *first, *grads, second)])
    close(results[1], results[0])


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"attn_mask": numbers(2, 6, 33, 40)}], ids=list)
def test_grouped_queries(gpu: Any, options: dict[str, Any]) -> None:
    results = []
    for device in ("cpu", "wgpu"):
        query, key, value, g = tensors(device, [(2, 6, 33, 8), (2, 2, 40, 8), (2, 2, 40, 8), (2, 6, 33, 8)])
        y = attention(query, key, value, enable_gqa=True, **moved(options, device))
        grads = flambeau.autograd.grad(y, (query, key, value), g)
        results.append([x.detach().cpu().numpy() for x in (y, *grads)])
    close(results[1], results[0])


@pytest.mark.slow
def test_the_gradient_of_a_bias(gpu: Any) -> None:
    results = []
    for device in ("cpu", "wgpu"):
        query, key, value, g = tensors(device)
        bias = numbers(3, 33, 40).to(device).requires_grad_()
        y = attention(query, key, value, bias)
        grads = flambeau.autograd.grad(y, (bias, query), g)
        results.append([x.detach().cpu().numpy() for x in (y, *grads)])
    close(results[1], results[0])


@pytest.mark.slow
@pytest.mark.parametrize("is_causal", [False, True])
def test_16_bit_floats(gpu: Any, is_causal: bool) -> None:
    results: list[Any] = []
    for device, dtype in (("cpu", flambeau.float32), ("wgpu", flambeau.float16)):
        query, key, value, g = tensors(device, dtype=dtype)
        y = attention(query, key, value, is_causal=is_causal)
        grads = flambeau.autograd.grad(y, (query, key, value), g)
        assert {x.dtype for x in (y, *grads)} == {dtype}
        results.append([x.detach().float().cpu().numpy() for x in (y, *grads)])
    close(results[1], results[0], 2e-3)
    query, key, value, g = tensors("wgpu", dtype=flambeau.float16)
    gpu.engine.flush()
    y = attention(query, key, value)
    assert gpu.kernels() == [["attention"]], "elements are widened where they are loaded"


# --- layouts

VARIANTS = sorted({v for op, side in ((ATTENTION, FORWARD), (ATTENTION_KEY, OF_KEYS))
                   for v in candidates(Problem(op, 64, 64, 4, 8, 12, side))})  # fmt: skip


@pytest.fixture(params=VARIANTS, ids=str)
def variant(gpu: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Variant]:
    gpu.engine.plans.clear()

    def choose(key: str, known: Any, unmeasured: Any, work: Any) -> Any:
        return request.param if key.startswith("attention") else unmeasured

    monkeypatch.setattr(gpu.engine.tuner, "choose", choose)
    yield request.param
    gpu.backend.synchronize()
    gpu.engine.plans.clear()


def test_both_kinds_of_layouts_are_there() -> None:
    assert {variant.layout for variant in VARIANTS} == {"register", "subgroup", "workgroup"}


@pytest.mark.slow
@pytest.mark.parametrize("shapes", [WHOLE, NARROW], ids=["whole", "ragged"])
@pytest.mark.parametrize("full", [False, True], ids=["causal", "bias and noise"])
def test_every_variant(gpu: Any, variant: Variant, shapes: list[Any], full: bool) -> None:
    results = []
    pairs = (*shapes[0][:-1], shapes[1][-2])
    for device in ("cpu", "wgpu"):
        query, key, value, g = tensors(device, shapes)
        bias = numbers(*pairs).to(device) if full else None
        noise = (numbers(*pairs) > 0).to(flambeau.float32).mul(2).to(device) if full else None
        y, sums = _attention(query, key, value, bias, noise, 0.4, not full)
        grads = flambeau.autograd.grad(y, (query, key, value), g)
        results.append([x.detach().cpu().numpy() for x in (y, sums, *grads)])
    close(results[1], results[0])


def test_the_default_on_a_gpu_shares_memory() -> None:
    problem = Problem(ATTENTION, 512, 512, 16, 64, 64, FORWARD)
    assert default(problem, "gpu") == Variant("workgroup", 1, 4)
    assert 16 * problem.staged * (64 + 64) // 4 <= attention_walk.STAGED_BYTES
    assert default(problem._replace(rows=1), "gpu").layout == "register"


def test_the_default_on_a_software_adapter_shares_registers_where_it_can() -> None:
    problem = Problem(ATTENTION, 64, 64, 64, 32, 32, FORWARD)
    assert default(problem, "cpu", subgroups=True) == Variant("subgroup", 4, 2)
    assert default(problem._replace(batches=1024), "cpu", subgroups=True) == Variant("subgroup", 8, 1)
    assert default(problem, "cpu", subgroups=False) == Variant("register", 8, 1)
    assert default(problem._replace(op=ATTENTION_KEY, side=OF_KEYS), "cpu", subgroups=True).rows == 4
    assert default(problem._replace(rows=1, batches=8), "cpu", subgroups=True) == Variant("register", 1, 4)
    long = problem._replace(met=4 * WALK)
    assert all(
        long.met <= chosen.met * WALK
        for chosen in [default(long, "cpu", True), default(long, "cpu"), *candidates(long)]
    )


@pytest.mark.slow
def test_walks_are_measured(gpu: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    few = [Variant("register", 1, 4), Variant("register", 2, 4)]
    monkeypatch.setattr(attention_walk, "candidates", lambda *_: few)
    tuner = Tuner(gpu.engine.device, "1")
    gpu.engine.plans.clear()
    monkeypatch.setattr(gpu.engine, "tuner", tuner)
    query, key, value, g = tensors("wgpu", NARROW)
    held = flambeau.autograd.grad(attention(query, key, value), (query, key, value), g)
    gpu.engine.flush()
    chosen = {key: choice for key, choice in tuner.chosen.items() if key.startswith("attention")}
    assert set(chosen) == {"attention 4 128 4 4 8", "attention_query 4 128 4 4 8", "attention_key 128 4 4 4 8"}
    assert set(chosen.values()) <= set(map(str, few))
    gpu.engine.plans.clear()
    del held


# --- kernels and memory


def test_kernels(gpu: Any) -> None:
    query, key, value, g = tensors("wgpu")
    gpu.engine.flush()
    y = attention(query, key, value, is_causal=True)
    assert gpu.kernels() == [["attention"]]
    held = flambeau.autograd.grad(y, (query, key, value), g)
    assert gpu.kernels() == [["mul", "sum"], ["attention_query"], ["attention_key"]]
    del held
    with flambeau.no_grad():
        y = attention(query, key, value).relu()
    assert [kernel[0] for kernel in gpu.kernels()] == ["attention"], "what follows joins it"


def test_nothing_is_moved_between_heads_and_rows(gpu: Any) -> None:
    packed = flambeau.randn(2, 20, 3, 4, 8).to("wgpu").requires_grad_()
    g = flambeau.randn(2, 20, 32).to("wgpu")
    gpu.engine.flush()
    query, key, value = packed.permute(2, 0, 3, 1, 4).unbind(0)
    y = attention(query, key, value).transpose(1, 2).reshape(2, 20, 32)
    assert gpu.kernels() == [["attention"]]
    (of_packed,) = flambeau.autograd.grad(y, packed, g)
    of_packed = of_packed.reshape(40, 96)
    assert gpu.kernels() == [["mul", "sum"], ["attention_query"], ["attention_key"]]
    here = packed.detach().cpu().requires_grad_()
    query, key, value = here.permute(2, 0, 3, 1, 4).unbind(0)
    expected = attention(query, key, value).transpose(1, 2).reshape(2, 20, 32)
    (of_here,) = flambeau.autograd.grad(expected, here, g.cpu())
    close(
        [y.detach().cpu().numpy(), of_packed.cpu().numpy()],
        [expected.detach().numpy(), of_here.reshape(40, 96).numpy()],
    )


def test_more_buffers_than_a_kernel_binds(gpu: Any) -> None:
    query, key, value, g = tensors("wgpu")
    bias, noise = numbers(33, 40).to("wgpu"), numbers(2, 3, 33, 40).to("wgpu")
    y = _attention(query, key, value, bias, noise, 1.0, False)[0]
    gpu.engine.flush()
    held = flambeau.autograd.grad(y, (query, key, value), g)
    names = [ops[0] for ops in gpu.kernels()]
    assert [name for name in names if name.startswith("attention")] == ["attention_query", *["attention_key"] * 2]
    del held


def test_what_is_left_to_products(gpu: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with flambeau.no_grad():
        wide = [flambeau.randn(2, 8, 160).to("wgpu") for _ in range(3)]
        gpu.engine.flush()
        y = attention(*wide)
        assert [kernel[0] for kernel in gpu.kernels()] == ["matmul", "max", "matmul"]
        query, key, value, _ = tensors("wgpu")
        monkeypatch.setattr(gpu.engine, "part", 2048)
        y = attention(query, key, value)
        monkeypatch.undo()
        close([y.cpu().numpy()], [attention(*tensors("cpu")[:3]).numpy()])


@pytest.mark.slow
def test_memory_grows_with_the_length_alone(gpu: Any) -> None:
    peaks = []
    for length in (1024, 4096):
        query, key, value, g = tensors("wgpu", [(1, 1, length, 8)] * 4)
        gpu.backend.synchronize()
        gpu.backend.release_memory()
        held = gpu.backend.memory()["allocated"]
        gpu.backend.reset_peak_memory()
        y = attention(query, key, value)
        grads = flambeau.autograd.grad(y, (query, key, value), g)
        gpu.backend.synchronize()
        peaks.append(gpu.backend.memory()["max_allocated"] - held)
        del y, grads
    assert peaks[1] <= 5 * peaks[0]
    assert peaks[1] < 4 * 4096 * 4096 // 16  # of the scores' bytes


def test_dropout_keeps_the_mean(gpu: Any) -> None:
    query, key, _, _ = tensors("wgpu")
    ones = flambeau.ones(2, 3, 40, 24).to("wgpu")
    y = attention(query, key, ones, dropout_p=0.25)
    assert y.std().item() > 0.05
    assert abs(y.mean().item() - 1) < 0.05
