"""Arithmetic on shapes and strides, with PyTorch's rules and error texts. Knows nothing of tensors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from math import prod
from typing import Any, NoReturn, SupportsIndex, overload

Shape = tuple[int, ...]


class Size(tuple[int, ...]):
    """A shape. A tuple of int that prints as `torch.Size([2, 3])`."""

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements: the product of the sizes."""
        return prod(self)

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Size, (tuple(self),)

    @overload
    def __getitem__(self, key: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> Size: ...
    def __getitem__(self, key: Any) -> Any:
        item = tuple.__getitem__(self, key)
        return Size(item) if isinstance(key, slice) else item

    def __add__(self, other: tuple[Any, ...]) -> Size:
        return Size(tuple.__add__(self, other))

    def __radd__(self, other: tuple[int, ...]) -> Size:
        return Size(tuple.__add__(tuple(other), self))

    def __mul__(self, times: SupportsIndex) -> Size:
        return Size(tuple.__mul__(self, times))


@lru_cache(maxsize=4096)
def contiguous_strides(shape: Shape) -> tuple[int, ...]:
    """The strides, in elements, of a C-order array; as PyTorch, sizes of 0 count as 1."""
    strides = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= size or 1
    return tuple(reversed(strides))


def is_contiguous(shape: Shape, strides: tuple[int, ...]) -> bool:
    """Whether the strides are those of a C-order array; sizes of 1 may have any stride."""
    if 0 in shape:
        return True
    step = 1
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size != 1:
            if stride != step:
                return False
            step *= size
    return True


def broadcast_all(*shapes: Any) -> Size:
    """The shape that tensors of some shapes broadcast to; public as `broadcast_shapes`.

    Raises:
        RuntimeError: there is none.
    """
    result: Shape = ()
    for shape in shapes:
        try:
            result = broadcast_shapes(result, (shape,) if isinstance(shape, int) else tuple(shape))
        except RuntimeError:
            raise RuntimeError("Shape mismatch: objects cannot be broadcast to a single shape") from None
    return Size(result)


@lru_cache(maxsize=4096)
def broadcast_shapes(a: Shape, b: Shape) -> Shape:
    """The shape of an elementwise result.

    Raises:
        RuntimeError: the shapes do not broadcast, in PyTorch's words.
    """
    if len(a) < len(b):
        short, long, swapped = a, b, True
    else:
        short, long, swapped = b, a, False
    lead = len(long) - len(short)
    out = list(long)
    for i in range(len(long) - 1, lead - 1, -1):
        p, q = long[i], short[i - lead]
        if p == q or q == 1:
            continue
        if p != 1:
            first, second = (q, p) if swapped else (p, q)
            raise RuntimeError(
                f"The size of tensor a ({first}) must match the size of tensor b ({second}) at non-singleton dimension "
                f"{i}"
            )
        out[i] = q
    return tuple(out)


def wrap_dim(dim: int, rank: int) -> int:
    """A dimension counted from the front.

    Raises:
        IndexError: out of range, in PyTorch's words.
    """
    limit = rank or 1
    if not -limit <= dim < limit:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-limit}, {limit - 1}], but got {dim})")
    return dim % limit


def wrap_dims(dims: int | Sequence[int] | None, rank: int) -> tuple[int, ...]:
    """Sorted dimensions counted from the front; None or an empty sequence means all of them.

    Raises:
        IndexError: a dimension is out of range.
        RuntimeError: a dimension appears twice.
    """
    if rank > 64:
        raise RuntimeError("only tensors with up to 64 dims are supported")
    if dims is None:
        return tuple(range(rank))
    if isinstance(dims, int):
        return (wrap_dim(dims, rank),) if rank else (wrap_dim(dims, rank),)[:0]
    if not len(dims):
        return tuple(range(rank))
    wrapped = sorted(wrap_dim(d, rank) for d in dims)
    for a, b in pairwise(wrapped):
        if a == b:
            raise RuntimeError(f"dim {a} appears multiple times in the list of dims")
    return tuple(wrapped) if rank else ()


