"""The backward pass: what it accumulates, what it frees, and what it says when it cannot run."""

import gc
import weakref
from typing import Any

import pytest
import torch

import flambeau

BOTH = pytest.mark.parametrize("lib", [flambeau, torch], ids=["flambeau", "torch"])


def error(f: Any) -> str:
    with pytest.raises(RuntimeError) as caught:
        f()
    return str(caught.value)


def alike(f: Any) -> str:
    """The error text that both libraries give."""
    ours, theirs = error(lambda: f(flambeau)), error(lambda: f(torch))
    assert ours == theirs
    return ours


@BOTH
def test_gradients_accumulate(lib: Any) -> None:
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    (3 * x).sum().backward()
    assert x.grad.tolist() == [5.0, 7.0]


@BOTH
def test_a_shared_node_waits_for_all_its_gradients(lib: Any) -> None:
    x = lib.tensor(2.0, requires_grad=True)
    y = x * x
    (y * y + y.exp() + y).backward()
    assert x.grad.item() == pytest.approx(4 * 8 + 4 * 54.598150 + 4, rel=1e-6)


def test_a_second_pass_needs_retain_graph() -> None:
    def twice(lib: Any) -> None:
        x = lib.tensor([1.0, 2.0], requires_grad=True)
        y = (x * x).sum()
        y.backward()
        y.backward()

    assert alike(twice).startswith("Trying to backward through the graph a second time")


@BOTH
def test_retain_graph(lib: Any) -> None:
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [4.0, 8.0]


def test_only_a_scalar_goes_without_a_gradient() -> None:
    alike(lambda lib: (lib.ones(3, requires_grad=True) * 2).backward())
    alike(lambda lib: lib.ones(3).sum().backward())
    alike(lambda lib: (lib.ones(3, requires_grad=True) * 2).backward(lib.ones(2)))


def test_a_tensor_modified_since_it_was_saved() -> None:
    def write_to_result(lib: Any) -> None:
        x = lib.ones(3, requires_grad=True)
        y = x.tanh()
        y.add_(1)
        y.sum().backward()

    def write_to_input(lib: Any) -> None:
        x = lib.ones(3, requires_grad=True)
        y = x * 2
        z = y * y
        y.mul_(3)
        z.sum().backward()

    assert "is at version 1; expected version 0 instead" in alike(write_to_result)
    alike(write_to_input)


def test_a_leaf_is_not_written_to() -> None:
    alike(lambda lib: lib.ones(3, requires_grad=True).add_(1))
    alike(lambda lib: lib.ones(3, requires_grad=True)[:2].add_(1))


@BOTH
def test_grad_leaves_the_leaves_alone(lib: Any) -> None:
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    w = lib.tensor(3.0, requires_grad=True)
    h = x * w
    gx, gh = lib.autograd.grad((h * h).sum(), [x, h])
    assert gx.tolist() == [18.0, 36.0]
    assert gh.tolist() == [6.0, 12.0]
    assert x.grad is None
    assert w.grad is None


def test_grad_of_what_was_not_used() -> None:
    def unused(lib: Any) -> Any:
        x, y = lib.ones(2, requires_grad=True), lib.ones(2, requires_grad=True)
        return lib.autograd.grad((x * 2).sum(), [y])

    alike(unused)
    x, y = flambeau.ones(2, requires_grad=True), flambeau.ones(2, requires_grad=True)
    assert flambeau.autograd.grad((x * 2).sum(), [y], allow_unused=True) == (None,)
    zeros = flambeau.autograd.grad((x * 2).sum(), [y], allow_unused=True, materialize_grads=True)
    assert zeros[0].tolist() == [0.0, 0.0]


@BOTH
def test_higher_derivatives(lib: Any) -> None:
    x = lib.tensor(0.5, requires_grad=True)
    slopes = [x.tanh()]
    for _ in range(3):
        slopes.append(lib.autograd.grad(slopes[-1], x, create_graph=True)[0])
    t = 0.46211715726000975
    assert [s.item() for s in slopes[1:]] == pytest.approx(
        [1 - t * t, -2 * t * (1 - t * t), -2 * (1 - t * t) * (1 - 3 * t * t)], rel=1e-5
    )


@BOTH
def test_hooks_replace_gradients(lib: Any) -> None:
    x = lib.ones(2, requires_grad=True)
    y = x * 3
    y.retain_grad()
    handle = y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    y.sum().backward()
    assert x.grad.tolist() == [31.0, 31.0]
    handle.remove()
    x.grad = None
    (x * 3).sum().backward()
    assert x.grad.tolist() == [4.0, 4.0]


