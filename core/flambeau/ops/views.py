"""Views: ops that show a tensor's elements in another shape without copying.

A view is (shape, strides, offset) on the storage of its base.
Source: https://docs.pytorch.org/docs/stable/tensor_view.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .._tensor import Tensor, gradient_edge, needs_grad
from ..autograd import node as graph
from ..autograd.modes import GradMode
from ..autograd.node import Labelled
from ..backends.protocol import Array
from ..shape import Size, contiguous_strides, infer_size, sizes, view_strides, wrap_dim
from .op import op
from .reduction import sum_to_size

_new = object.__new__
_slice = slice


class ViewNode(Labelled):
    """The backward node of a view: a name, and a derivative that needs no saved tensor."""

    __slots__ = ("arguments", "derivative")

    derivative: Callable[..., Any]
    arguments: tuple[Any, ...]

    def backward(self, grad: Any, wanted: tuple[bool, ...] | None) -> tuple[Tensor | None, ...]:
        return (self.derivative(grad, *self.arguments),)


def make_view(
    x: Tensor,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    offset: int,
    label: str,
    derivative: Callable[..., Any],
    *arguments: Any,
) -> Tensor:
    """A view of `x`, recorded under the name `label`; `derivative(grad, *arguments)` gives the gradient of `x`."""
    y = alias_of(x, shape, strides, offset)
    if GradMode.enabled and needs_grad(x):
        node = ViewNode((gradient_edge(x),))
        node.label = label
        node.derivative = derivative
        node.arguments = arguments
        y._requires_grad = True
        y._node = node
        if graph.on_create is not None:
            graph.on_create(node, y)
    return y


def alias_of(x: Tensor, shape: tuple[int, ...], strides: tuple[int, ...], offset: int) -> Tensor:
    """A view of the storage of `x` by a shape, strides and an offset, not recorded."""
    y = _new(Tensor)
    storage = x._storage
    y._storage = storage
    y._shape = shape
    y.dtype = x.dtype
    y._view = (strides, offset)
    base = x._base
    # A leaf may itself be a view, as `arange(6).reshape(2, 3).requires_grad_()` is: views of it are views of that leaf.
    y._base = x if base is None or (x._requires_grad and x._node is None) else base
    y._seen_version = storage.version
    if not x._tracked:
        y._tracked = False
    if x._one_of_several:
        y._one_of_several = True
    return y


def _strides(x: Tensor) -> tuple[int, ...]:
    return contiguous_strides(x._shape) if x._view is None else x._view[0]


def _offset(x: Tensor) -> int:
    return 0 if x._view is None else x._view[1]


# --- shape ------------------------------------------------------------------------------------------------------------


def _reshape_to(g: Tensor, shape: tuple[int, ...]) -> Tensor:
    return reshape(g, shape)


def view(input: Tensor, *shape: Any, size: Any = None, dtype: Any = None) -> Tensor:
    """The same elements in another shape, without copying; given a dtype, the same bytes as that dtype.

    Raises:
        RuntimeError: the number of elements differs, or only a copy could have that shape.
    """
    if not shape:
        shape = () if size is None and dtype is None else (dtype if size is None else size,)
    if len(shape) == 1 and not isinstance(shape[0], (int, tuple, list)) and hasattr(shape[0], "itemsize"):
        return _view_dtype(input, shape[0])
    target = infer_size(sizes(shape, "view(): argument 'size'"), input.numel())
    strides = contiguous_strides(target) if input._view is None else view_strides(input._shape, input._view[0], target)
    if strides is None:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    return make_view(input, target, strides, _offset(input), "ViewBackward0", _reshape_to, input._shape)


def _view_dtype(input: Tensor, kind: Any) -> Tensor:
    from .._tensor import from_array

    if kind is input.dtype:
        return alias_of(input, input._shape, _strides(input), _offset(input))
    data = input._bytes()
    last = input._shape[-1] * input.dtype.itemsize if input._shape else input.dtype.itemsize
    if last % kind.itemsize or (not input._shape and kind.itemsize != input.dtype.itemsize):
        raise RuntimeError(
            f"self.size(-1) must be divisible by {kind.itemsize // input.dtype.itemsize} to view "
            f"{input.dtype.legacy_name} as {kind.legacy_name} (different element sizes), but got "
            f"{input._shape[-1] if input._shape else 1}"
        )
    shape = (*input._shape[:-1], last // kind.itemsize) if input._shape else ()
    return from_array(input._storage.backend.from_bytes(bytes(data), shape, kind), kind, input._storage)


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """`input.view(other.shape)`."""
    return view(input, other._shape)


def reshape(input: Tensor, *sizes_: Any, shape: Any = None) -> Tensor:
    """The same elements in another shape: a view where possible, else a copy."""
    if shape is not None:
        sizes_ = (shape,)
    target = infer_size(sizes(sizes_, "reshape(): argument 'shape'"), input.numel())
    strides = contiguous_strides(target) if input._view is None else view_strides(input._shape, input._view[0], target)
    if strides is not None:
        return make_view(input, target, strides, _offset(input), "ViewBackward0", _reshape_to, input._shape)
    copy = _copied(input)
    made = make_view(copy, target, contiguous_strides(target), 0, "UnsafeViewBackward0", _reshape_to, input._shape)
    # Nobody else has that copy: the result is no view of it, but its owner.
    made._base = made._view = None
    made._storage.array = made._storage.backend.reshape(made._storage.array, target)
    made._one_of_several = False
    return made


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """`input.reshape(other.shape)`."""
    return reshape(input, other._shape)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The dimensions `start_dim` to `end_dim` as one.

    Raises:
        RuntimeError: `start_dim` comes after `end_dim`.
    """
    rank = input.dim()
    first, last = wrap_dim(start_dim, rank), wrap_dim(end_dim, rank)
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not rank:
        return reshape(input, 1)
    if first == last:
        return input
    return reshape(
        input, (*input._shape[:first], Size(input._shape[first : last + 1]).numel(), *input._shape[last + 1 :])
    )


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension as several, of the given sizes (one may be -1)."""
    dim = wrap_dim(dim, input.dim())
    try:
        inner = infer_size(tuple(sizes), input._shape[dim])
    except RuntimeError:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} ({input._shape[dim]}) "
            "in the input tensor"
        ) from None
    return view(input, (*input._shape[:dim], *inner, *input._shape[dim + 1 :]))


def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension: a view where they are in C order, else a copy."""
    return view(contiguous(input), -1)


