"""Elements at computed positions: `take`, `gather`, `put` and `scatter`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flambeau.dtype import bool_, int64

from ..lazy import ARANGE, ARRAYS, ASSIGN, BINARY, GATHER, PUT, SCALAR_LEFT, SCATTER, TAKE, VIEW, WHERE, LazyArray, Op
from ..regions import contiguous_strides
from .blocks import WALK, Block, slices
from .lanes import by_lanes, take_over
from .views import around, expanded, reshaped, seen

if TYPE_CHECKING:
    from .cutter import Cutter


def _rows_at(
    cutter: Cutter, table: LazyArray, row: int, index: LazyArray, columns: tuple[int, int], op: Op
) -> LazyArray:
    """TAKE or GATHER along the middle dimension of `table`, at one place of its first and some of its last dimension,
    however long the middle is: each run of it that fits into a part gives its elements.
    """
    length, width = table.shape[1], table.shape[2]
    first, count = columns
    shape = index.shape if op is GATHER else (1, index.shape[0], count)
    result: LazyArray | None = None
    for start, size in cutter.runs(length, width, max(1, cutter.part // count), row * length * width):
        source = cutter.block(table, Block((row, start, first), (1, size, count)))
        local = cutter.two("sub", index, start) if start else index
        if size < length:
            local = cutter.two("minimum", cutter.two("maximum", local, 0), size - 1)
        found = cutter.append(op, (source, local), 1, (), shape, table.dtype)
        if result is not None:
            # What is not as far as this run was right already; what is behind it, a later run sets right.
            here = cutter.append(BINARY["le"], (index,), SCALAR_LEFT, (start,), index.shape, bool_)
            if op is TAKE:
                here = cutter.append(VIEW, (here,), ((0, 1, 0), 0), (), shape, bool_)
            found = cutter.append(WHERE, (here, found, result), ARRAYS, (), shape, table.dtype)
        result = found
    assert result is not None
    return result


def take(cutter: Cutter, x: LazyArray) -> None:
    source, index = x.inputs
    axis, dtype = x.attr, x.dtype
    table = reshaped(source, around(source.shape, axis))
    before, length, behind = table.shape

    def compute(block: Block) -> LazyArray:
        places = cutter.block(index, Block((block.starts[1],), (block.shape[1],)))
        rows, _, columns = block.shape
        if rows * length * columns <= cutter.part:
            part = cutter.block(table, Block((block.starts[0], 0, block.starts[2]), (rows, length, columns)))
            return cutter.append(TAKE, (part, places), 1, (), block.shape, dtype)
        return cutter.join(
            [
                _rows_at(cutter, table, block.starts[0] + row, places, (block.starts[2], columns), TAKE)
                for row in range(rows)
            ]
        )

    cutter.by_blocks(x, (before, index.shape[0], behind), compute)


def gather(cutter: Cutter, x: LazyArray) -> None:
    source, index = x.inputs
    axis, dtype = x.attr, x.dtype
    # Of the other dimensions only what the index reaches.
    reached = (*index.shape[:axis], source.shape[axis], *index.shape[axis + 1 :])
    source = seen(source, reached, contiguous_strides(source.shape)) if reached != source.shape else source

    def lanes(boxes: list[LazyArray]) -> LazyArray:
        table, places = boxes
        return cutter.append(GATHER, (table, places), 1, (), places.shape, dtype)

    def long(row: int, flat: list[LazyArray]) -> list[LazyArray]:
        table, places = flat
        pieces = []
        for start, count in cutter.spans(places.shape[1]):
            part = cutter.block(places, Block((row, start), (1, count)))
            part = cutter.show(part, (1, count, 1), (0, 1, 0), 0)
            pieces.append(_rows_at(cutter, reshaped(table, (*table.shape, 1)), row, part, (0, 1), GATHER))
        return pieces

    by_lanes(cutter, x, axis, [source, index], lanes, long)


def put(cutter: Cutter, x: LazyArray) -> None:
    source, index, *order, value = x.inputs
    axis, reduce, in_order = x.attr
    table = reshaped(source, around(source.shape, axis))
    count = index.shape[0]
    value = expanded(value, (*source.shape[:axis], count, *source.shape[axis + 1 :]))
    values = reshaped(value, (table.shape[0], count, table.shape[2]))
    form = (1, reduce, in_order)
    cutter.by_blocks(x, table.shape, lambda block: _put_block(cutter, table, index, order, values, form, block))


def _put_block(
    cutter: Cutter,
    table: LazyArray,
    index: LazyArray,
    order: list[LazyArray],
    values: LazyArray,
    form: tuple[int, str, bool],
    block: Block,
) -> LazyArray:
    count, dtype = index.shape[0], table.dtype
    rows, _, columns = block.shape
    if count * rows * columns > cutter.part and (rows > 1 or columns > count):
        # Fewer lanes, so that there is room for all that falls on them.
        axis, most = (0, 1) if rows > 1 else (2, max(1, cutter.part // count))
        lanes = slices(block, axis, most)
        return cutter.join([_put_block(cutter, table, index, order, values, form, p) for p in lanes], axis)
    result = cutter.block(table, block)
    most = max(1, min(cutter.part // (rows * columns), WALK))
    for start in range(0, count, most):
        size = min(most, count - start)
        places = cutter.flat(index, start, size)
        if block.starts[1]:
            places = cutter.two("sub", places, block.starts[1])
        if count <= most or not order:
            box = Block((block.starts[0], start, block.starts[2]), (rows, size, columns))
            inputs = (result, places, *(cutter.flat(o, start, size) for o in order), cutter.block(values, box))
        else:
            # The sources in the order of their places, so that any run of them is a smaller `put`.
            sources = cutter.flat(order[0], start, size)
            strides = contiguous_strides(values.shape)
            offset = block.starts[0] * strides[0] + block.starts[2]
            every = LazyArray(VIEW, (values,), (strides, offset), (), (rows, count, columns), dtype)
            taken = cutter.apply(TAKE, (every, sources), 1, (), (rows, size, columns), dtype)
            inputs = (result, places, cutter.append(ARANGE, (), "int64", (0, 1), (size,), int64), taken)
        result = cutter.append(PUT, inputs, form, (), block.shape, dtype)
    return result


def scatter(cutter: Cutter, x: LazyArray) -> None:
    source, index, *order, value = x.inputs
    (axis, reduce, in_order), dtype, shape = x.attr, x.dtype, x.shape
    value = expanded(value, index.shape)
    reached = (*index.shape[:axis], shape[axis], *index.shape[axis + 1 :])
    if reached != shape:
        region = (reached, contiguous_strides(shape), 0)
        inner = seen(source, *region[:2])
        result = cutter.apply(SCATTER, (inner, index, *order, value), x.attr, (), reached, dtype)
        take_over(cutter, x, cutter.apply(ASSIGN, (source, result), region, (), shape, dtype))
        return

    def lanes(boxes: list[LazyArray]) -> LazyArray:
        return cutter.append(SCATTER, tuple(boxes), (1, reduce, in_order), (), boxes[0].shape, dtype)

    def long(row: int, flat: list[LazyArray]) -> list[LazyArray]:
        lane = tuple(cutter_lane(source, row) for source in flat)
        result = cutter.apply(PUT, lane, (0, reduce, in_order), (), (shape[axis],), dtype)
        return [cutter.flat(result, *span) for span in cutter.spans(shape[axis])]

    def cutter_lane(source: LazyArray, row: int) -> LazyArray:
        length = source.shape[1]
        return LazyArray(VIEW, (source,), ((1,), row * length), (), (length,), source.dtype)

    # Lanes with very many sources are written one by one, in pieces.
    most = 1 if in_order and index.shape[axis] > WALK else 0
    by_lanes(cutter, x, axis, [source, index, *order, value], lanes, long, most)
