"""Every number of every distribution, against PyTorch's CPU generator, with numpy's arithmetic and without."""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Callable

import pytest
import torch

import flambeau.random as ours
from flambeau.dtype import BY_NAME, dtype

SEEDS = (0, 1, 42, -1, -(2**63), 2**32 + 3, 2**64 - 1)
SIZES = (0, 1, 2, 15, 16, 17, 31, 32, 33, 100, 1000)
RANGES_OF_FLOATS = ((-0.37, 1.7711), (0.0, 0.7), (1.0, 2.0), (-1e-3, 1e-3), (3.0, 3.0), (-5e3, 1e-6), (1e-3, 2e-3))
FLOATS = ("float32", "float64", "float16", "bfloat16")
INTEGERS = ("int64", "int32", "int16", "int8", "uint8")


@pytest.fixture(autouse=True, params=["numpy", "no numpy"])
def arithmetic(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways in which the numbers are made: numpy is used only where it is loaded already."""
    if request.param == "numpy":
        pytest.importorskip("numpy")
    else:
        monkeypatch.setattr(ours, "_numpy", lambda: None)
    return str(request.param)


def pair(seed: int = 5) -> tuple[ours.Generator, torch.Generator]:
    return ours.Generator().manual_seed(seed), torch.Generator().manual_seed(seed)


def theirs(name: str) -> torch.dtype:
    kind = getattr(torch, name)
    assert isinstance(kind, torch.dtype)
    return kind


def tensor(data: bytes | array[int], d: dtype) -> torch.Tensor:
    if len(data) == 0:
        return torch.empty(0, dtype=theirs(d.name))
    return torch.frombuffer(bytearray(bytes(data)), dtype=theirs(d.name))


def same(data: bytes | array[int], d: dtype, expected: torch.Tensor) -> None:
    torch.testing.assert_close(tensor(data, d), expected, rtol=0, atol=0)


def same_state(generator: ours.Generator, judge: torch.Generator) -> None:
    assert generator.state_bytes() == bytes(judge.get_state().tolist())


def test_numpy_is_not_loaded_for_its_own_sake() -> None:
    assert ours._numpy() is None or "numpy" in sys.modules


@pytest.mark.parametrize("seed", SEEDS)
def test_seeds(seed: int) -> None:
    generator, judge = pair(seed)
    assert generator.initial_seed() == judge.initial_seed()
    same_state(generator, judge)
    same(ours.uniform(generator, 700), BY_NAME["float32"], torch.rand(700, generator=judge))
    same_state(generator, judge)


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("count", SIZES)
def test_uniform(name: str, count: int) -> None:
    generator, judge = pair()
    same(
        ours.uniform(generator, count, BY_NAME[name]),
        BY_NAME[name],
        torch.rand(count, dtype=theirs(name), generator=judge),
    )
    same_state(generator, judge)


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize(("low", "high"), RANGES_OF_FLOATS)
def test_uniform_range(name: str, low: float, high: float) -> None:
    generator, judge = pair()
    expected = torch.empty(20_000, dtype=theirs(name)).uniform_(low, high, generator=judge)
    same(ours.uniform(generator, 20_000, BY_NAME[name], low, high), BY_NAME[name], expected)


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (0.0, 0.02), (0.3, 1.7)])
def test_normal(name: str, count: int, mean: float, std: float) -> None:
    generator, judge = pair()
    expected = torch.empty(count, dtype=theirs(name)).normal_(mean, std, generator=judge)
    same(ours.normal(generator, count, BY_NAME[name], mean, std), BY_NAME[name], expected)
    same_state(generator, judge)


@pytest.mark.parametrize("count", [16, 1000])
def test_normal_is_the_same_with_and_without_numpy(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numpy")
    for name in FLOATS:
        monkeypatch.setattr(ours, "_numpy", lambda: sys.modules.get("numpy"))
        with_numpy = ours.normal(ours.Generator().manual_seed(3), count, BY_NAME[name], 0.1, 0.7)
        monkeypatch.setattr(ours, "_numpy", lambda: None)
        assert ours.normal(ours.Generator().manual_seed(3), count, BY_NAME[name], 0.1, 0.7) == with_numpy


RANGES = [(0, 2), (0, 10), (-5, 6), (0, 100), (0, 2**15 - 1), (-(2**31), 0), (0, 2**28 - 1), (0, 2**28), (7, 2**40)]
FLOAT_RANGES = [(0, 2), (-5, 6), (0, 2049), (3, 4099), (-4099, 7), (0, 2**26), (0, 2**29)]


def within(name: str, low: int, high: int) -> bool:
    """Whether PyTorch takes the range for the dtype."""
    info = torch.finfo(theirs(name)) if name in FLOATS else torch.iinfo(theirs(name))
    return bool(info.min <= low and high - 1 <= info.max)


@pytest.mark.parametrize(("name", "low", "high"), [(n, *r) for n in INTEGERS for r in RANGES if within(n, *r)])
def test_randint(name: str, low: int, high: int) -> None:
    generator, judge = pair()
    same(
        ours.randint(generator, 500, low, high, BY_NAME[name]),
        BY_NAME[name],
        torch.randint(low, high, (500,), dtype=theirs(name), generator=judge),
    )
    same_state(generator, judge)


@pytest.mark.filterwarnings("ignore:to - 1 is out of bounds", "ignore:from is out of bounds")
@pytest.mark.parametrize(("name", "low", "high"), [(n, *r) for n in FLOATS for r in FLOAT_RANGES if within(n, *r)])
def test_randint_of_floats(name: str, low: int, high: int) -> None:
    generator, judge = pair()
    expected = torch.randint(low, high, (500,), dtype=theirs(name), generator=judge)
    same(ours.randint(generator, 500, low, high, BY_NAME[name]), BY_NAME[name], expected)


@pytest.mark.parametrize("name", [*INTEGERS, *FLOATS, "bool"])
def test_random_full_range(name: str) -> None:
    generator, judge = pair()
    expected = torch.empty(500, dtype=theirs(name)).random_(generator=judge)
    same(ours.random_(generator, 500, BY_NAME[name]), BY_NAME[name], expected)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 10, 1000, 60_000])
def test_randperm(count: int) -> None:
    generator, judge = pair()
    same(ours.randperm(generator, count), BY_NAME["int64"], torch.randperm(count, generator=judge))
    same_state(generator, judge)


@pytest.mark.parametrize("name", [*FLOATS, "bool", "uint8", "int64"])
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_bernoulli(name: str, p: float) -> None:
    generator, judge = pair()
    drawn = tensor(ours.bernoulli(generator, 2000, p, BY_NAME[name]), BY_NAME[name])
    if intels_own():
        assert abs(drawn.double().mean().item() - p) < 0.05
        return
    torch.testing.assert_close(drawn, torch.empty(2000, dtype=theirs(name)).bernoulli_(p, generator=judge))


def intels_own() -> bool:
    """Whether PyTorch hands `bernoulli_` of one probability to MKL here: on Intel's processors it does."""
    generator = torch.Generator().manual_seed(0)
    mask = torch.empty(64, dtype=torch.bool).bernoulli_(0.5, generator=generator)
    generator.manual_seed(0)
    return not torch.equal(mask, torch.rand(64, dtype=torch.float64, generator=generator) < 0.5)


@pytest.mark.parametrize("name", FLOATS)
def test_bernoulli_each(name: str) -> None:
    p = torch.linspace(0, 1, 500, dtype=theirs(name))
    generator, judge = pair()
    same(
        ours.bernoulli_each(generator, p.tolist(), BY_NAME[name], BY_NAME[name]),
        BY_NAME[name],
        torch.bernoulli(p, generator=judge),
    )


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize(
    ("draw", "method", "arguments"),
    [
        (ours.exponential, "exponential_", (1.0,)),
        (ours.exponential, "exponential_", (2.5,)),
        (ours.cauchy, "cauchy_", (0.0, 1.0)),
        (ours.cauchy, "cauchy_", (-1.0, 0.3)),
        (ours.log_normal, "log_normal_", (1.0, 2.0)),
        (ours.log_normal, "log_normal_", (0.1, 0.4)),
    ],
)
def test_other_continuous(name: str, draw: Callable[..., bytes], method: str, arguments: tuple[float, ...]) -> None:
    generator, judge = pair()
    expected = getattr(torch.empty(5000, dtype=theirs(name)), method)(*arguments, generator=judge)
    same(draw(generator, 5000, BY_NAME[name], *arguments), BY_NAME[name], expected)
    same_state(generator, judge)


@pytest.mark.parametrize("name", [*FLOATS, "int64", "uint8"])
def test_geometric(name: str) -> None:
    generator, judge = pair()
    expected = torch.empty(500, dtype=theirs(name)).geometric_(0.2, generator=judge)
    same(ours.geometric(generator, 500, 0.2, BY_NAME[name]), BY_NAME[name], expected)


@pytest.mark.parametrize("name", ["float32", "float64"])
@pytest.mark.parametrize(("samples", "replacement"), [(1, False), (1, True), (3, False), (7, True)])
def test_multinomial(name: str, samples: int, replacement: bool) -> None:
    weights = torch.tensor([[0.1, 0.2, 0.3, 0.4], [5.0, 0.0, 1.0, 2.0], [1.0, 1.0, 1.0, 1.0]], dtype=theirs(name))
    generator, judge = pair()
    for _ in range(20):
        drawn = ours.multinomial(generator, weights.tolist(), samples, replacement, BY_NAME[name])
        assert drawn == torch.multinomial(weights, samples, replacement, generator=judge).tolist()


def test_calls_in_turn_and_states_between() -> None:
    """One generator, every distribution, odd counts: the streams stay in step, and each state continues the other."""
    generator, judge = pair(123)
    float32, float64 = BY_NAME["float32"], BY_NAME["float64"]
    for count in (3, 1, 620, 17, 5, 2, 623, 40):
        same(ours.normal(generator, count), float32, torch.randn(count, generator=judge))
        same(ours.uniform(generator, count), float32, torch.rand(count, generator=judge))
        same(ours.randint(generator, count, 0, 9), BY_NAME["int64"], torch.randint(9, (count,), generator=judge))
        same(ours.randperm(generator, count), BY_NAME["int64"], torch.randperm(count, generator=judge))
        same_state(generator, judge)
        judge.set_state(torch.tensor(list(generator.state_bytes()), dtype=torch.uint8))
        generator.set_state_bytes(bytes(judge.get_state().tolist()))
        same(ours.normal(generator, 1, float64), float64, torch.randn(1, dtype=torch.float64, generator=judge))


def test_words_are_enough_at_once() -> None:
    """A hundred thousand numbers: one draw or many, the same numbers."""
    generator, judge = pair(9)
    expected = torch.rand(100_000, generator=judge)
    same(ours.uniform(generator, 100_000), BY_NAME["float32"], expected)
    assert math.isclose(expected.mean().item(), 0.5, abs_tol=0.01)
