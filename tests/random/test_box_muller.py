"""Normal float32 numbers, bit for bit: the emulated fused multiply-adds, the special cases, many seeds and sizes."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import flambeau
import flambeau.random as ours
from flambeau import _box_muller
from flambeau.dtype import float32

np = pytest.importorskip("numpy")

# Results near the smallest float32 numbers are rounded twice where the mean is not 0, hence no tiny means or deviations;
# a deviation of 0 is left out for the sign of its zeros.
SIZES = st.floats(2.0**-60, 9, width=32)
MEANS = st.one_of(st.just(0.0), SIZES, SIZES.map(lambda mean: -mean))
SPREADS = st.one_of(st.just((0.0, 1.0)), st.tuples(MEANS, SIZES))


def bits(x: Any) -> list[int]:
    found: list[int] = torch.frombuffer(bytearray(bytes(x)), dtype=torch.int32).tolist() if len(x) else []
    return found


@settings(max_examples=40, deadline=None, derandomize="CI" in os.environ)
@given(seed=st.integers(0, 2**64 - 1), count=st.integers(0, 3000), spread=SPREADS, with_numpy=st.booleans())
def test_any_seed_and_size(seed: int, count: int, spread: tuple[float, float], with_numpy: bool) -> None:
    judge = torch.Generator().manual_seed(seed)
    expected = torch.empty(count).normal_(*spread, generator=judge)
    with pytest.MonkeyPatch.context() as patch:
        if not with_numpy:
            patch.setattr(ours, "_numpy", lambda: None)
        generator = ours.Generator().manual_seed(seed)
        assert bits(ours.normal(generator, count, float32, *spread)) == bits(expected.numpy().tobytes())
    assert generator.state_bytes() == bytes(judge.get_state().tolist())


@pytest.mark.slow
def test_two_million() -> None:
    expected = torch.randn(2_000_003, generator=torch.Generator().manual_seed(8))
    assert ours.normal(ours.Generator().manual_seed(8), 2_000_003) == expected.numpy().tobytes()


def test_uniform_zeros() -> None:
    """A radius of 0, at every angle, and an angle of 0: no zero is negative."""
    generator, judge = ours.Generator(), torch.Generator()
    state = generator.state_bytes()
    words = [0 if i % 16 < 8 or i % 32 > 24 else 0x9E3779B9 * i % 2**32 for i in range(624)]
    crafted = state[:24] + b"".join(w.to_bytes(8, "little") for w in words) + state[24 + 8 * 624 :]
    crafted = crafted[:8] + (624).to_bytes(4, "little") + crafted[12:16] + (1).to_bytes(8, "little") + crafted[24:]
    for n in (16, 160, 600):
        judge.set_state(torch.tensor(list(crafted), dtype=torch.uint8))
        expected = torch.empty(n).normal_(generator=judge)
        generator.set_state_bytes(crafted)
        assert bits(ours.normal(generator, n)) == bits(expected.numpy().tobytes())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ours, "_numpy", lambda: None)
            generator.set_state_bytes(crafted)
            assert bits(ours.normal(generator, n)) == bits(expected.numpy().tobytes())


def test_numpy_and_python_agree() -> None:
    """The two ways to compute each function, at both ends of the unit interval and across it."""
    steps = [*range(500), *range(2**24 - 500, 2**24), *range(0, 2**24, 33331)]
    scratch = [np.empty(len(steps), np.float32) for _ in range(5)] + [np.empty(len(steps)) for _ in range(2)]
    logs = _box_muller._logarithm(np, np.array(steps, np.int32), scratch).tobytes()
    assert _box_muller.logarithm([1 - k * 2.0**-24 for k in steps]).tobytes() == logs
    angles = array("f", [_box_muller._TWO_PI * k * 2.0**-24 for k in steps])
    for mine, vector in zip(
        _box_muller.sine_and_cosine(angles),
        _box_muller._sine_and_cosine(np, np.array(steps, np.int32), scratch),
        strict=True,
    ):
        assert array("f", mine).tobytes() == vector.tobytes()


def fused(a: Any, b: Any, c: Any) -> Any:
    """A fused multiply-add of float32 arrays, exact: the sum in float64 is rounded to odd, then to float32."""
    a, b, c = (np.asarray(v, np.float64) for v in (a, b, c))
    product = a * b
    total = product + c
    of_c = total - product
    error = (product - (total - of_c)) + (c - of_c)
    even = (total.view(np.int64) & 1) == 0
    toward = np.where(error > 0, np.inf, -np.inf)
    return np.where((error != 0) & even, np.nextafter(total, toward), total).astype(np.float32)


@pytest.mark.slow
def test_no_argument_is_rounded_twice() -> None:
    """All 2**24 arguments of both functions, with fused multiply-adds that are exact."""
    f = np.float32
    size = 1 << 19
    scratch = [np.empty(size, f) for _ in range(5)] + [np.empty(size) for _ in range(2)]
    log, sin, cos, ln2, quarter = (
        np.array(c, f)
        for c in (_box_muller._LOG, _box_muller._SIN, _box_muller._COS, _box_muller._LN2, _box_muller._QUARTER_PI)
    )
    for start in range(0, 1 << 24, size):
        k = np.arange(start, start + size, dtype=np.int32)
        m, e = np.frexp(f(1) - k.astype(f) * f(2.0**-24))
        small = m < f(_box_muller._SQRT_HALF)
        x, e = np.where(small, m + m, m) - f(1), (e - small).astype(f)
        y = np.full(size, log[0])
        for c in log[1:]:
            y = fused(y, x, c)
        z = x * x
        y = fused(y * x, z, e * ln2[1])
        expected = fused(e, ln2[0], x + fused(z, f(-0.5), y))
        assert (_box_muller._logarithm(np, k.copy(), scratch) == expected).all()

        x = f(_box_muller._TWO_PI) * (k.astype(f) * f(2.0**-24))
        octants = ((x * f(_box_muller._FOUR_OVER_PI)).astype(np.int32) + 1) & ~1
        for part in quarter:
            x = fused(octants, -part, x)
        z = x * x
        c = fused(fused(fused(cos[0], z, cos[1]), z, cos[2]) * z, z, f(-0.5) * z) + f(1)
        s = fused(fused(fused(sin[0], z, sin[1]), z, sin[2]) * z, x, x)
        s, c = np.where(octants & 2, c, s), np.where(octants & 2, s, c)
        s, c = np.where(octants & 4, -s, s), np.where(octants + 2 & 4, -c, c)
        sines, cosines = _box_muller._sine_and_cosine(np, k.copy(), scratch)
        assert (sines == s).all() and (cosines == c).all()


@pytest.mark.parametrize("with_numpy", [True, False])
def test_scaling_rounds_once(with_numpy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums that float64 rounds to the middle of two float32 numbers, from either side, and those that are the middle."""
    values = [1 + 2.0**-23, 1.0, -1 - 2.0**-23, 1 - 2.0**-24]
    for factor, addend in ((2.0**-24, 1.0), (2.0**-24 * (1 - 2.0**-23), 1.0), (2.0**-24, 2.0**30), (-(2.0**-24), 1.0)):
        if not with_numpy:
            monkeypatch.setattr(ours, "_numpy", lambda: None)
        scaled = ours._scaled(np.array(values, np.float32) if with_numpy else values, factor, addend)
        for value, got in zip(values, array("f", list(scaled)), strict=True):
            exact = Fraction(value) * Fraction(factor) + Fraction(addend)
            near = np.float32(addend)
            around = [near, np.nextafter(near, np.float32(np.inf)), np.nextafter(near, np.float32(-np.inf))]
            best = min(around, key=lambda v: (abs(Fraction(float(v)) - exact), int(v.view(np.int32)) & 1))
            assert got == best


