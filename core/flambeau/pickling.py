"""How a tensor is pickled and deep-copied: as its storage, and where in it the tensor lies.

The functions whose names begin with an underscore are those of `torch._utils` and `torch._tensor` that PyTorch's files
call; ours name them too, so that either library reads what the other has written.

Source: https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from copy import deepcopy
from math import prod
from typing import Any, Final

from ._tensor import Tensor
from .device import resolve
from .dtype import dtype as DType
from .shape import contiguous_strides
from .storage import Storage
from .typed_storage import STORAGE_NAMES, TypedStorage
from .untyped_storage import UntypedStorage, elements, face, held_dtype, view_of

_FIELDS: Final = frozenset(Tensor.__annotations__)
"""What the library keeps in a tensor's `__dict__`; the rest is the user's."""


# --- taking apart -----------------------------------------------------------------------------------------------------


def reduce_tensor(tensor: Tensor) -> tuple[Any, ...]:
    """What `Tensor.__reduce_ex__` returns: a function and its arguments that make the tensor anew."""
    parts = tensor_parts(tensor)
    state = state_of(tensor)
    if type(tensor) is Tensor and not state:
        return parts
    return _rebuild_from_type_v2, (parts[0], type(tensor), parts[1], state)


def tensor_parts(tensor: Tensor) -> tuple[Any, tuple[Any, ...]]:
    """As `reduce_tensor`, but of the plain tensor: without class and attributes."""
    warn_of_hooks(tensor)
    storage = face(tensor._storage)
    hooks: OrderedDict[int, Any] = OrderedDict()
    lies = (tensor.storage_offset(), tuple(tensor._shape), tuple(tensor.stride()), tensor.requires_grad, hooks)
    if tensor.dtype in STORAGE_NAMES:
        return _rebuild_tensor_v2, (TypedStorage._of(storage, tensor.dtype), *lies)
    return _rebuild_tensor_v3, (storage, *lies, tensor.dtype)


def state_of(tensor: Tensor) -> Any:
    """The attributes that somebody has set on a tensor, or what its class's own `__getstate__` gives."""
    own = getattr(type(tensor), "__getstate__", None)
    if own is not None and own is not getattr(object, "__getstate__", None):
        return own(tensor)
    return {key: value for key, value in tensor.__dict__.items() if key not in _FIELDS}


def warn_of_hooks(tensor: Tensor) -> None:
    """Say that hooks are not pickled."""
    for hook in (tensor._hooks or {}).values():
        if not hasattr(hook, "__torch_unserializable__"):
            warnings.warn(
                f"backward hook {hook!r} on tensor will not be serialized.  If this is expected, you can decorate the "
                "function with @torch.utils.hooks.unserializable_hook to suppress this warning",
                stacklevel=2,
            )


# --- putting together -------------------------------------------------------------------------------------------------


def tensor_in(storage: UntypedStorage, kind: DType, offset: int, size: Any, stride: Any) -> Tensor:
    """The tensor that lies in a storage; on a storage of another dtype, of a copy."""
    shape, strides = tuple(size), tuple(stride)
    box = storage._box
    if storage._unclaimed and held_dtype(box) is not kind:  # bytes, because the file had no class of storages for it
        box.array = elements(box, kind)._storage.array
    if held_dtype(box) is not kind:
        box = elements(box, kind)._storage
    elif storage._unclaimed:
        storage._unclaimed = False
        if not offset and strides == contiguous_strides(shape) and prod(shape) == prod(box.array.shape):
            box.array = box.backend.reshape(box.array, shape)
    return view_of(box, kind, shape, strides, offset)


def _rebuild_tensor(storage: TypedStorage, storage_offset: int, size: Any, stride: Any) -> Tensor:
    return tensor_in(storage._untyped_storage, storage.dtype, storage_offset, size, stride)


def _rebuild_tensor_v2(
    storage: TypedStorage,
    storage_offset: int,
    size: Any,
    stride: Any,
    requires_grad: bool,
    backward_hooks: Any,
    metadata: Any = None,
) -> Tensor:
    tensor = _rebuild_tensor(storage, storage_offset, size, stride)
    tensor._requires_grad = requires_grad
    return with_metadata(tensor, metadata)


