"""Distances between tensors and between their rows, and norms held below a limit.

Source: https://docs.pytorch.org/docs/stable/generated/torch.cdist.html
"""

from __future__ import annotations

import math

from .._tensor import Tensor
from ..shape import broadcast_shapes, wrap_dim
from .node_names import recorded_as
from .pointwise import choose, minus
from .reduction import norm
from .views import expand, unsqueeze


@recorded_as("DistBackward0")
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of the difference."""
    return norm(minus(input, other), p)


@recorded_as("CdistBackward0")
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = None) -> Tensor:
    """The p-norm distance of every row of `x1` (..., n, d) from every row of `x2` (..., m, d): (..., n, m).

    Raises:
        RuntimeError: operands without rows, rows of different lengths, or a negative p.
    """
    modes = (None, "use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")
    if compute_mode not in modes:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    for i, x in enumerate((x1, x2), 1):
        if x.dim() < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, X{i} got: {x.dim()}D")
    if x1._shape[-1] != x2._shape[-1]:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {x1._shape[-1]} X2: {x2._shape[-1]}")
    for i, x in enumerate((x1, x2), 1):
        if not x.dtype.is_floating_point:
            raise RuntimeError(f"cdist only supports floating-point dtypes, X{i} got: {x.dtype.legacy_name}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    batch = broadcast_shapes(x1._shape[:-2], x2._shape[:-2])
    a, b = expand(x1, (*batch, *x1._shape[-2:])), expand(x2, (*batch, *x2._shape[-2:]))
    if not a._shape[-1]:
        return minus(unsqueeze(a, -2), unsqueeze(b, -3)).sum(-1)
    return _norm_of(minus(unsqueeze(a, -2), unsqueeze(b, -3)), float(p))


def _norm_of(gap: Tensor, p: float) -> Tensor:
    """The p-norm over the last dimension, whose gradient is 0 where all is 0."""
    size = gap.abs()
    if p == 0:
        return (gap != 0).to(gap.dtype).sum(-1) + (gap * 0).sum(-1)  # a gradient, which is 0
    if p == 1:
        return size.sum(-1)
    if p == math.inf:
        largest = size.detach().amax(-1, True)
        hits = (size.detach() == largest).to(size.dtype)  # each of several has all of the gradient
        return (size * hits).sum(-1) - ((hits.sum(-1, True) - 1) * largest).squeeze(-1)
    if p == 2:
        return norm(gap, 2, -1)
    same = (gap == 0).all(-1)
    total = (choose(0.0, size**p, gap == 0) if p < 1 else size**p).sum(-1)
    return choose(0.0, choose(1.0, total, same) ** (1 / p), same)


@recorded_as("PdistBackward0")
def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-norm distances of every two rows of a matrix, (0, 1), (0, 2), ..., (1, 2), ..."""
    if input.dim() != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.dim()}D")
    if not input.dtype.is_floating_point:
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    from .rearranging import triu_indices

    n = input._shape[0]
    first, second = triu_indices(n, n, 1, device=input.device)
    return _norm_of(minus(input.index_select(0, first), input.index_select(0, second)), float(p))


@recorded_as("RenormBackward0")
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Every slice along a dimension whose p-norm is above `maxnorm` scaled down to it.

    Raises:
        RuntimeError: p that is not positive, a negative limit, or fewer than two dimensions.
    """
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    if input.dim() < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {input.dim()} dimensions")
    axis = wrap_dim(dim, input.dim())
    others = [d for d in range(input.dim()) if d != axis]
    length = norm(input, p, others, True)
    scale = choose(maxnorm / (length + 1e-7), 1.0, length > maxnorm)
    return input * scale


FUNCTIONS = (dist, cdist, pdist, renorm)
METHODS = (dist, renorm)
INPLACE = (renorm,)
COMPOSED = INPLACE
