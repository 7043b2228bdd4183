"""Bessel functions of the first and third kind, by integrals that the trapezoidal rule computes to full precision.

Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 9.1.18, 9.1.20 and 9.6.24; the rule converges
exponentially on periodic and on fast-decaying functions (Trefethen and Weideman, SIAM Review 56, 2014).
"""

from __future__ import annotations

import math
from typing import Any

from ..backends.protocol import Array
from .op import unary
from .special import widely

_NODES = 64
"""Of the rule on half a period: enough for arguments up to 50; beyond, the asymptotic expansion holds."""


def _first_kind(be: Any, x: Array, order: int) -> Any:
    size = be.abs(x)
    near, far = be.minimum(size, 50.0), be.maximum(size, 25.0)
    total = be.full(near.shape, 0.0, be.dtype_of(near))
    for i in range(2 * _NODES):
        angle = math.pi * (i + 0.5) / (2 * _NODES)
        turn = be.mul(near, math.sin(angle))
        total = be.add(total, be.cos(be.sub(turn, order * angle) if order else turn))
    near_value = be.mul(total, 1 / (2 * _NODES))
    # Hankel's expansion, 9.2.5
    kind = be.dtype_of(far)
    p, q = be.full(far.shape, 1.0, kind), be.full(far.shape, 0.0, kind)
    term = p
    for k in range(1, 21):
        factor = (4 * order * order - (2 * k - 1) ** 2) / (8 * k)
        term = be.mul(term, be.div(factor, far))
        sign = -1.0 if k % 4 in (2, 3) else 1.0
        if k % 2:
            q = be.add(q, be.mul(term, sign))
        else:
            p = be.add(p, be.mul(term, sign))
    phase = be.sub(far, math.pi * (order / 2 + 0.25))
    wave = be.sub(be.mul(p, be.cos(phase)), be.mul(q, be.sin(phase)))
    far_value = be.mul(be.sqrt(be.div(2 / math.pi, far)), wave)
    value = be.where(be.lt(size, 50.0), near_value, far_value)
    value = be.where(be.eq(size, math.inf), 0.0, value)
    return be.mul(value, be.sign(x)) if order else be.where(be.ne(x, x), math.nan, value)


@unary(promote="float")
@widely
def bessel_j0(be: Any, input: Array) -> Any:
    """The Bessel function of the first kind of order 0."""
    return _first_kind(be, input, 0)


@unary(promote="float")
@widely
def bessel_j1(be: Any, input: Array) -> Any:
    """The Bessel function of the first kind of order 1."""
    return _first_kind(be, input, 1)


def _third_kind(be: Any, x: Array, order: int) -> Any:
    """exp(x) K(x): the integral of exp(-x (cosh t - 1)) cosh(order t) over t >= 0."""
    step = 1 / 24
    total = be.full(x.shape, 0.0, be.dtype_of(x))
    for i in range(24 * 8):
        t = i * step
        weight = (0.5 if i == 0 else 1.0) * math.cosh(order * t)
        total = be.add(total, be.mul(be.exp(be.mul(x, 1 - math.cosh(t))), weight))
    value = be.mul(total, step)
    value = be.where(be.eq(x, 0.0), math.inf, value)
    return be.where(be.lt(x, 0.0), math.nan, value)


@unary(promote="float")
@widely
def scaled_modified_bessel_k0(be: Any, input: Array) -> Any:
    """exp(x) times the modified Bessel function of the second kind of order 0."""
    return _third_kind(be, input, 0)


@unary(promote="float")
@widely
def scaled_modified_bessel_k1(be: Any, input: Array) -> Any:
    """exp(x) times the modified Bessel function of the second kind of order 1."""
    return _third_kind(be, input, 1)


@unary(promote="float")
def spherical_bessel_j0(be: Any, input: Array) -> Any:
    """sin(x) / x, and 1 at 0."""
    zero = be.eq(input, 0.0)
    x = be.where(zero, 1.0, input)
    return be.where(be.eq(be.abs(input), math.inf), 0.0, be.where(zero, 1.0, be.div(be.sin(x), x)))