def _rebuild_tensor_v3(
    storage: Any,
    storage_offset: int,
    size: Any,
    stride: Any,
    requires_grad: bool,
    backward_hooks: Any,
    dtype: DType,
    metadata: Any = None,
) -> Tensor:
    tensor = tensor_in(storage.untyped(), dtype, storage_offset, size, stride)
    tensor._requires_grad = requires_grad
    return with_metadata(tensor, metadata)


def with_metadata(tensor: Tensor, metadata: dict[str, bool] | None) -> Tensor:
    """A tensor that PyTorch had left to be conjugated or negated when read."""
    requires_grad = tensor._requires_grad
    for bit, function in (("conj", "conj_physical"), ("neg", "neg")):
        if metadata and metadata.get(bit):
            tensor = getattr(tensor.detach(), function)()
    tensor._requires_grad = requires_grad
    return tensor


def _rebuild_from_type_v2(function: Any, new_type: type, args: tuple[Any, ...], state: Any) -> Any:
    """A tensor of a subclass, or with attributes."""
    made = function(*args)
    if type(made) is not new_type:
        requires_grad = made._requires_grad
        made = made._as(new_type)
        made._requires_grad = requires_grad
    own = getattr(new_type, "__setstate__", None)
    if own is not None and own is not getattr(Tensor, "__setstate__", None):
        own(made, state)
        return made
    return set_state(made, state)


def set_state(tensor: Any, state: Any) -> Any:
    """Set attributes from what `state_of` or PyTorch's equivalent gave."""
    if isinstance(state, tuple) and len(state) != 2:
        raise RuntimeError(f"Invalid serialized state: {state}")
    for attributes in state if isinstance(state, tuple) else (state,):
        for name, value in (attributes or {}).items():
            setattr(tensor, name, value)
    return tensor


def _rebuild_device_tensor_from_cpu_tensor(data: Tensor, dtype: DType, device: str, requires_grad: bool) -> Tensor:
    tensor: Tensor = data.to(device=device, dtype=dtype)
    tensor._requires_grad = requires_grad
    return tensor


def _rebuild_device_tensor_from_numpy(data: Any, dtype: DType, device: str, requires_grad: bool) -> Tensor:
    from .ops.creation import from_numpy

    return _rebuild_device_tensor_from_cpu_tensor(from_numpy(data), dtype, device, requires_grad)


def _rebuild_meta_tensor_no_storage(dtype: DType, size: Any, stride: Any, requires_grad: bool) -> Tensor:
    from .ops.creation import empty

    tensor = empty(tuple(size), dtype=dtype, device="meta")
    tensor._requires_grad = requires_grad
    return tensor


def _rebuild_untyped_storage(data: bytes, kind: DType, device: str) -> UntypedStorage:
    backend, home = resolve(device)
    made = face(Storage(backend.from_bytes(data, (len(data) // kind.itemsize,), kind), backend, home))
    made._unclaimed = True
    return made


# --- copying ----------------------------------------------------------------------------------------------------------


def deepcopy_tensor(tensor: Tensor, memo: dict[int, Any]) -> Any:
    """A copy with its storage; tensors that share one, copied with the same `memo`, share the copy.

    Raises:
        RuntimeError: the tensor was computed, so that its copy would need a copy of the graph.
    """
    if not tensor.is_leaf:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.  If you "
            "were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage, see "
            "https://github.com/pytorch/pytorch/pull/103001"
        )
    if id(tensor) in memo:
        return memo[id(tensor)]
    storage = face(tensor._storage).__deepcopy__(memo)
    copied = view_of(storage._box, tensor.dtype, tensor._shape, tensor.stride(), tensor.storage_offset())
    if type(tensor) is not Tensor:
        copied = copied._as(type(tensor))
    copied._requires_grad = tensor.requires_grad
    if tensor._grad is not None:
        copied._grad = tensor._grad.__deepcopy__(memo)
    for key, value in tensor.__dict__.items():
        if key not in _FIELDS:
            copied.__dict__[key] = deepcopy(value, memo)
    memo[id(tensor)] = copied
    return copied
