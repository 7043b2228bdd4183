"""Putting tensors together.

Source: https://docs.pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import once
from .._tensor import Tensor, needs_grad
from ..autograd.modes import GradMode
from ..backends.protocol import Array
from ..layout import contiguous_format
from ..promotion import result_type
from ..shape import broadcast_shapes, checked_sizes, wrap_dim
from .memory_formats import as_operands, is_channels_last
from .node_names import recorded_as
from .op import op, store
from .operands import to_dtype
from .overlap import check_apart
from .splitting import unbind
from .views import expand, narrow, reshape, unsqueeze


@op(name="CatBackward0", tensors=lambda g, tensors_shape, axis: _cat_backward(g, tensors_shape, axis))
def concat(be: Any, tensors: Sequence[Array], axis: int) -> Any:
    """Arrays joined along an axis they all have."""
    return be.concat(tensors, axis)


def _cat_backward(g: Tensor, shapes: list[tuple[int, ...]], axis: int) -> list[Tensor]:
    parts = []
    start = 0
    for shape in shapes:
        parts.append(narrow(g, axis, start, shape[axis]))
        start += shape[axis]
    return parts


def _listed(name: str, tensors: Any) -> list[Any]:
    if isinstance(tensors, (list, tuple)):
        return list(tensors)
    raise TypeError(f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}")


def _check_tensors(tensors: Sequence[Any]) -> None:
    for i, x in enumerate(tensors):
        if not isinstance(x, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}")


def cat(tensors: Sequence[Tensor], dim: int = 0, *, axis: int | None = None, out: Tensor | None = None) -> Tensor:
    """The tensors one after another along a dimension; their other sizes agree.

    Raises:
        RuntimeError: no tensors, or sizes that differ, in PyTorch's words.
    """
    tensors = _listed("cat", tensors)
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    if _all_alike(tensors):
        d = wrap_dim(dim if axis is None else axis, len(tensors[0]._shape))
        return _joined(tensors, tensors, d, out)
    _check_tensors(tensors)
    for i, x in enumerate(tensors):
        if not x._shape:
            raise RuntimeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    kind = result_type(*tensors)
    # An empty 1-D tensor joins anything, for the sake of old programs; PyTorch does so too.
    kept = [x for x in tensors if x._shape != (0,)]
    first = kept[0]._shape if kept else (0,)
    d = wrap_dim(dim if axis is None else axis, len(first)) if kept else 0
    if len(kept) < len(tensors) and GradMode.enabled:  # it has a gradient nevertheless
        nothing = (*first[:d], 0, *first[d + 1 :])
        kept = [reshape(x, nothing) if x._shape == (0,) else x for x in tensors if x._shape != (0,) or needs_grad(x)]
    kept = [to_dtype(x, kind) for x in kept or tensors]
    for i, x in enumerate(kept[1:], 1):
        if len(x._shape) != len(first):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(first)} and {len(x._shape)}")
        for j, (a, b) in enumerate(zip(first, x._shape, strict=True)):
            if j != d and a != b:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {d}. Expected size {a} but got size {b} for "
                    f"tensor number {i} in the list."
                )
    return _joined(tensors, kept, d, out)


def _all_alike(tensors: Sequence[Any]) -> bool:
    """Whether all are tensors of one shape and dtype, of which nothing else need be looked at; dimensions they have."""
    if not isinstance(tensors[0], Tensor) or tensors[0]._shape in ((), (0,)):
        return False
    try:
        return len({x._shape for x in tensors}) == len({x.dtype for x in tensors}) == 1
    except AttributeError:
        return False


def _joined(tensors: Sequence[Tensor], kept: Sequence[Tensor], d: int, out: Tensor | None) -> Tensor:
    if out is not None:
        count = sum([x.numel() for x in tensors])
        for x in tensors:
            check_apart(out, x, same=False, count=count)
    result: Tensor = concat(kept, d)
    if kept[0]._view is not None and all([is_channels_last(x) for x in kept]):  # noqa: C419 - a list is quicker for the few there are
        as_operands(result, kept[0])
    return result if out is None else store(out, result, "cat")


@op(name="StackBackward0", tensors=lambda g, axis: unbind(g, axis))
def pile(be: Any, tensors: Sequence[Array], axis: int) -> Any:
    """Arrays of one shape joined along a new axis."""
    shape = tensors[0].shape
    return be.concat([be.reshape(x, (*shape[:axis], 1, *shape[axis:])) for x in tensors], axis)


def stack(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Tensors of one shape along a new dimension.

    Raises:
        RuntimeError: no tensors, or shapes that differ.
    """
    tensors = _listed("stack", tensors)
    if not tensors:
        raise RuntimeError("stack expects a non-empty TensorList")
    if _all_alike(tensors):
        result: Tensor = pile(tensors, wrap_dim(dim, len(tensors[0]._shape) + 1))
        return result if out is None else store(out, result, "stack")
    _check_tensors(tensors)
    first = tensors[0]._shape
    for i, x in enumerate(tensors):
        if x._shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and {list(x._shape)} at "
                f"entry {i}"
            )
    d = wrap_dim(dim, len(first) + 1)
    kind = result_type(*tensors)
    result = pile([to_dtype(x, kind) for x in tensors], d)
    return result if out is None else store(out, result, "stack")


