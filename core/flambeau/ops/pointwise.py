"""Elementwise arithmetic: each op with its derivative. Operands broadcast and are promoted as in PyTorch.

Source: https://docs.pytorch.org/docs/stable/torch.html#pointwise-ops
"""

from __future__ import annotations

import builtins
import cmath
import math
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array, Operand
from ..dtype import C_NAMES, bool_, int64
from ..promotion import result_type
from .arguments import renamed
from .creation import zeros_like
from .no_derivative import unlisted
from .node_names import name_node, recorded_as
from .op import Mask, binary, pointwise, store, unary
from .operands import wrap_integer

# --- arithmetic -------------------------------------------------------------------------------------------------------


@binary(name="AddBackward0", input=lambda g: g, other=lambda g: g)
def plus(be: Any, input: Operand, other: Operand) -> Any:
    """The sum of two operands."""
    return be.add(input, other)


def add(input: Any, other: Any, *older: Any, alpha: float = 1, out: Tensor | None = None) -> Tensor:
    """`input + alpha * other`; `add(input, alpha, other)` as in PyTorch's first years.

    Raises:
        RuntimeError: `alpha` is a float and the operands are integers.
    """
    if older:
        alpha, other = other, older[0]
    return plus(input, other if alpha == 1 else _scaled(input, other, alpha), out=out)


def _scaled(input: Any, other: Any, alpha: Any) -> Any:
    kinds = [x.dtype for x in (input, other) if isinstance(x, Tensor)]
    numbers = [x for x in (input, other) if not isinstance(x, Tensor)]
    if isinstance(alpha, float) and not builtins.any(
        [k.priority >= 2 for k in kinds] + [isinstance(x, (float, complex)) for x in numbers]
    ):
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    return mul(other, alpha) if isinstance(other, Tensor) else other * alpha


@binary(name="SubBackward0", input=lambda g: g, other=lambda g: neg(g))
def minus(be: Any, input: Operand, other: Operand) -> Any:
    """The difference of two operands."""
    return be.sub(input, other)


def sub(input: Any, other: Any, *older: Any, alpha: float = 1, out: Tensor | None = None) -> Tensor:
    """`input - alpha * other`; `sub(input, alpha, other)` as in PyTorch's first years.

    Raises:
        RuntimeError: an operand is bool.
    """
    if older:
        alpha, other = other, older[0]
    for x in (input, other):
        if isinstance(x, bool) or (isinstance(x, Tensor) and x.dtype is bool_):
            raise RuntimeError(
                "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a "
                "mask, use the `~` or `logical_not()` operator instead."
                if not (_is_bool(input) and _is_bool(other))
                else "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
                "`logical_xor()` operator instead."
            )
    return minus(input, other if alpha == 1 else _scaled(input, other, alpha), out=out)


def _is_bool(x: Any) -> bool:
    return isinstance(x, bool) or (isinstance(x, Tensor) and x.dtype is bool_)


def rsub(input: Any, other: Any, *, alpha: float = 1) -> Tensor:
    """`other - alpha * input`.

    Raises:
        TypeError: `input` is no tensor.
    """
    if not isinstance(input, Tensor):
        raise TypeError(
            f"rsub() received an invalid combination of arguments - got ({type(input).__name__}, {type(other).__name__}), but "
            "expected one of:\n * (Tensor input, Tensor other, *, Number alpha = 1)\n"
            " * (Tensor input, Number other, Number alpha = 1)\n"
        )
    return sub(other, input, alpha=alpha)


@binary(input=lambda g, other: mul(g, other), other=lambda g, input: mul(g, input))
def mul(be: Any, input: Operand, other: Operand) -> Any:
    """The product of two operands."""
    return be.mul(input, other)


@binary(
    promote="float",
    name="DivBackward0",
    input=lambda g, other: true_divide(g, other),
    other=lambda g, input, other: neg(mul(g, true_divide(true_divide(input, other), other))),
)
def true_divide(be: Any, input: Operand, other: Operand) -> Any:
    """The quotient of two operands, floating point also for integers."""
    return be.div(input, other)


