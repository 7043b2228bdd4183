"""Intel's GPUs as a PyTorch without them answers: not available. `flambeau.accelerator` names the GPU that there is.

Source: https://docs.pytorch.org/docs/stable/xpu.html
"""

from __future__ import annotations

from typing import Any, NoReturn


def _unavailable() -> NoReturn:
    raise AssertionError("Torch not compiled with XPU enabled")


def is_available() -> bool:
    """Always False."""
    return False


def is_initialized() -> bool:
    """Always False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Always False."""
    return False


def device_count() -> int:
    """Always 0."""
    return 0


def memory_allocated(device: Any = None) -> int:
    """Always 0."""
    return 0


def max_memory_allocated(device: Any = None) -> int:
    """Always 0."""
    return 0


def empty_cache() -> None:
    """Does nothing."""


def manual_seed(seed: int) -> None:
    """Does nothing."""


def manual_seed_all(seed: int) -> None:
    """Does nothing."""


def current_device() -> int:
    """Raises AssertionError, as the functions below."""
    _unavailable()


def set_device(device: Any) -> None:
    """Raises AssertionError."""
    _unavailable()


def synchronize(device: Any = None) -> None:
    """Raises AssertionError."""
    _unavailable()


def get_device_name(device: Any = None) -> str:
    """Raises AssertionError."""
    _unavailable()


def get_device_capability(device: Any = None) -> dict[str, Any]:
    """Raises AssertionError."""
    _unavailable()


def get_device_properties(device: Any = None) -> Any:
    """Raises AssertionError."""
    _unavailable()
