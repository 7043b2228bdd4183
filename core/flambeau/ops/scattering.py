"""Placing elements: reductions at indices, and copies of a tensor with a view of it replaced.

Source: https://docs.pytorch.org/docs/stable/generated/torch.scatter_reduce.html
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from ..dtype import int32, int64
from ..shape import wrap_dim
from .by_index import gather, scatter, scatter_add
from .creation import ones_like
from .indexing import index_put
from .joining import stack
from .node_names import recorded_as
from .op import op
from .pointwise import choose
from .views import as_strided, diagonal, expand, reshape, select, slice_dim

# --- reductions at indices --------------------------------------------------------------------------------------------

_REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


@recorded_as("ScatterReduceBackward0")
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy of `input` whose elements are combined with those of `src` that `index` puts there along `dim`.

    `reduce` is "sum", "prod", "mean", "amax" or "amin"; without `include_self`, what is in `input` does not count where
    something is put.

    Raises:
        RuntimeError: an unknown reduction, or an index that does not fit.
    """
    if not index._shape and input.dim() == 1:
        index = reshape(index, 1)
        src = src if src._shape else reshape(src, 1)
    if reduce not in _REDUCTIONS:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}.")
    dim = wrap_dim(dim, input.dim())
    if index.dtype not in (int64, int32):
        raise RuntimeError("scatter(): Expected dtype int32/int64 for index")
    if input.dtype is not src.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    if not index.numel():
        return input.clone()
    shape = input._shape
    if not shape:
        one = scatter_reduce(
            reshape(input, 1), 0, reshape(index, 1), reshape(src, 1), reduce, include_self=include_self
        )
        return reshape(one, ())
    index = index.to(int64)
    for d, n in enumerate(index._shape):
        if src._shape[d] != n:
            src = slice_dim(src, d, 0, n)
    return _reduced(
        input,
        src,
        reduce,
        include_self,
        lambda base, values: scatter_add(base, dim, index, values),
        lambda base: scatter(base, dim, index, value=0),
        lambda base: gather(base, dim, index),
        lambda base, values, how: _scattered(base, dim, index, values, how),
        lambda base, values: scattered_product(base, values, dim, index),
    )


