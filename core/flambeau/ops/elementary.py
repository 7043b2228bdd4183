"""Elementary functions beyond arithmetic: hyperbolic inverses, logarithms of sums, and the parts of floating-point numbers.

Source: https://docs.pytorch.org/docs/stable/torch.html#pointwise-ops
"""

from __future__ import annotations

import math
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array, Operand
from ..dtype import bool_, complex128, dtype, float64, int32
from ..promotion import result_type
from .comparison import isnan
from .creation import ones_like, zeros_like
from .no_derivative import unlisted
from .node_names import recorded_as
from .op import binary, op, unary
from .pointwise import abs as absolute
from .pointwise import choose, cos, div, exp, log, minus, mul, plus, pow, rsqrt, sin, true_divide, where
from .returned import named

# --- hyperbolic inverses, angles --------------------------------------------------------------------------------------

_FAR = 1e18
"""From here on acosh(x) and asinh(x) are log(2 x), and not far beyond, the square of a float32 is infinite."""


def _odd(be: Any, input: Array, value: Array) -> Any:
    """An odd function of `input`, of which `value` is that of |input|; nan and zeros of both signs stay."""
    return be.where(be.lt(0.0, input), value, be.where(be.lt(input, 0.0), be.neg(value), input))


@unary(promote="float", input=lambda g, input: mul(g, rsqrt(plus(mul(input, input), 1.0))))
def asinh(be: Any, input: Array) -> Any:
    """The inverse hyperbolic sine."""
    size = be.abs(input)
    near = be.minimum(size, _FAR)
    square = be.mul(near, near)
    value = be.log1p(be.add(near, be.div(square, be.add(be.sqrt(be.add(square, 1.0)), 1.0))))
    return _odd(be, input, be.where(be.lt(size, _FAR), value, be.add(be.log(size), math.log(2))))


@unary(promote="float", input=lambda g, input: mul(g, mul(rsqrt(minus(input, 1.0)), rsqrt(plus(input, 1.0)))))
def acosh(be: Any, input: Array) -> Any:
    """The inverse hyperbolic cosine."""
    above = be.sub(be.minimum(input, _FAR), 1.0)
    value = be.log1p(be.add(above, be.sqrt(be.mul(above, be.add(above, 2.0)))))
    value = be.where(be.lt(input, _FAR), value, be.add(be.log(input), math.log(2)))
    return be.where(be.lt(input, 1.0), math.nan, value)


@unary(promote="float", input=lambda g, input: true_divide(g, minus(1.0, mul(input, input))))
def atanh(be: Any, input: Array) -> Any:
    """The inverse hyperbolic tangent."""
    size = be.abs(input)
    return _odd(be, input, be.mul(be.log1p(be.div(be.mul(size, 2.0), be.sub(1.0, size))), 0.5))


@unary(promote="float", name="Deg2RadBackward0", input=lambda g: mul(g, math.pi / 180))
def deg2rad(be: Any, input: Array) -> Any:
    """Degrees as radians."""
    return be.mul(input, math.pi / 180)


@unary(promote="float", name="Rad2DegBackward0", input=lambda g: mul(g, 180 / math.pi))
def rad2deg(be: Any, input: Array) -> Any:
    """Radians as degrees."""
    return be.mul(input, 180 / math.pi)


@unary(promote="float", input=lambda g, input: mul(g, _sinc_slope(input)))
def sinc(be: Any, input: Array) -> Any:
    """sin(pi x) / (pi x), and 1 at 0."""
    zero = be.eq(input, 0.0)
    angle = be.mul(be.where(zero, 1.0, input), math.pi)
    return be.where(zero, 1.0, be.div(be.sin(angle), angle))


def _sinc_slope(x: Tensor) -> Tensor:
    zero = x == 0
    safe = choose(1.0, x, zero)
    angle = mul(safe, math.pi)
    return choose(0.0, true_divide(mul(angle, cos(angle)) - sin(angle), mul(angle, safe)), zero)


@unary(
    promote="float",
    input=lambda g, input, eps: choose(
        true_divide(g, mul(input, minus(1.0, input))), 0.0 if eps is not None else math.nan, _within(input, eps)
    ),
)
def logit(be: Any, input: Array, eps: float | None = None) -> Any:
    """log(x / (1 - x)), for x first moved into [eps, 1 - eps]."""
    x = input if eps is None else be.minimum(be.maximum(input, float(eps)), 1.0 - eps)
    return be.log(be.div(x, be.sub(1.0, x)))


