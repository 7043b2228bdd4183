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
