"""`flambeau.fft`: discrete Fourier transforms.

Source: https://docs.pytorch.org/docs/stable/fft.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .ops import fourier as _fourier
from .ops.out import with_out_as as _with_out_as

__all__ = [  # noqa: F822 - made below
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift",
    "ihfft", "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip


globals().update({name: _with_out_as(getattr(_fourier, name), f"fft_{name}") for name in __all__})

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
