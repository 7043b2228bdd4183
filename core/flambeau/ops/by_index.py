"""Ops that pick or place elements by index tensors along a dimension.

Source: https://docs.pytorch.org/docs/stable/generated/torch.gather.html and its neighbours
"""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from ..dtype import bool_, int32, int64
from ..shape import broadcast_shapes, wrap_dim
from .indexing import getitem
from .masks import masked_fill
from .node_names import name_node, recorded_as
from .placing import pick, place, put, take_slices
from .views import reshape, slice_dim


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """Slices along `dim` at a 1-D index, as a copy."""
    dim = wrap_dim(dim, input.dim())
    if index.dim() > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if index.dtype not in (int64, int32):
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    index = index.to(int64).reshape(-1)
    size = input._shape[dim] if input._shape else 1
    if index._storage.backend.name == "cpu" and index.numel():
        low, high = int(index.min().item()), int(index.max().item())
        if low < 0 or high >= size:
            raise IndexError("index out of range in self")
    if not input._shape:
        return take_slices(reshape(input, 1), index, 0).reshape(())
    result: Tensor = take_slices(input, index, dim)
    return result


def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """Elements along `dim` at an index: `out[i][j] = input[index[i][j]][j]` (dim 0).

    Raises:
        RuntimeError: index of another rank, dtype, or out of range.
    """
    if not index.numel():
        return reshape(slice_dim(reshape(input, -1), 0, 0, 0), index._shape)
    if index.dtype not in (int64, int32):
        raise RuntimeError("gather(): Expected dtype int32/int64 for index")
    index = index.to(int64)
    if index.dim() != input.dim() and input._shape and index._shape:
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    dim = wrap_dim(dim, input.dim())
    for i, (n, m) in enumerate(zip(index._shape, input._shape, strict=False)):
        if i != dim and n > m:
            raise RuntimeError(
                f"Size does not match at dimension {i} expected index {list(index._shape)} to be no larger than self "
                f"{list(input._shape)} apart from dimension {dim}"
            )
    _check_range(index, input._shape[dim] if input._shape else 1, dim)
    if not input._shape or not index._shape:
        flat: Tensor = pick(reshape(input, -1), 0, reshape(index, -1))
        return reshape(flat, index._shape)
    result: Tensor = pick(input, dim, index)
    return result


def _check_range(index: Tensor, size: int, dim: int, kind: type[Exception] = RuntimeError, prefix: str = "") -> None:
    if index._storage.backend.name == "cpu" and index.numel():
        low, high = int(index.min().item()), int(index.max().item())
        if low < 0 or high >= size:
            bad = low if low < 0 else high
            raise kind(f"{prefix}index {bad} is out of bounds for dimension {dim} with size {size}")


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """`gather` with broadcasting; over all elements where `dim` is None.

    Raises:
        RuntimeError: indices of another rank or dtype.
    """
    if indices.dtype is not int64:
        raise RuntimeError(
            f"torch.take_along_dim(): dtype of indices should be Long but got {indices.dtype.legacy_name}"
        )
    if dim is None:
        return gather(reshape(input, -1), 0, reshape(indices, -1))
    rank = input.dim()
    if indices.dim() != rank:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{rank} dimensions for input, and {indices.dim()} dimensions for indices"
        )
    dim = wrap_dim(dim, rank)

    if indices._storage.backend.name == "cpu" and indices.numel() and int(indices.min().item()) < 0:
        size = input._shape[dim]
        _check_range(indices + size, 2 * size, dim)
        indices = indices.where(indices >= 0, indices + size)

    def beside(own: Tensor, other: Tensor) -> Tensor:
        """A tensor broadcast with the other along all dimensions but `dim`."""
        mine, theirs = ((*x._shape[:dim], 1, *x._shape[dim + 1 :]) for x in (own, other))
        shape = broadcast_shapes(mine, theirs)
        return own.expand((*shape[:dim], own._shape[dim], *shape[dim + 1 :]))

    return gather(beside(input, indices), dim, beside(indices, input))


