"""The primitives that pick and place elements at index tensors, differentiable.

`indexing.py` and `by_index.py` are written in them.
"""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from .op import op


@op(
    name="IndexSelectBackward0",
    input=lambda g, index, axis, input_shape: put(g.new_zeros(input_shape), index, axis, g, "add"),
)
def take_slices(be: Any, input: Array, index: Array, axis: int) -> Any:
    """Slices along an axis at a 1-D index, in range and not negative."""
    return be.take(input, index, axis)


@op(
    name="IndexPutBackward0",
    input=lambda g, index, axis, reduce: g if reduce == "add" else put(g, index, axis, g.new_zeros(()), "replace"),
    value=lambda g, index, axis, value_shape: _value_grad(take_slices(g, index, axis), value_shape),
)
def put(be: Any, input: Array, index: Array, axis: int, value: Array, reduce: str) -> Any:
    """A copy of `input` with `value` placed in, or added to, slices along an axis."""
    return be.put(input, index, axis, value, reduce)


def _value_grad(g: Tensor, shape: tuple[int, ...]) -> Tensor:
    from .reduction import sum_to_size

    return g if g._shape == shape else sum_to_size(g, shape)


@op(
    name="GatherBackward0",
    input=lambda g, axis, index, input_shape: place(g.new_zeros(input_shape), axis, index, g, "add"),
)
def pick(be: Any, input: Array, axis: int, index: Array) -> Any:
    """Elements along an axis at an index of the result's shape."""
    return be.gather(input, axis, index)


@op(
    name="ScatterBackward0",
    input=lambda g, axis, index, reduce: (
        g if reduce == "add" else place(g, axis, index, g.new_zeros(()).expand(index._shape), "replace")
    ),
    value=lambda g, axis, index: pick(g, axis, index),
)
def place(be: Any, input: Array, axis: int, index: Array, value: Array, reduce: str) -> Any:
    """A copy of `input` with `value` placed at, or added to, elements along an axis."""
    return be.scatter(input, axis, index, value, reduce)
