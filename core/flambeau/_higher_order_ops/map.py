"""A function of each slice of a tensor, as one function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..utils._pytree import tree_leaves, tree_map
from .stacking import stacked


def map(f: Callable[..., Any], xs: Any, *args: Any) -> Any:
    """`f(x, *args)` for each slice of the first dimension of `xs`, the results stacked.

    Raises:
        RuntimeError: there are no slices, or leaves of `xs` have several numbers of them.
    """
    leaves = tree_leaves(xs)
    if leaves and leaves[0].ndim and not leaves[0]._shape[0]:
        raise RuntimeError("Leading dimensions of mapped xs cannot be 0.")
    sizes = {x._shape[0] for x in leaves}
    if len(sizes) != 1:
        raise RuntimeError(
            f"Leading dimensions of mapped xs must be consistent. Got shapes {[x.shape for x in leaves]}."
        )
    results = [f(tree_map(lambda x, i=i: x[i], xs), *args) for i in range(sizes.pop())]
    return stacked(results, 0)
