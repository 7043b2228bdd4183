"""Rearranging elements: turning, splitting, interleaving, and patterns of indices.

Source: https://docs.pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from .._tensor import Tensor
from ..dtype import dtype, int32, int64
from ..layout import contiguous_format
from ..shape import distinct_dims, wrap_dim
from .by_index import index_select
from .complex_numbers import conj
from .creation import arange, diag_embed, tensor, zeros
from .indexing import getitem
from .joining import cat, hstack, meshgrid, stack, vstack
from .node_names import recorded_as
from .pointwise import pow
from .views import diagonal, expand, movedim, narrow, reshape, slice_dim, transpose, unsqueeze

# --- repeating --------------------------------------------------------------------------------------------------------


def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element, or slice along a dimension, several times in a row; of `repeats` alone, indices that do so.

    Raises:
        RuntimeError: repeats that are negative, not integers, or of the wrong number.
    """
    if repeats is None:
        return _positions(input, output_size)
    if isinstance(repeats, int):
        if repeats < 0:
            raise RuntimeError("Repeats must be non-negative")
        x = reshape(input, -1) if dim is None else input
        axis = wrap_dim(0 if dim is None else dim, x.dim())
        if not x._shape:
            x = reshape(x, 1)
        spread = unsqueeze(x, axis + 1)
        spread = expand(spread, [repeats if i == axis + 1 else -1 for i in range(spread.dim())])
        copied = spread.clone(memory_format=contiguous_format)
        return reshape(copied, (*x._shape[:axis], x._shape[axis] * repeats, *x._shape[axis + 1 :]))
    if not isinstance(repeats, Tensor):
        repeats = tensor(repeats, dtype=int64, device=input.device)
    x = reshape(input, -1) if dim is None else input
    axis = wrap_dim(0 if dim is None else dim, x.dim())
    if not x._shape:
        x = reshape(x, 1)
    n = x._shape[axis]
    if repeats.dim() == 0 or (repeats.dim() == 1 and repeats._shape[0] == 1):
        repeats = expand(reshape(repeats, 1), n)
    elif repeats.dim() != 1:
        raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
    elif repeats._shape[0] != n:
        raise RuntimeError(
            f"repeats must have the same size as input along dim, but got repeats.size(0) = {repeats._shape[0]} and "
            f"input.size({axis}) = {n}"
        )
    return x.index_select(axis, _positions(repeats, output_size))


def _positions(repeats: Tensor, output_size: int | None) -> Tensor:
    if repeats.dim() != 1:
        raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
    if repeats.dtype not in (int64, int32):
        raise NotImplementedError(f"\"repeat_interleave_cpu\" not implemented for '{repeats.dtype.legacy_name}'")
    counts = repeats.tolist()
    if any(c < 0 for c in counts):
        raise RuntimeError("repeats can not be negative")
    total = builtins_sum(counts)
    if output_size is not None and output_size != total:
        raise RuntimeError("allocated size does not match required size")
    ends = repeats.to(int64).cumsum(0)
    steps = arange(total, device=repeats.device)
    from .ordering import searchsorted

    return searchsorted(ends, steps, right=True).to(repeats.dtype)


builtins_sum = sum


# --- turning ----------------------------------------------------------------------------------------------------------


@recorded_as("RollBackward0")
def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """Elements moved along dimensions, those that fall off the end coming back at the start."""
    from .joining import cat

    if dims is None or dims == ():
        return roll(reshape(input, -1), shifts, 0).reshape(input._shape)
    amounts = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    along = (dims,) if isinstance(dims, int) else tuple(dims)
    if not amounts:
        raise RuntimeError("`shifts` required")
    if not input._shape and along:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    if len(amounts) != len(along):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(amounts)}, dims:{len(along)}")
    given = input
    for shift, dim in zip(amounts, along, strict=True):
        size = input._shape[wrap_dim(dim, input.dim())]
        cut = -shift % size if size else 0
        if cut:
            input = cat([slice_dim(input, dim, cut, None), slice_dim(input, dim, None, cut)], dim)
    return input.clone() if input is given else input


