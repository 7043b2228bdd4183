"""`torch.jit` where there is no TorchScript: what marks code for the compiler leaves it as it is, and it runs as Python.

Source: https://docs.pytorch.org/docs/stable/jit.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

__all__ = [
    "Final", "export", "ignore", "interface", "is_scripting", "is_tracing", "load", "save", "script", "script_if_tracing",
    "trace", "unused",
]  # fmt: skip

T = TypeVar("T")

_ABSENT = (
    "flambeau has no TorchScript: a program is Python, and runs as it is. torch.save keeps a module's state, and pickles "
    "of modules themselves"
)


def script(obj: T, *args: Any, **kwargs: Any) -> T:
    """`obj`, a function, class or module, as it is."""
    return obj


def script_if_tracing(fn: T) -> T:
    """`fn` as it is."""
    return fn


def export(fn: T) -> T:
    """`fn` as it is."""
    return fn


def unused(fn: T) -> T:
    """`fn` as it is."""
    return fn


def interface(obj: T) -> T:
    """`obj` as it is."""
    return obj


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """The function as it is: `@ignore` and `@ignore(drop=True)`."""
    return drop if callable(drop) else _same


def _same(fn: Callable[..., Any]) -> Callable[..., Any]:
    return fn


def is_scripting() -> bool:
    """False."""
    return False


def is_tracing() -> bool:
    """False."""
    return False


def trace(func: Any, *args: Any, **kwargs: Any) -> Any:
    """Not here.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(_ABSENT)


def save(m: Any, f: Any, *args: Any, **kwargs: Any) -> None:
    """Not here.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(_ABSENT)


def load(f: Any, *args: Any, **kwargs: Any) -> Any:
    """Not here.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(_ABSENT)
