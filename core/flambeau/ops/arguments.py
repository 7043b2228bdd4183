"""Errors of a call in PyTorch's words: what was passed in a tensor's place, and what is missing.

Functions do not check what they are passed: most calls are right. When one fails, its arguments are looked at here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from .._tensor import Tensor
from ..dtype import dtype as DType

_ATTRIBUTES = ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__")


def explained(function: Callable[..., Any], label: str | None = None) -> Callable[..., Any]:
    """The function, whose TypeErrors and AttributeErrors are PyTorch's where the arguments are to blame.

    Args:
        label: the name in the texts, where it is another.
    """
    if hasattr(function, "op"):  # the ops that are made by decorators check by themselves
        return function
    inner = unwrap(function)
    code = getattr(inner, "__code__", None)
    if code is None:
        return function
    parameters = code.co_varnames[: code.co_argcount]
    first = parameters[0] if parameters else ""
    if label is None and first not in ("input", "tensors") and "dtype" not in inner.__annotations__:
        return function

    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (TypeError, AttributeError) as error:
            named = _numpy_named(kwargs)
            if named is not None and "unexpected keyword argument" in str(error):
                return call(*args, **named)
            if any(
                hasattr(type(a), "__torch_function__") and not isinstance(a, Tensor) for a in (*args, *kwargs.values())
            ):
                from ..overrides import hand_over

                return hand_over(call, *args, **kwargs)
            text = explanation(inner, label or function.__name__, parameters, args, kwargs, error)
            if text is None:
                raise
        raise TypeError(text)

    update_wrapper(call, function, _ATTRIBUTES, ())
    call.__annotations__ = inner.__annotations__
    call.__wrapped__ = inner  # type: ignore[attr-defined]
    return call


_NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim"}
"""NumPy's names of arguments, which PyTorch takes too."""


def _numpy_named(kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """The arguments by PyTorch's names; None if they have them already."""
    if not any(name in kwargs for name in _NUMPY_NAMES):
        return None
    return {_NUMPY_NAMES.get(name, name): value for name, value in kwargs.items()}


def numpy_named(function: Callable[..., Any]) -> Callable[..., Any]:
    """A method that takes `axis` and `keepdims` too; the function itself where it has no such arguments."""
    inner = unwrap(function)
    code = getattr(inner, "__code__", None)
    if code is None or hasattr(function, "op") or function.__name__ in _SELDOM:
        return function
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    if "dim" not in names and "keepdim" not in names:
        return function

    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            kwargs = _numpy_named(kwargs) or kwargs
        return function(*args, **kwargs)

    update_wrapper(call, function, _ATTRIBUTES, ())
    call.__wrapped__ = inner  # type: ignore[attr-defined]
    return call


_SELDOM = frozenset(("unsqueeze", "select", "narrow", "unbind", "chunk", "split"))
"""Methods that are called often, and never so."""


def unwrap(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function within wrappers that say what they wrap."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function


def labelled(label: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`explained`, for a function that PyTorch's texts call something else."""
    return lambda function: explained(function, label)


def renamed(function: Callable[..., Any], **names: str) -> Callable[..., Any]:
    """The function with other names for arguments: `renamed(pow, exponent="other")`."""

    def call(*args: Any, **kwargs: Any) -> Any:
        for name, own in names.items():
            if name in kwargs:
                kwargs[own] = kwargs.pop(name)
        return function(*args, **kwargs)

    update_wrapper(call, function, ("__module__", "__name__", "__qualname__", "__doc__"), ())
    call.op = function.op  # type: ignore[attr-defined]
    return call


def explanation(
    function: Callable[..., Any],
    label: str,
    parameters: tuple[str, ...],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    error: Exception,
) -> str | None:
    """What PyTorch says of such arguments; None if they are not to blame."""
    kinds = function.__annotations__
    given = [*zip(parameters, args, strict=False), *kwargs.items()]
    positional = min(len(parameters), len(args))
    for position, (name, value) in enumerate(given, start=1):
        where = f" (position {position})" if position <= positional else ""
        kind = kinds.get(name)
        if kind == "Tensor" and not isinstance(value, Tensor):
            return f"{label}(): argument '{name}'{where} must be Tensor, not {type(value).__name__}"
        if kind == "Sequence[Tensor]" and not isinstance(value, (list, tuple)):
            return f"{label}(): argument '{name}'{where} must be tuple of Tensors, not {type(value).__name__}"
        if name == "dtype" and value is not None and not isinstance(value, DType):
            return f"{label}(): argument 'dtype'{where} must be dtype, not {type(value).__name__}"
    missing = re.match(r"\w+\(\) missing \d+ required positional arguments?: (.*)", str(error))
    if missing is not None and str(error).startswith(f"{function.__name__}("):
        names = re.findall(r"'(\w+)'", missing.group(1))
        return f"{label}() missing {len(names)} required positional arguments: " + ", ".join(f'"{n}"' for n in names)
    return None
