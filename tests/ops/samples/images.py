"""Samples of borders, of images at other sizes and other places, and of channels laid out as places."""

from __future__ import annotations

from ..sample import B, F, I, Op, S
from .convolution import functional

X, LINE = F(1, 2, 3, 4), F(1, 1, 4)
GRID = F(1, 2, 3, 2, low=-1.3, high=1.3)

OPS = [
    Op("constant_pad_nd", [S(F(2, 3), (1, -1, 2, 0), 2.5), S(I(2, 3), (1, 1), 1.5), S(F(2, 3), (-1, 0)), S(F(), ())],
       [S(F(3), (1,)), S(F(3), (1, 1, 1, 1)), S(F(2), (-2, -1))]),
    functional(
        "pad",
        S(F(2, 3), (1, 2)), S(F(2, 3, 4), (1, -1), "reflect"), S(X, (2, 1, 0, 2), "reflect"), S(I(2, 3), (2, 2), "replicate"),
        S(F(1, 2, 2, 3, 2), (1, 0, 2, 1, 0, 1), "replicate"), S(X, (2, -1, 3, 1), "circular"), S(B(2, 3), (1, 1), value=1),
        S(F(0, 2, 4), (1, 1), "reflect"), S(F(1, 2, 3), (0, 0), "replicate"),
        errors=[S(F(2), (1,)), S(F(2), (1, 1, 1, 1)), S(F(2, 3), (1, 1), "foo"), S(F(2, 3), (1, 1), "reflect", 1.0),
                S(F(2, 3), (3, 1), "reflect"), S(F(3), (1, 1), "reflect"), S(X, (1, 1), "reflect"),
                S(X, (1, 1, 4, 1), "reflect"), S(F(2, 3), (-3, -1), "replicate"), S(F(2, 3), (4, 1), "circular"),
                S(F(2, 3), (-4, 0), "circular"), S(F(2, 0, 4), (1, 1), "replicate"), S(F(2, 3), 1)],
    ),
    functional(
        "interpolate",
        S(LINE, 7), S(X, scale_factor=2), S(X, (5, 2), mode="nearest-exact"), S(LINE, 6, mode="linear"),
        S(X, (5, 3), mode="bilinear", align_corners=True), S(X, scale_factor=(1.5, 0.5), mode="bilinear"),
        S(X, scale_factor=1.7, mode="bilinear", recompute_scale_factor=True), S(X, (2, 7), mode="bicubic"),
        S(F(1, 1, 6, 5), (2, 4), mode="bilinear", antialias=True), S(F(1, 1, 5, 6), (3, 2), mode="bicubic", antialias=True),
        S(F(1, 1, 2, 2, 3), (3, 1, 4), mode="trilinear"), S(X, (2, 3), mode="area"),
        S(I(1, 1, 2, 3, low=0, kind="uint8"), (3, 2)),
        tolerance=10,
        errors=[S(LINE), S(LINE, 2, 2), S(LINE, (2, 2)), S(X, scale_factor=(2.0, 2.0, 2.0)), S(LINE, 2, mode="bilinear"),
                S(X, 2, mode="linear"), S(LINE, 2, mode="bicubic"), S(LINE, 2, mode="foo"), S(F(4, 4), 2),
                S(LINE, 2, align_corners=True), S(LINE, 2, antialias=True), S(LINE, 2, recompute_scale_factor=True),
                S(LINE, 0), S(F(1, 0, 4), 2), S(I(1, 1, 4), 2), S(X, 2, mode="lanczos"), S(X, (2.5, 2))],
    ),
    functional(
        "grid_sample",
        S(X, GRID, align_corners=False), S(X, GRID, "nearest", "border", True),
        S(F(1, 1, 4, 4), F(1, 2, 2, 2, low=-2.9, high=2.9), "bicubic", "reflection", False),
        S(F(1, 1, 4, 4), F(1, 2, 2, 2, low=-2.9, high=2.9), "bilinear", "reflection", True),
        S(F(1, 1, 2, 3, 2), F(1, 2, 1, 2, 3, low=-1.2, high=1.2), "bilinear", "border", False),
        tolerance=20,
        errors=[S(X, F(1, 2, 2, 3)), S(X, F(2, 2, 2, 2)), S(X, GRID, "foo"), S(X, GRID, padding_mode="foo"),
                S(F(1, 1, 2, 2, 2), F(1, 2, 2, 2, 3), "bicubic"), S(F(1, 1, 0, 4), GRID), S(I(1, 2, 3, 4), GRID)],
    ),
    Op("grid_sampler", [S(X, GRID, 0, 0, True)], tolerance=10),
    Op("grid_sampler_2d", [S(X, GRID, 0, 1, False)], tolerance=10),
    Op("grid_sampler_3d", [S(F(1, 1, 2, 2, 2), F(1, 1, 2, 1, 3, low=-1, high=1), 0, 0, False)], tolerance=10),
    Op("affine_grid_generator", [S(F(2, 2, 3), (2, 1, 2, 3), True), S(F(1, 3, 4), (1, 1, 2, 1, 2), False)]),
    functional(
        "affine_grid",
        S(F(1, 2, 3), (1, 1, 3, 2), align_corners=False),
        errors=[S(F(2, 3), (1, 1, 2, 2)), S(F(1, 2, 3), (1, 1, 2)), S(F(1, 2, 3), (1, 1, 2, 0)), S(I(1, 2, 3), (1, 1, 2, 2))],
    ),
    Op("pixel_shuffle", [S(F(1, 8, 2, 3), 2), S(F(9, 1, 2), 3)], [S(F(1, 3, 2, 2), 2), S(F(3, 2), 2), S(F(3, 2, 2), 0)]),
    Op("pixel_unshuffle", [S(F(1, 2, 4, 6), 2)], [S(F(3, 2), 2), S(F(3, 3, 2), 2), S(F(3, 2, 3), 2), S(F(3, 2, 3), 0)]),
    Op("native_channel_shuffle", [S(F(2, 6, 2, 2), 3)], differentiable=False),
    Op("channel_shuffle", [S(F(2, 6, 2, 2), 3), S(F(2, 4, 3), 2)], [S(X, 3), S(X, 0), S(F(4, 2), 2)]),
]  # fmt: skip
