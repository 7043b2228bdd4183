"""Generators: seeds, states, the default ones, and the stream for other devices."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
import torch

import flambeau as ours
import flambeau.random as random


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    with random.fork_rng():
        yield
    random.manual_seed(0)


class OtherDevice(ours.device):
    """A device that is not the CPU, for the generator of a GPU without one."""

    def __init__(self) -> None:
        super().__init__("cpu")
        self.type = "elsewhere"


@pytest.mark.parametrize("bad", [2**64, -(2**63) - 1, 1.7, "a", None])
def test_bad_seeds(bad: Any) -> None:
    """The same class of error, and the same words, as PyTorch's."""
    for name in ("Generator", "default"):
        results = []
        for library in (ours, torch):
            target = library.Generator() if name == "Generator" else library
            try:
                target.manual_seed(bad)
                results.append(("no error", library.initial_seed()))
            except (RuntimeError, ValueError, TypeError) as error:
                results.append((type(error), str(error)))
        assert results[0] == results[1]


def test_unseeded_generators_are_alike() -> None:
    assert random.Generator().initial_seed() == torch.Generator().initial_seed()
    assert random.uniform(random.Generator(), 3) == random.uniform(random.Generator(), 3)


def test_manual_seed_returns_the_generator() -> None:
    generator = random.Generator()
    assert generator.manual_seed(3) is generator
    assert random.manual_seed(3) is random.default_generator
    assert random.initial_seed() == 3


def test_seeding_by_chance() -> None:
    generator = random.Generator()
    seeds = {generator.seed() for _ in range(4)} | {random.seed() for _ in range(4)}
    assert len(seeds) == 8
    assert random.initial_seed() in seeds
    assert generator.initial_seed() in seeds


def test_reseeding_forgets_everything() -> None:
    generator = random.Generator().manual_seed(1)
    first = random.normal(generator, 3), random.uniform(generator, 5), generator.philox(9)
    generator.manual_seed(1)
    assert (random.normal(generator, 3), random.uniform(generator, 5), generator.philox(9)) == first


def test_state_is_a_byte_tensor() -> None:
    generator, judge = random.Generator().manual_seed(8), torch.Generator().manual_seed(8)
    random.normal(generator, 3)
    torch.randn(3, generator=judge)
    state = generator.get_state()
    assert state.dtype is ours.uint8
    assert state.tolist() == judge.get_state().tolist()
    ahead = random.normal(generator, 5)
    generator.set_state(state)
    assert random.normal(generator, 5) == ahead


def test_default_state() -> None:
    random.manual_seed(4)
    state = random.get_rng_state()
    ahead = ours.rand(5).tolist()
    random.set_rng_state(state)
    assert ours.rand(5).tolist() == ahead == torch.rand(5, generator=torch.Generator().manual_seed(4)).tolist()


@pytest.mark.parametrize(("count", "kind"), [(3, "uint8"), (5056, "float32"), (5056, "uint8")])
def test_bad_states(count: int, kind: str) -> None:
    """Too short, of another dtype, all zeros: the same errors as PyTorch's."""
    errors = []
    for library in (ours, torch):
        with pytest.raises((RuntimeError, TypeError)) as caught:
            library.Generator().set_state(library.zeros(count, dtype=getattr(library, kind)))
        errors.append((caught.type, str(caught.value)))
    assert errors[0] == errors[1]


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g))])
def test_copies_go_on_alike(duplicate: Any) -> None:
    generator = random.Generator().manual_seed(6)
    random.normal(generator, 3)
    twin = duplicate(generator)
    assert twin is not generator
    assert random.normal(twin, 4) == random.normal(generator, 4)
    assert twin.initial_seed() == 6


def test_clone_state() -> None:
    generator = random.Generator().manual_seed(6)
    random.uniform(generator, 11)
    twin = generator.clone_state()
    assert random.uniform(twin, 4) == random.uniform(generator, 4)


def test_fork_rng() -> None:
    random.manual_seed(7)
    with random.fork_rng():
        inside = ours.rand(3).tolist()
        random.manual_seed(99)
    assert ours.rand(3).tolist() == inside
    with pytest.raises(KeyError), random.fork_rng():
        random.manual_seed(5)
        raise KeyError
    assert random.initial_seed() == 7
    with random.fork_rng(enabled=False):
        random.manual_seed(99)
    assert random.initial_seed() == 99


def test_philox_never_repeats() -> None:
    """Each call gets blocks of four words that no other call gets."""
    generator = random.Generator().manual_seed(3)
    assert [generator.philox(count) for count in (1, 4, 5, 0, 8)] == [(3, 0), (3, 1), (3, 2), (3, 4), (3, 4)]


def test_other_devices() -> None:
    """A generator of another device keeps its place in the counter-based stream in its state."""
    generator = random.Generator(OtherDevice()).manual_seed(2**40)
    generator.philox(100)
    state = generator.state_bytes()
    ahead = generator.philox(4), random.uniform(generator, 4)
    assert ahead[0] == (2**40, 25)
    generator.manual_seed(1)
    generator.set_state_bytes(state)
    assert (generator.philox(4), random.uniform(generator, 4)) == ahead
    with pytest.raises(RuntimeError, match=r"Expected a GeneratorImplState of size 5072 but found .* to be 5056"):
        generator.set_state_bytes(random.Generator().state_bytes())


def test_default_generators_of_devices() -> None:
    random.manual_seed(11)
    elsewhere = OtherDevice()
    generator = random.default_generator_of(elsewhere)
    assert generator is random.default_generator_of(elsewhere)
    assert generator.initial_seed() == 11
    random.manual_seed(12)
    assert generator.initial_seed() == 12
    with random.fork_rng([elsewhere]):
        generator.philox(4)
    assert generator.philox(4) == (12, 0)
    assert random.default_generator_of(ours.device("cpu")) is random.default_generator
    del random._defaults[elsewhere]
