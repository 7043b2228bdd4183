"""Samples of reductions at indices, and of a view replaced in a copy."""

from __future__ import annotations

from ..sample import F, I, Op, S, Sample, T

AT = T([[0, 0, 2], [1, 1, 0]], "int64")
HOWS = ("sum", "prod", "mean", "amax", "amin")


def reductions() -> list[Sample]:
    found = [S(F(3, 3), 0, AT, F(2, 3), how) for how in HOWS]
    found += [S(F(3, 3), 0, AT, F(2, 3), how, include_self=False) for how in HOWS]
    return [
        *found,
        S(I(3, 3), 0, AT, I(2, 3), "mean"),
        S(T([1.0, 2.0]), 0, T([0, 0], "int64"), T([1.0, 0.5]), "amax"),
    ]


OPS = [
    Op("segment_reduce", [S(F(3, 2, grad=False), how, lengths=T([2, 1], "int64")) for how in ("sum", "mean", "max", "min", "prod")] +
       [S(F(3, grad=False), "sum", offsets=T([0, 1, 3], "int64")), S(F(3, grad=False), "max", lengths=T([0, 3], "int64"), initial=-9.0)],
       differentiable=False, on_gpu=False),
    Op("scatter_reduce", reductions(), [S(F(3), 0, F(3), F(3), "sum"), S(F(3), 0, T([0], "int64"), I(3), "sum")],
       composed=True, twice=False, tolerance=2),
    Op("index_reduce", [S(F(3, 2), 0, T([0, 2, 0], "int64"), F(3, 2), how) for how in HOWS[1:]] +
       [S(F(2, 3), 1, T([0, 2], "int64"), F(2, 2), "mean", include_self=False)], [S(F(3), 0, T([0], "int64"), F(1), "sum")], composed=True, twice=False, tolerance=2),
    Op("put", [S(F(2, 3), T([0, -1], "int64"), F(2)), S(F(2, 3), T([1, 1], "int64"), F(2), accumulate=True)],
       [S(F(2), T([5], "int64"), F(1)), S(F(2), F(1), F(1)), S(F(2), T([0], "int64"), F(2)), S(F(2), T([0], "int64"), I(1))], composed=True),
    Op("select_scatter", [S(F(2, 3), F(3), 0, 1), S(F(2, 3), F(2), 1, -1)], [S(F(2, 3), F(2), 0, 1)], composed=True),
    Op("slice_scatter", [S(F(4, 2), F(2, 2), 0, 1, 3), S(F(4), F(2), 0, 0, 4, 2), S(F(2), F(2))], [S(F(4), F(3), 0, 1, 3)], composed=True),
    Op("diagonal_scatter", [S(F(3, 3), F(3)), S(F(2, 3), F(2), 1)], [S(F(3, 3), F(2))], composed=True),
    Op("as_strided_scatter", [S(F(4, grad=False), F(2, grad=False), (2,), (2,))], composed=True, on_gpu=False),
    Op(".fill_diagonal_", [S(F(3, 3, grad=False), 5.0), S(F(5, 2, grad=False), 5.0, True), S(F(5, 2, grad=False), 5.0), S(F(2, 2, 2, grad=False), 1.0)], [S(F(2), 1.0), S(F(2, 3, 2), 1.0)],
       differentiable=False),
]  # fmt: skip
