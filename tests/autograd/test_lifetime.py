"""Graphs go when the last name of them goes: no reference cycle in any op's node, no recursion however long the chain."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import flambeau

from ..ops.sample import Op, make, tensors_in
from ..ops.samples import TABLE
from ..ops.test_against_torch import backward

LENGTH = 100_000

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(scope="module", autouse=True)
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("run_backward", [True, False], ids=["after backward", "never run"])
@pytest.mark.parametrize("op", [op for op in TABLE if op.differentiable and op.samples], ids=repr)
def test_nodes_die_without_the_garbage_collector(op: Op, run_backward: bool) -> None:
    made = make(flambeau, op.samples[0], grad=True)
    results = op.function(flambeau)(*made.args, **made.kwargs)
    alive = []
    for y in tensors_in(results):
        if y.is_leaf:
            continue  # the input itself, which others have too
        alive.append(weakref.ref(y))
        node = y.grad_fn
        while node is not None and node.next_functions:  # down the first edges to a leaf
            alive.append(weakref.ref(node))
            node = node.next_functions[0][0]
    if run_backward:
        backward(flambeau, results)
    node = y = results = made = None
    assert [ref() for ref in alive if ref() is not None] == []


def test_in_place_views_and_second_order_leave_nothing() -> None:
    x = flambeau.ones(2, 3, requires_grad=True)
    y = x * 2
    row = y[0]
    row.mul_(3)
    y.t()[1].add_(row[0])
    (g,) = flambeau.autograd.grad((y * y).sum(), x, create_graph=True)
    (g * g).sum().backward()
    alive = [weakref.ref(t) for t in (y, row, g, y.grad_fn, row.grad_fn, g.grad_fn)]
    del y, row, g
    assert [ref() for ref in alive if ref() is not None] == []


@pytest.mark.parametrize(
    "step",
    [lambda y: y + 1e-9, lambda y: y.neg(), lambda y: y.view(1), lambda y: y[None][0], lambda y: y.mul_(1.0)],
    ids=["add", "neg", "view", "index", "in place"],
)
def test_a_long_chain(step: Callable[[Any], Any]) -> None:
    """Forward, backward, and freed, within Python's limit of a thousand nested calls."""
    x = flambeau.tensor([1.0], requires_grad=True)
    y = x * 1
    for _ in range(LENGTH):
        y = step(y)
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.abs().tolist() == [1.0]
    first = weakref.ref(y)
    del y
    assert first() is None


def test_a_long_chain_differentiated_twice_and_through_a_function() -> None:
    class Step(flambeau.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g

    x = flambeau.tensor([1.0], requires_grad=True)
    y = x
    for _ in range(3000):
        y = Step.apply(y)
    (g,) = flambeau.autograd.grad((y * y).sum(), x, create_graph=True)
    g.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [2.0]


def of_a_function() -> list[Any]:
    members = {
        "forward": staticmethod(lambda ctx, x: ctx.save_for_backward(x, y := x.exp()) or y),
        "backward": staticmethod(lambda ctx, g: g * ctx.saved_tensors[1]),
    }
    x = flambeau.ones(2, requires_grad=True)
    y = type("Exp", (flambeau.autograd.Function,), members).apply(x * 2)
    y.sum().backward()
    return [x, y, y.grad_fn]


def of_a_checkpoint() -> list[Any]:
    from flambeau.utils.checkpoint import checkpoint

    x = flambeau.ones(2, requires_grad=True)
    results = [checkpoint(lambda x: (x.exp() * x).sin(), x, use_reentrant=mode) for mode in (True, False)]
    for y in results:
        y.sum().backward()
    return [x, *results, *[y.grad_fn for y in results]]


def of_transforms() -> list[Any]:
    x = flambeau.ones(2)
    cube = lambda x: (x**3).sum()  # noqa: E731
    y, pull = flambeau.func.vjp(cube, x)
    return [x, y, pull(y)[0], flambeau.vmap(flambeau.func.grad(cube))(x.expand(3, 2)), flambeau.func.hessian(cube)(x)]


def of_hooks() -> list[Any]:
    x = flambeau.ones(2, requires_grad=True)
    with flambeau.autograd.graph.saved_tensors_hooks(lambda x: x, lambda x: x):
        y = (x * x).exp()
    y.retain_grad()
    y.register_hook(lambda g: g)
    x.register_post_accumulate_grad_hook(lambda x: None)
    y.sum().backward()
    return [x, y, y.grad_fn, y.grad]


@pytest.mark.parametrize("program", [of_a_function, of_a_checkpoint, of_transforms, of_hooks])
def test_nothing_stays(program: Callable[[], list[Any]]) -> None:
    alive = [weakref.ref(x) for x in program()]
    assert [ref() for ref in alive if ref() is not None] == []


def test_leaves_are_copied_without_what_looked_at_them() -> None:
    import copy
    import pickle

    x = flambeau.ones(2, requires_grad=True)
    node = (x * 1).grad_fn.next_functions[0][0]
    x.register_post_accumulate_grad_hook(lambda x: None)
    for copied in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert copied.tolist() == [1.0, 1.0]
        assert (copied * 1).grad_fn.next_functions[0][0].variable is copied
    assert node.variable is x
