"""The von Mises distribution."""

from __future__ import annotations

import math
from typing import Any

from .. import ops
from ..dtype import bool_, float64
from ..shape import Size
from . import constraints
from .distribution import Distribution
from .utils import Shape, broadcast_all, lazy_property, without_grad

# Polynomials for the modified Bessel functions I0 and I1, below 3.75 in (x / 3.75)**2 and above in 3.75 / x.
# Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 9.8.1 to 9.8.4.
_SMALL = (
    (1.0, 3.5156229, 3.0899424, 1.2067492, 0.2659732, 0.360768e-1, 0.45813e-2),
    (0.5, 0.87890594, 0.51498869, 0.15084934, 0.2658733e-1, 0.301532e-2, 0.32411e-3),
)
_LARGE = (
    (0.39894228, 0.1328592e-1, 0.225319e-2, -0.157565e-2, 0.916281e-2, -0.2057706e-1, 0.2635537e-1, -0.1647633e-1, 0.392377e-2),
    (0.39894228, -0.3988024e-1, -0.362018e-2, 0.163801e-2, -0.1031555e-1, 0.2282967e-1, -0.2895312e-1, 0.1787654e-1, -0.420059e-2),
)  # fmt: skip


def _polynomial(x: Any, coefficients: tuple[float, ...]) -> Any:
    total: Any = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = c + x * total
    return total


def _log_bessel(x: Any, order: int) -> Any:
    small = _polynomial((x / 3.75) ** 2, _SMALL[order])
    if order == 1:
        small = x.abs() * small
    large = x - 0.5 * x.log() + _polynomial(3.75 / x, _LARGE[order]).log()
    return ops.where(x < 3.75, small.log(), large)


class VonMises(Distribution):
    """Angles about `loc`: density proportional to exp(concentration cos(x - loc))."""

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    has_rsample = False

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, Size(), validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        loc, concentration = self.loc.expand(batch_shape), self.concentration.expand(batch_shape)
        return type(self)(loc, concentration, validate_args=self.__dict__.get("_validate_args"))

    def log_prob(self, value: Any) -> Any:
        weight = self.concentration * (self._checked(value) - self.loc).cos()
        return weight - math.log(2 * math.pi) - _log_bessel(self.concentration, 0)

    def _wide(self) -> Any:
        """float64, where the device has it: the proposal loses digits at low concentrations."""
        return float64 if float64 in self.loc._storage.backend.dtypes else self.loc.dtype

    @lazy_property
    def _proposal_r(self) -> Any:
        kappa = self.concentration.to(self._wide())
        tau = 1 + (1 + 4 * kappa**2).sqrt()
        rho = (tau - (2 * tau).sqrt()) / (2 * kappa)
        return ops.where(kappa < 1e-5, 1 / kappa + kappa, (1 + rho**2) / (2 * rho))

    @without_grad
    def sample(self, sample_shape: Shape = ()) -> Any:
        # Source: Best and Fisher, "Efficient simulation of the von Mises distribution", Applied Statistics 28, 1979.
        wide = self._wide()
        loc, kappa, r = self.loc.to(wide), self.concentration.to(wide), self._proposal_r
        shape = self._extended_shape(sample_shape)
        x = ops.zeros(shape, dtype=wide, device=loc.device)
        done = ops.zeros(shape, dtype=bool_, device=loc.device)
        while not bool(done.all()):
            u1, u2, u3 = ops.rand((3, *shape), dtype=wide, device=loc.device).unbind()
            z = (math.pi * u1).cos()
            f = (1 + r * z) / (r + z)
            c = kappa * (r - f)
            accept = ((c * (2 - c) - u2) > 0) | ((c / u2).log() + 1 - c >= 0)
            x = ops.where(accept, (u3 - 0.5).sign() * f.acos(), x)
            done = done | accept
        return ((x + math.pi + loc) % (2 * math.pi) - math.pi).to(self.loc.dtype)

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        return 1 - (_log_bessel(self.concentration, 1) - _log_bessel(self.concentration, 0)).exp()
