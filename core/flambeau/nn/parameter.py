"""Tensors that belong to a module: `Parameter` (trained) and `Buffer` (state that is not)."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from .. import ops
from .._tensor import Tensor
from ..pickling import set_state, state_of


class Parameter(Tensor):
    """A tensor that a `Module` lists among its parameters when it is assigned as an attribute.

    It shares the storage of `data`, is a leaf, and requires grad by default (also under `no_grad`). Results of
    operations on parameters are plain tensors.

    Args:
        data: the values; default an empty tensor.
        requires_grad: default True.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
    """

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Parameter:
        if data is None:
            data = ops.empty(0)
        if requires_grad and not (data.detach().is_floating_point() or data.is_complex()):
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        parameter: Parameter = data._as(cls)
        parameter.requires_grad_(requires_grad)
        return parameter

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        known = memo.get(id(self))
        if known is not None:
            return known
        result = type(self)(self.data.clone(), self.requires_grad)
        memo[id(self)] = result
        return result

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        state = state_of(self)
        if state:
            return _rebuild_parameter_with_state, (self.data, self.requires_grad, OrderedDict(), state)
        return _rebuild_parameter, (self.data, self.requires_grad, OrderedDict())


def _rebuild_parameter(data: Tensor, requires_grad: bool, backward_hooks: Any) -> Parameter:
    return Parameter(data, requires_grad)


def _rebuild_parameter_with_state(data: Tensor, requires_grad: bool, backward_hooks: Any, state: Any) -> Parameter:
    restored: Parameter = set_state(Parameter(data, requires_grad), state)
    return restored


class _BufferType(type):
    """`isinstance(x, Buffer)` asks a mark on the tensor: a buffer is a plain tensor otherwise."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and "_is_buffer" in instance.__dict__


class Buffer(Tensor, metaclass=_BufferType):
    """A tensor that a `Module` lists among its buffers when it is assigned as an attribute.

    What is made is a `Tensor` that shares the storage of `data`, marked for `Module`.

    Args:
        data: the values; default an empty tensor.
        persistent: whether it is part of the module's `state_dict`; default True.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Buffer.html
    """

    persistent: bool

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Any:
        if data is None:
            data = ops.empty(0)
        buffer = data.detach().requires_grad_(data.requires_grad)
        buffer.__dict__.update(persistent=persistent, _is_buffer=True)
        return buffer
