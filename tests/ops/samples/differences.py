"""Samples of finite differences and integrals."""

from __future__ import annotations

from ..sample import B, F, I, Op, S, T

POINTS = T([0.0, 1.0, 1.5, 3.0], grad=False)

OPS = [
    Op("diff", [S(F(2, 4)), S(F(2, 4), 2), S(F(3, 2), dim=0), S(F(2, 2), prepend=F(2, 1), append=F(2, 2)), S(I(4)), S(B(4)), S(F(2), 5), S(F(3), 0)],
       [S(F()), S(F(2, 3), prepend=F(3)), S(F(2, 3), -1), S(F(2, 3), prepend=F(1, 1))], composed=True),
    Op("trapezoid", [S(F(2, 4)), S(F(2, 4), dx=0.5), S(F(2, 4), POINTS), S(F(3, 2), dim=0), S(F(2, 4), F(2, 4)), S(F(1)), S(I(3))], [S(F(2, 3), F(2))],
       composed=True),
    Op("trapz", [S(F(2, 4)), S(F(4), POINTS), S(F(4), dx=2.0)], composed=True),
    Op("cumulative_trapezoid", [S(F(2, 4)), S(F(2, 4), POINTS), S(F(3, 2), dx=0.5, dim=0)], composed=True),
    Op("gradient", [S(F(4)), S(F(3, 4)), S(F(3, 4), spacing=2.0, dim=1), S(F(3, 4), spacing=[0.5, 2.0]), S(F(4), spacing=[POINTS], edge_order=2),
                    S(F(4, 3), dim=0, edge_order=2), S(F(4, 2), spacing=(POINTS,), dim=0)],
       [S(F(2, 3), spacing=[1, 2, 3]), S(F(2, 3), edge_order=2), S(F(2, 3), edge_order=3), S(F(2, 3), dim=(0, 0))], composed=True, tolerance=3),
]  # fmt: skip
