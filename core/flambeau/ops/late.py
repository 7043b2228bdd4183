"""Public functions whose files are loaded when one of them is first called: importing flambeau stays quick."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

NAMES: dict[str, tuple[str, ...]] = {
    "older_linalg": (
        "det", "inverse", "svd", "qr", "cholesky", "logdet", "slogdet", "pinverse", "lu", "lu_solve", "lu_unpack",
        "cholesky_solve", "cholesky_inverse", "triangular_solve", "matrix_exp", "matrix_power", "cross", "geqrf",
        "orgqr", "ormqr", "symeig", "eig", "solve", "matrix_rank", "chain_matmul", "lstsq",
        "svd_lowrank", "pca_lowrank",
    ),
    "spectrogram": (
        "stft", "istft", "hann_window", "hamming_window", "blackman_window", "bartlett_window", "kaiser_window",
    ),
}  # fmt: skip
"""By the file of `ops/` that defines them."""

NO_METHODS = frozenset((
    "lu_unpack", "matrix_rank", "chain_matmul", "svd_lowrank", "pca_lowrank",
    "hann_window", "hamming_window", "blackman_window", "bartlett_window",
    "kaiser_window",
))  # fmt: skip
"""Those that Tensor does not have."""


def function(module: str, name: str) -> Callable[..., Any]:
    """The function of that name, before its file is loaded."""

    def call(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        found = getattr(import_module(f"flambeau.ops.{module}"), name)(*args, **kwargs)
        if out is not None:
            from .op import store_all

            return store_all(out, found, name)
        return found

    call.__name__ = call.__qualname__ = name
    call.__module__ = f"flambeau.ops.{module}"
    return call
