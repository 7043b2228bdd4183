"""Samples of putting tensors together."""

from __future__ import annotations

from ..sample import B, F, I, Op, S

OPS = [
    Op("cat", [S([F(2, 3), F(1, 3)]), S((F(2, 3), F(2, 1)), 1), S([F(2, 3), F(2, 3)], dim=-1), S([F(3)]), S([F(2), I(2)]), S([I(2), B(2)]),
               S([F(0, grad=False), F(2, 3)]), S([F(0, 3), F(2, 3)]), S([F(2, 3, layout="transposed"), F(2, 3)]), S([F(0, grad=False), F(0, grad=False)]), S([F(2), F(3), F(1)], 0),
               S([F(2, 3), F(2, 2)], axis=1)],
       [S([]), S([F(2, 3), F(2, 2)]), S([F(2), F(2, 3)]), S([F(), F()]), S([F(2), F(2)], 1), S([F(2), 1.0]), S([F(2, 3), F(3, 3)], 1)]),
    *[Op(alias, [S([F(2), F(3)]), S([F(2, 1), F(2, 2)], 1)]) for alias in ("concat", "concatenate")],
    Op("stack", [S([F(2, 3), F(2, 3)]), S([F(2, 3), F(2, 3)], 1), S([F(2, 3), F(2, 3)], -1), S([F(), F()]), S([F(2), I(2)]), S([F(0), F(0)], 1)],
       [S([]), S([F(2), F(3)]), S([F(2), F(2)], 2)]),
    Op("hstack", [S([F(2), F(3)]), S([F(2, 1), F(2, 2)]), S([F(), F()])]),
    Op("vstack", [S([F(2), F(2)]), S([F(1, 2), F(2, 2)]), S([F(), F()]), S([F(2), F(2, 2)])], [S([F(2), F(3)])]),
    Op("dstack", [S([F(2), F(2)]), S([F(1, 2), F(1, 2)]), S([F(1, 2, 1), F(1, 2, 2)])]),
    Op("atleast_1d", [S(F()), S(F(2)), S(F(2, 3))], view=True),
    Op("atleast_2d", [S(F()), S(F(2)), S(F(2, 3))], view=True),
    Op("broadcast_tensors", [S(F(2, 1), F(3)), S(F(), F(2))], [S(F(2), F(3))], view=True),
    Op(".repeat", [S(F(3), 2), S(F(2, 3), 2, 1), S(F(3), 2, 2), S(F(3), (2, 2)), S(F(), 3), S(F(3), 0), S(F(3, 2, layout="transposed"), 1, 2)],
       [S(F(2, 3), 2), S(F(2), -1)]),
    Op("tile", [S(F(3), (2,)), S(F(2, 3), (2,)), S(F(3), (2, 2)), S(F(2), ())]),
    Op("meshgrid", [S(F(2), F(3), indexing="ij"), S(F(2), F(3), indexing="xy"), S([F(2), F(3), F(2)], indexing="ij"), S(F(2), F(), indexing="ij")],
       [S(F(2), F(2), indexing="ab")]),
]  # fmt: skip
