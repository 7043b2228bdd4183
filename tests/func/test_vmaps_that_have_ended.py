"""What ran a vmap is differentiated within another: samples of the two, as many or not, are told apart as in PyTorch."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest

import flambeau
from flambeau.ops.batching import Level

SIZES = [2, 3, 4]
"""Of the vmap that pulls; the one that has ended had 3."""


def _inputs(t: Any) -> Any:
    return t.arange(6.0).reshape(3, 2) / 7


def _weights(t: Any, *shape: int) -> Any:
    return t.linspace(-1.0, 2.0, flambeau.Size(shape).numel()).reshape(*shape)


def _rows(t: Any) -> Any:
    """A function of all rows that runs a vmap, in which rows meet what all samples share."""
    return lambda x: t.func.vmap(lambda r: r.sin() * r * x.sum())(x)


def _captured(t: Any) -> Any:
    w = _weights(t, 3, 2)
    return lambda x: t.func.vmap(lambda r, s: r * x[0].cos() * s)(x, w)


def _moved(t: Any) -> Any:
    """Views, an index, products and reductions inside."""
    return lambda x: t.func.vmap(lambda r: r[[1, 0]].cumprod(0) @ t.ones(2, 2).tril() * x.max())(x)


def _other_dimension(t: Any) -> Any:
    return lambda x: t.func.vmap(lambda c: c.exp() * c.sum(0, keepdim=True), in_dims=1, out_dims=1)(x)


def _nested(t: Any) -> Any:
    """Two vmaps, the inner one over single numbers, each with a share of the outer sample."""
    return lambda x: t.func.vmap(lambda a: t.func.vmap(lambda b: b.exp() * a.sum())(a))(x)


FUNCTIONS = [_rows, _captured, _moved, _other_dimension, _nested]
by_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__.strip("_"))


@pytest.mark.parametrize("size", SIZES)
@by_function
def test_vjp_pulled_through_another(same: Callable[..., None], function: Any, size: int) -> None:
    def run(t: Any) -> Any:
        value, pull = t.func.vjp(function(t), _inputs(t))
        return value, t.func.vmap(pull)(_weights(t, size, 3, 2))

    same(run)


@pytest.mark.parametrize("size", SIZES)
def test_vjp_pulled_through_two(same: Callable[..., None], size: int) -> None:
    def run(t: Any) -> Any:
        _, pull = t.func.vjp(_rows(t), _inputs(t))
        return t.func.vmap(t.func.vmap(pull))(_weights(t, 3, size, 3, 2))

    same(run)


@pytest.mark.parametrize("size", SIZES)
def test_all_of_it_within_a_vmap(same: Callable[..., None], size: int) -> None:
    def run(t: Any) -> Any:
        def one(x: Any, weights: Any) -> Any:
            _, pull = t.func.vjp(_rows(t), x)
            return t.func.vmap(pull)(weights)

        return t.func.vmap(one)(_weights(t, 3, 3, 2), _weights(t, 3, size, 3, 2))

    same(run)


@pytest.mark.parametrize("size", SIZES)
def test_gradients_in_batches(same: Callable[..., None], size: int) -> None:
    def run(t: Any) -> Any:
        x = _inputs(t).requires_grad_()
        y = _rows(t)(x)
        weights = _weights(t, size, 3, 2)
        together = t.autograd.grad(y, x, weights, is_grads_batched=True, retain_graph=True)
        return together, t.func.vmap(lambda g: t.autograd.grad(y, x, g, retain_graph=True))(weights)

    same(run)


@pytest.mark.parametrize("size", SIZES)
def test_what_was_pulled_is_differentiated_again(same: Callable[..., None], size: int) -> None:
    def run(t: Any) -> Any:
        x = _inputs(t).requires_grad_()
        _, pull = t.func.vjp(_rows(t), x)
        (found,) = t.func.vmap(pull)(_weights(t, size, 3, 2))
        return found, t.autograd.grad((found**2).sum(), x)

    same(run)


@pytest.mark.parametrize("transform", ["jacrev", "jacfwd", "hessian"])
@by_function
def test_jacobians(same: Callable[..., None], function: Any, transform: str) -> None:
    same(lambda t: getattr(t.func, transform)(function(t))(_inputs(t)))


def test_jacobians_of_jacobians(same: Callable[..., None]) -> None:
    same(lambda t: t.func.jacrev(t.func.jacrev(_rows(t)))(_inputs(t)))


def test_writes_from_the_vmap_around(same: Callable[..., None]) -> None:
    """As many samples in both: what one around gives is the same for all of the inner samples."""

    def run(t: Any) -> Any:
        def outer(a: Any) -> Any:
            def inner(r: Any) -> Any:
                added, copied, put = r * a, r * a, r * a
                added.add_(a)
                copied.copy_(a)
                put[0] = a[1]
                return added, copied, put

            return t.func.vmap(inner)(_inputs(t))

        return t.func.vmap(outer)(_inputs(t))

    same(run)


@pytest.mark.parametrize("write", ["copy_", "setitem"])
def test_writes_to_what_is_not_in_the_vmap(same: Callable[..., None], write: str) -> None:
    def run(t: Any) -> Any:
        z = t.zeros(2)

        def one(r: Any) -> Any:
            if write == "copy_":
                z.copy_(r)
            else:
                z[0] = r[0]
            return z * 1

        return t.func.vmap(one)(t.ones(3, 2))

    same(run, fails=True)


def test_what_is_kept_for_a_vmap_does_not_grow_with_their_number() -> None:
    def kept() -> tuple[int, int]:
        gc.collect()
        of_sin = flambeau.sin.op.kernels  # type: ignore[attr-defined]
        return len(of_sin), sum(type(x) is Level for x in gc.get_objects())

    run = flambeau.func.vmap(flambeau.func.vmap(lambda x: x.sin()))
    run(flambeau.ones(3, 2))
    before = kept()
    for _ in range(5):
        run(flambeau.ones(3, 2))
    assert kept() == before
