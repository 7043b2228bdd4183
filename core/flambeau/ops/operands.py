"""Giving several operands one device and one dtype, as PyTorch's promotion does."""

from __future__ import annotations

import math
from typing import Any

from .._tensor import Tensor
from ..dtype import dtype, get_default_dtype
from ..promotion import result_type
from . import vmap_levels


def to_dtype(x: Tensor, kind: dtype) -> Tensor:
    """`x` in another dtype, differentiably; `x` itself where it has that dtype."""
    return x if x.dtype is kind else x.to(kind)


def raise_devices(*operands: Any) -> None:
    """Raise PyTorch's error for tensors on different devices."""
    found = []
    for x in operands:
        name = str(x.device)
        if name not in found:
            found.append(name)
    raise RuntimeError(
        f"Expected all tensors to be on the same device, but found at least two devices, {found[0]} and {found[1]}!"
    )


def _same_device(operands: list[Any]) -> None:
    """Move 0-d CPU tensors to the device of the others, as PyTorch does; refuse anything else that differs."""
    tensors = [x for x in operands if isinstance(x, Tensor)]
    if vmap_levels.levels and (lifted := vmap_levels.together(operands)) is not None:
        operands[:] = lifted
        return
    home = next((t for t in tensors if t._shape), tensors[0])
    if home.device.type == "cpu":
        home = next((t for t in tensors if t.device.type != "cpu" and not home._shape), home)
    for i, x in enumerate(operands):
        if isinstance(x, Tensor) and x._storage.backend is not home._storage.backend:
            if x._shape or x.device.type != "cpu":
                raise_devices(*tensors)
            operands[i] = x.to(home.device)


def moved(x: Tensor, tensors: list[Tensor]) -> Tensor:
    """A number of the CPU on the device of other tensors; raises RuntimeError for anything else."""
    if x._shape or x.device.type != "cpu":
        raise_devices(x, *tensors)
    return x.to(tensors[0].device)


def align(operands: list[Any], promote: str, name: str) -> None:
    """Give the tensors among the operands one device and one dtype, in place; numbers take that dtype on use."""
    for i, x in enumerate(operands):
        if not isinstance(x, (Tensor, int, float, complex)):
            operands[i] = _number(x, name, i)
    _same_device(operands)
    kind = result_type(*operands)
    if promote == "float" and kind.priority < 2:
        kind = get_default_dtype()
    for i, x in enumerate(operands):
        if isinstance(x, Tensor):
            operands[i] = to_dtype(x, kind)
        elif kind.priority == 1:
            operands[i] = wrap_integer(int(x), kind)
        elif kind.priority >= 2 and x.__class__ is not float and x.__class__ is not complex:
            operands[i] = float(x)


def wrap_integer(value: int, kind: dtype) -> int:
    """A Python int reduced to the range of an integer dtype, as a C cast does."""
    bits = 8 * kind.itemsize
    value &= (1 << bits) - 1
    return value - (1 << bits) if kind.is_signed and value >> (bits - 1) else value


_INTEGER_TYPES = {
    "uint8": "uint8_t", "int8": "int8_t", "int16": "int16_t", "int32": "int", "int64": "int64_t", "uint16": "uint16_t",
    "uint32": "uint32_t", "uint64": "uint64_t",
}  # fmt: skip


_FLOATING_TYPES = {"float16": "c10::Half", "bfloat16": "c10::BFloat16", "float32": "float", "float64": "double"}


def fitting(value: Any, kind: dtype) -> Any:
    """A Python number as an element of a dtype.

    Raises:
        RuntimeError: it does not fit.
    """
    if kind.priority == 3:
        return complex(value)
    if kind.priority == 0:
        return bool(value)
    if kind.priority == 1 and not isinstance(value, complex):
        return whole_number(value, kind)
    from ..numeric_limits import finfo

    if isinstance(value, complex) or (math.isfinite(value) and abs(value) > finfo(kind).max):
        raise RuntimeError(
            f"value cannot be converted to type {(_FLOATING_TYPES | _INTEGER_TYPES)[kind.name]} without overflow"
        )
    return float(value)


def whole_number(value: Any, kind: dtype) -> int:
    """A Python number as an element of an integer dtype, truncated; negative numbers wrap in uint8.

    Raises:
        RuntimeError: it does not fit.
    """
    bits = 8 * kind.itemsize
    low, high = (-(1 << (bits - 1)), 1 << (bits - 1)) if kind.is_signed else (1 - (1 << bits), 1 << bits)
    if not low <= value < high:
        raise RuntimeError(f"value cannot be converted to type {_INTEGER_TYPES[kind.name]} without overflow")
    return wrap_integer(int(value), kind)


def _number(x: Any, name: str, position: int) -> Any:
    # NumPy's numbers and the like.
    if hasattr(x, "item") and getattr(x, "shape", None) == ():
        return x.item()
    if hasattr(x, "__array__"):
        from .creation import as_tensor

        return as_tensor(x)
    label = "input" if position == 0 else "other"
    raise TypeError(f"{name}(): argument '{label}' (position {position + 1}) must be Tensor, not {type(x).__name__}")
