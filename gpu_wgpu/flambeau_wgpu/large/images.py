"""Convolution, pooling and resampling of large images: by samples or planes; a sample larger than a part is convolved by
groups and channels.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING

from ..device.interface import OutOfMemory
from ..lazy import CONVOLVE, CONVOLVE_WEIGHT, REDUCE, LazyArray
from ..regions import contiguous_strides
from .blocks import Block, is_large
from .lanes import take_over
from .views import reshaped

if TYPE_CHECKING:
    from .cutter import Cutter

Span = tuple[int, int]  # start and length


def pool(cutter: Cutter, x: LazyArray) -> None:
    """Each plane (N, C) of the result from the same plane of every operand."""
    samples, channels, *size = x.shape
    planes = samples * channels
    flat = [reshaped(source, (planes, *source.shape[2:])) for source in x.inputs]
    largest = max(prod(size), *(prod(source.shape[1:]) for source in flat))
    pieces = []
    for start, count in _runs(cutter, planes, largest):
        boxes = []
        for source in flat:
            box, shape = _rows(cutter, source, start, count), (1, count, *source.shape[1:])
            boxes.append(cutter.show(box, shape, contiguous_strides(shape), 0))
        pieces.append(cutter.append(x.op, tuple(boxes), x.attr, (), (1, count, *size), x.dtype))
    take_over(cutter, x, cutter.assemble(pieces, x.shape, x.dtype))


def resample(cutter: Cutter, x: LazyArray) -> None:
    """Each line or plane of the result from one of the first operand; the others are tables."""
    source, *tables = x.inputs
    largest = max(prod(x.shape[1:]), prod(source.shape[1:]))
    pieces = [
        cutter.append(x.op, (_rows(cutter, source, start, count), *tables), x.attr, (), (count, *x.shape[1:]), x.dtype)
        for start, count in _runs(cutter, x.shape[0], largest)
    ]
    take_over(cutter, x, cutter.assemble(pieces, x.shape, x.dtype))


def convolve(cutter: Cutter, x: LazyArray) -> None:
    """A convolution, or the gradient of its input: (N, S, ...) and the weight to (N, T, ...)."""
    source, weight = x.inputs
    samples = x.shape[0]
    largest = max(prod(source.shape[1:]), prod(x.shape[1:]))
    pieces: list[LazyArray] = []
    if max(largest, prod(weight.shape)) <= cutter.part:
        for start, count in _runs(cutter, samples, largest):
            inputs = (_rows(cutter, source, start, count), weight)
            pieces.append(cutter.append(x.op, inputs, x.attr, (), (count, *x.shape[1:]), x.dtype))
    else:
        for sample in range(samples):
            for group in range(x.attr[3]):
                pieces += _one_group(cutter, x, source, weight, sample, group)
    take_over(cutter, x, cutter.assemble(pieces, x.shape, x.dtype))


def _one_group(
    cutter: Cutter, x: LazyArray, source: LazyArray, weight: LazyArray, sample: int, group: int
) -> Iterator[LazyArray]:
    """The channels of a sample that one group makes, in order: so many at a time, summed over so many of the source's."""
    *settings, groups = x.attr
    ins, outs = source.shape[1] // groups, x.shape[1] // groups
    plane, kernel = x.shape[2:], weight.shape[2:]
    ins_most = _most(cutter, prod(source.shape[2:]))
    outs_most = min(_most(cutter, prod(plane)), _most(cutter, min(ins, ins_most) * prod(kernel)))
    for out, out_count in _spans(outs, outs_most):
        total: LazyArray | None = None
        for at, count in _spans(ins, ins_most):
            box = _channels(cutter, source, (sample, 1), (group * ins + at, count))
            if x.op is CONVOLVE:
                weights = _channels(cutter, weight, (group * outs + out, out_count), (at, count))
            else:
                weights = _channels(cutter, weight, (group * ins + at, count), (out, out_count))
            piece = cutter.append(x.op, (box, weights), (*settings, 1), (), (1, out_count, *plane), x.dtype)
            total = piece if total is None else cutter.two("add", total, piece)
        assert total is not None
        yield total


