"""`torch.library`: operators of one's own, with kernels by device and a derivative, under a name `namespace::name`.

    @custom_op("mylib::scaled", mutates_args=())
    def scaled(x: Tensor, by: float) -> Tensor: ...

`scaled(x, 2.0)` and `torch.ops.mylib.scaled(x, 2.0)` then run it as one step of the graph.

Source: https://docs.pytorch.org/docs/stable/library.html
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any

from . import ops
from ._tensor import Tensor, needs_grad
from .autograd.function import Function
from .autograd.modes import GradMode, no_grad
from .utils._pytree import tree_leaves

OPERATORS: dict[str, CustomOpDef] = {}
"""Operators by their qualified names."""

observers: list[Callable[[CustomOpDef, tuple[Any, ...], Any], None]] = []
"""Called with each operator that ran, its arguments and its result, while somebody counts."""


class CustomOpDef:
    """An operator: a function of tensors, of whose inside autograd sees nothing.

    Raises:
        ValueError: the name has no namespace.
    """

    def __init__(self, qualname: str, signature: inspect.Signature, mutates_args: str | Iterable[str]) -> None:
        namespace, found, name = qualname.partition("::")
        if not found:
            raise ValueError(
                f"Expected `name` to be of the form `namespace::name`, got {qualname}. Are you sure that you didn't forget "
                "the namespace?"
            )
        self._namespace = namespace
        self._name = name
        self._qualname = qualname
        self._signature = signature
        self._mutates_args = mutates_args
        self._kernels: dict[str | None, Callable[..., Any]] = {}
        self._backward: Callable[..., Any] | None = None
        self._setup_context: Callable[..., Any] | None = None
        self._step: Any = type(f"GeneratedBackwardFor_{namespace}_{name}_default", (_Step,), {})
        OPERATORS[qualname] = self
        # A namespace that has the name of a family of flambeau's own ops is reached by the function alone.
        place = vars(ops).setdefault(namespace, SimpleNamespace())
        if isinstance(place, SimpleNamespace):
            setattr(place, name, self)

    @property
    def default(self) -> CustomOpDef:
        """The operator: it has one overload."""
        return self

    _opoverload = default

    def __repr__(self) -> str:
        return f"<CustomOpDef({self._qualname})>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        tensors = [x for x in tree_leaves((bound.args, bound.kwargs)) if isinstance(x, Tensor)]
        kernel = self._kernel(tensors[0].device.type if tensors else "cpu")
        if GradMode.enabled and any([needs_grad(x) for x in tensors]):  # noqa: C419 - a list is quicker
            result = self._step.apply(self, kernel, tuple(bound.kwargs.items()), *bound.args)
        else:
            with no_grad():
                result = kernel(*bound.args, **bound.kwargs)
        for observer in observers:
            observer(self, bound.args, result)
        return result

    def _kernel(self, device_type: str) -> Callable[..., Any]:
        kernel = self._kernels.get(device_type) or self._kernels.get(None)
        if kernel is None:
            raise NotImplementedError(
                f"Could not run '{self._qualname}' with arguments from the '{device_type.upper()}' backend: no kernel has been "
                "registered for it."
            )
        return kernel

    def register_kernel(self, device_types: str | Sequence[str] | None, func: Callable[..., Any] | None = None) -> Any:
        """What runs for tensors of these devices, None for all; without `func` a decorator."""
        if func is None:
            return lambda f: self.register_kernel(device_types, f)
        for kind in [device_types] if device_types is None or isinstance(device_types, str) else device_types:
            self._kernels[kind] = func
        return func

    def register_fake(self, func: Callable[..., Any] | None = None) -> Any:
        """What gives results of the right shape and dtype: it runs for tensors of the meta device."""
        return self.register_kernel("meta", func)

    def register_autograd(
        self, backward: Callable[..., Any], /, *, setup_context: Callable[..., Any] | None = None
    ) -> None:
        """The derivative: `backward(ctx, *grads)` gives a gradient, or None, for each argument.

        Args:
            setup_context: `setup_context(ctx, inputs, output)` keeps what backward needs; an operator with keyword-only
                parameters gets them as `keyword_only_inputs`.
        """
        self._backward = backward
        self._setup_context = setup_context


class _Step(Function):
    """One call in the graph."""

    @staticmethod
    def forward(ctx: Any, operator: CustomOpDef, kernel: Any, keywords: Any, *inputs: Any) -> Any:
        ctx.operator = operator
        result = kernel(*inputs, **dict(keywords))
        if operator._setup_context is not None:
            more = {"keyword_only_inputs": dict(keywords)} if keywords else {}
            operator._setup_context(ctx, inputs=inputs, output=result, **more)
        return result

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        operator: CustomOpDef = ctx.operator
        if operator._backward is None:
            raise RuntimeError(
                f"Trying to backward through {operator._namespace}.{operator._name}.default but no autograd formula was "
                "registered. Please use register_autograd to add one."
            )
        found = operator._backward(ctx, *grads)
        return (None, None, None, *(found if isinstance(found, (tuple, list)) else (found,)))


def custom_op(
    name: str,
    fn: Callable[..., Any] | None = None,
    /,
    *,
    mutates_args: str | Iterable[str],
    device_types: str | Sequence[str] | None = None,
    schema: str | None = None,
    tags: Any = None,
) -> Any:
    """An operator made of a function; without `fn` a decorator.

    Args:
        mutates_args: the names of parameters that the function writes to.
        device_types: the devices whose tensors it is for; None is all.
        schema: PyTorch's notation of the signature; the function's own is used.
    """
    if fn is None:
        return lambda f: custom_op(name, f, mutates_args=mutates_args, device_types=device_types, schema=schema)
    made = CustomOpDef(name, inspect.signature(fn), mutates_args)
    made.__doc__ = fn.__doc__
    made.register_kernel(device_types, fn)
    return made


def _found(op: Any) -> CustomOpDef:
    if isinstance(op, CustomOpDef):
        return op
    if op not in OPERATORS:
        raise RuntimeError(f"operator {op} does not exist")
    return OPERATORS[op]


def register_kernel(op: Any, device_types: Any, func: Callable[..., Any] | None = None, /) -> Any:
    """`CustomOpDef.register_kernel`, of an operator or its name."""
    return _found(op).register_kernel(device_types, func)


def register_fake(op: Any, func: Callable[..., Any] | None = None, /) -> Any:
    """`CustomOpDef.register_fake`, of an operator or its name."""
    return _found(op).register_fake(func)


def register_autograd(
    op: Any, backward: Callable[..., Any], /, *, setup_context: Callable[..., Any] | None = None
) -> None:
    """`CustomOpDef.register_autograd`, of an operator or its name."""
    _found(op).register_autograd(backward, setup_context=setup_context)


__all__ = ["CustomOpDef", "custom_op", "register_autograd", "register_fake", "register_kernel"]
