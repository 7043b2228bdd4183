"""Indexing: `x[...]` in all its forms, and the ops that pick or place elements by index tensors.

Source: https://docs.pytorch.org/docs/stable/tensors.html and NumPy's rules for advanced indexing.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

from .._tensor import Tensor, from_array
from ..backends.protocol import Array
from ..dtype import C_NAMES, bool_, int32, int64, uint8
from ..shape import broadcast_shapes, wrap_dim
from .inplace import check_writable, copy_, overwrite
from .op import op
from .operands import raise_devices
from .views import alias, expand, reshape, select, slice_dim, unsqueeze
from .vmap_levels import every, inside

# --- primitives, differentiable ---------------------------------------------------------------------------------------


@op(
    name="IndexSelectBackward0",
    input=lambda g, index, axis, input_shape: put(g.new_zeros(input_shape), index, axis, g, "add"),
)
def take_slices(be: Any, input: Array, index: Array, axis: int) -> Any:
    """Slices along an axis at a 1-D index, in range and not negative."""
    return be.take(input, index, axis)


@op(
    name="IndexPutBackward0",
    input=lambda g, index, axis, reduce: g if reduce == "add" else put(g, index, axis, g.new_zeros(()), "replace"),
    value=lambda g, index, axis, value_shape: _value_grad(take_slices(g, index, axis), value_shape),
)
def put(be: Any, input: Array, index: Array, axis: int, value: Array, reduce: str) -> Any:
    """A copy of `input` with `value` placed in, or added to, slices along an axis."""
    return be.put(input, index, axis, value, reduce)


def _value_grad(g: Tensor, shape: tuple[int, ...]) -> Tensor:
    from .reduction import sum_to_size

    return g if g._shape == shape else sum_to_size(g, shape)


@op(
    name="GatherBackward0",
    input=lambda g, axis, index, input_shape: place(g.new_zeros(input_shape), axis, index, g, "add"),
)
def pick(be: Any, input: Array, axis: int, index: Array) -> Any:
    """Elements along an axis at an index of the result's shape."""
    return be.gather(input, axis, index)


@op(
    name="ScatterBackward0",
    input=lambda g, axis, index, reduce: (
        g if reduce == "add" else place(g, axis, index, g.new_zeros(()).expand(index._shape), "replace")
    ),
    value=lambda g, axis, index: pick(g, axis, index),
)
def place(be: Any, input: Array, axis: int, index: Array, value: Array, reduce: str) -> Any:
    """A copy of `input` with `value` placed at, or added to, elements along an axis."""
    return be.scatter(input, axis, index, value, reduce)


# --- rows: what index tensors pick --------------------------------------------------------------------------------------


class Layout(NamedTuple):
    """How the rows that an index picks lie in a tensor, and where they go in the result."""

    order: tuple[int, ...] | None  # of the tensor's dimensions, the indexed ones first; None where they are first
    ordered: tuple[int, ...]  # its shape in that order
    rows: tuple[int, ...]  # the same with the indexed dimensions as one
    picked: tuple[int, ...]  # the shape of what is picked, the dimensions of the index first
    placed: tuple[int, ...] | None  # the order that puts those where they belong; None where that is first

    def result_shape(self) -> tuple[int, ...]:
        """The shape of what is picked, its dimensions where they belong."""
        return self.picked if self.placed is None else tuple([self.picked[d] for d in self.placed])

    def as_rows(self, be: Any, x: Array) -> Any:
        """The tensor's array as rows."""
        return be.reshape(x if self.order is None else be.permute(x, self.order), self.rows)

    def as_tensor(self, be: Any, rows: Array) -> Any:
        """Rows as the tensor's array."""
        x = be.reshape(rows, self.ordered)
        return x if self.order is None else be.copy(be.permute(x, _inverse(self.order)))

    def values_as_rows(self, be: Any, values: Array) -> Any:
        """What is placed, in the shape of the result, as rows."""
        x = values if self.placed is None else be.permute(values, _inverse(self.placed))
        outer = self.rows[1:]
        return be.reshape(x, (math.prod(self.picked[: len(self.picked) - len(outer)]), *outer))


def _inverse(order: tuple[int, ...]) -> tuple[int, ...]:
    back = [0] * len(order)
    for i, d in enumerate(order):
        back[d] = i
    return tuple(back)


@op(name="IndexBackward0", input=lambda g, where, layout: add_rows(g, where, layout))
def pick_rows(be: Any, input: Array, where: Array, layout: Layout) -> Any:
    """`input[...]` with index tensors: the rows at a 1-D index."""
    picked = be.reshape(be.take(layout.as_rows(be, input), where, 0), layout.picked)
    return picked if layout.placed is None else be.copy(be.permute(picked, layout.placed))