def test_a_long_chain_runs_and_is_freed_without_recursion() -> None:
    x = flambeau.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + 1e-9
    y.backward()
    assert x.grad is not None
    assert x.grad.item() == 1.0
    del y  # frees a hundred thousand nodes, one after another


def test_no_cycle_keeps_a_graph_alive() -> None:
    """Everything goes when the last name does, without the garbage collector."""
    gc.collect()
    gc.disable()
    try:
        x = flambeau.ones(3, requires_grad=True)
        y = (x.tanh().exp() * x.softmax(0)).sum()  # ops that save their results
        nodes = [weakref.ref(y), weakref.ref(y.grad_fn), weakref.ref(y.grad_fn.next_functions[0][0])]
        y.backward()
        del y
        assert [ref() for ref in nodes] == [None, None, None]
    finally:
        gc.enable()


@BOTH
def test_modes(lib: Any) -> None:
    x = lib.ones(2, requires_grad=True)

    @lib.no_grad()
    def quiet() -> Any:
        assert not lib.is_grad_enabled()
        with lib.enable_grad():
            assert (x * 2).requires_grad
        return x * 2

    assert not quiet().requires_grad
    assert lib.is_grad_enabled()

    @lib.no_grad()
    def generate() -> Any:
        yield (x * 2).requires_grad
        yield (x * 2).requires_grad

    steps = generate()
    assert next(steps) is False
    assert (x * 2).requires_grad, "the mode holds inside the generator only"
    assert next(steps) is False
    with lib.set_grad_enabled(False):
        assert not (x * 2).requires_grad
    with lib.inference_mode():
        assert not (x * 2).requires_grad


@BOTH
def test_the_graph_can_be_walked(lib: Any) -> None:
    x = lib.ones(2, requires_grad=True)
    y = (x * 2).tanh().sum()
    names = []
    node = y.grad_fn
    while node is not None:
        names.append(node.name() if "AccumulateGrad" not in node.name() else "AccumulateGrad")
        last, node = node, node.next_functions[0][0] if node.next_functions else None
    assert names == ["SumBackward0", "TanhBackward0", "MulBackward0", "AccumulateGrad"]
    assert last.variable is x


@BOTH
def test_no_two_leaves_hold_one_gradient(lib: Any) -> None:
    a, b = (lib.ones(3, requires_grad=True) for _ in range(2))
    ((a + b) * lib.arange(3.0)).sum().backward()
    a.grad.mul_(2)
    assert a.grad.tolist() == [0, 2, 4] and b.grad.tolist() == [0, 1, 2]


@BOTH
def test_both_biases_of_a_recurrent_layer_are_clipped_once(lib: Any) -> None:
    lib.manual_seed(0)
    layer = lib.nn.RNN(2, 3)
    layer(lib.randn(4, 1, 2))[0].sum().backward()
    before = layer.bias_ih_l0.grad.clone()
    norm = lib.nn.utils.clip_grad_norm_(layer.parameters(), 0.25)
    assert norm > 0.25
    assert lib.allclose(layer.bias_ih_l0.grad, before * 0.25 / norm)
    assert lib.allclose(layer.bias_hh_l0.grad, layer.bias_ih_l0.grad)


@BOTH
def test_gradients_that_the_program_holds_are_copied(lib: Any) -> None:
    class Held(lib.autograd.Function):  # type: ignore[name-defined]
        gradient = lib.ones(3)

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x.clone()

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            return Held.gradient

    seen: list[Any] = []
    given = lib.ones(3)
    leaf = lib.ones(3, requires_grad=True)
    hooked = lib.ones(3, requires_grad=True)
    hooked.register_hook(seen.append)
    for backward in (
        lambda: leaf.backward(given),
        lambda: leaf.clone().backward(given),
        lambda: Held.apply(leaf).sum().backward(),
        lambda: (hooked * lib.ones(3)).sum().backward(),
    ):
        leaf.grad = None
        backward()
        for x in (leaf, hooked):
            if x.grad is not None:
                x.grad.zero_()
    assert given.tolist() == Held.gradient.tolist() == seen[0].tolist() == [1, 1, 1]


@pytest.mark.filterwarnings("ignore:Using backward")
def test_gradients_with_a_graph_are_copies() -> None:
    def shown(lib: Any) -> str:
        a, b = (lib.ones(2, requires_grad=True) for _ in range(2))
        ((a + b) ** 3).sum().backward(create_graph=True)
        first = (a.grad, b.grad)
        (second,) = lib.autograd.grad(a.grad.sum(), b)
        return repr((first, second))

    assert shown(flambeau) == shown(torch)
