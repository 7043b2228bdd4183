"""`torch.utils.benchmark.Fuzzer`: tensors of random sizes and layouts to measure with."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ..._tensor import Tensor
from ...dtype import dtype as DType
from ...dtype import float32
from .measurement import ordered_unique


class ParameterAlias:
    """In a distribution: the value of another parameter."""

    def __init__(self, alias_to: str) -> None:
        self.alias_to = alias_to

    def __repr__(self) -> str:
        return f"ParameterAlias[alias_to: {self.alias_to}]"


class FuzzedParameter:
    """A random number: between `minval` and `maxval`, "uniform" or "loguniform", or from a dict of values and probabilities.

    `strict` ones are drawn once, not again when a set of parameters is rejected.
    """

    def __init__(
        self,
        name: str,
        minval: float | None = None,
        maxval: float | None = None,
        distribution: str | dict[Any, float] | None = None,
        strict: bool = False,
    ) -> None:
        if distribution is None:
            raise AssertionError("distribution must be specified")
        if isinstance(distribution, str):
            if distribution not in ("uniform", "loguniform"):
                raise AssertionError(f"Unknown distribution: {distribution}")
            if minval is None or maxval is None:
                raise AssertionError(f"{distribution} needs minval and maxval")
        elif minval is not None or maxval is not None:
            raise AssertionError("When passing a custom distribution, 'minval' must be None")
        self.name, self.strict = name, strict
        self._minval, self._maxval, self._distribution = minval, maxval, distribution

    def sample(self, state: random.Random) -> Any:
        """One value."""
        low, high, kind = self._minval, self._maxval, self._distribution
        if isinstance(kind, dict):
            return state.choices(list(kind), list(kind.values()))[0]
        assert low is not None and high is not None
        if kind == "loguniform":
            return int(min(max(int(2 ** state.uniform(math.log2(low), math.log2(high))), low), high))
        if isinstance(low, int) and isinstance(high, int):
            return state.randint(low, high)
        return state.uniform(low, high)


class FuzzedTensor:
    """A tensor whose `size` and `steps` name parameters. Steps slice a larger one; some have their dimensions in another order."""

    def __init__(
        self,
        name: str,
        size: Sequence[str | int],
        steps: Sequence[str | int] | None = None,
        probability_contiguous: float = 0.5,
        min_elements: int | None = None,
        max_elements: int | None = None,
        max_allocation_bytes: int | None = None,
        dim_parameter: str | None = None,
        roll_parameter: str | None = None,
        dtype: DType = float32,
        cuda: bool = False,
        tensor_constructor: Callable[..., Tensor] | None = None,
    ) -> None:
        self.name = name
        self._size, self._steps = tuple(size), tuple(steps or ())
        self._probability_contiguous = probability_contiguous
        self._bounds = (min_elements, max_elements, max_allocation_bytes)
        self._dim_parameter = dim_parameter
        self._dtype, self._cuda = dtype, cuda
        self._constructor = tensor_constructor or self.default_tensor_constructor

    @staticmethod
    def default_tensor_constructor(size: Sequence[int], dtype: DType, **kwargs: Any) -> Tensor:
        """Uniform floats, or integers from 1 to 126."""
        import flambeau

        if dtype.is_floating_point or dtype.is_complex:
            return flambeau.rand(size=size, dtype=dtype)
        return flambeau.randint(1, 127, size=tuple(size), dtype=dtype)

    def _sizes(self, params: dict[str, Any]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        dim = len(self._size) if self._dim_parameter is None else params[self._dim_parameter]

        def resolved(values: tuple[str | int, ...]) -> tuple[int, ...]:
            numbers = tuple(params[v] if isinstance(v, str) else v for v in values)[:dim]
            return (*numbers, *(1 for _ in range(dim - len(numbers))))

        return resolved(self._size), resolved(self._steps)

    def satisfies_constraints(self, params: dict[str, Any]) -> bool:
        """Whether the number of elements is within bounds."""
        size, steps = self._sizes(params)
        least, most, most_bytes = self._bounds
        elements = math.prod(size)
        allocated = elements * math.prod(steps) * self._dtype.itemsize
        return (
            (least is None or elements >= least)
            and (most is None or elements <= most)
            and (most_bytes is None or allocated <= most_bytes)
        )

    def _make(self, params: dict[str, Any], state: random.Random) -> tuple[Tensor, dict[str, Any]]:
        size, steps = self._sizes(params)
        made = self._constructor(
            size=tuple(n * step for n, step in zip(size, steps, strict=True)), dtype=self._dtype, **params
        )
        if self._cuda:
            made = made.cuda()
        order = list(range(len(size)))
        if state.random() > self._probability_contiguous and len(size) > 1:
            while order == sorted(order):
                state.shuffle(order)
            made = made.permute(tuple(order)).contiguous()
            made = made.permute(tuple(sorted(range(len(order)), key=order.__getitem__)))
        tensor = made[tuple(slice(0, n * step, step) for n, step in zip(size, steps, strict=True))]
        return tensor, {
            "numel": tensor.numel(),
            "order": order,
            "steps": steps,
            "is_contiguous": tensor.is_contiguous(),
            "dtype": str(self._dtype),
        }


class Fuzzer:
    """Draws parameters until the constraints hold, and makes the tensors.

    Raises:
        ValueError: a parameter and a tensor of one name.
    """

    def __init__(
        self,
        parameters: Iterable[FuzzedParameter | Iterable[FuzzedParameter]],
        tensors: Iterable[FuzzedTensor | Iterable[FuzzedTensor]],
        constraints: Iterable[Callable[..., bool]] | None = None,
        seed: int | None = None,
    ) -> None:
        self._seed = random.SystemRandom().randrange(2**32) if seed is None else seed
        self._parameters: list[FuzzedParameter] = _flat(parameters, FuzzedParameter)
        self._tensors: list[FuzzedTensor] = _flat(tensors, FuzzedTensor)
        self._constraints = list(constraints or ())
        both = {p.name for p in self._parameters} & {t.name for t in self._tensors}
        if both:
            raise ValueError(f"Duplicate names in parameters and tensors: {both}")
        self._drawn = self._rejected = 0

    @property
    def rejection_rate(self) -> float:
        """How many of the sets of parameters drawn so far were rejected."""
        return self._rejected / self._drawn if self._drawn else 0.0

    def take(self, n: int) -> Iterator[tuple[dict[str, Tensor], dict[str, dict[str, Any]], dict[str, Any]]]:
        """`n` times: the tensors, their properties and the parameters, by name. Sets the seed of random tensors."""
        import flambeau

        state = random.Random(self._seed)
        flambeau.manual_seed(state.randrange(2**63))
        for _ in range(n):
            params = self._draw(state)
            made = {t.name: t._make(params, state) for t in self._tensors}
            yield {k: v[0] for k, v in made.items()}, {k: v[1] for k, v in made.items()}, params

    def _draw(self, state: random.Random) -> dict[str, Any]:
        fixed = {p.name: p.sample(state) for p in self._parameters if p.strict}
        for _ in range(1000):
            params = _resolved({p.name: fixed[p.name] if p.strict else p.sample(state) for p in self._parameters})
            self._drawn += 1
            if all(f(params) for f in self._constraints) and all(
                t.satisfies_constraints(params) for t in self._tensors
            ):
                return params
            self._rejected += 1
        raise ValueError("Failed to generate a set of valid parameters.")


def _flat(values: Iterable[Any], kind: type) -> list[Any]:
    return [item for value in values for item in ([value] if isinstance(value, kind) else value)]


def _resolved(params: dict[str, Any]) -> dict[str, Any]:
    for name in ordered_unique(params):
        seen = set()
        while isinstance(params[name], ParameterAlias):
            target = params[name].alias_to
            if target in seen:
                raise ValueError(f"ParameterAlias cycle detected\n{params}")
            seen.add(target)
            params[name] = params[target]
    return params
