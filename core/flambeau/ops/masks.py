"""Elements chosen by truth values: masks filled, read and written, and the positions of what is not 0.

Source: https://docs.pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops
"""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from ..dtype import C_NAMES, bool_, int64
from ..shape import broadcast_shapes
from .creation import full
from .node_names import name_node, recorded_as
from .op import op
from .operands import fitting
from .placing import put


def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """`input` with `value` where the bool `mask`, broadcast, is true; in C order, whatever order `input` has."""
    if mask.dtype is not bool_:
        raise RuntimeError(
            f"masked_fill_ only supports boolean masks, but got mask with dtype {C_NAMES[mask.dtype.name]}"
        )
    if isinstance(value, Tensor) and value._shape:
        raise RuntimeError(
            f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.dim()} dimension(s)."
        )
    from .pointwise import choose

    name = "MaskedFillBackward1" if isinstance(value, Tensor) else "MaskedFillBackward0"
    if not isinstance(value, Tensor):
        value = fitting(value, input.dtype)
    elif value.dtype.priority > input.dtype.priority == 1 or (value.dtype.is_complex and input.dtype.priority == 2):
        value = fitting(value.item(), input.dtype)
    else:
        value = value.to(input.dtype)
    if input.dtype is bool_ and isinstance(value, bool):
        value = full((), value, dtype=bool_, device=input.device)
    return name_node(choose(value, input.contiguous(), mask.contiguous()), name)


@recorded_as("MaskedSelectBackward0")
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the bool `mask`, broadcast, is true, in one dimension."""
    if mask.dtype is not bool_:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    from .indexing import getitem

    shape = broadcast_shapes(mask._shape, input._shape)
    return getitem(input.expand(shape), mask.expand(shape))


@recorded_as("MaskedScatterBackward0")
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy of `input` whose elements where the bool `mask` is true come from `source`, in order."""
    if mask.dtype is not bool_:
        raise RuntimeError(
            f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask.dtype.legacy_name}"
        )
    shape = broadcast_shapes(input._shape, mask._shape)
    flat_mask = mask.expand(shape).reshape(-1)
    position = nonzero(flat_mask).reshape(-1)
    base = input.expand(shape).reshape(-1)
    if source.numel() < position._shape[0]:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    return put(base, position, 0, source.reshape(-1)[: position._shape[0]], "replace").reshape(shape)


@op(result=int64)
def _nonzero(be: Any, input: Array) -> Any:
    return be.nonzero(input)


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The positions of the elements that are not 0: (n, rank), or a tuple of vectors."""
    mask = input if input.dtype is bool_ else input != 0
    if as_tuple and not input._shape:
        mask = mask.reshape(1)
    found: Tensor = _nonzero(mask)
    return found.unbind(1) if as_tuple else found


def argwhere(input: Tensor) -> Tensor:
    """The positions of the elements that are not 0: (n, rank)."""
    result: Tensor = nonzero(input)
    return result


FUNCTIONS = (masked_fill, masked_select, masked_scatter, nonzero, argwhere)
METHODS = FUNCTIONS
INPLACE = (masked_fill, masked_scatter)