def div(input: Any, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
    """The quotient; `rounding_mode` "trunc" rounds it towards zero, "floor" down.

    Raises:
        RuntimeError: another rounding mode.
    """
    if rounding_mode is None:
        return true_divide(input, other, out=out)
    if rounding_mode == "floor":
        return divide_down(input, other, out=out)
    if rounding_mode == "trunc":
        return divide_towards_zero(input, other, out=out)
    raise RuntimeError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'")


def _flat(g: Tensor) -> Tensor:
    """The derivative of steps: 0, also where the incoming gradient is not finite."""
    return zeros_like(g)


def _kind(be: Any, input: Operand, other: Operand) -> Any:
    return be.dtype_of(input if hasattr(input, "shape") else other)


def _check_divisor(be: Any, input: Operand, other: Operand) -> None:
    """Raise for an integer division by zero, where looking costs no wait for a device."""
    if be.name not in ("cpu", "reference") or _kind(be, input, other).is_floating_point:
        return
    if not hasattr(other, "shape"):
        zero = other == 0
    else:
        zero = math.prod(other.shape) and any(be.to_bytes(be.min(be.ne(other, 0), _axes(other), False))) is False
    if zero:
        raise RuntimeError("ZeroDivisionError")


def _axes(x: Array) -> tuple[int, ...]:
    return tuple(range(len(x.shape)))


@binary(name="NotImplemented", input=lambda g: unlisted("floor_divide"), other=lambda g: unlisted("floor_divide"))
def floor_divide(be: Any, input: Operand, other: Operand) -> Any:
    """The quotient rounded down.

    Raises:
        RuntimeError: an integer is divided by 0 (on the CPU).
    """
    _check_divisor(be, input, other)
    return be.floordiv(input, other)


@binary(name="DivBackward2", input=_flat, other=_flat)
def divide_down(be: Any, input: Operand, other: Operand) -> Any:
    """`div` with `rounding_mode="floor"`."""
    _check_divisor(be, input, other)
    return be.floordiv(input, other)


@binary(name="DivBackward2", input=_flat, other=_flat)
def divide_towards_zero(be: Any, input: Operand, other: Operand) -> Any:
    """`div` with `rounding_mode="trunc"`."""
    if _kind(be, input, other).is_floating_point:
        return be.trunc(be.div(input, other))
    _check_divisor(be, input, other)
    down = be.floordiv(input, other)
    # One more where the exact quotient is negative and no whole number.
    inexact = be.ne(be.remainder(input, other), 0)
    return be.where(be.bitwise_and(inexact, be.lt(down, 0)), be.add(down, 1), down)


@binary(
    name="RemainderBackward1",
    input=lambda g: g,
    other=lambda g, input, other: neg(mul(g, div(input, other, rounding_mode="floor"))),
)
def remainder(be: Any, input: Operand, other: Operand) -> Any:
    """What a division rounded down leaves: the sign is the divisor's, as Python's `%`.

    Raises:
        RuntimeError: an integer is divided by 0 (on the CPU).
    """
    _check_divisor(be, input, other)
    return be.remainder(input, other)


@binary(
    name="FmodBackward1",
    input=lambda g: g,
    other=lambda g, input, other: neg(mul(g, div(input, other, rounding_mode="trunc"))),
)
def fmod(be: Any, input: Array, other: Operand) -> Any:
    """What a division rounded towards zero leaves: the sign is the dividend's, as C's `fmod`."""
    _check_divisor(be, input, other)
    rest = be.remainder(_size(be, input), _size(be, other))
    return be.where(be.lt(input, 0), be.neg(rest), rest)


def _size(be: Any, x: Operand) -> Any:
    return be.abs(x) if hasattr(x, "shape") else builtins.abs(x)


@binary(
    name="PowBackward1",
    input=lambda g, input, other: mul(g, _power_slope(input, other)),
    other=lambda g, input, other, out: mul(g, _exponent_slope(input, other, out)),
)
def pow(be: Any, input: Operand, other: Operand) -> Any:
    """`input` to the power `other`.

    Raises:
        RuntimeError: a negative integer power of integers.
    """
    if other.__class__ is float:
        # The powers people write, without the general function: exact, and faster everywhere.
        if other == 2.0:
            return be.mul(input, input)
        if other == 0.5:
            return be.sqrt(input)
        if other == 1.0:
            return be.copy(input)
        if other == 3.0:
            return be.mul(be.mul(input, input), input)
        if other == -1.0:
            return be.div(1.0, input)
    elif other.__class__ is int and other < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    kind = _kind(be, input, other)
    if kind.priority == 1 and hasattr(other, "shape") and kind.is_signed:
        # Of whole numbers, only 1 and -1 have a negative power that is one.
        negative = be.lt(other, 0)
        power = be.pow(input, be.where(negative, 0, other))
        odd = be.ne(be.bitwise_and(other, 1), 0)
        if not hasattr(input, "shape"):
            input = be.full((), input, kind)
        inverse = be.where(be.eq(input, 1), 1, be.where(be.eq(input, -1), be.where(odd, -1, be.add(power, 0)), 0))
        return be.where(negative, inverse, power)
    return be.pow(input, other)


def _power_slope(x: Any, p: Any) -> Any:
    if isinstance(p, Tensor):
        return where(p == 0, 0.0, mul(p, pow(x, p - 1)))
    if p == 0:
        return mul(x, 0.0)
    return mul(pow(x, p - 1), p) if p != 2 else mul(x, 2.0)


def _exponent_slope(x: Any, p: Tensor, out: Tensor) -> Tensor:
    if isinstance(x, complex):
        return mul(out, cmath.log(x)) if x else mul(out, 0.0)
    if not isinstance(x, Tensor):
        return mul(out, math.log(x)) if x > 0 else mul(out, 0.0 if x == 0 else math.nan)
    # 0 ** p is flat in p for p >= 0, although log(0) is not finite.
    return where((x == 0) if p.dtype.is_complex else (x == 0) & (p >= 0), 0.0, mul(out, log(x)))


@unary(input=lambda g: neg(g))
def neg(be: Any, input: Array) -> Any:
    """The negative.

    Raises:
        RuntimeError: the elements are bool.
    """
    if be.dtype_of(input) is bool_:
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the "
            "`~` or `logical_not()` operator instead."
        )
    return be.neg(input)


