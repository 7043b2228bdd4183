"""Tensors that belong to a module: `Parameter` (trained) and `Buffer` (state that is not)."""

from __future__ import annotations

import sys
from collections import OrderedDict
from typing import Any

from .. import ops
from .._tensor import Tensor, no_torch_function
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

    __torch_function__ = staticmethod(no_torch_function)

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


# --- parameters whose shape the first input will tell -----------------------------------------------------------------


class UninitializedTensorMixin:
    """What `UninitializedParameter` and `UninitializedBuffer` share: no elements, and errors instead."""

    cls_to_become: type[Tensor]

    def materialize(self: Any, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Become a parameter or tensor of a shape, with any values.

        Args:
            device, dtype: default the ones it was made with.
        """
        data = ops.empty(shape, device=device or self.device, dtype=dtype or self.dtype)
        del self.__dict__["_shape"]
        self.__class__ = self.cls_to_become
        self.data = data

    @property
    def shape(self) -> Any:
        """Not known yet."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
            "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call `forward` to "
            "initialize the parameters before accessing their attributes."
        )

    @property
    def _shape(self) -> Any:
        # Every op asks for it.
        function = sys._getframe(1).f_code.co_name
        raise ValueError(
            f"Attempted to use an uninitialized parameter in {function}. This error happens when you are using a "
            f"`LazyModule` or explicitly manipulating `torch.nn.parameter.{type(self).__name__}` objects. When using "
            "LazyModules Call `forward` with a dummy batch to initialize the parameters before calling torch functions"
        )

    @_shape.setter
    def _shape(self, value: Any) -> None:
        self.__dict__["_shape"] = value

    @property
    def data(self: Any) -> Tensor:
        """An empty tensor of its dtype, on its device."""
        return ops.empty(0, dtype=self.dtype, device=self.device)

    @data.setter
    def data(self: Any, value: Tensor) -> None:
        self._storage, self.dtype = value._storage, value.dtype

    def size(self, dim: int | None = None) -> Any:
        """That of an empty tensor."""
        return self.data.size(dim)

    def _like(self: Any, data: Tensor) -> Any:
        """As uninitialized, of the dtype and on the device of `data`."""
        made = data._as(type(self))
        made._requires_grad = self._requires_grad
        made.__dict__.update(
            {name: self.__dict__[name] for name in ("persistent", "_is_buffer") if name in self.__dict__}
        )
        return made

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """For elsewhere, or of another dtype."""
        return self._like(self.data.to(*args, **kwargs))

    def _cast(name: str) -> Any:  # type: ignore[misc]
        return lambda self, *args: self._like(getattr(self.data, name)(*args))

    half, float, double, bfloat16 = _cast("half"), _cast("float"), _cast("double"), _cast("bfloat16")
    char, short, int, long = _cast("char"), _cast("short"), _cast("int"), _cast("long")
    cpu, cuda, type = _cast("cpu"), _cast("cuda"), _cast("type")

    def copy_(self, source: Any, non_blocking: bool = False) -> Any:
        """Nothing: there are no elements."""
        return self

    def share_memory_(self) -> Any:
        """Not possible yet."""
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the parameters before "
            "calling `module.share_memory()`."
        )

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__}>"

    def __reduce_ex__(self: Any, protocol: Any) -> tuple[Any, ...]:
        return self.__class__, (self.requires_grad,)

    def __deepcopy__(self: Any, memo: dict[Any, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = self.__class__(self.requires_grad, self.device, self.dtype)
        return memo[id(self)]


def is_lazy(param: Any) -> bool:
    """Whether a parameter or buffer has no shape yet."""
    return isinstance(param, UninitializedTensorMixin)


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter that gets its shape later, by `materialize`.

    Args:
        device, dtype: of the parameter to be.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.UninitializedParameter.html
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Any:
        made: Any = ops.empty(0, device=device, dtype=dtype)._as(cls)
        return made.requires_grad_(requires_grad)


class UninitializedBuffer(UninitializedTensorMixin, Tensor):
    """A buffer that gets its shape later, by `materialize`.

    Args:
        device, dtype: of the buffer to be.
        persistent: whether it is part of the module's `state_dict`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.UninitializedBuffer.html
    """

    cls_to_become = Tensor

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> Any:
        made: Any = ops.empty(0, device=device, dtype=dtype)._as(cls)
        made.__dict__.update(persistent=persistent, _is_buffer=True)
        return made.requires_grad_(requires_grad)
