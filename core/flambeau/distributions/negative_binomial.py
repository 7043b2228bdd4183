"""The negative binomial distribution."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.modes import no_grad
from ..nn.functional import logsigmoid
from . import constraints
from .gamma import Gamma
from .probability import BinaryProbability
from .utils import Shape, lazy_property


class NegativeBinomial(BinaryProbability):
    """The number of successes of probability `probs` (or log odds `logits`) before `total_count` failures."""

    arg_constraints = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer
    _parameters = ("total_count", "probs", "logits")

    def __init__(
        self, total_count: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        super().__init__(self._set_with_count(total_count, probs, logits), validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.total_count * self.logits.exp()

    @property
    def mode(self) -> Any:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self) -> Any:
        return self.mean / (-self.logits).sigmoid()

    @lazy_property
    def _gamma(self) -> Any:
        return Gamma(self.total_count, (-self.logits).exp(), validate_args=False)

    def sample(self, sample_shape: Shape = ()) -> Any:
        with no_grad():
            return ops.poisson(self._gamma.sample(sample_shape))

    def log_prob(self, value: Any) -> Any:
        self._checked(value)
        n = self.total_count
        weight = n * logsigmoid(-self.logits) + value * logsigmoid(self.logits)
        orders = -(n + value).lgamma() + (1.0 + value).lgamma() + n.lgamma()
        return weight - orders.masked_fill(n + value == 0.0, 0.0)