def convolve_weight(cutter: Cutter, x: LazyArray) -> None:
    """The gradient of a convolution's weight, (O, C / groups, ...), of (N, O, ...) and (N, C, ...): summed over samples."""
    grad, source = x.inputs
    kernel, (*settings, groups) = x.attr
    samples = grad.shape[0]
    largest = max(prod(grad.shape[1:]), prod(source.shape[1:]))
    if max(largest, prod(x.shape)) <= cutter.part:
        pieces = [
            cutter.append(
                CONVOLVE_WEIGHT,
                (_rows(cutter, grad, start, count), _rows(cutter, source, start, count)),
                x.attr, (), x.shape, x.dtype,
            )
            for start, count in _runs(cutter, samples, largest)
        ]  # fmt: skip
        cutter.become(x, _sum(cutter, pieces))
        return
    outs, ins = x.shape[0] // groups, x.shape[1]
    ins_most = _most(cutter, max(prod(source.shape[2:]), prod(kernel)))
    outs_most = min(_most(cutter, prod(grad.shape[2:])), _most(cutter, ins * prod(kernel)))
    attr = (kernel, (*settings, 1))
    rows = []
    for group in range(groups):
        for out, out_count in _spans(outs, outs_most):
            columns = []
            for at, count in _spans(ins, ins_most):
                pieces = []
                for sample in range(samples):
                    pair = (
                        _channels(cutter, grad, (sample, 1), (group * outs + out, out_count)),
                        _channels(cutter, source, (sample, 1), (group * ins + at, count)),
                    )
                    shape = (out_count, count, *kernel)
                    pieces.append(cutter.append(CONVOLVE_WEIGHT, pair, attr, (), shape, x.dtype))
                columns.append(_sum(cutter, pieces))
            rows.append(cutter.join(columns, 1))
    take_over(cutter, x, cutter.assemble(rows, x.shape, x.dtype))


def bias_alone(x: LazyArray, part: int) -> None:
    """The gradient of a bias, which comes with that of a weight: by itself, where the latter is cut."""
    of_weight = x.inputs[0]
    if any(is_large(y, part) for y in (of_weight, *of_weight.inputs)):
        grad = of_weight.inputs[0]
        x.op, x.inputs, x.attr = REDUCE, (grad,), ("sum", (0, *range(2, len(grad.shape))))


def _sum(cutter: Cutter, terms: list[LazyArray]) -> LazyArray:
    total = terms[0]
    for term in terms[1:]:
        total = cutter.two("add", total, term)
    return total


def _rows(cutter: Cutter, x: LazyArray, start: int, count: int) -> LazyArray:
    return cutter.block(x, Block((start, *(0,) * (len(x.shape) - 1)), (count, *x.shape[1:])))


def _channels(cutter: Cutter, x: LazyArray, first: Span, second: Span) -> LazyArray:
    rest = x.shape[2:]
    return cutter.block(x, Block((first[0], second[0], *(0,) * len(rest)), (first[1], second[1], *rest)))


def _spans(count: int, most: int) -> Iterator[Span]:
    for start in range(0, count, most):
        yield start, min(most, count - start)


def _runs(cutter: Cutter, count: int, size: int) -> Iterator[Span]:
    return cutter.runs(count, size, _most(cutter, size))


def _most(cutter: Cutter, size: int) -> int:
    """How many planes of a size go into a part.

    Raises:
        OutOfMemory: not one.
    """
    if size > cutter.part:
        raise OutOfMemory(
            f"wgpu: out of memory: a plane of an image has {size} elements, more than the {cutter.part} that this device "
            "binds at once. Compute it in tiles"
        )
    return cutter.part // size