@op(name="IndexPutBackward0", values=lambda g, where, layout: pick_rows(g, where, layout))
def add_rows(be: Any, values: Array, where: Array, layout: Layout) -> Any:
    """Zeros with values added to the rows at a 1-D index: the gradient of `pick_rows`."""
    zeros = be.full(layout.rows, 0, be.dtype_of(values))
    return layout.as_tensor(be, be.put(zeros, where, 0, layout.values_as_rows(be, values), "add"))


@op(
    name="IndexPutBackward0",
    input=lambda g, where, layout, values_shape, accumulate: (
        g if accumulate else put_rows(g, where, layout, g.new_zeros(()).expand(values_shape), False)
    ),
    values=lambda g, where, layout: pick_rows(g, where, layout),
)
def put_rows(be: Any, input: Array, where: Array, layout: Layout, values: Array, accumulate: bool) -> Any:
    """A copy of `input` with values placed in, or added to, the rows at a 1-D index."""
    how = "add" if accumulate else "replace"
    rows = be.put(layout.as_rows(be, input), where, 0, layout.values_as_rows(be, values), how)
    return layout.as_tensor(be, rows)


# --- x[...] -----------------------------------------------------------------------------------------------------------


def getitem(input: Tensor, key: Any) -> Tensor:
    """`input[key]`: integers, slices, `...`, None, masks and index tensors, in any mixture.

    Integers and slices give a view, masks and index tensors a copy.
    """
    if key.__class__ is int:
        if not input._shape:
            _raise_no_dimensions(key)
        _check_index(input, 0, key)
        return select(input, 0, key)
    part, indices = _basic(input, key)
    if not indices:
        return part if part is not input else alias(input)
    result: Tensor = pick_rows(part, *_advanced(part, indices))
    return result


def setitem(input: Tensor, key: Any, value: Any) -> None:
    """`input[key] = value`, with `value` broadcast."""
    if isinstance(key, Tensor) and key.dtype is bool_ and key._shape == input._shape and not isinstance(value, Tensor):
        check_writable(input)
        overwrite(input, masked_fill(input, key, value))
        return
    if key is False:
        return  # as PyTorch: nothing is chosen, and nothing is checked
    part, indices = (unsqueeze(input, 0), []) if key is True else _basic(input, key)
    if not isinstance(value, Tensor):
        if not isinstance(value, (int, float, complex)) and not (
            hasattr(value, "item") and getattr(value, "shape", None) == ()
        ):
            kind = type(value).__name__
            kind = "numpy.ndarray" if kind == "ndarray" else kind
            raise TypeError(f"can't assign a {kind} to a torch.{input.dtype.legacy_name}Tensor")
        from .creation import full

        value = full((), value, dtype=input.dtype, device=input.device)
    elif value.device != input.device and value._shape:
        raise_devices(input, value)
    if value._shape[:1] == (1,) and value._shape != part._shape:
        value = value.reshape(value._shape[next((i for i, n in enumerate(value._shape) if n != 1), value.dim()) :])
    if not indices:
        copy_(part, value if value._shape == part._shape else expand(value, part._shape))
        return
    index_put_(input, key, value if value.dtype is input.dtype else value.to(input.dtype))


def _raise_no_dimensions(index: int) -> None:
    if index:
        raise IndexError(f"index {index} is out of bounds for dimension 0 with size 0")
    raise IndexError(
        "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim "
        "tensor to a number"
    )


def _check_index(input: Tensor, dim: int, index: int, shown: int | None = None) -> None:
    size = input._shape[dim]
    if not -size <= index < size:
        raise IndexError(
            f"index {index} is out of bounds for dimension {dim if shown is None else shown} with size {size}"
        )


