"""`cond`, `while_loop`, `map`, `scan`: what a compiler would see as one op, run step by step.

Source: https://docs.pytorch.org/docs/stable/higher_order_ops/index.html
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Any

from .._tensor import Tensor
from ..ops.joining import stack
from ..utils._pytree import tree_flatten, tree_leaves, tree_map


def cond(
    pred: bool | int | float | Tensor,
    true_fn: Callable[..., Any],
    false_fn: Callable[..., Any],
    operands: tuple[Any, ...] | list[Any] = (),
) -> Any:
    """`true_fn(*operands)` where `pred` is true, else `false_fn(*operands)`.

    Raises:
        RuntimeError: `pred` is no bool or tensor of one element, a branch cannot be called, or operands are not tensors.
    """
    if isinstance(pred, Tensor) and pred.numel() != 1:
        raise RuntimeError(f"Expected pred to be bool or single-element tensor, but got {pred}.")
    if not isinstance(pred, (bool, int, float, Tensor)):
        raise RuntimeError(f"Expected pred to be bool or tensor, but got {pred}.")
    if not isinstance(pred, Tensor):  # as PyTorch, which looks no further where the branch is known
        return (true_fn if pred else false_fn)(*operands)
    if not callable(true_fn) or not callable(false_fn):
        raise RuntimeError("Expect both branches to be callable.")
    if not isinstance(operands, (tuple, list)) or any(not isinstance(x, (Tensor, int)) for x in tree_leaves(operands)):
        raise RuntimeError(
            "Expect operands to be a tuple of possibly nested dict/list/tuple that only consists of tensor or int leaves, but "
            f"got {operands}."
        )
    return (true_fn if pred else false_fn)(*operands)


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
    return _stacked(results, 0)


def _stacked(results: list[Any], dim: int) -> Any:
    spec = tree_flatten(results[0])[1]
    return spec.unflatten([stack(list(parts), dim) for parts in zip(*builtins.map(tree_leaves, results), strict=True)])


def foreach_map(op: Callable[..., Any], *operands: Any, **kwargs: Any) -> tuple[Any, ...]:
    """`op` of the first items of lists, of the second, and so on; what is no list takes part in each."""
    count = next(len(x) for x in operands if isinstance(x, (list, tuple)))
    rows = [x if isinstance(x, (list, tuple)) else [x] * count for x in operands]
    return tuple(op(*row, **kwargs) for row in zip(*rows, strict=True))


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
    return carry, _stacked(results, dim)


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
    return _stacked(results, dim)
