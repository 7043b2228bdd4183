"""Comparisons and logic: ops whose result is bool, and bit operations on integers. None has a derivative.

Source: https://docs.pytorch.org/docs/stable/torch.html#comparison-ops
"""

from __future__ import annotations

import math
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array, Operand
from ..dtype import bool_
from ..shape import broadcast_shapes
from .op import binary, unary


@binary(result=bool_)
def eq(be: Any, input: Array, other: Operand) -> Any:
    """Where the operands are equal."""
    return be.eq(input, other)


@binary(result=bool_)
def ne(be: Any, input: Array, other: Operand) -> Any:
    """Where the operands differ."""
    return be.ne(input, other)


@binary(result=bool_)
def lt(be: Any, input: Array, other: Operand) -> Any:
    """Where `input` is less than `other`."""
    return be.lt(input, other)


@binary(result=bool_)
def le(be: Any, input: Array, other: Operand) -> Any:
    """Where `input` is at most `other`."""
    return be.le(input, other)


@binary(result=bool_)
def gt(be: Any, input: Array, other: Operand) -> Any:
    """Where `input` is greater than `other`."""
    return be.lt(other, input)


@binary(result=bool_)
def ge(be: Any, input: Array, other: Operand) -> Any:
    """Where `input` is at least `other`."""
    return be.le(other, input)


@unary(result=bool_)
def isnan(be: Any, input: Array) -> Any:
    """Where elements are nan."""
    return be.ne(input, input)


@unary(result=bool_)
def isinf(be: Any, input: Array) -> Any:
    """Where elements are infinite."""
    if not be.dtype_of(input).is_floating_point:
        return be.full(input.shape, False, bool_)
    return be.eq(be.abs(input), math.inf)


@unary(result=bool_)
def isfinite(be: Any, input: Array) -> Any:
    """Where elements are neither infinite nor nan."""
    if not be.dtype_of(input).is_floating_point:
        return be.full(input.shape, True, bool_)
    return be.lt(be.abs(input), math.inf)


@unary(result=bool_)
def logical_not(be: Any, input: Array) -> Any:
    """Where elements are zero or False."""
    return be.invert(be.cast(input, bool_))


def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """Where both are true; numbers other than 0 count as true."""
    return bitwise_and(input.to(bool_), other.to(bool_))


def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """Where either is true."""
    return bitwise_or(input.to(bool_), other.to(bool_))


def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    """Where exactly one is true."""
    return bitwise_xor(input.to(bool_), other.to(bool_))


def _bits(name: str, *operands: Any) -> None:
    for x in operands:
        if isinstance(x, float) or (isinstance(x, Tensor) and x.dtype.is_floating_point):
            kind = x.dtype.legacy_name if isinstance(x, Tensor) else "Float"
            raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{kind}'")


@unary()
def _invert(be: Any, input: Array) -> Any:
    return be.invert(input)


def bitwise_not(input: Tensor) -> Tensor:
    """Every bit flipped; for bool, the logical not.

    Raises:
        NotImplementedError: floating-point elements.
    """
    _bits("bitwise_not", input)
    return _invert(input)


@binary()
def _and(be: Any, input: Operand, other: Operand) -> Any:
    return be.bitwise_and(input, other)


@binary()
def _or(be: Any, input: Operand, other: Operand) -> Any:
    return be.bitwise_or(input, other)


@binary()
def _xor(be: Any, input: Operand, other: Operand) -> Any:
    return be.bitwise_xor(input, other)


@binary()
def _left(be: Any, input: Operand, other: Operand) -> Any:
    return be.left_shift(input, other)


@binary()
def _right(be: Any, input: Operand, other: Operand) -> Any:
    return be.right_shift(input, other)


def bitwise_and(input: Any, other: Any) -> Tensor:
    """Bit by bit; for bool, the logical and."""
    _bits("bitwise_and", input, other)
    return _and(input, other)


def bitwise_or(input: Any, other: Any) -> Tensor:
    """Bit by bit; for bool, the logical or."""
    _bits("bitwise_or", input, other)
    return _or(input, other)


def bitwise_xor(input: Any, other: Any) -> Tensor:
    """Bit by bit; for bool, the exclusive or."""
    _bits("bitwise_xor", input, other)
    return _xor(input, other)


def bitwise_left_shift(input: Any, other: Any) -> Tensor:
    """The bits moved up."""
    _bits("lshift", input, other)
    return _left(input, other)


def bitwise_right_shift(input: Any, other: Any) -> Tensor:
    """The bits moved down; the sign stays."""
    _bits("rshift", input, other)
    return _right(input, other)


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and elements."""
    return input._shape == other._shape and bool(eq(input, other).all().item())


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Where `|input - other| <= atol + rtol * |other|`."""
    if input.dtype is not other.dtype:
        raise RuntimeError(f"{input.dtype.legacy_name} did not match {other.dtype.legacy_name}")
    for name, value in (("rtol", rtol), ("atol", atol)):
        if value < 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {value}")
    if input.dtype is bool_:
        return eq(input, other)
    if not input.dtype.is_floating_point:
        return eq(input, other) | le(abs(input - other), atol + rtol * abs(other))
    near = le(abs(input - other), atol + rtol * abs(other)) & isfinite(input) & isfinite(other)
    close = eq(input, other) | near
    return close | (isnan(input) & isnan(other)) if equal_nan else close


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close. See `isclose`."""
    broadcast_shapes(input._shape, other._shape)
    return bool(isclose(input, other, rtol, atol, equal_nan).all().item())


FUNCTIONS = (
    eq, ne, lt, le, gt, ge, isnan, isinf, isfinite, logical_not, logical_and, logical_or, logical_xor, bitwise_not,
    bitwise_and, bitwise_or, bitwise_xor, bitwise_left_shift, bitwise_right_shift, equal, isclose, allclose,
)  # fmt: skip
METHODS = FUNCTIONS
INPLACE = (
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    bitwise_not,
    logical_and,
    logical_or,
    logical_not,
    eq,
    ne,
    lt,
    le,
    gt,
    ge,
    logical_xor,
    bitwise_left_shift,
    bitwise_right_shift,
)
ALIASES = {"greater": gt, "greater_equal": ge, "less": lt, "less_equal": le, "not_equal": ne}