def distinct_dims(dims: Iterable[int], rank: int) -> list[int]:
    """Dimensions counted from the front, in the order given.

    Raises:
        IndexError: out of range.
        RuntimeError: one is there twice.
    """
    wrapped = [wrap_dim(d, rank) for d in dims]
    if len(set(wrapped)) != len(wrapped):
        twice = next(d for i, d in enumerate(wrapped) if d in wrapped[:i])
        raise RuntimeError(f"dim {twice} appears multiple times in the list of dims")
    return wrapped


def sizes(args: tuple[Any, ...], label: str = "size") -> Shape:
    """The shape in `f(2, 3)`, `f((2, 3))` or `f(torch.Size([2, 3]))`; `label` names the argument in errors.

    Raises:
        TypeError: a size is not an integer, in PyTorch's words.
    """
    given = tuple(args[0]) if len(args) == 1 and isinstance(args[0], (tuple, list)) else args
    try:
        return tuple([a if a.__class__ is int else a.__index__() for a in given])
    except (AttributeError, TypeError):
        _raise_not_sizes(args, given, label)


def _raise_not_sizes(args: tuple[Any, ...], given: tuple[Any, ...], label: str) -> NoReturn:
    place, culprit = next((i, a) for i, a in enumerate(given) if isinstance(a, float) or not hasattr(a, "__index__"))
    kind = type(culprit).__name__
    if place:
        raise TypeError(
            f'{label} failed to unpack the object at pos {place + 1} with error "type must be tuple of ints,but got {kind}"'
        ) from None
    if given is not args:
        raise TypeError(
            f"{label} (position 1) must be tuple of ints, but found element of type {kind} at pos {place}"
        ) from None
    raise TypeError(f"{label} (position 1) must be tuple of ints, not {kind}") from None


def checked_sizes(args: tuple[Any, ...], label: str = "size") -> Shape:
    """As `sizes`, for creation: refuses negative sizes in PyTorch's words."""
    shape = sizes(args, label)
    for size in shape:
        if size < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {size}: {list(shape)}")
    return shape


def infer_size(shape: Shape, numel: int) -> Shape:
    """`shape` with its one -1 replaced so that it has `numel` elements.

    Raises:
        RuntimeError: it cannot have, in PyTorch's words.
    """
    known = 1
    hole = -1
    for i, size in enumerate(shape):
        if size == -1:
            if hole >= 0:
                raise RuntimeError("only one dimension can be inferred")
            hole = i
        elif size < 0:
            raise RuntimeError(f"invalid shape dimension {size} at index {i} of shape {list(shape)}")
        else:
            known *= size
    if hole < 0:
        if known != numel:
            raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {numel}")
        return shape
    if known == 0:
        if numel == 0:
            raise RuntimeError(
                f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension size "
                "-1 can be any value and is ambiguous"
            )
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {numel}")
    if numel % known:
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {numel}")
    return (*shape[:hole], numel // known, *shape[hole + 1 :])


def view_strides(shape: Shape, strides: tuple[int, ...], new: Shape) -> tuple[int, ...] | None:
    """Strides that show the same elements as `new`, or None where only a copy can.

    Runs of dimensions that lie densely within each other are taken together, and `new` is divided over the runs.
    """
    if 0 in shape:
        return strides if new == shape else contiguous_strides(new)
    if not shape:
        return (1,) * len(new)
    out = [0] * len(new)
    place = len(new) - 1
    step = strides[-1]  # of the innermost dimension of a run
    have = took = 1  # elements of the run, of the dimensions of `new` given to it
    for d in range(len(shape) - 1, -1, -1):
        have *= shape[d]
        if d and (shape[d - 1] == 1 or strides[d - 1] == have * step):
            continue
        while place >= 0 and (took < have or new[place] == 1):
            out[place] = took * step
            took *= new[place]
            place -= 1
        if took != have:
            return None
        if d:
            step = strides[d - 1]
            have = took = 1
    return tuple(out) if place < 0 else None


def reduced_shape(shape: Shape, axes: Iterable[int], keepdim: bool) -> Shape:
    """The shape after reducing `axes`."""
    gone = set(axes)
    if keepdim:
        return tuple(1 if i in gone else size for i, size in enumerate(shape))
    return tuple(size for i, size in enumerate(shape) if i not in gone)
