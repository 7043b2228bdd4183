"""The names of nodes, where an op is one of PyTorch's and is made of others here: `MaxBackward0` of a gather and a squeeze.

A tensor prints the name of its node, and programs print tensors. The graph behind the node stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from .._tensor import Tensor
from ..autograd.node import Labelled

F = TypeVar("F", bound=Callable[..., Any])


def name_node(result: Tensor, name: str) -> Tensor:
    """`result`, whose node, newly recorded, is called `name` from now on."""
    node = result._node
    if isinstance(node, Labelled):
        node.label = name
    return result


def recorded_as(name: str) -> Callable[[F], F]:
    """A decorator for a function of tensors: the node of its result, the first of several, is called `name`."""

    def decorate(function: F) -> F:
        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            head = result[0] if isinstance(result, tuple) else result
            if head._node is not None and head is not (args[0] if args else None):
                name_node(head, name)
            return result

        return call  # type: ignore[return-value]

    return decorate
