"""Samples of random ops: each is run with the same seed in both libraries, and must give torch's values."""

from __future__ import annotations

from typing import Any

from ..sample import D, F, I, Op, S, Sample


def drawn(name: str, samples: list[Sample], errors: list[Sample] | None = None, **more: Any) -> Op:
    def call(library: Any, *args: Any, **kwargs: Any) -> Any:
        library.manual_seed(5)
        return getattr(library, name)(*args, **kwargs)

    return Op(name, samples, errors or [], call=call, differentiable=False, on_gpu=False, **more)


def filled(name: str, samples: list[Sample], errors: list[Sample] | None = None) -> Op:
    def call(library: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        library.manual_seed(5)
        return getattr(x.clone(), name)(*args, **kwargs)

    return Op("." + name, samples, errors or [], call=call, on_gpu=False, kinked=True)


CHANCES = F(20, low=0, high=1, grad=False)

OPS = [
    drawn("rand", [S(2, 3), S((20,)), S(3, dtype=D("float64")), S(())], [S(-1)]),
    drawn("randn", [S(2, 3), S((20,)), S(17, dtype=D("float64")), S(())], [S(-1)]),
    drawn("randint", [S(10, (20,)), S(-5, 5, (4, 5)), S(3, (2,), dtype=D("int32"))], [S(5, 5, (2,)), S(0, (2,))]),
    drawn("randperm", [S(20), S(1), S(0)], [S(-1)]),
    drawn("rand_like", [S(F(3)), S(F(20))]),
    drawn("randn_like", [S(F(3)), S(F(20))]),
    drawn("randint_like", [S(F(20), 10), S(I(20), -3, 3)]),
    drawn("normal", [S(0.0, 1.0, (3,)), S(F(3, grad=False), 2.0), S(F(3, grad=False), F(3, low=0.1, grad=False)), S(1.0, F(3, low=0.1, grad=False))]),
    drawn("bernoulli", [S(CHANCES), S(CHANCES, 0.3)], [S(F(3, low=2, high=3, grad=False)), S(I(3))]),
    drawn("multinomial", [S(CHANCES, 3), S(CHANCES, 30, True), S(F(2, 5, low=0, high=1, grad=False), 2)],
          [S(CHANCES, 30), S(F(3, low=-2, high=-1, grad=False), 1), S(F(2, 2, 2), 1)]),
    filled("uniform_", [S(F(3)), S(F(20), -1, 2), S(F(0))], [S(F(2), 2, 1), S(I(2))]),
    filled("normal_", [S(F(3)), S(F(20), 1, 2), S(F(0))], [S(F(2), 0, -1), S(I(2))]),
    filled("random_", [S(I(20)), S(I(20), 10), S(I(20), -5, 5), S(F(20))]),
    filled("bernoulli_", [S(F(20)), S(F(20), 0.3), S(F(20), CHANCES)], [S(F(2), 1.5)]),
    filled("exponential_", [S(F(20)), S(F(20), 2.0)], [S(F(2), -1.0)]),
]  # fmt: skip
