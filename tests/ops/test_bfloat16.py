"""bfloat16 and the wide unsigned integers: computed, rounded, printed and promoted as in torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import flambeau

Library = Any


def both(program: Callable[[Library], Any]) -> tuple[str, str]:
    """What a program gives in either library, as text."""
    texts = []
    for library in (torch, flambeau):
        try:
            texts.append(str(program(library)))
        except (RuntimeError, TypeError) as error:
            texts.append(f"{type(error).__name__}: {error}")
    return texts[0], texts[1]


def x(library: Library) -> Any:
    return library.tensor([[1.0, 2.7, 1e-3], [-3.3, 250.1, 0.5]], dtype=library.bfloat16)


PROGRAMS: dict[str, Callable[[Library], Any]] = {
    "cast": lambda t: [x(t), x(t).float(), x(t).to(t.int32), x(t).view(t.int16), x(t).tolist()],
    "special": lambda t: t.tensor([float("nan"), float("inf"), 3.4e38, -0.0, 1e-40], dtype=t.bfloat16),
    "arithmetic": lambda t: [x(t) + x(t), x(t) * 0.1, x(t) / 3, 1 - x(t), x(t) ** 2, x(t) // 0.3, x(t) > 0.1],
    "functions": lambda t: [x(t).exp(), x(t).tanh(), x(t).abs().sqrt(), t.sigmoid(x(t)), t.nn.functional.gelu(x(t))],
    "matmul": lambda t: [x(t) @ x(t).T, t.mm(x(t).T, x(t)), t.nn.functional.linear(x(t), x(t))],
    "reductions": lambda t: [x(t).sum(), x(t).mean(0), x(t).std(), x(t).max(1), x(t).cumsum(0), x(t).softmax(-1)],
    "moving": lambda t: [t.cat([x(t), x(t)]), t.where(x(t) > 0, x(t), 0.1), x(t)[:, [2, 0]], x(t).T.contiguous()],
    "in place": lambda t: [x(t).add_(0.1), x(t).fill_(0.3), x(t).masked_fill_(x(t) > 1, 0.7), x(t).sort()],
    "writes": lambda t: (lambda y: [y[1].mul_(1.7), y[:, 0].zero_(), y])(x(t)),
    "promotion": lambda t: [(x(t) + t.ones(3, dtype=t.float16)).dtype, (x(t) + t.tensor(1.0)).dtype, x(t) * t.arange(3)],
    "numpy": lambda t: x(t).numpy(),
    "backward": lambda t: (lambda y: [(y @ y.T).tanh().sum().backward(), y.grad])(x(t).requires_grad_()),
    "unsigned": lambda t: [t.tensor([1, 65535], dtype=t.uint16), t.tensor([2**40], dtype=t.uint64), t.zeros(2, dtype=t.uint32)],
    "unsigned cast": lambda t: [t.tensor([1, 7], dtype=t.uint16).float(), t.tensor([-1]).to(t.uint32), t.iinfo(t.uint64)],
    "unsigned mix": lambda t: t.promote_types(t.uint16, t.int32),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_in_torch(name: str) -> None:
    theirs, ours = both(PROGRAMS[name])
    assert ours == theirs


def test_training_a_layer() -> None:
    """The same weights after the same steps, to the rounding of one step."""

    def program(t: Library) -> list[float]:
        t.manual_seed(0)
        layer = t.nn.Linear(3, 2).to(t.bfloat16)
        optimizer = t.optim.SGD(layer.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            (layer(x(t)[:, :3] / 100) ** 2).mean().backward()
            optimizer.step()
        weights: list[float] = layer.weight.float().flatten().tolist()
        return weights

    assert program(flambeau) == pytest.approx(program(torch), abs=2**-8)
