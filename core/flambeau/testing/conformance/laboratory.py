"""Handing values to the backend under test, and checking what it answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from flambeau.backends.protocol import Array, Backend
from flambeau.dtype import bool_, dtype
from flambeau.testing.conformance import oracle
from flambeau.testing.conformance.oracle import Shape


class Laboratory:
    """A backend and the tools of its examination."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def need(self, *dtypes: dtype) -> None:
        """Skip the test if the backend does not hold one of these dtypes."""
        for d in dtypes:
            if d not in self.backend.dtypes:
                pytest.skip(f"{self.backend.name} does not hold {d.name}")

    def array(self, values: Sequence[Any], shape: Shape, dtype: dtype) -> Array:
        """An array on the device."""
        self.need(dtype)
        assert len(values) == math.prod(shape)
        return self.backend.from_bytes(oracle.encode([oracle.rounded(v, dtype) for v in values], dtype), shape, dtype)

    def read(self, x: Array) -> list[Any]:
        """The elements of an array, in C order."""
        values = oracle.decode(self.backend.to_bytes(x), self.backend.dtype_of(x))
        assert len(values) == math.prod(x.shape), f"{len(values)} elements for shape {x.shape}"
        return values

    def check(
        self, x: Array, expected: Sequence[Any], shape: Shape, dtype: dtype, rtol: float = 0.0, atol: float = 0.0
    ) -> None:
        """Assert shape, dtype and elements; `expected` is rounded to the dtype first, and nan equals nan."""
        assert isinstance(x.shape, tuple), f"shape is {x.shape!r}, which is no tuple"
        assert x.shape == shape
        assert self.backend.dtype_of(x) is dtype
        values = self.read(x)
        wanted = [oracle.rounded(v, dtype) for v in expected]
        assert len(values) == len(wanted)
        for i, (value, want) in enumerate(zip(values, wanted, strict=True)):
            if not close(value, want, rtol, atol):
                pytest.fail(
                    f"element {i} of {len(wanted)}: got {value!r}, expected {want!r} "
                    f"(rtol {rtol:.1e}, atol {atol:.1e})\n"
                    f"got      {values[:64]}\nexpected {wanted[:64]}"
                )


def close(value: Any, want: Any, rtol: float, atol: float) -> bool:
    """Equal, both nan, or near."""
    if value == want or (value != value and want != want):
        return True
    return math.isfinite(value) and math.isfinite(want) and abs(value - want) <= atol + rtol * abs(want)


def samples(count: int, dtype: dtype, low: float = -4.0, high: float = 4.0, seed: int = 0) -> list[Any]:
    """Numbers of [low, high] that the dtype holds exactly, the same in every run."""
    generator = Random(f"{seed} {dtype.name}")
    if dtype is bool_:
        return [generator.random() < 0.5 for _ in range(count)]
    if dtype.is_floating_point:
        return [oracle.rounded(generator.uniform(low, high), dtype) for _ in range(count)]
    return [
        generator.randint(math.ceil(low) if dtype.is_signed else max(0, math.ceil(low)), int(high))
        for _ in range(count)
    ]
