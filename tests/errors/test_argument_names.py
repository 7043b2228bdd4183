"""Arguments have PyTorch's names: what can be passed by name there can be so here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

CALLS: list[Callable[[Any], Any]] = [
    lambda t: t.randint(5, size=(2,)),
    lambda t: t.randint(high=5, size=(2,)),
    lambda t: t.randint(1, high=5, size=(2,)),
    lambda t: t.randint(low=1, high=5, size=(2,)),
    lambda t: t.randint(5, (2, 2)),
    lambda t: t.randint(1, 5, (2, 2)),
    lambda t: t.randint(1, 5, size=(2, 2)),
    lambda t: t.randint(0, 2, (3,), dtype=t.float32),
    lambda t: t.randint(5, [3]),
    lambda t: t.randint(t.tensor(2), t.tensor(5), (3,)),
    lambda t: t.randint(5, (2,), generator=t.Generator().manual_seed(3)),
    lambda t: t.randperm(n=4),
    lambda t: t.rand(size=(2,)),
    lambda t: t.randn(size=(2, 2)),
    lambda t: t.zeros(size=(2,)),
    lambda t: t.ones(size=[2]),
    lambda t: t.empty(size=(2,)).shape,
    lambda t: t.full(size=(2,), fill_value=1.0),
    lambda t: t.normal(mean=0.0, std=1.0, size=(2,)),
    lambda t: t.normal(t.zeros(2), t.ones(2)),
    lambda t: t.normal(t.zeros(2), 1.0),
    lambda t: t.normal(0.0, t.ones(2)),
    lambda t: t.normal(mean=t.zeros(2)),
    lambda t: t.arange(start=1, end=5),
    lambda t: t.arange(end=3),
    lambda t: t.arange(0, 1, step=0.25),
    lambda t: t.linspace(start=0, end=1, steps=3),
    lambda t: t.eye(n=2),
    lambda t: t.bernoulli(input=t.ones(2) * 0.5),
    lambda t: t.bernoulli(t.ones(2), 0.5),
    lambda t: t.multinomial(input=t.ones(3), num_samples=2),
    lambda t: t.randint_like(t.ones(3), 5),
    lambda t: t.randint_like(t.ones(3), 1, 5),
    lambda t: t.rand_like(input=t.ones(2)),
    lambda t: t.randn_like(t.ones(2), dtype=t.float64),
    lambda t: t.ones(2, 3).view(size=(3, 2)).shape,
    lambda t: t.ones(2, 3).reshape(shape=(3, 2)).shape,
    lambda t: t.ones(2, 3).expand(size=(2, 2, 3)).shape,
    lambda t: t.ones(2, 3).permute(dims=(1, 0)).shape,
    lambda t: t.ones(2, 3).transpose(dim0=0, dim1=1).shape,
    lambda t: t.ones(2, 3).sum(dim=1, keepdim=True),
    lambda t: t.ones(2, 3).sum(axis=0),
    lambda t: t.ones(2, 3).mean(axis=1),
    lambda t: t.ones(2, 3).max(dim=1).values,
    lambda t: t.ones(2, 3).argmax(dim=1),
    lambda t: t.ones(2, 3).squeeze(dim=0).shape,
    lambda t: t.ones(2, 3).unsqueeze(dim=0).shape,
    lambda t: t.ones(2, 3).flatten(start_dim=0, end_dim=1).shape,
    lambda t: t.ones(2, 3).repeat(repeats=(2, 1)).shape,
    lambda t: t.ones(2, 3).split(split_size=1, dim=1)[0].shape,
    lambda t: t.ones(2, 3).chunk(chunks=2, dim=0)[0].shape,
    lambda t: t.cat(tensors=[t.ones(1), t.ones(1)], dim=0),
    lambda t: t.stack(tensors=[t.ones(1)], dim=0),
    lambda t: t.where(condition=t.ones(2) > 0, input=t.ones(2), other=t.zeros(2)),
    lambda t: t.clamp(input=t.ones(2), min=0, max=0.5),
    lambda t: t.matmul(input=t.ones(2, 2), other=t.ones(2, 2)),
    lambda t: t.mm(input=t.ones(2, 2), mat2=t.ones(2, 2)),
    lambda t: t.bmm(input=t.ones(1, 2, 2), mat2=t.ones(1, 2, 2)),
    lambda t: t.add(input=t.ones(1), other=1, alpha=2),
    lambda t: t.mul(input=t.ones(1), other=2),
    lambda t: t.div(input=t.ones(1), other=2, rounding_mode="floor"),
    lambda t: t.pow(input=t.ones(1), exponent=2),
    lambda t: t.sum(input=t.ones(2), dim=0),
    lambda t: t.mean(input=t.ones(2), dim=0),
    lambda t: t.std(input=t.ones(2), dim=0),
    lambda t: t.var(t.ones(3), dim=0, unbiased=False),
    lambda t: t.softmax(input=t.ones(2), dim=0),
    lambda t: t.gather(input=t.ones(2), dim=0, index=t.tensor([0])),
    lambda t: t.index_select(input=t.ones(2), dim=0, index=t.tensor([0])),
    lambda t: t.topk(input=t.arange(3.0), k=2, dim=0, largest=False),
    lambda t: t.sort(input=t.arange(3.0), descending=True),
    lambda t: t.norm(input=t.ones(2), p=2, dim=0),
    lambda t: t.outer(input=t.ones(2), vec2=t.ones(2)),
    lambda t: t.dot(input=t.ones(2), tensor=t.ones(2)),
    lambda t: t.masked_select(input=t.ones(2), mask=t.ones(2) > 0),
    lambda t: t.roll(input=t.arange(3), shifts=1, dims=0),
    lambda t: t.flip(input=t.arange(3), dims=(0,)),
    lambda t: t.cumsum(input=t.ones(2), dim=0),
    lambda t: t.tril(input=t.ones(2, 2), diagonal=0),
    lambda t: t.isclose(input=t.ones(1), other=t.ones(1)),
    lambda t: t.lerp(input=t.zeros(1), end=t.ones(1), weight=0.5),
    lambda t: t.unbind(input=t.ones(2), dim=0),
    lambda t: t.squeeze(input=t.ones(1)),
    lambda t: t.movedim(input=t.ones(2, 3), source=0, destination=1).shape,
    lambda t: t.diag(input=t.ones(2)),
    lambda t: t.broadcast_to(input=t.ones(1), size=(2,)),
    lambda t: t.addmm(input=t.ones(2, 2), mat1=t.ones(2, 2), mat2=t.ones(2, 2), beta=0.5, alpha=2),
    lambda t: t.zeros(2).fill_(value=2),
    lambda t: t.zeros(2).add_(other=1, alpha=2),
    lambda t: t.zeros(2).clamp_(min=0, max=1),
    lambda t: t.zeros(2).masked_fill(mask=t.zeros(2) > 0, value=3),
    lambda t: t.zeros(2).uniform_(to=2.0),
    lambda t: t.zeros(2).normal_(mean=0, std=1),
    lambda t: t.zeros(2).copy_(other=t.ones(2)),
    lambda t: t.zeros(2).index_fill_(dim=0, index=t.tensor([0]), value=5),
    lambda t: t.zeros(2).scatter_(dim=0, index=t.tensor([0]), value=7.0),
    lambda t: t.zeros(2).scatter_(0, t.tensor([1]), src=t.ones(1)),
    lambda t: t.zeros(2).to(dtype=t.float64),
    lambda t: t.zeros(2).type(dtype=t.int64),
    lambda t: t.zeros(2).new_full(size=(2,), fill_value=1),
    lambda t: t.zeros(2).new_zeros(size=(2,)),
]


@pytest.mark.parametrize("i", range(len(CALLS)))
def test_named_arguments(same: Callable[..., None], i: int) -> None:
    same(CALLS[i])


@pytest.mark.parametrize("name", ["scatter", "scatter_add", "scatter_reduce"])
def test_an_index_without_dimensions_is_one_place(same: Callable[..., None], name: str) -> None:
    """As in one-hot labels: `zeros(10).scatter_(0, torch.tensor(y), value=1)`."""
    rest = ("sum",) if name == "scatter_reduce" else ()
    same(lambda t: getattr(t.zeros(4), name)(0, t.tensor(2), t.tensor(5.0), *rest))
    same(lambda t: t.zeros(4).scatter_(0, t.tensor(2), value=1))


METHODS = [
    "sum",
    "mean",
    "max",
    "min",
    "argmax",
    "argmin",
    "std",
    "var",
    "prod",
    "all",
    "any",
    "logsumexp",
    "median",
    "amax",
]


@pytest.mark.parametrize("name", METHODS)
def test_numpys_names(same: Callable[..., None], name: str) -> None:
    """`axis` and `keepdims`, by which who comes from NumPy calls them."""
    bools = name in ("all", "any")
    same(lambda t: getattr(t.arange(6.0).view(2, 3), name)(axis=1, keepdims=True))
    same(lambda t: getattr(t, name)(t.arange(6.0).view(2, 3) > 2 if bools else t.arange(6.0).view(2, 3), axis=0))


def test_numpys_names_of_other_functions(same: Callable[..., None]) -> None:
    same(lambda t: [t.cat([t.ones(2, 1)] * 2, axis=1), t.softmax(t.arange(3.0), axis=0), t.cumsum(t.ones(2), axis=0)])
    same(
        lambda t: [
            t.ones(2).softmax(axis=0),
            t.ones(2, 1).squeeze(axis=1),
            t.ones(2).cumsum(axis=0),
            t.ones(2).sort(axis=0),
        ]
    )
