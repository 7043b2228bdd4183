"""Special functions: gamma, error and Bessel functions, from series and continued fractions in primitives.

On a backend that has float64 they are computed in it and rounded once. They are public as `torch.lgamma` and the like,
and by their other names in `flambeau.special`.
Source: https://docs.pytorch.org/docs/stable/special.html; Abramowitz and Stegun, "Handbook of Mathematical Functions".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array, Operand
from ..dtype import float64
from .inplace import in_place
from .no_derivative import unknown
from .op import binary, unary
from .pointwise import choose, exp, log, minus, mul, neg, plus, true_divide

_LANCZOS = (
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
)  # fmt: skip
"""Of the gamma function with g = 7. Source: Lanczos, SIAM J. Numer. Anal. 1 (1964); digits after Godfrey."""

_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
"""B_2, B_4, ..., B_20."""


def widely(forward: Callable[..., Any]) -> Callable[..., Any]:
    """A forward of floating-point arrays that is computed in float64 where the backend has it."""

    @wraps(forward)
    def call(be: Any, *operands: Any) -> Any:
        kind = next(be.dtype_of(x) for x in operands if hasattr(x, "shape"))
        if kind is float64 or float64 not in be.dtypes:
            return forward(be, *operands)
        wide = [be.cast(x, float64) if hasattr(x, "shape") else x for x in operands]
        return be.cast(forward(be, *wide), kind)

    return call


def _constant(be: Any, like: Array, value: float) -> Any:
    """An array of the shape and dtype of another, every element `value`."""
    return be.full(like.shape, value, be.dtype_of(like))


def _sin_pi(be: Any, x: Array) -> Any:
    """sin(pi x), exactly 0 at whole numbers."""
    turn = be.remainder(x, 2.0)
    half = be.remainder(x, 1.0)
    sine = be.sin(be.mul(be.minimum(half, be.sub(1.0, half)), math.pi))
    return be.where(be.lt(turn, 1.0), sine, be.neg(sine))


# --- gamma ------------------------------------------------------------------------------------------------------------


def _log_gamma(be: Any, x: Array) -> Any:
    """The logarithm of |Gamma|: Lanczos' series from 1/2 on, the reflection formula below."""
    mirrored = be.lt(x, 0.5)
    y = be.sub(be.where(mirrored, be.sub(1.0, x), x), 1.0)
    series = _constant(be, y, _LANCZOS[0])
    for i, c in enumerate(_LANCZOS[1:], 1):
        series = be.add(series, be.div(c, be.add(y, float(i))))
    t = be.add(y, 7.5)
    above = be.add(be.sub(be.mul(be.add(y, 0.5), be.log(t)), t), be.add(be.log(series), 0.5 * math.log(2 * math.pi)))
    below = be.sub(be.sub(math.log(math.pi), be.log(be.abs(_sin_pi(be, x)))), above)
    result = be.where(mirrored, below, above)
    result = be.where(be.bitwise_or(be.eq(x, 1.0), be.eq(x, 2.0)), 0.0, result)
    return be.where(be.eq(be.abs(x), math.inf), math.inf, result)


@unary(promote="float", input=lambda g, input: mul(g, digamma(input)))
@widely
def lgamma(be: Any, input: Array) -> Any:
    """The natural logarithm of the absolute value of the gamma function."""
    return _log_gamma(be, input)


