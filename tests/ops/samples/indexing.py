"""Samples of ops that pick or place elements. `x[...]` itself is tested in test_indexing.py."""

from __future__ import annotations

from typing import Any

from ..sample import B, F, I, Op, S, T

X = F(3, 4)
P = F(3, 4, grad=False)


def index(*values: object) -> object:
    return T(list(values), "int64")


I32 = T([0, 2], "int32")
ROWS = T([[0, 2, 1, 0], [2, 2, 0, 1]], "int64")
FEW = T([[0, 2], [1, 0], [3, 3]], "int64")


def _embedding(library: Any, *args: Any) -> Any:
    return library.nn.functional.embedding(*args)


OPS = [
    Op("index_select", [S(X, 0, index(0, 2, 2)), S(X, 1, index(3, 0)), S(X, -1, index(1)), S(X, 0, I32), S(F(), 0, index(0)), S(X, 0, I(0)),
                        S(X, 0, T(1, "int64")), S(F(3, 4, layout="transposed"), 1, index(3, 1))],
       [S(X, 0, index(3)), S(X, 0, index(-1)), S(X, 2, index(0)), S(X, 0, ROWS), S(X, 0, T([0.0]))]),
    Op("gather", [S(X, 0, ROWS), S(X, 0, T([[0]], "int32")), S(X, 1, FEW), S(X, 1, T([[0], [1], [2]], "int64")), S(F(3, 4, layout="transposed"), 1, FEW), S(F(), 0, T(0, "int64")),
                  S(X, 0, I(0, 4)), S(F(3), 0, index(2, 2, 0, 1))],
       [S(X, 0, T([[3]], "int64")), S(X, 1, T([[-1]], "int64")), S(X, 0, index(0)), S(X, 0, T([[0, 0, 0, 0, 0]], "int64")), S(X, 0, T([[0.0]]))]),
    Op("take_along_dim", [S(X, FEW, 1), S(X, ROWS, 0), S(X, index(0, 5, 11)), S(X, T([[1]], "int64"), 1), S(F(1, 4), T([[0], [1]], "int64"), 1)], [S(X, T([[0.0]]), 1), S(X, index(0), 1)]),
    Op("scatter", [S(P, 0, ROWS, F(2, 4, grad=False), reduce="add"), S(X, 1, T([[0, 2], [1, 0], [3, 1]], "int64"), F(3, 2)), S(X, 1, T([[0], [1]], "int64"), 2.5),
                   S(X, 0, T([[0, 1]], "int64"), F(3, 4, grad=False)),
                   S(P, 0, T([[0, 1]], "int64"), 1.5, reduce="multiply"),
                   S(X, 0, T([[0, 1]], "int64"), value=3.0), S(X, 1, I(0, 0), F(0, 0, grad=False)), S(I(3, 4), 0, T([[0, 1]], "int64"), I(1, 2)),
                   S(F(3), 0, index(1), F(1))],
       [S(X, 0, T([[3]], "int64"), F(1, 1)), S(X, 0, T([[0.0]]), F(1, 1)), S(X, 0, T([[0]], "int64"), I(1, 1)), S(X, 0, index(0), F(1)),
        S(X, 0, T([[0] * 5], "int64"), 1.0),
        S(X, 0, T([[0, 0]], "int64"), F(1, 1)), S(X, 2, T([[0]], "int64"), F(1, 1))]),
    Op("scatter_add", [S(X, 0, ROWS, F(2, 4)), S(X, 1, FEW, F(3, 2)), S(X, 1, T([[0], [1]], "int64"), F(3, 2, grad=False)), S(F(3), 0, index(0, 0, 1), F(3)), S(I(3), 0, index(0, 0), I(2))],
       [S(X, 0, T([[3]], "int64"), F(1, 1)), S(X, 0, T([[0]], "int64"), I(1, 1)), S(X, 0, T([[0.0]]), F(1, 1))]),
    Op("index_add", [S(X, 0, index(0, 2, 0), F(3, 4)), S(X, 1, index(3, 1), F(3, 2), alpha=2), S(F(3), 0, I32, F(2)), S(I(3), 0, index(1, 1), I(2))],
       [S(X, 0, index(0, 1), F(3, 4)), S(X, 0, T([0.0]), F(1, 4)), S(X, 0, index(3), F(1, 4)), S(X, 0, index(0), I(1, 4)), S(X, 0, index(0), F(1, 5)), S(X, 0, T([[0]], "int64"), F(1, 4))]),
    Op("index_copy", [S(X, 0, index(0, 2), F(2, 4)), S(X, 1, index(3, 1), F(3, 2))], [S(X, 0, index(3), F(1, 4)), S(X, 0, I32, F(2, 4)), S(X, 0, index(0), F(1, 5)), S(X, 0, index(0), F(4)), S(X, 0, index(0, 1), F(1, 4)),
        S(X, 0, index(0), I(1, 4))]),
    Op("index_fill", [S(X, 0, index(0, 2), 1.5), S(X, 1, index(3), F()), S(I(3), 0, index(1), 7), S(F(3), 0, T(1, "int64"), 2.0)],
       [S(X, 0, index(3), 1.0), S(X, 0, T([0.0]), 1.0), S(X, 0, index(0), F(2)), S(X, 0, T([[0]], "int64"), 1.0)]),
    Op("take", [S(X, index(0, 5, -1)), S(X, T([[1, 2], [3, 4]], "int64")), S(X, I(0))], [S(X, index(12)), S(X, T([0.0])), S(X, T([0], "int32"))]),
    Op("masked_fill", [S(X, B(3, 4), 1.5), S(X, B(4), F()), S(X, B(3, 1), 0), S(I(4), B(4), 7), S(F(4), B(2, 4), -1.0), S(T([1.5, 2.5]), B(2), float("-inf")),
                       S(B(3), B(3), True), S(I(4), B(4), 1.5)],
       [S(X, I(3, 4), 1.0), S(X, B(3, 4), F(2)), S(X, B(3), 1.0)]),
    Op("masked_select", [S(X, B(3, 4)), S(X, B(4)), S(F(4), B(3, 4)), S(I(4), B(4)), S(X, T([False] * 4, "bool"))], [S(X, I(3, 4)), S(X, B(3))],
       on_gpu=False),
    Op("masked_scatter", [S(X, B(3, 4), F(12)), S(X, B(4), F(4, 3)), S(I(4), B(4), I(4))], [S(X, T([True] * 4, "bool"), F(3))], on_gpu=False),
    Op("nonzero", [S(I(3, 4)), S(B(4)), S(F(2, 2)), S(I(2, 3), as_tuple=True), S(F(0)), S(T(1.0)), S(T(0.0)), S(T(1.0), as_tuple=True)],
       differentiable=False, on_gpu=False),
    Op("argwhere", [S(I(3, 4)), S(T(1.0))], differentiable=False, on_gpu=False),
    Op("roll", [S(X, 1, 0), S(X, -1, 1), S(X, (1, 2), (0, 1)), S(X, 5), S(X, 0, 0), S(F(), 1), S(F(0, 2), 1, 0), S(X, 7, 1)],
       [S(X, (1, 2), 0), S(X, 1, 2)]),
    Op("flip", [S(X, (0,)), S(X, (0, 1)), S(X, (-1,)), S(X, ()), S(F(0), (0,)), S(I(3), (0,)), S(F(), ())], [S(X, (2,)), S(X, (0, 0))]),
    Op(".flip", [S(X, 0, 1), S(X, 1)]),
    Op("index_put", [S(X, (index(0, 2),), F(2, 4)), S(X, (index(0, 2), index(1, 1)), F(2)), S(X, (index(0, 0),), F(4), True), S(X, (B(3, 4),), F()),
                     S(X, (index(-1),), F(1, 4))],
       [S(X, (index(3),), F(1, 4)), S(X, (index(0, 1),), F(3, 4)), S(X, (index(0),), I(4))]),
    Op("index_put_", [S(I(3), (index(0, 2),), I(2)), S(I(3), (index(0, 0),), I(2), accumulate=True)], differentiable=False),
    Op("embedding", [S(index(0, 2, 2), F(3, 4)), S(ROWS, F(3, 4)), S(T(1, "int64"), F(3, 4)), S(I32, F(3, 4)), S(I(0), F(3, 4))],
       [S(index(3), F(3, 4)), S(index(-1), F(3, 4)), S(T([0.0]), F(3, 4)), S(index(0), F(3))],
       call=_embedding),
    Op("embedding", [S(ROWS, F(3, 4), 2), S(ROWS, F(3, 4), -1)], call=_embedding, kinked=True),
]  # fmt: skip
