"""The slices of tensors, combined one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..utils._pytree import tree_leaves, tree_map
from .stacking import stacked


def associative_scan(
    combine_fn: Callable[[Any, Any], Any], xs: Any, dim: int = 0, reverse: bool = False, combine_mode: str = "pointwise"
) -> Any:
    """The first slice of `xs`, then it combined with the second, and so on, stacked along `dim`.

    Raises:
        ValueError: `combine_fn` cannot be called, or there is no such `combine_mode` (on the CPU "generic" is one).
    """
    if not callable(combine_fn):
        raise ValueError(f"Combine_fn must be a callable, but got {combine_fn}")
    if combine_mode not in ("pointwise", "generic"):
        raise ValueError(f"Combine_mode must either 'pointwise' or 'generic', but got {combine_mode}")
    if combine_mode == "pointwise" and any(x.device.type == "cpu" for x in tree_leaves(xs)):
        raise ValueError("For combine_mode='pointwise', all input tensors need to be on CUDA or XPU")
    count: int = tree_leaves(xs)[0]._shape[dim]
    order: Sequence[int] = range(count)[::-1] if reverse else range(count)
    results: list[Any] = [None] * count
    carry = None
    for i in order:
        x = tree_map(lambda t, i=i: t.select(dim, i), xs)
        carry = x if carry is None else combine_fn(carry, x)
        results[i] = carry
    return stacked(results, dim)
