"""Boxes of index spaces, and which arrays are large."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import NamedTuple

from ..lazy import ARGSORT, PARTS, PUT, REDUCE, SCAN, SCATTER, LazyArray
from ..regions import Shape, contiguous_strides

WALK = 1 << 15
"""Turns of loops that an invocation takes at most. Mesa's software adapter ends them all, without a word, at 65535."""
GROUP = 64  # invocations that share a long row


class Block(NamedTuple):
    """A box of an array's index space."""

    starts: tuple[int, ...]
    shape: Shape


def is_large(x: LazyArray, part: int) -> bool:
    """Whether an array has to be computed in parts: it has more elements than one, or one invocation too much to do."""
    return x.op is PARTS or prod(x.shape) > part or _is_long(x, part)


def _is_long(x: LazyArray, part: int) -> bool:
    if x.op is REDUCE:
        function, axes = x.attr
        return reduces_far(function, axes, x.inputs[0].shape)
    if x.op is ARGSORT:  # its network takes a power of two of positions
        length = x.shape[x.attr[0]]
        return prod(x.shape) // length * (1 << (length - 1).bit_length()) > part
    if x.op is SCAN:
        return x.shape[x.attr[1]] > GROUP // 2 * WALK
    if x.op is PUT or x.op is SCATTER:  # all sources may fall on one element
        return x.inputs[1].shape[x.attr[0] if x.op is SCATTER else 0] > WALK
    return False


def reduces_far(function: str, axes: tuple[int, ...], shape: Shape) -> bool:
    """Whether the rows of a reduction are too long for one invocation each, and too many to be shared."""
    length = prod(shape[axis] for axis in axes)
    if length <= WALK:
        return False
    rows = prod(shape) // length
    return rows > 256 or (function in ("argmax", "argmin") and (rows >= GROUP or length > GROUP * WALK))


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


def part_of(block: Block, axis: int, start: int, size: int) -> Block:
    """So much of a box along an axis."""
    starts, shape = block
    return Block((*starts[:axis], starts[axis] + start, *starts[axis + 1 :]), (*shape[:axis], size, *shape[axis + 1 :]))


def slices(block: Block, axis: int, most: int) -> list[Block]:
    """A box cut along an axis into pieces of at most so many."""
    count = block.shape[axis]
    return [part_of(block, axis, start, min(most, count - start)) for start in range(0, count, most)]
