"""The CPU by the names that device modules have, for code that is written for any device.

Source: https://docs.pytorch.org/docs/stable/cpu.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module as _import_module
from typing import Any

from ..device import device as _Device


class Stream:
    """Nothing: the CPU does one thing after the other."""

    def __init__(self, priority: int = -1) -> None:
        pass

    def wait_stream(self, stream: Any) -> None:
        """Does nothing."""

    def record_event(self) -> None:
        """Does nothing."""

    def wait_event(self, event: Any) -> None:
        """Does nothing."""


_STREAM = Stream()


def is_available() -> bool:
    """Always True."""
    return True


def is_initialized() -> bool:
    """Always True."""
    return True


def device_count() -> int:
    """Always 1."""
    return 1


def current_device() -> str:
    """Always "cpu"."""
    return "cpu"


def set_device(device: _Device | str | int) -> None:
    """Does nothing."""


def synchronize(device: _Device | str | int = "cpu") -> None:
    """Does nothing: work is done when a function returns."""


def current_stream(device: _Device | str | int = "cpu") -> Stream:
    """The one stream."""
    return _STREAM


@contextmanager
def stream(stream: Stream | None) -> Iterator[None]:
    """Changes nothing."""
    yield


def __getattr__(name: str) -> Any:
    if name == "amp":
        return _import_module(f"{__name__}.amp")
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
