"""Relaxed Bernoulli distributions, whose samples are differentiable numbers between 0 and 1.

Source: Maddison et al., "The concrete distribution", ICLR 2017; Jang et al., "Categorical reparameterization with
Gumbel-softmax", ICLR 2017.
"""

from __future__ import annotations

from typing import Any

from . import constraints
from .probability import BinaryProbability
from .transformed_distribution import TransformedDistribution
from .transforms import SigmoidTransform
from .utils import Shape, broadcast_all, clamp_probs, uniform


class LogitRelaxedBernoulli(BinaryProbability):
    """The log odds of a relaxed Bernoulli number: a logistic number, shifted by `logits`, over `temperature`."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real
    _parameters = ("probs", "logits")
    _settings = ("temperature", "_given")

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self.temperature = temperature
        super().__init__(self._set(probs, logits), validate_args=validate_args)

    def rsample(self, sample_shape: Shape = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        probs = clamp_probs(self.probs.expand(shape))
        u = clamp_probs(uniform(shape, probs))
        return (u.log() - (-u).log1p() + probs.log() - (-probs).log1p()) / self.temperature

    def log_prob(self, value: Any) -> Any:
        self._checked(value)
        logits, value = broadcast_all(self.logits, value)
        off = logits - value * self.temperature
        return self.temperature.log() + off - 2 * off.exp().log1p()


class RelaxedBernoulli(TransformedDistribution):
    """A number in (0, 1), the closer to 0 and 1 the lower the `temperature`, by `probs` or `logits`."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits)
        super().__init__(base, SigmoidTransform(), validate_args=validate_args)

    @property
    def temperature(self) -> Any:
        """The temperature."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Any:
        """The log odds."""
        return self.base_dist.logits

    @property
    def probs(self) -> Any:
        """The probabilities."""
        return self.base_dist.probs
