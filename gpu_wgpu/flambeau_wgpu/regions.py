"""Index arithmetic on strided regions: what makes views free.

A view maps the coordinates of its shape to positions in another array's C order: `offset + sum(coordinate * stride)`.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod

Shape = tuple[int, ...]
Strides = tuple[int, ...]


@lru_cache(maxsize=4096)
def contiguous_strides(shape: Shape) -> Strides:
    """The strides of C order."""
    strides = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


@lru_cache(maxsize=4096)
def broadcast_shapes(a: Shape, b: Shape) -> Shape:
    """The shape that two operands have together (the core has checked that there is one)."""
    if len(a) < len(b):
        a, b = b, a
    lead = len(a) - len(b)
    return a[:lead] + tuple(y if x == 1 else x for x, y in zip(a[lead:], b, strict=True))


@lru_cache(maxsize=4096)
def broadcast_strides(shape: Shape, target: Shape) -> Strides:
    """The strides that read an array of `shape` in C order as one of the `target` shape."""
    own = contiguous_strides(shape)
    lead = len(target) - len(shape)
    return (0,) * lead + tuple(0 if size == 1 else stride for size, stride in zip(shape, own, strict=True))


def is_identity(shape: Shape, strides: Strides, offset: int, source_count: int) -> bool:
    """Whether a view shows all `source_count` elements of its source in their order."""
    if offset or prod(shape) != source_count:
        return False
    step = 1
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size != 1 and stride != step:
            return False
        step *= size
    return True


def permutation(shape: Shape, strides: Strides, source: Shape) -> tuple[int, ...] | None:
    """The axes of an array of shape `source` whose permutation such a view of it is; None if it is none."""
    left = dict(enumerate(zip(source, contiguous_strides(source), strict=True)))
    axes = []
    for size, stride in zip(shape, strides, strict=True):
        axis = next((axis for axis, (n, step) in left.items() if n == size and (n == 1 or step == stride)), None)
        if axis is None:
            return None
        del left[axis]
        axes.append(axis)
    return None if left else tuple(axes)


@lru_cache(maxsize=4096)
def simplify(shape: Shape, strides: Strides) -> tuple[Shape, Strides]:
    """The same view with fewer dimensions."""
    merged, (result,) = merge_dims(shape, [strides])
    return merged, result


@lru_cache(maxsize=4096)
def compose(
    dims: Shape, strides: Strides, offset: int, shape: Shape, inner_strides: Strides, inner_offset: int
) -> tuple[Strides, int] | None:
    """One view in place of two: `(dims, strides, offset)` into the C order of `shape`, seen through `inner_strides,
    inner_offset`.

    None where no single stride per dimension does it (a reshape that merges dimensions which do not lie one after the
    other).
    """
    shape, inner_strides = simplify(shape, inner_strides)
    if len(shape) == 1:
        return tuple(stride * inner_strides[0] for stride in strides), inner_offset + offset * inner_strides[0]
    # Write the offset and each step as coordinates of `shape`. If no sum of steps leaves the bounds of a coordinate
    # there is no carry, and the map is linear in each of them.
    position = inner_offset
    reach = []
    left = offset
    own = contiguous_strides(shape)
    for step, inner in zip(own, inner_strides, strict=True):
        coordinate = left // step
        left -= coordinate * step
        reach.append(coordinate)
        position += coordinate * inner
    result = []
    for count, stride in zip(dims, strides, strict=True):
        total = 0
        if count > 1 and stride:
            left = stride
            for axis, step in enumerate(own):
                if left >= step:
                    moved = left // step
                    left -= moved * step
                    reach[axis] += moved * (count - 1)
                    total += moved * inner_strides[axis]
        result.append(total)
    for end, size in zip(reach, shape, strict=True):
        if end >= size:
            return None
    return tuple(result), position


def merge_dims(dims: Shape, all_strides: list[Strides], keep_apart: int = -1) -> tuple[Shape, list[Strides]]:
    """The same iteration with fewer dimensions: those of size 1 go, neighbours that every access walks in one go become
    one.

    Dimension `keep_apart` is never merged with the one before it (the first reduced dimension).
    """
    kept = [axis for axis, size in enumerate(dims) if size != 1]
    runs: list[list[int]] = []
    for axis in kept:
        previous = runs[-1][-1] if runs else -1
        joined = previous >= 0 and not (previous < keep_apart <= axis)
        if joined:
            size = dims[axis]
            for strides in all_strides:
                if strides[previous] != strides[axis] * size:
                    joined = False
                    break
        if joined:
            runs[-1].append(axis)
        else:
            runs.append([axis])
    merged = tuple(prod([dims[axis] for axis in run]) for run in runs)
    return merged, [tuple(strides[run[-1]] for run in runs) for strides in all_strides]
