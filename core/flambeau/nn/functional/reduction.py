"""The `reduction` argument of losses, and the two older arguments that it replaced."""

from __future__ import annotations

import warnings

from ..._tensor import Tensor


def reduction_of(
    reduction: str, size_average: bool | None = None, reduce: bool | None = None, stacklevel: int = 3
) -> str:
    """ "none", "mean" or "sum"; `size_average` and `reduce`, where given, win and warn.

    Raises:
        ValueError: another word.
    """
    if size_average is not None or reduce is not None:
        return legacy_reduction(size_average, reduce, stacklevel + 1)
    if reduction == "elementwise_mean":
        warnings.warn(
            "reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.", stacklevel=stacklevel
        )
        return "mean"
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def legacy_reduction(size_average: bool | None, reduce: bool | None, stacklevel: int = 2) -> str:
    """What `size_average` and `reduce` (both True where None) mean in today's word, with a warning that says it."""
    if reduce is False:
        word = "none"
    else:
        word = "sum" if size_average is False else "mean"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{word}' instead.",
        stacklevel=stacklevel,
    )
    return word


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """The elementwise loss, its mean, or its sum."""
    if reduction == "mean":
        return loss.mean()
    return loss.sum() if reduction == "sum" else loss
