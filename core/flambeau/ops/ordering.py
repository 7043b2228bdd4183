"""Where elements stand among others: searchsorted, isin, running extremes, and runs of equal elements.

Source: https://docs.pytorch.org/docs/stable/torch.html#comparison-ops
"""

from __future__ import annotations

import math
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from ..dtype import bool_, get_default_dtype, int32, int64
from ..promotion import promote_types
from ..shape import wrap_dim
from .by_index import gather
from .creation import arange, full, tensor
from .elementary import logaddexp
from .indexing import getitem
from .joining import cat, stack
from .no_derivative import underivable
from .node_names import recorded_as
from .op import op
from .operands import to_dtype
from .pointwise import choose, exp
from .reduction import sum_dims
from .returned import named
from .sorting import argsort
from .views import flatten, reshape, slice_dim

# --- searching --------------------------------------------------------------------------------------------------------


@op(result=int64)
def _rank(be: Any, input: Array, other: Array, right: bool) -> Any:
    """How many of the sorted `input` (its last dimension) come before each of `other`, by bisection."""
    n = input.shape[-1]
    shape = other.shape
    rows = math.prod(input.shape[:-1])
    boundaries = be.reshape(input, (rows, n))
    values = be.reshape(other, (rows, math.prod(shape) // rows if rows else 0))
    low = be.full(values.shape, 0, int64)
    high = be.full(values.shape, n, int64)
    for _ in range(n.bit_length()):
        middle = be.floordiv(be.add(low, high), 2)
        found = be.gather(boundaries, 1, be.minimum(middle, n - 1))
        # nan counts as the largest
        before = be.le(found, values) if right else be.lt(found, values)
        if be.dtype_of(values).is_floating_point:
            unordered = be.ne(values, values)
            before = be.bitwise_or(before, unordered if right else be.bitwise_and(unordered, be.eq(found, found)))
        open_ = be.lt(low, high)
        low = be.where(be.bitwise_and(open_, before), be.add(middle, 1), low)
        high = be.where(be.bitwise_and(open_, be.invert(before)), middle, high)
    return be.reshape(low, shape)


def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where each of `input` would have to be inserted in a sorted last dimension to keep it sorted.

    Raises:
        RuntimeError: shapes that do not fit, or `side` and `right` that contradict each other.
    """
    number = not isinstance(input, Tensor)
    if side is not None and side not in ("left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True"
        )
    if number:
        if sorted_sequence.dim() != 1:
            raise RuntimeError(
                "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we "
                f"got boundaries tensor dim({sorted_sequence.dim()}) and input value's dim(0) numel(1)"
            )
        input = full(
            (),
            input,
            dtype=sorted_sequence.dtype if not isinstance(input, float) else get_default_dtype(),
            device=sorted_sequence.device,
        )
    elif not sorted_sequence._shape:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension"
        )
    elif sorted_sequence.dim() != 1 and sorted_sequence._shape[:-1] != input._shape[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
            f"tensor and input value tensor must match, but we got boundaries tensor {list(sorted_sequence._shape)} and "
            f"input value tensor {list(input._shape)}"
        )
    if sorter is not None:
        if sorter._shape != sorted_sequence._shape:
            raise RuntimeError(
                "torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor "
                f"{list(sorted_sequence._shape)}and got sorter tensor {list(sorter._shape)}"
            )
        if sorter.dtype is not int64:
            raise RuntimeError(
                f"torch.searchsorted(): sorter must be a tensor of long dtype but got dtype {sorter.dtype.legacy_name}"
            )
        sorted_sequence = gather(sorted_sequence, -1, sorter)
    return _ranked(sorted_sequence, input, right or side == "right", out_int32)


def _ranked(boundaries: Tensor, values: Tensor, right: bool, out_int32: bool) -> Tensor:
    if values.dtype is not boundaries.dtype:
        kind = promote_types(boundaries.dtype, values.dtype)
        boundaries, values = boundaries.to(kind), values.to(kind)
    found: Tensor = _rank(boundaries.detach(), values.detach(), right)
    return found.to(int32) if out_int32 else found


def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """Which of the buckets between sorted boundaries each element falls into.

    Raises:
        RuntimeError: the boundaries are not a vector.
    """
    if boundaries.dim() != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries.dim()})")
    if not isinstance(input, Tensor):
        input = full(
            (), input, dtype=get_default_dtype() if isinstance(input, float) else None, device=boundaries.device
        )
    return _ranked(boundaries, input, right, out_int32)


def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Where elements are among others."""
    like = elements if isinstance(elements, Tensor) else test_elements
    if not isinstance(elements, Tensor):
        elements = tensor(elements, device=like.device)
    if not isinstance(test_elements, Tensor):
        return elements != test_elements if invert else elements == test_elements
    kind = promote_types(elements.dtype, test_elements.dtype)
    values, others = elements.to(kind), reshape(test_elements.to(kind), -1)
    if not others._shape[0]:
        return full(elements._shape, invert, dtype=bool_, device=elements.device)
    ordered = getitem(others, (argsort(others, 0),))
    at = _ranked(ordered, values, False, False).clamp(max=ordered._shape[0] - 1)
    found = getitem(ordered, (reshape(at, -1),)).reshape(values._shape) == values
    return ~found if invert else found


# --- running extremes -------------------------------------------------------------------------------------------------

_Cummax, _Cummin = named("cummax", "values", "indices"), named("cummin", "values", "indices")


@op(result=int64)
def _best_so_far(be: Any, input: Array, axis: int, largest: bool) -> Any:
    """The position of the last extreme element up to each, by doubling steps."""
    n = input.shape[axis]
    ones = (1,) * axis
    steps = be.reshape(be.arange(0, 1, n, int64), (*ones, n, *(1,) * (len(input.shape) - axis - 1)))
    best = be.add(be.full(input.shape, 0, int64), steps)
    value = input
    shift = 1
    while shift < n:
        earlier = be.maximum(be.sub(steps, shift), 0)
        where = be.add(be.full(input.shape, 0, int64), earlier)
        old, place_ = be.gather(value, axis, where), be.gather(best, axis, where)
        # Of equals the later stays; a nan is beaten by none but a later nan.
        beats = be.lt(value, old) if largest else be.lt(old, value)
        if be.dtype_of(value).is_floating_point:
            beats = be.bitwise_or(beats, be.bitwise_and(be.ne(old, old), be.eq(value, value)))
        value = be.where(beats, old, value)
        best = be.where(beats, place_, best)
        shift *= 2
    return best


def _running(input: Tensor, dim: int, largest: bool, made: Any) -> Any:
    axis = wrap_dim(dim, input.dim())
    if not input._shape:
        return made(input.clone(), input.new_zeros((), dtype=int64))
    if not input.numel():
        return made(input.clone(), input.new_zeros(input._shape, dtype=int64))
    best = _best_so_far(input.detach(), axis, largest)
    return made(gather(input, axis, best), best)


@recorded_as("CummaxBackward0")
def cummax(input: Tensor, dim: int) -> Any:
    """The largest element so far along a dimension, as (values, indices)."""
    return _running(input, dim, True, _Cummax)


@recorded_as("CumminBackward0")
def cummin(input: Tensor, dim: int) -> Any:
    """The smallest element so far along a dimension, as (values, indices)."""
    return _running(input, dim, False, _Cummin)


@op(
    name="LogcumsumexpBackward0",
    input=lambda g, input, axis, out: _logcumsumexp_backward(g, input, axis, out),
)
def _logcumsumexp(be: Any, input: Array, axis: int) -> Any:
    """Doubling steps: each element takes in the sum that ends one, two, four, ... before it."""
    n = input.shape[axis]
    total = input
    shift = 1
    while shift < n:
        head = be.narrow(total, axis, 0, shift)
        old, new = be.narrow(total, axis, 0, n - shift), be.narrow(total, axis, shift, n - shift)
        top = be.maximum(old, new)
        gap = be.neg(be.abs(be.sub(old, new)))
        both = be.add(top, be.log1p(be.exp(gap)))
        both = be.where(be.bitwise_and(be.eq(old, new), be.eq(be.abs(top), math.inf)), top, both)
        total = be.concat([head, both], axis)
        shift *= 2
    return be.copy(total)


def _logcumsumexp_backward(g: Tensor, x: Tensor, axis: int, out: Tensor) -> Tensor:
    # exp(x_i) * sum over j >= i of g_j exp(-out_j): each weight exp(x_i - out_j) is at most 1.
    n = x._shape[axis]
    weights = exp(x.unsqueeze(axis + 1) - out.unsqueeze(axis))
    ahead = arange(n, device=x.device)
    mask = (ahead.unsqueeze(1) <= ahead.unsqueeze(0)).reshape((n, n, *(1,) * (x.dim() - axis - 1)))
    return sum_dims(choose(weights * g.unsqueeze(axis), 0.0, mask), (axis + 1,), False)


@recorded_as("LogcumsumexpBackward0")
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """The logarithm of the running sum of exponentials along a dimension, without overflow."""
    axis = wrap_dim(dim, input.dim())
    if input.dtype.priority < 2:
        input = to_dtype(input, get_default_dtype())
    if not input._shape or not input.numel():
        return input.clone()
    if input.dtype.is_complex:
        sums = list(input.unbind(axis))
        for i in range(1, len(sums)):
            sums[i] = logaddexp(sums[i - 1], sums[i])
        return stack(sums, axis)
    result: Tensor = _logcumsumexp(input, axis)
    return result


# --- runs of equal elements -------------------------------------------------------------------------------------------


def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements (or slices) that differ from the one before; on request, where each went and how long each run is."""
    x = flatten(input) if dim is None else input
    axis = 0 if dim is None else wrap_dim(dim, input.dim())
    n = x._shape[axis]
    if n:
        later, earlier = slice_dim(x, axis, 1, None), slice_dim(x, axis, 0, n - 1)
        differs = later != earlier
        others = [d for d in range(x.dim()) if d != axis]
        if others:
            differs = differs.any(others)
        fresh = cat([differs.new_ones(1), differs])
    else:
        fresh = x.new_zeros(0, dtype=bool_)
    starts = fresh.nonzero().reshape(-1)
    chosen = x.detach().index_select(axis, starts)
    results = [underivable(chosen, "unique_consecutive", input, label="UniqueConsecutiveBackward0")]
    if return_inverse:
        inverse = fresh.to(int64).cumsum(0) - 1
        results.append(inverse.reshape(input._shape) if dim is None else inverse)
    if return_counts:
        results.append(cat([starts, starts.new_full((1,), n)]).diff() if n else starts)
    return results[0] if len(results) == 1 else tuple(results)


@recorded_as("SortBackward0")
def msort(input: Tensor) -> Tensor:
    """Sorted along the first dimension."""
    result: Tensor = input.sort(0).values
    return result


FUNCTIONS = (searchsorted, bucketize, isin, cummax, cummin, logcumsumexp, unique_consecutive, msort)
METHODS = (cummax, cummin, logcumsumexp, unique_consecutive, msort)
INPLACE = ()
