"""The backward pass: one sweep over the recorded nodes, newest first. Iterative, so a chain of any length is fine.

Source: https://docs.pytorch.org/docs/stable/notes/autograd.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from . import node as graph
from .modes import GradMode
from .node import LEAF, AccumulateGrad, Edge, Node

if TYPE_CHECKING:
    from .._tensor import Tensor

on_backward: Callable[[Any], None] | None = None
"""Called with the root of each `Tensor.backward()`, before it runs, while somebody watches."""

task: Task | None = None
"""The pass that is running: the innermost, where a hook or a custom function runs another."""

guard: Callable[[Node, Any, Any], Any] | None = None
"""Runs a node's backward in its stead, while anomalies are looked for."""

_by_number = attrgetter("sequence_nr")


class Task:
    """One pass, for hooks that ask about it."""

    __slots__ = ("__weakref__", "nodes", "only", "partial", "wanted")

    def __init__(self, nodes: list[Node], wanted: Any, only: Sequence[Tensor] | None, partial: bool) -> None:
        self.nodes = nodes
        self.wanted = wanted
        self.only = only
        self.partial = partial
        """Whether it gives some gradients only, as `grad` and `backward(inputs=...)`."""

    def reaches(self, node: Node) -> bool:
        """Whether the pass runs a node, or for `AccumulateGrad` its leaf's hooks."""
        if isinstance(node, AccumulateGrad):
            leaf = node.variable
            for n in self.nodes:
                mask = None if self.wanted is None else self.wanted[n]
                for i, e in enumerate(n.edges):
                    if e is not None and e[0] is leaf and (mask is None or mask[i]):
                        return True
            return False
        return node in self.nodes and (self.wanted is None or True in self.wanted[node])


def run_backward(
    roots: Sequence[tuple[Edge, Tensor]],
    *,
    retain_graph: bool,
    create_graph: bool,
    capture: Sequence[tuple[Edge, int]] = (),
    accumulate: bool = True,
    only: Sequence[Tensor] | None = None,
) -> dict[int, Tensor]:
    """Send gradients from `roots` to the leaves.

    Args:
        roots: edges into the graph and the gradient that enters there.
        retain_graph: keep saved tensors for another pass.
        create_graph: record the pass itself, for higher derivatives.
        capture: edges whose summed gradient is returned, under the number given.
        accumulate: add to `.grad` of the leaves reached.
        only: the leaves to accumulate into, None for all.

    Raises:
        RuntimeError: the graph was freed by an earlier pass, or a saved tensor was modified in place.
    """
    nodes = _reachable([edge for edge, _ in roots])
    nodes.sort(key=_by_number, reverse=True)
    captured_at: dict[Any, dict[int, list[int]]] = {}
    for edge, number in capture:
        assert edge is not None
        captured_at.setdefault(edge[0] if edge[1] != LEAF else id(edge[0]), {}).setdefault(edge[1], []).append(number)
    wanted = _wanted(nodes, captured_at, only) if capture or only is not None else None

    global task
    outer_task = task
    task = Task(nodes, wanted, only, bool(capture) or only is not None)
    buffers: dict[Node, Any] = {}
    leaves: dict[int, list[Any]] = {}
    captured: dict[int, Tensor] = {}
    chosen = None if only is None else {id(t) for t in only}

    def finish(key: int) -> None:
        """Hand a leaf its gradient, which is complete."""
        leaf, grad, shared = leaves.pop(key)
        if leaf._hooks:
            grad, shared = run_tensor_hooks(leaf._hooks, grad), True
        for number in captured_at.get(key, {}).get(LEAF, ()):
            captured[number] = grad
        if accumulate and (chosen is None or key in chosen):
            if leaf._accumulate_grad is not None:
                accumulate_at_node(leaf, grad, create_graph, shared)
            else:
                leaf._accumulate(grad, create_graph, shared)

    due = _due(nodes) if graph.leaves_watched else None
    before = GradMode.enabled
    GradMode.enabled = create_graph
    try:
        for edge, grad in roots:
            if edge is not None:
                _deliver(edge, grad, buffers, leaves)
        for node in nodes:
            if due is not None:
                for key in due.get(node, ()):
                    if key in leaves:
                        finish(key)
            grad = buffers.pop(node, None)
            if grad is None:
                continue
            if node._pre_hooks:
                grad = _run_pre_hooks(node, grad)
            spots = captured_at.get(node)
            if spots is not None:
                for output, numbers in spots.items():
                    value = grad if node.outputs == 1 else grad[output]
                    if value is not None:
                        for number in numbers:
                            captured[number] = value
            mask = wanted[node] if wanted is not None else None
            if mask is not None and True not in mask:
                continue
            results = node.backward(grad, mask) if guard is None else guard(node, grad, mask)
            if not retain_graph:
                node.release()
            if node._post_hooks:
                results = _run_post_hooks(node, tuple(results), grad)
            # Written out rather than calling _deliver: this loop is the engine.
            for edge, result in zip(node.edges, results):  # noqa: B905
                if result is None or edge is None:
                    continue
                target, output = edge
                if output == LEAF:
                    entry = leaves.get(id(target))
                    if entry is None:
                        leaves[id(target)] = [target, result, _shared(result, grad, results, node)]
                    else:
                        entry[1:] = entry[1] + result, False
                elif target.outputs == 1:
                    held = buffers.get(target)
                    buffers[target] = result if held is None else held + result
                else:
                    _deliver(edge, result, buffers, leaves)
        for key in tuple(leaves):
            finish(key)
    finally:
        GradMode.enabled = before
        task = outer_task
    return captured


