"""CUDA as a PyTorch without it answers: not available. `flambeau.accelerator` names the GPU that there is.

Source: https://docs.pytorch.org/docs/stable/cuda.html
"""

from __future__ import annotations

from typing import Any


def is_available() -> bool:
    """Always False."""
    return False


def device_count() -> int:
    """Always 0."""
    return 0


def is_initialized() -> bool:
    """Always False."""
    return False


def manual_seed(seed: int) -> None:
    """Does nothing, as without CUDA."""


def manual_seed_all(seed: int) -> None:
    """Does nothing, as without CUDA."""


def empty_cache() -> None:
    """Does nothing, as without CUDA."""


def synchronize(device: Any = None) -> None:
    """Fails as in a PyTorch without CUDA."""
    raise AssertionError("Torch not compiled with CUDA enabled")


def current_device() -> int:
    """Fails as in a PyTorch without CUDA."""
    raise AssertionError("Torch not compiled with CUDA enabled")
