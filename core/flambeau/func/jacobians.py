"""Whole Jacobians and Hessians: all rows, or all columns, in one vectorised pass.

Source: https://docs.pytorch.org/docs/stable/func.api.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .._tensor import Tensor
from ..ops.joining import cat
from ..utils._pytree import tree_flatten, tree_map
from .transforms import Argnums, chosen, jvp_of, vjp_of
from .vectorize import vmap


def basis(tensors: list[Tensor]) -> list[Tensor]:
    """For n elements of all the tensors, n unit vectors, divided among them: tensors (n, *shape)."""
    sizes = [t.numel() for t in tensors]
    total = sum(sizes)
    made = []
    start = 0
    for t, size in zip(tensors, sizes, strict=True):
        part = t.detach().new_zeros(total, size)
        if size:
            part.narrow(0, start, size).diagonal().fill_(1)
        made.append(part.view(total, *t.shape))
        start += size
    return made


def jacrev(
    func: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[..., Any]:
    """A function that gives the Jacobian of `func`, row by row, in reverse mode.

    Args:
        argnums: by which arguments to differentiate.
        has_aux: whether `func` gives (results, something else), which is passed on.
        chunk_size: how many rows at once; None for all.
    """
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @functools.wraps(func)
    def wrapper(*args: Any) -> Any:
        output, pull, *aux = vjp_of(func, args, argnums, has_aux)
        outputs, out_spec = tree_flatten(output)
        sizes = [y.numel() for y in outputs]
        inputs, in_spec = tree_flatten(chosen(args, argnums))
        rows = basis(outputs)
        total = sum(sizes)
        single = chunk_size == 1 or total == 1  # a vmap of one row is the row, at more cost
        step = 1 if single else chunk_size or max(total, 1)
        parts = []
        for start in range(0, max(total, 1), step):
            some = [r.narrow(0, start, min(step, total - start)) for r in rows]
            if single:
                found = tree_flatten(pull(out_spec.unflatten([r.squeeze(0) for r in some])))[0]
                parts.append([g.unsqueeze(0) for g in found])
            else:
                parts.append(tree_flatten(vmap(pull)(out_spec.unflatten(some)))[0])
        whole = [p[0] if len(p) == 1 else cat(list(p), 0) for p in zip(*parts, strict=True)]
        by_input = [
            [s.reshape(*y.shape, *x.shape) for s, y in zip(g.split(sizes, 0), outputs, strict=True)]
            for g, x in zip(whole, inputs, strict=True)
        ]
        by_output = [in_spec.unflatten(parts) for parts in zip(*by_input, strict=True)]
        if isinstance(argnums, int):
            by_output = [tree[0] for tree in by_output]
        result = out_spec.unflatten(by_output)
        return (result, aux[0]) if has_aux else result

    return wrapper


def jacfwd(
    func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Callable[..., Any]:
    """A function that gives the Jacobian of `func`, column by column, in forward mode. See `jacrev`."""

    @functools.wraps(func)
    def wrapper(*args: Any) -> Any:
        inputs, in_spec = tree_flatten(chosen(args, argnums))
        sizes = [x.numel() for x in inputs]

        def push(tangents: Any) -> Any:
            _, *found = jvp_of(func, args, tangents, argnums, has_aux)
            return tuple(found) if has_aux else found[0]

        results = vmap(push, randomness=randomness)(in_spec.unflatten(basis(inputs)))
        aux = None
        if has_aux:
            results, aux = results
            aux = tree_map(lambda value: value[0], aux)
        columns, out_spec = tree_flatten(results)
        by_output = []
        for c in columns:
            moved = c.movedim(0, -1)
            parts = [
                s.reshape(*moved.shape[:-1], *x.shape) for s, x in zip(moved.split(sizes, -1), inputs, strict=True)
            ]
            by_output.append(in_spec.unflatten(parts))
        if isinstance(argnums, int):
            by_output = [tree[0] for tree in by_output]
        result = out_spec.unflatten(by_output)
        return (result, aux) if has_aux else result

    return wrapper


def hessian(func: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that gives the second derivatives of `func`: forward over reverse mode."""
    return jacfwd(jacrev(func, argnums), argnums)
