"""The Wishart distribution."""

from __future__ import annotations

import math
import warnings
from typing import Any

from .. import linalg, ops
from ..numeric_limits import finfo
from ..shape import Size
from ..shape import broadcast_all as broadcast_shapes
from . import constraints
from .chi2 import Chi2
from .distribution import Distribution
from .exp_family import ExponentialFamily
from .multivariate_normal import _GIVEN, half_log_det, precision_to_scale_tril
from .utils import Number, Shape, lazy_property, standard_normal

_log_2 = math.log(2)


def _mvdigamma(x: Any, p: int) -> Any:
    if not bool((x > (p - 1) / 2).all()):
        raise AssertionError("Wrong domain for multivariate digamma function.")
    return (x.unsqueeze(-1) - ops.arange(p, dtype=x.dtype, device=x.device) / 2).digamma().sum(-1)


class Wishart(ExponentialFamily):
    """Sums of `df` outer products of normal vectors, by their covariance, precision or Cholesky factor (..., p, p)."""

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0

    @property
    def arg_constraints(self) -> Any:
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self.event_shape[-1] - 1),
        }

    def __init__(
        self,
        df: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        given = [
            (name, x)
            for name, x in zip(_GIVEN, (covariance_matrix, precision_matrix, scale_tril), strict=True)
            if x is not None
        ]
        if len(given) != 1:
            raise AssertionError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        name, matrix = given[0]
        if matrix.dim() < 2:
            raise ValueError("scale_tril must be at least two-dimensional, with optional leading batch dimensions")
        if isinstance(df, Number):
            batch_shape = Size(matrix.shape[:-2])
            self.df = ops.tensor(df, dtype=matrix.dtype, device=matrix.device)
        else:
            batch_shape = Size(broadcast_shapes(matrix.shape[:-2], df.shape))
            self.df = df.expand(batch_shape)
        p = matrix.shape[-1]
        if bool((self.df <= p - 1).any()):
            raise ValueError(f"Value of df={df} expected to be greater than ndim - 1 = {p - 1}.")
        setattr(self, name, matrix.expand((*batch_shape, -1, -1)))
        if bool((self.df < p).any()):
            warnings.warn(
                "Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df < ndim.",
                stacklevel=2,
            )
        super().__init__(batch_shape, matrix.shape[-2:], validate_args=validate_args)
        if name == "scale_tril":
            self._unbroadcasted_scale_tril = matrix
        elif name == "covariance_matrix":
            self._unbroadcasted_scale_tril = linalg.cholesky(matrix)
        else:
            self._unbroadcasted_scale_tril = precision_to_scale_tril(matrix)
        self._dist_chi2 = self._diagonals()

    def _diagonals(self) -> Chi2:
        like = self._unbroadcasted_scale_tril
        return Chi2(self.df.unsqueeze(-1) - ops.arange(like.shape[-1], dtype=like.dtype, device=like.device))

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        new = self._get_checked_instance(Wishart, _instance)
        shape = Size(batch_shape)
        square = shape + self.event_shape
        new._unbroadcasted_scale_tril = self._unbroadcasted_scale_tril.expand(square)
        new.df = self.df.expand(shape)
        for name in _GIVEN:
            if name in self.__dict__:
                setattr(new, name, self.__dict__[name].expand(square))
        new._dist_chi2 = new._diagonals()
        Distribution.__init__(new, shape, self.event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    @lazy_property
    def scale_tril(self) -> Any:
        """The Cholesky factor of the covariance."""
        return self._unbroadcasted_scale_tril.expand(self._batch_shape + self._event_shape)

    @lazy_property
    def covariance_matrix(self) -> Any:
        """The covariance of the vectors."""
        factor = self._unbroadcasted_scale_tril
        return (factor @ factor.transpose(-2, -1)).expand(self._batch_shape + self._event_shape)

    @lazy_property
    def precision_matrix(self) -> Any:
        """The inverse of the covariance."""
        return self._unbroadcasted_scale_tril.cholesky_inverse().expand(self._batch_shape + self._event_shape)

    def _df(self) -> Any:
        return self.df.reshape((*self._batch_shape, 1, 1))

    @property
    def mean(self) -> Any:
        return self._df() * self.covariance_matrix

    @property
    def mode(self) -> Any:
        factor = self._df() - self._event_shape[-1] - 1
        return factor.masked_fill(factor <= 0, math.nan) * self.covariance_matrix

    @property
    def variance(self) -> Any:
        v = self.covariance_matrix
        diagonal = v.diagonal(dim1=-2, dim2=-1)
        return self._df() * (v.pow(2) + diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2))

    def _bartlett_sampling(self, sample_shape: Shape = ()) -> Any:
        # Source: Bartlett, "On the theory of statistical regression", 1934.
        p = self._event_shape[-1]
        roots = self._dist_chi2.rsample(sample_shape).sqrt()
        noise = roots.clamp(min=finfo(roots.dtype).eps).diag_embed()
        mask = ops.ones((p, p), device=noise.device).tril(-1) > 0
        shape = Size(sample_shape) + self._batch_shape + (p * (p - 1) // 2,)
        noise[..., mask] = standard_normal(shape, noise)
        factor = self._unbroadcasted_scale_tril @ noise
        return factor @ factor.transpose(-2, -1)

    def _each(self, found: Any) -> Any:
        """What is true of any of a batch."""
        rank = len(self._batch_shape)
        return found.flatten(found.dim() - rank).any(-1) if rank else found

    def rsample(self, sample_shape: Shape = (), max_try_correction: int | None = None) -> Any:
        """Samples; those that rounding makes singular are drawn again, up to `max_try_correction` (10) times."""
        sample = self._bartlett_sampling(Size(sample_shape))
        # PyTorch takes the good ones for singular here, and draws them once more: so do we, for the same values.
        again = self._each(self.support.check(sample))
        if bool(again.any()):
            warnings.warn("Singular sample detected.", stacklevel=2)
            for _ in range(10 if max_try_correction is None else max_try_correction):
                fresh = self._bartlett_sampling(again[again].shape)
                sample[again] = fresh
                again[again.clone()] = self._each(~self.support.check(fresh))
                if not bool(again.any()):
                    break
        return sample

    def log_prob(self, value: Any) -> Any:
        nu, p = self.df, self._event_shape[-1]
        factor = self._unbroadcasted_scale_tril
        logdet = linalg.slogdet(self._checked(value)).logabsdet
        trace = value.cholesky_solve(factor).diagonal(dim1=-2, dim2=-1).sum(-1)
        return (
            -nu * (p * _log_2 / 2 + half_log_det(factor))
            - ops.mvlgamma(nu / 2, p)
            + (nu - p - 1) / 2 * logdet
            - trace / 2
        )

    def entropy(self) -> Any:
        nu, p = self.df, self._event_shape[-1]
        return (
            (p + 1) * (p * _log_2 / 2 + half_log_det(self._unbroadcasted_scale_tril))
            + ops.mvlgamma(nu / 2, p)
            - (nu - p - 1) / 2 * _mvdigamma(nu / 2, p)
            + nu * p / 2
        )

    @property
    def _natural_params(self) -> Any:
        return -self.precision_matrix / 2, (self.df - self._event_shape[-1] - 1) / 2

    def _log_normalizer(self, x: Any, y: Any) -> Any:
        p = self._event_shape[-1]
        shifted = y + (p + 1) / 2
        return shifted * (-linalg.slogdet(-2 * x).logabsdet + _log_2 * p) + ops.mvlgamma(shifted, p)
