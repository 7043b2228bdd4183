"""Custom functions: a forward and a backward of one's own."""

import warnings
from typing import Any

import pytest
import torch

import flambeau

BOTH = pytest.mark.parametrize("lib", [flambeau, torch], ids=["flambeau", "torch"])


def cube(lib: Any) -> Any:
    class Cube(lib.autograd.Function):  # type: ignore[misc, name-defined, unused-ignore]
        @staticmethod
        def forward(ctx: Any, x: Any, scale: float) -> Any:
            ctx.save_for_backward(x)
            ctx.scale = scale
            return scale * x**3

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * 3 * ctx.scale * x**2, None

    return Cube


@BOTH
def test_values_and_gradients(lib: Any) -> None:
    x = lib.tensor([1.0, -2.0], requires_grad=True)
    y = cube(lib).apply(x, 0.5)
    assert type(y.grad_fn).__name__ == "CubeBackward" or y.grad_fn.name() == "CubeBackward"
    y.sum().backward()
    assert y.tolist() == [0.5, -4.0]
    assert x.grad.tolist() == [1.5, 6.0]


@BOTH
def test_differentiated_twice(lib: Any) -> None:
    x = lib.tensor([1.0, -2.0], dtype=lib.float64, requires_grad=True)
    assert lib.autograd.gradcheck(lambda t: cube(lib).apply(t, 0.5), (x,))
    assert lib.autograd.gradgradcheck(lambda t: cube(lib).apply(t, 0.5), (x,))


@BOTH
def test_what_needs_a_gradient_is_known(lib: Any) -> None:
    seen = []

    class Pick(lib.autograd.Function):  # type: ignore[misc, name-defined, unused-ignore]
        @staticmethod
        def forward(ctx: Any, a: Any, b: Any) -> Any:
            return a + b

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            seen.append(ctx.needs_input_grad)
            return g, None

    Pick.apply(lib.ones(2, requires_grad=True), lib.ones(2)).sum().backward()
    assert seen == [(True, False)]


@BOTH
def test_an_input_written_to(lib: Any) -> None:
    class Double(lib.autograd.Function):  # type: ignore[misc, name-defined, unused-ignore]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return 2 * g

    x = lib.ones(2, requires_grad=True)
    y = x * 3
    z = Double.apply(y)
    assert z is y
    z.sum().backward()
    assert x.grad.tolist() == [6.0, 6.0]