def _basic(input: Tensor, key: Any) -> tuple[Tensor, list[tuple[int, Tensor]]]:
    """Apply integers, slices, None and `...`; what is left are index tensors, each with the dimension it indexes."""
    keys = list(key) if isinstance(key, tuple) or _is_tuple_in_disguise(key) else [key]
    keys = [_as_key(k, input) for k in keys]
    used = sum(
        k.dim() if isinstance(k, Tensor) and k.dtype in (bool_, uint8) else 1
        for k in keys
        if k is not None and k is not Ellipsis and not isinstance(k, bool)
    )
    rank = len(input._shape)
    if used > rank:
        if not rank and len(keys) == 1 and key.__class__ is int:
            _raise_no_dimensions(key)
        if not rank and isinstance(key, slice):
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
        raise IndexError(f"too many indices for tensor of dimension {rank}")
    part = input
    dim = 0
    indices: list[tuple[int, Tensor]] = []
    for place, k in enumerate(keys):
        if k is None:
            part = unsqueeze(part, dim)
            dim += 1
        elif k is Ellipsis:
            dim += rank - used
        elif isinstance(k, bool):
            part = unsqueeze(part, dim)
            from .creation import tensor

            indices.append((dim, tensor([0] if k else [], dtype=int64, device=input.device)))
            dim += 1
        elif k.__class__ is int:
            _check_index(part, dim, k, place)
            part = select(part, dim, k)
        elif isinstance(k, slice):
            if k != slice(None) and k.indices(part._shape[dim]) != (0, part._shape[dim], 1):
                part = slice_dim(part, dim, _bound(k.start), _bound(k.stop), k.step)
            dim += 1
        elif k.dtype in (bool_, uint8) and not k._shape:
            part = unsqueeze(part, dim)
            indices.append((dim, nonzero(k.to(bool_).reshape(1)).reshape(-1)))
            dim += 1
        else:
            indices.append((dim, k))
            dim += k.dim() if k.dtype in (bool_, uint8) else 1
    return part, [column for d, k in indices for column in _columns(d, k, part)]


def _columns(dim: int, index: Tensor, part: Tensor) -> list[tuple[int, Tensor]]:
    """A mask as one index tensor for each of its dimensions; an index tensor as it is."""
    if index.dtype not in (bool_, uint8):
        return [(dim, index)]
    for i, size in enumerate(index._shape):
        if part._shape[dim + i] != size:
            raise IndexError(
                f"The shape of the mask {list(index._shape)} at index {i} does not match the shape of the indexed "
                f"tensor {list(part._shape)} at index {dim + i}"
            )
    return [(dim + i, column) for i, column in enumerate(nonzero(index.to(bool_)).unbind(1))]


def _is_tuple_in_disguise(key: Any) -> bool:
    """Whether a list is taken for a tuple of keys, as old programs expect: one with more than numbers in it."""
    if not isinstance(key, list) or len(key) >= 32:
        return False
    if not any(isinstance(k, (Sequence, slice, Tensor)) or k is None or k is Ellipsis for k in key):
        return False
    warnings.warn(
        "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in pytorch 2.9; use "
        "x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as tensor index, x[torch.tensor(seq)], "
        "which will result either in an error or a different result",
        stacklevel=4,
    )
    return True


def _bound(b: Any) -> int | None:
    if b is None or b.__class__ is int:
        return b
    return int(b.__index__())


def _as_key(k: Any, input: Tensor) -> Any:
    if k is None or k is Ellipsis or k.__class__ in (int, bool, slice):
        return k
    if isinstance(k, Tensor):
        if k.dtype.is_floating_point:
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        if not k._shape and k.dtype not in (bool_, uint8) and not inside(k):
            return int(k.item())
        return k
    if isinstance(k, (list, tuple, range)) or hasattr(k, "__array__"):
        from .creation import tensor

        made = tensor(list(k) if isinstance(k, range) else k)
        if made.numel() == 0 and made.dtype.is_floating_point:
            made = made.to(int64)
        return _as_key(made, input)
    if hasattr(k, "__index__"):
        return int(k.__index__())
    if isinstance(k, str):
        raise TypeError("new(): invalid data type 'str'")
    raise IndexError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
        f"{type(k).__name__})"
    )


def _advanced(part: Tensor, indices: list[tuple[int, Tensor]]) -> tuple[Tensor, Layout]:
    """Index tensors as one 1-D index into rows, and how those rows lie in `part`.

    Raises:
        IndexError: index tensors that do not broadcast, or are out of range (on the CPU).
    """
    dims = [d for d, _ in indices]
    shape: tuple[int, ...] = ()
    try:
        for _, k in indices:
            shape = broadcast_shapes(shape, k._shape)
    except RuntimeError:
        raise IndexError(
            "shape mismatch: indexing tensors could not be broadcast together with shapes "
            + ", ".join(str(list(k._shape)) for _, k in indices)
        ) from None
    rest = [d for d in range(part.dim()) if d not in dims]
    nothing = 0 in shape or any(part._shape[d] == 0 for d in rest)
    linear: Tensor | None = None
    for place, (d, k) in enumerate(indices):
        size = part._shape[d]
        if nothing and size:
            wrapped = k.new_zeros(k._shape, dtype=int64, device=part.device)  # PyTorch does not look at them either
        else:
            wrapped = _wrapped(k.to(device=part.device, dtype=int64), size, place)
        linear = wrapped if linear is None else linear * size + wrapped
    assert linear is not None
    index = linear.expand(shape).reshape(-1)
    order = (*dims, *rest)
    outer = tuple([part._shape[d] for d in rest])
    # Adjacent index tensors leave their dimensions in place; separated ones put them first (NumPy's rule).
    lead, n = dims[0], len(shape)
    placed = None
    if lead and dims == list(range(lead, lead + len(dims))):
        placed = (*range(n, n + lead), *range(n), *range(n + lead, n + len(outer)))
    return index, Layout(
        order if order != tuple(range(part.dim())) else None,
        tuple([part._shape[d] for d in order]),
        (math.prod([part._shape[d] for d in dims]), *outer),
        (*shape, *outer),
        placed,
    )


