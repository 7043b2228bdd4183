"""Complex numbers and Fourier transforms on NumPy, which keep the precision of what they are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..protocol import Array

_COMPLEX = {"float32": np.complex64, "float64": np.complex128}


def join(real: Array, imag: Array) -> Array:
    """The complex numbers of these parts."""
    out: Array = np.empty(np.broadcast_shapes(real.shape, imag.shape), _COMPLEX[real.dtype.name])
    out.real = real
    out.imag = imag
    return out


def conjugate(x: Array) -> Array:
    return np.conjugate(x, out=..., order="C")


def modulus(x: Array) -> Array:
    return np.absolute(x, out=..., order="C")


def angle(x: Array) -> Array:
    return np.asarray(np.arctan2(x.imag, x.real))


def direction(x: Array) -> Array:
    """x / |x|, and 0 for 0."""
    size = np.absolute(x)
    return np.asarray(np.where(size == 0, 0, x / np.where(size == 0, 1, size)), x.dtype)


_KINDS: dict[str, Callable[..., Any]] = {
    "c2c": np.fft.fft,
    "inverse c2c": np.fft.ifft,
    "r2c": np.fft.rfft,
    "c2r": np.fft.irfft,
}


def transform(x: Array, kind: str, n: int, axis: int, scale: float) -> Array:
    """A Fourier transform along one axis of `n` elements, not normalised but by `scale`."""
    found = _KINDS[kind](x, n, axis, norm="forward" if kind in ("inverse c2c", "c2r") else "backward")
    return np.ascontiguousarray(found * np.asarray(scale, found.real.dtype))


KERNELS: dict[str, Callable[..., Any]] = {
    "complex_join": join,
    "complex_conj": conjugate,
    "complex_modulus": modulus,
    "complex_angle": angle,
    "complex_direction": direction,
    "fourier": transform,
}
