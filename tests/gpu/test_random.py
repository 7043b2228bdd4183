"""Random numbers made on the device: repeatable by seed and by state, in range, and nothing is sent there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import flambeau

DRAWS: dict[str, Callable[[Any], Any]] = {
    "rand": lambda d: flambeau.rand(500, device=d),
    "randn": lambda d: flambeau.randn(500, device=d),
    "randint": lambda d: flambeau.randint(-3, 10, (500,), device=d),
    "large randint": lambda d: flambeau.randint(0, 2**30, (50,), device=d),
    "randperm": lambda d: flambeau.randperm(200, device=d),
    "multinomial": lambda d: flambeau.multinomial(flambeau.tensor([0.1, 0.2, 0.7], device=d), 2),
    "replaced": lambda d: flambeau.multinomial(
        flambeau.tensor([[1.0, 3.0], [0.0, 1.0]], device=d), 100, replacement=True
    ),
    "bernoulli": lambda d: flambeau.bernoulli(flambeau.full((500,), 0.3, device=d)),
    "exponential": lambda d: flambeau.empty(500, device=d).exponential_(2.0),
    "dropout": lambda d: flambeau.nn.functional.dropout(flambeau.ones(500, device=d), 0.25),
    "init": lambda d: flambeau.nn.init.kaiming_uniform_(flambeau.empty(4, 5, device=d)),
}


def test_numbers_come_again_with_the_seed() -> None:
    runs = []
    for _ in range(2):
        flambeau.manual_seed(7)
        drawn = {name: draw("wgpu") for name, draw in DRAWS.items()}
        assert {x.device.type for x in drawn.values()} == {"wgpu"}
        runs.append({name: x.tolist() for name, x in drawn.items()})
    assert runs[0] == runs[1]
    first = runs[0]
    assert first["rand"] == _on_the_host(7, 500)
    assert min(first["rand"]) >= 0 and max(first["rand"]) < 1
    assert sum(first["randn"]) / 500 == pytest.approx(0.0, abs=0.2)
    assert set(first["randint"]) == set(range(-3, 10))
    assert min(first["large randint"]) >= 0 and max(first["large randint"]) > 2**27
    assert sorted(first["randperm"]) == list(range(200)) != first["randperm"]
    assert len(set(first["multinomial"])) == 2
    assert 0.5 < sum(first["replaced"][0]) / 100 < 0.95 and set(first["replaced"][1]) == {1}
    assert sum(first["bernoulli"]) / 500 == pytest.approx(0.3, abs=0.1)
    assert sum(first["exponential"]) / 500 == pytest.approx(0.5, abs=0.15)
    assert sorted(set(first["dropout"])) == [0.0, pytest.approx(4 / 3)]


def _on_the_host(seed: int, count: int) -> list[float]:
    """The same words, from NumPy's Philox."""
    from flambeau.backends import registry

    backend = registry.get("cpu", 0)
    numbers: list[float] = backend.random((count,), seed, 0).tolist()
    return numbers


def test_generators_and_states() -> None:
    generator = flambeau.Generator(device="wgpu").manual_seed(5)
    state = generator.get_state()
    ahead = flambeau.rand(6, device="wgpu", generator=generator).tolist()
    assert generator.get_offset() == 8
    generator.set_state(state)
    assert flambeau.rand(6, device="wgpu", generator=generator).tolist() == ahead
    with pytest.raises(RuntimeError, match="Expected a 'wgpu' device type for generator but found 'cpu'"):
        flambeau.rand(2, device="wgpu", generator=flambeau.Generator())
    with flambeau.random.fork_rng():
        inside = flambeau.rand(3, device="wgpu").tolist()
    assert flambeau.rand(3, device="wgpu").tolist() == inside
