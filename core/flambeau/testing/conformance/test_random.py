"""Counter-based random numbers: the same bits on every device."""

from __future__ import annotations

import math

import pytest

from flambeau.dtype import float32
from flambeau.testing.conformance import oracle
from flambeau.testing.conformance.laboratory import Laboratory
from flambeau.testing.conformance.oracle import Shape


def expected(count: int, seed: int, offset: int) -> list[float]:
    words = [word for block in range((count + 3) // 4) for word in oracle.philox_words(seed, offset + block)]
    return [(word >> 8) / 2**24 for word in words[:count]]


def test_known_answer(lab: Laboratory) -> None:
    """Key 0, counter 0: the first vector published with the Random123 library."""
    words = [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    assert oracle.philox_words(0, 0) == tuple(words)
    lab.check(lab.backend.random((4,), 0, 0), [(word >> 8) / 2**24 for word in words], (4,), float32)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (4,), (5,), (2, 3), (3, 5, 7), (0,), (2, 0), (2001,)], ids=str)
def test_shapes(lab: Laboratory, shape: Shape) -> None:
    lab.check(lab.backend.random(shape, 42, 7), expected(math.prod(shape), 42, 7), shape, float32)


@pytest.mark.parametrize("seed", [1, 2**31, 2**32 - 1, 2**32, 2**63 + 12345, 2**64 - 1])
@pytest.mark.parametrize("offset", [0, 1, 2**31 - 1, 2**32 - 1, 2**32 + 5, 2**63])
def test_seeds_and_offsets(lab: Laboratory, seed: int, offset: int) -> None:
    lab.check(lab.backend.random((10,), seed, offset), expected(10, seed, offset), (10,), float32)


def test_streams_continue(lab: Laboratory) -> None:
    whole = lab.read(lab.backend.random((16,), 3, 100))
    assert whole[8:] == lab.read(lab.backend.random((8,), 3, 102))


def test_range(lab: Laboratory) -> None:
    values = lab.read(lab.backend.random((4096,), 9, 0))
    assert all(0 <= v < 1 for v in values)
    assert abs(sum(values) / 4096 - 0.5) < 0.02
