"""A loop as a function, run step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._tensor import Tensor
from ..utils._pytree import tree_leaves


def while_loop(cond_fn: Callable[..., Any], body_fn: Callable[..., Any], carried_inputs: Any) -> Any:
    """`body_fn` of its own results, from `carried_inputs` on, as long as `cond_fn` of them is true.

    Raises:
        RuntimeError: a function cannot be called, or `carried_inputs` is no tuple or list of tensors and numbers.
    """
    if not callable(cond_fn) or not callable(body_fn):
        raise RuntimeError("Expect cond_fn and body_fn to be callable.")
    known = isinstance(carried_inputs, (tuple, list))
    if not known or not all(isinstance(x, (Tensor, int, float)) for x in tree_leaves(carried_inputs)):
        raise RuntimeError(
            "Expect carried_inputs to be a tuple of possibly nested dict/list/tuple that only consists of tensor or int "
            f"leaves, but got {carried_inputs}."
        )
    carried = carried_inputs if isinstance(carried_inputs, tuple) else tuple(carried_inputs)
    result: Any = carried
    while cond_fn(*carried):
        result = body_fn(*carried)
        carried = tuple(result) if isinstance(result, (tuple, list)) else (result,)
    return tuple(result) if isinstance(result, list) else result
