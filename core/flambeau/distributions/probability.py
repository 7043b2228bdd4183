"""Distributions given by probabilities or by logits: one of the two is stored, the other computed when asked for."""

from __future__ import annotations

from typing import Any

from ..shape import Size
from .distribution import Distribution
from .utils import Number, broadcast_all, lazy_property, logits_to_probs, probs_to_logits


class BinaryProbability(Distribution):
    """With `probs` in [0, 1] or `logits`, the log odds."""

    _parameters: tuple[str, ...] = ("total_count", "probs", "logits")
    _settings: tuple[str, ...] = ("_given",)

    def _set(self, probs: Any, logits: Any) -> Size:
        """Store what is given; the batch shape of it.

        Raises:
            ValueError: both are given, or none.
        """
        check_one_of(probs, logits)
        self._given = "probs" if probs is not None else "logits"
        given = logits if probs is None else probs
        (value,) = broadcast_all(given)
        setattr(self, self._given, value)
        return Size() if isinstance(given, Number) else value.shape

    def _set_with_count(self, total_count: Any, probs: Any, logits: Any) -> Size:
        check_one_of(probs, logits)
        self._given = "probs" if probs is not None else "logits"
        count, value = broadcast_all(total_count, logits if probs is None else probs)
        self.total_count = count.type_as(value)
        setattr(self, self._given, value)
        return value.shape

    def _new(self, *args: Any, **kwargs: Any) -> Any:
        return self._param.new(*args, **kwargs)

    @property
    def _param(self) -> Any:
        return getattr(self, self._given)

    @property
    def param_shape(self) -> Size:
        """The shape of the stored parameter."""
        shape: Size = self._param.shape
        return shape

    @lazy_property
    def logits(self) -> Any:
        """The log odds."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Any:
        """The probabilities."""
        return logits_to_probs(self.logits, is_binary=True)


def check_one_of(probs: Any, logits: Any) -> None:
    """Raise unless exactly one is given."""
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")


def steps(count: int, like: Distribution, expand: bool, kind: Any) -> Any:
    """0 .. count - 1 along a first dimension, with the batch's dimensions after it."""
    from .. import ops

    values = ops.arange(count, dtype=kind, device=like._param.device)  # type: ignore[attr-defined]
    values = values.view((-1,) + (1,) * len(like.batch_shape))
    return values.expand((-1, *like.batch_shape)) if expand else values