@recorded_as("IndexReduceBackward0")
def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy of `input` whose slices at a 1-D index along `dim` are combined with those of `source`.

    `reduce` is "prod", "mean", "amax" or "amin".

    Raises:
        RuntimeError: an unknown reduction.
    """
    if reduce not in _REDUCTIONS[1:]:
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    if input.dtype is not source.dtype:
        raise RuntimeError("index_reduce(): self and source must have the same scalar type")
    _warn_beta()
    dim = wrap_dim(dim, input.dim())
    if not input._shape:
        one = index_reduce(reshape(input, 1), 0, index, reshape(source, 1), reduce, include_self=include_self)
        return reshape(one, ())
    spread = expand(reshape(index.to(int64), [-1 if d == dim else 1 for d in range(input.dim())]), source._shape)
    return scatter_reduce(input, dim, spread, source, reduce, include_self=include_self)


def _warn_beta() -> None:
    import warnings

    warnings.warn(
        "index_reduce() is in beta and the API may change at any time.",
        stacklevel=4,
    )


def _scattered(base: Tensor, dim: int, index: Tensor, values: Tensor, how: str) -> Tensor:
    from .placing import place

    result: Tensor = place(base.detach(), dim, index, values.detach(), how)
    return result


def _reduced(
    input: Tensor,
    src: Tensor,
    reduce: str,
    include_self: bool,
    add: Callable[[Tensor, Tensor], Tensor],
    clear: Callable[[Tensor], Tensor],
    pick: Callable[[Tensor], Tensor],
    combine: Callable[[Tensor, Tensor, str], Tensor],
    multiply: Callable[[Tensor, Tensor], Tensor],
) -> Tensor:
    if not input.dtype.is_floating_point and reduce == "mean" and input.dtype.priority == 0:
        raise RuntimeError("scatter_reduce(): mean is not supported for bool")
    base = input if include_self else clear(input)
    if reduce == "sum":
        return add(base, src)
    touched = add(input.new_zeros(input._shape, dtype=int64), src.new_ones(src._shape, dtype=int64)).detach()
    if reduce == "mean":
        count = touched + 1 if include_self else touched.clamp(min=1)
        count = choose(count, 1, touched > 0)
        total = add(base, src)
        if input.dtype.is_floating_point:
            return total / count.to(input.dtype)
        return total.div(count.to(input.dtype), rounding_mode="floor")
    if reduce == "prod":
        return multiply(input if include_self else choose(ones_like(input), input, touched > 0), src)
    how = reduce.removeprefix("a")
    start = input if include_self else choose(_worst(src.detach(), how), input, touched > 0)
    values = combine(start, src, how)
    if not (input.requires_grad or src.requires_grad):
        return values
    # The gradient goes in equal shares to those that attain the extreme.
    own = (input.detach() == values) if include_self else (touched == 0)
    hits = (src.detach() == pick(values)).to(input.dtype)
    shares = add(own.to(input.dtype), hits)
    shares = choose(1.0, shares, shares == 0)
    kept = choose(input, 0.0, own) / shares
    return add(kept, src * hits / pick(shares)) + (values - _detached_sum(kept, src, hits, shares, add, pick))


def _detached_sum(kept: Tensor, src: Tensor, hits: Tensor, shares: Tensor, add: Any, pick: Any) -> Tensor:
    result: Tensor = add(kept.detach(), (src * hits / pick(shares)).detach())
    return result


def _worst(src: Tensor, how: str) -> Any:
    """What any element of `src` is better than, or as good as."""
    if src.dtype.priority == 0:
        return how != "max"
    if src.dtype.is_floating_point:
        return -math.inf if how == "max" else math.inf
    if not src.numel():
        return 0
    # (The end of the dtype's range may be out of the device's: a GPU's int64 has 32 bits.)
    return src.amin() if how == "max" else src.amax()


def _product_gradients(g: Tensor, base: Tensor, src: Tensor, axis: int, index: Tensor) -> tuple[Tensor, Tensor, None]:
    """d(product)/d(factor) is the product of the others: where a factor is 0, that of those that are not."""
    zero_base, zero_src = base.detach() == 0, src.detach() == 0
    safe_base, safe_src = choose(1.0, base, zero_base), choose(1.0, src, zero_src)
    zeros = scatter_add(zero_base.to(int64), axis, index, zero_src.to(int64))
    whole = scattered_product(safe_base, safe_src, axis, index) * g
    none, single = choose(whole, 0.0, zeros == 0), choose(whole, 0.0, zeros == 1)
    of_base = choose(single, none / safe_base, zero_base)
    return of_base, choose(gather(single, axis, index), gather(none, axis, index) / safe_src, zero_src), None


@op(name="ScatterReduceBackward0", jointly=_product_gradients)
def scattered_product(be: Any, base: Array, src: Array, axis: int, index: Array) -> Any:
    """`base` times the elements of `src` that an index puts there along an axis."""
    return be.scatter(base, axis, index, src, "mul")


def segment_reduce(
    data: Tensor,
    reduce: str,
    *,
    lengths: Tensor | None = None,
    indices: Tensor | None = None,
    offsets: Tensor | None = None,
    axis: int = 0,
    unsafe: bool = False,
    initial: Any = None,
) -> Tensor:
    """Consecutive parts of a dimension, of the lengths given or between offsets, each reduced to one slice.

    Raises:
        RuntimeError: an unknown reduction, or lengths that do not add up.
    """
    if reduce not in _REDUCTIONS and reduce not in ("max", "min"):
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}.")
    if offsets is not None:
        lengths = offsets.diff()
    if lengths is None:
        raise RuntimeError("segment_reduce(): Either lengths or offsets must be defined.")
    if axis > 0:
        parts = [
            segment_reduce(x, reduce, lengths=n, axis=axis - 1, unsafe=unsafe, initial=initial)
            for x, n in zip(data.unbind(0), lengths.unbind(0), strict=True)
        ]
        return stack(parts)
    counts = lengths.tolist()
    if not unsafe and sum(counts) > data._shape[0]:
        raise RuntimeError(
            "segment_reduce(): Expected all rows of lengths along axis to sum to data.size(axis) when !unsafe."
        )
    start, slices = 0, []
    for n in counts:
        slices.append(_segment(slice_dim(data, 0, start, start + n), reduce, initial))
        start += n
    return stack(slices) if slices else data.new_zeros((0, *data._shape[1:]))


def _segment(part: Tensor, reduce: str, initial: Any) -> Tensor:
    if reduce == "sum":
        return part.sum(0) + (initial or 0)
    if reduce == "prod":
        return part.prod(0) * (1 if initial is None else initial)
    if reduce == "mean":
        return part.mean(0) if part._shape[0] or initial is None else part.new_full(part._shape[1:], initial)
    largest = reduce in ("max", "amax")
    worst = (-math.inf if largest else math.inf) if initial is None else initial
    if not part._shape[0]:
        return part.new_full(part._shape[1:], worst)
    best = part.amax(0) if largest else part.amin(0)
    return best if initial is None else best.clamp(min=initial) if largest else best.clamp(max=initial)


# --- elements by position ---------------------------------------------------------------------------------------------


@recorded_as("PutBackward0")
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of `input` with the elements at positions counted over all replaced by (or increased by) those of `source`.

    Raises:
        RuntimeError: positions that are not int64.
        IndexError: a position is out of range, or there are not as many sources as positions.
    """
    if index.dtype is not int64:
        raise RuntimeError(f"put_(): Expected a long tensor for index, but got {index.dtype.legacy_name}")
    if input.dtype is not source.dtype:
        raise RuntimeError(
            f"put_(): self and source expected to have the same dtype, but got self.dtype = {input.dtype.legacy_name} and "
            f"source.dtype = {source.dtype.legacy_name}"
        )
    flat = reshape(input, -1)
    n = flat._shape[0]
    if index._storage.backend.name == "cpu" and index.numel():
        low, high = int(index.min().item()), int(index.max().item())
        if low < -n or high >= n:
            bad = high if high >= n else low
            raise IndexError(f"out of range: tried to access index {bad} on a tensor of {n} elements.")
    if index.numel() != source.numel():
        raise IndexError(
            f"put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source.numel()}, index.numel() = {index.numel()}"
        )
    placed = index_put(flat, (reshape(index, -1),), reshape(source, -1), accumulate)
    return reshape(placed, input._shape)


