"""What is computed along an axis: a box of whole lanes at a time, or a lane longer than a part in pieces."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Final

from flambeau.dtype import int64

from ..lazy import ARGSORT, PARTS, SCAN, LazyArray
from ..regions import contiguous_strides
from .blocks import GROUP, WALK, Block
from .views import permuted, reshaped

if TYPE_CHECKING:
    from .cutter import Cutter


Lanes = Callable[[list[LazyArray]], LazyArray]  # from a box of each operand
Long = Callable[[int, list[LazyArray]], list[LazyArray]] | None  # from the number of a lane and all of each operand


def by_lanes(
    cutter: Cutter, x: LazyArray, axis: int, operands: list[LazyArray], lanes: Lanes, long: Long, most: int = 0
) -> None:
    """Let `x` be what is computed of its operands' lanes along an axis: by `lanes(blocks)`, each a box of so many whole
    lanes; or, where a lane is longer than a part (or `most`), by `long(number)`, which gives the pieces of one lane.

    An axis that is not the last is brought there first.
    """
    rank, shape, dtype = len(x.shape), x.shape, x.dtype
    order = (*(k for k in range(rank) if k != axis), axis)
    turned = [source if axis == rank - 1 else permuted(source, order) for source in operands]
    length = shape[axis]
    rows = prod(shape) // length
    flat = [reshaped(source, (rows, source.shape[-1])) for source in turned]
    longest = max(source.shape[1] for source in flat)
    pieces: list[LazyArray] = []
    if longest > min(most or cutter.part, cutter.part):
        assert long is not None
        for row in range(rows):
            pieces += long(row, flat)
    else:
        for start, count in cutter.runs(rows, longest, max(1, cutter.part // longest)):
            boxes = [cutter.block(source, Block((start, 0), (count, source.shape[1]))) for source in flat]
            pieces.append(lanes(boxes))
    result = cutter.assemble(pieces, tuple(shape[k] for k in order), dtype)
    if axis == rank - 1:
        take_over(cutter, x, result)
        return
    strides = contiguous_strides(result.shape)
    back = tuple(strides[order.index(k)] for k in range(rank))
    if prod(shape) > cutter.part:
        cutter.become_view(x, result, back)
    else:
        cutter.become(x, cutter.show(result, shape, back, 0))


def take_over(cutter: Cutter, x: LazyArray, result: LazyArray) -> None:
    """Let `x` be another array of its shape."""
    if result.op is PARTS:
        cutter.become_parts(x, list(result.inputs))
    elif prod(x.shape) > cutter.part:
        cutter.become_view(x, result, contiguous_strides(x.shape))
    else:
        cutter.become(x, result)


STEPS: Final = {"sum": "add", "prod": "mul"}


def scan(cutter: Cutter, x: LazyArray) -> None:
    (function, axis), dtype = x.attr, x.dtype
    most = min(GROUP // 2 * WALK, cutter.part)

    def lanes(boxes: list[LazyArray]) -> LazyArray:
        (box,) = boxes
        return cutter.append(SCAN, (box,), (function, 1), (), box.shape, dtype)

    def long(row: int, flat: list[LazyArray]) -> list[LazyArray]:
        pieces: list[LazyArray] = []
        size = flat[0].shape[1]
        for start in range(0, size, most):
            count = min(most, size - start)
            piece = lanes([cutter.block(flat[0], Block((row, start), (1, count)))])
            if pieces:
                before = cutter.show(pieces[-1], piece.shape, (0, 0), prod(pieces[-1].shape) - 1)
                piece = cutter.two(STEPS[function], piece, before)
            pieces.append(piece)
        return pieces

    by_lanes(cutter, x, axis, list(x.inputs), lanes, long, most)


def argsort(cutter: Cutter, x: LazyArray) -> None:
    axis, descending = x.attr
    length = x.shape[axis]
    padded = 1 << (length - 1).bit_length()

    def lanes(boxes: list[LazyArray]) -> LazyArray:
        (box,) = boxes
        most = max(1, cutter.part // padded)
        pieces = []
        for start in range(0, box.shape[0], most):
            count = min(most, box.shape[0] - start)
            piece = cutter.block(box, Block((start, 0), (count, length)))
            pieces.append(cutter.append(ARGSORT, (piece,), (1, descending), (), piece.shape, int64))
        return cutter.join(pieces)

    by_lanes(cutter, x, axis, list(x.inputs), lanes, None)
