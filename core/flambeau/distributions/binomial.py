"""The binomial distribution."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.modes import no_grad
from . import constraints
from .probability import BinaryProbability, steps
from .utils import Shape


def _above_zero(x: Any) -> Any:
    # max(x, 0) with slope 1/2 at 0.
    return (x.clamp(min=0) + x - x.clamp(max=0)) / 2


class Binomial(BinaryProbability):
    """The number of successes among `total_count` trials of probability `probs` (or log odds `logits`)."""

    arg_constraints = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    has_enumerate_support = True
    _parameters = ("total_count", "probs", "logits")

    def __init__(
        self, total_count: Any = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        super().__init__(self._set_with_count(total_count, probs, logits), validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Any:
        return self.total_count * self.probs

    @property
    def mode(self) -> Any:
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    @property
    def variance(self) -> Any:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Shape = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        with no_grad():
            return ops.binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value: Any) -> Any:
        n = self.total_count
        orders = (n + 1).lgamma() - (self._checked(value) + 1).lgamma() - (n - value + 1).lgamma()
        scale = n * _above_zero(self.logits) + n * (-self.logits.abs()).exp().log1p()
        return value * self.logits + orders - scale

    def _one_count(self, what: str) -> int:
        count = int(self.total_count.max())
        if self.total_count.min() != count:
            raise NotImplementedError(f"Inhomogeneous total count not supported by `{what}`.")
        return count

    def entropy(self) -> Any:
        self._one_count("entropy")
        found = self.log_prob(self.enumerate_support(False))
        return -(found.exp() * found).sum(0)

    def enumerate_support(self, expand: bool = True) -> Any:
        return steps(1 + self._one_count("enumerate_support"), self, expand, self._param.dtype)
