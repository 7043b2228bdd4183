"""A tensor's storage, seen, replaced and shared: `x.untyped_storage()`, `x.set_(...)`, `x.share_memory_()`.

Source: https://docs.pytorch.org/docs/stable/storage.html
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from .._tensor import Tensor
from ..dtype import C_NAMES
from ..shape import contiguous_strides

if TYPE_CHECKING:
    from ..typed_storage import TypedStorage
    from ..untyped_storage import UntypedStorage


def is_storage(obj: Any) -> bool:
    """Whether `obj` is a storage."""
    from ..untyped_storage import is_storage

    return is_storage(obj)


def _face(input: Tensor) -> UntypedStorage:
    from ..untyped_storage import face  # storages are seldom looked at, and importing flambeau is to be quick

    return face(input._storage)


def untyped_storage(input: Tensor) -> UntypedStorage:
    """The bytes that the tensor is a view of; the same object as long as somebody holds it."""
    return _face(input)


def _typed_storage(input: Tensor) -> TypedStorage:
    from ..typed_storage import TypedStorage

    return TypedStorage._of(_face(input), input.dtype)


def storage(input: Tensor) -> TypedStorage:
    """The elements of the storage that the tensor is a view of. Deprecated by PyTorch; see `untyped_storage`."""
    from ..untyped_storage import warn_of_removal

    warn_of_removal()
    return _typed_storage(input)


def storage_type(input: Tensor) -> Any:
    """The class of the tensor's storage by its older name, as `torch.FloatStorage`."""
    from ..typed_storage import LEGACY

    return LEGACY[_typed_storage(input)._pickle_storage_type()]


def set_(
    input: Tensor,
    source: Any = None,
    storage_offset: int = 0,
    size: Any = None,
    stride: Any = None,
) -> Tensor:
    """Become a view of another tensor's storage, or of a storage; of nothing without arguments.

    Args:
        source: a tensor or a storage.
        storage_offset: where in it the first element is.
        size: default the tensor's own, or all of the storage.
        stride: in elements; default contiguous.

    Raises:
        RuntimeError: the dtypes differ.
    """
    from ..typed_storage import TypedStorage
    from ..untyped_storage import UntypedStorage, elements, face, view_of

    if source is None:
        from .creation import empty

        source = empty(0, dtype=input.dtype, device=input.device)
    if isinstance(source, Tensor):
        if source.dtype is not input.dtype:
            raise RuntimeError(
                f"Could not set tensor of type {C_NAMES[source.dtype.name]} to a tensor of type {C_NAMES[input.dtype.name]}"
            )
        if size is None:
            input.data = source
            return input
        box = source._storage
    elif isinstance(source, TypedStorage):
        if source.dtype is not input.dtype:
            raise RuntimeError(
                f"Expected a Storage of type {input.dtype.legacy_name.lower()} or an UntypedStorage, but got type "
                f"{source.dtype.legacy_name} for argument 1 'storage'"
            )
        box = source._untyped_storage._box
    elif isinstance(source, UntypedStorage):
        box = source._box
    else:
        raise TypeError(f"set_(): argument 'source' (position 1) must be Tensor, not {type(source).__name__}")
    shape = (len(face(box)) // input.dtype.itemsize - storage_offset,) if size is None else _as_tuple(size)
    strides = contiguous_strides(shape) if stride is None else _as_tuple(stride)
    if any(step < 0 for step in strides):
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)} and strides={list(strides)}")
    if prod(shape):
        needed = storage_offset + 1 + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
        if needed * input.dtype.itemsize > len(face(box)):
            face(box).resize_(needed * input.dtype.itemsize)
    box = elements(box, input.dtype)._storage
    input.data = view_of(box, input.dtype, shape, strides, storage_offset)
    return input


def _as_tuple(sizes: Any) -> tuple[int, ...]:
    return (sizes,) if isinstance(sizes, int) else tuple(sizes)


def share_memory_(input: Tensor) -> Tensor:
    """Move the storage to memory that processes forked from now on share. Returns the tensor."""
    _face(input).share_memory_()
    return input


def is_shared(input: Tensor) -> bool:
    """Whether the storage is in memory that forked processes share."""
    return _face(input).is_shared()


def module_load(input: Tensor, other: Tensor, assign: bool = False) -> Tensor:
    """What a parameter becomes that `load_state_dict` loads `other` into, where tensors are swapped."""
    return other.detach() if assign else input.copy_(other).detach()


def swap_tensors(t1: Tensor, t2: Tensor) -> None:
    """Make each of two tensors what the other was: class, elements, gradient and attributes.

    Raises:
        RuntimeError: one of them was computed, so that a graph knows it.
    """
    for name, tensor in (("t1", t1), ("t2", t2)):
        if tensor._node is not None:
            raise RuntimeError(f"Cannot swap {name} because it has a grad_fn: a graph knows it")
    t1.__class__, t2.__class__ = t2.__class__, t1.__class__
    t1.__dict__, t2.__dict__ = t2.__dict__, t1.__dict__


FUNCTIONS = (is_storage,)
METHODS = (
    untyped_storage,
    _typed_storage,
    storage,
    storage_type,
    set_,
    share_memory_,
    is_shared,
    module_load,
)