def _within(x: Tensor, eps: float | None) -> Tensor:
    low = eps or 0.0
    return (x >= low) & (x <= 1.0 - low)


# --- two operands -----------------------------------------------------------------------------------------------------


def _both(be: Any, x: Operand, y: Operand) -> tuple[Any, Any]:
    """Both operands as arrays."""
    if not hasattr(x, "shape"):
        x = be.full((), x, be.dtype_of(y))
    if not hasattr(y, "shape"):
        y = be.full((), y, be.dtype_of(x))
    return x, y


@binary(
    name="HypotBackward0",
    input=lambda g, input, out: mul(g, true_divide(input, out)),
    other=lambda g, other, out: mul(g, true_divide(other, out)),
)
def _hypot(be: Any, input: Operand, other: Operand) -> Any:
    a, b = _both(be, input, other)
    a, b = be.abs(a), be.abs(b)
    long, short = be.maximum(a, b), be.minimum(a, b)
    ratio = be.div(short, be.where(be.eq(long, 0.0), 1.0, long))
    length = be.mul(long, be.sqrt(be.add(be.mul(ratio, ratio), 1.0)))
    return be.where(be.eq(long, math.inf), math.inf, length)


def hypot(input: Tensor, other: Tensor) -> Tensor:
    """The length of the hypotenuse: sqrt(input**2 + other**2), without overflow."""
    _need_tensors("hypot", input, other)
    return _hypot(input, other)


@binary(
    name="LogaddexpBackward0",
    input=lambda g, input, other: true_divide(g, plus(exp(minus(other, input)), 1.0)),
    other=lambda g, input, other: true_divide(g, plus(exp(minus(input, other)), 1.0)),
)
def _log_add_exp(be: Any, input: Operand, other: Operand) -> Any:
    return _log_of_sum(be, input, other, 1.0)


@binary(
    name="Logaddexp2Backward0",
    input=lambda g, input, other: true_divide(g, plus(pow(2.0, minus(other, input)), 1.0)),
    other=lambda g, input, other: true_divide(g, plus(pow(2.0, minus(input, other)), 1.0)),
)
def _log_add_exp2(be: Any, input: Operand, other: Operand) -> Any:
    return _log_of_sum(be, input, other, math.log(2))


def _log_of_sum(be: Any, x: Operand, y: Operand, unit: float) -> Any:
    x, y = _both(be, x, y)
    larger = be.maximum(x, y)
    gap = be.mul(be.abs(be.sub(x, y)), -unit)
    total = be.add(larger, be.mul(be.log1p(be.exp(gap)), 1 / unit))
    same = be.bitwise_and(be.eq(x, y), be.eq(be.abs(x), math.inf))
    return be.where(same, larger, total)


def _need_tensors(name: str, input: Any, other: Any) -> None:
    for i, (label, x) in enumerate((("input", input), ("other", other)), 1):
        if not isinstance(x, Tensor):
            label = "values" if (name, i) == ("heaviside", 2) else label
            raise TypeError(f"{name}(): argument '{label}' (position {i}) must be Tensor, not {type(x).__name__}")


def _need_floats(kernel: str, input: Tensor, other: Tensor) -> None:
    kind = result_type(input, other)
    if not kind.is_floating_point:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{kind.legacy_name}'")


def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """log(exp(input) + exp(other)), without overflow."""
    _need_tensors("logaddexp", input, other)
    if result_type(input, other).is_complex:
        # Not log(exp(a) + exp(b)): the imaginary part is that of the larger, and what the smaller turns it by.
        first = input.detach().real >= other.detach().real
        large, small = where(first, input, other), where(first, other, input)
        return large + log(exp(small - large) + 1)
    _need_floats("logaddexp_cpu", input, other)
    return _log_add_exp(input, other)


def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """log2(2**input + 2**other), without overflow."""
    _need_tensors("logaddexp2", input, other)
    _need_floats("logaddexp2_cpu", input, other)
    return _log_add_exp2(input, other)


@binary(
    name="FmaxBackward0",
    input=lambda g, input, other: choose(g, 0.0, _first_wins(input >= other, other)),
    other=lambda g, input, other: choose(0.0, g, _first_wins(input >= other, other)),
)
def _fmax(be: Any, input: Operand, other: Operand) -> Any:
    a, b = _both(be, input, other)
    return be.where(be.ne(a, a), b, be.where(be.ne(b, b), a, be.maximum(a, b)))


