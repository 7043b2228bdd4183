"""`torch.testing`: the same verdicts and the same words as PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Same = Callable[..., None]
nan, inf = float("nan"), float("inf")

PAIRS: dict[str, Callable[[Any], tuple[Any, ...]]] = {
    "close": lambda t: (t.tensor([1.0, 2.0]), t.tensor([1.0, 2.0]) + 1e-7),
    "one differs": lambda t: (t.tensor([1.0, 2.0]), t.tensor([1.0, 2.1])),
    "all differ": lambda t: (t.ones(2, 3, 4) * 2, t.ones(2, 3, 4)),
    "a text": lambda t: (t.ones(2), t.zeros(2), {"msg": "mine"}),
    "a function of the text": lambda t: (t.ones(2), t.zeros(2), {"msg": lambda m: "before " + m}),
    "shapes": lambda t: (t.ones(2), t.ones(3)),
    "dtypes": lambda t: (t.ones(2), t.ones(2).long()),
    "dtypes unchecked": lambda t: (t.ones(2), t.ones(2).long(), {"check_dtype": False}),
    "strides": lambda t: (t.ones(2, 3).t(), t.ones(3, 2), {"check_stride": True}),
    "integers": lambda t: (t.tensor([1, 2]), t.tensor([1, 3])),
    "bools": lambda t: (t.tensor([True, False]), t.tensor([True, True])),
    "0-d": lambda t: (t.tensor(1.0), t.tensor(2.0)),
    "nan": lambda t: (t.tensor(nan), t.tensor(nan)),
    "nan is nan": lambda t: (t.tensor([nan]), t.tensor([nan]), {"equal_nan": True}),
    "inf": lambda t: (t.tensor([inf]), t.tensor([1.0])),
    "tolerances": lambda t: (t.tensor([0.0, 1.0]), t.tensor([1.0, 0.0]), {"atol": 0.5, "rtol": 0}),
    "one tolerance": lambda t: (t.ones(1), t.ones(1), {"rtol": 1e-3}),
    "float64": lambda t: (t.ones(2, dtype=t.float64), t.ones(2, dtype=t.float64) * 1.001),
    "numbers": lambda t: (1.0, 1.1),
    "whole numbers": lambda t: (1, 2),
    "kinds of numbers": lambda t: (1, 1.0),
    "truths": lambda t: (True, False),
    "lists": lambda t: ([1, 2], [1, 3]),
    "lengths": lambda t: ([1, 2], [1, 2, 3]),
    "a list and a tuple": lambda t: ((1, 2), [1, 2]),
    "keys": lambda t: ({"a": 1}, {"b": 1}),
    "values by key": lambda t: ({"a": t.tensor(1.0)}, {"a": t.tensor(2.0)}),
    "nested": lambda t: ([t.tensor(1.0), [t.tensor(2.0)]], [t.tensor(1.0), [t.tensor(3.0)]]),
    "a tensor and a number": lambda t: (t.tensor(1.0), 1.0),
    "texts": lambda t: ("a", "a"),
    "none": lambda t: (None, None),
    "none and a number": lambda t: (None, 1),
    "complex numbers": lambda t: (1j, 2j),
    "parameter": lambda t: (t.nn.Parameter(t.ones(2)), t.ones(2)),
    "empty": lambda t: (t.ones(0), t.ones(0)),
}


@pytest.mark.parametrize("name", PAIRS)
def test_assert_close(same: Same, name: str) -> None:
    def compare(t: Any) -> Any:
        *values, last = PAIRS[name](t)
        options = last if len(values) == 2 else {}
        return t.testing.assert_close(*(values if options else (*values, last)), **options)

    import torch

    try:
        compare(torch)
        fails = False
    except (AssertionError, ValueError, TypeError):
        fails = True
    same(compare, fails=fails)


def test_arrays(same: Same) -> None:
    import numpy as np

    same(lambda t: t.testing.assert_close(np.array([1.0, 2.0]), np.array([1.0, 3.0])), fails=True)


def test_assert_allclose(same: Same) -> None:
    same(lambda t: t.testing.assert_allclose(t.tensor([1.0]), t.tensor([2.0])), fails=True)
    same(lambda t: t.testing.assert_allclose([1.0, 2.0], [1.0, 2.0]))


def test_make_tensor(same: Same) -> None:
    same(lambda t: [
        t.testing.make_tensor(3, dtype=t.float32, device="cpu"),
        t.testing.make_tensor((2, 2), dtype=t.int64, device="cpu"),
        t.testing.make_tensor(3, dtype=t.bool, device="cpu"),
        t.testing.make_tensor(2, 3, dtype=t.float64, device="cpu", low=0, high=1, requires_grad=True).requires_grad,
        t.testing.make_tensor(4, dtype=t.uint8, device="cpu", exclude_zero=True),
        t.testing.make_tensor(2, 2, dtype=t.float32, device="cpu", noncontiguous=True).stride(),
    ])  # fmt: skip
    same(lambda t: t.testing.make_tensor(3, dtype=t.int64, device="cpu", low=3, high=1), fails=True)
    same(lambda t: t.testing.make_tensor(3, dtype=t.int64, device="cpu", requires_grad=True), fails=True)
    same(lambda t: t.testing.make_tensor(3, dtype=t.uint8, device="cpu", low=300, high=400), fails=True)
