"""`vmap`: a function of one sample as a function of many.

The function runs once, on tensors whose backend holds all samples behind the shape of one (`backends.batched`), so that each of
its ops is one op on everything. Source: https://docs.pytorch.org/docs/stable/generated/torch.func.vmap.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from itertools import accumulate
from typing import Any

from .._tensor import Tensor
from ..ops.batching import batch, unbatch
from ..utils._pytree import TreeSpec, _broadcast_to_and_flatten, tree_flatten, tree_leaves

Dims = Any
"""An integer, None, or containers of them in the structure of the arguments."""


def vmap(
    func: Callable[..., Any],
    in_dims: Dims = 0,
    out_dims: Dims = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """`func` for each slice of its arguments, the results stacked.

    Args:
        in_dims: which dimension of each argument counts the samples; None for one that all samples share.
        out_dims: where that dimension is in each result.
        randomness: "error"; "different" numbers for each sample; or the "same".
        chunk_size: how many samples at once; None for all.

    Raises:
        ValueError: dimensions that do not fit the arguments, in PyTorch's words.
        RuntimeError: `randomness` is none of those.
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        _check_out_dims(func, out_dims)
        leaves, dims, spec = _inputs(func, in_dims, args)
        if chunk_size is None:
            return _run(func, leaves, dims, spec, out_dims, randomness, kwargs)
        return _in_chunks(func, leaves, dims, spec, out_dims, randomness, kwargs, chunk_size)

    return wrapped


def _name(func: Any) -> str:
    if hasattr(func, "__name__"):
        return str(func.__name__)
    if isinstance(func, functools.partial):
        return f"functools.partial({_name(func.func)}, ...)"
    return repr(func)


def _check_out_dims(func: Any, out_dims: Dims) -> None:
    for d in tree_leaves(out_dims):
        if not isinstance(d, int) and d is not None:
            raise ValueError(
                f"vmap({_name(func)}, ..., out_dims={out_dims}): `out_dims` must be an int, None or a python collection of "
                "ints representing where in the outputs the vmapped dimension should appear."
            )


def _inputs(func: Any, in_dims: Dims, args: tuple[Any, ...]) -> tuple[list[Any], list[int | None], TreeSpec]:
    """The leaves of the arguments and which dimension of each counts samples."""
    head = f"vmap({_name(func)}, in_dims={in_dims}, ...)(<inputs>): "
    if not isinstance(in_dims, (int, tuple)):
        raise ValueError(
            f"{head}expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, got: "
            f"{type(in_dims)}."
        )
    if not args:
        raise ValueError(
            f"vmap({_name(func)})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a "
            "function with no inputs. The latter is unsupported."
        )
    leaves, spec = tree_flatten(args)
    dims = _broadcast_to_and_flatten(in_dims, spec)
    if dims is None:
        raise ValueError(
            f"{head}in_dims is not compatible with the structure of `inputs`. in_dims has structure "
            f"{tree_flatten(in_dims)[1]} but inputs has structure {spec}."
        )
    for i, (x, d) in enumerate(zip(leaves, dims, strict=True)):
        if not isinstance(d, int) and d is not None:
            raise ValueError(
                f"{head}Got in_dim={d} for an input but in_dim must be either an integer dimension or None."
            )
        if d is None:
            continue
        if not isinstance(x, Tensor):
            raise ValueError(
                f"{head}Got in_dim={d} for an input but the input is of type {type(x)}. We cannot vmap over non-Tensor "
                "arguments, please use None as the respective in_dim"
            )
        rank = x.dim()
        if not -rank <= d < rank:
            raise ValueError(
                f"{head}Got in_dim={d} for some input, but that input is a Tensor of dimensionality {rank} so expected "
                f"in_dim to satisfy -{rank} <= in_dim < {rank}."
            )
        dims[i] = d % rank
    sizes = [x._shape[d] for x, d in zip(leaves, dims, strict=True) if d is not None]
    if not sizes:
        raise ValueError("vmap: Expected at least one Tensor to vmap over")
    if any(s != sizes[0] for s in sizes):
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    return leaves, dims, spec


def _run(
    func: Callable[..., Any],
    leaves: list[Any],
    dims: list[int | None],
    spec: TreeSpec,
    out_dims: Dims,
    randomness: str,
    kwargs: dict[str, Any],
) -> Any:
    inside, level = batch(leaves, dims, randomness)
    with level:
        outputs = func(*spec.unflatten(inside), **kwargs)
        flat, out_spec = tree_flatten(outputs)
        where = _out_dims(func, outputs, out_dims, out_spec)
        results = []
        for y, d in zip(flat, where, strict=True):
            if not isinstance(y, Tensor):
                if d is None:
                    results.append(y)
                    continue
                raise ValueError(
                    f"vmap({_name(func)}, ...): `{_name(func)}` must only return Tensors, got type {type(y)}. Did you mean to "
                    "set out_dims= to None for output?"
                )
            try:
                results.append(unbatch(y, level, d))
            except ValueError:
                raise ValueError(
                    f"vmap({_name(func)}, ...): `{_name(func)}` can not return a BatchedTensor when out_dim is None"
                ) from None
    return out_spec.unflatten(results)


def _out_dims(func: Any, outputs: Any, out_dims: Dims, spec: TreeSpec) -> list[int | None]:
    if isinstance(outputs, Tensor):
        if isinstance(out_dims, int) or out_dims is None:
            return [out_dims]
        found = list(out_dims) if isinstance(out_dims, tuple) and len(out_dims) == 1 else None
    else:
        found = _broadcast_to_and_flatten(out_dims, spec)
    if found is None:
        raise ValueError(
            f"vmap({_name(func)}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the structure of "
            f"`outputs`. out_dims has structure {tree_flatten(out_dims)[1]} but outputs has structure {spec}."
        )
    return found


def _in_chunks(
    func: Callable[..., Any],
    leaves: list[Any],
    dims: list[int | None],
    spec: TreeSpec,
    out_dims: Dims,
    randomness: str,
    kwargs: dict[str, Any],
    size: int,
) -> Any:
    from ..ops.joining import cat
    from ..random import get_rng_state, set_rng_state

    count = next(x._shape[d] for x, d in zip(leaves, dims, strict=True) if d is not None)
    state = get_rng_state() if randomness == "same" else None
    starts = list(accumulate([size] * ((count - 1) // size), initial=0))
    parts = []
    out_spec = None
    for start in starts:
        if state is not None:
            set_rng_state(state)
        length = min(size, count - start)
        chunk = [x if d is None else x.narrow(d, start, length) for x, d in zip(leaves, dims, strict=True)]
        flat, out_spec = tree_flatten(_run(func, chunk, dims, spec, out_dims, randomness, kwargs))
        parts.append(flat)
    assert out_spec is not None, "there is at least one chunk"
    where = _broadcast_to_and_flatten(out_dims, out_spec)
    assert where is not None, "each chunk has checked it"
    joined = [ys[0] if d is None else cat(ys, d) for ys, d in zip(zip(*parts, strict=True), where, strict=True)]
    return out_spec.unflatten(joined)