@recorded_as("FlipBackward0")
def flip(input: Tensor, *dims_: Any, dims: Any = None) -> Tensor:
    """Reversed along dimensions; a copy, since views have no negative strides.

    Raises:
        RuntimeError: a dimension is named twice.
    """
    from ..shape import sizes
    from .creation import arange

    given = sizes(dims_ if dims is None else (dims,))
    if not given:
        return input.clone()
    for dim in distinct_dims(given, input.dim()):
        n = input._shape[dim]
        input = index_select(
            input, dim, arange(n - 1, -1, -1, device=input.device) if n else arange(0, device=input.device)
        )
    return input


@recorded_as("FlipBackward0")
def fliplr(input: Tensor) -> Tensor:
    """The columns in reverse order."""
    if input.dim() < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, 1)


@recorded_as("FlipBackward0")
def flipud(input: Tensor) -> Tensor:
    """The rows in reverse order."""
    if input.dim() < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, 0)


@recorded_as("Rot90Backward0")
def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turned by k quarters in the plane of two dimensions, from the first towards the second.

    Raises:
        RuntimeError: dimensions that are not two different ones of at least two.
    """
    rank = input.dim()
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if rank < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {rank}")
    if dims[0] == dims[1] or abs(dims[0] - dims[1]) == rank:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    for d in dims:
        wrap_dim(d, rank)
    quarter = k % 4
    if quarter == 1:
        return transpose(flip(input, dims[1]), dims[0], dims[1]).contiguous()
    if quarter == 2:
        return flip(input, *dims)
    if quarter == 3:
        return transpose(flip(input, dims[0]), dims[0], dims[1]).contiguous()
    return input.clone()


def moveaxis(input: Tensor, source: Any, destination: Any) -> Tensor:
    """As `movedim`."""
    return movedim(input, source, destination)


def swapdims(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """As `transpose`."""
    return transpose(input, dim0, dim1)


def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions swapped, the elements conjugated."""
    if input.dim() == 1:
        raise RuntimeError("tensor.adjoint() is only supported on matrices or batches of matrices. Got 1-D tensor.")
    return conj(input if not input._shape else transpose(input, -2, -1))


# --- stacking -------------------------------------------------------------------------------------------


def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Vectors as the columns of a matrix, and matrices beside each other."""
    if not len(tensors):
        raise RuntimeError("column_stack expects a non-empty TensorList")
    return hstack([reshape(x, (x.numel(), 1)) if x.dim() <= 1 else x for x in tensors])


def row_stack(tensors: Sequence[Tensor]) -> Tensor:
    """As `vstack`."""
    return vstack(tensors)


@recorded_as("BlockDiagBackward0")
def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices along the diagonal of a larger one, zeros elsewhere; vectors and numbers count as rows."""
    if not tensors:
        return zeros(1, 0)
    for place, x in enumerate(tensors):
        if x.dim() > 2:
            raise RuntimeError(
                "torch.block_diag: Input tensors must have 2 or fewer dimensions. Input "
                f"{place} has {x.dim()} dimensions"
            )
    blocks = [reshape(x, (1, -1)) if x.dim() < 2 else x for x in tensors]
    width = builtins_sum(b._shape[1] for b in blocks)
    rows, start = [], 0
    for b in blocks:
        height, columns = b._shape
        left, right = b.new_zeros(height, start), b.new_zeros(height, width - start - columns)
        rows.append(cat([left, b, right], 1))
        start += columns
    return cat(rows, 0)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of one element of each vector, as rows; of one vector, itself."""
    for x in tensors:
        if x.dim() != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(x._shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([reshape(g, -1) for g in meshgrid(*tensors, indexing="ij")], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """The combinations of r elements of a vector, as rows.

    Raises:
        RuntimeError: not a vector, or a negative r.
    """
    if input.dim() != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input._shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return input.new_empty(0)
    choose_ = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = list(choose_(range(input._shape[0]), r))
    index = reshape(tensor(rows, dtype=int64, device=input.device), (len(rows), r))
    return getitem(input, (index,))


# --- matrices and patterns --------------------------------------------------------------------------------------------


@recorded_as("TraceBackward0")
def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix."""
    if input.dim() != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.dim()}")
    return diagonal(input).sum()


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """All elements as the diagonal of a matrix."""
    return diag_embed(reshape(input, -1), offset)


