"""Samples of views."""

from __future__ import annotations

from typing import Any

from ..sample import B, D, F, I, Op, S, Sample

X = F(2, 3, 4)
Y = F(2, 3, 4, layout="transposed")


def view(name: str, samples: list[Sample], errors: list[Sample] | None = None, **more: Any) -> Op:
    return Op(name, samples, errors or [], view=True, **more)


OPS = [
    view(".view", [S(X, 6, 4), S(X, -1), S(X, (4, 6)), S(X, 2, -1), S(X, 2, 3, 2, 2), S(F(), 1), S(F(1), ()), S(F(0), 0, 3), S(Y, 2, 3, 2, 2),
                   S(F(2, 4, layout="strided"), 2, 2, 2), S(F(2, 3, 4, layout="expanded"), 2, 12), S(I(4), 2, 2), S(F(1, 2, 1, 2), 2, 2),
                   S(F(1, 3, 1), 3)],
         [S(X, 5), S(X, -1, -1), S(X, -1, 5), S(Y, 24), S(Y, 6, 4), S(X, -2, 3), S(F(0), -1, 0), S(X, 2, 3, 5), S(X, "a")]),
    view("reshape", [S(X, (6, 4)), S(X, (-1,)), S(F(), (1,)), S(F(1), ()), S(F(0), (0, 3)), S(X, (2, 3, 4))],
         [S(X, (5,)), S(X, (-1, -1)), S(X, (-1, 5)), S(F(0), (-1, 0))]),
    Op("reshape", [S(Y, (6, 4)), S(Y, (-1,)), S(Y, (4, 6))]),
    view(".view_as", [S(X, F(6, 4))], [S(X, F(5))]),
    view(".reshape_as", [S(X, F(6, 4))], [S(X, F(5))]),
    view("flatten", [S(X), S(X, 1), S(X, 0, 1), S(F()), S(X, -2, -1), S(X, 1, 1), S(F(0, 2))], [S(X, 2, 1), S(X, 3), S(X, 0, 5)]),
    view("unflatten", [S(F(2, 6), 1, (2, 3)), S(F(2, 6), -1, (-1, 2)), S(F(6), 0, (6,))], [S(F(2, 6), 1, (4, 2)), S(F(2, 6), 2, (2,))]),
    view("ravel", [S(X), S(F())]),
    Op("ravel", [S(Y)]),
    view("squeeze", [S(F(1, 2, 1, 3)), S(F(1, 2, 1), 0), S(F(1, 2, 1), 1), S(F(1, 2, 1), (0, 2)), S(F(1, 2, 1), -1), S(F()), S(F(), 0)],
         [S(F(2, 1), 2), S(F(2, 1), -3)], in_place=False),
    view("unsqueeze", [S(F(2, 3), 0), S(F(2, 3), 1), S(F(2, 3), 2), S(F(2, 3), -1), S(F(), 0), S(Y, 1)], [S(F(2), 2), S(F(2), -3)], in_place=False),
    view("transpose", [S(X, 0, 1), S(X, -1, 0), S(X, 1, 1), S(F(), 0, 0), S(Y, 0, 2)], [S(X, 0, 3), S(F(2), 0, 1)], in_place=False),
    view("swapaxes", [S(X, 0, 1)], in_place=False),
    view("t", [S(F(2, 3)), S(F(3)), S(F())], [S(X)], in_place=False),
    view("permute", [S(X, (2, 0, 1)), S(X, (0, 1, 2)), S(X, (-1, 0, 1)), S(F(), ()), S(Y, (1, 2, 0))],
         [S(X, (0, 1)), S(X, (0, 0, 1)), S(X, (0, 1, 3))]),
    view(".permute", [S(X, 2, 0, 1), S(X, [1, 0, 2])]),
    view("movedim", [S(X, 0, 2), S(X, (0, 1), (2, 0)), S(X, -1, 0)], [S(X, 0, 3), S(X, (0, 1), (0,)), S(X, (0, 0), (0, 1))]),
    view(".expand", [S(F(3, 1), 3, 4), S(F(3), 2, 3), S(F(3), (2, -1)), S(F(), 2), S(F(1, 3), -1, 3), S(F(1), 0), S(F(2, 0), 3, 2, 0)],
         [S(F(3), 4), S(F(2, 3), 3), S(F(2, 3), 2, 4), S(F(3), -1, 3), S(F(2), 3, 3)]),
    view(".expand_as", [S(F(3, 1), F(3, 4))], [S(F(3), F(4))]),
    view("broadcast_to", [S(F(3), (2, 3))], [S(F(3), (2, 4))]),
    view("select", [S(X, 0, 1), S(X, 1, -1), S(X, -1, 2), S(Y, 1, 1)], [S(X, 0, 2), S(X, 3, 0), S(F(), 0, 0), S(X, 1, -4)]),
    view("narrow", [S(X, 1, 1, 2), S(X, 2, -2, 2), S(X, 0, 0, 0), S(X, 1, 3, 0), S(Y, 0, 1, 1)],
         [S(X, 1, 2, 2), S(X, 1, 0, -1), S(X, 1, -4, 1), S(X, 3, 0, 1), S(X, 1, 4, 0), S(F(), 0, 0, 1)]),
    view("diagonal", [S(F(3, 4)), S(F(3, 4), 1), S(F(3, 4), -1), S(F(3, 4), 5), S(X, 0, 1, 2), S(X, 1, 0, 2), S(Y, 0, 0, 1), S(F(3, 3), 0, -1, -2)],
         [S(F(3), 0), S(F(3, 3), 0, 1, 1), S(F(3, 3), 0, 0, 2)]),
    view(".unfold", [S(F(5), 0, 2, 1), S(F(2, 6), 1, 3, 2), S(F(5), 0, 2, 2), S(F(2, 5), -1, 5, 1), S(F(4), 0, 0, 1)],
         [S(F(3), 0, 4, 1), S(F(3), 0, 2, 0), S(F(3), 1, 1, 1)]),
    view("as_strided", [S(F(6), (2, 3), (3, 1)), S(F(6), (2, 2), (1, 2), 1), S(F(4), (3, 2), (1, 1)), S(F(6), (), ()), S(F(6), (0,), (1,)),
                        S(Y, (3,), (2,)), S(F(6), (2, 2), (0, 1))],
         [S(F(4), (3, 3), (2, 1)), S(F(4), (2,), (-1,)), S(F(4), (2,), (1, 1)), S(F(4), (2,), (1,), 3)], on_gpu=False, in_place=False),
    view("unbind", [S(X), S(X, 1), S(X, -1), S(F(0, 2)), S(Y, 1)], [S(F()), S(X, 3)]),
    view("split", [S(F(5, 2), 2), S(F(5, 2), [1, 4]), S(F(2, 6), 3, 1), S(F(2, 6), (2, 2, 2), -1), S(F(0), 1), S(F(3), 5), S(F(0), 0), S(Y, 1, 1)],
         [S(F(5), [1, 3]), S(F(5), 0), S(F(5), -1), S(F(5), 1, 1), S(F(5), [6, -1]), S(F(), 1)]),
    view("chunk", [S(F(5, 2), 2), S(F(6), 3), S(F(5), 4), S(F(2, 6), 3, 1), S(F(0), 2), S(F(2), 4)], [S(F(5), 0), S(F(), 2)]),
    Op("clone", [S(X), S(Y), S(F()), S(F(0)), S(I(3)), S(B(3))], on_gpu=True),
    view(".contiguous", [S(X), S(F(0))]),
    Op(".contiguous", [S(Y), S(F(2, 3, layout="expanded"))]),
    view(".T", [S(F(2, 3)), S(F(3))], call=lambda t, x: x.T),
    view(".mT", [S(F(2, 3)), S(X)], call=lambda t, x: x.mT),
    view(".H", [S(F(2, 3))], call=lambda t, x: x.H),
    Op(".view", [S(F(4), D("float"))], call=lambda t, x, d: x.view(d), view=True),
    Op(".view", [S(I(4), D("int32")), S(I(2, 4, kind="int32"), D("int64")), S(I(4, kind="int8"), D("uint8")), S(I(4, kind="int32"), D("float32"))],
       [S(I(3, kind="int32"), D("int64"))], differentiable=False, on_gpu=False, call=lambda t, x, d: x.view(d)),
    view(".detach", [S(X), S(Y)], differentiable=False, in_place=False),
]  # fmt: skip