BUILT: dict[str, Callable[[Any], Any]] = {
    "normal_": lambda t: t.nn.init.normal_(t.empty(33, 40), 0.0, 0.02),
    "kaiming_normal_": lambda t: t.nn.init.kaiming_normal_(t.empty(50, 30), nonlinearity="relu"),
    "xavier_normal_": lambda t: t.nn.init.xavier_normal_(t.empty(50, 30)),
    "trunc_normal_": lambda t: t.nn.init.trunc_normal_(t.empty(50, 41), std=0.02),
    "trunc_normal_close": lambda t: t.nn.init.trunc_normal_(t.empty(50, 41), 0.1, 1.3, -1.0, 0.7),
    "trunc_normal_tail": lambda t: t.nn.init.trunc_normal_(t.empty(30, 41), 0.0, 1.0, 1.5, 3.0),
    "normal": lambda t: t.normal(t.arange(100.0), t.arange(1.0, 101) / 7),
    "normal of means": lambda t: t.normal(t.arange(100.0), 0.7),
    "normal of stds": lambda t: t.normal(0.3, t.arange(1.0, 101) / 7),
    "normal of a size": lambda t: t.normal(0.3, 1.1, (7, 31)),
    "randn_like": lambda t: t.randn_like(t.empty(12, 34).t()),
    "rand_like": lambda t: t.rand_like(t.empty(2, 3, 4, 5).permute(2, 0, 3, 1)),
    "contiguous randn_like": lambda t: t.randn_like(t.empty(12, 34).t(), memory_format=t.contiguous_format),
    "log_normal_": lambda t: t.empty(1000).log_normal_(),
    "exponential_": lambda t: t.empty(1000).exponential_(0.7),
    "cauchy_": lambda t: t.empty(1000).cauchy_(0.7, 1.3),
    "geometric_": lambda t: t.empty(1000).geometric_(0.3),
    "multinomial": lambda t: t.multinomial(t.rand(300), 100),
    "multinomial of rows": lambda t: t.multinomial(t.rand(5, 30), 20),
    "multinomial replaced": lambda t: t.multinomial(t.rand(5, 300), 200, replacement=True),
    "one of many": lambda t: t.multinomial(t.softmax(t.randn(8, 65), -1), 1),
    "randperm": lambda t: t.randperm(30_000),
    "dropout": lambda t: t.dropout(t.randn(40, 50), 0.1, True),
    "alpha_dropout": lambda t: t.nn.functional.alpha_dropout(t.randn(40, 50), 0.2, True),
    "dropout2d": lambda t: t.nn.functional.dropout2d(t.randn(4, 50, 2, 2), 0.2, True),
    "rrelu": lambda t: t.nn.functional.rrelu(t.randn(40, 50), training=True),
    "noise of an image": lambda t: t.randn_like(t.empty(2, 3, 4, 5).contiguous(memory_format=t.channels_last)),
    "linear": lambda t: t.nn.Linear(37, 41).weight.detach(),
    "embedding": lambda t: t.nn.Embedding(65, 32).weight.detach(),
    "sparse": lambda t: t.nn.init.sparse_(t.empty(30, 40), 0.3),
}


@pytest.mark.parametrize("seed", [0, 1337])
@pytest.mark.parametrize("name", BUILT)
def test_what_is_made_of_them(name: str, seed: int) -> None:
    if "dropout" in name and _intels_own():
        pytest.skip("PyTorch draws these masks by MKL here")
    torch.manual_seed(seed)
    flambeau.manual_seed(seed)
    expected, drawn = BUILT[name](torch), BUILT[name](flambeau)
    assert np.array_equal(drawn.numpy(), expected.numpy())
    assert drawn.stride() == expected.stride()
    assert flambeau.rand(1).item() == torch.rand(1).item()


def _intels_own() -> bool:
    generator = torch.Generator().manual_seed(0)
    mask = torch.empty(64, dtype=torch.bool).bernoulli_(0.5, generator=generator)
    return not torch.equal(mask, torch.rand(64, dtype=torch.float64, generator=generator.manual_seed(0)) < 0.5)
