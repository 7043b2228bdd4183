"""The results of several steps as one: trees of tensors, stacked leaf by leaf."""

from __future__ import annotations

from typing import Any

from ..ops.joining import stack
from ..utils._pytree import tree_flatten, tree_leaves


def stacked(results: list[Any], dim: int) -> Any:
    """The results of all steps, leaf by leaf along a new dimension `dim`."""
    spec = tree_flatten(results[0])[1]
    return spec.unflatten([stack(list(parts), dim) for parts in zip(*map(tree_leaves, results), strict=True)])
