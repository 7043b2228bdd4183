"""Windows of `M` points, symmetric, or periodic where not `sym`.

Source: https://docs.pytorch.org/docs/stable/signal.html
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from .._tensor import Tensor
from ..dtype import dtype, float32, float64, get_default_dtype
from ..layout import strided
from ..ops.creation import tensor
from ..ops.spectrogram import kaiser as _kaiser_weights

__all__ = [
    "bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming", "hann",
    "kaiser", "nuttall",
]  # fmt: skip


def _made(name: str, M: int, weight: Callable[[int], float], options: dict[str, Any]) -> Tensor:
    kind: dtype = _checked(name, M, options)
    for ignored in ("layout", "dtype"):
        options.pop(ignored, None)
    return tensor([weight(k) for k in range(M)], dtype=kind, **options)


def _checked(name: str, M: int, options: dict[str, Any]) -> dtype:
    if M < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={M}")
    if (layout := options.get("layout")) is not None and layout is not strided:
        raise ValueError(f"{name} is implemented for strided tensors only, got: {layout}")
    kind: dtype = options.get("dtype") or get_default_dtype()
    if kind not in (float32, float64):
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {kind!r}")
    return kind


def exponential(M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True, **options: Any) -> Tensor:
    """exp(-|k - center| / tau); the centre of a symmetric window is its middle."""
    _checked("exponential", M, options)
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")
    middle = center if center is not None else (M if not sym and M > 1 else M - 1) / 2.0
    return _made("exponential", M, lambda k: math.exp(-abs(k - middle) / tau), options)


def cosine(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """sin(pi (k + 1/2) / M)."""
    steps = M + 1 if not sym and M > 1 else M
    return _made("cosine", M, lambda k: math.sin(math.pi * (k + 0.5) / steps), options)


def gaussian(M: int, *, std: float = 1.0, sym: bool = True, **options: Any) -> Tensor:
    """exp(-((k - middle) / std)**2 / 2)."""
    _checked("gaussian", M, options)
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    middle = (M if not sym and M > 1 else M - 1) / 2.0
    return _made("gaussian", M, lambda k: math.exp(-(((k - middle) / std) ** 2) / 2), options)


def _over_period(name: str, M: int, sym: bool, weight: Callable[[int, int], float], options: dict[str, Any]) -> Tensor:
    steps = M - 1 if sym else M
    return _made(name, M, lambda k: 1.0 if M == 1 else weight(k, steps), options)


def kaiser(M: int, *, beta: float = 12.0, sym: bool = True, **options: Any) -> Tensor:
    """I0(beta sqrt(1 - (2 k / N - 1)**2)) / I0(beta)."""
    _checked("kaiser", M, options)
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    return _over_period("kaiser", M, sym, _kaiser_weights(beta), options)


def bartlett(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """A triangle: 1 - |2 k / N - 1|."""
    return _over_period("bartlett", M, sym, lambda k, n: 1 - abs(2 * k / n - 1), options)


def general_cosine(M: int, *, a: Iterable[float], sym: bool = True, **options: Any) -> Tensor:
    """The sum of (-1)**i a_i cos(2 pi i k / N)."""
    _checked("general_cosine", M, options)
    if M > 1:
        if not isinstance(a, Iterable):
            raise TypeError("Coefficients must be a list/tuple")
        if not a:
            raise ValueError("Coefficients cannot be empty")

    def weight(k: int, steps: int) -> float:
        return sum((-1) ** i * c * math.cos(2 * math.pi * i * k / steps) for i, c in enumerate(a))

    return _over_period("general_cosine", M, sym, weight, options)


def general_hamming(M: int, *, alpha: float = 0.54, sym: bool = True, **options: Any) -> Tensor:
    """alpha - (1 - alpha) cos(2 pi k / N)."""
    return general_cosine(M, a=[alpha, 1.0 - alpha], sym=sym, **options)


def hamming(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """`general_hamming` with alpha 0.54."""
    return general_hamming(M, sym=sym, **options)


def hann(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """`general_hamming` with alpha 0.5."""
    return general_hamming(M, alpha=0.5, sym=sym, **options)


def blackman(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """`general_cosine` with 0.42, 0.5 and 0.08."""
    _checked("blackman", M, options)
    return general_cosine(M, a=[0.42, 0.5, 0.08], sym=sym, **options)


def nuttall(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """`general_cosine` with Nuttall's four coefficients of least sidelobes."""
    return general_cosine(M, a=[0.3635819, 0.4891775, 0.1365995, 0.0106411], sym=sym, **options)
