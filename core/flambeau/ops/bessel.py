"""Bessel functions of the first and third kind, by integrals that the trapezoidal rule computes to full precision.

Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 9.1.18, 9.1.20 and 9.6.24; the rule converges
exponentially on periodic and on fast-decaying functions (Trefethen and Weideman, SIAM Review 56, 2014).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from .op import unary
from .pointwise import exp, true_divide
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


def modified_bessel_k0(input: Tensor) -> Tensor:
    """The modified Bessel function of the second kind of order 0."""
    return true_divide(scaled_modified_bessel_k0(input), exp(input.detach()))


def modified_bessel_k1(input: Tensor) -> Tensor:
    """The modified Bessel function of the second kind of order 1."""
    return true_divide(scaled_modified_bessel_k1(input), exp(input.detach()))


@lru_cache
def _clenshaw_curtis(n: int, low: float, high: float) -> tuple[tuple[float, float], ...]:
    """The nodes and weights of the rule with n + 1 nodes, n even. Source: Waldvogel, BIT 46 (2006)."""
    half = (high - low) / 2
    rule = []
    for k in range(n + 1):
        total = 1.0
        for j in range(1, n // 2 + 1):
            total -= (1 if 2 * j == n else 2) / (4 * j * j - 1) * math.cos(2 * math.pi * j * k / n)
        weight = (1 if k in (0, n) else 2) / n * total
        rule.append((low + half * (1 - math.cos(math.pi * k / n)), half * weight))
    return tuple(rule)


def _second_kind(be: Any, x: Array, order: int) -> Any:
    """Y(x) by 9.1.22, an integral over an angle less one over the half line; by Hankel's expansion beyond 25."""
    near, far = be.minimum(x, 25.0), be.maximum(x, 25.0)
    near = be.where(be.lt(0.0, near), near, 1.0)
    total = be.full(near.shape, 0.0, be.dtype_of(near))
    for angle, weight in _clenshaw_curtis(96, 0.0, math.pi):
        swing = be.sin(be.sub(be.mul(near, math.sin(angle)), order * angle))
        total = be.add(total, be.mul(swing, weight / math.pi))
    for t, weight in _clenshaw_curtis(240, 0.0, 12.0):  # exp(-x sinh t) is 0 beyond, but for the smallest x
        growth = 2.0 if order == 0 else math.exp(t) - math.exp(-t)
        total = be.sub(total, be.mul(be.exp(be.mul(near, -math.sinh(t))), growth * weight / math.pi))
    p, q = be.full(far.shape, 1.0, be.dtype_of(far)), be.full(far.shape, 0.0, be.dtype_of(far))
    term = p
    for k in range(1, 21):
        term = be.mul(term, be.div((4 * order * order - (2 * k - 1) ** 2) / (8 * k), far))
        sign = -1.0 if k % 4 in (2, 3) else 1.0
        if k % 2:
            q = be.add(q, be.mul(term, sign))
        else:
            p = be.add(p, be.mul(term, sign))
    phase = be.sub(far, math.pi * (order / 2 + 0.25))
    wave = be.add(be.mul(p, be.sin(phase)), be.mul(q, be.cos(phase)))
    far_value = be.mul(be.sqrt(be.div(2 / math.pi, far)), wave)
    value = be.where(be.lt(x, 25.0), total, far_value)
    value = be.where(be.eq(x, 0.0), -math.inf, value)
    return be.where(be.bitwise_or(be.lt(x, 0.0), be.ne(x, x)), math.nan, value)


@unary(promote="float")
@widely
def bessel_y0(be: Any, input: Array) -> Any:
    """The Bessel function of the second kind of order 0."""
    return _second_kind(be, input, 0)


@unary(promote="float")
@widely
def bessel_y1(be: Any, input: Array) -> Any:
    """The Bessel function of the second kind of order 1."""
    return _second_kind(be, input, 1)


@unary(promote="float")
@widely
def airy_ai(be: Any, input: Array) -> Any:
    """The Airy function Ai, by its power series near 0 and its asymptotic ones beyond 8 (A&S 10.4.2, 10.4.59, 10.4.60)."""
    kind = be.dtype_of(input)
    near = be.minimum(be.maximum(input, -8.0), 8.0)
    cube = be.mul(be.mul(near, near), near)
    f, g = be.full(near.shape, 1.0, kind), near
    first, second = f, g
    for k in range(1, 60):
        first = be.mul(first, be.mul(cube, 1 / ((3 * k - 1) * (3 * k))))
        second = be.mul(second, be.mul(cube, 1 / ((3 * k) * (3 * k + 1))))
        f, g = be.add(f, first), be.add(g, second)
    series = be.sub(be.mul(f, 0.3550280538878172), be.mul(g, 0.2588194037928068))
    size = be.maximum(be.abs(input), 4.0)
    root = be.sqrt(size)
    phase = be.mul(be.mul(size, root), 2 / 3)
    even, odd, above = (be.full(near.shape, v, kind) for v in (1.0, 0.0, 1.0))
    term = above
    for k in range(1, 16):
        term = be.mul(term, be.div((6 * k - 5) * (6 * k - 1) / (72 * k), phase))
        above = be.add(above, be.mul(term, (-1.0) ** k))
        if k % 2:
            odd = be.add(odd, be.mul(term, (-1.0) ** (k // 2)))
        else:
            even = be.add(even, be.mul(term, (-1.0) ** (k // 2)))
    scale = be.mul(be.sqrt(root), math.sqrt(math.pi))
    right = be.div(be.mul(be.exp(be.neg(phase)), above), be.mul(scale, 2.0))
    angle = be.add(phase, math.pi / 4)
    left = be.div(be.sub(be.mul(be.sin(angle), even), be.mul(be.cos(angle), odd)), scale)
    outer = be.where(be.lt(0.0, input), right, left)
    inner = be.bitwise_and(be.lt(-8.0, input), be.lt(input, 4.5))
    return be.where(be.ne(input, input), math.nan, be.where(inner, series, outer))
