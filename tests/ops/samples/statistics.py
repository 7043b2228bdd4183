"""Samples of quantiles, histograms and covariance."""

from __future__ import annotations

from ..sample import F, I, Op, S, T

NAN = float("nan")
HOLES = T([[1.0, NAN, 3.0], [NAN, NAN, 2.0]], grad=False)

OPS = [
    Op("nanmean", [S(F(2, 3)), S(HOLES), S(HOLES, 1), S(HOLES, 0, True), S(F(0))], [S(I(2))], composed=True),
    Op("nanmedian", [S(F(2, 3)), S(HOLES), S(HOLES, 1), S(F(2, 4), 1, True), S(I(5)), S(F(), 0)], composed=True),
    Op("mode", [S(T([[1, 2, 2, 1], [3, 3, 0, 1]], "int64")), S(F(2, 3), 1), S(T([[1.0, 2.0], [1.0, 2.0], [0.0, 1.0]]), 0, True), S(F())], [S(F(0, 2), 0)],
       composed=True, on_gpu=False),
    Op("quantile", [S(F(2, 4), 0.3), S(F(2, 4), T([0.25, 0.5, 1.0], grad=False), 1), S(F(3, 2), 0.5, 0, True), S(F(5), 0.6, interpolation="lower"),
                    S(F(5), 0.6, interpolation="higher"), S(F(5), 0.6, interpolation="midpoint"), S(F(5), 0.6, interpolation="nearest"), S(HOLES, 0.5, 1),
                    S(F(2, 3), T([0.1, 0.9], grad=False), 1, True)],
       [S(F(2), 2), S(I(2), 0.5), S(F(2), T([0.5], "int64")), S(F(2), T([[0.5]])), S(F(0), 0.5), S(F(2), 0.5, interpolation="best"), S(F(2), T([2.0]))],
       composed=True, on_gpu=False),
    Op("nanquantile", [S(HOLES, 0.5), S(HOLES, 0.5, 1), S(F(2, 4), T([0.25, 1.0], grad=False), 1)], composed=True, on_gpu=False),
    Op("histc", [S(F(20, grad=False)), S(F(20, grad=False), 5), S(F(20, grad=False), 4, -1, 1), S(T([1.0, 1.0], grad=False), 3)],
       [S(F(3), 0), S(I(3)), S(F(3), 3, 2, 1)], differentiable=False, on_gpu=False),
    Op("histogram", [S(F(20, grad=False), 4), S(F(20, grad=False), 4, range=(-1.0, 1.0)), S(F(5, grad=False), T([-2.0, 0.0, 0.5, 2.0], grad=False)),
                     S(F(6, grad=False), 3, weight=F(6, grad=False), density=True)], [S(F(3), 0)], differentiable=False, on_gpu=False),
    Op("histogramdd", [S(F(9, 2, grad=False), [2, 3]), S(F(9, 2, grad=False), [2, 3], range=[-1.0, 1.0, -2.0, 2.0], density=True)], [S(F(3, 3), [2, 2])],
       differentiable=False, on_gpu=False),
    Op("cov", [S(F(3, 4)), S(F(4)), S(F(2, 3), correction=0), S(F(2, 3), fweights=T([1, 2, 3], "int64"), aweights=T([0.5, 1.0, 2.0], grad=False)), S(I(2, 3)), S(F())],
       [S(F(1, 1, 2)), S(F(2, 3), fweights=F(3)), S(F(2, 3), aweights=I(3)), S(F(2, 3), aweights=T([-1.0, 1.0, 1.0])), S(F(2, 3), fweights=I(2, low=1))],
       composed=True, tolerance=3),
    Op("corrcoef", [S(F(3, 4)), S(F(4))], [S(F(1, 1, 2))], composed=True, tolerance=3),
]  # fmt: skip