@unary(promote="float", input=lambda g, input: mul(g, polygamma(1, input)))
@widely
def digamma(be: Any, input: Array) -> Any:
    """The derivative of `lgamma`: nan at negative whole numbers, -inf at 0."""
    mirrored = be.lt(input, 0.5)
    y = be.where(mirrored, be.sub(1.0, input), input)
    total = _constant(be, y, 0.0)
    for k in range(10):
        total = be.sub(total, be.div(1.0, be.add(y, float(k))))
    z = be.add(y, 10.0)
    square = be.div(1.0, be.mul(z, z))
    power = square
    series = be.sub(be.log(z), be.div(0.5, z))
    for j, b in enumerate(_BERNOULLI[:7], 1):
        series = be.sub(series, be.mul(power, b / (2 * j)))
        power = be.mul(power, square)
    above = be.add(total, series)
    part = be.sub(input, be.trunc(input))
    below = be.sub(above, be.div(math.pi, be.tan(be.mul(part, math.pi))))
    whole = be.bitwise_and(be.eq(part, 0.0), be.lt(input, 0.0))
    result = be.where(mirrored, be.where(whole, math.nan, below), above)
    at_zero = be.neg(be.div(1.0, be.where(be.eq(input, 0.0), input, 1.0)))
    return be.where(be.eq(input, 0.0), at_zero, be.where(be.eq(input, math.inf), math.inf, result))


def _hurwitz(be: Any, s: Operand, q: Array) -> Any:
    """The sum of (q + k)**-s over k: ten terms, and the Euler-Maclaurin formula for the rest."""
    s = s if hasattr(s, "shape") else _constant(be, q, float(s))
    minus_s = be.neg(s)
    terms = 12
    total = _constant(be, q, 0.0)
    for k in range(terms):
        total = be.add(total, be.pow(be.add(q, float(k)), minus_s))
    z = be.add(q, float(terms))
    power = be.pow(z, minus_s)
    total = be.add(total, be.div(be.mul(power, z), be.sub(s, 1.0)))
    total = be.add(total, be.mul(power, 0.5))
    factor = s
    power = be.div(power, z)
    for j, b in enumerate(_BERNOULLI, 1):
        total = be.add(total, be.mul(be.mul(factor, power), b / math.factorial(2 * j)))
        factor = be.mul(factor, be.mul(be.add(s, 2.0 * j - 1), be.add(s, 2.0 * j)))
        power = be.div(power, be.mul(z, z))
    total = be.where(be.eq(q, math.inf), 0.0, total)
    whole = be.bitwise_and(be.le(q, 0.0), be.eq(be.floor(q), q))
    return be.where(whole, math.inf, total)


@unary(promote="float", name="PolygammaBackward0", input=lambda g, input, n: mul(g, _polygamma(input, n + 1)))
@widely
def _polygamma(be: Any, input: Array, n: int) -> Any:
    if n != 1:
        return be.mul(_hurwitz(be, n + 1.0, input), float((-1) ** (n + 1) * math.factorial(n)))
    mirrored = be.lt(input, 0.5)
    above = _hurwitz(be, 2.0, be.where(mirrored, be.sub(1.0, input), input))
    sine = _sin_pi(be, input)
    return be.where(mirrored, be.sub(be.div(math.pi**2, be.mul(sine, sine)), above), above)


def polygamma(n: int, input: Tensor) -> Tensor:
    """The n-th derivative of `digamma`.

    Raises:
        RuntimeError: n is negative.
    """
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return digamma(input) if n == 0 else _polygamma(input, n)