def _some(name: str, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
    if not len(tensors):
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return tensors


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Side by side: along dimension 1, or 0 for vectors."""
    rows = [atleast_1d(x) for x in _some("hstack", tensors)]
    return cat(rows, 0 if rows[0].dim() == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """On top of each other, vectors as rows."""
    return cat([atleast_2d(x) for x in _some("vstack", tensors)], 0)


def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Along dimension 2."""
    return cat([x if x.dim() > 2 else unsqueeze(atleast_2d(x), 2) for x in _some("dstack", tensors)], 2)


def _each(given: tuple[Any, ...], one: Callable[[Tensor], Tensor]) -> Any:
    """A function of one tensor for one, or for each of several or of a sequence."""
    tensors = given[0] if len(given) == 1 else given
    return one(tensors) if not isinstance(tensors, (list, tuple)) else tuple([one(x) for x in tensors])


def _vector(x: Tensor) -> Tensor:
    return x if x._shape else reshape(x, 1)


def _row(x: Tensor) -> Tensor:
    return x if len(x._shape) > 1 else reshape(x, (1, -1))


def atleast_1d(*tensors: Any) -> Any:
    """With at least one dimension."""
    return _each(tensors, _vector)


def atleast_2d(*tensors: Any) -> Any:
    """With at least two dimensions; a vector becomes a row."""
    return _each(tensors, _row)


def atleast_3d(*tensors: Any) -> Any:
    """With at least three dimensions: a vector becomes (1, n, 1), a matrix (n, m, 1)."""
    return _each(tensors, lambda x: x if len(x._shape) > 2 else unsqueeze(_row(x), 2))


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors expanded to their common shape."""
    shape: tuple[int, ...] = ()
    for x in tensors:
        shape = broadcast_shapes(shape, x._shape)
    return tuple(expand(x, shape) for x in tensors)


@recorded_as("RepeatBackward0")
def repeat(input: Tensor, *times_: Any, repeats: Any = None) -> Tensor:
    """The tensor repeated along each dimension, new ones first; a copy."""
    from ..shape import sizes

    if repeats is not None:
        times_ = (repeats,)
    if not times_:
        raise TypeError('repeat() missing 1 required positional arguments: "repeats"')
    times = sizes(times_, "repeat(): argument 'repeats'")
    lead = len(times) - len(input._shape)
    if lead < 0:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    shape = (1,) * lead + input._shape
    checked_sizes(tuple(count * size for count, size in zip(times, shape, strict=True)))
    spread = reshape(input, tuple(n for size in shape for n in (1, size)))
    full = expand(spread, tuple(n for count, size in zip(times, shape, strict=True) for n in (count, size)))
    return full.clone(memory_format=contiguous_format).reshape(
        tuple(count * size for count, size in zip(times, shape, strict=True))
    )


def tile(input: Tensor, *times_: Any, dims: Any = None) -> Tensor:
    """As `repeat`, with missing counts taken as 1."""
    from ..shape import sizes

    times = sizes(times_ if dims is None else (dims,), "tile(): argument 'dims'")
    return repeat(input, (1,) * (len(input._shape) - len(times)) + times)


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Vectors as the coordinates of a grid; `indexing` is "ij", the default, or "xy"."""
    if indexing is None:
        once.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.", stacklevel=2
        )
        indexing = "ij"
    axes = list(tensors[0]) if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else list(tensors)
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    swap = indexing == "xy" and len(axes) > 1
    if swap:
        axes[0], axes[1] = axes[1], axes[0]
    axes = [reshape(x, -1) for x in axes]
    shape = tuple(x._shape[0] for x in axes)
    grids = [
        expand(reshape(x, tuple(-1 if j == i else 1 for j in range(len(axes)))), shape) for i, x in enumerate(axes)
    ]
    if swap:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)


FUNCTIONS = (
    cat, stack, hstack, vstack, dstack, atleast_1d, atleast_2d, atleast_3d, broadcast_tensors, tile, meshgrid
)  # fmt: skip
METHODS = (repeat, tile)
ALIASES = {"concat": cat, "concatenate": cat}