def squeeze(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """Without the dimensions of size 1: all, or those named that have it."""
    rank = input.dim()
    if dim is None:
        gone = [i for i, size in enumerate(input._shape) if size == 1]
    else:
        named = [dim] if isinstance(dim, int) else list(dim)
        gone = [d for d in (wrap_dim(d, rank) for d in named) if rank and input._shape[d] == 1]
    strides = _strides(input)
    kept = [i for i in range(rank) if i not in gone]
    return make_view(
        input,
        tuple([input._shape[i] for i in kept]),
        tuple([strides[i] for i in kept]),
        _offset(input),
        "SqueezeBackward0" if dim is None else "SqueezeBackward1",
        _reshape_to,
        input._shape,
    )


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a new dimension of size 1 at `dim`."""
    dim = wrap_dim(dim, input.dim() + 1)
    shape, strides = input._shape, _strides(input)
    step = shape[dim] * strides[dim] if dim < len(shape) else 1
    return make_view(
        input,
        (*shape[:dim], 1, *shape[dim:]),
        (*strides[:dim], step, *strides[dim:]),
        _offset(input),
        "UnsqueezeBackward0",
        _reshape_to,
        shape,
    )


# --- order of dimensions ----------------------------------------------------------------------------------------------


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """With two dimensions swapped."""
    rank = input.dim()
    a, b = wrap_dim(dim0, rank), wrap_dim(dim1, rank)
    order = list(range(rank))
    if rank:
        order[a], order[b] = b, a
    return _permuted(input, order, "TransposeBackward0", transpose, a, b)


def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; a vector or 0-d tensor as it is.

    Raises:
        RuntimeError: more than two dimensions.
    """
    rank = len(input._shape)
    if rank > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {rank}D")
    return _permuted(input, (1, 0) if rank == 2 else range(rank), "TBackward0", t)


def permute(input: Tensor, *order_: Any, dims: Any = None) -> Tensor:
    """With the dimensions in the order given.

    Raises:
        RuntimeError: not every dimension is named once.
    """
    order = sizes(order_ if dims is None else (dims,), "permute(): argument 'dims'")
    rank = input.dim()
    if len(order) != rank:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {rank} is not equal to len(dims) = {len(order)}"
        )
    order = tuple(wrap_dim(d, rank) for d in order)
    if len(set(order)) != rank:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    back = [0] * rank
    for i, d in enumerate(order):
        back[d] = i
    return _permuted(input, order, "PermuteBackward0", permute, tuple(back))


