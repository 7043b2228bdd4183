"""Operators of one's own, the older way to make them, ops under PyTorch's operators' names, and decompositions."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import torch

import flambeau

BOTH = pytest.mark.parametrize("lib", [flambeau, torch], ids=["flambeau", "torch"])
made = iter(range(1000))  # torch keeps the operators of a process: each name is used once


def operator(lib: Any, **more: Any) -> Any:
    def scaled(x, by, *, twice=False):  # type: ignore[no-untyped-def]
        return x * by * (2 if twice else 1)

    scaled.__annotations__ = {"x": lib.Tensor, "by": float, "twice": bool, "return": lib.Tensor}
    return lib.library.custom_op(f"tests::scaled{next(made)}", scaled, mutates_args=(), **more)


@BOTH
def test_values_and_gradients(lib: Any) -> None:
    scaled = operator(lib)

    def keep(ctx: Any, inputs: Any, keyword_only_inputs: Any, output: Any) -> None:
        ctx.by = inputs[1] * (2 if keyword_only_inputs["twice"] else 1)

    def backward(ctx: Any, grad: Any) -> Any:
        return grad * ctx.by, None

    scaled.register_autograd(backward, setup_context=keep)
    x = lib.ones(2, requires_grad=True)
    y = scaled(x, 3.0, twice=True)
    assert y.tolist() == [6, 6] and y.grad_fn.name().startswith("GeneratedBackwardFor_tests_scaled")
    y.sum().backward()
    assert x.grad.tolist() == [6, 6]
    assert getattr(lib.ops.tests, scaled._name)(x, 2.0).tolist() == [2, 2]
    assert getattr(lib.ops.tests, scaled._name).default(x, by=2.0).tolist() == [2, 2]
    double = lib.randn(3, dtype=lib.float64, requires_grad=True)
    assert lib.autograd.gradcheck(lambda t: scaled(t, 0.5), double)


@BOTH
def test_without_a_derivative(lib: Any) -> None:
    y = operator(lib)(lib.ones(2, requires_grad=True), 2.0)
    with pytest.raises(RuntimeError, match="no autograd formula was registered"):
        y.sum().backward()


@BOTH
def test_kernels_by_device(lib: Any) -> None:
    scaled = operator(lib, device_types="cpu")
    lib.library.register_fake(f"tests::{scaled._name}", lambda x, by, *, twice=False: lib.empty_like(x))
    assert scaled(lib.empty(3, device="meta"), 1.0).shape == (3,)
    scaled.register_kernel("cpu")(lambda x, by, *, twice=False: x + by)
    assert scaled(lib.ones(1), 2.0).item() == 3


@BOTH
def test_arguments_that_are_written_to(lib: Any) -> None:
    def grown(x):  # type: ignore[no-untyped-def]
        x.add_(1)

    grown.__annotations__ = {"x": lib.Tensor, "return": None}
    grow = lib.library.custom_op(f"tests::grow{next(made)}", grown, mutates_args={"x"})
    x = lib.zeros(2)
    before = x._version
    assert grow(x) is None
    assert x.tolist() == [1, 1] and x._version > before


@BOTH
def test_names(lib: Any) -> None:
    with pytest.raises(ValueError):
        lib.library.custom_op("nameless", mutates_args=(), schema="(Tensor x) -> Tensor")(lambda x: x)


def test_an_operator_that_does_not_exist() -> None:
    with pytest.raises(RuntimeError, match="operator tests::missing does not exist"):
        flambeau.library.register_fake("tests::missing", lambda x: x)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_older_way() -> None:
    """As PyTorch documented it; its own decorators for the derivative fail by now."""
    custom_op = importlib.import_module("flambeau._custom_op.impl").custom_op

    @custom_op("tests::sine")  # type: ignore[untyped-decorator]
    def sine(x: Any) -> Any:
        raise AssertionError("its body does not run")

    @sine.impl(["cpu"])  # type: ignore[untyped-decorator]
    def on_cpu(x: Any) -> Any:
        return x.detach().sin()

    sine.impl_abstract()(lambda x: flambeau.empty_like(x))
    sine.impl_save_for_backward()(lambda inputs, output: (inputs.x, 2.0))
    sine.impl_backward()(lambda ctx, saved, grad: {"x": grad * saved[0].cos() * saved[1] / 2})
    x = flambeau.arange(3.0).requires_grad_()
    y = sine(x)
    y.sum().backward()
    assert flambeau.allclose(y, x.sin()) and flambeau.allclose(x.grad, x.cos())
    assert sine(flambeau.empty(4, device="meta")).shape == (4,)


def test_ops_by_the_names_of_operators() -> None:
    aten = flambeau.ops.aten
    x = flambeau.randn(2, 3)
    assert flambeau.equal(aten.mm.default(x, x.t()), x @ x.t())
    assert flambeau.equal(aten.add.Tensor(x, x), x + x) and flambeau.equal(aten.relu(x), x.relu())
    assert (str(aten.mm), repr(aten.mm)) == ("aten.mm", repr(torch.ops.aten.mm)) and aten.mm is flambeau.ops.aten.mm
    with pytest.raises(AttributeError):
        _ = aten.no_such_operator


def test_decompositions_are_made_of_other_ops() -> None:
    get = importlib.import_module("flambeau._decomp").get_decompositions
    aten = flambeau.ops.aten
    x = flambeau.randn(4, requires_grad=True)
    found = get([aten.sigmoid, flambeau.tanh, len])
    assert set(found) == {aten.sigmoid, flambeau.tanh}
    y = found[aten.sigmoid](x)
    assert flambeau.allclose(y, x.sigmoid()) and y.grad_fn.name() != "SigmoidBackward0"
    (given,) = flambeau.autograd.grad(y.sum(), x)
    assert flambeau.allclose(given, x.sigmoid() * (1 - x.sigmoid()))


def test_decompositions_of_ones_own() -> None:
    module = importlib.import_module("flambeau._decomp")
    table: dict[Any, Any] = {}

    @module.register_decomposition([flambeau.ops.aten.silu], registry=table)  # type: ignore[untyped-decorator]
    def silu(x: Any) -> Any:
        return x * x.sigmoid()

    assert table == {flambeau.ops.aten.silu: silu}
