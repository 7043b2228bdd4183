"""Checkpoints: the same values and gradients as without, random numbers included, and torch's words where it cannot be."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

Library = Any


def of(t: Library) -> Any:
    return importlib.import_module(f"{t.__name__}.utils.checkpoint")


def network(t: Library) -> Any:
    return t.nn.Sequential(
        t.nn.Linear(4, 8), t.nn.ReLU(), t.nn.Dropout(0.5), t.nn.Linear(8, 4), t.nn.Tanh(), t.nn.Linear(4, 2)
    )


@pytest.mark.parametrize("options", [{"use_reentrant": False}, {"use_reentrant": True}, {}], ids=str)
def test_a_network_runs_twice(options: dict[str, Any], same: Callable[..., None]) -> None:
    def program(t: Library) -> Any:
        m, x, runs = network(t), t.arange(12.0).reshape(3, 4).requires_grad_(), []

        def f(x: Any) -> Any:
            runs.append(1)
            return m(x)

        y = of(t).checkpoint(f, x, **options)
        (y**2).sum().backward()
        return y, x.grad, [p.grad for p in m.parameters()], len(runs), t.rand(3)

    same(program)


def test_in_sequence(same: Callable[..., None]) -> None:
    def program(t: Library) -> Any:
        m, x = network(t), t.arange(12.0).reshape(3, 4).requires_grad_()
        y = of(t).checkpoint_sequential(m, 3, x, use_reentrant=False)
        y.sum().backward()
        of(t).checkpoint_sequential(m, 2, x, use_reentrant=True).sum().backward()
        return y, x.grad

    same(program)


def test_within_each_other_and_twice(same: Callable[..., None]) -> None:
    def program(t: Library) -> Any:
        checkpoint = of(t).checkpoint
        x = t.ones(3, requires_grad=True)
        inner = lambda z: z.exp().sin()  # noqa: E731
        y = checkpoint(lambda x: checkpoint(inner, x * 2, use_reentrant=False) * x, x, use_reentrant=False)
        y.sum().backward(retain_graph=True)
        y.sum().backward()
        z = checkpoint(lambda x, k=1: (x.exp() * x).sin() * k, x, use_reentrant=False, k=3)
        (g,) = t.autograd.grad(z.sum(), x, create_graph=True)
        return x.grad, g.detach(), t.autograd.grad(g.sum(), x)

    same(program)


def test_contexts(same: Callable[..., None]) -> None:
    def program(t: Library) -> Any:
        import contextlib

        seen = []

        @contextlib.contextmanager
        def context(name: str) -> Any:
            seen.append(name)
            yield

        x = t.ones(3, requires_grad=True)
        contexts = lambda: (context("forward"), context("again"))  # noqa: E731
        of(t).checkpoint(lambda x: x.exp().sin(), x, use_reentrant=False, context_fn=contexts).sum().backward()
        return seen

    same(program)


def changing(first: Callable[[Any], Any], then: Callable[[Any], Any], **options: Any) -> Callable[[Library], Any]:
    """A program whose function does something else when it runs again."""

    def program(t: Library) -> Any:
        runs = []

        def f(x: Any) -> Any:
            runs.append(1)
            return (first if len(runs) == 1 else then)(x)

        x = t.ones(3, requires_grad=True)
        try:
            of(t).checkpoint(f, x, use_reentrant=False, **options).sum().backward()
        except RuntimeError as error:
            return type(error).__name__, str(error).partition("If this error occurs under")[0].strip()

    return program


def test_what_is_not_the_same_again(same: Callable[..., None]) -> None:
    same(changing(lambda x: x.exp(), lambda x: x.exp().exp() * x, early_stop=False))
    same(changing(lambda x: x.exp().sin(), lambda x: x * 2))
    same(changing(lambda x: x.exp().sum(), lambda x: x[:2].exp().sum()))


def test_errors(same: Callable[..., None]) -> None:
    def modified(t: Library) -> Any:
        x = t.ones(3, requires_grad=True) * 1
        y = of(t).checkpoint(lambda x: x.exp().sin(), x, use_reentrant=False)
        x.add_(1)
        try:
            y.sum().backward()
        except RuntimeError as error:
            return str(error).replace("AddBackward0", "Add")

    def partial(t: Library) -> Any:
        x = t.ones(3, requires_grad=True)
        return t.autograd.grad(of(t).checkpoint(lambda x: x.exp(), x, use_reentrant=True).sum(), x)

    same(modified)
    same(partial, fails=True)
    same(lambda t: of(t).checkpoint(lambda x: x, t.ones(1), use_reentrant=True, foo=1), fails=True)
    same(lambda t: of(t).checkpoint(lambda x: x, t.ones(1), use_reentrant=False, determinism_check="x"), fails=True)
    same(lambda t: of(t).checkpoint(lambda x: x * 2, t.ones(1), use_reentrant=True).requires_grad)


@pytest.mark.parametrize("reentrant", [False, True])
def test_autocast_is_as_it_was_when_a_function_runs_again(reentrant: bool, same: Callable[..., None]) -> None:
    def train(t: Any) -> Any:
        seen = []
        w = t.ones(3, 3, requires_grad=True)
        x = t.tensor([[0.1, 0.2, 0.3]], requires_grad=True)

        def f(x: Any) -> Any:
            y = t.mm(x, w)
            seen.append((str(y.dtype).rpartition(".")[2], t.is_autocast_enabled("cpu")))
            return y.float().tanh()

        with t.autocast("cpu", dtype=t.bfloat16):
            y = of(t).checkpoint(f, x, use_reentrant=reentrant)
        y.sum().backward()
        return seen, t.is_autocast_enabled("cpu"), x.grad.dtype, w.grad.dtype

    same(train)