# --- a view replaced --------------------------------------------------------------------------------------------------


def _with(input: Tensor, src: Tensor, view: Callable[[Tensor], Tensor]) -> Tensor:
    """A copy of `input` with `src` in a view of it."""
    out = input.clone()
    part = view(out)
    if part._shape != src._shape:
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src._shape)}, slice size = "
            f"{list(part._shape)}"
        )
    part.copy_(src)
    return out


@recorded_as("SelectScatterBackward0")
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of `input` with `src` in place of `input.select(dim, index)`."""
    return _with(input, src, lambda x: select(x, dim, index))


@recorded_as("SliceScatterBackward0")
def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy of `input` with `src` in place of a slice of a dimension."""
    return _with(input, src, lambda x: slice_dim(x, dim, start, end, step))


@recorded_as("DiagonalScatterBackward0")
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy of `input` with `src` in place of a diagonal."""
    return _with(input, src, lambda x: diagonal(x, offset, dim1, dim2))


def as_strided_scatter(
    input: Tensor, src: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """A copy of `input` with `src` in place of `input.as_strided(...)`."""
    return _with(input, src, lambda x: as_strided(x, size, stride, storage_offset))


def fill_diagonal_(input: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Set the main diagonal, in place; `wrap` begins again after each block of columns of a tall matrix.

    Raises:
        RuntimeError: fewer than two dimensions, or more of different sizes.
    """
    rank = input.dim()
    if rank < 2:
        raise RuntimeError("dimensions must larger than 1")
    if rank > 2 and any(n != input._shape[0] for n in input._shape):
        raise RuntimeError("all dimensions of input must be of equal length")
    strides = input.stride()
    least = min(input._shape)
    step = sum(strides)
    flat = as_strided(input, (least,), (step,), input.storage_offset())
    flat.fill_(fill_value)
    rows, columns = input._shape[0], input._shape[1]
    if wrap and rank == 2 and rows > columns + 1:
        start = columns + 1
        while start < rows:
            count = min(columns, rows - start)
            part = as_strided(input, (count,), (step,), input.storage_offset() + start * strides[0])
            part.fill_(fill_value)
            start += columns + 1
    return input


FUNCTIONS = (
    segment_reduce, scatter_reduce, index_reduce, put, select_scatter, slice_scatter, diagonal_scatter, as_strided_scatter,
)  # fmt: skip
METHODS = (*[f for f in FUNCTIONS if f is not segment_reduce], fill_diagonal_)
INPLACE = (scatter_reduce, index_reduce, put)
COMPOSED = INPLACE
