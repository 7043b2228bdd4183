"""`skip_init`: a module whose parameters nobody has filled."""

from __future__ import annotations

import inspect
from typing import Any

from ...random import fork_rng
from ..module import Module

__all__ = ["skip_init"]


def skip_init(module_cls: type[Module], *args: Any, **kwargs: Any) -> Module:
    """A module made without its parameters' first values being wanted; the generators are left as they were.

    Args:
        module_cls: the class, which must take `device`.
        args, kwargs: for it.

    Raises:
        RuntimeError: it is no module's class, or does not take `device`.
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    with fork_rng():
        return module_cls(*args, **kwargs)
