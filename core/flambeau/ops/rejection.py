"""Random numbers drawn by rejection, one at a time, with PyTorch's own CPU values for the same seed.

Source: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26, 2000; Hörmann, "The
transformed rejection method for generating Poisson random variables", Insurance: Mathematics and Economics 12, 1993,
and "The generation of binomial random variates", 1993; the order of the draws is that of ATen/native/Distributions.h.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

from ..random import Generator, _normals

Uniform = Callable[[], float]


def uniforms(generator: Generator) -> Uniform:
    """A function that draws the next multiple of 2**-53 on [0, 1)."""

    def draw() -> float:
        upper, lower = generator.words(2)
        return ((upper & 0x1FFFFF) << 32 | lower) * 2.0**-53

    return draw


def _single(x: float) -> float:
    return float(struct.unpack("f", struct.pack("f", x))[0])


_THIRD = _single(_single(1.0) / _single(3.0))
_SQUEEZE = _single(0.0331)


def gamma(generator: Generator, uniform: Uniform, alpha: float, single: bool) -> float:
    """A gamma number of shape `alpha` and scale 1; `single` where `alpha` is a float32."""
    rounded = _single if single else float
    scale = 1.0
    if alpha < 1.0:
        if alpha == 0.0:
            return 0.0
        scale = (1.0 - uniform()) ** rounded(1.0 / alpha)
        alpha = rounded(alpha + 1.0)
    d = rounded(alpha - _THIRD)
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        y = 0.0
        while y <= 0.0:
            x = _normals(generator, 1)[0]
            y = 1.0 + c * x
        v = y * y * y
        u = 1.0 - uniform()
        square = x * x
        if u < 1.0 - _SQUEEZE * square * square or math.log(u) < 0.5 * square + d * (1.0 - v + math.log(v)):
            return scale * d * v


def poisson(uniform: Uniform, rate: float) -> float:
    """A Poisson number."""
    if not rate >= 0:
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    if rate == 0:
        return 0.0
    if rate < 10:
        bound, product, count = math.exp(-rate), 1.0, 0
        while True:
            product *= uniform()
            if product <= bound:
                return float(count)
            count += 1
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse = 1.1239 + 1.1328 / (b - 3.4)
    limit = 0.9277 - 3.6224 / (b - 2)
    while True:
        u = uniform() - 0.5
        v = uniform()
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + rate + 0.43) if us else -1
        if us >= 0.07 and v <= limit:
            return float(k)
        if k < 0 or (us < 0.013 and v > us):
            continue
        if _log(v) + math.log(inverse) - math.log(a / (us * us) + b) <= -rate + k * math.log(rate) - math.lgamma(k + 1):
            return float(k)


def _log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf


_TAILS = (
    0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
    0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287,
)  # fmt: skip


def _stirling_tail(k: float) -> float:
    """log k! less Stirling's formula for it."""
    if k <= 9:
        return _TAILS[int(k)]
    square = (k + 1) * (k + 1)
    return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1)


def _binomial_by_waiting(uniform: Uniform, count: float, prob: float) -> float:
    """Counts how many geometric waiting times fit; for few successes."""
    scale = math.log1p(-prob)
    waited = successes = 0.0
    while True:
        u = uniform()
        waited += math.ceil(math.log(u) / scale) if u else math.inf
        if waited > count:
            return successes
        successes += 1


def _binomial_by_rejection(uniform: Uniform, count: float, prob: float) -> float:
    spread = math.sqrt(count * prob * (1 - prob))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * prob
    c = count * prob + 0.5
    limit = 0.92 - 4.2 / b
    odds = prob / (1 - prob)
    alpha = (2.83 + 5.1 / b) * spread
    m = math.floor((count + 1) * prob)
    while True:
        u = uniform() - 0.5
        v = uniform()
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + c) if us else -1
        if k < 0 or k > count:
            continue
        if us >= 0.07 and v <= limit:
            return float(k)
        bound = (
            (m + 0.5) * math.log((m + 1) / (odds * (count - m + 1)))
            + (count + 1) * math.log((count - m + 1) / (count - k + 1))
            + (k + 0.5) * math.log(odds * (count - k + 1) / (k + 1))
            + _stirling_tail(m) + _stirling_tail(count - m) - _stirling_tail(k) - _stirling_tail(count - k)
        )  # fmt: skip
        if _log(v * alpha / (a / (us * us) + b)) <= bound:
            return float(k)


def binomial(uniform: Uniform, count: float, prob: float) -> float:
    """A binomial number; nan for a probability that is nan."""
    if count <= 0.0 or prob <= 0.0:
        return 0.0
    if prob >= 1.0:
        return count
    if prob != prob:
        return math.nan
    rare = prob if prob <= 0.5 else 1.0 - prob
    draw = _binomial_by_rejection if count * rare >= 10.0 else _binomial_by_waiting
    found = draw(uniform, count, rare)
    return found if prob <= 0.5 else count - found
