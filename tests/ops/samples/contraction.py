"""Samples of einsum, tensordot and their relatives."""

from __future__ import annotations

from typing import Any

from ..sample import F, I, Op, S

LISTS: Any = ...

OPS = [
    Op("einsum", [
        S("ij,jk->ik", F(2, 3), F(3, 4)), S("ij,jk", F(2, 3), F(3, 4)), S("bij,bjk->bik", F(2, 2, 3), F(2, 3, 2)), S("ii->i", F(3, 3)), S("ii", F(3, 3)),
        S("ij->ji", F(2, 3)), S("i,j->ij", F(2), F(3)), S("...ij,...jk->...ik", F(2, 1, 2, 3), F(3, 3, 2)), S("bhqd,bhkd->bhqk", F(1, 2, 2, 3), F(1, 2, 3, 3)),
        S("i,ij,j->", F(2), F(2, 3), F(3)), S("...i->...", F(2, 3)), S("ij...,j", F(2, 3, 2), F(3)), S("ij, jk -> k", [F(2, 3), F(3, 2)]), S("iij,jj->ij", F(2, 2, 3), F(3, 3)),
        S("ij,kj->", F(1, 3), F(2, 1)), S("ij,ij->ij", F(2, 3), F(2, 3)), S("ij,jk,kl->il", F(2, 3), F(3, 2), F(2, 2)), S(",", F(), F()),
        S(F(2, 3), [0, 1], F(3, 2), [1, 2], [0, 2]), S(F(2, 3), [0, LISTS], [LISTS]), S("ij,j->i", I(2, 3), I(3)), S("ij->", F(0, 2)),
    ], [
        S("ij,jk->il", F(2, 3), F(3, 4)), S("ij,kk->i", F(2, 3), F(3, 4)), S("ij,ik->jk", F(2, 3), F(3, 4)), S("ijk,jk", F(2, 3), F(3, 4)),
        S("i,jk", F(2, 3), F(3, 4)), S("ij", F(2, 3), F(3, 4)), S("ij,jk,kl", F(2, 3), F(3, 4)), S("i1,jk", F(2, 3), F(3, 4)), S("i.,jk", F(2, 3), F(3, 4)),
        S("ij->ii", F(2, 3)), S("...ijk,jk", F(2, 3), F(3, 4)), S("...i,...j", F(2, 3), F(3, 4)), S("ij->i.", F(2, 3)), S(F(2, 3)), S("ij,jk", F(2, 3), 3),
    ], composed=True, tolerance=3),
    Op("tensordot", [S(F(2, 3, 4), F(3, 4, 2)), S(F(2, 3), F(3, 2), 1), S(F(2, 3), F(2), 0), S(F(2, 3, 4), F(4, 2, 3), dims=([0, 2], [1, 0])), S(I(2, 3), I(3, 2), dims=1)],
       [S(F(2, 3), F(3, 2), 3), S(F(2, 3), F(3, 2), -1), S(F(2, 3), F(3, 2), ([0], [0])), S(F(2, 3), F(3, 2), ([0, 1], [0])), S(F(2, 3), I(3, 2), 1)],
       composed=True, tolerance=3),
    Op("inner", [S(F(2, 3), F(4, 3)), S(F(3), F(3)), S(F(), F(2)), S(I(2), I(2))], [S(F(2, 3), F(3, 4))], composed=True),
    Op("kron", [S(F(2, 2), F(1, 3)), S(F(2), F(2, 2)), S(F(), F(2)), S(I(2), F(2))], composed=True),
    Op("vdot", [S(F(3), F(3))], [S(F(2, 3), F(3, 4)), S(F(3), F(4))], composed=True),
    Op("addr", [S(F(2, 3), F(2), F(3)), S(F(3), F(2), F(3), beta=0.5, alpha=2), S(F(2, 3), F(2), F(3), beta=0), S(I(2, 2), I(2), I(2))],
       [S(F(2, 3), F(2, 3), F(4)), S(F(2, 3), F(3), F(3, 4)), S(F(2, 3), F(3), F(4))], composed=True, in_place=False),
    Op(".addr_", [S(F(2, 3, grad=False), F(2), F(3))], differentiable=False),
]  # fmt: skip