def _check_tensor(name: str, input: Any) -> None:
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")


def _check_tensors(name: str, input: Any, other: Any) -> None:
    _check_tensor(name, input)
    if not isinstance(other, Tensor):
        raise TypeError(f"{name}(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}")


def positive(input: Tensor) -> Tensor:
    """The tensor itself.

    Raises:
        RuntimeError: it is bool.
    """
    _check_tensor("positive", input)
    if input.dtype is bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


@unary(input=lambda g, input: mul(g, sign(input)))
def abs(be: Any, input: Array) -> Any:
    """The absolute value."""
    _refuse_bool(be, input, "abs_cpu")
    return be.abs(input)


def _refuse_bool(be: Any, input: Array, kernel: str) -> None:
    if be.dtype_of(input) is bool_:
        raise NotImplementedError(f"\"{kernel}\" not implemented for 'Bool'")


@unary(input=_flat)
def sign(be: Any, input: Array) -> Any:
    """-1, 0 or 1."""
    return be.copy(input) if be.dtype_of(input) is bool_ else be.sign(input)


@unary(promote="float", input=lambda g, out: mul(neg(g), mul(out, out)))
def reciprocal(be: Any, input: Array) -> Any:
    """One over each element."""
    return be.div(1.0, input)


@unary(name="PowBackward0", input=lambda g, input: mul(g, mul(input, 2.0)))
def _square(be: Any, input: Array) -> Any:
    return be.mul(input, input)


def square(input: Tensor) -> Tensor:
    """Each element times itself; int64 for bool."""
    _check_tensor("square", input)
    return _square(input.to(int64) if input.dtype is bool_ else input)


@unary(promote="float", input=lambda g, out: true_divide(g, mul(out, 2.0)))
def sqrt(be: Any, input: Array) -> Any:
    """The square root."""
    return be.sqrt(input)


@unary(promote="float", input=lambda g, out: mul(g, mul(pow(out, 3.0), -0.5)))
def rsqrt(be: Any, input: Array) -> Any:
    """One over the square root."""
    return be.div(1.0, be.sqrt(input))


@pointwise(
    name="LerpBackward0",
    input=lambda g, weight: mul(g, rsub(weight, 1.0) if isinstance(weight, Tensor) else 1.0 - weight),
    end=lambda g, weight: mul(g, weight),
    weight=lambda g, input, end: mul(g, minus(end, input)),
)
def blend(be: Any, input: Array, end: Array, weight: Operand) -> Any:
    """`lerp`, for operands of one dtype."""
    return be.add(input, be.mul(be.sub(end, input), weight))


