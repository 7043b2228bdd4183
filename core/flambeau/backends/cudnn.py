"""cuDNN's switches, which programs set; there is no cuDNN here and they change nothing.

Source: https://docs.pytorch.org/docs/stable/backends.html#module-torch.backends.cudnn
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from .switches import changed, checked

enabled = True
benchmark = False
deterministic = False
allow_tf32 = True
benchmark_limit: int | None = None
fp32_precision = "none"

checked(
    __name__,
    {
        "enabled": "set_enabled_cudnn", "benchmark": "set_benchmark_cudnn",
        "deterministic": "set_deterministic_cudnn", "allow_tf32": "set_allow_tf32_cublas",
    },
)  # fmt: skip


def is_available() -> bool:
    """Always False."""
    return False


def version() -> int | None:
    """None: there is no cuDNN."""
    return None


def is_acceptable(tensor: Any) -> bool:
    """Always False: no tensor is on a CUDA device."""
    return False


def flags(
    enabled: bool = False,
    benchmark: bool = False,
    benchmark_limit: int | None = 10,
    deterministic: bool = False,
    allow_tf32: bool = True,
    fp32_precision: str = "none",
) -> AbstractContextManager[None]:
    """The switches are so within a `with`."""
    return changed(
        __name__,
        enabled=enabled,
        benchmark=benchmark,
        deterministic=deterministic,
        allow_tf32=allow_tf32,
        fp32_precision=fp32_precision,
    )
