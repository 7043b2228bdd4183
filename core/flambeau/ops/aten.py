"""`torch.ops.aten`: flambeau's ops by the names of PyTorch's operators, `aten.mm`, `aten.gelu.default`, ...

PyTorch tells the overloads of an operator apart; here they are one function, which takes them all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class OpOverloadPacket:
    """An op under PyTorch's name."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.__name__ = name
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<OpOverloadPacket(op='aten.{self.__name__}')>"

    def __str__(self) -> str:
        return f"aten.{self.__name__}"

    def __getattr__(self, overload: str) -> OpOverloadPacket:
        if overload.startswith("_"):
            raise AttributeError(overload)
        return self


def __getattr__(name: str) -> OpOverloadPacket:
    from importlib import import_module

    from . import FAMILIES, PUBLIC

    function = PUBLIC.get(name)
    if function is None and not name.startswith("_"):
        function = next((f.__dict__[name] for f in FAMILIES if callable(f.__dict__.get(name))), None)
    if function is None and not name.startswith("_"):
        function = getattr(import_module("..nn.functional", __package__), name, None)
    if function is None:
        raise AttributeError(f"'_OpNamespace' 'aten' object has no attribute '{name}'")
    packet = globals()[name] = OpOverloadPacket(name, function)
    return packet
