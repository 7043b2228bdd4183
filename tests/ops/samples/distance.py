"""Samples of distances and of norms held below a limit."""

from __future__ import annotations

from ..sample import F, I, Op, S, T

INF = float("inf")

OPS = [
    Op("dist", [S(F(2, 3), F(2, 3)), S(F(3), F(3), 1), S(F(2, 3), F(3), 3), S(F(3), F(3), INF), S(F(3, grad=False), F(3, grad=False), 0)], composed=True, tolerance=3),
    Op("cdist", [S(F(2, 3), F(4, 3)), S(F(2, 3), F(2, 3), 1.0), S(F(2, 3), F(2, 3), 3.0), S(F(2, 3), F(2, 3, low=3.1, high=7.7), INF), S(F(2, 2, 3), F(1, 2, 3)), S(F(2, 3), F(2, 3), 0.0),
                 S(T([[1.0, 2.0]]), T([[1.0, 2.0], [0.0, 0.0]])), S(F(2, 0), F(3, 0))],
       [S(F(2, 3), F(3)), S(F(2, 3), F(2, 2)), S(I(2, 3), I(2, 3)), S(F(2, 3), F(2, 3), -1.0)], composed=True, tolerance=10),
    Op("pdist", [S(F(3, 2)), S(F(3, 2), 1.0), S(F(1, 2))], [S(F(2)), S(I(2, 2)), S(F(2, 2), -1.0)], composed=True, tolerance=3),
    Op("renorm", [S(F(3, 2), 2, 0, 1.0), S(F(3, 2), 1, 1, 0.5), S(F(2, 2), 2, 0, 100.0)], [S(F(2, 3), 0, 0, 1), S(F(2), 1, 0, 1), S(F(2, 2), 1, 0, -1)],
       composed=True, tolerance=3),
]  # fmt: skip
