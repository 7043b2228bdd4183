"""Faster NumPy forms of composite ops: fewer passes over memory, fewer temporaries. Each computes what its op's forward does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

KERNELS: dict[str, Callable[..., Any]] = {}
