"""`torch.FloatTensor` and its kin: the constructors of PyTorch's first years, which teaching code still uses.

Source: https://docs.pytorch.org/docs/stable/tensors.html
"""

from __future__ import annotations

from typing import Any

from . import dtype as dtypes
from .ops.creation import legacy_tensor
from .tensor import Tensor


class LegacyType(type):
    """A class of tensors of one dtype on the CPU: `isinstance(x, torch.FloatTensor)` asks for the dtype."""

    _kind: dtypes.dtype

    def __call__(cls, *args: Any) -> Tensor:
        return legacy_tensor(*args, kind=cls._kind)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls._kind and instance.device.type == "cpu"

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


def _legacy(kind: dtypes.dtype) -> LegacyType:
    doc = f"Tensors of {kind.name} on the CPU, by their legacy name."
    return LegacyType(f"{kind.legacy_name}Tensor", (), {"_kind": kind, "__doc__": doc})


FloatTensor = _legacy(dtypes.float32)
DoubleTensor = _legacy(dtypes.float64)
HalfTensor = _legacy(dtypes.float16)
BFloat16Tensor = _legacy(dtypes.bfloat16)
LongTensor = _legacy(dtypes.int64)
IntTensor = _legacy(dtypes.int32)
ShortTensor = _legacy(dtypes.int16)
CharTensor = _legacy(dtypes.int8)
ByteTensor = _legacy(dtypes.uint8)
BoolTensor = _legacy(dtypes.bool_)
