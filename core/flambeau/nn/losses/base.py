"""What losses share: `reduction`, and a weight for each class."""

from __future__ import annotations

from ..._tensor import Tensor
from ..functional.reduction import legacy_reduction
from ..module import Module


class _Loss(Module):
    """`reduction` is "mean" (default), "sum" or "none"; `size_average` and `reduce` are its older spelling."""

    __constants__ = ["reduction"]

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        if size_average is not None or reduce is not None:
            reduction = legacy_reduction(size_average, reduce, 3)
        self.reduction = reduction


class _WeightedLoss(_Loss):
    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
