"""What a printed result says of its node: PyTorch's name, also where the op is made of others here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import flambeau
from flambeau.ops.node_names import recorded_as


def x(t: Any, *shape: int) -> Any:
    return (t.arange(1.0, 1 + (t.Size(shape or (3,)).numel())).reshape(shape or (3,)) / 7).requires_grad_()


PROGRAMS: list[Callable[[Any], Any]] = [
    lambda t: t.nn.Linear(3, 2)(x(t, 2, 2, 3)),
    lambda t: t.nn.Linear(3, 2, bias=False)(x(t, 2, 2, 3)),
    lambda t: t.nn.Linear(3, 2)(x(t)),
    lambda t: t.nn.Linear(3, 2)(x(t, 2, 3)),
    lambda t: x(t, 2, 2, 3) @ x(t, 3, 2),
    lambda t: 5 - x(t),
    lambda t: 2.5 / x(t),
    lambda t: 2 ** x(t),
    lambda t: t.nn.functional.smooth_l1_loss(x(t), t.zeros(3)),
    lambda t: t.nn.functional.huber_loss(x(t), t.zeros(3), reduction="sum"),
    lambda t: t.nn.MSELoss(reduction="sum")(x(t), t.zeros(3)),
    lambda t: t.nn.BCELoss()(x(t).sigmoid(), t.zeros(3)),
    lambda t: t.nn.BCEWithLogitsLoss(reduction="sum")(x(t), t.zeros(3)),
    lambda t: t.nn.CrossEntropyLoss()(x(t, 1, 3, 2), t.tensor([[0, 2]])),
    lambda t: x(t, 2, 3).max(1).values,
    lambda t: x(t, 2, 3).min(0, keepdim=True)[0],
    lambda t: x(t, 2, 3).topk(2).values,
    lambda t: x(t, 2, 3).sort()[0],
    lambda t: x(t, 2, 3).median(),
    lambda t: x(t, 2, 3).median(1, keepdim=True)[0],
    lambda t: x(t, 2, 3).masked_fill(t.ones(2, 3) > 0, 0.0),
    lambda t: x(t, 2, 3).prod(1),
    lambda t: t.std_mean(x(t))[1],
    lambda t: x(t).norm(1),
    lambda t: t.linalg.vector_norm(x(t), float("inf")),
    lambda t: x(t).clamp_min(0.2),
    lambda t: t.nn.functional.grid_sample(x(t, 1, 1, 2, 2), x(t, 1, 2, 2, 2), align_corners=False),
    lambda t: t.nn.functional.affine_grid(x(t, 1, 2, 3), [1, 1, 2, 2], align_corners=False),
    lambda t: t.nn.functional.unfold(x(t, 1, 1, 3, 3), 2),
    lambda t: x(t, 2, 3).repeat(2, 1),
    lambda t: x(t, 2, 3).flip(0),
    lambda t: x(t).roll(1),
    lambda t: t.dist(x(t), t.zeros(3)),
    lambda t: x(t) ** x(t),
    lambda t: t.ones(3) ** x(t),
    lambda t: x(t) ** 2,
    lambda t: x(t) ** 2.5,
    lambda t: t.pow(2, x(t)),
    lambda t: t.float_power(x(t), x(t)),
    lambda t: t.fmod(x(t), x(t)),
    lambda t: t.fmod(x(t), 2),
    lambda t: x(t) % x(t),
    lambda t: x(t) % 2,
    lambda t: x(t, 2, 3).T,
    lambda t: t.nn.GRUCell(2, 3)(x(t, 1, 2)),
    lambda t: t.nn.MaxPool2d(2)(x(t, 1, 4, 4)),
    lambda t: t.nn.MaxPool3d(2, return_indices=True)(x(t, 1, 2, 2, 2))[0],
    lambda t: t.nn.AvgPool2d(2)(x(t, 1, 4, 4)),
    lambda t: t.nn.AvgPool3d(2)(x(t, 1, 2, 2, 2)),
    lambda t: t.nn.MaxPool1d(2)(x(t, 1, 4)),
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_as_torch(program: Callable[[Any], Any]) -> None:
    ours, theirs = program(flambeau), program(torch)
    assert ours.grad_fn.name() == type(ours.grad_fn).__name__ == theirs.grad_fn.name()
    ours.sum().backward()


EDGES: list[Callable[[Any], Any]] = [
    lambda t: x(t) ** 2,
    lambda t: 2 ** x(t),
    lambda t: x(t) ** t.ones(3),
    lambda t: x(t) % 2,
    lambda t: t.fmod(x(t), 2),
    lambda t: x(t) * 2,
    lambda t: t.nn.functional.linear(x(t, 2, 3), t.ones(2, 3), x(t, 2)),
    lambda t: t.addmm(x(t, 2), x(t, 2, 3), t.ones(3, 2)),
]


@pytest.mark.parametrize("program", EDGES)
def test_edges_as_torch(program: Callable[[Any], Any]) -> None:
    def shown(t: Any) -> list[str | None]:
        return [None if node is None else node.name() for node, _ in program(t).grad_fn.next_functions]

    assert shown(flambeau) == shown(torch)


def test_the_bias_of_a_linear_layer_comes_first() -> None:
    layer = flambeau.nn.Linear(3, 2)
    nodes = layer(flambeau.ones(1, 3)).grad_fn.next_functions
    assert nodes[0][0].variable is layer.bias
    assert nodes[1] == (None, 0)


def test_what_is_returned_as_it_came_keeps_its_node() -> None:
    y = flambeau.ones(2, requires_grad=True).exp()
    assert recorded_as("OtherBackward0")(lambda t: t)(y).grad_fn.name() == "ExpBackward0"
    assert flambeau.ones(2).norm(1).grad_fn is None
