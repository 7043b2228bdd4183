"""Which vmaps are running: all that an op has to look at while there are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..device import device

levels: list[Any] = []
"""The `batching.Level`s, the innermost last."""
entered = 0
"""How many there have been: whether a function ran one can be seen from before and after it."""


def together(values: Sequence[Any]) -> list[Any] | None:
    """The arguments of an op with all tensors in the same vmaps; None where none is in any, or all are alike."""
    from .batching import aligned

    return aligned(values)


def inside(x: Any) -> bool:
    """Whether a tensor is in a vmap, and may differ from sample to sample."""
    return bool(levels) and x._storage.device.__class__ is not device


def every(x: Any) -> Any:
    """All elements of all samples of `x`, for checks that look at values."""
    if not levels:
        return x
    from .batching import all_elements

    return all_elements(x)
