"""Boxes of index spaces, and which arrays are large."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import NamedTuple

from ..lazy import ARGSORT, PARTS, LazyArray
from ..regions import Shape, contiguous_strides


class Block(NamedTuple):
    """A box of an array's index space."""

    starts: tuple[int, ...]
    shape: Shape


def is_large(x: LazyArray, part: int) -> bool:
    if x.op is ARGSORT:  # its network takes a power of two of positions
        length = x.shape[x.attr[0]]
        return prod(x.shape) // length * (1 << (length - 1).bit_length()) > part
    return x.op is PARTS or prod(x.shape) > part


def box(shape: Shape, first: int, last: int) -> Block:
    """The smallest box of whole trailing dimensions that holds the C-order positions `first` to `last`."""
    starts: list[int] = []
    sizes: list[int] = []
    for axis, step in enumerate(contiguous_strides(shape)):
        low, high = first // step, last // step
        if low != high:
            return Block((*starts, low, *(0,) * (len(shape) - axis - 1)), (*sizes, high - low + 1, *shape[axis + 1 :]))
        starts.append(low)
        sizes.append(1)
        first -= low * step
        last -= high * step
    return Block(tuple(starts), tuple(sizes))


def blocks(shape: Shape, start: int, count: int) -> Iterator[Block]:
    """The boxes of an index space that hold `count` positions from `start`, in C order."""
    if not shape:
        yield Block((), ())
        return
    inner = prod(shape[1:])
    while count:
        at, into = divmod(start, inner)
        if into == 0 and count >= inner:
            size = count // inner
            yield Block((at, *(0,) * (len(shape) - 1)), (size, *shape[1:]))
            taken = size * inner
        else:
            taken = min(inner - into, count)
            for block in blocks(shape[1:], into, taken):
                yield Block((at, *block.starts), (1, *block.shape))
        start += taken
        count -= taken


def slices(block: Block, axis: int, most: int) -> list[Block]:
    """A box cut along an axis into pieces of at most so many."""
    (starts, shape), result = block, []
    for at in range(0, shape[axis], most):
        size = min(most, shape[axis] - at)
        result.append(
            Block((*starts[:axis], starts[axis] + at, *starts[axis + 1 :]), (*shape[:axis], size, *shape[axis + 1 :]))
        )
    return result
