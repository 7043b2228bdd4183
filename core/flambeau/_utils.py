"""PyTorch's private `torch._utils`: what programs have been seen to import from it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from operator import add
from typing import Any

from . import ops
from ._tensor import Tensor
from .data.failure import ExceptionWrapper, KeyErrorMessage

__all__ = ["ExceptionWrapper", "KeyErrorMessage"]


def _accumulate(iterable: Iterable[Any], fn: Callable[[Any, Any], Any] = add) -> Iterator[Any]:
    """Running totals."""
    return itertools.accumulate(iterable, fn)


def _flatten_dense_tensors(tensors: Iterable[Tensor]) -> Tensor:
    """All elements of some tensors in one row."""
    return ops.cat([t.reshape(-1) for t in tensors])


def _unflatten_dense_tensors(flat: Tensor, tensors: Iterable[Tensor]) -> tuple[Tensor, ...]:
    """Parts of a row as views of the shapes of some tensors."""
    given = list(tensors)
    parts = flat.split([t.numel() for t in given])
    return tuple(part.view(t.shape) for part, t in zip(parts, given, strict=True))
