"""Matrix products in every layout, and how one is chosen."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flambeau.dtype import int32
from flambeau_wgpu.engine import Engine
from flambeau_wgpu.kernels.matmul import ProductShape, Variant, candidates, default
from flambeau_wgpu.tune import Tuner

LAYOUTS = [
    *candidates(ProductShape(512, 512, 512, 1, "along", "across")),
    Variant("register", 8, 8, 3),
    Variant("register", 4, 4, 5),
    Variant("subgroup", 16, 8, 3),
]
random = np.random.default_rng(3)


@pytest.fixture(params=LAYOUTS, ids=str)
def layout(gpu: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Variant]:
    gpu.engine.plans.clear()
    monkeypatch.setattr(gpu.engine.tuner, "choose", lambda key, *_: request.param)
    yield request.param
    gpu.backend.synchronize()
    gpu.engine.plans.clear()


@pytest.mark.slow
@pytest.mark.parametrize("left, right", [(False, False), (True, True)])
@pytest.mark.parametrize("shape", [(3, 1, 2), (33, 65, 70), (64, 32, 128)], ids=str)
def test_every_layout(gpu: Any, layout: Variant, shape: tuple[int, int, int], left: bool, right: bool) -> None:
    rows, inner, columns = shape
    a = random.standard_normal((inner, rows) if left else (rows, inner)).astype("f4")
    c = random.standard_normal((columns, inner) if right else (inner, columns)).astype("f4")
    bias = random.standard_normal(columns).astype("f4")
    b = gpu.backend
    x = b.view(gpu.put(a), (rows, inner), (1, rows), 0) if left else gpu.put(a)
    y = b.view(gpu.put(c), (inner, columns), (1, inner), 0) if right else gpu.put(c)
    z = b.tanh(b.add(b.matmul(x, y), gpu.put(bias)))
    expected = np.tanh((a.T if left else a) @ (c.T if right else c) + bias)
    np.testing.assert_allclose(gpu.get(z), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_batches_in_every_layout(gpu: Any, layout: Variant) -> None:
    a, c = random.standard_normal((3, 1, 20, 12)).astype("f4"), random.standard_normal((2, 12, 9)).astype("f4")
    np.testing.assert_allclose(gpu.get(gpu.backend.matmul(gpu.put(a), gpu.put(c))), a @ c, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_integers_in_every_layout(gpu: Any, layout: Variant) -> None:
    a, c = random.integers(-9, 9, (21, 18), "i4"), random.integers(-9, 9, (18, 37), "i4")
    found = gpu.get(gpu.backend.matmul(gpu.put(a, int32), gpu.put(c, int32)))
    np.testing.assert_array_equal(found, a @ c)


def test_registers_are_shared_where_adapters_can_and_tiles_are_full() -> None:
    def taken(rows: int, inner: int, columns: int, subgroups: bool = True) -> str:
        return str(default(ProductShape(rows, inner, columns, 1, "along", "across"), "cpu", subgroups))

    assert taken(512, 512, 512) == "subgroup 16x8"
    assert taken(512, 512, 512, subgroups=False) == "register 16x16"
    assert taken(4096, 512, 16) == "subgroup down 8x8"
    assert taken(64, 784, 256) == "subgroup 8x8"
    assert taken(4096, 512, 9) == "register 8x16"


def test_a_long_inner_dimension_is_split(gpu: Any) -> None:
    variant = default(ProductShape(4, 50_000, 8, 1, "along", "across"), "cpu")
    assert variant.parts > 1
    a, c = random.standard_normal((4, 50_000)).astype("f4"), random.standard_normal((50_000, 8)).astype("f4")
    x, y = gpu.put(a), gpu.put(c)
    z = gpu.backend.matmul(x, y)
    assert gpu.kernels() == [["matmul"], ["sum"]]
    np.testing.assert_allclose(gpu.get(z), a.astype("f8") @ c, rtol=1e-3, atol=1e-2)


def sleeper(slow: str) -> Callable[[Engine], Callable[[], Any]]:
    """Work that takes longer in one of the layouts: a larger sum."""
    from flambeau.dtype import float32
    from flambeau_wgpu.lazy import HOST, REDUCE, LazyArray

    def work(engine: Engine) -> Callable[[], Any]:
        chosen = engine.tuner.choose("", ("quick", "slow"), "", work)
        count = 1 << (21 if chosen == slow else 6)
        x = LazyArray(HOST, (), bytes(4 * count), (), (1, count), float32)
        return lambda: engine.append(REDUCE, (x,), ("max", (1,)), (1,), float32)

    return work


def test_the_fastest_is_chosen_and_remembered(gpu: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    device = gpu.engine.device
    names = ("quick", "slow")
    assert Tuner(device, "0").choose("a", names, "slow", sleeper("slow")) == "slow"
    assert Tuner(device, "").choose("a", names, "slow", sleeper("slow")) == "slow"
    assert not list(tmp_path.rglob("*.json"))
    assert Tuner(device, "1").choose("a", names, "slow", sleeper("slow")) == "quick"
    (file,) = tmp_path.rglob("*.json")
    assert json.loads(file.read_text())["chosen"] == {"a": "quick"}

    def never(engine: Engine) -> Any:
        raise AssertionError("measured again")

    assert Tuner(device, "").choose("a", names, "slow", never) == "quick"
    assert Tuner(device, "1").choose("a", names, "slow", never) == "quick"
    assert Tuner(device, "0").choose("a", names, "slow", never) == "slow"
    file.write_text("{")
    assert Tuner(device, "").choose("a", names, "slow", never) == "slow"


def test_products_are_measured(gpu: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    few: Sequence[Variant] = [Variant("register", 4, 4), Variant("register", 8, 8)]
    monkeypatch.setattr("flambeau_wgpu.kernels.matmul.candidates", lambda *_: few)
    tuner = Tuner(gpu.engine.device, "1")
    gpu.engine.plans.clear()
    monkeypatch.setattr(gpu.engine, "tuner", tuner)
    a = random.standard_normal((60, 20)).astype("f4")
    turned = gpu.backend.view(gpu.put(a), (20, 60), (1, 20), 0)
    np.testing.assert_allclose(gpu.get(gpu.backend.matmul(gpu.put(a), turned)), a @ a.T, rtol=1e-4, atol=1e-5)
    assert tuner.chosen["matmul 64 32 64 1 along along"] in map(str, few)
    gpu.engine.plans.clear()
