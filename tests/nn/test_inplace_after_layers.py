"""What a layer keeps for backward is what PyTorch keeps: an in-place op on its result is fine, or not, as there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

IMAGES: dict[str, Callable[[Any, Any], Any]] = {
    "conv": lambda t, x: t.nn.Conv2d(2, 2, 3)(x),
    "max pool": lambda t, x: t.nn.functional.max_pool2d(x, 2),
    "max pool with indices": lambda t, x: t.nn.functional.max_pool2d(x, 2, return_indices=True)[0],
    "max pool 1-d": lambda t, x: t.nn.functional.max_pool1d(x[0], 2),
    "adaptive max pool": lambda t, x: t.nn.functional.adaptive_max_pool2d(x, 2),
    "average pool": lambda t, x: t.nn.functional.avg_pool2d(x, 2),
    "adaptive average pool": lambda t, x: t.nn.functional.adaptive_avg_pool2d(x, 2),
    "batch norm": lambda t, x: t.nn.BatchNorm2d(2)(x),
    "group norm": lambda t, x: t.nn.GroupNorm(1, 2)(x),
    "layer norm": lambda t, x: t.nn.LayerNorm(4)(x),
    "linear": lambda t, x: t.nn.Linear(4, 3)(x),
    "dropout": lambda t, x: t.nn.Dropout(0.5)(x),
}
POINTWISE = ["relu", "leaky_relu", "elu", "gelu", "silu", "hardtanh", "softplus", "logsigmoid", "mish", "selu", "celu", "tanh",
             "sigmoid", "hardswish", "relu6", "softsign", "tanhshrink"]  # fmt: skip
IN_PLACE: dict[str, tuple[Any, ...]] = {
    "relu": (),
    "relu6": (),
    "hardtanh": (),
    "threshold": (0.1, 20.0),
    "elu": (1.3,),
    "celu": (1.7,),
    "selu": (),
    "leaky_relu": (0.2,),
    "rrelu": (),
    "rrelu in training": (0.2, 0.2, True),
}
NEGATIVE_SLOPES: dict[str, tuple[Any, ...]] = {
    "elu": (-1.0,),
    "celu": (-1.0,),
    "leaky_relu": (-0.2,),
    "rrelu": (-0.3, -0.1),
}
METHODS = [
    "exp",
    "sqrt",
    "log",
    "abs",
    "square",
    "reciprocal",
    "cumsum",
    "cumprod",
    "prod",
    "var",
    "logsumexp",
    "softmax",
]


@pytest.mark.parametrize("name", IMAGES)
def test_relu_in_place_after_a_layer(same: Callable[..., None], name: str) -> None:
    def run(t: Any) -> Any:
        x = t.randn(1, 2, 4, 4, requires_grad=True)
        y = IMAGES[name](t, x * 1)
        t.nn.ReLU(inplace=True)(y)
        (y**2).sum().backward()
        return x.grad

    same(run)


@pytest.mark.parametrize("name", POINTWISE)
def test_a_write_after_an_activation(same: Callable[..., None], name: str) -> None:
    def run(t: Any) -> Any:
        x = t.randn(2, 4, requires_grad=True)
        y = getattr(t.nn.functional, name)(x * 1)
        y.add_(1)
        y.sum().backward()
        return x.grad

    same(run, fails=name in ("relu", "tanh", "sigmoid"))


@pytest.mark.parametrize("name", METHODS)
def test_a_write_after_an_op(same: Callable[..., None], name: str) -> None:
    def run(t: Any) -> Any:
        x = t.rand(2, 4, requires_grad=True)
        y = getattr(x * 1, name)(*([1] if name in ("cumsum", "cumprod", "var", "logsumexp", "softmax") else []))
        y.add_(1)
        y.sum().backward()
        return x.grad

    same(run, fails=name in ("exp", "sqrt", "reciprocal", "cumprod", "prod", "logsumexp", "softmax"))


def _activated_in_place(t: Any, name: str, args: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    x = t.tensor([[-2.0, -0.5, 0.3, 0.7], [1.5, -3.0, 4.0, 7.0]], dtype=t.float64, requires_grad=True)
    h = x * 1
    return x, h, getattr(t.nn.functional, name.split()[0])(h, *args, inplace=True)


@pytest.mark.parametrize("name", IN_PLACE)
def test_an_activation_in_place(same: Callable[..., None], name: str) -> None:
    def run(t: Any) -> Any:
        x, _, y = _activated_in_place(t, name, IN_PLACE[name])
        node = y.grad_fn.name()
        (first,) = t.autograd.grad((y**2).sum(), x, create_graph=True)
        return node, y, first, t.autograd.grad((first**2).sum(), x)

    same(run)


@pytest.mark.parametrize("written", ["result", "input"])
@pytest.mark.parametrize("name", IN_PLACE)
def test_a_write_after_an_activation_in_place(same: Callable[..., None], name: str, written: str) -> None:
    def run(t: Any) -> Any:
        x, h, y = _activated_in_place(t, name, IN_PLACE[name])
        (y if written == "result" else h).add_(1)
        y.sum().backward()
        return x.grad

    same(run, fails=name not in ("relu6", "hardtanh", "threshold"))


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("name", NEGATIVE_SLOPES)
def test_a_negative_slope_in_place(same: Callable[..., None], name: str, written: bool) -> None:
    """The result does not tell the sign of the input: PyTorch says so in backward, after the check of versions."""

    def run(t: Any) -> Any:
        x, _, y = _activated_in_place(t, name, NEGATIVE_SLOPES[name])
        if written:
            y.mul_(2)
        y.sum().backward()
        return x.grad

    same(run, fails=True)


def test_a_write_to_the_input_of_rrelu(same: Callable[..., None]) -> None:
    def run(t: Any) -> Any:
        x = t.randn(2, 4, requires_grad=True)
        h = x * 1
        y = t.nn.functional.rrelu(h, training=True)
        h.add_(1)
        y.sum().backward()
        return x.grad

    same(run, fails=True)
