"""Samples of pooling and unpooling."""

from __future__ import annotations

from math import inf, nan
from typing import Any

from ..sample import B, F, I, Op, S, T
from .convolution import functional

X = F(1, 2, 3, 4)


def unpooled(t: Any, x: Any, rank: int, **more: Any) -> Any:
    """What a max pooling leaves, put back."""
    functions = t.nn.functional
    values, indices = getattr(functions, f"max_pool{rank}d")(x, 2, return_indices=True)
    return getattr(functions, f"max_unpool{rank}d")(values, indices, 2, **more)


OPS = [
    Op("avg_pool1d",
       [S(F(2, 3, 7), 3, 2, 1), S(F(2, 5), 2, ceil_mode=True, count_include_pad=False), S(I(1, 2, 5), 2)],
       [S(F(2), 2), S(F(1, 2, 3), 4), S(F(1, 2, 3), 2, padding=2), S(F(1, 2, 3), (2, 2)), S(F(1, 2, 3), 2, 0)]),
    functional(
        "avg_pool2d",
        S(F(2, 2, 4, 5), 2), S(F(1, 2, 5, 5), (3, 2), (2, 1), 1, True, False), S(F(2, 5, 5), 2, divisor_override=3),
        S(F(1, 1, 4, 4), 3, 1, 1), S(T([[[1.0, inf, 2.0, 3.0, nan, 4.0]]]), (1, 2), 1),
        errors=[S(F(2, 2), 2), S(X, 5), S(X, 2, padding=2), S(X, 2, padding=-1), S(X, 2, 0), S(X, (2, 2, 2)),
                S(X, 2, divisor_override=0), S(F(1, 0, 3, 4), 2)],
    ),
    functional(
        "avg_pool3d", S(F(1, 1, 3, 4, 3), 2, 1, 1, False, False), S(F(2, 2, 3, 4), (2, 1, 2)),
        errors=[S(F(2, 2, 2), 2), S(F(1, 1, 2, 2, 2), 3), S(F(1, 1, 2, 2, 2), (2, 2))],
    ),
    Op("max_pool1d",
       [S(F(2, 3, 7), 3, 2, 1), S(F(2, 6), 2, dilation=2, ceil_mode=True)],
       [S(F(2), 2), S(F(1, 2, 3), 4), S(F(1, 2, 3), 2, padding=2), S(F(1, 2, 3), 2, padding=-1), S(F(1, 2, 3), 2, 0),
        S(F(1, 2, 3), 0), S(F(1, 2, 3), 2, dilation=0), S(F(1, 2, 3), (2, 2)), S(I(1, 2, 3), 2)]),
    Op("max_pool1d_with_indices", [S(F(2, 3, 7), 3, 2, 1)]),
    Op("max_pool2d",
       [S(F(2, 2, 4, 4), 2), S(F(1, 2, 5, 6), (3, 2), (1, 2), (1, 0), ceil_mode=True), S(F(2, 5, 5), 2, 1, dilation=2),
        S(I(1, 2, 3, 4), 2, padding=1), S(F(0, 2, 3, 4), 2), S(F(1, 2, 3, 3), 1), S(F(3, 2, 3, 3, layout="transposed"), 2),
        S(T([[[1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0]]]), 2, 1)],
       [S(F(2, 2), 2), S(X, 5), S(X, 2, padding=2), S(X, 2, padding=-1), S(X, 2, 0), S(X, 0), S(X, 2, dilation=0),
        S(X, (2, 2, 2)), S(X, 2, (1, 1, 1)), S(X, 2, padding=(1, 1, 1)), S(F(1, 0, 3, 4), 2), S(B(1, 2, 3, 4), 2)]),
    Op("max_pool3d", [S(F(1, 1, 3, 4, 3), 2, 1), S(F(2, 2, 2, 4), 2, padding=1)], [S(F(2, 2, 2), 2)]),
    functional(
        "max_pool2d",
        S(F(1, 2, 4, 5), 3, 2, 1, return_indices=True), S(F(2, 4, 4), 2, 1, dilation=2, return_indices=True),
        S(I(1, 1, 3, 3), 2, return_indices=True),
    ),
    functional("max_pool3d", S(F(1, 1, 2, 3, 4), 2, 1, return_indices=True)),
    Op("adaptive_avg_pool1d", [S(F(2, 3, 5), 3), S(F(2, 4), 1)], [S(F(2), 2), S(F(2, 3), (2, 2)), S(F(2, 3), -1)]),
    functional(
        "adaptive_avg_pool2d",
        S(F(1, 2, 4, 5), (2, 3)), S(F(2, 3, 4), 1), S(F(2, 3, 4), (None, 2)), S(F(1, 1, 2, 3), (2, 3)), S(F(1, 2, 3, 4, grad=False), 0),
        errors=[S(F(2), 2), S(F(2, 3), 2), S(X, (2, 2, 2)), S(X, -1), S(F(1, 2, 0, 4), 2), S(I(1, 2, 3, 4), 2)],
    ),
    functional("adaptive_avg_pool3d", S(F(1, 1, 3, 2, 4), (2, 1, 3))),
    Op("adaptive_max_pool1d", [S(F(2, 3, 5), 3)], [S(F(2), 2), S(F(2, 3), -1), S(F(2, 0), 1)]),
    functional(
        "adaptive_max_pool2d",
        S(F(1, 2, 4, 5), (2, 3), return_indices=True), S(F(2, 3, 4), (None, 1)),
        errors=[S(F(2, 3), 2), S(X, (2, 2, 2)), S(F(1, 2, 0, 4), 1), S(X, -1), S(I(1, 2, 3, 4), 2)],
    ),
    functional("adaptive_max_pool3d", S(F(1, 1, 3, 2, 4), (2, 1, 3), return_indices=True)),
    Op("functional.max_unpool", [S(F(2, 3, 6), 1), S(F(1, 2, 5, 4), 2, output_size=(5, 4)), S(F(1, 2, 2, 4), 3)],
       call=unpooled),
    functional(
        "max_unpool2d",
        errors=[S(X, F(1, 2, 3, 4), 2), S(X, I(1, 2, 3, 3, low=0), 2), S(X, I(1, 2, 3, 4, low=90, high=91), 2),
                S(X, I(1, 2, 3, 4, low=0), 2, output_size=(19, 9)), S(X, I(1, 2, 3, 4, low=0), 2, output_size=(1, 9, 9)),
                S(F(2, 2), I(2, 2, low=0), 2)],
    ),
    functional("lp_pool1d", S(F(2, 3, 6, low=0.1), 2, 3)),
    functional("lp_pool2d", S(F(1, 2, 4, 5, low=0.1), 3.0, (2, 3), 1, True), S(F(1, 1, 4, 4), inf, 2), tolerance=10),
    functional("lp_pool3d", S(F(1, 1, 2, 3, 4, low=0.1), 2, 2)),
    functional(
        "fractional_max_pool2d",
        S(F(1, 2, 6, 5), 2, output_size=(3, 4), return_indices=True, _random_samples=F(1, 2, 2, low=0, high=1, grad=False)),
        S(F(2, 6, 6), (3, 2), output_ratio=(0.5, 0.5), _random_samples=F(1, 2, 2, low=0, high=1, grad=False)),
        errors=[S(X, 2), S(F(1, 1, 5, 5), 2, output_size=5), S(F(5, 5), 2, output_size=2)],
    ),
    functional(
        "fractional_max_pool3d",
        S(F(1, 1, 4, 5, 4), 2, output_size=2, return_indices=True, _random_samples=F(1, 1, 3, low=0, high=1, grad=False)),
    ),
]  # fmt: skip