def _permuted(
    input: Tensor, order: Sequence[int], label: str, derivative: Callable[..., Any], *arguments: Any
) -> Tensor:
    shape, strides = input._shape, _strides(input)
    return make_view(
        input,
        tuple([shape[i] for i in order]),
        tuple([strides[i] for i in order]),
        _offset(input),
        label,
        derivative,
        *arguments,
    )


def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """With dimensions moved to new positions, the others in their order.

    Raises:
        RuntimeError: a dimension is named twice, or other numbers of sources and destinations.
    """
    rank = input.dim()
    given = [source] if isinstance(source, int) else list(source)
    wanted = [destination] if isinstance(destination, int) else list(destination)
    if len(given) != len(wanted):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({given} dims) should contain the same number of dims "
            f"as destination ({wanted} dims)"
        )
    sources = [wrap_dim(d, rank) for d in given]
    targets = [wrap_dim(d, rank) for d in wanted]
    for label, dims, shown in (("source", sources, given), ("destination", targets, wanted)):
        if len(set(dims)) != len(dims):
            raise RuntimeError(f"movedim: repeated dim in `{label}` ({shown})")
    order = [i for i in range(rank) if i not in sources]
    for target, origin in sorted(zip(targets, sources, strict=True)):
        order.insert(target, origin)
    return permute(input, order)


def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """As `transpose`."""
    return transpose(input, axis0, axis1)


# --- expand -----------------------------------------------------------------------------------------------------------


