"""`torch.return_types`: the types of results with named fields, such as that of `torch.max(x, 1)`."""

from __future__ import annotations

from typing import Any

from .ops.returned import TYPES


def __getattr__(name: str) -> Any:
    if name in TYPES:
        return TYPES[name]
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(TYPES)
