"""Samples of turning, splitting, interleaving, and patterns of indices."""

from __future__ import annotations

from ..sample import B, D, F, I, Op, S, T

OPS = [
    Op("repeat_interleave", [S(F(2, 3), 2), S(F(2, 3), 2, 1), S(F(2, 3), T([1, 2], "int64"), 0), S(F(3), T([2, 0, 1], "int64")), S(T([2, 0, 3], "int64")), S(F(), 3),
                             S(F(2, 3), T([2], "int64"), dim=1), S(I(2), T([1, 2], "int32"), 0, output_size=3)],
       [S(F(2), -1), S(F(2, 3), I(3, low=1), 0), S(T([-1, 2], "int64")), S(F(2, 3), T([[1, 2]], "int64"), 0), S(T([1.0]))], composed=True, on_gpu=False),
    Op("fliplr", [S(F(2, 3)), S(F(1, 2, 2))], [S(F(2))], composed=True), Op("flipud", [S(F(2, 3)), S(F(2))], [S(F())], composed=True),
    Op("rot90", [S(F(2, 3)), S(F(2, 3), 2), S(F(2, 3), -1), S(F(2, 3), 4), S(F(1, 2, 3), 1, [1, 2])],
       [S(F(2)), S(F(2, 3), 1, [0, 0]), S(F(2, 3), 1, [0]), S(F(2, 3), 1, [0, 5])], composed=True),
    Op("moveaxis", [S(F(1, 2, 3), 0, 2), S(F(1, 2, 3), (0, 1), (2, 0))], view=True, composed=True), Op("swapdims", [S(F(1, 2, 3), 0, 2)], view=True, composed=True),
    Op("adjoint", [S(F(2, 3)), S(F(1, 2, 3))], [S(F(2))], view=True, composed=True),
    Op("tensor_split", [S(F(5, 2), 3), S(F(2, 4), [1, 3], 1), S(F(4), T([1, 2], "int64")), S(F(4), (3, 1)), S(F(3), 4)],
       [S(F(2), 0), S(F(2), F(2)), S(F(), 1)], view=True, composed=True, on_gpu=False),
    Op("hsplit", [S(F(2, 4), 2), S(F(4), [1])], [S(F(2, 3), 2), S(F(), 1)], view=True, composed=True), Op("vsplit", [S(F(4, 2), 2)], [S(F(2), 2)], view=True, composed=True),
    Op("dsplit", [S(F(1, 2, 4), [1, 2])], [S(F(2, 2), 2)], view=True, composed=True),
    Op("column_stack", [S([F(2), F(2, 3), F(2)]), S([F(), F()])], composed=True), Op("row_stack", [S([F(2), F(3, 2)])], composed=True),
    Op("block_diag", [S(F(2, 2), F(1, 3)), S(F(2), F(), I(1, 1)), S()], [S(F(1, 2, 3))], composed=True),
    Op("cartesian_prod", [S(I(2), I(3)), S(F(2)), S(F(2), F(1), F(2))], [S(F(2, 3))], composed=True),
    Op("combinations", [S(F(4)), S(I(3), 3), S(F(3), 2, True), S(F(2), 3), S(F(3), 0)], [S(F(2, 3)), S(F(2), -1)], composed=True),
    Op("trace", [S(F(3, 3)), S(F(2, 4)), S(I(2, 2))], [S(F(2))], composed=True),
    Op("diagflat", [S(F(3)), S(F(2, 2), 1), S(F(2), -1)], composed=True),
    Op("vander", [S(F(3, grad=False)), S(F(3, grad=False), 2), S(F(3, grad=False), increasing=True), S(I(2), 4), S(F(2), 0)], [S(F(2, 3)), S(F(2), -1)], composed=True),
    Op("tril_indices", [S(3, 4), S(3, 2, 1), S(3, 3, -1), S(0, 2), S(2, 2, dtype=D("int32"))], [S(-1, 2)]),
    Op("triu_indices", [S(3, 4), S(3, 2, 1), S(3, 3, -1), S(3, 3, 5)], [S(2, -1)]),
    Op("unravel_index", [S(T([1, 5, 3], "int64"), (2, 3)), S(T(4, "int64"), 6)], [S(F(2), (2, 2))], on_gpu=False),
    Op("split_with_sizes", [S(F(4, 2), [1, 3]), S(F(2, 3), (2, 1), 1)], [S(F(3), [1, 1])], view=True),
    Op("unsafe_split", [S(F(4, 2), 3)], composed=True), Op("unsafe_split_with_sizes", [S(F(4), [1, 3])], composed=True), Op("unsafe_chunk", [S(F(4), 2)], composed=True),
    Op("narrow_copy", [S(F(4, 2), 0, 1, 2)], composed=True), Op("atleast_3d", [S(F()), S(F(2)), S(F(2, 3)), S(F(1, 2, 3)), S([F(2), F(2, 3)])], composed=True),
    Op("isreal", [S(F(2)), S(I(2)), S(B(2))], differentiable=False),
]  # fmt: skip