def test_once_differentiable() -> None:
    class Square(flambeau.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @flambeau.autograd.function.once_differentiable
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2 * ctx.saved_tensors[0]

    x = flambeau.tensor(3.0, requires_grad=True)
    seed = flambeau.tensor(1.0, requires_grad=True)
    (g,) = flambeau.autograd.grad(Square.apply(x), x, seed, create_graph=True)
    assert g.item() == 6.0
    with pytest.raises(RuntimeError, match="marked with @once_differentiable"):
        g.backward()


def test_the_wrong_number_of_gradients() -> None:
    def run(lib: Any) -> None:
        class Wrong(lib.autograd.Function):  # type: ignore[misc, name-defined, unused-ignore]
            @staticmethod
            def forward(ctx: Any, a: Any, b: Any) -> Any:
                return a + b

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return g

        Wrong.apply(lib.ones(2, requires_grad=True), lib.ones(2, requires_grad=True)).sum().backward()

    texts = []
    for lib in (flambeau, torch):
        with pytest.raises(RuntimeError) as caught:
            run(lib)
        texts.append(str(caught.value))
    assert texts[0] == texts[1]


def test_gradcheck_finds_a_wrong_derivative() -> None:
    class Wrong(flambeau.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g

    x = flambeau.tensor([1.0, 2.0], dtype=flambeau.float64, requires_grad=True)
    with pytest.raises(RuntimeError, match="Jacobian mismatch"):
        flambeau.autograd.gradcheck(Wrong.apply, (x,))
    assert not flambeau.autograd.gradcheck(Wrong.apply, (x,), raise_exception=False)


def test_anomaly_mode_names_the_forward_line() -> None:
    x = flambeau.tensor(-1.0, requires_grad=True)
    with warnings.catch_warnings(record=True) as seen, flambeau.autograd.set_detect_anomaly(True):
        warnings.simplefilter("always")
        y = x.sqrt()  # the line that anomaly mode shows
        with pytest.raises(RuntimeError, match="Function 'SqrtBackward0' returned nan values in its 0th output"):
            y.backward()
    assert any("y = x.sqrt()  # the line that anomaly mode shows" in str(w.message) for w in seen)


def function(t: Any, name: str = "Mine", **members: Any) -> Any:
    return type(name, (t.autograd.Function,), {k: staticmethod(v) for k, v in members.items()})


def leaf(t: Any) -> Any:
    return t.tensor([1.0, 2.0, 3.0], requires_grad=True)


def through_vjp(t: Any) -> Any:
    x = leaf(t)
    return t.autograd.grad(function(t, forward=lambda ctx, x: x * 2, vjp=lambda ctx, g: g * 5).apply(x).sum(), x)


def by_keyword(t: Any) -> Any:
    x = leaf(t)
    function(t, forward=lambda ctx, x, k=1: x * k, backward=lambda ctx, g, *n: (g * 2, None)).apply(
        x, k=3
    ).sum().backward()
    return x.grad


def other_outputs(t: Any) -> Any:
    x, seen = leaf(t), []
    y, five = function(t, forward=lambda ctx, x: (x * 2, 5), backward=lambda ctx, *g: seen.append(g[1]) or g[0]).apply(
        x
    )
    y.sum().backward()
    return five, seen, x.grad


def own_attributes(t: Any) -> Any:
    """No name that a program gives to an attribute is in the way of the graph's own."""

    def forward(ctx: Any, x: Any) -> Any:
        ctx.outputs, ctx.edges, ctx.shape = "mine", 3, x.shape
        return x * 2

    x = leaf(t)
    y = function(t, forward=forward, backward=lambda ctx, g: g * ctx.edges * len(ctx.outputs)).apply(x)
    y.sum().backward()
    return x.grad, y.grad_fn.name(), type(y.grad_fn).__name__, y.grad_fn.shape, len(y.grad_fn.next_functions)


def gradient_in_another_dtype(t: Any) -> Any:
    x = leaf(t)
    function(t, forward=lambda ctx, x: x * 2, backward=lambda ctx, g: g.double()).apply(x).sum().backward()
    return x.grad


def dirty_view(t: Any) -> Any:
    x = leaf(t)
    b = x * 1
    f = function(t, forward=lambda ctx, x: ctx.mark_dirty(x) or x.mul_(2), backward=lambda ctx, g: g * 2)
    f.apply(b[:2])
    return b.detach(), t.autograd.grad(b.sum(), x)


def dirty_unreturned_fails(t: Any) -> Any:
    return function(t, forward=lambda ctx, x: ctx.mark_dirty(x.add_(1)) or x * 2).apply(leaf(t) * 1)


def view_written_to_fails(t: Any) -> Any:
    function(t, forward=lambda ctx, x: x.view(-1), backward=lambda ctx, g: g).apply(leaf(t) * 1).add_(1)


def views_written_to_fails(t: Any) -> Any:
    function(t, forward=lambda ctx, x: (x[:1], x[1:]), backward=lambda ctx, *g: t.cat(g)).apply(leaf(t) * 1)[0].add_(1)


def both_ways_fails(t: Any) -> Any:
    f = function(t, forward=lambda ctx, x: x * 1, backward=lambda ctx, g: g, vjp=lambda ctx, g: g)
    f.apply(leaf(t)).sum().backward()


def instance_fails(t: Any) -> Any:
    return function(t, forward=lambda ctx, x: x)()(leaf(t))


PROGRAMS = [
    through_vjp, by_keyword, other_outputs, own_attributes, gradient_in_another_dtype, dirty_view, dirty_unreturned_fails,
    view_written_to_fails, views_written_to_fails, both_ways_fails, instance_fails,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS)
def test_as_torch(program: Any, same: Any) -> None:
    same(program, fails=program.__name__.endswith("fails"))
