"""The distribution of Lewandowski, Kurowicka and Joe, over Cholesky factors of correlation matrices.

Source: Lewandowski et al., "Generating random correlation matrices based on vines and extended onion method", Journal
of Multivariate Analysis 100, 2009.
"""

from __future__ import annotations

import math
from typing import Any

from .. import ops
from ..numeric_limits import finfo
from ..shape import Size
from . import constraints
from .beta import Beta
from .distribution import Distribution
from .utils import Shape, broadcast_all, standard_normal


class LKJCholesky(Distribution):
    """Factors L of `dim` x `dim` correlation matrices with density proportional to det(L Lᵀ)**(concentration - 1)."""

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky
    _parameters = ("concentration",)

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        like = self.concentration
        offset = ops.arange(dim - 1, dtype=like.dtype, device=like.device)
        offset = ops.cat([offset.new_zeros((1,)), offset])
        marginal = like + 0.5 * (dim - 2)
        self._beta = Beta(offset + 0.5, marginal.unsqueeze(-1) - 0.5 * offset)
        super().__init__(like.shape, (dim, dim), validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        new = self._get_checked_instance(LKJCholesky, _instance)
        shape = Size(batch_shape)
        new.dim = self.dim
        new.concentration = self.concentration.expand(shape)
        new._beta = self._beta.expand((*shape, self.dim))
        Distribution.__init__(new, shape, self.event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def sample(self, sample_shape: Shape = ()) -> Any:
        # The onion method: each row is a point of a sphere whose squared radius is beta distributed.
        radius = self._beta.sample(sample_shape).unsqueeze(-1)
        rows = standard_normal(self._extended_shape(sample_shape), radius).tril(-1)
        rows = rows / rows.norm(dim=-1, keepdim=True)
        rows[..., 0, :] = 0.0
        lower = radius.sqrt() * rows
        rest = (1 - (lower**2).sum(-1)).clamp(min=finfo(lower.dtype).tiny).sqrt()
        return lower + rest.diag_embed()

    def log_prob(self, value: Any) -> Any:
        diagonal = self._checked(value).diagonal(dim1=-1, dim2=-2)[..., 1:]
        order = ops.arange(2, self.dim + 1, device=self.concentration.device)
        order = 2 * (self.concentration - 1).unsqueeze(-1) + self.dim - order
        weight = (order * diagonal.log()).sum(-1)
        n = self.dim - 1
        alpha = self.concentration + 0.5 * n
        scale = 0.5 * n * math.log(math.pi) + ops.mvlgamma(alpha - 0.5, n) - alpha.lgamma() * n
        return weight - scale