def lerp(input: Tensor, end: Tensor, weight: Any, *, out: Tensor | None = None) -> Tensor:
    """`input + weight * (end - input)`.

    Raises:
        RuntimeError: dtypes that differ.
    """
    _check_tensor("lerp", input)
    if not isinstance(end, Tensor):
        raise TypeError(f"lerp(): argument 'end' (position 2) must be Tensor, not {type(end).__name__}")
    for name, x in (("end", end), ("weight", weight)):
        if isinstance(x, Tensor) and x.dtype is not input.dtype and (x._shape or name == "end"):
            expected, found = C_NAMES[input.dtype.name], C_NAMES[x.dtype.name]
            raise RuntimeError(f"expected dtype {expected} for `{name}` but got dtype {found}")
    if input.dtype.priority < 2:
        raise NotImplementedError(f"\"lerp_kernel_scalar\" not implemented for '{input.dtype.legacy_name}'")
    return blend(input, end, weight, out=out)


@pointwise(
    name="AddcmulBackward0",
    input=lambda g: g,
    tensor1=lambda g, tensor2, value: mul(g, mul(tensor2, value)),
    tensor2=lambda g, tensor1, value: mul(g, mul(tensor1, value)),
)
def add_product(be: Any, input: Array, tensor1: Array, tensor2: Array, value: float = 1) -> Any:
    """`addcmul`."""
    return be.add(input, be.mul(be.mul(tensor1, tensor2), value) if value != 1 else be.mul(tensor1, tensor2))


def addcmul(
    input: Tensor, tensor1: Any, tensor2: Any, *older: Any, value: float = 1, out: Tensor | None = None
) -> Tensor:
    """`input + value * tensor1 * tensor2`; `value` was once passed before the two."""
    if older:
        value, tensor1, tensor2 = tensor1, tensor2, older[0]
    for position, (name, x) in enumerate((("input", input), ("tensor1", tensor1), ("tensor2", tensor2)), start=1):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"addcmul(): argument '{name}' (position {position}) must be Tensor, not {type(x).__name__}"
            )
    return add_product(input, tensor1, tensor2, value, out=out)


@pointwise(
    promote="float",
    name="AddcdivBackward0",
    input=lambda g: g,
    tensor1=lambda g, tensor2, value: mul(true_divide(g, tensor2), value),
    tensor2=lambda g, tensor1, tensor2, value: mul(g, mul(true_divide(tensor1, mul(tensor2, tensor2)), -value)),
)
def add_quotient(be: Any, input: Array, tensor1: Array, tensor2: Array, value: float = 1) -> Any:
    """`addcdiv`, of floating-point operands."""
    return be.add(input, be.mul(be.div(tensor1, tensor2), value) if value != 1 else be.div(tensor1, tensor2))


def addcdiv(
    input: Tensor, tensor1: Any, tensor2: Any, *older: Any, value: float = 1, out: Tensor | None = None
) -> Tensor:
    """`input + value * tensor1 / tensor2`; `value` was once passed before the two.

    Raises:
        RuntimeError: both `tensor1` and `tensor2` are integers.
    """
    if older:
        value, tensor1, tensor2 = tensor1, tensor2, older[0]
    _check_tensor("addcdiv", input)
    if all(isinstance(x, Tensor) and x.dtype.priority < 2 for x in (tensor1, tensor2)):
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a true "
            "division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value * "
            "torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / "
            "tensor2) for float inputs. The future addcdiv behavior is just the latter implementation: (input + value * "
            "tensor1 / tensor2), for all dtypes."
        )
    return add_quotient(input, tensor1, tensor2, value, out=out)


# --- exponentials, logarithms, trigonometry ---------------------------------------------------------------------------


@unary(promote="float", input=lambda g, out: mul(g, out))
def exp(be: Any, input: Array) -> Any:
    """e to the power of each element."""
    return be.exp(input)


@unary(promote="float", input=lambda g, out: mul(g, mul(out, math.log(2.0))))
def exp2(be: Any, input: Array) -> Any:
    """2 to the power of each element."""
    return be.pow(2.0, input)


@unary(promote="float", input=lambda g, out: mul(g, plus(out, 1.0)))
def expm1(be: Any, input: Array) -> Any:
    """`exp(input) - 1`, accurate near 0."""
    return be.expm1(input)


