"""Indexing: `x[...]` in all its forms, read and written.

Source: https://docs.pytorch.org/docs/stable/tensors.html and NumPy's rules for advanced indexing.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

from .._tensor import Tensor, needs_grad
from ..autograd.modes import GradMode
from ..backends.protocol import Array
from ..dtype import bool_, int64, uint8
from ..shape import broadcast_shapes, contiguous_strides
from .inplace import check_writable, copy_, overwrite
from .masks import masked_fill, nonzero
from .op import op
from .operands import raise_devices
from .views import alias, alias_of, expand, select, slice_dim, unsqueeze
from .vmap_levels import inside

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
    if not GradMode.enabled or not needs_grad(input):
        view = _unrecorded(input, key if key.__class__ is tuple else (key,))
        if view is not None:
            return view
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


def _unrecorded(input: Tensor, keys: tuple[Any, ...]) -> Tensor | None:
    """The view that integers, slices, None and `...` give, in one step; None where there is something else, or an error."""
    sizes = input._shape
    if input._view is None:
        steps, offset = contiguous_strides(sizes), 0
    else:
        steps, offset = input._view
    rank = len(sizes)
    shape: list[int] = []
    strides: list[int] = []
    dim = 0
    for place, k in enumerate(keys):
        kind = k.__class__
        if kind is int:
            if dim == rank or not -sizes[dim] <= k < sizes[dim]:
                return None
            offset += (k if k >= 0 else k + sizes[dim]) * steps[dim]
            dim += 1
        elif kind is slice:
            if dim == rank:
                return None
            start, stop, step = k.start, k.stop, k.step
            if not (start is None or start.__class__ is int) or not (stop is None or stop.__class__ is int):
                return None
            if not (step is None or (step.__class__ is int and step > 0)):
                return None
            first, last, by = k.indices(sizes[dim])
            shape.append(max(0, (last - first + by - 1) // by))
            strides.append(steps[dim] * by)
            offset += first * steps[dim]
            dim += 1
        elif k is None:
            shape.append(1)
            strides.append(sizes[dim] * steps[dim] if dim < rank else 1)
        elif k is Ellipsis:
            after = [other for other in keys[place + 1 :] if other is not None]
            upto = rank - len(after)
            if upto < dim or [other for other in after if other is Ellipsis]:
                return None
            shape += sizes[dim:upto]
            strides += steps[dim:upto]
            dim = upto
        else:
            return None
    return alias_of(input, (*shape, *sizes[dim:]), (*strides, *steps[dim:]), offset)


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
    check_writable(input)
    _place(part, indices, value if value.dtype is input.dtype else value.to(input.dtype), False)


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
    sizes = [part._shape[d] for d in dims]
    for size, (_, k) in zip(sizes, indices, strict=True):
        if nothing and size:
            wrapped = k.new_zeros(k._shape, dtype=int64, device=part.device)  # PyTorch does not look at them either
        else:
            given = k.to(device=part.device, dtype=int64)
            found = _wrapped(given, size)
            if found is None:
                _raise_out_of_bounds(sizes, [k for _, k in indices], shape)
            wrapped = found
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


def _wrapped(index: Tensor, size: int) -> Tensor | None:
    """Indices counted from the front; None where one is out of range, if looking costs no wait for a device."""
    if index._storage.backend.name == "cpu" and index.numel():
        low, high = int(index.min().item()), int(index.max().item())
        if low < -size or high >= size:
            return None
        if low >= 0:
            return index
    return index.where(index >= 0, index + size)


def _raise_out_of_bounds(sizes: list[int], indices: list[Tensor], shape: tuple[int, ...]) -> NoReturn:
    """Raise for the first element of the result, and of its indices the first, that is out of range."""
    if 0 in sizes:
        raise IndexError("index is out of bounds for dimension with size 0")
    columns = [k.to(int64).expand(shape)._flat() for k in indices]
    bad, dim = next(
        (i, dim)
        for row in zip(*columns, strict=True)
        for dim, (i, size) in enumerate(zip(row, sizes, strict=True))
        if not -size <= i < size
    )
    raise IndexError(f"index {bad} is out of bounds for dimension {dim} with size {sizes[dim]}")


def index_put_(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """Place `values` at (or add them to) `input[indices]`, in place."""
    if values.dtype is not input.dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {input.dtype.legacy_name} for the "
            f"destination and {values.dtype.legacy_name} for the source."
        )
    check_writable(input)
    _place(*_basic(input, tuple(indices) if isinstance(indices, list) else indices), values, accumulate)
    return input


def _place(part: Tensor, indices: list[tuple[int, Tensor]], values: Tensor, accumulate: bool) -> None:
    """Place values in, or add them to, the rows of `part` at index tensors."""
    index, layout = _advanced(part, indices)
    values = _spread(values.to(device=part.device), layout.result_shape())
    overwrite(part, put_rows(part, index, layout, values, accumulate))


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


FUNCTIONS = (index_put, index_put_)
METHODS = FUNCTIONS
