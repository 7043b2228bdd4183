"""How gamma and beta distributed numbers move with their parameters, the probability below them held fixed.

dx/da = -(dF/da) / (dF/dx), with the series of the incomplete gamma and beta functions differentiated term by term.
Source: Figurnov et al., "Implicit reparameterization gradients", NeurIPS 2018.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..protocol import Array

_ASYMPTOTIC = 4000.0
"""Shapes above this use Wilson and Hilferty's normal approximation of the cube root: the series gets long."""
_TERMS = 20_000
_SHIFT = 10


def _log_gamma(x: Array) -> Array:
    """Stirling's series, after moving `x` up by 10."""
    y = x + _SHIFT
    square = 1 / (y * y)
    series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))) / y
    moved: Any = sum(np.log(x + i) for i in range(_SHIFT))
    return np.asarray((y - 0.5) * np.log(y) - y + 0.5 * np.log(2 * np.pi) + series - moved)


def _digamma(x: Array) -> Array:
    y = x + _SHIFT
    square = 1 / (y * y)
    series = square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square / 132))))
    moved: Any = sum(1 / (x + i) for i in range(_SHIFT))
    return np.asarray(np.log(y) - 0.5 / y - series - moved)


def gamma_slope(x: Array, a: Array) -> Array:
    """dx/da of a gamma number `x` of shape `a`."""
    kind = x.dtype
    x, a = x.astype(np.float64), a.astype(np.float64)
    x = np.maximum(x, np.finfo(np.float64).tiny)
    small = np.minimum(a, _ASYMPTOTIC)
    near = np.where(a < _ASYMPTOTIC, x, small)
    # P(a, x) = sum over n of x**(a + n) exp(-x) / Gamma(a + n + 1); all over the density x**(a - 1) exp(-x) / Gamma(a).
    term = near / small
    slope = np.log(near) - _digamma(small + 1)
    total = term * slope
    for n in range(1, _TERMS):
        term = term * (near / (small + n))
        slope = slope - 1 / (small + n)
        added = term * slope
        total = total + added
        if n > 10 and np.all(np.abs(added) <= 1e-15 * np.abs(total)):
            break
    root = np.cbrt(x / a)
    z = (root - 1 + 1 / (9 * a)) * 3 * np.sqrt(a)
    far = root**3 + 3 * a * root**2 * (1 / (9 * a * a) - z / (6 * a**1.5))
    return np.asarray(np.where(a < _ASYMPTOTIC, -total, far)).astype(kind)


def _beta_series(x: Array, a: Array, b: Array) -> tuple[Array, Array]:
    """The derivatives of I_x(a, b) by a and by b, both over the density."""
    # I = sum over n of x**(a + n) (1 - x)**b Gamma(a + b + n) / (Gamma(a + n + 1) Gamma(b)).
    term = x * (1 - x) / a
    by_a = np.log(x) + _digamma(a + b) - _digamma(a + 1)
    by_b = np.log1p(-x) + _digamma(a + b) - _digamma(b)
    first, second = term * by_a, term * by_b
    for n in range(1, _TERMS):
        term = term * (x * (a + b + n - 1) / (a + n))
        step = 1 / (a + b + n - 1)
        by_a = by_a + step - 1 / (a + n)
        by_b = by_b + step
        more_a, more_b = term * by_a, term * by_b
        first, second = first + more_a, second + more_b
        if n > 10 and np.all((np.abs(more_a) <= 1e-15 * np.abs(first)) & (np.abs(more_b) <= 1e-15 * np.abs(second))):
            break
    return first, second


def beta_slope(x: Array, a: Array, total: Array) -> Array:
    """dx/da / (1 - x) of a beta number `x` of parameters `a` and `total - a`."""
    kind = x.dtype
    x, a = x.astype(np.float64), a.astype(np.float64)
    b = total.astype(np.float64) - a
    x = np.clip(x, np.finfo(np.float64).tiny, 1 - 2.0**-53)
    low = x < (a + 1) / (a + b + 2)
    # Where the series would be slow, that of 1 - x with the parameters exchanged: I_x(a, b) = 1 - I_{1-x}(b, a).
    y, p, q = np.where(low, x, 1 - x), np.where(low, a, b), np.where(low, b, a)
    by_p, by_q = _beta_series(y, p, q)
    found = np.where(low, -by_p, by_q) / (1 - x)
    return np.asarray(found).astype(kind)


KERNELS: dict[str, Callable[..., Any]] = {"_standard_gamma_grad": gamma_slope, "_beta_grad": beta_slope}
