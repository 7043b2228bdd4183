"""Tensors for ops of one tensor."""

from __future__ import annotations

from typing import Any

from ....dtype import float32
from ..fuzzer import FuzzedParameter, FuzzedTensor, Fuzzer, ParameterAlias

_MOST = 4 * 1024**2  # elements


def shapes(names: tuple[str, ...]) -> list[Any]:
    """Parameters: the number of dimensions, sizes that are often powers of two, and steps, of tensors of like shape."""
    made: list[Any] = [
        FuzzedParameter("dim", distribution={1: 0.3, 2: 0.4, 3: 0.3}, strict=True),
        [FuzzedParameter(f"k_any_{i}", minval=16, maxval=16 * 1024, distribution="loguniform") for i in range(3)],
        [FuzzedParameter(f"k_pow2_{i}", distribution={2**n: 1 / 11 for n in range(4, 15)}) for i in range(3)],
        [
            FuzzedParameter(
                f"k{i}",
                distribution={ParameterAlias(f"k_any_{i}"): 0.8, ParameterAlias(f"k_pow2_{i}"): 0.2},
                strict=True,
            )
            for i in range(3)
        ],
        FuzzedParameter("random_value", minval=0, maxval=2**32 - 1, distribution="uniform"),
    ]
    steps = {1: 0.8, 2: 0.06, 4: 0.06, 8: 0.04, 16: 0.04}
    made.extend([FuzzedParameter(f"{name}_step_{i}", distribution=steps) for i in range(3)] for name in names)
    return made


def tensor(name: str, size: tuple[str, ...], dtype: Any, cuda: bool) -> FuzzedTensor:
    """A tensor of those parameters, of 1024 elements at least."""
    steps = tuple(f"{name}_step_{i}" for i in range(3))
    return FuzzedTensor(
        name,
        size,
        steps,
        probability_contiguous=0.75,
        min_elements=1024,
        max_elements=_MOST,
        max_allocation_bytes=2 * 1024**3,
        dim_parameter="dim",
        dtype=dtype,
        cuda=cuda,
    )


class UnaryOpFuzzer(Fuzzer):
    """Tensors named `x`, of up to three dimensions."""

    def __init__(self, seed: int | None, dtype: Any = float32, cuda: bool = False) -> None:
        super().__init__(shapes(("x",)), [tensor("x", ("k0", "k1", "k2"), dtype, cuda)], seed=seed)
