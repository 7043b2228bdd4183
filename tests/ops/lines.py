"""Running one line of code with torch and with flambeau on the same few tensors, real and complex."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import flambeau

Library = Any

Z = [[1 + 2j, -0.5 + 0.3j], [0j, 3 - 1j]]
W = [[0.3 - 1j, 2j], [1.5 + 0j, -2 + 0.7j]]
R = [[1.0, 2.0], [3.0, -4.0]]


def plain(found: Any) -> Any:
    if hasattr(found, "tolist") and hasattr(found, "dtype"):
        return (str(found.dtype), tuple(found.shape), np.array(found.tolist()).reshape(tuple(found.shape)))
    if isinstance(found, (list, tuple)):
        return [plain(x) for x in found]
    return str(found).replace("flambeau", "torch")


def agree(a: Any, b: Any) -> bool:
    if isinstance(a, tuple) and isinstance(b, tuple):
        return a[:2] == b[:2] and np.allclose(a[2], b[2], rtol=1e-5, atol=1e-5, equal_nan=True)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(agree, a, b))
    return bool(a == b)


def gradients(library: Library) -> Callable[..., Any]:
    def run(f: Callable[..., Any], *operands: Any) -> Any:
        leaves = [x.clone().requires_grad_() for x in operands]
        y = f(*leaves)
        y = library.view_as_real(y) if y.is_complex() else y
        (y * library.arange(1.0, y.numel() + 1).reshape(y.shape)).sum().backward()
        return [x.grad for x in leaves]

    return run


def outcome(library: Library, code: str) -> Any:
    library.manual_seed(0)
    kinds = {
        "z": library.tensor(Z),
        "w": library.tensor(W),
        "r": library.tensor(R),
        "i": library.tensor([[1, 2], [3, 4]]),
    }
    names = {"t": library, **kinds, "R": library.tensor(R, dtype=library.float64), "grad": gradients(library)}
    try:
        return plain(eval(code, names))
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"


def check(code: str) -> None:
    theirs, ours = outcome(torch, code), outcome(flambeau, code)
    assert agree(theirs, ours), f"{code}\n  torch: {theirs}\n  here: {ours}"
