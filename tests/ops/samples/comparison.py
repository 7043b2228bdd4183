"""Samples of comparisons, logic and bit operations."""

from __future__ import annotations

from ..sample import B, F, I, Op, S, T
from .pointwise import INTEGERS, binary, unary

nan, inf = float("nan"), float("inf")
SPECIAL = [1.0, nan, inf, -inf, 0.0]


def compare(name: str) -> Op:
    return binary(
        name, differentiable=False, samples=[S(T(SPECIAL), T([1.0, nan, inf, inf, -0.0])), S(I(4), 1.5), S(F(3), 1)]
    )


def bits(name: str) -> Op:
    return Op(name, [
        S(I(2, 3), I(3)), S(I(4), 5), S(3, I(4)), S(I(), I()), S(B(4), B(4)), S(B(4), True), S(B(4), I(4)), S(I(0), I(1)),
        S(I(4, kind="int32"), I(4)), *[S(I(4, low=0, kind=kind), I(4, low=0, kind=kind)) for kind in INTEGERS],
    ], [S(F(2), F(2)), S(I(2), F(2)), S(I(2), I(3))], differentiable=False)  # fmt: skip


def logic(name: str) -> Op:
    return Op(name, [S(B(2, 3), B(3)), S(F(3), I(3)), S(I(3), B(1)), S(T(SPECIAL), T(SPECIAL)), S(B(0), B(0))], [S(B(2), B(3))],
              differentiable=False)  # fmt: skip


def shift(name: str) -> Op:
    return Op(name, [
        S(I(2, 3), I(3, low=0, high=4)), S(I(4), 2), S(I(4, kind="int32"), I(4, low=0, high=4, kind="int32")), S(I(4, kind="uint8"), 1),
    ], [S(I(2), I(3))], differentiable=False)  # fmt: skip


OPS = [
    *[compare(name) for name in ("eq", "ne", "lt", "le", "gt", "ge")],
    *[unary(name, differentiable=False, samples=[S(T(SPECIAL))]) for name in ("isnan", "isinf", "isfinite")],
    unary("logical_not", differentiable=False, samples=[S(T(SPECIAL))]),
    *[logic(name) for name in ("logical_and", "logical_or", "logical_xor")],
    Op("bitwise_not", [S(I(2, 3)), S(B(4)), S(I(0)), S(I()), *[S(I(4, kind=kind)) for kind in INTEGERS]], [S(F(2))], differentiable=False),
    *[bits(name) for name in ("bitwise_and", "bitwise_or", "bitwise_xor")],
    *[shift(name) for name in ("bitwise_left_shift", "bitwise_right_shift")],
    Op("equal", [S(F(2, 3), F(2, 3)), S(T([1.0, 2.0]), T([1.0, 2.0])), S(T([1.0]), T([1.0, 1.0])), S(F(0), F(0)), S(T([nan]), T([nan]))],
       differentiable=False),
    Op("isclose", [S(T(SPECIAL), T([1.0 + 1e-6, nan, inf, inf, 1e-9])), S(T(SPECIAL), T(SPECIAL), equal_nan=True), S(F(3), F(3), rtol=2.0),
                   S(F(3), F(3), atol=2.0), S(I(4), I(4), atol=2), S(F(2, 1), F(3))], [S(F(2), I(2)), S(F(2), F(3))],
       differentiable=False),
    Op("allclose", [S(T([1.0, 2.0]), T([1.0, 2.0 + 1e-6])), S(F(3), F(3)), S(T([nan]), T([nan])), S(T([nan]), T([nan]), equal_nan=True),
                    S(F(0), F(0)), S(F(3), F(3), atol=10.0)], [S(F(2), F(3))], differentiable=False),
    *[Op(alias, [S(F(2, 3), F(3))], differentiable=False) for alias in ("greater", "greater_equal", "less", "less_equal", "not_equal")],
]  # fmt: skip
