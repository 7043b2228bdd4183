"""`torch.testing`: values compared, and tensors to test with.

What a third party needs to test its own backend is in `flambeau.testing.conformance`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {"assert_close": "comparison", "assert_allclose": "comparison", "make_tensor": "creation"}

__all__ = ["assert_allclose", "assert_close", "make_tensor"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:  # pytest loads this package wherever flambeau is installed: it must cost nothing
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
