"""The few names of PyTorch's compiler that training programs call around `torch.compile`; see `flambeau.compiler`."""

from typing import Any

from ..compiler import allow_in_graph, assume_constant_result, disable, is_compiling, reset
from . import config


def graph_break(msg: str = "") -> None:
    """Does nothing: there is no graph to break."""


def mark_dynamic(t: Any, index: Any, **limits: Any) -> None:
    """Does nothing."""


def mark_static(t: Any, index: Any = None) -> None:
    """Does nothing."""


def optimize(*args: Any, **kwargs: Any) -> Any:
    """A decorator that changes nothing."""
    return disable()


__all__ = [
    "allow_in_graph",
    "assume_constant_result",
    "config",
    "disable",
    "graph_break",
    "is_compiling",
    "mark_dynamic",
    "mark_static",
    "optimize",
    "reset",
]