def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """A copy of `input` with `src` placed along `dim`: `out[index[i][j]][j] = src[i][j]` (dim 0)."""
    src = value if src is None else src
    dim = wrap_dim(dim, input.dim())
    if not input._shape and index.numel() == 1:
        spread = reshape(src, 1) if isinstance(src, Tensor) else src
        return reshape(scatter(reshape(input, 1), 0, reshape(index, 1), spread, reduce=reduce), ())
    if index.dtype not in (int64, int32):
        raise RuntimeError("scatter(): Expected dtype int32/int64 for index")
    index = index.to(int64)
    if isinstance(src, Tensor) and src.dtype is not input.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    if not index.numel():
        return input.clone()
    if not index._shape and input.dim() == 1:  # one place: `zeros(10).scatter_(0, torch.tensor(3), value=1)`
        index = reshape(index, 1)
        src = reshape(src, 1) if isinstance(src, Tensor) and not src._shape else src
    if index.dim() != input.dim():
        raise RuntimeError("Index tensor must have the same number of dimensions as self tensor")
    if isinstance(src, Tensor) and src.dim() != index.dim():
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    _check_scatter_sizes(index, input, dim, src)
    _check_range(index, input._shape[dim], dim)
    if not isinstance(src, Tensor):
        src = input.new_full((), src).expand(index._shape)
    elif src._shape != index._shape:
        for d, n in enumerate(index._shape):
            src = slice_dim(src, d, 0, n)
    how = {None: "replace", "add": "add", "multiply": "mul"}.get(reduce)
    if how is None:
        raise RuntimeError("reduce argument must be either add or multiply.")
    result: Tensor = place(input, dim, index, src, how)
    return result


def _check_scatter_sizes(index: Tensor, input: Tensor, dim: int, src: Any) -> None:
    sizes = index._shape
    fits = all(n <= m for d, (n, m) in enumerate(zip(sizes, input._shape, strict=True)) if d != dim)
    if isinstance(src, Tensor):
        if not fits or any(n > m for n, m in zip(sizes, src._shape, strict=True)):
            raise RuntimeError(
                f"Expected index {list(sizes)} to be no larger than self {list(input._shape)} apart from dimension {dim} "
                f"and to be no larger size than src {list(src._shape)}"
            )
    elif not fits:
        raise RuntimeError(
            f"Expected index {list(sizes)} to be no larger than self {list(input._shape)} apart from dimension {dim}"
        )


