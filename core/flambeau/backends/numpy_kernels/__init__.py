"""What NumPy computes in its own way: fused forms of composite ops, and the decompositions that all backends borrow.

A family is a file with `KERNELS`: each function under the name of its op, called with the arguments of the op's forward, less
the backend. To add a family, add it here.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

FAMILIES = (
    "fused", "elementary", "training", "lists", "normalization", "ldl", "linalg", "complex", "attention", "convolution",
    "padding", "pooling", "resampling", "activation", "recurrent",
)  # fmt: skip
"""By file. No op is in two of them; `implicit` is not here, since only `ops/on_host.py` calls it."""


def kernels() -> dict[str, Callable[..., Any]]:
    """Every kernel of the NumPy backend, by the name of its op."""
    return {name: f for family in FAMILIES for name, f in import_module(f"{__name__}.{family}").KERNELS.items()}
