"""In which order in memory a result has its elements: that of what it is computed from, as in PyTorch.

The elements of `x.transpose(1, 2)` lie in another order than C order. What is computed from it element by element lies as it
does, so do copies of it, and so on through a program: it is read nowhere but in strides, in whether `view` can be taken, and in
the order in which random numbers fill a tensor, dropout's among them.
Source: https://github.com/pytorch/pytorch/blob/main/aten/src/ATen/TensorIterator.cpp, `reorder_dimensions`
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from ..shape import Shape, broadcast_shapes, contiguous_strides, is_contiguous

Strides = tuple[int, ...]
Laid = tuple[Strides, Shape]
"""Strides of a tensor without gaps, and its dimensions, the outermost in memory first."""


@lru_cache(maxsize=4096)
def laid_like(shape: Shape, operands: tuple[tuple[Shape, Strides], ...]) -> Laid | None:
    """How an elementwise result of operands, given by shapes and strides, lies in memory; None is in C order."""
    if 0 in shape:
        return None
    alike = all(sizes == shape for sizes, _ in operands)
    if alike and all(is_contiguous(sizes, steps) for sizes, steps in operands):
        return None
    strides = operands[0][1]
    if alike and all(steps == strides for _, steps in operands):
        order = tuple(sorted(range(len(shape)), key=lambda d: (shape[d] == 1, -strides[d])))
        if is_contiguous(tuple([shape[d] for d in order]), tuple([strides[d] for d in order])):
            return strides, order
    order = _by_step(shape, [_stretched(shape, sizes, steps) for sizes, steps in operands])
    if order == tuple(range(len(shape))):
        return None
    steps = contiguous_strides(tuple([shape[d] for d in order]))
    return tuple([steps[order.index(d)] for d in range(len(shape))]), order


def _stretched(shape: Shape, sizes: Shape, steps: Strides) -> Strides:
    """The strides with which an operand is read at the shape it broadcasts to."""
    lead = len(shape) - len(sizes)
    own = [0 if size == 1 != whole else step for size, whole, step in zip(sizes, shape[lead:], steps, strict=True)]
    return (0,) * lead + tuple(own)


def _by_step(shape: Shape, strides: Sequence[Strides]) -> Shape:
    """The dimensions from the largest step to the smallest; the first operand that tells two of them apart decides.

    An insertion sort, since what no operand tells apart has to end where PyTorch's ends.
    """

    def inner_is_larger(inner: int, outer: int) -> bool | None:
        for steps in strides:
            if steps[inner] and steps[outer]:
                if steps[inner] != steps[outer]:
                    return steps[inner] > steps[outer]
                if shape[inner] > shape[outer]:
                    return True
        return None

    order = list(reversed(range(len(shape))))  # the innermost first
    for i in range(1, len(order)):
        place = i
        for before in range(i - 1, -1, -1):
            larger = inner_is_larger(order[before], order[place])
            if larger:
                order[before], order[place] = order[place], order[before]
                place = before
            elif larger is False:
                break
    return tuple(reversed(order))


def laid(input: Tensor) -> Laid | None:
    """How a copy of a tensor lies in memory; None is in C order."""
    return None if input._view is None else laid_like(input._shape, ((input._shape, input._view[0]),))


def compute(kernel: Callable[..., Array], values: Sequence[Any]) -> tuple[Array, Shape, Strides | None]:
    """The result of an elementwise kernel of tensors and numbers, its shape, and its strides.

    It runs on the operands as they lie in memory. Strides of None are C order, and the array then has the shape.
    """
    geometry = tuple([(x._shape, x.stride()) for x in values if isinstance(x, Tensor)])
    shape = geometry[0][0]
    for other, _ in geometry[1:]:
        if other != shape:
            shape = broadcast_shapes(shape, other)
    found = laid_like(shape, geometry)
    if found is None:
        return kernel(*[x._array() if isinstance(x, Tensor) else x for x in values]), shape, None
    strides, order = found
    return kernel(*[turned(x, order) if isinstance(x, Tensor) else x for x in values]), shape, strides


def turned(x: Tensor, order: Shape) -> Array:
    """The elements of a tensor, or of one that broadcasts, with the dimensions in another order."""
    if not x._shape:
        return x._array()
    backend = x._storage.backend
    array = x._array()
    if len(x._shape) < len(order):
        array = backend.reshape(array, (1,) * (len(order) - len(x._shape)) + x._shape)
    return backend.permute(array, order)


def placed(y: Tensor, shape: Shape, strides: Strides) -> Tensor:
    """A tensor just made, whose elements lie in another order: what it looks like from there."""
    y._shape, y._view = shape, (strides, 0)
    return y
