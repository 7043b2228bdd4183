"""`torch.nn.attention`: which kernels attention may use, and causal masks that need no memory.

There is one kernel here, so that the choice is remembered and changes nothing.
Source: https://docs.pytorch.org/docs/stable/nn.attention.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from . import bias

__all__ = ["WARN_FOR_UNFUSED_KERNELS", "SDPBackend", "bias", "sdpa_kernel"]

WARN_FOR_UNFUSED_KERNELS = False


class SDPBackend(IntEnum):
    """The kernels that PyTorch has for scaled dot-product attention."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


_enabled: list[SDPBackend] = [backend for backend in SDPBackend if backend is not SDPBackend.ERROR]


def _cur_sdpa_kernel_backends(with_priority: bool = False) -> list[SDPBackend]:
    return list(_enabled)


@contextmanager
def sdpa_kernel(backends: list[SDPBackend] | SDPBackend, set_priority: bool = False) -> Iterator[dict[str, None]]:
    """Within it, attention may use these kernels only.

    Raises:
        AssertionError: `backends` is neither a backend nor a list of them.
    """
    if not isinstance(backends, (list, SDPBackend)):
        raise AssertionError(
            "Backend must be an instance of SDPBackend or a list of SDPBackend instances, got "
            f"{type(backends).__name__}"
        )
    before = list(_enabled)
    _enabled[:] = [backends] if isinstance(backends, SDPBackend) else dict.fromkeys(backends)
    try:
        yield {}
    finally:
        _enabled[:] = before