@unary(promote="float", input=lambda g, input: true_divide(g, input))
def log(be: Any, input: Array) -> Any:
    """The natural logarithm."""
    return be.log(input)


@unary(promote="float", input=lambda g, input: true_divide(g, mul(input, math.log(2.0))))
def log2(be: Any, input: Array) -> Any:
    """The logarithm to base 2."""
    return be.mul(be.log(input), 1.0 / math.log(2.0))


@unary(promote="float", input=lambda g, input: true_divide(g, mul(input, math.log(10.0))))
def log10(be: Any, input: Array) -> Any:
    """The logarithm to base 10."""
    return be.mul(be.log(input), 1.0 / math.log(10.0))


@unary(promote="float", name="Log1PBackward0", input=lambda g, input: true_divide(g, plus(input, 1.0)))
def log1p(be: Any, input: Array) -> Any:
    """`log(1 + input)`, accurate near 0."""
    return be.log1p(input)


@unary(promote="float", input=lambda g, input: mul(g, cos(input)))
def sin(be: Any, input: Array) -> Any:
    """The sine, of radians."""
    return be.sin(input)


@unary(promote="float", input=lambda g, input: neg(mul(g, sin(input))))
def cos(be: Any, input: Array) -> Any:
    """The cosine, of radians."""
    return be.cos(input)


@unary(promote="float", input=lambda g, out: mul(g, plus(mul(out, out), 1.0)))
def tan(be: Any, input: Array) -> Any:
    """The tangent, of radians."""
    return be.tan(input)


@unary(promote="float", input=lambda g, input: mul(g, rsqrt(rsub(mul(input, input), 1.0))))
def asin(be: Any, input: Array) -> Any:
    """The arc sine, in radians."""
    return be.asin(input)


@unary(promote="float", input=lambda g, input: neg(mul(g, rsqrt(rsub(mul(input, input), 1.0)))))
def acos(be: Any, input: Array) -> Any:
    """The arc cosine, in radians."""
    return be.acos(input)


@unary(promote="float", input=lambda g, input: true_divide(g, plus(mul(input, input), 1.0)))
def atan(be: Any, input: Array) -> Any:
    """The arc tangent, in radians."""
    return be.atan(input)


@binary(
    promote="float",
    input=lambda g, input, other: mul(g, true_divide(other, plus(mul(input, input), mul(other, other)))),
    other=lambda g, input, other: neg(mul(g, true_divide(input, plus(mul(input, input), mul(other, other))))),
    name="Atan2Backward0",
)
def _angle(be: Any, input: Operand, other: Operand) -> Any:
    return be.atan2(input, other)


