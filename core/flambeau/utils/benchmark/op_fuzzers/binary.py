"""Tensors for ops of two tensors."""

from __future__ import annotations

from typing import Any

from ....dtype import float32
from ..fuzzer import FuzzedParameter, Fuzzer, ParameterAlias
from .unary import shapes, tensor


class BinaryOpFuzzer(Fuzzer):
    """Tensors named `x` and `y`, of up to three dimensions; `y` is sometimes to be broadcast."""

    def __init__(self, seed: int | None, dtype: Any = float32, cuda: bool = False) -> None:
        broadcast = [
            FuzzedParameter(f"y_k{i}", distribution={ParameterAlias(f"k{i}"): 0.8, 1: 0.2}, strict=True)
            for i in range(3)
        ]
        both = [tensor("x", ("k0", "k1", "k2"), dtype, cuda), tensor("y", ("y_k0", "y_k1", "y_k2"), dtype, cuda)]
        super().__init__([*shapes(("x", "y")), broadcast], both, seed=seed)
