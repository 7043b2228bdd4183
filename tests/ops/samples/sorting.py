"""Samples of sorting and what follows from it."""

from __future__ import annotations

from ..sample import B, F, I, Op, S, T

X = F(3, 4)
TIES = T([2, 1, 2, 1, 3, 1], "int64")
nan = float("nan")

OPS = [
    Op("argsort", [S(X), S(X, 0), S(X, descending=True), S(F()), S(F(0)), S(TIES, stable=True), S(TIES, 0, True)], [S(X, 2)],
       differentiable=False),
    Op("sort", [S(X), S(X, 0), S(X, -1, True), S(X, dim=0, descending=True), S(F()), S(F(0)), S(I(6), stable=True), S(TIES, stable=True),
                S(TIES, descending=True, stable=True), S(T([1.0, nan, 0.5])), S(T([1.0, nan, 0.5]), descending=True), S(B(4), stable=True),
                S(F(4, 3, layout="transposed"), 0)], [S(X, 2)]),
    Op("topk", [S(X, 2), S(X, 2, 0), S(X, 1, 1, False), S(X, 4, -1), S(X, 0), S(F(), 1), S(T([3, 1, 2], "int64"), 2), S(T([1.0, nan, 0.5]), 2)],
       [S(X, 5), S(X, 1, 2), S(X, -1)]),
    Op("kthvalue", [S(X, 2), S(X, 1, 0), S(X, 3, 1, True), S(F(), 1)], [S(X, 0), S(X, 5), S(X, 1, 2)]),
    Op("median", [S(X), S(X, 1), S(X, 0, True), S(F(5)), S(F()), S(T([4, 1, 3], "int64")), S(T([1.0, nan, 2.0])), S(T([[1.0, nan, 2.0]]), 1)], [S(X, 2)]),
    Op("unique", [S(TIES), S(TIES, return_inverse=True), S(TIES, return_counts=True), S(TIES, True, True, True), S(T([[1, 2], [1, 2], [0, 1]], "int64"), dim=0),
                  S(T([[1, 2], [1, 2], [0, 1]], "int64"), return_inverse=True, return_counts=True, dim=0), S(T([[1, 1, 0], [2, 2, 1]], "int64"), dim=1),
                  S(T([[2, 1], [1, 2]], "int64"), return_inverse=True), S(F(4)), S(B(4)), S(I(0))], differentiable=False, on_gpu=False),
    Op("bincount", [S(T([0, 3, 1, 1], "int64")), S(T([0, 3, 1, 1], "int64"), minlength=6), S(T([0, 1, 1], "int64"), F(3, grad=False)), S(I(0)),
                    S(T([0, 2], "uint8"))], [S(F(2)), S(T([-1], "int64")), S(I(2, 2, low=0))], differentiable=False, on_gpu=False),
]  # fmt: skip
