"""In-place views: `x.squeeze_()` and its like give a tensor another shape on the same storage, and its graph another node.

Source: https://docs.pytorch.org/docs/stable/tensor_view.html
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from .._tensor import Tensor
from ..shape import contiguous_strides, sizes
from ..storage import Storage
from .inplace import check_writable
from .rearranging import swapdims
from .views import as_strided, squeeze, swapaxes, t, transpose, unsqueeze


def become(input: Tensor, view: Tensor) -> Tensor:
    """Make a tensor what a view of it is."""
    input._shape = view._shape
    input._view = view._view
    input._cached = input._read_from = None
    if view._node is not None:
        input._node, input._output_nr, input._requires_grad = view._node, view._output_nr, True
    if input._tracked:
        input._storage.version += 1
    input._seen_version = input._storage.version
    return input


def _in_place(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    name = function.__name__ + "_"

    def call(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        check_writable(input)
        return become(input, function(input, *args, **kwargs))

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"The in-place form of `{function.__name__}`: the same elements, another shape."
    return call


_VIEWS: tuple[Callable[..., Tensor], ...] = (squeeze, unsqueeze, transpose, t, swapaxes, swapdims, as_strided)
squeeze_, unsqueeze_, transpose_, t_, swapaxes_, swapdims_, as_strided_ = map(_in_place, _VIEWS)


def resize_(input: Tensor, *sizes_: Any, size: Any = None, memory_format: Any = None) -> Tensor:
    """Change the shape, in C order; the storage grows if need be, and keeps its elements. New ones are 0.

    Raises:
        RuntimeError: the tensor requires grad.
    """
    shape = sizes(sizes_ if size is None else (size,), "resize_(): argument 'size'")
    if input.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    for n in shape:
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: {list(shape)}")
    if shape == input._shape:
        return input
    storage = input._storage
    backend = storage.backend
    offset = input.storage_offset()
    held, needed = 1, 1
    for n in storage.array.shape:
        held *= n
    for n in shape:
        needed *= n
    if offset + needed > held:
        bigger = backend.full((offset + needed,), 0, input.dtype)
        if held:
            bigger = backend.assign(bigger, ((held,), (1,), 0), backend.reshape(storage.array, (held,)))
        storage.array = bigger
    input._shape = shape
    input._view = (contiguous_strides(shape), offset)
    input._cached = input._read_from = None
    return input


def resize_as_(input: Tensor, the_template: Tensor, memory_format: Any = None) -> Tensor:
    """`resize_` to the shape of another tensor."""
    return resize_(input, the_template._shape)


def resize(input: Tensor, *size: Any) -> Tensor:
    """The elements in another shape of as many; deprecated in PyTorch for `reshape` and `resize_`.

    Raises:
        RuntimeError: another number of elements.
    """
    warnings.warn("non-inplace resize is deprecated", stacklevel=2)
    shape = sizes(size)
    needed = 1
    for n in shape:
        needed *= n
    if needed != input.numel():
        raise RuntimeError(
            f"requested resize to {_times(shape)} ({needed} elements in total), but the given tensor has a size of "
            f"{_times(input._shape)} ({input.numel()} elements). autograd's resize can only change the shape of a given "
            "tensor, while preserving the number of elements. "
        )
    return input.contiguous().view(shape)


def _times(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def resize_as(input: Tensor, tensor: Tensor) -> Tensor:
    """`resize` to the shape of another tensor; deprecated in PyTorch."""
    warnings.warn("non-inplace resize_as is deprecated", stacklevel=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return resize(input, tensor._shape)


def sharing(storage: Storage, input: Tensor, other: Tensor) -> bool:
    """Whether two tensors are the same view of one storage."""
    return (
        other._storage is storage
        and input._shape == other._shape
        and input.stride() == other.stride()
        and input.storage_offset() == other.storage_offset()
    )


METHODS = (
    squeeze_, unsqueeze_, transpose_, t_, swapaxes_, swapdims_, as_strided_, resize_, resize_as_, resize, resize_as,
)  # fmt: skip
