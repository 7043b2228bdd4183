"""`torch.FloatTensor` and its kin: the constructors of PyTorch's first years, which teaching code still uses.

Source: https://docs.pytorch.org/docs/stable/tensors.html
"""

from __future__ import annotations

from typing import Any

from ._tensor import Tensor
from .dtype import bfloat16, bool_, float16, float32, float64, int8, int16, int32, int64, uint8
from .dtype import dtype as DType
from .layout import strided
from .ops.creation import legacy_tensor


class LegacyType(type):
    """A class of tensors of one dtype on the CPU: `isinstance(x, torch.FloatTensor)` asks for the dtype."""

    dtype: DType

    def __call__(cls, *args: Any) -> Tensor:
        return legacy_tensor(*args, kind=cls.dtype)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype and instance.device.type == "cpu"

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


def _legacy(kind: DType) -> LegacyType:
    doc = f"Tensors of {kind.name} on the CPU, by their legacy name."
    attributes = {"dtype": kind, "layout": strided, "is_cuda": False, "is_sparse": False, "__doc__": doc}
    return LegacyType(f"{kind.legacy_name}Tensor", (), attributes)


FloatTensor = _legacy(float32)
DoubleTensor = _legacy(float64)
HalfTensor = _legacy(float16)
BFloat16Tensor = _legacy(bfloat16)
LongTensor = _legacy(int64)
IntTensor = _legacy(int32)
ShortTensor = _legacy(int16)
CharTensor = _legacy(int8)
ByteTensor = _legacy(uint8)
BoolTensor = _legacy(bool_)
