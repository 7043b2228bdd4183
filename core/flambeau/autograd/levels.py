"""Derivatives within derivatives: the inputs that a transform (`func.grad`, a dual level, ...) differentiates by.

A transform gives its function aliases of the inputs, whose nodes are marked. Gradients with respect to an alias count the
paths through it only, so that no level takes another's for its own. A result goes on being recorded after its level has
ended only if its graph also leads elsewhere: to a leaf, or to an input of a level that is still open.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .engine import _reachable
from .modes import GradMode
from .node import LEAF, Node

if TYPE_CHECKING:
    from .._tensor import Tensor


class Input(Node):
    """The node of an alias: its gradient goes on to the tensor itself."""

    __slots__ = ("closed",)

    closed: bool

    def name(self) -> str:
        return "ViewBackward0"  # as which PyTorch records a dual tensor

    def backward(self, grad: Any, wanted: tuple[bool, ...] | None) -> tuple[Any, ...]:
        return (None if self.closed else grad,)


open_inputs: set[Node] = set()
"""Of all levels that are open."""


def alias(x: Tensor) -> Tensor:
    """A tensor with the elements of `x`, and a node of its own, as one input of a level."""
    from .._tensor import gradient_edge

    node = Input((gradient_edge(x),))
    node.closed = False
    y = x.detach()
    y._requires_grad, y._node = True, node
    open_inputs.add(node)
    return y


def end(inputs: Iterable[Tensor]) -> None:
    """The level of these aliases is over."""
    for x in inputs:
        if x._node is not None:
            open_inputs.discard(x._node)


def escapes(tensors: Iterable[Any], own: Iterable[Tensor] = ()) -> bool:
    """Whether the graph of any tensor leads to a leaf, or to an open level other than that of `own`."""
    from .._tensor import gradient_edge

    edges = [gradient_edge(t) for t in tensors if t is not None]
    if any(e is not None and e[1] == LEAF for e in edges):
        return True
    mine = {t._node for t in own}
    for node in _reachable(edges):
        if node in open_inputs and node not in mine:
            return True
        if any(e is not None and e[1] == LEAF for e in node.edges):
            return True
    return False


def leave(x: Tensor, own: Iterable[Tensor]) -> Tensor:
    """A result as it is outside the level of `own`: recorded on if it leads elsewhere, and recording is on there."""
    if not x.requires_grad:
        return x
    return x if GradMode.enabled and escapes([x], own) else x.detach()
