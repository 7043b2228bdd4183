"""Channels last: tensors whose elements lie in memory with the channels innermost, for programs that ask for it.

Copies in such an order, and what layers of images give for them, have PyTorch's strides.
Source: https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch-memory-format
"""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from ..layout import channels_last, channels_last_3d, contiguous_format, memory_format
from ..storage import Storage
from .memory_order import laid, placed
from .op import op
from .windows import Ints

_ORDERS = {channels_last: (0, 2, 3, 1), channels_last_3d: (0, 2, 3, 4, 1)}
"""The dimensions, the outermost in memory first."""


def channel_strides(shape: Ints, format: memory_format) -> Ints:
    """The strides of a tensor of a shape in a memory format with channels last.

    Raises:
        RuntimeError: the format is for another number of dimensions.
    """
    order = _ORDERS[format]
    if len(shape) != len(order):
        raise RuntimeError(f"required rank {len(order)} tensor to use {format.name} format")
    strides = [0] * len(shape)
    step = 1
    for axis in reversed(order):
        strides[axis] = step
        step *= max(shape[axis], 1)
    return tuple(strides)


def has_format(shape: Ints, strides: Ints, format: memory_format) -> bool:
    """Whether the elements lie as the format says; sizes of 1 may have any stride."""
    order = _ORDERS[format]
    if len(shape) != len(order):
        return False
    wanted = channel_strides(shape, format)
    return all(n == 1 or have == want for n, have, want in zip(shape, strides, wanted, strict=True))


@op(name="CloneBackward0", input=lambda g: g)
def _ordered(be: Any, input: Array, order: Ints) -> Any:
    return be.copy(be.permute(input, order))


def in_format(input: Tensor, format: memory_format) -> Tensor:
    """A copy whose elements lie as the format says.

    Raises:
        RuntimeError: the format is for another number of dimensions.
    """
    strides = channel_strides(input._shape, format)
    return placed(_ordered(input, _ORDERS[format]), input._shape, strides)


def copied_like(input: Tensor, other: Tensor) -> Tensor:
    """A copy whose elements lie as those of a tensor of the same shape do."""
    found = laid(other)
    if found is None:
        return input.clone(memory_format=contiguous_format)
    return placed(_ordered(input, found.order), input._shape, found.strides)


def copied(input: Tensor) -> Tensor:
    """A copy of a view whose elements lie as those of the view do."""
    return copied_like(input, input)


def is_channels_last(x: Tensor) -> bool:
    """Whether a tensor of images or volumes lies with channels last, and not in C order too."""
    if x._view is None or x.is_contiguous():
        return False
    format = {4: channels_last, 5: channels_last_3d}.get(len(x._shape))
    return format is not None and has_format(x._shape, x._view[0], format)


def as_operands(y: Tensor, *operands: Tensor) -> Tensor:
    """A result that was just made, moved into the memory format of an operand if that has channels last."""
    if y._view is None and any(x._view is not None and is_channels_last(x) for x in operands):
        format = channels_last if len(y._shape) == 4 else channels_last_3d
        held = y._storage
        # Another storage: what was saved for backward shares the one it has.
        y._storage = Storage(
            held.backend.copy(held.backend.permute(held.array, _ORDERS[format])), held.backend, held.device
        )
        y._view = (channel_strides(y._shape, format), 0)
    return y
