"""Samples of the basic activations."""

from __future__ import annotations

from typing import Any

from ..sample import D, F, I, Op, S, T
from .pointwise import unary

inf = float("inf")
X = F(2, 3, 4)


def soft(name: str) -> Op:
    return Op(name, [S(X, 1), S(X, -1), S(X, dim=0), S(F(), 0), S(F(0), 0), S(F(2, 0), 1), S(T([[1000.0, 0.0], [-1000.0, 1000.0]]), 1),
                     S(T([[-inf, 0.0, 1.0]]), 1), S(I(3), 0, dtype=D("float32")), S(X, 1, dtype=D("float64")),
                     S(F(3, 2, layout="transposed"), 0)], [S(X, 3), S(I(3), 0)])  # fmt: skip


def _functional(name: str) -> Any:
    return lambda t, *args, **kwargs: getattr(t.nn.functional, name)(*args, **kwargs)


def _dropout(library: Any, *args: Any) -> Any:
    library.manual_seed(5)
    return library.dropout(*args)


OPS = [
    unary("relu", boolean=False, samples=[S(T([0.0, -0.0])), S(T([0.0, float("nan")], grad=False))]),
    unary("sigmoid", samples=[S(T([100.0, -100.0, 1000.0, -1000.0]))]),
    unary("tanh", samples=[S(T([100.0, -100.0]))]),
    soft("softmax"),
    soft("log_softmax"),
    Op("dropout", [S(X, 0.5, False), S(X, 0.0, True), S(X, 1.0, True), S(X, 0.4, True), S(F(17), 0.4, True)], [S(X, 1.5, True), S(X, -0.5, False)],
       call=_dropout, twice=False, kinked=True, on_gpu=False),
    Op("softmax", [S(X, 1)], call=_functional("softmax")),
]  # fmt: skip
