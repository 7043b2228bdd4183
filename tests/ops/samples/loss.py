"""Samples of losses, as `nn.functional` has them."""

from __future__ import annotations

from typing import Any

from ..sample import F, I, Op, S, Sample, T

X, Y = F(4, 3), F(4, 3)
CLASSES = T([2, 0, 1, 2], "int64")
SOME = T([2, -100, 1, 2], "int64")
WEIGHT = F(3, low=0.2, high=2, grad=False)
CHANCES = F(4, 3, low=0, high=1)


def functional(name: str, samples: list[Sample], errors: list[Sample] | None = None, **more: Any) -> Op:
    return Op(
        "functional." + name,
        samples,
        errors or [],
        call=lambda t, *a, **k: getattr(t.nn.functional, name)(*a, **k),
        **more,
    )


def reduced(*args: Any, **kwargs: Any) -> list[Sample]:
    return [S(*args, **kwargs), S(*args, reduction="sum", **kwargs), S(*args, reduction="none", **kwargs)]


OPS = [
    functional("nll_loss", [*reduced(X, CLASSES), *reduced(X, CLASSES, WEIGHT), *reduced(X, SOME), S(X, CLASSES, ignore_index=2), S(F(3), T(1, "int64")),
                            *reduced(F(2, 3, 2), T([[0, 1], [2, 2]], "int64"))],
               [S(X, T([3, 0, 0, 0], "int64")), S(X, T([0, 1], "int64")), S(X, T([0.0] * 4)), S(X, CLASSES, F(2, grad=False)), S(X, I(4, 1, low=0, high=2))]),
    functional("cross_entropy", [*reduced(X, CLASSES), *reduced(X, CLASSES, WEIGHT), *reduced(X, SOME), *reduced(X, CLASSES, label_smoothing=0.1),
                                 *reduced(X, SOME, WEIGHT, label_smoothing=0.1), *reduced(X, CHANCES), S(X, CHANCES, WEIGHT), S(F(3), T(1, "int64")),
                                 S(X, CHANCES, label_smoothing=0.2), *reduced(F(2, 3, 2), T([[0, 1], [2, 2]], "int64")), S(F(3), F(3, low=0, high=1))],
               [S(X, T([3, 0, 0, 0], "int64")), S(X, T([0, 1], "int64")), S(X, T([0.0] * 4)), S(X, CLASSES, label_smoothing=1.5)], tolerance=4),
    functional("mse_loss", [*reduced(X, Y), S(F(), F()), S(F(0), F(0), reduction="sum"), S(F(0), F(0))]),
    functional("l1_loss", reduced(X, Y)),
    functional("smooth_l1_loss", [*reduced(X, Y), S(X, Y, beta=0.5)], twice=False),
    functional("huber_loss", [*reduced(X, Y), S(X, Y, delta=0.5)], twice=False),
    functional("binary_cross_entropy", [*reduced(CHANCES, F(4, 3, low=0, high=1)), S(CHANCES, F(4, 3, low=0, high=1), F(4, 3, low=0.5, grad=False))]),
    functional("binary_cross_entropy_with_logits", [*reduced(X, CHANCES), S(X, CHANCES, pos_weight=WEIGHT), S(X, CHANCES, weight=WEIGHT)]),
]  # fmt: skip
