"""Looking into the graph: nodes, edges, hooks on several gradients, hooks on what is saved.

Source: https://docs.pytorch.org/docs/stable/autograd.html#autograd-graph
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from . import engine, saved
from .node import LEAF, AccumulateGrad, Node, RemovableHandle

if TYPE_CHECKING:
    from .._tensor import Tensor

__all__ = [
    "GradientEdge", "Node", "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks", "get_gradient_edge",
    "increment_version", "register_multi_grad_hook", "save_on_cpu", "saved_tensors_hooks",
]  # fmt: skip


class GradientEdge(NamedTuple):
    """Where the gradient of a tensor goes: an output of a node. `autograd.grad` takes it in place of the tensor."""

    node: Node
    output_nr: int
    ownership_token: Node | None = None


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The edge of a tensor; for a leaf, that of its `AccumulateGrad` node.

    Raises:
        RuntimeError: the tensor does not require grad.
    """
    from .._tensor import gradient_edge

    edge = gradient_edge(tensor)
    if edge is None:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require gradients",
        )
    return GradientEdge(AccumulateGrad.of(edge[0]), 0) if edge[1] == LEAF else GradientEdge(*edge)


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Tell autograd that tensors were written to in a way it could not notice."""
    from .._tensor import Tensor

    for t in (tensor,) if isinstance(tensor, Tensor) else tensor:
        t._storage.version += 1


class saved_tensors_hooks:
    """A context in which `pack_hook(tensor)` replaces what is saved for backward, and `unpack_hook` brings it back.

    Raises:
        TypeError: when it is needed again, `unpack_hook` does not give a tensor.
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        saved.push(self.pack_hook, self.unpack_hook)

    def __exit__(self, *exc: object) -> None:
        saved.pop()


class save_on_cpu(saved_tensors_hooks):
    """A context in which what is saved for backward waits in the CPU's memory."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(lambda t: (t.device, t.cpu()), lambda packed: packed[1].to(packed[0]))


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """A context in which hooks on saved tensors are refused, with this message."""
    before = saved.stack.disabled
    if saved.stack.hooks:
        raise RuntimeError(error_message)
    saved.stack.disabled = error_message
    try:
        yield
    finally:
        saved.stack.disabled = before


class _MultiHandle(RemovableHandle):
    def __init__(self, handles: tuple[RemovableHandle, ...]) -> None:
        self.handles = handles

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()


def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[[Any], None], *, mode: str = "all"
) -> RemovableHandle:
    """Call `fn` once in each pass: with the gradients of all the tensors, or with the first that is there.

    Args:
        mode: "all", where `fn` gets a list with None for tensors that the pass does not reach; or "any".
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    if mode == "any":
        seen: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()

        def first(grad: Tensor) -> None:
            assert engine.task is not None, "hooks run within a pass"
            if not seen.get(engine.task):
                seen[engine.task] = True
                fn(grad)

        return _MultiHandle(tuple(t.register_hook(first) for t in tensors if t.requires_grad))

    edges = [get_gradient_edge(t) for t in tensors]
    collected: WeakKeyDictionary[Any, tuple[int, list[Any], list[int]]] = WeakKeyDictionary()

    def inner(i: int) -> Callable[[Tensor], None]:
        def hook(grad: Tensor) -> None:
            task = engine.task
            assert task is not None, "hooks run within a pass"
            if task not in collected:
                expected = sum(task.reaches(e.node) for e in edges)
                collected[task] = (expected, [None] * len(edges), [0])
            expected, buffer, count = collected[task]
            buffer[i] = grad
            count[0] += 1
            if count[0] == expected:
                del collected[task]
                fn(buffer)

        return hook

    return _MultiHandle(tuple(t.register_hook(inner(i)) for i, t in enumerate(tensors)))


class _Mutable:
    """What `allow_mutation_on_saved_tensors` gives: drop all copies with `clear()`."""

    def __init__(self) -> None:
        self.copies: list[dict[str, Any]] = []

    def clear(self) -> None:
        """Let go of the copies; backward of what needed them is an error after that."""
        for held in self.copies:
            held.clear()
        self.copies = []


@contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[_Mutable]:
    """A context in which tensors saved for backward may be written to: what was saved are copies."""
    context = _Mutable()
    inside = [True]
    message = (
        "Trying to backward outside of the 'allow_mutation_on_saved_tensors' context"
        "in which the graph was originally recorded."
    )

    def pack(tensor: Tensor) -> dict[str, Any]:
        held = {"copy": tensor.detach().clone()}
        context.copies.append(held)
        return held

    def unpack(held: dict[str, Any]) -> Any:
        if not inside or "copy" not in held:
            raise AssertionError(message)
        return held["copy"]

    try:
        with saved_tensors_hooks(pack, unpack):
            yield context
    finally:
        inside.clear()
        context.clear()
