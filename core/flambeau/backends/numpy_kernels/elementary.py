"""NumPy's own forms of elementary functions that the primitives can only compose."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any


def _of(f: np.ufunc) -> Callable[..., Array]:
    return lambda *operands: f(*operands, out=..., order="C")


def frexp(input: Array) -> tuple[Array, Array]:
    mantissa, exponent = np.frexp(input)
    return np.asarray(mantissa), np.asarray(exponent, np.int32)


def _rank(boundaries: Array, values: Array, right: bool) -> Array:
    if boundaries.ndim == 1:
        return np.asarray(np.searchsorted(boundaries, values, "right" if right else "left"), np.int64)
    lead = math.prod(boundaries.shape[:-1])
    rows = boundaries.reshape(lead, boundaries.shape[-1])
    wanted = values.reshape(lead, values.shape[-1])
    found = np.empty(wanted.shape, np.int64)
    for i, row in enumerate(rows):
        found[i] = np.searchsorted(row, wanted[i], "right" if right else "left")
    return found.reshape(values.shape)


KERNELS: dict[str, Callable[..., Any]] = {
    "asinh": _of(np.arcsinh), "acosh": _of(np.arccosh), "atanh": _of(np.arctanh), "_hypot": _of(np.hypot),
    "_gcd": _of(np.gcd), "_copysign": _of(np.copysign), "_nextafter": _of(np.nextafter), "exp2": _of(np.exp2),
    "log2": _of(np.log2), "log10": _of(np.log10), "_frexp": frexp, "_rank": _rank,
}  # fmt: skip
