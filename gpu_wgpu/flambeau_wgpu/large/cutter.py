"""Rewriting a queue so that none of its arrays is larger than a part, and reading any block of an array in parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

from flambeau.dtype import bool_, dtype

from ..device.interface import OutOfMemory
from ..lazy import (
    ARRAYS,
    BINARY,
    COMPARISONS,
    CONCAT,
    CONVOLVE_BIAS,
    COPY,
    FULL,
    HOST,
    PARTS,
    SCALAR_RIGHT,
    VIEW,
    LazyArray,
    Op,
)
from ..regions import Shape, Strides, compose, contiguous_strides, is_identity
from ..schedule.graph import Graph
from .blocks import Block, blocks, box, is_large
from .images import bias_alone
from .rules import RULES

MOST = 1 << 40  # elements: with more even the list of parts is too long to make


def has_large(graph: Graph, part: int) -> bool:
    """Whether a flush meets an array of more than `part` elements."""
    return any(is_large(x, part) for x in graph.arrays)


def cut(graph: Graph, part: int) -> list[LazyArray]:
    """The queue of a flush, rewritten for parts of `part` elements.

    Arrays that are still wanted become `PARTS`, or views of such; what is small stays, or becomes a view of what
    computes it.
    """
    graph.analyse()
    largest = max((prod(graph.shape(ref)) for ref in range(graph.count) if graph.needed[ref]), default=0)
    if largest > MOST:
        raise OutOfMemory(f"wgpu out of memory. An array of {largest} elements is more than any device computes.")
    for ref in range(graph.count):
        if graph.arrays[ref].op is CONVOLVE_BIAS:
            bias_alone(graph.arrays[ref], part)
    cutter = Cutter(part)
    for ref in range(graph.count):
        x = graph.arrays[ref]
        if not graph.needed[ref]:
            x.index = -1
        elif x.op is VIEW and is_large(x, part) and graph.live[ref]:
            cutter.keep_view(x)
        else:
            cutter.place(x)
    return cutter.queue


class Cutter:
    """A queue in the making."""

    def __init__(self, part: int) -> None:
        self.part = part
        self.queue: list[LazyArray] = []

    # --- making arrays

    def append(
        self, op: Op, inputs: tuple[LazyArray, ...], attr: Any, scalars: tuple[Any, ...], shape: Shape, dtype: dtype
    ) -> LazyArray:
        """A pending array, no larger than a part, of such."""
        x = LazyArray(op, inputs, attr, scalars, shape, dtype, len(self.queue))
        self.queue.append(x)
        return x

    def two(self, name: str, x: LazyArray, y: LazyArray | float) -> LazyArray:
        """A binary op on a small array and another, or a number."""
        dtype = bool_ if name in COMPARISONS else x.dtype
        if isinstance(y, LazyArray):
            return self.append(BINARY[name], (x, y), ARRAYS, (), x.shape, dtype)
        return self.append(BINARY[name], (x,), SCALAR_RIGHT, (y,), x.shape, dtype)

    def apply(
        self, op: Op, inputs: tuple[LazyArray, ...], attr: Any, scalars: tuple[Any, ...], shape: Shape, dtype: dtype
    ) -> LazyArray:
        """The result of an op on arrays of any size."""
        inputs = tuple([self._in_queue(source) for source in inputs])
        x = LazyArray(op, inputs, attr, scalars, shape, dtype)
        self.place(x)
        return x

    def _in_queue(self, x: LazyArray) -> LazyArray:
        """A small view that only describes, as one that an op can have as an operand."""
        if x.op is VIEW and x.index < 0 and not is_large(x, self.part):
            return self.show(x, x.shape, contiguous_strides(x.shape), 0)
        return x

    def place(self, x: LazyArray) -> None:
        """Append an array, or what computes it in parts."""
        for source in x.inputs:
            if source.op is HOST and is_large(source, self.part):
                self._upload_in_parts(source)
        large = is_large(x, self.part)
        if not large and not any(is_large(source, self.part) for source in x.inputs):
            x.index = len(self.queue)
            self.queue.append(x)
        elif x.op is not VIEW:
            RULES[x.op](self, x)
        elif large:
            x.index = -1  # whoever reads it looks through it
        else:
            self.become(x, self.show(x.inputs[0], x.shape, *x.attr))

    def become(self, x: LazyArray, value: LazyArray) -> None:
        """Let a small array be a view of the one that has its elements in the same order."""
        if value.op is FULL:
            x.op, x.inputs, x.attr, x.scalars, x.index = FULL, (), None, value.scalars, -1
            return
        # Who made a computed array may have asked to read the buffer that it will be in: it must not show another's
        # elements in another order.
        computed = x.op is not VIEW and value.op is VIEW
        x.op, x.attr = (COPY, None) if computed else (VIEW, (contiguous_strides(x.shape), 0))
        if computed and value.shape != x.shape:
            value = self.append(VIEW, (value,), (contiguous_strides(x.shape), 0), (), x.shape, x.dtype)
        x.inputs, x.scalars = (value,), ()
        x.index = len(self.queue)
        self.queue.append(x)

    def become_parts(self, x: LazyArray, parts: list[LazyArray]) -> None:
        x.op, x.inputs, x.attr, x.scalars, x.index = PARTS, tuple(parts), None, (), -1

    def become_view(self, x: LazyArray, base: LazyArray, strides: Strides) -> None:
        """Let a large array be a view of another large one."""
        x.op, x.inputs, x.attr, x.scalars, x.index = VIEW, (base,), (strides, 0), (), -1

    def keep_view(self, x: LazyArray) -> None:
        """A large view that somebody holds stays one, where strides can say it; else it is computed."""
        base = x.inputs[0]
        if base.op is HOST and is_large(base, self.part):
            self._upload_in_parts(base)
        x.index = -1
        strides, offset = x.attr
        while base.op is VIEW:
            seen = compose(x.shape, strides, offset, base.shape, *base.attr)
            if seen is None:
                seen_as = LazyArray(VIEW, x.inputs, x.attr, (), x.shape, x.dtype)
                self.become_parts(x, [self.flat(seen_as, *span) for span in self.spans(prod(x.shape))])
                return
            (strides, offset), base = seen, base.inputs[0]
        if base.op is FULL:
            x.op, x.inputs, x.attr, x.scalars = FULL, (), None, base.scalars
        else:
            x.inputs, x.attr = (base,), (strides, offset)

    def _upload_in_parts(self, x: LazyArray) -> None:
        data = memoryview(x.attr)
        count = prod(x.shape)
        width = len(data) // count if len(data) % count == 0 else 2  # 16-bit floats are padded to whole words
        parts = [
            LazyArray(HOST, (), _whole_words(data[start * width : (start + size) * width]), (), (size,), x.dtype)
            for start, size in self.spans(count)
        ]
        self.become_parts(x, parts)

    # --- parts of the result

    def spans(self, count: int) -> Iterator[tuple[int, int]]:
        """Start and length of each part of `count` elements."""
        for start in range(0, count, self.part):
            yield start, min(self.part, count - start)

    def by_blocks(self, x: LazyArray, shape: Shape, compute: Callable[[Block], LazyArray]) -> None:
        """Let `x`, seen in a shape, be what `compute` gives for blocks of it: a small one at once, a large one by
        parts.
        """
        count = prod(shape)
        parts = []
        for span in self.spans(count):
            pieces = [compute(block) for block in blocks(shape, *span)]
            parts.append(pieces[0] if len(pieces) == 1 else self.join([self.flat(p, 0, prod(p.shape)) for p in pieces]))
        if count > self.part:
            self.become_parts(x, parts)
        else:
            self.become(x, parts[0])

    def assemble(self, pieces: list[LazyArray], shape: Shape, dtype: dtype) -> LazyArray:
        """An array from pieces of any sizes up to a part, which lie one after the other in C order."""
        count = prod(shape)
        result = LazyArray(FULL, (), None, (0,), shape, dtype)
        starts = []
        end = 0
        for piece in pieces:
            starts.append(end)
            end += prod(piece.shape)
        assert end == count
        parts = []
        at = 0
        for start, size in self.spans(count):
            taken = []
            while at < len(pieces) and starts[at] < start + size:
                piece, first = pieces[at], max(start, starts[at])
                last = min(start + size, starts[at] + prod(piece.shape))
                taken.append(self.flat(piece, first - starts[at], last - first))
                if last < starts[at] + prod(piece.shape):
                    break
                at += 1
            parts.append(self.join(taken))
        if count > self.part:
            self.become_parts(result, parts)
            return result
        return self.show(parts[0], shape, contiguous_strides(shape), 0)

    def runs(self, count: int, size: int, most: int, first: int = 0) -> Iterator[tuple[int, int]]:
        """Start and length of runs of `count` rows of `size` elements, at most `most` rows each, that lie in one part
        wherever that can be: rows across the border of two parts come alone.
        """
        at = 0
        while at < count:
            begin = first + at * size
            border = (begin // self.part + 1) * self.part
            inside = (border - begin) // size
            length = max(1, min(inside, most, count - at))
            yield at, length
            at += length

    def join(self, pieces: list[LazyArray], axis: int = 0) -> LazyArray:
        """Pieces side by side."""
        if len(pieces) == 1:
            return pieces[0]
        first = pieces[0]
        shape = (*first.shape[:axis], sum(p.shape[axis] for p in pieces), *first.shape[axis + 1 :])
        if all(p.op is FULL and p.scalars == first.scalars for p in pieces):
            return LazyArray(FULL, (), None, first.scalars, shape, first.dtype)
        return self.append(CONCAT, tuple(pieces), axis, (), shape, first.dtype)

    # --- reading

    def flat(self, x: LazyArray, start: int, count: int) -> LazyArray:
        """So many elements of an array in C order, as one dimension."""
        return self.show(x, (count,), (1,), start)

    def block(self, x: LazyArray, block: Block) -> LazyArray:
        strides = contiguous_strides(x.shape)
        return self.show(x, block.shape, strides, sum(s * k for s, k in zip(strides, block.starts, strict=True)))

    def show(self, x: LazyArray, shape: Shape, strides: Strides, offset: int) -> LazyArray:
        """A view, of at most a part, of an array of any size: a view of what computes it, or its pieces joined."""
        if x.op is FULL:
            return LazyArray(FULL, (), None, x.scalars, shape, x.dtype)
        if x.op is PARTS:
            return self._of_parts(x, shape, strides, offset)
        if x.op is VIEW and (is_large(x, self.part) or x.index < 0):
            seen = compose(shape, strides, offset, x.shape, *x.attr)
            return self._through(x, shape, strides, offset) if seen is None else self.show(x.inputs[0], shape, *seen)
        if is_identity(shape, strides, offset, prod(x.shape)) and x.shape == shape:
            return x
        return self.append(VIEW, (x,), (strides, offset), (), shape, x.dtype)

    def _of_parts(self, x: LazyArray, shape: Shape, strides: Strides, offset: int) -> LazyArray:
        reach = sum(stride * (size - 1) for size, stride in zip(shape, strides, strict=True))
        number = offset // self.part
        if (offset + reach) // self.part == number:
            return self.show(x.inputs[number], shape, strides, offset - number * self.part)
        # Cut where the dimension that reaches farthest crosses from one part to the next.
        axis = max(range(len(shape)), key=lambda k: strides[k] * (shape[k] - 1))
        pieces = [
            self._of_parts(x, (*shape[:axis], count, *shape[axis + 1 :]), strides, offset + start * strides[axis])
            for start, count in self.crossings(shape, strides, offset, axis)
        ]
        return self.join(pieces, axis)

    def crossings(self, shape: Shape, strides: Strides, offset: int, axis: int) -> Iterator[tuple[int, int]]:
        """Start and length along an axis of pieces that each lie in one part; those that cross a border at one index of
        the axis come alone.
        """
        step, size = strides[axis], shape[axis]
        inside = sum(strides[k] * (shape[k] - 1) for k in range(len(shape)) if k != axis)
        start = 0
        while start < size:
            first = offset + start * step
            border = (first // self.part + 1) * self.part
            count = max(1, min((border - 1 - first - inside) // step + 1, size - start))
            yield start, count
            start += count

    def _through(self, x: LazyArray, shape: Shape, strides: Strides, offset: int) -> LazyArray:
        """A view of a large view whose dimensions it crosses: of the box that it touches, narrow enough to be an array,
        or in halves.
        """
        reach = sum(stride * (size - 1) for size, stride in zip(shape, strides, strict=True))
        touched = box(x.shape, offset, offset + reach)
        if prod(touched.shape) <= self.part:
            start = sum(s * k for s, k in zip(contiguous_strides(x.shape), touched.starts, strict=True))
            return self.show(self.block(x, touched), shape, strides, offset - start)
        axis = max(range(len(shape)), key=lambda k: strides[k] * (shape[k] - 1))
        half = shape[axis] // 2
        pieces = [
            self.show(x, (*shape[:axis], count, *shape[axis + 1 :]), strides, offset + start * strides[axis])
            for start, count in ((0, half), (half, shape[axis] - half))
        ]
        return self.join(pieces, axis)


def _whole_words(data: memoryview) -> memoryview | bytes:
    return data if len(data) % 4 == 0 else bytes(data) + bytes(-len(data) % 4)