def _reachable(edges: list[Edge]) -> list[Node]:
    seen: set[Node] = set()
    found: list[Node] = []
    stack = [e[0] for e in edges if e is not None and e[1] != LEAF]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        found.append(node)
        stack += [e[0] for e in node.edges if e is not None and e[1] != LEAF and e[0] not in seen]
    return found


def _due(nodes: list[Node]) -> dict[Node, list[int]]:
    """The leaves whose gradients are complete before a node runs, and were not before the one ahead of it."""
    last: dict[int, int] = {}
    for i, node in enumerate(nodes):
        for e in node.edges:
            if e is not None and e[1] == LEAF:
                last.pop(id(e[0]), None)
                last[id(e[0])] = i
    due: dict[Node, list[int]] = {}
    for key, i in last.items():
        if i + 1 < len(nodes):
            due.setdefault(nodes[i + 1], []).append(key)
    return due


def _wanted(
    nodes: list[Node], captured_at: dict[Any, dict[int, list[int]]], only: Sequence[Tensor] | None
) -> dict[Node, tuple[bool, ...]]:
    """For each node, which of its edges lead to something asked for."""
    leaf_ids = {id(t) for t in only or ()} | {key for key in captured_at if isinstance(key, int)}
    leads: dict[Node, tuple[bool, ...]] = {}
    useful: set[Node] = {key for key in captured_at if not isinstance(key, int)}
    for node in reversed(nodes):
        mask = tuple(e is not None and ((id(e[0]) in leaf_ids) if e[1] == LEAF else e[0] in useful) for e in node.edges)
        leads[node] = mask
        if True in mask:
            useful.add(node)
    return leads


def _shared(result: Tensor, grad: Any, results: Sequence[Tensor | None], node: Node) -> bool:
    """Whether somebody else may hold a gradient: what a node passed on, gave twice, or showed to a hook or a custom function."""
    storage = result._storage
    if not node.gives_away or node._post_hooks:
        return True
    for passed in (grad,) if node.outputs == 1 else grad:
        if passed is not None and passed._storage is storage:
            return True
    return sum(r is not None and r._storage is storage for r in results) > 1


def _deliver(edge: tuple[Any, int], grad: Tensor, buffers: dict[Node, Any], leaves: dict[int, list[Any]]) -> None:
    target, output = edge
    if output == LEAF:
        entry = leaves.get(id(target))
        if entry is None:
            leaves[id(target)] = [target, grad, True]
        else:
            entry[1:] = entry[1] + grad, False
    elif target.outputs == 1:
        held = buffers.get(target)
        buffers[target] = grad if held is None else held + grad
    else:
        slots = buffers.get(target)
        if slots is None:
            slots = buffers[target] = [None] * target.outputs
        slots[output] = grad if slots[output] is None else slots[output] + grad


def accumulate_at_node(leaf: Tensor, grad: Tensor, create_graph: bool, shared: bool) -> None:
    """Accumulate where somebody has looked at the leaf's node and may have hooks there, or at the leaf for afterwards."""
    node = AccumulateGrad.of(leaf)
    if node._pre_hooks:
        grad = _run_pre_hooks(node, grad)
    leaf._accumulate(grad, create_graph, shared or bool(node._pre_hooks or node._post_hooks))
    for hook in tuple((leaf._post_accumulate_grad_hooks or {}).values()):
        hook(leaf)
    if node._post_hooks:
        _run_post_hooks(node, (), grad)


def run_tensor_hooks(hooks: dict[int, Any], grad: Tensor) -> Tensor:
    """The gradient after a tensor's hooks, in the order they were registered."""
    for hook in tuple(hooks.values()):
        replaced = hook(grad)
        if replaced is not None:
            grad = checked(hook, grad, replaced)
    return grad


def checked(hook: Any, grad: Tensor, replaced: Any) -> Tensor:
    """What a hook gave in place of a gradient.

    Raises:
        TypeError: it is no tensor.
        RuntimeError: it has another shape or dtype.
    """
    from .._tensor import Tensor

    if not isinstance(replaced, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(replaced).__name__}'")
    name = getattr(hook, "__name__", type(hook).__name__)
    if replaced._shape != grad._shape:
        raise RuntimeError(f"hook '{name}' has changed the size of value")
    if replaced.dtype is not grad.dtype:
        raise RuntimeError(f"hook '{name}' has changed the type of value (was {grad.type()} got {replaced.type()})")
    return replaced


def _run_pre_hooks(node: Node, grad: Any) -> Any:
    grads = (grad,) if node.outputs == 1 else tuple(grad)
    assert node._pre_hooks is not None
    hooks = node._pre_hooks
    # Those that keep the gradient of a result, `retain_grad`, have numbers below 0 and come last.
    for number in sorted(hooks, key=lambda n: n < 0) if min(hooks) < 0 else tuple(hooks):
        hook = hooks.get(number)
        replaced = None if hook is None else hook(grads)
        if replaced is not None:
            grads = replaced if isinstance(replaced, tuple) else (replaced,)
    return grads[0] if node.outputs == 1 else list(grads)


def _run_post_hooks(node: Node, results: tuple[Tensor | None, ...], grad: Any) -> tuple[Tensor | None, ...]:
    outputs = (grad,) if node.outputs == 1 else tuple(grad)
    assert node._post_hooks is not None
    for hook in tuple(node._post_hooks.values()):
        replaced = hook(tuple(results), outputs)
        if replaced is not None:
            results = replaced if isinstance(replaced, tuple) else (replaced,)
    return results
