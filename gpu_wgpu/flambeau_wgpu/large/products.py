"""Matrix products of large operands, or with large results."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from ..lazy import MATMUL, VIEW, LazyArray
from .blocks import Block, slices
from .views import reshaped

if TYPE_CHECKING:
    from .cutter import Cutter


def matmul(cutter: Cutter, x: LazyArray) -> None:
    rank = len(x.shape)
    left, right = (reshaped(side, (*(1,) * (rank - len(side.shape)), *side.shape)) for side in x.inputs)
    cutter.by_blocks(x, x.shape, lambda block: _product(cutter, left, right, block, (0, left.shape[-1])))


# (Not a function within the rule: one that calls itself is kept by a cycle, and with it the arrays that it sees, which
# would so count as held.)
def _product(cutter: Cutter, left: LazyArray, right: LazyArray, block: Block, inner: tuple[int, int]) -> LazyArray:
    """A block of a product, or of its terms `inner` (first and how many)."""
    rows, columns = len(block.shape) - 2, len(block.shape) - 1
    a = _operand(left, block, (block.starts[rows], block.shape[rows]), inner)
    b = _operand(right, block, inner, (block.starts[columns], block.shape[columns]))
    a_size, b_size = prod(a.shape), prod(b.shape)
    largest = max(a_size, b_size, prod(block.shape))
    if largest <= cutter.part:
        pair = (cutter.block(left, a), cutter.block(right, b))
        return cutter.append(MATMUL, pair, None, (), block.shape, left.dtype)
    turned = right.op is VIEW and right.attr[0][-2] == 1  # its columns lie together
    axis = next((k for k, size in enumerate(block.shape[:-2]) if size > 1), None)
    if axis is None and a_size > cutter.part and block.shape[rows] > 1:
        axis = rows
    if axis is None and b_size > cutter.part and block.shape[columns] > 1 and turned:
        axis = columns
    if axis is not None:
        size = block.shape[axis]
        most = min(max(1, cutter.part // (largest // size)), size - 1)
        pieces = [_product(cutter, left, right, piece, inner) for piece in slices(block, axis, most)]
        return cutter.join(pieces, axis)
    # The terms of the sum in pieces, for which both operands have room.
    most = max(1, cutter.part // max(block.shape[-2:]))
    total: LazyArray | None = None
    for start in range(inner[0], inner[0] + inner[1], most):
        terms = (start, min(most, inner[0] + inner[1] - start))
        piece = _product(cutter, left, right, block, terms)
        total = piece if total is None else cutter.two("add", total, piece)
    assert total is not None
    return total


def _operand(side: LazyArray, block: Block, rows: tuple[int, int], columns: tuple[int, int]) -> Block:
    """The part of an operand for a block of the batch: where it is broadcast, its one matrix."""
    starts = tuple(0 if size == 1 else k for k, size in zip(block.starts[:-2], side.shape[:-2], strict=True))
    sizes = tuple(1 if size == 1 else k for k, size in zip(block.shape[:-2], side.shape[:-2], strict=True))
    return Block((*starts, rows[0], columns[0]), (*sizes, rows[1], columns[1]))
