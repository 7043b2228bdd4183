"""`flambeau.fft`: discrete Fourier transforms.

Source: https://docs.pytorch.org/docs/stable/fft.html
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from .ops import fourier as _fourier
from .ops.op import store as _store

__all__ = [  # noqa: F822 - made below
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift",
    "ihfft", "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip


def _with_out(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f`, which may also be given `out`, where to write its result."""

    @wraps(f)
    def call(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        found = f(*args, **kwargs)
        return found if out is None else _store(out, found, f"fft_{f.__name__}")

    call.__name__ = call.__qualname__ = f"fft_{f.__name__}"
    return call


globals().update({name: _with_out(getattr(_fourier, name)) for name in __all__})

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
