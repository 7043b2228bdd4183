"""Samples of reductions and scans."""

from __future__ import annotations

from typing import Any

from ..sample import B, D, F, I, Op, S, Sample, T

nan, inf = float("nan"), float("inf")


def along(x: Any, *, none: bool = True, several: bool = True, **kwargs: Any) -> list[Sample]:
    """All ways to say along which dimensions to reduce (2, 3, 4)."""
    calls = [S(x, 1, **kwargs), S(x, -1, **kwargs), S(x, 0, True, **kwargs), S(x, dim=2, keepdim=True, **kwargs)]
    if none:
        calls.append(S(x, **kwargs))
    if several:
        calls += [S(x, (0, 2), **kwargs), S(x, [-1, 0], True, **kwargs), S(x, dim=(1,), **kwargs)]
    return calls


X = F(2, 3, 4)
OUT_OF_RANGE = [S(F(2, 3), 2), S(F(2, 3), -3), S(F(), 1)]
TWICE = [S(F(2, 3), (0, 0)), S(F(2, 3), (1, -1))]


def extreme(name: str) -> Op:
    return Op(name, [
        S(X), S(X, 1), S(X, -1, True), S(X, dim=0), S(F()), S(F(), 0), S(I(2, 3)), S(I(2, 3), 1), S(B(4)), S(F(2, 3), F(3)), S(F(2, 0), 0),
        S(T([1.0, nan, 2.0])), S(T([[1.0, nan], [2.0, 3.0]]), 1), S(T([2.0, 2.0, 1.0])), S(F(3, 2, layout="transposed"), 0), S(I(4, kind="uint8")),
    ], [S(F(0)), S(F(2, 0), 1), S(F(2, 3), 2)])  # fmt: skip


def arg(name: str) -> Op:
    return Op(name, [
        S(X), S(X, 1), S(X, -1, True), S(X, dim=0, keepdim=True), S(F()), S(F(), 0), S(I(2, 3), 1), S(T([1.0, nan, 2.0, nan])),
        S(T([2.0, 2.0, 1.0])), S(T([[1, 1], [0, 0]], "int64"), 1), S(F(2, 0), 0), S(F(3, 2, layout="transposed"), 0), S(X, None, True),
    ], [S(F(0)), S(F(2, 0), 1), S(F(2, 3), 2)], differentiable=False)  # fmt: skip


def spread(name: str) -> Op:
    return Op(name, [
        *along(X), S(X, unbiased=False), S(X, 1, False), S(X, 1, True, True), S(X, correction=0), S(X, 1, correction=2, keepdim=True),
        S(X, False), S(F(3, 2, layout="transposed"), 0), S(X, (0, 1), unbiased=False),
    ], [*OUT_OF_RANGE, S(I(3))])  # fmt: skip


