"""Random ops on the CPU, as programs call them: torch's values for the same seed, its dtypes and its errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Library = Any
Program = Callable[[Library], Any]

PROGRAMS: dict[str, Program] = {
    "in_memory_order": lambda t: [t.empty(6, 4).t().normal_(), t.empty(6, 4).t().uniform_(), t.empty(4, 6)[:, ::2].normal_()],
    "blocks": lambda t: [t.randn(n) for n in (3, 15, 16, 17, 40)],
    "means": lambda t: [
        t.normal(0.0, 1.0, (5,)), t.normal(t.arange(5.0), 1.0), t.normal(2.0, t.arange(1.0, 6)),
        t.normal(t.zeros(3, 1), t.ones(2)), t.normal(mean=t.arange(5.0)), t.normal(0.0, 1.0, size=(2,), dtype=t.float64),
    ],
    "integers": lambda t: [
        t.randint(10, (5,)), t.randint(-5, 5, (2, 3), dtype=t.int8), t.randint(high=4, size=(3,)),
        t.randint(low=1, high=4, size=(3,)), t.randint(0, 2**40, (5,)), t.randint_like(t.zeros(4), 2, 5),
        t.empty(5).random_(to=5), t.empty(5, dtype=t.int64).random_(2, 5), t.empty(5, dtype=t.uint8).random_(),
        t.randint(0, 2, (5,), dtype=t.bool), t.randperm(10, dtype=t.int32),
    ],
    "chances": lambda t: [
        t.bernoulli(t.full((10,), 0.3)), t.empty(10).bernoulli_(t.full((10,), 0.4)),
        t.multinomial(t.tensor([1.0, 2, 3]), 2), t.multinomial(t.tensor([[1.0, 2], [3.0, 1]]), 5, replacement=True),
    ],
    "dtypes": lambda t: [
        f(5, dtype=d) for f in (t.rand, t.randn) for d in (t.float16, t.bfloat16, t.float32, t.float64)
    ],
    "generators": lambda t: [
        f(generator=t.Generator().manual_seed(2)).tolist()
        for f in (
            lambda generator: t.rand(3, generator=generator), lambda generator: t.randperm(5, generator=generator),
            lambda generator: t.randint(9, (3,), generator=generator), lambda generator: t.empty(3).normal_(generator=generator),
        )
    ],
    "forked": lambda t: [_forked(t), t.rand(2)],
    "states": lambda t: [t.random.initial_seed(), t.random.get_rng_state()[:40], type(t.manual_seed(4)).__name__],
    "normal_leaf": lambda t: t.normal(0, 0.01, (2, 1), requires_grad=True),
    "negative_std_fails": lambda t: t.normal(t.zeros(2), t.tensor([1.0, -1.0])),
    "no_chance_fails": lambda t: t.empty(2).bernoulli_(2.0),
    "empty_range_fails": lambda t: t.empty(5).random_(5, 2),
    "out_of_range_fails": lambda t: t.randint(0, 257, (5,), dtype=t.uint8),
    "integers_exponential_fails": lambda t: t.empty(3, dtype=t.int64).exponential_(),
    "offset_of_a_cpu_fails": lambda t: t.Generator().get_offset(),
}  # fmt: skip


def _forked(t: Library) -> Any:
    with t.random.fork_rng():
        return t.rand(2)


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_torch(name: str, same: Callable[..., None]) -> None:
    same(PROGRAMS[name], fails=name.endswith("fails"))