def expand(input: Tensor, *sizes_: Any, size: Any = None, implicit: bool = False) -> Tensor:
    """With dimensions of size 1 repeated, without copying; -1 keeps a size, and new dimensions may come first.

    Raises:
        RuntimeError: a size other than 1 would change.
    """
    target = sizes(sizes_ if size is None else (size,), "expand(): argument 'size'")
    shape, strides = input._shape, _strides(input)
    lead = len(target) - len(shape)
    if lead < 0:
        raise RuntimeError(
            f"expand({_type_name(input)}{{{list(shape)}}}, size={list(target)}): the number of sizes provided "
            f"({len(target)}) must be greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    new_shape = []
    new_strides = []
    for i, size in enumerate(target):
        if i < lead:
            if size < 0:
                _raise_expand(target, shape)
            new_shape.append(size)
            new_strides.append(0)
            continue
        have = shape[i - lead]
        if size in (-1, have):
            new_shape.append(have)
            new_strides.append(strides[i - lead])
        elif have == 1:
            new_shape.append(size)
            new_strides.append(0)
        else:
            _raise_expand(target, shape)
    return make_view(input, tuple(new_shape), tuple(new_strides), _offset(input), "ExpandBackward0", sum_to_size, shape)


def _raise_expand(target: tuple[int, ...], shape: tuple[int, ...]) -> None:
    """Raise for the last dimension that does not fit, as PyTorch does."""
    lead = len(target) - len(shape)
    for i in reversed(range(len(target))):
        size = target[i]
        if i < lead:
            if size < 0:
                raise RuntimeError(
                    f"The expanded size of the tensor ({size}) isn't allowed in a leading, non-existing dimension {i}"
                )
        elif size not in (-1, shape[i - lead]) and shape[i - lead] != 1:
            raise RuntimeError(
                f"The expanded size of the tensor ({size}) must match the existing size ({shape[i - lead]}) at "
                f"non-singleton dimension {i}.  Target sizes: {list(target)}.  Tensor sizes: {list(shape)}"
            )


def _type_name(x: Tensor) -> str:
    return f"torch.{x.dtype.legacy_name}Tensor"


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """`input.expand(other.shape)`."""
    return expand(input, other._shape)


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`input.expand(size)`."""
    return expand(input, tuple(size))


# --- parts ------------------------------------------------------------------------------------------------------------


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The slice at one index of a dimension, which disappears.

    Raises:
        IndexError: 0-d input, or the index is out of range.
    """
    shape = input._shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim = wrap_dim(dim, len(shape))
    index = index.__index__()
    size = shape[dim]
    if not -size <= index < size:
        raise IndexError(f"select(): index {index} out of range for tensor of size {list(shape)} at dimension {dim}")
    strides = _strides(input)
    return _part(
        input,
        (*shape[:dim], *shape[dim + 1 :]),
        (*strides[:dim], *strides[dim + 1 :]),
        (dim,),
        (index % size,),
        "SelectBackward0",
        (1,),
    )


def slice_dim(input: Tensor, dim: int, start: int | None, stop: int | None, step: int | None = None) -> Tensor:
    """`input[start:stop:step]` along one dimension.

    Raises:
        ValueError: the step is not positive.
    """
    step = 1 if step is None else step.__index__()
    if step == 0:
        raise ValueError("slice step cannot be zero")
    if step < 0:
        raise ValueError("step must be greater than zero")
    dim = wrap_dim(dim, input.dim())
    shape, strides = input._shape, _strides(input)
    first, last, _ = _slice(start, stop, step).indices(shape[dim])
    count = max(0, -(-(last - first) // step))
    return _part(
        input,
        (*shape[:dim], count, *shape[dim + 1 :]),
        (*strides[:dim], strides[dim] * step, *strides[dim + 1 :]),
        (dim,),
        (first,),
        "SliceBackward0",
        (step,),
    )


def _part(
    input: Tensor,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    dims: tuple[int, ...],
    starts: tuple[int, ...],
    label: str,
    steps: tuple[int, ...],
) -> Tensor:
    """A view that begins at `starts` along `dims`; its gradient, in the layout of a contiguous input, is 0 outside."""
    own = _strides(input)
    offset = _offset(input)
    plain = contiguous_strides(input._shape)
    start = 0
    for d, s in zip(dims, starts, strict=True):
        offset += s * own[d]
        start += s * plain[d]
    if GradMode.enabled and needs_grad(input):
        dim = dims[0]
        inner = (
            (*plain[:dim], *plain[dim + 1 :])
            if len(shape) < len(input._shape)
            else (*plain[:dim], plain[dim] * steps[0], *plain[dim + 1 :])
        )
        return make_view(input, shape, strides, offset, label, embed, input._shape, (shape, inner, start))
    return alias_of(input, shape, strides, offset)


@op(input=lambda g, region: read_region(g, region))
def embed(be: Any, input: Array, shape: tuple[int, ...], region: Any) -> Any:
    """Zeros of `shape` with `input` written into a region of them."""
    return be.assign(be.full(shape, 0, be.dtype_of(input)), region, input)


def read_region(g: Tensor, region: Any) -> Tensor:
    """A region of the elements of `g`, in C order, as a view."""
    g = contiguous(g)
    shape, strides, offset = region
    return as_strided(g, shape, strides, offset + _offset(g))


def narrow(input: Tensor, dim: int, start: int | Tensor, length: int) -> Tensor:
    """`length` elements of a dimension, from `start` on.

    Raises:
        IndexError: the start is out of range.
        RuntimeError: the end is out of range.
    """
    if not input._shape:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if isinstance(start, Tensor) and (start._shape or start.dtype.priority != 1):
        raise RuntimeError("start must be an 0-dim integral Tensor.")
    begin = start.__index__()
    size = input._shape[wrap_dim(dim, input.dim())]
    if not -size <= begin <= size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {begin})")
    if begin < 0:
        begin += size
    if begin + length > size:
        raise RuntimeError(f"start ({begin}) + length ({length}) exceeds dimension size ({size}).")
    return slice_dim(input, dim, begin, begin + length)


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two dimensions as a new last dimension, as a view.

    Raises:
        RuntimeError: the two dimensions are one.
    """
    rank = input.dim()
    a, b = wrap_dim(dim1, rank), wrap_dim(dim2, rank)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    rows, columns = input._shape[a], input._shape[b]
    count = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    kept = [i for i in range(rank) if i not in (a, b)]
    shape = (*[input._shape[i] for i in kept], count)

    def region(strides: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
        shift = (offset * strides[b] if offset >= 0 else -offset * strides[a]) if count else 0
        return (*[strides[i] for i in kept], strides[a] + strides[b]), shift

    strides, shift = region(_strides(input))
    inner, start = region(contiguous_strides(input._shape))
    return make_view(
        input, shape, strides, _offset(input) + shift, "DiagonalBackward0", embed, input._shape, (shape, inner, start)
    )


def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of `size` elements, `step` apart, along a dimension; a window's elements are a new last dimension.

    Raises:
        RuntimeError: a window is longer than the dimension, or `step` is not positive.
    """
    dim = wrap_dim(dimension, input.dim())
    if not input._shape and size <= 1 and step > 0:
        return unsqueeze(input, 0) if size else reshape(slice_dim(unsqueeze(input, 0), 0, 0, 0), 0)
    have = input._shape[dim] if input._shape else 1
    if size > have:
        raise RuntimeError(f"maximum size for tensor at dimension {dim} is {have} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    count = (have - size) // step + 1
    shape = (*input._shape[:dim], count, *input._shape[dim + 1 :], size)

    def windows(strides: tuple[int, ...]) -> tuple[int, ...]:
        return (*strides[:dim], strides[dim] * step, *strides[dim + 1 :], strides[dim])

    return make_view(
        input,
        shape,
        windows(_strides(input)),
        _offset(input),
        "UnfoldBackward0",
        accumulate_region,
        input._shape,
        (shape, windows(contiguous_strides(input._shape)), 0),
    )


def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """Any view of the storage: sizes, strides and offset in elements. Elements may overlap."""
    shape, strides = tuple(size), tuple(stride)
    if len(shape) != len(strides):
        raise RuntimeError("mismatch in length of strides and shape")
    offset = _offset(input) if storage_offset is None else storage_offset
    if any(s < 0 for s in strides):
        raise RuntimeError(
            f"as_strided: Negative strides are not supported at the moment, got strides: {list(strides)}"
        )
    reach = offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) + 1 if 0 not in shape else 0
    if reach > _elements(input):
        raise RuntimeError(
            f"setStorage: sizes {list(shape)}, strides {list(strides)}, storage offset {offset}, and itemsize "
            f"{input.dtype.itemsize} requiring a storage size of {reach * input.dtype.itemsize} are out of bounds for "
            f"storage of size {_elements(input) * input.dtype.itemsize}"
        )
    return make_view(
        input,
        shape,
        strides,
        offset,
        "AsStridedBackward0",
        as_strided_backward,
        input._shape,
        geometry_of(input),
        (shape, strides, offset),
    )


def _elements(x: Tensor) -> int:
    return Size(x._storage.array.shape).numel()


def geometry_of(x: Tensor) -> Any:
    """Where in its storage a view lies, and how many elements that has; None of a tensor that is all of it."""
    return None if x._view is None else (x._shape, *x._view, _elements(x))


def as_strided_backward(g: Tensor, shape: tuple[int, ...], geometry: Any, region: Any) -> Tensor:
    """The gradient on the whole storage, then what of it the input showed."""
    if geometry is None:
        return accumulate_region(g, shape, region)
    whole = accumulate_region(g, (geometry[3],), region)
    if _may_overlap(geometry[0], geometry[1]):
        # Elements that the input showed several times: each gets its share.
        times = accumulate_region(g.new_ones(()).expand(shape), (geometry[3],), geometry[:3])
        whole = whole / times.clamp(min=1.0)
    return as_strided(whole, *geometry[:3]).clone()


def _may_overlap(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    reach = 0
    for stride, size in sorted(zip(strides, shape, strict=True)):
        if size > 1:
            if stride <= reach:
                return True
            reach += (size - 1) * stride
    return False


@op(input=lambda g, region: read_region(g, region))
def accumulate_region(be: Any, input: Array, shape: tuple[int, ...], region: Any) -> Any:
    """Zeros of `shape` with `input` added into a region of them, whose elements may overlap."""
    from ..dtype import int64

    n = Size(shape).numel()
    kind = be.dtype_of(input)
    positions = be.view(be.arange(0, 1, n, int64), *region)
    count = Size(region[0]).numel()
    summed = be.put(be.full((n,), 0, kind), be.reshape(positions, (count,)), 0, be.reshape(input, (count,)), "add")
    return be.reshape(summed, shape)


def alias(input: Tensor) -> Tensor:
    """A view of all of `input`."""
    return make_view(input, input._shape, _strides(input), _offset(input), "AliasBackward0", lambda g: g)


# --- copies -----------------------------------------------------------------------------------------------------------


@op(name="CloneBackward0", input=lambda g: g)
def _copied(be: Any, input: Array) -> Any:
    return be.copy(input)


def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy, in the order in memory of `input` or in a memory format, through which gradients flow."""
    if memory_format is not None and memory_format.name.startswith("channels"):
        return _memory_formats().in_format(input, memory_format)
    if input._view is not None and (memory_format is None or memory_format.name == "preserve_format"):
        return _memory_formats().copied(input)
    result: Tensor = _copied(input)
    return result


def contiguous(input: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor itself if its elements are in C order, or as the memory format says, else a copy in which they are.

    Raises:
        RuntimeError: the format is for another number of dimensions.
    """
    if memory_format is None:
        return input if input._view is None or input.is_contiguous() else _copied(input)
    return input if input.is_contiguous(memory_format) else clone(input, memory_format=memory_format)


def _memory_formats() -> Any:
    from . import memory_formats

    return memory_formats


FUNCTIONS = (
    reshape, flatten, unflatten, ravel, squeeze, unsqueeze, transpose, t, permute, movedim, swapaxes, broadcast_to,
    select, narrow, diagonal, as_strided, clone,
)  # fmt: skip
METHODS = (*FUNCTIONS, view, view_as, reshape_as, expand, expand_as, unfold, contiguous)
