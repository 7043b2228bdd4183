"""The generalized Pareto distribution."""

from __future__ import annotations

import math
from typing import Any

from .. import ops
from . import constraints
from .distribution import Distribution
from .utils import Shape, broadcast_all, shape_of, uniform


class GeneralizedPareto(Distribution):
    """Excesses over a threshold `loc`, with `scale` and the tail's `concentration`, which may be 0 or negative."""

    arg_constraints = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "concentration": constraints.real,
    }
    has_rsample = True
    _parameters = ("loc", "scale", "concentration")

    def __init__(self, loc: Any, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(shape_of(self.loc, loc, scale, concentration), validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        upper = self.loc - self.scale / self.concentration
        return constraints.interval(self.loc, ops.where(self.concentration < 0, upper, math.inf))

    def _safe(self) -> tuple[Any, Any]:
        """Where the concentration is 0, and it with 1 put there."""
        zero = ops.isclose(self.concentration, ops.zeros_like(self.concentration))
        return zero, ops.where(zero, 1.0, self.concentration)

    def rsample(self, sample_shape: Shape = ()) -> Any:
        return self.icdf(uniform(self._extended_shape(sample_shape), self.loc))

    def log_prob(self, value: Any) -> Any:
        z = (self._checked(value) - self.loc) / self.scale
        zero, k = self._safe()
        power = 1 / k + ops.ones_like(z)
        heavy = ops.where(power == 0, power, power * (k * z).log1p())
        return -self.scale.log() - ops.where(zero, z, heavy)

    def log_survival_function(self, value: Any) -> Any:
        """The logarithm of the probability of more than `value`."""
        z = (self._checked(value) - self.loc) / self.scale
        zero, k = self._safe()
        return ops.where(zero, -z, -(k * z).log1p() / k)

    def log_cdf(self, value: Any) -> Any:
        """The logarithm of the probability of at most `value`."""
        return (-self.log_survival_function(value).exp()).log1p()

    def cdf(self, value: Any) -> Any:
        return self.log_cdf(value).exp()

    def icdf(self, value: Any) -> Any:
        zero, k = self._safe()
        logarithm = (-value).log1p()
        heavy = self.loc + self.scale / k * (-k * logarithm).expm1()
        return ops.where(zero, self.loc - self.scale * logarithm, heavy)

    @property
    def mean(self) -> Any:
        valid = self.concentration < 1
        k = ops.where(valid, self.concentration, 0.5)
        return ops.where(valid, self.loc + self.scale / (1 - k), math.nan)

    @property
    def variance(self) -> Any:
        valid = self.concentration < 0.5
        k = ops.where(valid, self.concentration, 0.25)
        return ops.where(valid, self.scale**2 / ((1 - k) ** 2 * (1 - 2 * k)), math.nan)

    @property
    def mode(self) -> Any:
        return self.loc

    def entropy(self) -> Any:
        return (self.scale.log() + self.concentration + 1).expand(self._batch_shape)
