"""Memory shared with other libraries: NumPy arrays, Python buffers, and anything that speaks DLPack.

Source: https://docs.pytorch.org/docs/stable/dlpack.html, https://dmlc.github.io/dlpack/latest/python_spec.html
"""

from __future__ import annotations

import warnings
from typing import Any

from .. import once
from .._tensor import Tensor
from ..backends.registry import HOST
from ..dtype import bfloat16, dtype, get_default_dtype
from .creation import Place, as_tensor, from_numpy, is_numpy, require_grad, tensor

# --- DLPack -----------------------------------------------------------------------------------------------------------


def _dlpack_device(input: Tensor) -> tuple[int, int]:
    """The device, in DLPack's numbers."""
    from .dlpack_device import DLDeviceType

    if input.device.type in HOST:
        return DLDeviceType.kDLCPU, 0
    return DLDeviceType.kDLExtDev, input.device.index or 0


def _dlpack(
    input: Tensor,
    *,
    stream: Any = None,
    max_version: tuple[int, int] | None = None,
    dl_device: Any = None,
    copy: bool | None = None,
) -> Any:
    """A capsule through which another library sees the same memory.

    Raises:
        BufferError: the tensor requires grad, or is not in the process's memory.
    """
    if input.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if input.device.type not in HOST:
        raise BufferError(f"Can't export tensors on {input.device}; use tensor.cpu()")
    if stream not in (None, -1):
        raise AssertionError("stream should be None on cpu.")
    if input.dtype is bfloat16:
        raise BufferError("Can't export bfloat16 tensors, which NumPy does not have; use tensor.float()")
    options: dict[str, Any] = {"max_version": max_version, "dl_device": dl_device, "copy": copy}
    return input.numpy().__dlpack__(**{k: v for k, v in options.items() if v is not None})


class _Capsule:
    """A bare capsule as an object of DLPack's protocol."""

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack__(self, **options: Any) -> Any:
        if '"dltensor"' not in repr(self.capsule) and '"dltensor_versioned"' not in repr(self.capsule):
            raise RuntimeError(
                "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you "
                "might have already constructed a tensor from it once."
            )
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)


def from_dlpack(ext_tensor: Any, *, device: Place = None, copy: bool | None = None) -> Tensor:
    """A tensor that shares the memory of another library's array, or of a DLPack capsule.

    Raises:
        RuntimeError: an object that is neither, or a capsule that was used before.
    """
    import numpy as np

    if isinstance(ext_tensor, Tensor):
        shared = ext_tensor.detach()
    else:
        source = ext_tensor if hasattr(ext_tensor, "__dlpack__") else _Capsule(ext_tensor)
        shared = from_numpy(writable(np.from_dlpack(source)))
    if copy:
        shared = shared.clone()
    return shared if device is None else shared.to(device=device)


def to_dlpack(tensor: Tensor) -> Any:
    """A capsule through which another library sees the same memory."""
    return _dlpack(tensor)


class _Memory:
    """An array's memory without its claim to be read-only; keeps the array alive."""

    def __init__(self, owner: Any) -> None:
        self.owner = owner
        interface = owner.__array_interface__
        self.__array_interface__ = {**interface, "data": (interface["data"][0], False)}


def writable(array: Any) -> Any:
    """A NumPy array of the same memory that may be written to: tensors know no other."""
    import numpy as np

    if array.flags.writeable:
        return array
    return np.asarray(_Memory(array))


# --- NumPy ------------------------------------------------------------------------------------------------------------


def _array_wrap(input: Tensor, array: Any, context: Any = None, return_scalar: bool = False) -> Tensor:
    """What NumPy's functions make of a tensor, as a tensor; truth values as uint8, as PyTorch has them here."""
    import numpy as np

    array = np.asarray(array)
    return from_numpy(array.astype("uint8") if array.dtype == bool else array)


# --- buffers ----------------------------------------------------------------------------------------------------------