OPS = [
    Op("sum", [*along(X), *along(I(2, 3, 4)), S(F()), S(F(), 0), S(F(0)), S(F(0, 3), 0), S(F(2, 0), 1), S(B(2, 3)), S(B(2, 3), 1), S(X, ()),
               S(I(4, kind="uint8")), S(I(4, kind="int8"), dtype=D("int8")), S(I(3), dtype=D("float32")), S(X, 1, dtype=D("float64")),
               S(F(3, 2, layout="transposed"), 1), S(F(3, 2, layout="expanded"), 0), S(X, axis=1), S(X, None, True)], OUT_OF_RANGE + TWICE),
    Op("nansum", [S(T([[1.0, nan], [2.0, 3.0]])), S(T([[1.0, nan], [2.0, 3.0]]), 1), S(X, (0, 1), True), S(I(3))]),
    Op("mean", [*along(X), S(F()), S(F(), 0), S(F(2, 0), 0), S(I(3), dtype=D("float32")), S(F(3, 2, layout="transposed"), 1), S(X, axis=1),
                S(F(0)), S(F(0, 2), 0), S(X, ())], OUT_OF_RANGE + TWICE + [S(I(3)), S(B(3)), S(I(2, 2), 1)]),
    Op("prod", [S(X), S(X, 1), S(X, -1, True), S(I(2, 3)), S(I(2, 3), 0), S(B(3)), S(F()), S(F(0)), S(T([1.0, 0.0, 2.0, 3.0])),
                S(T([0.0, 0.0, 2.0])), S(T([[1.0, 0.0], [2.0, 3.0]]), 1), S(I(3), dtype=D("float32"))], OUT_OF_RANGE),
    Op("amax", [*along(X), S(I(3)), S(T([2.0, 2.0, 1.0])), S(F()), S(X, ()), S(B(3))], [S(F(2, 0), 1), S(F(0)), *OUT_OF_RANGE]),
    Op("amin", [*along(X), S(I(3)), S(T([2.0, 1.0, 1.0])), S(F()), S(X, ())], [S(F(2, 0), 1), S(F(0)), *OUT_OF_RANGE]),
    Op("aminmax", [S(X), S(X, dim=1), S(X, dim=0, keepdim=True), S(I(4))]),
    extreme("max"),
    extreme("min"),
    arg("argmax"),
    arg("argmin"),
    *[Op(name, [*along(B(2, 3, 4)), S(F(2, 3)), S(I(2, 3), 1), S(B(0)), S(F(0, 3), 0), S(F(2, 0), 1), S(F()), S(I(3, kind="uint8"))],
         OUT_OF_RANGE, differentiable=False) for name in ("any", "all")],
    Op("count_nonzero", [S(I(2, 3, 4)), S(I(2, 3, 4), 1), S(B(2, 3, 4), (0, 2)), S(T([0.0, 1.0, nan])), S(F(0))], differentiable=False),
    spread("var"),
    spread("std"),
    Op("var_mean", [S(X), S(X, 1), S(X, (0, 2), True), S(X, 1, False), S(X, correction=0)]),
    Op("std_mean", [S(X), S(X, 1), S(X, (0, 2), True), S(X, 1, False), S(X, correction=0)]),
    Op("logsumexp", [S(X, 1), S(X, (0, 2)), S(X, -1, True), S(T([[-inf, -inf], [1.0, 100.0]]), 1), S(T([inf, 1.0]), 0), S(F(), 0),
                     S(F(2, 0), 1), S(I(3), 0)], OUT_OF_RANGE),
    Op("norm", [S(X), S(X, 2), S(X, 1), S(X, 3), S(X, inf), S(X, -inf), S(X, 0), S(X, 2, 1), S(X, 2, (0, 1), True), S(X, 1, 1), S(X, "fro"),
                S(X, p=3, dim=2), S(F()), S(T([0.0, 0.0])), S(X, dtype=D("float64")), S(F(0)), S(X, 2, -1, True), S(X, 0.5, 1)],
       [S(I(3)), *[S(F(2, 3), 2, d) for d in (2, -3)]], kinked=True),
    Op("cumsum", [S(X, 0), S(X, -1), S(I(2, 3), 1), S(F(), 0), S(F(0), 0), S(F(2, 0), 1), S(I(3), 0, dtype=D("float32")),
                  S(F(3, 2, layout="transposed"), 1), S(I(4, kind="uint8"), 0)], OUT_OF_RANGE),
    Op("cumsum", [S(B(4), 0)], in_place=False),
    Op("cumprod", [S(X, 0), S(X, -1), S(I(2, 3), 1), S(F(), 0), S(F(0), 0), S(T([1.0, 0.0, 2.0, 3.0]), 0), S(T([0.0, 1.0, 0.0, 3.0]), 0),
                   S(I(3), 0, dtype=D("float32"))], OUT_OF_RANGE),
    Op(".sum_to_size", [S(X, 3, 1), S(X, (1, 4)), S(X, 2, 3, 4), S(X, 1), S(X, 2, 1, 1)], [S(F(2, 3), 2), S(F(2, 3), 4, 2, 3)]),
]  # fmt: skip
