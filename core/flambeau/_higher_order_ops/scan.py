"""What is carried along the slices of tensors, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..utils._pytree import tree_leaves, tree_map
from .stacking import stacked


def scan(
    combine_fn: Callable[[Any, Any], tuple[Any, Any]], init: Any, xs: Any, *, dim: int = 0, reverse: bool = False
) -> tuple[Any, Any]:
    """Carry something along the slices of `xs`: `combine_fn(carry, x)` gives the next carry and a result.

    Returns the last carry, and the results stacked along `dim`.

    Raises:
        RuntimeError: `combine_fn` cannot be called, nothing is carried, or there are no slices.
    """
    if not callable(combine_fn):
        raise RuntimeError(f"Combine_fn must be a callable, but got {combine_fn}")
    if not tree_leaves(init):
        raise RuntimeError("scan() operator requires init leaves.")
    leaves = tree_leaves(xs)
    if not leaves:
        return init, []
    if any(not -x.ndim <= dim < x.ndim or not x._shape[dim] for x in leaves):
        raise RuntimeError("All xs leaves must at least have 'dim' number of dimensions and scan dimension > 0")
    count = tree_leaves(xs)[0]._shape[dim]
    carry = init
    results: list[Any] = [None] * count
    for i in reversed(range(count)) if reverse else range(count):
        carry, results[i] = combine_fn(carry, tree_map(lambda x, i=i: x.select(dim, i), xs))
    return carry, stacked(results, dim)
