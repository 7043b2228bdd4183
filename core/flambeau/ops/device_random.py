"""Random numbers that a device makes itself, by seed and offset: nothing is sent to it.

Each takes a tensor for its shape and device, and a generator for its place in the Philox stream (`Generator.philox`). The
numbers are the same on every device.
"""

from __future__ import annotations

import math

from .._tensor import Tensor, from_array
from ..dtype import float32, int64
from ..random import Generator

_STEPS = 1 << 24
"""How many different numbers `uniform` gives."""


def uniform(shape: tuple[int, ...], like: Tensor, generator: Generator) -> Tensor:
    """float32, uniform on [0, 1)."""
    count = math.prod(shape)
    seed, offset = generator.philox(count)
    return from_array(like._storage.backend.random(shape, seed, offset), float32, like._storage)


def normal(shape: tuple[int, ...], like: Tensor, generator: Generator) -> Tensor:
    """float32, standard normal, by Box and Muller's transformation: 1 - u is never 0."""
    radius = (-2.0 * (1.0 - uniform(shape, like, generator)).log()).sqrt()
    return radius * (uniform(shape, like, generator) * (2 * math.pi)).cos()


def exponential(shape: tuple[int, ...], like: Tensor, generator: Generator) -> Tensor:
    """float32, exponential of rate 1."""
    return -(1.0 - uniform(shape, like, generator)).log()


def integers(like: Tensor, low: int, high: int, generator: Generator) -> Tensor:
    """Integers of [low, high): float32 where those are exact, else int64; at most 2**31 - 1 different ones."""
    span = high - low
    shape = like._shape
    if span <= _STEPS:
        drawn = (uniform(shape, like, generator) * span).floor().clamp(max=span - 1)
        exact = low >= -_STEPS and high <= _STEPS
        return drawn + low if exact else drawn.to(int64) + low
    # 31 bits, of which a device's int64 has at least so many.
    upper = (uniform(shape, like, generator) * 128.0).to(int64)
    lower = (uniform(shape, like, generator) * _STEPS).to(int64)
    return (upper * _STEPS + lower) % min(span, (1 << 31) - 1) + low


def permutation(n: int, like: Tensor, generator: Generator) -> Tensor:
    """The integers 0 .. n - 1 in random order, int64: the order of n random numbers.

    Of two numbers that are equal the first stays first, which for n beyond some thousands favours it, by 2**-24 each.
    """
    return uniform((n,), like, generator).argsort(stable=True)


def categories(weights: Tensor, samples: int, replacement: bool, generator: Generator) -> Tensor:
    """Column numbers of each row (N, C), drawn by weight: (N, samples).

    Without replacement, those whose weight over an exponential number is largest; with it, by place among the sums.
    """
    rows, columns = weights._shape
    weights = weights.detach().to(float32)
    if replacement and samples > 1:
        sums = weights.cumsum(1)
        targets = uniform((rows, samples), weights, generator) * sums[:, -1:]
        below = (sums.unsqueeze(1) <= targets.unsqueeze(2)).to(int64).sum(2)
        return below.clamp(max=columns - 1)
    race = weights / exponential((rows, columns), weights, generator)
    return race.argsort(1, descending=True)[:, :samples].contiguous()
