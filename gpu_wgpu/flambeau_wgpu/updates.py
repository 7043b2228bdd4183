"""Optimizer steps as kernels that all parameters share.

Their arithmetic is elementwise, and the scheduler would hang it behind whatever made the gradient: one kernel fewer per
parameter, but each with its own pipeline to compile. These forms are kept `apart`, so that one pipeline per optimizer
serves every parameter; parameter and state are updated in place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .lazy import APART, ARRAYS, SCALAR_RIGHT, LazyArray

Enqueue = Callable[..., LazyArray]


class Updates:
    """The optimizers' ops of flambeau, by name, for the backend whose `enqueue` appends a node to the queue."""

    def __init__(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self.kernels: dict[str, Callable[..., Any]] = {
            "sgd_step": self.sgd_step,
            "sgd_momentum_step": self.sgd_momentum_step,
            "adam_step": self.adam_step,
            "amsgrad_step": self.amsgrad_step,
        }

    def _two(self, name: str, x: LazyArray, y: LazyArray | float) -> LazyArray:
        if isinstance(y, LazyArray):
            return self._enqueue(APART[name], (x, y), ARRAYS, (), x.shape, x.dtype)
        return self._enqueue(APART[name], (x,), SCALAR_RIGHT, (y,), x.shape, x.dtype)

    def sgd_step(self, param: LazyArray, grad: LazyArray, lr: float, weight_decay: float) -> LazyArray:
        """θ - lr (g + weight_decay θ)"""
        two = self._two
        if weight_decay != 0:
            grad = two("add", grad, two("mul", param, weight_decay))
        return two("add", param, two("mul", grad, -lr))

    def sgd_momentum_step(
        self,
        param: LazyArray,
        grad: LazyArray,
        buffer: LazyArray,
        lr: float,
        momentum: float,
        dampening: float,
        weight_decay: float,
        nesterov: bool,
    ) -> tuple[LazyArray, LazyArray]:
        """The next parameter and momentum buffer."""
        two = self._two
        if weight_decay != 0:
            grad = two("add", grad, two("mul", param, weight_decay))
        buffer = two("add", two("mul", buffer, momentum), grad if dampening == 0 else two("mul", grad, 1 - dampening))
        grad = two("add", grad, two("mul", buffer, momentum)) if nesterov else buffer
        return two("add", param, two("mul", grad, -lr)), buffer

    def _averages(
        self, grad: LazyArray, exp_avg: LazyArray, exp_avg_sq: LazyArray, beta1: float, beta2: float
    ) -> tuple[LazyArray, LazyArray]:
        two = self._two
        exp_avg = two("add", exp_avg, two("mul", two("sub", grad, exp_avg), 1 - beta1))
        return exp_avg, two("add", two("mul", exp_avg_sq, beta2), two("mul", two("mul", grad, 1 - beta2), grad))

    def _moved(
        self, param: LazyArray, exp_avg: LazyArray, squares: LazyArray, size: float, correction: float, eps: float
    ) -> LazyArray:
        two = self._two
        root = self._enqueue(APART["sqrt"], (squares,), None, (), squares.shape, squares.dtype)
        denominator = two("add", two("div", root, correction), eps)
        return two("add", param, two("div", two("mul", exp_avg, -size), denominator))

    def adam_step(
        self,
        param: LazyArray,
        grad: LazyArray,
        exp_avg: LazyArray,
        exp_avg_sq: LazyArray,
        step_size: float,
        beta1: float,
        beta2: float,
        root_correction: float,
        eps: float,
    ) -> tuple[LazyArray, LazyArray, LazyArray]:
        """θ - step_size m / (√v / root_correction + eps), and the averages m and v."""
        exp_avg, exp_avg_sq = self._averages(grad, exp_avg, exp_avg_sq, beta1, beta2)
        return self._moved(param, exp_avg, exp_avg_sq, step_size, root_correction, eps), exp_avg, exp_avg_sq

    def amsgrad_step(
        self,
        param: LazyArray,
        grad: LazyArray,
        exp_avg: LazyArray,
        exp_avg_sq: LazyArray,
        max_exp_avg_sq: LazyArray,
        step_size: float,
        beta1: float,
        beta2: float,
        root_correction: float,
        eps: float,
    ) -> tuple[LazyArray, LazyArray, LazyArray, LazyArray]:
        """As `adam_step` with the largest v so far, which comes last."""
        exp_avg, exp_avg_sq = self._averages(grad, exp_avg, exp_avg_sq, beta1, beta2)
        largest = self._two("maximum", max_exp_avg_sq, exp_avg_sq)
        return self._moved(param, exp_avg, largest, step_size, root_correction, eps), exp_avg, exp_avg_sq, largest