def _wrapped(index: Tensor, size: int, dim: int) -> Tensor:
    """Indices counted from the front, checked where that costs no wait for a device; `dim` counts indexed dimensions."""
    if index._storage.backend.name == "cpu" and index.numel():
        if not size:
            raise IndexError("index is out of bounds for dimension with size 0")
        low, high = int(index.min().item()), int(index.max().item())
        if low < -size or high >= size:
            flat = index._flat()
            bad = next(i for i in flat if not -size <= i < size)
            raise IndexError(f"index {bad} is out of bounds for dimension {dim} with size {size}")
        if low >= 0:
            return index
    return index.where(index >= 0, index + size)


def index_put_(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """Place `values` at (or add them to) `input[indices]`, in place."""
    if values.dtype is not input.dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {input.dtype.legacy_name} for the "
            f"destination and {values.dtype.legacy_name} for the source."
        )
    check_writable(input)
    part, tensors = _basic(input, tuple(indices) if isinstance(indices, list) else indices)
    index, layout = _advanced(part, tensors)
    values = _spread(values.to(device=input.device), layout.result_shape())
    overwrite(part, put_rows(part, index, layout, values, accumulate))
    return input


def _spread(values: Tensor, shape: tuple[int, ...]) -> Tensor:
    try:
        return values.expand(shape) if values._shape != shape else values
    except RuntimeError:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(values._shape)} cannot be broadcast to indexing result of "
            f"shape {list(shape)}"
        ) from None


def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of `input` with `values` placed at (or added to) `input[indices]`."""
    return index_put_(input.clone(), indices, values, accumulate)


# --- named ops --------------------------------------------------------------------------------------------------------


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


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of `input` with `src` added along `dim` at an index, duplicates included."""
    return scatter(input, dim, index, src, reduce="add")


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
        return masked_fill(input, mask, value.to(input.dtype))
    fill = value.to(input.dtype) if isinstance(value, Tensor) else input.new_full((), value)
    return _put_slices(input, dim, index, fill, "replace")


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


def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """`input` with `value` where the bool `mask`, broadcast, is true."""
    if mask.dtype is not bool_:
        raise RuntimeError(
            f"masked_fill_ only supports boolean masks, but got mask with dtype {C_NAMES[mask.dtype.name]}"
        )
    if isinstance(value, Tensor) and value._shape:
        raise RuntimeError(
            f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.dim()} dimension(s)."
        )
    from .pointwise import choose

    if isinstance(value, Tensor):
        value = value.to(input.dtype)
    elif not input.dtype.is_floating_point and isinstance(value, float):
        value = int(value)
    return choose(value, input, mask)


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the bool `mask`, broadcast, is true, in one dimension."""
    if mask.dtype is not bool_:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    shape = broadcast_shapes(mask._shape, input._shape)
    return getitem(input.expand(shape), mask.expand(shape))


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy of `input` whose elements where `mask` is true come from `source`, in order."""
    shape = broadcast_shapes(input._shape, mask._shape)
    flat_mask = mask.expand(shape).reshape(-1)
    position = nonzero(flat_mask).reshape(-1)
    base = input.expand(shape).reshape(-1)
    if source.numel() < position._shape[0]:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    return put(base, position, 0, source.reshape(-1)[: position._shape[0]], "replace").reshape(shape)


