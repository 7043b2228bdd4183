"""`cond`, `while_loop`, `map`, `scan`, `associative_scan`: the same results, gradients and errors as torch, which compiles them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from ..ops.both import agree

pytestmark = pytest.mark.filterwarnings("ignore")  # torch's compiler has things to say

Library = Any
Program = Callable[[Library], Any]

QUICK: dict[str, Program] = {}
COMPILED: dict[str, Program] = {}


def case(program: Program) -> Program:
    QUICK[program.__name__] = program
    return program


def compiled(program: Program) -> Program:
    COMPILED[program.__name__] = program
    return program


def of(t: Library, name: str) -> Any:
    return getattr(importlib.import_module(f"{t.__name__}._higher_order_ops"), name)


def add(a: Any, b: Any) -> Any:
    return a + b


# --- branches ---------------------------------------------------------------------------------------------------------


@compiled
def branch_by_tensor(t: Library) -> Any:
    x = t.tensor([0.5, 1.0], requires_grad=True)
    y = t.cond(x.sum() > 1, lambda x: x * x, lambda x: x + 1, (x,))
    y.sum().backward()
    return y, x.grad, t.cond(t.tensor(False), lambda x: x + 1, lambda x: x - 1, (t.ones(2),))


@case
def branch_by_bool(t: Library) -> Any:
    return t.cond(True, lambda d: d["a"] * 2, lambda d: d["a"], ({"a": t.ones(2)},))


@case
def branch_by_many(t: Library) -> Any:
    return t.cond(t.ones(2), lambda x: x, lambda x: x, (t.ones(2),))


@case
def branch_by_text(t: Library) -> Any:
    return t.cond("a", lambda x: x, lambda x: x, (t.ones(2),))


# --- loops ------------------------------------------------------------------------------------------------------------


@compiled
def loop(t: Library) -> Any:
    return of(t, "while_loop")(lambda i, x: i < 3, lambda i, x: (i + 1, x * 2), (t.tensor(0), t.ones(2)))


@case
def loop_of_no_function(t: Library) -> Any:
    return of(t, "while_loop")(3, lambda i: i + 1, (t.tensor(0),))


@compiled
def function_of_each_row(t: Library) -> Any:
    x = t.arange(6.0).reshape(3, 2).requires_grad_()
    y = of(t, "map")(lambda x, y: {"b": x * x + y}, x, t.ones(2))
    y["b"].sum().backward()
    return y["b"], x.grad


@case
def rows_of_two_sizes(t: Library) -> Any:
    return of(t, "map")(lambda x: x[0], (t.arange(3.0), t.arange(4.0)))


@case
def no_rows(t: Library) -> Any:
    return of(t, "map")(lambda x: x, t.ones(0, 2))


@compiled
def running_sums(t: Library) -> Any:
    x = t.arange(6.0).reshape(3, 2)
    forth = of(t, "scan")(lambda c, x: (c + x, c + x), t.zeros(2), x)
    return forth, of(t, "scan")(lambda c, x: (c + x, c * x), t.zeros(3), x, dim=1, reverse=True)


@case
def scan_of_no_function(t: Library) -> Any:
    return of(t, "scan")(3, t.zeros(2), t.ones(3, 2))


@case
def scan_that_carries_nothing(t: Library) -> Any:
    return of(t, "scan")(lambda c, x: (c, c), [], t.ones(2, 2))


@case
def scan_of_nothing(t: Library) -> Any:
    return of(t, "scan")(lambda c, x: (c, c), t.zeros(2), [])


@case
def scan_of_no_slices(t: Library) -> Any:
    return of(t, "scan")(lambda c, x: (c, c), t.zeros(2), t.ones(0, 2))


@compiled
def associative(t: Library) -> Any:
    return of(t, "associative_scan")(add, t.arange(6.0).reshape(3, 2), 1, reverse=True, combine_mode="generic")


@case
def pointwise_on_the_cpu(t: Library) -> Any:
    return of(t, "associative_scan")(add, t.arange(4.0), 0)


@case
def unknown_way_to_combine(t: Library) -> Any:
    return of(t, "associative_scan")(add, t.arange(4.0), 0, combine_mode="x")


@pytest.mark.parametrize("name", ["associative_scan", "cond", "foreach_map", "map", "scan", "while_loop"])
def test_each_has_a_module(name: str) -> None:
    module = importlib.import_module(f"flambeau._higher_order_ops.{name}")
    package = importlib.import_module("flambeau._higher_order_ops")
    assert getattr(module, name) is getattr(package, name)


@pytest.mark.parametrize("name", QUICK)
def test_as_torch(name: str) -> None:
    agree(QUICK[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPILED)
def test_as_torch_compiles(name: str) -> None:
    agree(COMPILED[name])
