"""The multivariate normal distribution."""

from __future__ import annotations

import math
from typing import Any

from .. import linalg, ops
from ..shape import Size
from ..shape import broadcast_all as broadcast_shapes
from . import constraints
from .distribution import Distribution
from .utils import Shape, lazy_property, standard_normal


def batch_mv(matrix: Any, vector: Any) -> Any:
    """Products of matrices (..., n, m) and vectors (..., m), batches broadcast."""
    return (matrix @ vector.unsqueeze(-1)).squeeze(-1)


def half_log_det(factor: Any) -> Any:
    """Half the logarithm of the determinant of L Lᵀ."""
    return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def batch_mahalanobis(factor: Any, off: Any) -> Any:
    """xᵀ (L Lᵀ)⁻¹ x of vectors (..., n), for L of (..., n, n) whose batch broadcasts to that of the vectors.

    Dimensions that L repeats over become columns of one system, so that each L is used once.
    """
    n = off.shape[-1]
    batch = broadcast_shapes(factor.shape[:-2], off.shape[:-1])
    off = off.expand((*batch, n))
    lead = len(batch) - (factor.dim() - 2)
    own = (1,) * lead + tuple(factor.shape[:-2])
    spread = [i for i, size in enumerate(own) if size == 1]
    kept = [i for i, size in enumerate(own) if size != 1]
    columns = off.permute(*kept, len(batch), *spread)
    flat = columns.reshape((*[batch[i] for i in kept], n, -1))
    held = factor.reshape((*[own[i] for i in kept], n, n))
    squares = linalg.solve_triangular(held, flat, upper=False).pow(2).sum(-2)
    squares = squares.reshape([batch[i] for i in (*kept, *spread)])
    order = [*kept, *spread]
    return squares.permute([order.index(i) for i in range(len(order))])


def precision_to_scale_tril(precision: Any) -> Any:
    """L with L Lᵀ the inverse of a precision matrix, without inverting that: its factor, turned about, is L's inverse."""
    turned = linalg.cholesky(precision.flip((-2, -1)))
    inverse = turned.flip((-2, -1)).transpose(-2, -1)
    one = ops.eye(precision.shape[-1], dtype=precision.dtype, device=precision.device)
    return linalg.solve_triangular(inverse, one, upper=False)


_GIVEN = ("covariance_matrix", "precision_matrix", "scale_tril")


class MultivariateNormal(Distribution):
    """Vectors of mean `loc` (..., n), by one of `covariance_matrix`, `precision_matrix` and `scale_tril` (..., n, n)."""

    arg_constraints = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True
    _parameters = ("loc", *_GIVEN)
    _settings = ("_unbroadcasted_scale_tril",)

    def __init__(
        self,
        loc: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        given = [
            (name, x)
            for name, x in zip(_GIVEN, (covariance_matrix, precision_matrix, scale_tril), strict=True)
            if x is not None
        ]
        if len(given) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        name, matrix = given[0]
        if matrix.dim() < 2:
            label = "scale_tril matrix" if name == "scale_tril" else name
            raise ValueError(f"{label} must be at least two-dimensional, with optional leading batch dimensions")
        batch_shape = Size(broadcast_shapes(matrix.shape[:-2], loc.shape[:-1]))
        setattr(self, name, matrix.expand((*batch_shape, -1, -1)))
        self.loc = loc.expand((*batch_shape, -1))
        super().__init__(batch_shape, self.loc.shape[-1:], validate_args=validate_args)
        if name == "scale_tril":
            self._unbroadcasted_scale_tril = matrix
        elif name == "covariance_matrix":
            self._unbroadcasted_scale_tril = linalg.cholesky(matrix)
        else:
            self._unbroadcasted_scale_tril = precision_to_scale_tril(matrix)

    def _square(self) -> Size:
        return self._batch_shape + self._event_shape + self._event_shape

    @lazy_property
    def scale_tril(self) -> Any:
        """The Cholesky factor of the covariance."""
        return self._unbroadcasted_scale_tril.expand(self._square())

    @lazy_property
    def covariance_matrix(self) -> Any:
        """The covariance."""
        return (self._unbroadcasted_scale_tril @ self._unbroadcasted_scale_tril.mT).expand(self._square())

    @lazy_property
    def precision_matrix(self) -> Any:
        """The inverse of the covariance."""
        return self._unbroadcasted_scale_tril.cholesky_inverse().expand(self._square())

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        return self._unbroadcasted_scale_tril.pow(2).sum(-1).expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape: Shape = ()) -> Any:
        noise = standard_normal(self._extended_shape(sample_shape), self.loc)
        return self.loc + batch_mv(self._unbroadcasted_scale_tril, noise)

    def log_prob(self, value: Any) -> Any:
        factor = self._unbroadcasted_scale_tril
        distance = batch_mahalanobis(factor, self._checked(value) - self.loc)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + distance) - half_log_det(factor)

    def entropy(self) -> Any:
        found = 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + half_log_det(
            self._unbroadcasted_scale_tril
        )
        return found.expand(self._batch_shape) if self._batch_shape else found
