"""`custom_op` as it was: the signature by a function whose body does not run, all else by decorators.

Source: https://github.com/pytorch/pytorch/blob/main/torch/_custom_op/impl.py
"""

from __future__ import annotations

import inspect
import warnings
from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any

from .._tensor import Tensor
from ..library import CustomOpDef

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
_NAMED = "torch._custom_op is deprecated and will be removed in PyTorch 2.6, please use the equivalent torch.library API instead."


def custom_op(qualname: str, manual_schema: str | None = None) -> Callable[[Callable[..., Any]], CustomOp]:
    """A decorator that makes an operator of the signature of a function.

    Args:
        manual_schema: PyTorch's notation of the signature; the function's own is used.
    """
    warnings.warn(_NAMED, DeprecationWarning, stacklevel=2)
    return lambda function: CustomOp(qualname, function)


class CustomOp:
    """An operator whose kernels and derivative are given one after another."""

    def __init__(self, qualname: str, function: Callable[..., Any]) -> None:
        signature = inspect.signature(function)
        self._operator = CustomOpDef(qualname, signature, ())
        self._qualname = qualname
        self._parameters = tuple(signature.parameters)
        self._save: Callable[..., Any] | None = None
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._operator(*args, **kwargs)

    def __repr__(self) -> str:
        return f'<CustomOp(op="{self._qualname}")>'

    def impl(self, device_types: str | Sequence[str]) -> Decorator:
        """A decorator for what runs for tensors of these devices."""
        return lambda function: self._operator.register_kernel(device_types, function)

    def impl_abstract(self) -> Decorator:
        """A decorator for what gives results of the right shape and dtype."""
        return lambda function: self._operator.register_fake(function)

    def impl_factory(self) -> Decorator:
        """A decorator for what runs where no argument is a tensor."""
        return lambda function: self._operator.register_kernel("cpu", function)

    def impl_save_for_backward(self) -> Decorator:
        """A decorator for what backward needs: `save(inputs, output)` gives tensors and other values."""

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            self._save = function
            return function

        return decorate

    def impl_backward(self, output_differentiability: Sequence[bool] | None = None) -> Decorator:
        """A decorator for the derivative: `backward(ctx, saved, *grads)` gives a dictionary of gradients by parameter."""

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            def keep(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
                saved = (
                    self._save(namedtuple("inputs", self._parameters)(*inputs), output)
                    if self._save is not None
                    else None
                )
                ctx.single = not isinstance(saved, (tuple, list))
                values: Any = (saved,) if ctx.single else saved
                ctx.save_for_backward(*[v for v in values if isinstance(v, Tensor)])
                ctx.others = [None if isinstance(v, Tensor) else (v,) for v in values]

            def backward(ctx: Any, *grads: Any) -> tuple[Any, ...]:
                tensors = iter(ctx.saved_tensors)
                values = tuple([next(tensors) if other is None else other[0] for other in ctx.others])
                found = function(ctx, values[0] if ctx.single else values, *grads)
                return tuple([found.get(name) for name in self._parameters])

            self._operator.register_autograd(backward, setup_context=keep)
            return function

        return decorate
