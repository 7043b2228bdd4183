"""Samples of searching, running extremes and runs of equal elements."""

from __future__ import annotations

from ..sample import B, F, I, Op, S, T

NAN = float("nan")
EDGES = T([1.0, 3.0, 3.0, 7.0], grad=False)
X = T([[0.0, 3.0, 7.0], [9.0, NAN, 3.5]], grad=False)
TIES = T([[1.0, 3.0, 3.0, 2.0], [NAN, 1.0, NAN, 5.0]], grad=False)

OPS = [
    Op("searchsorted", [S(EDGES, X), S(EDGES, X, right=True), S(EDGES, X, side="right", out_int32=True), S(EDGES, 3.0), S(EDGES, 3),
                        S(T([[1.0, 2.0], [5.0, 9.0]], grad=False), X), S(I(4, low=2, high=3), I(3)), S(T([3.0, 1.0, 2.0], grad=False), X, sorter=T([1, 2, 0], "int64"))],
       [S(F(2, 3), F(3)), S(F(2, 3), 1.0), S(F(2), F(2), side="middle"), S(F(2), F(2), side="left", right=True), S(F(2), F(2), sorter=F(2))],
       differentiable=False, on_gpu=False),
    Op("bucketize", [S(X, EDGES), S(X, EDGES, right=True), S(3.0, EDGES), S(I(3), EDGES)], [S(F(2), F(2, 2))], differentiable=False, on_gpu=False),
    Op("isin", [S(I(2, 3), I(4)), S(I(2, 3), I(4), invert=True), S(I(3), 2), S(2, I(3)), S(I(3), I(0)), S(I(3), F(3)), S(I(3), I(3), assume_unique=True)],
       differentiable=False, on_gpu=False),
    Op("cummax", [S(F(2, 3), 1), S(F(3, 2), 0), S(F(), 0), S(F(2, 0), 1), S(TIES, 1), S(I(2, 3), -1), S(B(4), 0)], [S(F(2), 2)], composed=True),
    Op("cummin", [S(F(2, 3), 1), S(F(3, 2), 0), S(F(), 0), S(TIES, 1), S(I(2, 3), -1)], [S(F(2), 2)], composed=True),
    Op("logcumsumexp", [S(F(2, 3), 1), S(F(3, 2), 0), S(F(5), 0), S(F(), 0), S(T([-float("inf"), 1.0, float("inf"), 2.0], grad=False), 0)], [S(F(2), 2)], tolerance=3),
    Op("unique_consecutive", [S(T([1, 1, 2, 2, 1], "int64")), S(T([1, 1, 2, 2, 1], "int64"), True, True), S(T([[1, 1], [1, 1], [2, 1]], "int64"), return_counts=True, dim=0),
                              S(T([[1, 1, 2], [1, 1, 2]], "int64"), True, True, 1), S(T([[1, 1, 2], [2, 1, 2]], "int64"), return_inverse=True), S(I(0))],
       on_gpu=False, differentiable=False),
    Op("msort", [S(F(3, 2)), S(I(4)), S(F())], composed=True),
]  # fmt: skip
