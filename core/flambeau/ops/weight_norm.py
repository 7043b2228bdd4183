"""A weight as its length times its direction: what `torch.nn.utils.weight_norm` computes.

Source: Salimans and Kingma 2016, arXiv 1602.07868.
"""

from __future__ import annotations

from .._tensor import Tensor


def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The norms of the slices of `v` along `dim`, with sizes of 1 in its other dimensions; -1 for that of all of it."""
    if dim == -1:
        norm: Tensor = v.norm(pow)
        return norm
    others = [d for d in range(v.dim()) if d != dim]
    if not others:
        norm = v.abs()
        return norm
    norm = v.norm(pow, dim=others, keepdim=True)
    return norm


def _weight_norm(v: Tensor, g: Tensor, dim: int = 0) -> Tensor:
    """`g` times `v` divided by its norms along `dim`."""
    return v * (g / norm_except_dim(v, 2, dim))


FUNCTIONS = (norm_except_dim, _weight_norm)