def frombuffer(buffer: Any, *, dtype: dtype, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A 1-D tensor of the elements in a Python buffer, whose memory it shares; of one that is read-only, a copy.

    Raises:
        ValueError: no buffer, or one of another length, in PyTorch's words.
    """
    try:
        view = memoryview(buffer).cast("B")
    except TypeError:
        raise ValueError("object does not implement Python buffer protocol.") from None
    size, held = dtype.itemsize, len(view)
    if not held or not count:
        raise ValueError(f"both buffer length ({held}) and count ({count}) must not be 0")
    if not 0 <= offset < held:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length ({held} bytes) minus 1"
        )
    if count > 0 and offset + count * size > held:
        raise ValueError(
            f"requested buffer length ({count} * {size} bytes) after offset ({offset} bytes) must not be greater than actual "
            f"buffer length ({held} bytes)"
        )
    if count < 0:
        if (held - offset) % size:
            raise ValueError(
                f"buffer length ({held - offset} bytes) after offset ({offset} bytes) must be a multiple of element size "
                f"({size})"
            )
        count = (held - offset) // size
    if view.readonly:
        once.warn(
            "The given buffer is not writable, and PyTorch does not support non-writable tensors. This means you can write "
            "to the underlying (supposedly non-writable) buffer using the tensor. You may want to copy the buffer to "
            "protect its data or make it writable before converting it to a tensor. This type of warning will be suppressed "
            "for the rest of this program.",
            stacklevel=2,
        )
    made = _shared(view[offset : offset + count * size], dtype, count)
    if requires_grad:
        require_grad(made)
    return made


def _shared(view: memoryview, kind: dtype, count: int) -> Tensor:
    from .._tensor import from_array
    from ..device import resolve
    from ..storage import Storage

    backend, place = resolve("cpu")
    if view.readonly or kind is bfloat16 or not hasattr(backend, "from_numpy"):
        return from_array(backend.from_bytes(bytes(view), (count,), kind), kind, Storage(None, backend, place))
    import numpy as np

    return from_numpy(np.frombuffer(view, kind.name))


# --- anything ---------------------------------------------------------------------------------------------------------


def asarray(
    obj: Any,
    *,
    dtype: dtype | None = None,
    device: Place = None,
    copy: bool | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """A tensor of what is a tensor, an array, a DLPack object, a buffer or a sequence, sharing its memory where it can.

    Args:
        copy: True always copies; False never does, and fails where it would have to.

    Raises:
        ValueError: `copy=False` where a copy is needed.
    """
    wants_grad = bool(requires_grad)
    if isinstance(obj, Tensor):
        if requires_grad is None and obj.requires_grad:
            warnings.warn(
                "torch.asarray: unspecified requires_grad now defaults to obj.requires_grad instead of False. Pass "
                "requires_grad=False explicitly to get the old behavior and silence this warning.",
                stacklevel=2,
            )
        made = _aliased(obj, dtype, device, copy)
        if requires_grad is None:
            return made
        if not wants_grad:
            return made.detach() if made.requires_grad else made
        return made if made.requires_grad else made.detach().requires_grad_()
    if is_numpy(obj) and hasattr(obj, "ctypes"):
        made = _aliased(from_numpy(writable(obj)), dtype, device, copy)
    elif hasattr(obj, "__dlpack__"):
        made = _aliased(from_dlpack(obj), dtype, device, copy)
    elif _is_buffer(obj):
        made = _aliased(frombuffer(obj, dtype=dtype or get_default_dtype()), dtype, device, copy)
    else:
        if copy is False:
            raise ValueError("can't alias arbitrary sequence into a tensor.")
        made = tensor(obj, dtype=dtype, device=device)
    if wants_grad:
        require_grad(made)
    return made


def _is_buffer(obj: Any) -> bool:
    if is_numpy(obj):
        return False
    try:
        memoryview(obj)
    except TypeError:
        return False
    return True


def _aliased(source: Tensor, kind: dtype | None, device: Place, copy: bool | None) -> Tensor:
    if copy is False:
        if kind is not None and kind is not source.dtype:
            raise ValueError(
                f"can't alias tensor with dtype '{source.dtype.legacy_name}' into dtype '{kind.legacy_name}'."
            )
        if device is not None and source.to(device=device) is not source:
            raise ValueError(f"can't alias tensor from device '{source.device}' to '{device}'.")
        return source
    made = as_tensor(source, kind, device)
    return made.clone() if copy and made is source else made


FUNCTIONS = (from_dlpack, to_dlpack, frombuffer, asarray)
METHODS = ()
ATTRIBUTES = {"__dlpack__": _dlpack, "__dlpack_device__": _dlpack_device, "__array_wrap__": _array_wrap}
