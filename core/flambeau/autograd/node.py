"""Nodes of the backward graph, created as ops run.

A node knows where its gradients go: one edge per input of its op, `(node, output number)`, or `(leaf tensor, -1)` where
the gradient is accumulated, or None. Nodes are numbered as they are created, and an edge always leads to an older one:
descending numbers are a topological order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from .._tensor import Tensor

Edge: TypeAlias = "tuple[Any, int] | None"
LEAF = -1
"""The output number of an edge that ends in a leaf tensor."""

on_create: Callable[[Any, Any], None] | None = None
"""Called with every new node and its first output while somebody watches (anomaly mode, `flambeau.watch`)."""

leaves_watched = False
"""Whether some leaf has had a hook, or its node been looked at: who watches sees each gradient as soon as it is complete."""

_numbers = count()
next_number = _numbers.__next__


def bare(name: str) -> str:
    """A node's name as PyTorch's error texts give it: `Add` for AddBackward0, `Sum1` for SumBackward1."""
    stem, found, number = name.rpartition("Backward")
    return stem + number.removeprefix("0") if found and (not number or number.isdigit()) else name


def watch_leaves() -> None:
    """From now on gradients are handed to leaves as soon as they are complete, not all at the end of a pass."""
    global leaves_watched
    leaves_watched = True


class Node:
    """One recorded step. Subclasses compute: `apply(grads) -> grads of the inputs`."""

    __slots__ = ("__weakref__", "_metadata", "_post_hooks", "_pre_hooks", "edges", "outputs", "sequence_nr")

    edges: tuple[Edge, ...]
    outputs: int
    """How many outputs the op has. With one, gradients come as a tensor, else as a list."""
    gives_away = True
    """Whether nobody holds on to a gradient that backward has newly made: it may become `.grad` as it is."""

    def __init__(self, edges: tuple[Edge, ...], outputs: int = 1) -> None:
        self.edges = edges
        self.outputs = outputs
        self.sequence_nr = next_number()
        self._pre_hooks: dict[int, Any] | None = None
        self._post_hooks: dict[int, Any] | None = None
        self._metadata: dict[Any, Any] | None = None

    def name(self) -> str:
        """The name that PyTorch prints: `AddBackward0`."""
        return self.__class__.__name__

    def bare_name(self) -> str:
        """The name as PyTorch's error texts give it."""
        return bare(self.name())

    def backward(self, grad: Any, wanted: tuple[bool, ...] | None) -> Sequence[Tensor | None]:
        """The gradients of the inputs; `wanted` tells which matter, None all."""
        raise NotImplementedError(f"{self.__class__.__name__} does not define backward")

    def release(self) -> None:
        """Let go of what was saved for backward."""

    def _sequence_nr(self) -> int:
        return self.sequence_nr

    def _register_hook_dict(self, tensor: Tensor) -> None:
        """As PyTorch's: the hooks that a tensor has become those of this node."""
        for hook in (tensor._backward_hooks or {}).values():
            self.register_prehook(lambda grads, hook=hook: _hooked(hook, grads))

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dictionary for whoever inspects the graph."""
        if self._metadata is None:
            self._metadata = {}
        return self._metadata

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """Where the gradients go, as PyTorch shows it: leaves appear as `AccumulateGrad` nodes."""
        shown: list[tuple[Node | None, int]] = []
        for edge in self.edges:
            if edge is None:
                shown.append((None, 0))
            elif edge[1] == LEAF:
                shown.append((AccumulateGrad.of(edge[0]), 0))
            elif isinstance(edge[0], LeafAlias):
                shown.extend(edge[0].next_functions)
            else:
                shown.append(edge)
        return tuple(shown)

    def register_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(grad_inputs, grad_outputs)` after this node's backward; what it returns replaces grad_inputs."""
        if self._post_hooks is None:
            self._post_hooks = {}
        return RemovableHandle(self._post_hooks, hook)

    def register_prehook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(grad_outputs)` before this node's backward; what it returns replaces grad_outputs."""
        if self._pre_hooks is None:
            self._pre_hooks = {}
        return RemovableHandle(self._pre_hooks, hook)

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__} object at {id(self):#x}>"


class Labelled(Node):
    """A node whose class has PyTorch's name for the op: setting `label` makes it so."""

    __slots__ = ()

    @property
    def label(self) -> str:
        """PyTorch's name for the op."""
        return self.__class__.__name__

    @label.setter
    def label(self, name: str) -> None:
        self.__class__ = _named(name, self.__class__)  # type: ignore[arg-type]


@cache
def _named(name: str, base: Any) -> Any:
    return type(name, (base,), {"__slots__": (), "__module__": "builtins"})


def _hooked(hook: Any, grads: tuple[Any, ...]) -> Any:
    replaced = hook(grads[0])
    return None if replaced is None else (replaced, *grads[1:])


class AccumulateGrad(Node):
    """The end of the graph at a leaf, made only when somebody looks."""

    __slots__ = ("variable",)

    variable: Tensor

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"

    @classmethod
    def of(cls, leaf: Tensor) -> AccumulateGrad:
        """The node of a leaf; the same one each time while it is held."""
        reference = leaf._accumulate_grad
        node: AccumulateGrad | None = reference() if reference is not None else None
        if node is None or node.variable is not leaf:
            import weakref

            watch_leaves()
            node = cls((), 1)
            node.variable = leaf
            leaf._accumulate_grad = weakref.ref(node)
        return node


class LeafAlias(Node):
    """The node of a tensor that stands for a leaf, which is what it looks like: its gradient goes to that leaf."""

    __slots__ = ()

    def backward(self, grad: Any, wanted: tuple[bool, ...] | None) -> tuple[Any, ...]:
        return (grad,)


class RemovableHandle:
    """Removes a hook: `handle.remove()`, or as a context manager.

    Args:
        hooks: the table that it is put into.
        hook: what is put there; None leaves that to the caller, as PyTorch's handles do.
        marks: tables in which the hook's number is noted, and from which it goes too.
    """

    _ids = count()

    def __init__(self, hooks: dict[int, Any], hook: Any = None, marks: Sequence[dict[int, bool]] = ()) -> None:
        self.id = next(RemovableHandle._ids)
        self._hooks: dict[int, Any] | None = hooks
        self._marks = marks
        if hook is not None:
            hooks[self.id] = hook
        for mark in marks:
            mark[self.id] = True

    def remove(self) -> None:
        """Remove the hook; again is harmless."""
        if self._hooks is not None:
            self._hooks.pop(self.id, None)
            self._hooks = None
            for mark in self._marks:
                mark.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()

    def __getstate__(self) -> tuple[Any, ...]:
        return (self._hooks, self.id, tuple(self._marks)) if self._marks else (self._hooks, self.id)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._hooks, self.id = state[:2]
        self._marks = [mark for mark in state[2] if mark is not None] if len(state) > 2 else ()
        RemovableHandle._ids = count(max(next(RemovableHandle._ids), self.id + 1))
