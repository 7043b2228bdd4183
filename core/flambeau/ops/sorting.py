"""Order: sort, topk, median and what follows from them.

Source: https://docs.pytorch.org/docs/stable/torch.html#comparison-ops
"""

from __future__ import annotations

import math
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from ..dtype import float64, int64
from ..shape import wrap_dim
from .by_index import gather
from .indexing import getitem
from .no_derivative import underivable
from .node_names import name_node, recorded_as
from .op import op
from .reduction import argmax
from .returned import ValuesIndices, named
from .views import slice_dim

_Sort, _TopK, _Median, _Kth = (
    named("sort", "values", "indices"),
    named("topk", "values", "indices"),
    named("median", "values", "indices"),
    named("kthvalue", "values", "indices"),
)


@op(result=int64)
def _order(be: Any, input: Array, axis: int, descending: bool) -> Any:
    return be.sort(input, axis, descending)[1]


def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The positions, int64, that put a dimension in order."""
    if not input._shape:
        return input.new_zeros((), dtype=int64)
    result: Tensor = _order(input.detach(), wrap_dim(dim, input.dim()), descending)
    return result


@recorded_as("SortBackward0")
def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> ValuesIndices:
    """A dimension in order, as (values, indices). Always stable."""
    order = argsort(input, dim, descending)
    return _Sort(gather(input, dim, order) if input._shape else input.clone(), order)


@recorded_as("TopkBackward0")
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> ValuesIndices:
    """The `k` largest (or smallest) along a dimension, in order, as (values, indices).

    Raises:
        RuntimeError: there are fewer.
    """
    axis = wrap_dim(dim, input.dim())
    if not 0 <= k <= (input._shape[axis] if input._shape else 1):
        raise RuntimeError("selected index k out of range")
    order = argsort(input, dim, descending=largest)
    if not input._shape:
        return _TopK(input.clone(), order)
    order = slice_dim(order, axis, 0, k).contiguous()
    return _TopK(gather(input, axis, order), order)


@recorded_as("KthvalueBackward0")
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """The k-th smallest along a dimension, counted from 1, as (values, indices)."""
    axis = wrap_dim(dim, input.dim())
    if not 1 <= k <= (input._shape[axis] if input._shape else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {axis}")
    if not input._shape:
        return _Kth(input.clone(), input.new_zeros((), dtype=int64))
    position = slice_dim(argsort(input, axis), axis, k - 1, k).contiguous()
    values = gather(input, axis, position)
    return _Kth(values, position) if keepdim else _Kth(values.squeeze(axis), position.squeeze(axis))


def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle element (the lower of two), of all; along a dimension as (values, indices). Nan where one is nan."""
    if dim is None:
        flat = input.reshape(-1)
        if not flat._shape[0]:
            return input.new_full((), math.nan)
        return name_node(_middle(flat, 0)[0], "MedianBackward0")
    axis = wrap_dim(dim, input.dim())
    if not input._shape:
        return _Median(*kthvalue(input, 1, 0))
    values, indices = _middle(input, axis)
    if keepdim:
        values, indices = values.unsqueeze(axis), indices.unsqueeze(axis)
    return _Median(name_node(values, "MedianBackward1"), indices)


def _middle(input: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    order = argsort(input, axis)
    last = input._shape[axis] - 1
    position = order.narrow(axis, last // 2, 1).contiguous()
    if input.dtype.is_floating_point:
        # nan is sorted to the end: of several, the first is taken.
        first = argmax(input != input, axis, True)
        spoilt = (input != input).any(axis, True)
        position = first.where(spoilt, position)
    return gather(input, axis, position).squeeze(axis), position.squeeze(axis)


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements in order; on request, where each element went and how often each occurs."""
    from .creation import tensor

    if dim is not None:
        rows = input.unbind(dim)
        keys: list[Any] = [r.tolist() for r in rows]
    else:
        keys = input.reshape(-1).tolist()
    first: dict[Any, int] = {}
    hashable = [repr(k) if isinstance(k, list) else k for k in keys]
    for i, k in enumerate(hashable):
        first.setdefault(k, i)
    chosen = _ordered(first, keys)
    rank = {hashable[i]: r for r, i in enumerate(chosen)}
    if dim is not None:
        values = input.detach().index_select(dim, tensor(chosen, dtype=int64, device=input.device))
        values = underivable(values, "unique_dim", input, label="UniqueDimBackward0")
    else:
        values = getitem(input.detach().reshape(-1), (tensor(chosen, dtype=int64, device=input.device),))
        values = underivable(values, "_unique2", input, label="Unique2Backward0")
    results: list[Tensor] = [values]
    inverse = [rank[k] for k in hashable]
    if return_inverse:
        where = tensor(inverse, dtype=int64, device=input.device)
        results.append(where if dim is not None else where.reshape(input._shape))
    if return_counts:
        counts = [0] * len(chosen)
        for r in inverse:
            counts[r] += 1
        results.append(tensor(counts, dtype=int64, device=input.device))
    return results[0] if len(results) == 1 else tuple(results)


def _ordered(first: dict[Any, int], keys: list[Any]) -> list[int]:
    positions = list(first.values())
    positions.sort(key=lambda i: keys[i])
    return positions


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, 2, ... occurs in a vector of integers; or the sum of its weights.

    Raises:
        NotImplementedError: elements that are not integers.
        RuntimeError: not a vector, or a negative element.
    """
    if not input.dtype.is_integral:
        raise NotImplementedError(f"\"bincount_cpu\" not implemented for '{input.dtype.legacy_name}'")
    if input.dim() != 1 or (input.numel() and int(input.min().item()) < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    input = input.to(int64)
    n = max(minlength, (int(input.max().item()) + 1) if input.numel() else 0)
    if weights is None:
        return input.new_zeros(n, dtype=int64).index_add(0, input, input.new_ones(input._shape, dtype=int64))
    if not weights.dtype.is_floating_point:
        weights = weights.to(float64)
    return weights.new_zeros(n).index_add(0, input, weights)


FUNCTIONS = (argsort, sort, topk, kthvalue, median, unique, bincount)
METHODS = FUNCTIONS
