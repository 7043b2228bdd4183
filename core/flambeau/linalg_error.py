"""The error of matrices that cannot be solved, inverted or decomposed: `flambeau.linalg.LinAlgError`."""

from __future__ import annotations


class _LinAlgError(RuntimeError):  # PyTorch's own name for it, which printed errors show
    """A matrix is singular, not positive-definite, or has no finite decomposition."""


_LinAlgError.__module__ = "torch._C"
