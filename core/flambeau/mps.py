"""Apple's Metal as a PyTorch without it answers: not available. `flambeau.accelerator` names the GPU that there is.

Source: https://docs.pytorch.org/docs/stable/mps.html
"""

from __future__ import annotations

from typing import Any, NoReturn

from ._tensor import Tensor


def _unavailable(function: str) -> NoReturn:
    raise RuntimeError(f"Cannot execute {function}() without MPS backend.")


def is_available() -> bool:
    """Always False."""
    return False


def device_count() -> int:
    """Always 0."""
    return 0


def manual_seed(seed: int) -> None:
    """Does nothing."""


def synchronize() -> None:
    """Raises RuntimeError, as the functions below."""
    _unavailable("deviceSynchronize")


def empty_cache() -> None:
    """Raises RuntimeError."""
    _unavailable("emptyCache")


def seed() -> None:
    """Raises RuntimeError."""
    _unavailable("getDefaultGenerator")


def get_rng_state(device: Any = "mps") -> Tensor:
    """Raises RuntimeError."""
    _unavailable("getDefaultGenerator")


def set_rng_state(new_state: Tensor, device: Any = "mps") -> None:
    """Raises RuntimeError."""
    _unavailable("getDefaultGenerator")


def set_per_process_memory_fraction(fraction: float) -> None:
    """Raises RuntimeError."""
    _unavailable("setMemoryFraction")


def current_allocated_memory() -> int:
    """Raises RuntimeError."""
    _unavailable("getCurrentAllocatedMemory")


def driver_allocated_memory() -> int:
    """Raises RuntimeError."""
    _unavailable("getDriverAllocatedMemory")


def recommended_max_memory() -> int:
    """Raises RuntimeError."""
    _unavailable("getRecommendedMaxMemory")
