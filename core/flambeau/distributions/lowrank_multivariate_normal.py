"""The multivariate normal distribution with a covariance of low rank and a diagonal.

By Woodbury's identity and the matrix determinant lemma, only an m x m matrix, the capacitance, is decomposed.
"""

from __future__ import annotations

import math
from typing import Any

from .. import linalg, ops
from ..shape import Size
from . import constraints
from .distribution import Distribution
from .multivariate_normal import batch_mahalanobis, batch_mv
from .utils import Shape, lazy_property, standard_normal


def _with_identity(matrix: Any) -> Any:
    return matrix + ops.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)


def capacitance_tril(w: Any, d: Any) -> Any:
    """The Cholesky factor of 1 + Wᵀ D⁻¹ W."""
    return linalg.cholesky(_with_identity((w.mT / d.unsqueeze(-2)) @ w))


def lowrank_logdet(w: Any, d: Any, capacitance: Any) -> Any:
    """log det(W Wᵀ + D)."""
    return 2 * capacitance.diagonal(dim1=-2, dim2=-1).log().sum(-1) + d.log().sum(-1)


def lowrank_mahalanobis(w: Any, d: Any, x: Any, capacitance: Any) -> Any:
    """xᵀ (W Wᵀ + D)⁻¹ x."""
    along = batch_mv(w.mT / d.unsqueeze(-2), x)
    return (x.pow(2) / d).sum(-1) - batch_mahalanobis(capacitance, along)


class LowRankMultivariateNormal(Distribution):
    """Vectors of mean `loc` (..., n) and covariance W Wᵀ + diag(D), W = `cov_factor` (..., n, m), D = `cov_diag` (..., n)."""

    arg_constraints = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support = constraints.real_vector
    has_rsample = True
    _parameters = ("loc", "cov_factor", "cov_diag")
    _settings = ("_unbroadcasted_cov_factor", "_unbroadcasted_cov_diag", "_capacitance_tril")

    def __init__(self, loc: Any, cov_factor: Any, cov_diag: Any, validate_args: bool | None = None) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        event_shape = loc.shape[-1:]
        if cov_factor.dim() < 2:
            raise ValueError("cov_factor must be at least two-dimensional, with optional leading batch dimensions")
        if cov_factor.shape[-2:-1] != event_shape:
            raise ValueError(f"cov_factor must be a batch of matrices with shape {event_shape[0]} x m")
        if cov_diag.shape[-1:] != event_shape:
            raise ValueError(f"cov_diag must be a batch of vectors with shape {event_shape}")
        try:
            columns = ops.broadcast_tensors(loc.unsqueeze(-1), cov_factor, cov_diag.unsqueeze(-1))
        except RuntimeError as error:
            raise ValueError(
                f"Incompatible batch shapes: loc {loc.shape}, cov_factor {cov_factor.shape}, cov_diag {cov_diag.shape}"
            ) from error
        self.loc, self.cov_factor, self.cov_diag = columns[0][..., 0], columns[1], columns[2][..., 0]
        self._unbroadcasted_cov_factor = cov_factor
        self._unbroadcasted_cov_diag = cov_diag
        self._capacitance_tril = capacitance_tril(cov_factor, cov_diag)
        super().__init__(self.loc.shape[:-1], event_shape, validate_args=validate_args)

    def _held(self) -> tuple[Any, Any, Any]:
        return self._unbroadcasted_cov_factor, self._unbroadcasted_cov_diag, self._capacitance_tril

    def _square(self) -> Size:
        return self._batch_shape + self._event_shape + self._event_shape

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        w, d, _ = self._held()
        return (w.pow(2).sum(-1) + d).expand(self._batch_shape + self._event_shape)

    @lazy_property
    def scale_tril(self) -> Any:
        """The Cholesky factor of the covariance."""
        w, d, _ = self._held()
        root = d.sqrt().unsqueeze(-1)
        scaled = w / root
        return (root * linalg.cholesky(_with_identity(scaled @ scaled.mT))).expand(self._square())

    @lazy_property
    def covariance_matrix(self) -> Any:
        """The covariance."""
        w, d, _ = self._held()
        return (w @ w.mT + d.diag_embed()).expand(self._square())

    @lazy_property
    def precision_matrix(self) -> Any:
        """The inverse of the covariance."""
        w, d, capacitance = self._held()
        a = linalg.solve_triangular(capacitance, w.mT / d.unsqueeze(-2), upper=False)
        return (d.reciprocal().diag_embed() - a.mT @ a).expand(self._square())

    def rsample(self, sample_shape: Shape = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        w, d, _ = self._held()
        along = standard_normal(shape[:-1] + self.cov_factor.shape[-1:], self.loc)
        beside = standard_normal(shape, self.loc)
        return self.loc + batch_mv(w, along) + d.sqrt() * beside

    def log_prob(self, value: Any) -> Any:
        w, d, capacitance = self._held()
        distance = lowrank_mahalanobis(w, d, self._checked(value) - self.loc, capacitance)
        logdet = lowrank_logdet(w, d, capacitance)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + logdet + distance)

    def entropy(self) -> Any:
        found = 0.5 * (self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + lowrank_logdet(*self._held()))
        return found.expand(self._batch_shape) if self._batch_shape else found
