"""In which order in memory a result has its elements: that of what it is computed from, as in PyTorch.

The elements of `x.transpose(1, 2)` lie in another order than C order. What is computed from it element by element lies as it
does, so do copies of it, and so on through a program: it is read nowhere but in strides, in whether `view` can be taken, and in
the order in which random numbers fill a tensor, dropout's among them.
Source: https://github.com/pytorch/pytorch/blob/main/aten/src/ATen/TensorIterator.cpp, `reorder_dimensions`
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from .._tensor import Tensor
from ..backends.protocol import Array
from ..shape import Shape, broadcast_shapes, contiguous_strides, is_contiguous

Strides = tuple[int, ...]


class Laid(NamedTuple):
    """How a tensor without gaps lies in memory, where that is not C order."""

    strides: Strides
    order: Shape
    """The dimensions, the outermost in memory first."""
    sizes: Shape
    """The shape in that order."""


Geometry = tuple[Shape, Strides | None]
"""An operand's shape and strides; None are those of C order."""


@lru_cache(maxsize=4096)
def _of_result(operands: tuple[Geometry, ...]) -> tuple[Shape, Laid | None]:
    """The shape of an elementwise result and how it lies in memory; None is in C order.

    Raises:
        RuntimeError: the shapes do not broadcast.
    """
    shape = operands[0][0]
    for sizes, _ in operands[1:]:
        shape = broadcast_shapes(shape, sizes)
    if 0 in shape:
        return shape, None
    alike = all(sizes == shape for sizes, _ in operands)
    if alike and all(steps is None or is_contiguous(sizes, steps) for sizes, steps in operands):
        return shape, None
    strides = operands[0][1]
    if alike and strides is not None and all(steps == strides for _, steps in operands):
        order = tuple(sorted(range(len(shape)), key=lambda d: (shape[d] == 1, -strides[d])))
        sizes = tuple([shape[d] for d in order])
        if is_contiguous(sizes, tuple([strides[d] for d in order])):
            return shape, Laid(strides, order, sizes)
    order = _by_step(shape, [_stretched(shape, *operand) for operand in operands])
    if order == tuple(range(len(shape))):
        return shape, None
    sizes = tuple([shape[d] for d in order])
    steps = contiguous_strides(sizes)
    return shape, Laid(tuple([steps[order.index(d)] for d in range(len(shape))]), order, sizes)


def _stretched(shape: Shape, sizes: Shape, steps: Strides | None) -> Strides:
    """The strides with which an operand is read at the shape it broadcasts to."""
    lead = len(shape) - len(sizes)
    if steps is None:
        steps = contiguous_strides(sizes)
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
    return None if input._view is None else _of_result(((input._shape, input._view[0]),))[1]


def compute(kernel: Callable[..., Array], values: Sequence[Any]) -> tuple[Array, Shape, Strides | None]:
    """The result of an elementwise kernel of tensors and numbers, its shape, and its strides.

    It runs on the operands as they lie in memory. Strides of None are C order, and the array then has the shape.

    Raises:
        RuntimeError: the shapes do not broadcast.
    """
    shape, found = _of_result(
        tuple([(x._shape, None if x._view is None else x._view[0]) for x in values if isinstance(x, Tensor)])
    )
    if found is None:
        return kernel(*[x._array() if isinstance(x, Tensor) else x for x in values]), shape, None
    return kernel(*[_turned(x, found) if isinstance(x, Tensor) else x for x in values]), shape, found.strides


def _turned(x: Tensor, found: Laid) -> Array:
    """The elements of an operand with the dimensions in the order of the result."""
    array = x._storage.array
    view = x._view
    if view is not None and view[0] == found.strides and not view[1] and array.shape == found.sizes:
        return array
    array = x._array()
    if not x._shape:
        return array
    backend = x._storage.backend
    lead = len(found.order) - len(x._shape)
    return backend.permute(backend.reshape(array, (1,) * lead + x._shape) if lead else array, found.order)


def placed(y: Tensor, shape: Shape, strides: Strides) -> Tensor:
    """A tensor just made, whose elements lie in another order: what it looks like from there."""
    y._shape, y._view = shape, (strides, 0)
    return y
