"""Samples of methods that exist only in place; the in-place forms of other ops are tested with those ops' samples."""

from __future__ import annotations

from typing import Any

from ..sample import B, F, I, Op, S


def written(name: str) -> Any:
    """The method on a copy, so that leaves can be given."""
    return lambda t, x, *args, **kwargs: getattr(x.clone(), name)(*args, **kwargs)


OPS = [
    Op(".fill_", [S(F(2, 3), 1.5), S(I(3), 7), S(B(3), True), S(F(2), F()), S(F(2), 3), S(F(0), 1), S(I(2), 2.7)], [S(F(2), F(2))], call=written("fill_")),
    Op("fill", [S(F(2, 3), 1.5), S(I(3), 7)], [S(F(2), F(2))], composed=True, in_place=False, differentiable=False),
    Op(".zero_", [S(F(2, 3)), S(I(3)), S(B(3))], call=written("zero_")),
    Op(".copy_", [S(F(2, 3), F(2, 3)), S(F(2, 3), F(3)), S(F(2, 3), I(3)), S(I(3), F(3)), S(F(2), F()), S(F(0), F(1))], [S(F(2), F(3)), S(F(3), F(2, 3))],
       call=written("copy_")),
    Op(".resize_", [S(F(2, 3, grad=False), 3, 2), S(F(4, grad=False), 2), S(F(4, grad=False), (2, 2))], differentiable=False, call=written("resize_")),
    Op(".set_", [S(F(2, 3, grad=False), F(4, grad=False))], differentiable=False, call=written("set_"), on_gpu=False),
]  # fmt: skip