def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension p.

    Raises:
        RuntimeError: p is less than 1.
    """
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    total = plus(lgamma(input), 0.25 * p * (p - 1) * math.log(math.pi))
    for j in range(1, p):
        total = plus(total, lgamma(minus(input, j / 2)))
    return total


@binary(
    promote="float",
    name="SpecialZetaBackward0",
    input=lambda g: unknown("zeta"),
    other=lambda g, input, other: mul(g, mul(-input, zeta(input + 1.0, other))),
)
def zeta(be: Any, input: Operand, other: Operand) -> Any:
    """The Hurwitz zeta function: the sum of (other + k)**-input over k = 0, 1, ...; its derivative is by `other` only."""

    def compute(be: Any, s: Operand, q: Operand) -> Any:
        if not hasattr(q, "shape"):
            q = _constant(be, s, float(q))
        result = _hurwitz(be, s, q)
        s = s if hasattr(s, "shape") else _constant(be, q, float(s))
        result = be.where(be.eq(s, 1.0), math.inf, result)
        return be.where(be.lt(s, 1.0), math.nan, result)

    return widely(compute)(be, input, other)


def _gamma_parts(be: Any, a: Operand, x: Operand) -> tuple[Any, Any, Any]:
    """The lower incomplete gamma function by its series, the upper by its continued fraction, and where the first holds."""
    if not hasattr(a, "shape"):
        a = _constant(be, x, float(a))
    if not hasattr(x, "shape"):
        x = _constant(be, a, float(x))
    safe = be.maximum(x, 1e-300 if be.dtype_of(x) is float64 else 1e-30)
    front = be.exp(be.sub(be.sub(be.mul(a, be.log(safe)), x), _log_gamma(be, a)))
    term = be.div(1.0, a)
    series = term
    for k in range(1, 200):
        term = be.mul(term, be.div(x, be.add(a, float(k))))
        series = be.add(series, term)
    fraction = _constant(be, be.add(x, a), 0.0)
    for k in range(120, 0, -1):
        top = be.mul(be.sub(a, float(k)), float(k))
        fraction = be.div(top, be.add(be.sub(be.add(x, 2.0 * k + 1), a), fraction))
    upper = be.div(front, be.add(be.sub(be.add(x, 1.0), a), fraction))
    lower = be.mul(front, series)
    small = be.lt(x, be.add(a, 1.0))
    return lower, upper, (a, x, small)


def _incomplete(be: Any, a: Operand, x: Operand, *, complement: bool) -> Any:
    lower, upper, (a, x, small) = _gamma_parts(be, a, x)
    if complement:
        result = be.where(small, be.sub(1.0, lower), upper)
        at_zero, at_infinity = 1.0, 0.0
    else:
        result = be.where(small, lower, be.sub(1.0, upper))
        at_zero, at_infinity = 0.0, 1.0
    result = be.where(be.eq(x, 0.0), at_zero, be.where(be.eq(x, math.inf), at_infinity, result))
    result = be.where(be.bitwise_and(be.eq(a, 0.0), be.lt(0.0, x)), at_infinity, result)
    undefined = be.bitwise_and(be.eq(a, 0.0), be.eq(x, 0.0))
    return be.where(be.bitwise_or(undefined, be.bitwise_or(be.lt(a, 0.0), be.lt(x, 0.0))), math.nan, result)


def _density(a: Any, x: Any) -> Tensor:
    """x**(a - 1) exp(-x) / Gamma(a): the slope of the lower incomplete gamma function."""
    a = a if isinstance(a, Tensor) else x * 0 + a
    return exp(mul(minus(a, 1.0), log(x)) - x - lgamma(a))


@binary(
    promote="float",
    input=lambda g: unknown("igamma: input"),
    other=lambda g, input, other: mul(g, _density(input, other)),
)
def igamma(be: Any, input: Array, other: Array) -> Any:
    """The regularised lower incomplete gamma function P(input, other)."""
    return widely(lambda be, a, x: _incomplete(be, a, x, complement=False))(be, input, other)


@binary(
    promote="float",
    input=lambda g: unknown("igammac: input"),
    other=lambda g, input, other: neg(mul(g, _density(input, other))),
)
def igammac(be: Any, input: Array, other: Array) -> Any:
    """The regularised upper incomplete gamma function Q(input, other)."""
    return widely(lambda be, a, x: _incomplete(be, a, x, complement=True))(be, input, other)


# --- error functions --------------------------------------------------------------------------------------------------


def _tail(be: Any, x: Array) -> Any:
    """exp(x**2) erfc(x) for x >= 2 by its continued fraction."""
    fraction = _constant(be, x, 0.0)
    for k in range(50, 0, -1):
        fraction = be.div(k / 2, be.add(x, fraction))
    return be.div(1 / math.sqrt(math.pi), be.add(x, fraction))


def _erfc(be: Any, x: Array) -> Any:
    far = be.maximum(x, 2.0)
    return be.where(be.lt(x, 2.0), be.sub(1.0, be.erf(x)), be.mul(be.exp(be.neg(be.mul(far, far))), _tail(be, far)))


@unary(promote="float", input=lambda g, input: mul(g, mul(exp(neg(mul(input, input))), -2 / math.sqrt(math.pi))))
@widely
def erfc(be: Any, input: Array) -> Any:
    """One less the error function, accurate for large elements."""
    return be.where(be.eq(input, math.inf), 0.0, _erfc(be, input))


@unary(
    promote="float",
    name="SpecialErfcxBackward0",
    input=lambda g, input, out: mul(g, minus(mul(mul(input, out), 2.0), 2 / math.sqrt(math.pi))),
)
@widely
def erfcx(be: Any, input: Array) -> Any:
    """exp(x**2) erfc(x)."""
    near = be.minimum(input, 2.0)
    below = be.mul(be.exp(be.mul(near, near)), be.sub(1.0, be.erf(near)))
    return be.where(be.lt(input, 2.0), below, _tail(be, be.maximum(input, 2.0)))


@unary(promote="float", input=lambda g, out: mul(g, mul(exp(mul(out, out)), math.sqrt(math.pi) / 2)))
@widely
def erfinv(be: Any, input: Array) -> Any:
    """The inverse of the error function: +-inf at +-1, nan beyond."""
    # Giles, "Approximating the erfinv function" (2012), for a start; then Newton's method.
    w = be.neg(be.log(be.mul(be.sub(1.0, input), be.add(input, 1.0))))
    near, far = be.sub(w, 2.5), be.sub(be.sqrt(be.maximum(w, 0.0)), 3.0)
    central, tail = _constant(be, w, 0.0), _constant(be, w, 0.0)
    for c in (2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503,
              -0.00417768164, 0.246640727, 1.50140941):  # fmt: skip
        central = be.add(be.mul(central, near), c)
    for c in (-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
              0.00943887047, 1.00167406, 2.83297682):  # fmt: skip
        tail = be.add(be.mul(tail, far), c)
    x = be.mul(be.where(be.lt(w, 5.0), central, tail), input)
    size = be.abs(input)
    for _ in range(3):
        a = be.abs(x)
        # The difference of the complements, where the functions themselves are near 1.
        wrong = be.where(be.lt(a, 0.5), be.sub(be.erf(a), size), be.sub(be.sub(1.0, size), _erfc(be, a)))
        step = be.mul(be.mul(wrong, be.exp(be.mul(a, a))), math.sqrt(math.pi) / 2)
        step = be.div(step, be.add(be.mul(a, step), 1.0))
        x = be.where(be.lt(be.abs(step), math.inf), be.sub(x, be.mul(step, be.sign(x))), x)
    edge = be.mul(be.sign(input), math.inf)
    return be.where(be.eq(size, 1.0), edge, be.where(be.lt(1.0, size), math.nan, x))


@unary(
    promote="float",
    name="NdtriBackward0",
    input=lambda g, out: mul(g, mul(exp(mul(mul(out, out), 0.5)), math.sqrt(2 * math.pi))),
)
@widely
def ndtri(be: Any, input: Array) -> Any:
    """The inverse of the standard normal distribution function."""
    upper = be.lt(0.5, input)
    p = be.where(upper, be.sub(1.0, input), input)
    t = be.sqrt(be.mul(be.log(be.maximum(p, 1e-300 if be.dtype_of(p) is float64 else 1e-37)), -2.0))
    top = be.add(be.mul(be.add(be.mul(t, 0.010328), 0.802853), t), 2.515517)
    bottom = be.add(be.mul(be.add(be.mul(be.add(be.mul(t, 0.001308), 0.189269), t), 1.432788), t), 1.0)
    x = be.sub(t, be.div(top, bottom))  # A&S 26.2.23, to 4.5e-4; Halley's method does the rest
    for _ in range(3):
        wrong = be.div(
            be.sub(be.mul(_erfc(be, be.mul(x, math.sqrt(0.5))), 0.5), p),
            be.maximum(p, 1e-300 if be.dtype_of(p) is float64 else 1e-37),
        )
        slope = be.div(be.mul(p, math.sqrt(2 * math.pi)), be.exp(be.mul(be.mul(x, x), -0.5)))
        step = be.mul(wrong, slope)
        x = be.add(x, be.div(step, be.sub(1.0, be.mul(be.mul(x, step), 0.5))))
    x = be.where(upper, x, be.neg(x))
    x = be.where(be.eq(input, 0.0), -math.inf, be.where(be.eq(input, 1.0), math.inf, x))
    return be.where(be.bitwise_or(be.lt(input, 0.0), be.lt(1.0, input)), math.nan, x)


def ndtr(input: Tensor) -> Tensor:
    """The standard normal distribution function."""
    return mul(erfc(mul(input, -math.sqrt(0.5))), 0.5)


@unary(promote="float", name="SpecialLogNdtrBackward0", input=lambda g, input, out: mul(g, _normal_ratio(input, out)))
@widely
def log_ndtr(be: Any, input: Array) -> Any:
    """The logarithm of the standard normal distribution function, accurate far below 0."""
    low = be.minimum(input, -1.0)
    scaled = be.mul(low, -math.sqrt(0.5))
    near = be.minimum(scaled, 2.0)
    ratio = be.where(
        be.lt(scaled, 2.0),
        be.mul(be.exp(be.mul(near, near)), be.sub(1.0, be.erf(near))),
        _tail(be, be.maximum(scaled, 2.0)),
    )
    below = be.sub(be.log(be.mul(ratio, 0.5)), be.mul(be.mul(low, low), 0.5))
    above = be.log1p(be.mul(_erfc(be, be.mul(be.maximum(input, -1.0), math.sqrt(0.5))), -0.5))
    return be.where(be.lt(input, -1.0), below, above)


def _normal_ratio(x: Tensor, out: Tensor) -> Tensor:
    return exp(minus(mul(mul(x, x), -0.5), plus(out, 0.5 * math.log(2 * math.pi))))


# --- Bessel functions -------------------------------------------------------------------------------------------------


def _modified(be: Any, x: Array, order: int, *, scaled: bool) -> Any:
    """I_0 or I_1 of |x|: the power series up to 20, the asymptotic one beyond; `scaled` times exp(-|x|)."""
    a = be.abs(x)
    near, far = be.minimum(a, 20.0), be.maximum(a, 20.0)
    quarter = be.mul(be.mul(near, near), 0.25)
    term = _constant(be, near, 1.0) if order == 0 else be.mul(near, 0.5)
    series = term
    for k in range(1, 60):
        term = be.mul(term, be.mul(quarter, 1.0 / (k * (k + order))))
        series = be.add(series, term)
    reach = _constant(be, far, 0.0)
    tail = be.add(reach, 1.0)
    term = tail
    for k in range(1, 25):
        term = be.mul(term, be.div(((2 * k - 1) ** 2 - 4 * order**2) / (8.0 * k), far))
        tail = be.add(tail, term)
    tail = be.div(tail, be.sqrt(be.mul(far, 2 * math.pi)))
    if scaled:
        return be.where(be.lt(a, 20.0), be.mul(series, be.exp(be.neg(near))), tail)
    return be.where(be.lt(a, 20.0), series, be.mul(tail, be.exp(far)))


@unary(promote="float", input=lambda g, input: mul(g, i1(input)))
@widely
def i0(be: Any, input: Array) -> Any:
    """The modified Bessel function of the first kind of order 0."""
    return _modified(be, input, 0, scaled=False)


@unary(
    promote="float", name="SpecialI0EBackward0", input=lambda g, input, out: mul(g, i1e(input) - mul(input.sign(), out))
)
@widely
def i0e(be: Any, input: Array) -> Any:
    """`i0` times exp(-|x|)."""
    return _modified(be, input, 0, scaled=True)


@unary(
    promote="float", name="SpecialI1Backward0", input=lambda g, input, out: mul(g, i0(input) - _over(out, input, 0.5))
)
@widely
def i1(be: Any, input: Array) -> Any:
    """The modified Bessel function of the first kind of order 1."""
    return be.mul(_modified(be, input, 1, scaled=False), be.sign(input))


@unary(
    promote="float",
    name="SpecialI1EBackward0",
    input=lambda g, input, out: mul(g, i0e(input) - mul(input.sign(), out) - _over(out, input, 0.5)),
)
@widely
def i1e(be: Any, input: Array) -> Any:
    """`i1` times exp(-|x|)."""
    return be.mul(_modified(be, input, 1, scaled=True), be.sign(input))


def _over(y: Tensor, x: Tensor, at_zero: float) -> Tensor:
    """y / x, and its limit at 0."""
    zero = x == 0
    return choose(at_zero, true_divide(y, choose(1.0, x, zero)), zero)


# --- ratios and entropies ---------------------------------------------------------------------------------------------


def _safe_log(x: Any) -> Any:
    return log(x) if isinstance(x, Tensor) else math.log(x) if x > 0 else -math.inf if x == 0 else math.nan


def _times_log(be: Any, x: Operand, y: Operand, log_of: Callable[[Any], Any]) -> Any:
    if not hasattr(y, "shape"):
        y = _constant(be, x, float(y))
    product = be.mul(x, log_of(y))
    if not hasattr(x, "shape"):
        return _constant(be, y, 0.0) if x == 0 else product
    return be.where(be.bitwise_and(be.eq(x, 0.0), be.eq(y, y)), 0.0, product)


@binary(
    promote="float",
    input=lambda g, input, other: mul(g, _masked(input, other, _safe_log(other))),
    other=lambda g, input, other: mul(g, true_divide(input, other)),
)
def xlogy(be: Any, input: Operand, other: Operand) -> Any:
    """`input * log(other)`; 0 where `input` is 0, unless `other` is nan."""
    return _times_log(be, input, other, be.log)


def _masked(x: Any, y: Any, slope: Any) -> Any:
    """The slope by x, which is 0 where x is 0 and the logarithm would not be finite."""
    flat = (x == 0) & (y <= 0) if isinstance(x, Tensor) else None
    return slope if flat is None else choose(0.0, slope if isinstance(slope, Tensor) else x * 0 + slope, flat)


@binary(
    promote="float",
    name="SpecialXlog1PyBackward0",
    input=lambda g, input, other: mul(
        g, _masked(input, other + 1, other.log1p() if isinstance(other, Tensor) else math.log1p(other))
    ),
    other=lambda g, input, other: mul(g, true_divide(input, plus(other, 1.0))),
)
def xlog1py(be: Any, input: Operand, other: Operand) -> Any:
    """`input * log1p(other)`; 0 where `input` is 0, unless `other` is nan."""
    return _times_log(be, input, other, be.log1p)


@unary(promote="float", name="SpecialEntrBackward0", input=lambda g, input: mul(g, minus(neg(log(input)), 1.0)))
def entr(be: Any, input: Array) -> Any:
    """-x log(x): 0 at 0, -inf below."""
    inner = be.neg(be.mul(input, be.log(be.where(be.lt(0.0, input), input, 1.0))))
    inner = be.where(be.lt(input, 0.0), -math.inf, inner)
    return be.where(be.ne(input, input), math.nan, inner)


FUNCTIONS = (lgamma, digamma, polygamma, mvlgamma, igamma, igammac, erfc, erfinv, i0, xlogy)


def _polygamma_method(input: Tensor, n: int) -> Tensor:
    return polygamma(n, input)


METHODS = tuple(f for f in FUNCTIONS if f is not polygamma)


def _polygamma_in_place(input: Tensor, n: int) -> Tensor:
    result: Tensor = in_place(_polygamma_method)(input, n)
    return result


METHOD_ALIASES = {"polygamma": _polygamma_method, "polygamma_": _polygamma_in_place}
INPLACE = (lgamma, digamma, mvlgamma, igamma, igammac, erfc, erfinv, i0, xlogy)
COMPOSED = (mvlgamma,)
