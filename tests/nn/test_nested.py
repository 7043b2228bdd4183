"""Nested tensors: taken apart, printed and padded as torch's, with gradients; what they are not is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import flambeau


def pair(t: Any) -> Any:
    return t.nested.nested_tensor([t.arange(6.0).view(2, 3), t.ones(4, 2)])


def outcome(call: Callable[[], Any]) -> str:
    try:
        return repr(call())
    except Exception as error:
        return f"{type(error).__name__}: {error}".partition(" This could be")[0]


PROGRAMS: list[Callable[[Any], Any]] = [
    pair,
    lambda t: pair(t).to_padded_tensor(0.0),
    lambda t: t.nested.to_padded_tensor(pair(t), -1.0, (3, 5, 4)),
    lambda t: pair(t).to_padded_tensor(0.0, output_size=(2, 3, 3)),
    lambda t: (pair(t).unbind(), pair(t)[1], [x.shape for x in pair(t)]),
    lambda t: pair(t).size(0),
    lambda t: pair(t).size(1),
    lambda t: pair(t).size(),
    lambda t: t.nested.nested_tensor([t.ones(2, 5), t.ones(3, 5)]).size(-1),
    lambda t: (pair(t).dim(), pair(t).numel(), pair(t).is_nested, pair(t).dtype, pair(t).device, pair(t).requires_grad),
    lambda t: t.nested.nested_tensor([[1, 2], [3]], dtype=t.float32, requires_grad=True),
    lambda t: t.nested.nested_tensor([1.0, 2.0]),
    lambda t: t.nested.nested_tensor([]),
    lambda t: t.nested.nested_tensor([t.ones(2), t.ones(2, 2)]),
    lambda t: t.nested.nested_tensor(3),
    lambda t: t.ones(2).to_padded_tensor(0.0),
]


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_as_torch(program: Callable[[Any], Any]) -> None:
    assert outcome(lambda: program(flambeau)) == outcome(lambda: program(torch))


@pytest.mark.parametrize("lib", [flambeau, torch], ids=["flambeau", "torch"])
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_gradients_flow_to_the_parts(lib: Any) -> None:
    x, y = lib.ones(2, 2, requires_grad=True), lib.ones(1, 2, requires_grad=True)
    padded = lib.nested.as_nested_tensor([x, y]).to_padded_tensor(0.0)
    assert padded.grad_fn.name() == "ToPaddedTensorBackward0"
    (padded * lib.arange(8.0).view(2, 2, 2)).sum().backward()
    assert x.grad.tolist() == [[0, 1], [2, 3]] and y.grad.tolist() == [[4, 5]]
    copied = lib.nested.nested_tensor([x, y])
    x.data.zero_()
    assert copied.unbind()[0].tolist() == [[1, 1], [1, 1]]