def atan2(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle of the point (other, input), in radians."""
    _check_tensors("atan2", input, other)
    return _angle(input, other, out=out)


@unary(promote="float", input=lambda g, input: mul(g, cosh(input)))
def sinh(be: Any, input: Array) -> Any:
    """The hyperbolic sine."""
    return be.sinh(input)


@unary(promote="float", input=lambda g, input: mul(g, sinh(input)))
def cosh(be: Any, input: Array) -> Any:
    """The hyperbolic cosine."""
    return be.cosh(input)


@unary(promote="float", input=lambda g, input: mul(g, mul(exp(neg(mul(input, input))), 2 / math.sqrt(math.pi))))
def erf(be: Any, input: Array) -> Any:
    """The error function, 2/sqrt(pi) times the integral of exp(-t**2) from 0."""
    return be.erf(input)


# --- rounding ---------------------------------------------------------------------------------------------------------


@unary(input=_flat)
def floor(be: Any, input: Array) -> Any:
    """Rounded down."""
    _refuse_bool(be, input, "floor_vml_cpu")
    return be.floor(input) if be.dtype_of(input).is_floating_point else be.copy(input)


@unary(input=_flat)
def ceil(be: Any, input: Array) -> Any:
    """Rounded up."""
    _refuse_bool(be, input, "ceil_vml_cpu")
    return be.ceil(input) if be.dtype_of(input).is_floating_point else be.copy(input)


@unary(input=_flat)
def trunc(be: Any, input: Array) -> Any:
    """Rounded towards zero."""
    _refuse_bool(be, input, "trunc_vml_cpu")
    return be.trunc(input) if be.dtype_of(input).is_floating_point else be.copy(input)


@unary(name="RoundBackward0", input=_flat)
def round(be: Any, input: Array, decimals: int = 0) -> Any:
    """Rounded to the nearest integer, halves to even; or to a number of decimals."""
    _refuse_bool(be, input, "round_vml_cpu")
    if not be.dtype_of(input).is_floating_point:
        return be.copy(input)
    if not decimals:
        return be.round(input)
    scale = 10.0**decimals
    return be.div(be.round(be.mul(input, scale)), scale)


@recorded_as("FracBackward0")
def frac(input: Tensor) -> Tensor:
    """What `trunc` takes away."""
    _check_tensor("frac", input)
    return minus(input, trunc(input))


# --- choosing ---------------------------------------------------------------------------------------------------------


def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """`input` where `condition` is true, else `other`. With a condition alone: `nonzero(as_tuple=True)`.

    Raises:
        RuntimeError: `condition` is not of bools.
    """
    if input is None and other is None:
        from .masks import nonzero

        return nonzero(condition, as_tuple=True)
    if not isinstance(input, Tensor) and not isinstance(other, Tensor):
        from .creation import full

        input = full((), input, dtype=result_type(input, other), device=condition.device)
    if condition.dtype is not bool_:
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{condition.dtype.legacy_name}"
        )
    return choose(input, other, condition)


@pointwise(
    name="WhereBackward0",
    input=lambda g, condition: choose(g, 0.0, condition),
    other=lambda g, condition: choose(0.0, g, condition),
)
def choose(be: Any, input: Operand, other: Operand, condition: Mask) -> Any:
    """`where` with its operands in the order of promotion: the condition takes no part in it."""
    return be.where(condition, input, other)


@pointwise(
    name="MaximumBackward0",
    input=lambda g, input, other: _shared(g, input, other, other > input),
    other=lambda g, input, other: _shared(g, input, other, input > other),
)
def larger(be: Any, input: Operand, other: Operand) -> Any:
    """The larger of each pair; nan where either is."""
    return be.maximum(input, other)


def maximum(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The larger of each pair of elements; nan where either is."""
    _check_tensors("maximum", input, other)
    return larger(input, other, out=out)


@pointwise(
    name="MinimumBackward0",
    input=lambda g, input, other: _shared(g, input, other, other < input),
    other=lambda g, input, other: _shared(g, input, other, input < other),
)
def smaller(be: Any, input: Operand, other: Operand) -> Any:
    """The smaller of each pair; nan where either is."""
    return be.minimum(input, other)


def minimum(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smaller of each pair of elements; nan where either is."""
    _check_tensors("minimum", input, other)
    return smaller(input, other, out=out)


def _shared(g: Tensor, a: Any, b: Any, lost: Tensor) -> Tensor:
    """The gradient where an operand was chosen, half of it where both are equal, 0 where it lost; all of it for nan."""
    return choose(0.0, choose(mul(g, 0.5), g, a == b), lost)


def clamp(input: Tensor, min: Any = None, max: Any = None, *, out: Tensor | None = None) -> Tensor:
    """Each element moved into [min, max]; either bound may be a number, a tensor or None.

    Raises:
        RuntimeError: both are None.
    """
    _check_tensor("clamp", input)
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        if isinstance(min, (int, float)) or isinstance(max, (int, float)):
            return clamp(input, _bound(min), _bound(max), out=out)
        result = lowered(input, max) if min is None else raised(input, min) if max is None else bounded(input, min, max)
        return result if out is None else store(out, result, "clamp")
    if input.dtype.priority != 2:
        input = input.to(result_type(input, *[b for b in (min, max) if b is not None]))
    kind = input.dtype
    low, high = (
        b if b is None else float(b) if kind.priority == 2 else wrap_integer(int(b), kind) if kind.priority else bool(b)
        for b in (min, max)
    )
    return clip(input, low, high, out=out)


def _bound(x: Any) -> Any:
    """A 0-d tensor that stands beside a number as a number too."""
    if isinstance(x, Tensor):
        if x._shape:
            raise TypeError(
                "clamp() received an invalid combination of arguments: min and max must both be tensors or both numbers"
            )
        return x.item()
    return x


@unary(name="ClampBackward1", input=lambda g, input, min, max: mul(g, _inside(input, min, max)))
def clip(be: Any, input: Array, min: Any, max: Any) -> Any:
    """Each element moved into [min, max], numbers or None."""
    y = input if min is None else be.maximum(input, min)
    return y if max is None else be.minimum(y, max)


@pointwise(
    name="ClampMinBackward1",
    input=lambda g, input, min: choose(g, 0.0, input >= min),
    min=lambda g, input, min: choose(g, 0.0, input < min),
)
def raised(be: Any, input: Array, min: Array) -> Any:
    """Each element at least that of a tensor; of equals, `input` gets the gradient."""
    return be.maximum(input, min)


@pointwise(
    name="ClampMaxBackward1",
    input=lambda g, input, max: choose(g, 0.0, input <= max),
    max=lambda g, input, max: choose(g, 0.0, input > max),
)
def lowered(be: Any, input: Array, max: Array) -> Any:
    """Each element at most that of a tensor; of equals, `input` gets the gradient."""
    return be.minimum(input, max)


@pointwise(
    name="ClampBackward0",
    input=lambda g, input, min, max: choose(g, 0.0, (input >= min) & (input <= max)),
    min=lambda g, input, min, max: choose(g, 0.0, (min < max) & (input < min)),
    max=lambda g, input, min, max: choose(g, 0.0, (input > max) | (max < min)),
)
def bounded(be: Any, input: Array, min: Array, max: Array) -> Any:
    """Each element moved between those of two tensors."""
    return be.minimum(be.maximum(input, min), max)


def _inside(x: Tensor, low: Any, high: Any) -> Tensor:
    within = None if low is None else x >= low
    below = None if high is None else x <= high
    both = within if below is None else below if within is None else within & below
    assert both is not None
    return both.to(x.dtype)


def clamp_min(input: Tensor, min: Any) -> Tensor:
    """Each element at least `min`."""
    result = clamp(input, min=min)
    return result if isinstance(min, Tensor) else name_node(result, "ClampMinBackward0")


def clamp_max(input: Tensor, max: Any) -> Tensor:
    """Each element at most `max`."""
    result = clamp(input, max=max)
    return result if isinstance(max, Tensor) else name_node(result, "ClampMaxBackward0")


@recorded_as("NanToNumBackward0")
def nan_to_num(input: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """nan and infinities replaced: by 0 and the largest finite numbers unless given."""
    from ..numeric_limits import finfo

    if not input.dtype.is_floating_point:
        return input.clone()
    limits = finfo(input.dtype)
    y = where(input != input, nan, input)
    y = where(y == math.inf, limits.max if posinf is None else posinf, y)
    return where(y == -math.inf, limits.min if neginf is None else neginf, y)


_pow = renamed(pow, exponent="other")
pow.op.number_names = {0: "PowBackward2", 1: "PowBackward0"}  # type: ignore[attr-defined]
remainder.op.number_names = {1: "RemainderBackward0"}  # type: ignore[attr-defined]
fmod.op.number_names = {1: "FmodBackward0"}  # type: ignore[attr-defined]

FUNCTIONS = (
    add, sub, rsub, mul, div, true_divide, floor_divide, remainder, fmod, _pow, neg, positive, abs, sign, reciprocal,
    square, sqrt, rsqrt, lerp, addcmul, addcdiv, exp, exp2, expm1, log, log2, log10, log1p, sin, cos, tan, asin, acos,
    atan, atan2, sinh, cosh, erf, floor, ceil, trunc, round, frac, where, maximum, minimum, clamp, clamp_min, clamp_max,
    nan_to_num,
)  # fmt: skip
METHODS = tuple(f for f in FUNCTIONS if f is not where and f is not rsub)
INPLACE = (
    add, sub, mul, div, floor_divide, remainder, fmod, pow, neg, abs, sign, reciprocal, square, sqrt, rsqrt, lerp,
    addcmul, addcdiv, exp, exp2, expm1, log, log2, log10, log1p, sin, cos, tan, asin, acos, atan, sinh, cosh, erf,
    floor, ceil, trunc, round, frac, clamp, clamp_min, clamp_max, nan_to_num, true_divide, atan2,
)  # fmt: skip
ALIASES = {
    "multiply": mul, "divide": div, "subtract": sub, "negative": neg, "absolute": abs, "arctan2": atan2, "arcsin": asin,
    "arccos": acos, "arctan": atan, "sgn": sign, "fix": trunc, "clip": clamp,
}  # fmt: skip
