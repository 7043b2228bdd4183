"""`Variable`, the old name of tensors: `Variable(x)` is a new tensor with the elements of `x`, and every tensor is one.

Source: https://docs.pytorch.org/docs/stable/autograd.html#variable-deprecated
"""

from __future__ import annotations

import sys
import warnings
from types import ModuleType
from typing import Any

from .._tensor import Tensor


class _VariableMeta(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)

    def __getattr__(cls, name: str) -> Any:
        return getattr(Tensor, name)


class Variable(metaclass=_VariableMeta):
    """`Variable(data, requires_grad=False, volatile=False)`: the elements of `data`, shared, as a leaf.

    Raises:
        TypeError: `data` is not a tensor.
        RuntimeError: integers with `requires_grad`.
        ValueError: both `requires_grad` and `volatile`, which had opposite meanings.
    """

    def __new__(cls, data: Any = None, requires_grad: bool | None = None, volatile: bool | None = None) -> Any:
        if volatile:
            warnings.warn(
                "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.", stacklevel=2
            )
            if requires_grad:
                raise ValueError("Variable can't be volatile and require_grad at the same time!")
        if data is None:
            from ..ops.creation import empty

            data = empty(0)
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        made = data.detach()
        if requires_grad:
            if not (data.dtype.is_floating_point or data.dtype.is_complex):
                raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
            made._requires_grad = True
        return made


class _Module(ModuleType):
    """`torch.autograd.variable` is this module, and an older constructor that is gone."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("torch.autograd.variable(...) is deprecated, use torch.tensor(...) instead")


sys.modules[__name__].__class__ = _Module
