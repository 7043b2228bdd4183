"""Which vmaps are running: all that an op has to look at while there are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..device import device

levels: list[Any] = []
"""The `batching.Level`s, the innermost last."""


def together(values: Sequence[Any]) -> list[Any] | None:
    """The arguments of an op with all tensors in the same vmaps; None where none is in any, or all are alike."""
    from .batching import aligned

    return aligned(values)


def written(target: Any, value: Any) -> Any:
    """A tensor that is to be written into another, in the vmaps which that is in.

    Raises:
        RuntimeError: it differs between samples of a vmap that `target` is not in.
    """
    if not levels or value._storage.backend is target._storage.backend:
        return value
    from .batching import levels_of, lift

    there = levels_of(target)
    if any(level not in there for level in levels_of(value)):
        raise RuntimeError(
            "vmap: inplace arithmetic(self, *extra_args) is not possible because there exists a Tensor `other` in extra_args "
            "that has more elements than `self`. This happened due to `other` being vmapped over but `self` not being vmapped "
            "over in a vmap. Please try to use out-of-place operators instead of inplace arithmetic. If said operator is being "
            "called inside the PyTorch framework, please file a bug report instead."
        )
    return lift(value, there)


def inside(x: Any) -> bool:
    """Whether a tensor is in a vmap, and may differ from sample to sample."""
    return bool(levels) and x._storage.device.__class__ is not device


def every(x: Any) -> Any:
    """All elements of all samples of `x`, for checks that look at values."""
    if not levels:
        return x
    from .batching import all_elements

    return all_elements(x)
