"""Samples of products of vectors and matrices."""

from __future__ import annotations

from typing import Any

from ..sample import F, I, Op, S


def _operator(library: Any, a: Any, b: Any) -> Any:
    return a @ b


def _linear(library: Any, *args: Any) -> Any:
    return library.nn.functional.linear(*args)


OPS = [
    Op("spmm", [S(F(2, 3), F(3, 4))]),
    Op("mm", [S(F(2, 3), F(3, 4)), S(F(2, 3, layout="transposed"), F(3, 4)), S(F(2, 3), F(3, 2, layout="strided")), S(F(0, 3), F(3, 2)),
              S(F(2, 0), F(0, 3)), S(I(2, 3), I(3, 2)), S(F(3, 2, layout="transposed"), F(2, 4, layout="transposed"))],
       [S(F(2, 3), F(4, 2)), S(F(2), F(2, 3)), S(F(2, 3), F(3)), S(F(2, 2), I(2, 2))]),
    Op("bmm", [S(F(2, 2, 3), F(2, 3, 4)), S(F(0, 2, 3), F(0, 3, 4)), S(F(2, 0, 3), F(2, 3, 2)), S(F(2, 2, 0), F(2, 0, 2)), S(I(2, 2, 3), I(2, 3, 1)),
               S(F(2, 2, 3, layout="transposed"), F(2, 3, 2))],
       [S(F(2, 2, 3), F(2, 2, 3)), S(F(2, 2, 3), F(3, 3, 2)), S(F(2, 3), F(2, 3, 2)), S(F(2, 2, 3), F(3, 2))]),
    Op("matmul", [S(F(3), F(3)), S(F(2, 3), F(3)), S(F(3), F(3, 2)), S(F(2, 3), F(3, 2)), S(F(2, 2, 3), F(3, 2)), S(F(2, 3), F(2, 3, 2)),
                  S(F(2, 2, 3), F(2, 3, 2)), S(F(2, 1, 2, 3), F(3, 3, 2)), S(F(3), F(2, 3, 2)), S(F(2, 2, 3), F(3)), S(F(2, 2, 3), F(1, 3, 2)),
                  S(I(2, 3), I(3, 2)), S(F(0), F(0)), S(F(2, 0), F(0)), S(F(0, 2, 3), F(3, 2)), S(F(2, 2, 3, layout="transposed"), F(3, 2)),
                  S(F(2, 3, 2, layout="strided"), F(2, 2)), S(F(2, 2, 0), F(2, 0, 2))],
       [S(F(), F(2)), S(F(2, 3), F()), S(F(2, 3), F(2, 3)), S(F(3), F(2)), S(F(2, 3), F(2)), S(F(3), F(2, 3)), S(F(2, 2, 3), F(2, 2)),
        S(F(2, 2, 3), F(3, 3, 2)), S(F(2, 2, 3), F(2, 2, 3)), S(F(2, 2), I(2, 2)), S(F(4, 2, 2, 3), F(3, 3, 2))]),
    Op("matmul", [S(F(2, 3), F(3, 2))], [S(F(2), 3)], call=_operator),
    Op("mv", [S(F(2, 3), F(3)), S(F(0, 3), F(3)), S(F(2, 0), F(0)), S(I(2, 3), I(3))], [S(F(2, 3), F(2)), S(F(3), F(3)), S(F(2, 3), F(3, 1))]),
    Op("dot", [S(F(3), F(3)), S(F(0), F(0)), S(I(3), I(3)), S(F(6, layout="strided"), F(6))],
       [S(F(3), F(2)), S(F(2, 3), F(3)), S(F(3), F(1, 3)), S(F(3), I(3))]),
    Op("outer", [S(F(2), F(3)), S(F(0), F(3)), S(I(2), F(2)), S(I(2), I(3))], [S(F(2, 2), F(2)), S(F(2), F(2, 2))]),
    Op("ger", [S(F(2), F(3))]),
    Op("addmm", [S(F(2, 4), F(2, 3), F(3, 4)), S(F(4), F(2, 3), F(3, 4)), S(F(), F(2, 3), F(3, 4)), S(F(2, 1), F(2, 3), F(3, 4), beta=0.5, alpha=2),
                 S(F(2, 4), F(2, 3), F(3, 4), beta=0), S(I(4), I(2, 3), I(3, 4))],
       [S(F(3), F(2, 3), F(3, 4)), S(F(4), F(2, 3), F(2, 4)), S(F(4), F(3), F(3, 4)), S(F(4), F(2, 3), F(3))]),
    Op("addmv", [S(F(2), F(2, 3), F(3)), S(F(), F(2, 3), F(3)), S(F(2), F(2, 3), F(3), beta=0.5, alpha=2)], [S(F(2), F(2, 3), F(2))]),
    Op("addbmm", [S(F(2, 4), F(2, 2, 3), F(2, 3, 4)), S(F(2, 4), F(2, 2, 3), F(2, 3, 4), beta=0.5, alpha=2)]),
    Op("baddbmm", [S(F(2, 2, 4), F(2, 2, 3), F(2, 3, 4)), S(F(4), F(2, 2, 3), F(2, 3, 4), beta=0.5, alpha=2)]),
    Op("linear", [S(F(2, 3), F(4, 3), F(4)), S(F(2, 3), F(4, 3)), S(F(3), F(4, 3), F(4)), S(F(2, 2, 3), F(4, 3), F(4)), S(F(2, 2, 3), F(4, 3)),
                  S(F(0, 3), F(4, 3), F(4)), S(F(3), F(4, 3)), S(F(2, 2, 3, layout="transposed"), F(4, 3), F(4)), S(F(2, 3), F(4, 3, layout="transposed"))],
       [S(F(2, 4), F(4, 3), F(4)), S(F(2, 3), F(4, 3), F(3)), S(F(2, 2, 4), F(4, 3)), S(F(2), F(4, 3)), S(F(2, 3), I(4, 3))], call=_linear),
]  # fmt: skip
