"""autograd.functional and forward_ad: products and whole Jacobians in both modes, tangents, and every error's text."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

Library = Any
CASES: list[Callable[[Library], Any]] = []


@pytest.fixture(scope="module", autouse=True)
def warmed_up() -> None:
    """What torch's forward mode loads the first time warns, about itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.func.jvp(torch.sin, (torch.ones(1),), (torch.ones(1),))


def case(program: Callable[[Library], Any]) -> Callable[[Library], Any]:
    CASES.append(program)
    return program


def vector(t: Library) -> Any:
    return t.arange(3.0) + 0.5


def forward_ad(t: Library) -> Any:
    return importlib.import_module(f"{t.__name__}.autograd.forward_ad")


@case
def jacobian(t: Library) -> Any:
    f, x = (lambda x: x.exp() * x.sum()), vector(t)
    j = t.autograd.functional.jacobian
    return j(f, x), j(f, x, vectorize=True), j(f, x, vectorize=True, strategy="forward-mode")


@case
def jacobian_of_several(t: Library) -> Any:
    f, x = (lambda x, y: (x * y, x.sum())), vector(t)
    return [t.autograd.functional.jacobian(f, (x, x), vectorize=v) for v in (False, True)]


@case
def jacobian_recorded(t: Library) -> Any:
    x = vector(t).requires_grad_()
    j = t.autograd.functional.jacobian(lambda y: y**3, x, create_graph=True)
    return t.autograd.grad(j.sum(), x)


@case
def hessian(t: Library) -> Any:
    h, x = t.autograd.functional.hessian, vector(t)
    return (
        h(lambda x: (x**3).sum(), x),
        h(lambda x, y: (x**3 * y).sum(), (x, x), vectorize=True, outer_jacobian_strategy="forward-mode"),
    )


@case
def products(t: Library) -> Any:
    f, x = t.autograd.functional, vector(t)
    return (
        f.vjp(lambda x: x * 2, x, x),
        f.jvp(lambda x: x**2, x, x),
        f.vhp(lambda x: (x**3).sum(), x, x),
        f.hvp(lambda x: (x**3).sum(), x, x),
    )


@case
def strictly_independent_fails(t: Library) -> Any:
    return t.autograd.functional.jacobian(lambda x: t.ones(2), vector(t), strict=True)


@case
def list_of_outputs_fails(t: Library) -> Any:
    return t.autograd.functional.jacobian(lambda x: [x], vector(t))


@case
def no_vector_fails(t: Library) -> Any:
    return t.autograd.functional.vjp(lambda x: x * 2, vector(t))


@case
def no_number_fails(t: Library) -> Any:
    return t.autograd.functional.hessian(lambda x: x * 2, vector(t))


@case
def vector_of_another_shape_fails(t: Library) -> Any:
    return t.autograd.functional.jvp(lambda x: x * 2, vector(t), t.ones(2))


@case
def duals(t: Library) -> Any:
    fw = forward_ad(t)
    with fw.dual_level():
        d = fw.make_dual(vector(t), t.ones(3))
        return fw.unpack_dual(d.sin() * d), fw.unpack_dual(d), fw.unpack_dual(vector(t)).tangent


@case
def tangents_are_differentiable(t: Library) -> Any:
    fw, y = forward_ad(t), vector(t).requires_grad_()
    with fw.dual_level():
        tangent = fw.unpack_dual(fw.make_dual(y, t.ones(3)) ** 3).tangent
        return tangent.detach(), t.autograd.grad(tangent.sum(), y)


@case
def forward_mode_of_a_custom_function(t: Library) -> Any:
    class Seven(t.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_forward(x)
            return x * x

        @staticmethod
        def jvp(ctx: Any, dx: Any) -> Any:
            return 7 * dx * ctx.saved_tensors[0]

    fw = forward_ad(t)
    with fw.dual_level():
        return fw.unpack_dual(Seven.apply(fw.make_dual(vector(t), t.ones(3))) * 2)


@case
def forward_mode_without_jvp_fails(t: Library) -> Any:
    f = type("Plain", (t.autograd.Function,), {"forward": staticmethod(lambda ctx, x: x * 2)})
    fw = forward_ad(t)
    with fw.dual_level():
        f.apply(fw.make_dual(vector(t), t.ones(3)))


@case
def dual_without_a_level_fails(t: Library) -> Any:
    return forward_ad(t).make_dual(vector(t), vector(t))


@case
def level_in_a_level_fails(t: Library) -> Any:
    with forward_ad(t).dual_level(), forward_ad(t).dual_level():
        pass


@case
def tangent_of_another_shape_fails(t: Library) -> Any:
    with forward_ad(t).dual_level():
        forward_ad(t).make_dual(vector(t), t.ones(2))


@case
def dual_of_integers_fails(t: Library) -> Any:
    with forward_ad(t).dual_level():
        forward_ad(t).make_dual(t.tensor([1]), t.ones(1))


@case
def dual_of_a_dual_fails(t: Library) -> Any:
    with forward_ad(t).dual_level():
        forward_ad(t).make_dual(forward_ad(t).make_dual(vector(t), vector(t)), vector(t))


@pytest.mark.parametrize("program", CASES, ids=[c.__name__ for c in CASES])
def test_as_torch(program: Callable[[Library], Any], same: Callable[..., None]) -> None:
    same(program, fails=program.__name__.endswith("fails"))
