"""Results through which no derivative goes, though their inputs require grad: it is zero, or PyTorch has not written it.

Either way the result has a node, as in PyTorch, so that programs that ask for gradients run, or are told why not.
"""

from __future__ import annotations

from typing import Any, NoReturn

from .._tensor import Tensor, gradient_edge, needs_grad
from ..autograd.modes import GradMode
from ..autograd.node import Node


class _Constant(Node):
    """The node of a result that small changes of the inputs leave as it is, such as numbers drawn at random."""

    __slots__ = ("inputs", "label")

    label: str
    inputs: tuple[Any, ...]

    def name(self) -> str:
        return self.label

    def backward(self, grad: Any, wanted: tuple[bool, ...] | None) -> tuple[Tensor, ...]:
        return tuple([grad.new_zeros(shape, dtype=kind) for shape, kind in self.inputs])


def constant(label: str, result: Tensor, *inputs: Tensor) -> Tensor:
    """`result`, with a node called `label` that gives each input a gradient of zeros."""
    if GradMode.enabled and any(needs_grad(x) for x in inputs):
        node = _Constant(tuple([gradient_edge(x) if needs_grad(x) else None for x in inputs]))
        node.label = label
        node.inputs = tuple([(x._shape, x.dtype) for x in inputs])
        result._requires_grad, result._node = True, node
    return result


def unknown(name: str) -> NoReturn:
    """Stands for a derivative that PyTorch's table of derivatives names, and has not."""
    raise NotImplementedError(f"the derivative for '{name}' is not implemented.")


def unlisted(name: str) -> NoReturn:
    """Stands for the derivative of an op that PyTorch's table does not name."""
    raise RuntimeError(f"derivative for aten::{name} is not implemented")


class _Unknown(Node):
    """The node of a result whose derivative is not known."""

    __slots__ = ("label", "what")

    label: str
    what: str

    def name(self) -> str:
        return self.label

    def backward(self, grad: Any, wanted: tuple[bool, ...] | None) -> NoReturn:
        if self.label == "NotImplemented":
            unlisted(self.what)
        unknown(self.what)


def underivable(result: Tensor, what: str, *inputs: Tensor, label: str = "NotImplemented") -> Tensor:
    """`result`, through which a backward pass raises PyTorch's error about `what`."""
    if GradMode.enabled and any(needs_grad(x) for x in inputs):
        node = _Unknown(tuple([gradient_edge(x) if needs_grad(x) else None for x in inputs]))
        node.label, node.what = label, what
        result._requires_grad, result._node = True, node
    return result
