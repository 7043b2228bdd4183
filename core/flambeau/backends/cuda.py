"""CUDA's switches, which programs set; there is no CUDA here and they change nothing.

Source: https://docs.pytorch.org/docs/stable/backends.html#module-torch.backends.cuda
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def is_built() -> bool:
    """Always False."""
    return False


class _Matmul:
    """The precision of CUDA's matrix products, `torch.backends.cuda.matmul`."""

    _NAMES = (
        "allow_tf32", "allow_fp16_reduced_precision_reduction", "allow_bf16_reduced_precision_reduction",
        "allow_fp16_accumulation", "fp32_precision",
    )  # fmt: skip
    precision: str  # what torch.set_float32_matmul_precision sets

    def __init__(self) -> None:
        vars(self).update(
            precision="highest",
            allow_fp16_reduced_precision_reduction=True,
            allow_bf16_reduced_precision_reduction=True,
            allow_fp16_accumulation=False,
            fp32_precision="none",
        )

    def __getattr__(self, name: str) -> Any:
        if name == "allow_tf32":
            return self.precision != "highest"
        raise AttributeError("Unknown attribute " + name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._NAMES:
            raise AttributeError("Unknown attribute " + name)
        if name == "allow_tf32":
            if not isinstance(value, bool):
                raise RuntimeError(f"set_allow_tf32_cublas expects a bool, but got {type(value).__name__}")
            vars(self)["precision"] = "high" if value else "highest"
        else:
            vars(self)[name] = value


matmul = _Matmul()

_attention = {"flash": True, "mem_efficient": True, "math": True, "cudnn": True}


def flash_sdp_enabled() -> bool:
    """Whether `enable_flash_sdp` was last told so; likewise the three below."""
    return _attention["flash"]


def mem_efficient_sdp_enabled() -> bool:
    """See `flash_sdp_enabled`."""
    return _attention["mem_efficient"]


def math_sdp_enabled() -> bool:
    """See `flash_sdp_enabled`."""
    return _attention["math"]


def cudnn_sdp_enabled() -> bool:
    """See `flash_sdp_enabled`."""
    return _attention["cudnn"]


def enable_flash_sdp(enabled: bool) -> None:
    """Remembered, and of no effect; likewise the three below."""
    _attention["flash"] = bool(enabled)


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """See `enable_flash_sdp`."""
    _attention["mem_efficient"] = bool(enabled)


def enable_math_sdp(enabled: bool) -> None:
    """See `enable_flash_sdp`."""
    _attention["math"] = bool(enabled)


def enable_cudnn_sdp(enabled: bool) -> None:
    """See `enable_flash_sdp`."""
    _attention["cudnn"] = bool(enabled)


@contextmanager
def sdp_kernel(
    enable_flash: bool = True,
    enable_math: bool = True,
    enable_mem_efficient: bool = True,
    enable_cudnn: bool = True,
) -> Iterator[None]:
    """The four are so within a `with`."""
    before = dict(_attention)
    _attention.update(flash=enable_flash, math=enable_math, mem_efficient=enable_mem_efficient, cudnn=enable_cudnn)
    try:
        yield
    finally:
        _attention.update(before)