def vander(x: Tensor, N: int | None = None, *, increasing: bool = False) -> Tensor:
    """The powers of a vector's elements as rows, the highest first unless `increasing`.

    Raises:
        RuntimeError: `x` is not one-dimensional, or `N` is negative.
    """
    if x.dim() != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    n = x._shape[0] if N is None else N
    if n < 0:
        raise RuntimeError("N must be non-negative.")
    columns = [pow(x, i) for i in range(n)]
    if not columns:
        return x.new_empty(x._shape[0], 0)
    return stack(columns if increasing else columns[::-1], 1)


def _triangle_indices(row: int, col: int, offset: int, options: dict[str, Any], *, lower: bool) -> Tensor:
    if row < 0:
        raise RuntimeError(f"row must be non-negative, got{row}")
    if col < 0:
        raise RuntimeError(f"col must be non-negative, got{col}")
    kind: dtype = options.pop("dtype", None) or int64
    place = options.pop("device", None)
    pairs = [
        (i, j)
        for i in range(row)
        for j in (range(min(col, max(0, i + offset + 1))) if lower else range(min(col, max(0, i + offset)), col))
    ]
    flat = [i for i, _ in pairs] + [j for _, j in pairs]
    return reshape(tensor(flat, dtype=kind, device=place), (2, len(pairs)))


def tril_indices(row: int, col: int, offset: int = 0, **options: Any) -> Tensor:
    """The row and column indices of the lower triangle of a (row, col) matrix, as two rows."""
    return _triangle_indices(row, col, offset, options, lower=True)


def triu_indices(row: int, col: int, offset: int = 0, **options: Any) -> Tensor:
    """The row and column indices of the upper triangle of a (row, col) matrix, as two rows."""
    return _triangle_indices(row, col, offset, options, lower=False)


def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """Positions counted over all elements as one index for each dimension."""
    sizes = (shape,) if isinstance(shape, int) else tuple(shape.tolist() if isinstance(shape, Tensor) else shape)
    if indices.dtype.is_floating_point:
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    out = []
    indices = indices.to(int64)
    for size in reversed(sizes):
        out.append(indices.remainder(size))
        indices = indices.floor_divide(size)
    return tuple(reversed(out))


def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """`narrow`, copied.

    Raises:
        RuntimeError: as `narrow`, in words of its own.
    """
    rank = len(input._shape)
    if dim >= rank > 0:
        raise RuntimeError(
            "Expected dim < static_cast<int64_t>(self_sizes.size()) to be true, but got false.  (Could this error message be "
            "improved?  If so, please report an enhancement request to PyTorch.)"
        )
    if length < 0 and rank:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({input._shape[dim]}).")
    return narrow(input, dim, start, length).clone()


FUNCTIONS = (
    roll, flip, repeat_interleave, fliplr, flipud, rot90, moveaxis, swapdims, adjoint, column_stack, row_stack,
    block_diag, cartesian_prod, combinations, trace, diagflat, vander, tril_indices, triu_indices, unravel_index,
    narrow_copy,
)  # fmt: skip
METHODS = (
    roll, flip, repeat_interleave, fliplr, flipud, rot90, moveaxis, swapdims, adjoint, trace, diagflat, narrow_copy,
)  # fmt: skip
