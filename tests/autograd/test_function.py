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