@binary(
    name="FminBackward0",
    input=lambda g, input, other: choose(g, 0.0, _first_wins(input <= other, other)),
    other=lambda g, input, other: choose(0.0, g, _first_wins(input <= other, other)),
)
def _fmin(be: Any, input: Operand, other: Operand) -> Any:
    a, b = _both(be, input, other)
    return be.where(be.ne(a, a), b, be.where(be.ne(b, b), a, be.minimum(a, b)))


def _first_wins(wins: Tensor, other: Any) -> Tensor:
    return wins | isnan(other)


def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The larger of each pair, or the one that is not nan."""
    _need_tensors("fmax", input, other)
    return _fmax(input, other)


def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of each pair, or the one that is not nan."""
    _need_tensors("fmin", input, other)
    return _fmin(input, other)


def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 below 0, 1 above, and `values` at 0.

    Raises:
        RuntimeError: dtypes that differ.
    """
    _need_tensors("heaviside", input, values)
    if input.dtype is not values.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    return _heaviside(input, values)


@binary(name="NotImplemented", input=lambda g: unlisted("heaviside"), other=lambda g: unlisted("heaviside"))
def _heaviside(be: Any, input: Operand, other: Operand) -> Any:
    kind = be.dtype_of(input)
    return be.where(be.eq(input, 0), other, be.cast(be.lt(0, input), kind))


def float_power(input: Any, exponent: Any) -> Tensor:
    """`pow`, computed in float64, or complex128."""
    operands = (input, exponent)
    number: Any = float
    kind = float64
    if any(x.dtype.is_complex if isinstance(x, Tensor) else isinstance(x, complex) for x in operands):
        number, kind = complex, complex128
    return pow(*[x.to(kind) if isinstance(x, Tensor) else number(x) for x in operands])


def float_power_(input: Tensor, exponent: Any) -> Tensor:
    """The in-place form of `float_power`, of float64 tensors only."""
    if input.dtype is not float64:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {input.dtype.legacy_name} but the operation's result requires "
            "dtype Double"
        )
    result: Tensor = input.pow_(exponent.to(float64) if isinstance(exponent, Tensor) else float(exponent))
    return result


@recorded_as("LdexpBackward0")
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """`input * 2**other`."""
    if not isinstance(input, Tensor):
        raise TypeError(f"ldexp(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    return mul(input, pow(2.0, other))


# --- whole numbers ----------------------------------------------------------------------------------------------------


@binary(name="GcdBackward0")
def _gcd(be: Any, input: Operand, other: Operand) -> Any:
    a, b = _both(be, input, other)
    a, b = be.abs(a), be.abs(b)
    for _ in range(12 * be.dtype_of(a).itemsize):  # Euclid needs at most log(2**bits) / log(1.618) steps
        done = be.eq(b, 0)
        rest = be.where(done, 0, be.remainder(a, be.where(done, 1, b)))
        a, b = be.where(done, a, b), rest
    return a


def _need_integers(kernel: str, input: Any, other: Any) -> None:
    kind = result_type(input, other)
    if not kind.is_integral:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{kind.legacy_name}'")


def gcd(input: Tensor, other: Tensor) -> Tensor:
    """The greatest common divisor."""
    _need_tensors("gcd", input, other)
    _need_integers("gcd_cpu", input, other)
    return _gcd(input, other)


def lcm(input: Tensor, other: Tensor) -> Tensor:
    """The least common multiple."""
    _need_tensors("lcm", input, other)
    _need_integers("lcm_cpu", input, other)
    divisor = _gcd(input, other)
    none = divisor == 0
    quotient = div(input, choose(1, divisor, none), rounding_mode="trunc")
    return choose(0, absolute(mul(quotient, other)), none)


# --- the parts of a floating-point number -----------------------------------------------------------------------------


@unary(result=bool_)
def signbit(be: Any, input: Array) -> Any:
    """Where the sign is minus, that of -0 included."""
    return _negative(be, input)


def _negative(be: Any, x: Array) -> Any:
    kind = be.dtype_of(x)
    if not kind.is_signed:
        return be.full(x.shape, False, bool_)
    below = be.lt(x, 0)
    if not kind.is_floating_point:
        return below
    zero = be.eq(x, 0.0)
    return be.bitwise_or(below, be.bitwise_and(zero, be.lt(be.div(1.0, be.where(zero, x, 1.0)), 0.0)))


@binary(
    promote="float",
    name="CopysignBackward0",
    input=lambda g, input, out: mul(g, choose(0.0, true_divide(out, choose(1.0, input, input == 0)), input == 0)),
    other=lambda g: zeros_like(g),
)
def _copysign(be: Any, input: Array, other: Operand) -> Any:
    a, b = _both(be, input, other)
    size = be.abs(a)
    return be.where(_negative(be, b), be.neg(size), size)


def copysign(input: Tensor, other: Any) -> Tensor:
    """The size of `input` with the sign of `other`."""
    return _copysign(input, other)


def _scale(be: Any, x: Array) -> Any:
    """The exponent e, as a float, with 2**(e-1) <= |x| < 2**e."""
    size = be.abs(x)
    known = be.bitwise_and(be.lt(0.0, size), be.lt(size, math.inf))
    size = be.where(known, size, 1.0)
    e = be.add(be.floor(be.mul(be.log(size), 1 / math.log(2))), 1.0)
    e = be.where(be.le(be.pow(2.0, e), size), be.add(e, 1.0), e)
    return be.where(be.lt(size, be.pow(2.0, be.sub(e, 1.0))), be.sub(e, 1.0), e)


def _parts_of(input: Any) -> tuple[dtype, dtype]:
    return (input.dtype, int32)


@op(result=_parts_of, name="FrexpBackward0", input=lambda g, out: true_divide(g[0], pow(2.0, out[1].to(g[0].dtype))))
def _frexp(be: Any, input: Array) -> Any:
    size = be.abs(input)
    known = be.bitwise_and(be.lt(0.0, size), be.lt(size, math.inf))
    e = be.where(known, _scale(be, input), 0.0)
    return be.div(input, be.pow(2.0, e)), be.cast(e, int32)


_MantissaExponent = named("frexp", "mantissa", "exponent")


def frexp(input: Tensor) -> tuple[Tensor, Tensor]:
    """Each element as mantissa * 2**exponent, the mantissa in [1/2, 1).

    Raises:
        RuntimeError: the elements are not floating point.
    """
    if not input.dtype.is_floating_point:
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    found: tuple[Tensor, Tensor] = _MantissaExponent(*_frexp(input))
    return found


def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """The next representable number after `input` towards `other`."""
    _need_tensors("nextafter", input, other)
    return _nextafter(input, other)


@binary(name="NextafterBackward0", input=lambda g: g, other=zeros_like)
def _nextafter(be: Any, input: Operand, other: Operand) -> Any:
    x, y = _both(be, input, other)
    digits, smallest = (53, 5e-324) if be.dtype_of(x) is float64 else (24, 2.0**-149)
    e = _scale(be, x)
    step = be.maximum(be.pow(2.0, be.sub(e, float(digits))), smallest)
    inner = be.maximum(be.pow(2.0, be.sub(e, float(digits + 1))), smallest)
    up = be.lt(x, y)
    away = be.eq(up, be.lt(0.0, x))
    boundary = be.eq(be.abs(x), be.pow(2.0, be.sub(e, 1.0)))
    step = be.where(be.bitwise_and(be.invert(away), boundary), inner, step)
    step = be.where(be.eq(x, 0.0), smallest, step)
    moved = be.where(up, be.add(x, step), be.sub(x, step))
    moved = be.where(be.eq(x, y), y, moved)
    return be.where(be.bitwise_or(be.ne(x, x), be.ne(y, y)), math.nan, moved)


@unary(result=bool_)
def isposinf(be: Any, input: Array) -> Any:
    """Where elements are inf."""
    return be.eq(input, math.inf) if be.dtype_of(input).is_floating_point else be.full(input.shape, False, bool_)


@unary(result=bool_)
def isneginf(be: Any, input: Array) -> Any:
    """Where elements are -inf."""
    return be.eq(input, -math.inf) if be.dtype_of(input).is_floating_point else be.full(input.shape, False, bool_)


def isreal(input: Tensor) -> Tensor:
    """Where elements are real numbers: everywhere in a real tensor."""
    if input.dtype.is_complex:
        found: Tensor = input.imag == 0
        return found
    return ones_like(input, dtype=bool_)


FUNCTIONS = (
    isreal, asinh, acosh, atanh, deg2rad, rad2deg, sinc, logit, hypot, logaddexp, logaddexp2, fmax, fmin, heaviside, float_power,
    ldexp, gcd, lcm, signbit, copysign, frexp, nextafter, isposinf, isneginf,
)  # fmt: skip
METHODS = (*FUNCTIONS, float_power_)
INPLACE = (
    asinh, acosh, atanh, deg2rad, rad2deg, sinc, logit, hypot, heaviside, ldexp, gcd, lcm, copysign, nextafter,
)  # fmt: skip
COMPOSED = (ldexp, lcm)
ALIASES = {"arcsinh": asinh, "arccosh": acosh, "arctanh": atanh}