@op(result=int64)
def _nonzero(be: Any, input: Array) -> Any:
    return be.nonzero(input)


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The positions of the elements that are not 0: (n, rank), or a tuple of vectors."""
    mask = input if input.dtype is bool_ else input != 0
    if as_tuple and not input._shape:
        mask = mask.reshape(1)
    found: Tensor = _nonzero(mask)
    return found.unbind(1) if as_tuple else found


def argwhere(input: Tensor) -> Tensor:
    """The positions of the elements that are not 0: (n, rank)."""
    result: Tensor = nonzero(input)
    return result


def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """Elements moved along dimensions, those that fall off the end coming back at the start."""
    from .joining import cat

    if dims is None or dims == ():
        return roll(reshape(input, -1), shifts, 0).reshape(input._shape)
    amounts = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    along = (dims,) if isinstance(dims, int) else tuple(dims)
    if len(amounts) != len(along):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(amounts)}, dims:{len(along)}")
    for shift, dim in zip(amounts, along, strict=True):
        size = input._shape[wrap_dim(dim, input.dim())]
        cut = -shift % size if size else 0
        if cut:
            input = cat([slice_dim(input, dim, cut, None), slice_dim(input, dim, None, cut)], dim)
    return input.clone() if input._base is not None or not input._shape else input


def flip(input: Tensor, *dims_: Any, dims: Any = None) -> Tensor:
    """Reversed along dimensions; a copy, since views have no negative strides."""
    from ..shape import sizes
    from .creation import arange

    given = sizes(dims_ if dims is None else (dims,))
    named = [wrap_dim(d, input.dim()) for d in given]
    if len(set(named)) != len(named):
        twice = next(d for i, d in enumerate(named) if d in named[:i])
        raise RuntimeError(f"dim {twice} appears multiple times in the list of dims")
    for dim in named:
        n = input._shape[dim]
        input = index_select(
            input, dim, arange(n - 1, -1, -1, device=input.device) if n else arange(0, device=input.device)
        )
    return input


@op(
    name="EmbeddingBackward0", weight=lambda g, index, weight_shape, skip: _embedding_grad(g, index, weight_shape, skip)
)
def _embedding(be: Any, weight: Array, index: Array, skip: int) -> Any:
    flat = be.reshape(index, (_count(index.shape),))
    return be.reshape(be.take(weight, flat, 0), (*index.shape, weight.shape[1]))


def _count(shape: tuple[int, ...]) -> int:
    n = 1
    for size in shape:
        n *= size
    return n


@op(
    name="EmbeddingDenseBackward0",
    g=lambda gg, index, skip: _embedding(gg, index, skip),
)
def _embedding_grad(be: Any, g: Array, index: Array, shape: tuple[int, ...], skip: int) -> Any:
    n = _count(index.shape)
    zeros = be.full(shape, 0, be.dtype_of(g))
    index = be.reshape(index, (n,))
    total = be.put(zeros, index, 0, be.reshape(g, (n, shape[1])), "add")
    if skip >= 0:
        total = be.assign(total, ((shape[1],), (1,), skip * shape[1]), 0)
    return total


def embedding(
    weight: Tensor,
    indices: Tensor,
    padding_idx: int | None = None,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Rows of `weight` (V, D) at int indices (...): (..., D). The row `padding_idx` gets no gradient.

    Raises:
        IndexError: an index is out of range (on the CPU).
        RuntimeError: indices are not integers.
    """
    if indices.dtype.name not in ("int64", "int32"):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"torch.{indices.dtype.legacy_name}Tensor instead (while checking arguments for embedding)"
        )
    if len(weight._shape) != 2:
        raise RuntimeError("'weight' must be 2-D")
    rows = weight._shape[0]
    if indices._storage.backend.name == "cpu":
        _check_rows(indices, rows)
    skip = -1 if padding_idx is None else padding_idx % rows
    result: Tensor = _embedding(weight, indices.to(int64), skip)
    return result


def _check_rows(index: Tensor, rows: int) -> None:
    if not index.numel():
        return
    index = every(index)
    backend = index._storage.backend
    array = index._array()
    axes = tuple(range(len(index._shape)))
    low = from_array(backend.min(array, axes, False), index.dtype, index._storage)
    high = from_array(backend.max(array, axes, False), index.dtype, index._storage)
    if low.item() < 0 or high.item() >= rows:
        raise IndexError("index out of range in self")


FUNCTIONS = (
    index_select, gather, take_along_dim, scatter, scatter_add, index_add, index_copy, index_fill, take, masked_fill,
    masked_select, masked_scatter, nonzero, argwhere, roll, flip, index_put, index_put_,
)  # fmt: skip
METHODS = (*FUNCTIONS,)
INPLACE = (scatter, scatter_add, index_add, index_copy, index_fill, masked_fill, masked_scatter)
