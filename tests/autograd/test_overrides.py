"""Subclasses of Tensor, classes that only look like one, and modes: what `__torch_function__` is told and gives."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

Library = Any


def overrides(t: Library) -> Any:
    return importlib.import_module(f"{t.__name__}.overrides")


def test_results_are_of_the_class(same: Callable[..., None]) -> None:
    def program(t: Library) -> Any:
        class Mine(t.Tensor):  # type: ignore[misc, name-defined]
            pass

        x, y = t.ones(1, 2).as_subclass(Mine), t.ones(1, 2)
        results = [
            x + 1, y + x, 1 - x, t.add(y, x), x.view(2), x.split(1)[0], x.detach(), x.clone(), t.nn.functional.relu(x), x.max(0)[0],
            x.T, x.data, x.add_(1), Mine([1.0]), t.zeros_like(x), t.cat([x, y]), x[0], x.double(), x.sum(), x == x, t.ones(1),
            t.nn.Parameter(y) + 1, t.Tensor._make_subclass(Mine, y), x.shape,
        ]  # fmt: skip
        x.requires_grad_()
        (x * x).sum().backward()
        return (
            [type(r).__name__ for r in results],
            type(x.grad).__name__,
            x.grad.tolist(),
            repr(Mine([1.0])),
            isinstance(x, t.Tensor),
        )

    same(program)


def test_what_a_class_is_told(same: Callable[..., None]) -> None:
    def program(t: Library) -> Any:
        told: list[Any] = []

        class Told(t.Tensor):  # type: ignore[misc, name-defined]
            @classmethod
            def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                told.append((func.__name__, [c.__name__ for c in types], len(args), sorted(kwargs or {})))
                return super().__torch_function__(func, types, args, kwargs or {})

        x = t.ones(2).as_subclass(Told)
        _ = x + 1, t.sum(x), x.shape, x[0], t.stack([x, x]), t.mean(input=x), x == x, -x, x.view(2, 1)
        x.add_(1)
        return told

    same(program)


def test_what_only_looks_like_a_tensor(same: Callable[..., None]) -> None:
    def program(t: Library) -> Any:
        handled: dict[Any, Any] = {}

        class Scalar:
            def __init__(self, value: float) -> None:
                self.value = value

            @classmethod
            def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                if func not in handled or not all(issubclass(c, (t.Tensor, Scalar)) for c in types):
                    return NotImplemented
                return handled[func](*args, **(kwargs or {}))

        handled[t.mean] = lambda x: x.value / 2
        handled[t.add] = lambda x, y: float(getattr(x, "value", 1.0)) + float(getattr(y, "value", 1.0))
        return t.mean(Scalar(5.0)), t.add(Scalar(1.0), Scalar(2.0)), t.exp(Scalar(1.0))

    same(program, fails=True)


def test_modes(same: Callable[..., None]) -> None:
    def program(t: Library) -> Any:
        seen: list[str] = []

        class Seeing(overrides(t).TorchFunctionMode):  # type: ignore[misc, name-defined]
            def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                seen.append(func.__name__)
                return func(*args, **(kwargs or {}))

        with Seeing():
            x = t.ones(2)
            _ = x + x, x.sum(), t.nn.functional.softmax(x, 0)
        return seen, (x + 1).sum().item()

    same(program)


def test_questions(same: Callable[..., None]) -> None:
    def program(t: Library) -> Any:
        o, x = overrides(t), t.ones(1)
        mine = type("Mine", (t.Tensor,), {})
        return (
            [o.has_torch_function((y,)) for y in (x, t.nn.Parameter(x), x.as_subclass(mine), 1)],
            [o.is_tensor_like(y) for y in (x, x.as_subclass(mine), 1)],
            o.resolve_name(t.add),
            o.is_tensor_method_or_property(t.Tensor.add),
            o.is_tensor_method_or_property(t.add),
        )

    same(program)


def test_nothing_is_exchanged_before_somebody_asks() -> None:
    code = (
        "import sys, flambeau as t; t.nn.Linear(2, 1)(t.ones(1, 2)).sum().backward(); "
        "print('flambeau.overrides' in sys.modules, type(t.add).__name__, type(t.Tensor.sum).__name__)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.split() == ["False", "function", "function"]
