"""One operation on a list of tensors, as torch's `_foreach_*`."""

from collections.abc import Callable
from typing import Any

import pytest

Library = Any


def pair(t: Library, shift: float = 0.0) -> list[Any]:
    return [t.tensor([0.25, 0.5]) + shift, t.tensor([[0.125], [0.75]]) + shift]


CASES: dict[str, Callable[[Library, Any], Any]] = {
    "add number": lambda t, f: f("add")(pair(t), 2),
    "add numbers": lambda t, f: f("add")(pair(t), [1.0, 2.0]),
    "add tensors": lambda t, f: f("add")(pair(t), pair(t, 1), alpha=0.5),
    "sub": lambda t, f: f("sub")(pair(t), pair(t, 1), alpha=2),
    "mul tensor": lambda t, f: f("mul")(pair(t), t.tensor(3.0)),
    "div": lambda t, f: f("div")(pair(t), pair(t, 1)),
    "pow": lambda t, f: [f("pow")(pair(t), 2), f("pow")(2.0, pair(t)), f("pow")(pair(t), [1, 3])],
    "extremes": lambda t, f: [
        f("maximum")(pair(t), 0.3), f("minimum")(pair(t), pair(t)[::1]), f("clamp_min")(pair(t), [0.3, 0.5]),
        f("clamp_max")(pair(t), 0.4),
    ],
    "addcmul": lambda t, f: [
        f("addcmul")(pair(t), pair(t), pair(t, 1), 0.5), f("addcmul")(pair(t), pair(t), pair(t, 1), [0.5, 2.0]),
        f("addcdiv")(pair(t), pair(t), pair(t, 1), t.tensor([0.5, 2.0])), f("addcdiv")(pair(t), pair(t), pair(t, 1)),
    ],
    "lerp": lambda t, f: [
        f("lerp")(pair(t), pair(t, 1), 0.25), f("lerp")(pair(t), pair(t, 1), pair(t)),
        f("lerp")(pair(t), pair(t, 1), [0.25, 0.5]),
    ],
    "norm": lambda t, f: [f("norm")(pair(t)), f("norm")(pair(t), 1), f("max")(pair(t)), f("clone")(pair(t))],
    "unary": lambda t, f: [
        f(name)(pair(t))
        for name in (
            "abs acos asin atan ceil cos cosh erf exp expm1 floor frac log log10 log1p log2 neg reciprocal round "
            "rsqrt sigmoid sign sin sinh sqrt tan tanh trunc"
        ).split()
    ],
    "empty": lambda t, f: f("add")([], 1),
    "lengths": lambda t, f: f("add")(pair(t), pair(t)[:1]),
    "scalars": lambda t, f: f("add")(pair(t), [1.0]),
    "not 0-d": lambda t, f: f("mul")(pair(t), t.ones(2)),
    "count of scalars": lambda t, f: f("addcmul")(pair(t), pair(t), pair(t), t.ones(3)),
}  # fmt: skip
FAILING = ("empty", "lengths", "scalars", "not 0-d", "count of scalars")


@pytest.mark.parametrize("name", list(CASES))
def test_lists(same: Callable[..., None], name: str) -> None:
    same(lambda t: CASES[name](t, lambda op: getattr(t, f"_foreach_{op}")), fails=name in FAILING)


def test_in_place(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        tensors = pair(t)
        t._foreach_add_(tensors, 1.0)
        t._foreach_mul_(tensors, pair(t, 1))
        t._foreach_sqrt_(tensors)
        t._foreach_neg_(tensors)
        t._foreach_addcdiv_(tensors, pair(t), pair(t, 1), 0.5)
        t._foreach_lerp_(tensors, pair(t), 0.25)
        t._foreach_pow_(tensors, 2)
        others = pair(t)
        t._foreach_copy_(others, tensors)
        t._foreach_zero_(tensors)
        return tensors, others

    same(code)


def test_gradients_pass(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        x = t.tensor([1.0, 2.0], requires_grad=True)
        sum(y.sum() for y in t._foreach_mul([x, x], [2.0, 3.0])).backward()
        return x.grad

    same(code)
