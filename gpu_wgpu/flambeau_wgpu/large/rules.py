"""How each op is computed where an operand or its result is large: a rule places other ops, on parts, in its stead."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any, Final

from flambeau.dtype import int64

from ..lazy import (
    ARANGE,
    ARGSORT,
    ARRAYS,
    ASSIGN,
    BINARY,
    CAST,
    CONCAT,
    CONVOLVE,
    CONVOLVE_INPUT,
    CONVOLVE_WEIGHT,
    COPY,
    FULL,
    GATHER,
    KEEP,
    MATMUL,
    MAX_POOL,
    MAX_POOL_AT,
    MAX_POOL_INPUT,
    MAX_POOL_PLACES,
    PACK,
    PUT,
    RANDOM,
    REDUCE,
    RESAMPLE,
    SCAN,
    SCATTER,
    TAKE,
    UNARY,
    WHERE,
    LazyArray,
    Op,
)
from ..regions import Shape, contiguous_strides
from .blocks import WALK, Block, blocks, part_of, reduces_far, slices
from .images import convolve, convolve_weight, pool, resample
from .lanes import argsort, scan
from .places import gather, put, scatter, take
from .products import matmul
from .views import around, expanded, reshaped

if TYPE_CHECKING:
    from .cutter import Cutter

Rule = Callable[["Cutter", LazyArray], None]
Axes = tuple[int, ...]


# --- elementwise


def _elementwise(cutter: Cutter, x: LazyArray) -> None:
    """One op per part of the result. Where a part is whole rows it has the shape of a box, so that operands which are
    broadcast to it stay plain views.
    """
    op, attr, scalars, dtype = x.op, x.attr, x.scalars, x.dtype
    operands = [expanded(source, x.shape) for source in x.inputs]
    parts = []
    for start, count in cutter.spans(prod(x.shape)):
        boxes = list(blocks(x.shape, start, count))
        shape = boxes[0].shape if len(boxes) == 1 else (count,)
        inputs = tuple(
            cutter.block(source, boxes[0]) if len(boxes) == 1 else cutter.flat(source, start, count)
            for source in operands
        )
        parts.append(cutter.append(op, inputs, attr, _scalars_at(op, scalars, start), shape, dtype))
    cutter.become_parts(x, parts)


def _scalars_at(op: Op, scalars: tuple[Any, ...], start: int) -> tuple[Any, ...]:
    """The numbers of an op for the elements from `start`."""
    if op is ARANGE:
        first, step = scalars
        return (first + start * step, step)
    if op is RANDOM:  # a block of the generator is four numbers, and a part whole blocks
        low, high = scalars[2:]
        offset = (high << 32 | low) + start // 4
        return (*scalars[:2], offset & 0xFFFFFFFF, offset >> 32 & 0xFFFFFFFF)
    return scalars


# --- reductions

COMBINE: Final = {"sum": "add", "prod": "mul", "max": "maximum", "min": "minimum", "argmax": "max", "argmin": "min"}


def _reduce(cutter: Cutter, x: LazyArray) -> None:
    function, axes = x.attr
    source, dtype = x.inputs[0], x.dtype
    kept = [axis for axis in range(len(source.shape)) if axis not in axes]

    def compute(block: Block) -> LazyArray:
        starts, shape = [0] * len(source.shape), list(source.shape)
        for axis, start, size in zip(kept, block.starts, block.shape, strict=True):
            starts[axis], shape[axis] = start, size
        whole = Block(tuple(starts), tuple(shape))
        if function in ("argmax", "argmin"):
            return _extreme(cutter, source, function, axes[0], whole)[1]
        return _reduced(cutter, source, function, axes, whole, dtype)

    cutter.by_blocks(x, tuple(source.shape[axis] for axis in kept), compute)


def _slices(cutter: Cutter, source: LazyArray, block: Block, axes: Axes) -> tuple[int, list[Block]]:
    """A box of an array cut along its outermost dimension that has a length, and which that is; one that is no larger
    than a part along a dimension that is reduced.
    """
    if prod(block.shape) <= cutter.part:
        axis = next(k for k in axes if block.shape[k] > 1)
        rest = prod(block.shape[k] for k in axes if k != axis)
        return axis, slices(block, axis, max(1, WALK // rest))
    axis = next(k for k, size in enumerate(block.shape) if size > 1)
    inner = prod(block.shape[axis + 1 :])
    first = sum(k * step for k, step in zip(block.starts, contiguous_strides(source.shape), strict=True))
    runs = cutter.runs(block.shape[axis], inner, max(1, cutter.part // inner), first)
    return axis, [part_of(block, axis, at, size) for at, size in runs]


def _left(shape: Shape, axes: Axes) -> Shape:
    return tuple(size for axis, size in enumerate(shape) if axis not in axes)


def _reduced(cutter: Cutter, source: LazyArray, function: str, axes: Axes, block: Block, dtype: Any) -> LazyArray:
    if prod(block.shape) <= cutter.part and not reduces_far(function, axes, block.shape):
        x = cutter.block(source, block)
        return cutter.append(REDUCE, (x,), (function, axes), (), _left(block.shape, axes), dtype)
    axis, slices = _slices(cutter, source, block, axes)
    results = [_reduced(cutter, source, function, axes, part, dtype) for part in slices]
    if axis not in axes:
        return cutter.join(results, sum(k not in axes for k in range(axis)))
    total = results[0]
    for result in results[1:]:
        total = cutter.two(COMBINE[function], total, result)
    return total


def _extreme(cutter: Cutter, source: LazyArray, function: str, axis: int, block: Block) -> tuple[LazyArray, LazyArray]:
    """The largest or smallest element, and its position along the axis in the box."""
    left = _left(block.shape, (axis,))
    if prod(block.shape) <= cutter.part and not reduces_far(function, (axis,), block.shape):
        x = cutter.block(source, block)
        value = cutter.append(REDUCE, (x,), (COMBINE[function], (axis,)), (), left, x.dtype)
        return value, cutter.append(REDUCE, (x,), (function, (axis,)), (), left, int64)
    along, slices = _slices(cutter, source, block, (axis,))
    results = [_extreme(cutter, source, function, axis, part) for part in slices]
    if along != axis:
        at = along - (along > axis)
        return cutter.join([v for v, _ in results], at), cutter.join([p for _, p in results], at)
    best, position = results[0]
    start = 0
    for part, (value, own) in zip(slices, results, strict=True):
        if part is not slices[0]:
            # A later one must be better to be first; nan is better than any number.
            low, high = (best, value) if function == "argmax" else (value, best)
            ahead = cutter.two("lt", low, high)
            if value.dtype.is_floating_point:
                number, nan = cutter.two("eq", best, best), cutter.two("ne", value, value)
                ahead = cutter.two("bitwise_or", ahead, cutter.two("bitwise_and", number, nan))
            moved = cutter.two("add", own, start)
            best = cutter.append(WHERE, (ahead, value, best), ARRAYS, (), left, value.dtype)
            position = cutter.append(WHERE, (ahead, moved, position), ARRAYS, (), left, int64)
        start += part.shape[axis]
    return best, position


# --- joining and writing


def _concat(cutter: Cutter, x: LazyArray) -> None:
    axis = x.attr
    sources = [reshaped(source, around(source.shape, axis)) for source in x.inputs]

    def compute(block: Block) -> LazyArray:
        pieces = []
        first, last = block.starts[1], block.starts[1] + block.shape[1]
        start = 0
        for source in sources:
            low, high = max(first, start), min(last, start + source.shape[1])
            if low < high:
                box = Block(
                    (block.starts[0], low - start, block.starts[2]), (block.shape[0], high - low, block.shape[2])
                )
                pieces.append(cutter.block(source, box))
            start += source.shape[1]
        return cutter.join(pieces, 1)

    cutter.by_blocks(x, around(x.shape, axis), compute)


def _pack(cutter: Cutter, x: LazyArray) -> None:
    """A row of arrays, with a few elements between them that nobody reads."""
    sources, starts, count = x.inputs, x.attr, prod(x.shape)
    parts = []
    for first, size in cutter.spans(count):
        pieces = []
        end = first
        for source, start in zip(sources, starts, strict=True):
            low, high = max(first, start), min(first + size, start + prod(source.shape))
            if low < high:
                if end < low:
                    pieces.append(LazyArray(FULL, (), None, (0,), (low - end,), x.dtype))
                pieces.append(cutter.flat(source, low - start, high - low))
                end = high
        if end < first + size:
            pieces.append(LazyArray(FULL, (), None, (0,), (first + size - end,), x.dtype))
        parts.append(cutter.join(pieces))
    if count > cutter.part:
        cutter.become_parts(x, parts)
    else:
        cutter.become(x, parts[0])


def _assign(cutter: Cutter, x: LazyArray) -> None:
    source, *value = x.inputs
    shape = x.attr[0]
    parts = [cutter.flat(source, *span) for span in cutter.spans(prod(x.shape))]
    values = [expanded(v, shape) for v in value]

    _write(cutter, parts, values, x, Block((0,) * len(shape), shape))
    if prod(x.shape) > cutter.part:
        cutter.become_parts(x, parts)
    else:
        cutter.become(x, parts[0])


def _write(cutter: Cutter, parts: list[LazyArray], values: list[LazyArray], x: LazyArray, block: Block) -> None:
    """Write a block of a region into the parts that it lies in."""
    _, strides, offset = x.attr
    at = offset + sum(s * k for s, k in zip(strides, block.starts, strict=True))
    reach = sum(s * (k - 1) for s, k in zip(strides, block.shape, strict=True))
    number = at // cutter.part
    if (at + reach) // cutter.part == number:
        inputs = (parts[number], *(cutter.block(v, block) for v in values))
        region = (block.shape, strides, at - number * cutter.part)
        parts[number] = cutter.append(ASSIGN, inputs, region, x.scalars, parts[number].shape, x.dtype)
        return
    axis = max(range(len(strides)), key=lambda k: strides[k] * (block.shape[k] - 1))
    for start, count in cutter.crossings(block.shape, strides, at, axis):
        starts = (*block.starts[:axis], block.starts[axis] + start, *block.starts[axis + 1 :])
        _write(cutter, parts, values, x, Block(starts, (*block.shape[:axis], count, *block.shape[axis + 1 :])))


RULES: Final[dict[Op, Rule]] = {
    **dict.fromkeys((*UNARY.values(), *BINARY.values()), _elementwise),
    **dict.fromkeys((COPY, KEEP, CAST, ARANGE, RANDOM, WHERE), _elementwise),
    REDUCE: _reduce,
    SCAN: scan,
    ARGSORT: argsort,
    MATMUL: matmul,
    TAKE: take,
    GATHER: gather,
    PUT: put,
    SCATTER: scatter,
    CONCAT: _concat,
    PACK: _pack,
    ASSIGN: _assign,
    CONVOLVE: convolve,
    CONVOLVE_INPUT: convolve,
    CONVOLVE_WEIGHT: convolve_weight,
    **dict.fromkeys((MAX_POOL, MAX_POOL_AT, MAX_POOL_INPUT, MAX_POOL_PLACES), pool),
    RESAMPLE: resample,
}