@recorded_as("ScatterAddBackward0")
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of `input` with `src` added along `dim` at an index, duplicates included."""
    return scatter(input, dim, index, src, reduce="add")


@recorded_as("IndexAddBackward0")
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """A copy of `input` with slices of `source` added at a 1-D index along `dim`.

    Raises:
        RuntimeError: dtypes, sizes or indices that do not fit.
    """
    dim = wrap_dim(dim, input.dim())
    if index.dim() > 1:
        raise IndexError(
            f"index_add_(): Index is supposed to be a vector, but got dim: {index.dim()} with type: "
            f"{index.dtype.legacy_name} and size: {list(index._shape)}"
        )
    if index.dtype not in (int64, int32):
        raise RuntimeError(f"index_add_(): Expected dtype int32/int64 for index but got: {index.dtype.legacy_name}")
    if input.dtype is not source.dtype:
        raise RuntimeError(
            f"index_add_(): self ({input.dtype.legacy_name}) and source ({source.dtype.legacy_name}) must have the same "
            "scalar type"
        )
    length = source._shape[dim] if source._shape else 1
    if index.numel() != length:
        raise RuntimeError(
            f"index_add_(): Number of indices ({index.numel()}) should be equal to source.size(dim): ({length}), for "
            f"dim: {dim}"
        )
    if (*source._shape[:dim], *source._shape[dim + 1 :]) != (*input._shape[:dim], *input._shape[dim + 1 :]):
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
            f"{list(input._shape)} source.shape = {list(source._shape)}"
        )
    _check_range(index, input._shape[dim] if input._shape else 1, dim)
    return _put_slices(input, dim, index, source if alpha == 1 else source * alpha, "add")


def _put_slices(input: Tensor, dim: int, index: Tensor, source: Tensor, how: str) -> Tensor:
    """`put`, for tensors and indices of any rank."""
    index = index.to(int64).reshape(-1)
    if not input._shape:
        return put(reshape(input, 1), index, 0, reshape(source, 1), how).reshape(())
    if not source._shape:
        source = source.expand((*input._shape[:dim], index._shape[0], *input._shape[dim + 1 :]))
    result: Tensor = put(input, index, dim, source, how)
    return result


@recorded_as("IndexCopyBackward0")
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of `input` with slices of `source` placed at a 1-D index along `dim`.

    Raises:
        IndexError, RuntimeError: dtypes, sizes or indices that do not fit.
    """
    dim = wrap_dim(dim, input.dim())
    if index.dtype is not int64:
        raise RuntimeError(f"index_copy_(): Expected a long tensor for index, but got {index.dtype.legacy_name}")
    if input.dtype is not source.dtype:
        raise RuntimeError(
            f"index_copy_(): self and source expected to have the same dtype, but got (self) {input.dtype.legacy_name} "
            f"and (source) {source.dtype.legacy_name}"
        )
    if source._shape and input._shape and source.dim() != input.dim():
        raise IndexError(
            "index_copy_(): When source and destination are not scalars, their dimensionality must match. Source "
            f"dimensionality ({source.dim()}), destination dimensionality ({input.dim()})"
        )
    length = source._shape[dim] if source._shape else 1
    if index.numel() != length:
        raise IndexError(
            f"index_copy_(): Number of indices ({index.numel()}) should be equal to source.size(dim) ({length})"
        )
    own, given = (*input._shape[:dim], *input._shape[dim + 1 :]), (*source._shape[:dim], *source._shape[dim + 1 :])
    if own != given:
        raise RuntimeError(
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: "
            f"{' '.join(map(str, own))} at dimension {dim} and source slice shape: {' '.join(map(str, given))} at "
            "dimension 0."
        )
    _check_range(index, input._shape[dim] if input._shape else 1, dim, IndexError, "index_copy_(): ")
    return _put_slices(input, dim, index, source, "replace")


def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of `input` with slices at a 1-D index along `dim` set to a number."""
    dim = wrap_dim(dim, input.dim())
    if isinstance(value, Tensor) and value._shape:
        raise RuntimeError(
            f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.dim()} dimension(s)."
        )
    if index.dtype is not int64:
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    if index.dim() > 1:
        raise RuntimeError("Index has to be a vector/scalar")
    _check_range(index, input._shape[dim] if input._shape else 1, dim, IndexError)
    if isinstance(value, Tensor) and input._shape:  # whose gradient counts every place once
        chosen = put(
            index.new_zeros(input._shape[dim], dtype=bool_),
            reshape(index, -1),
            0,
            index.new_ones((), dtype=bool_),
            "replace",
        )
        mask = reshape(chosen, [-1 if d == dim else 1 for d in range(input.dim())])
        return name_node(masked_fill(input, mask, value.to(input.dtype)), "IndexFillBackward1")
    fill = value.to(input.dtype) if isinstance(value, Tensor) else input.new_full((), value)
    return name_node(_put_slices(input, dim, index, fill, "replace"), "IndexFillBackward0")


@recorded_as("TakeBackward0")
def take(input: Tensor, index: Tensor) -> Tensor:
    """Elements at positions counted over all elements.

    Raises:
        IndexError: a position is out of range (on the CPU).
        RuntimeError: positions are not int64.
    """
    if index.dtype is not int64:
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {index.dtype.legacy_name}")
    flat = reshape(input, -1)
    n = flat._shape[0]
    if index._storage.backend.name == "cpu" and index.numel():
        low, high = int(index.min().item()), int(index.max().item())
        if low < -n or high >= n:
            bad = high if high >= n else low
            raise IndexError(f"out of range: tried to access index {bad} on a tensor of {n} elements.")
    return getitem(flat, (index.reshape(-1),)).reshape(index._shape)


FUNCTIONS = (
    index_select, gather, take_along_dim, scatter, scatter_add, index_add, index_copy, index_fill, take,
)  # fmt: skip
METHODS = FUNCTIONS
INPLACE = (scatter, scatter_add, index_add, index_copy, index_fill)
