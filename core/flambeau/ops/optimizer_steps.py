"""What one step of an optimizer does to one parameter, as one op: the arithmetic of PyTorch, in its order.

Settings that change from step to step (`lr`, `step_size`) are numbers: a backend that compiles kernels must not compile
one for each value.
"""

from __future__ import annotations

from typing import Any

from ..backends.protocol import Array
from .op import composite


@composite
def sgd_step(be: Any, param: Array, grad: Array, lr: float, weight_decay: float) -> Any:
    """The next parameter."""
    if weight_decay != 0:
        grad = be.add(grad, be.mul(param, weight_decay))
    return be.add(param, be.mul(grad, -lr))


@composite
def sgd_momentum_step(
    be: Any,
    param: Array,
    grad: Array,
    buffer: Array,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
) -> Any:
    """The next parameter and momentum buffer."""
    if weight_decay != 0:
        grad = be.add(grad, be.mul(param, weight_decay))
    buffer = be.add(be.mul(buffer, momentum), grad if dampening == 0 else be.mul(grad, 1 - dampening))
    if nesterov:
        grad = be.add(grad, be.mul(buffer, momentum))
    else:
        grad = buffer
    return be.add(param, be.mul(grad, -lr)), buffer


@composite
def adam_step(
    be: Any,
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    step_size: float,
    beta1: float,
    beta2: float,
    root_correction: float,
    eps: float,
) -> Any:
    """The next parameter, average and average of squares: θ - step_size · m / (√v / root_correction + eps)."""
    exp_avg = be.add(exp_avg, be.mul(be.sub(grad, exp_avg), 1 - beta1))
    exp_avg_sq = be.add(be.mul(exp_avg_sq, beta2), be.mul(be.mul(grad, 1 - beta2), grad))
    denominator = be.add(be.div(be.sqrt(exp_avg_sq), root_correction), eps)
    return be.add(param, be.div(be.mul(exp_avg, -step_size), denominator)), exp_avg, exp_avg_sq


@composite
def amsgrad_step(
    be: Any,
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    max_exp_avg_sq: Array,
    step_size: float,
    beta1: float,
    beta2: float,
    root_correction: float,
    eps: float,
) -> Any:
    """As `adam_step` with the largest average of squares so far, which comes last."""
    exp_avg = be.add(exp_avg, be.mul(be.sub(grad, exp_avg), 1 - beta1))
    exp_avg_sq = be.add(be.mul(exp_avg_sq, beta2), be.mul(be.mul(grad, 1 - beta2), grad))
    max_exp_avg_sq = be.maximum(max_exp_avg_sq, exp_avg_sq)
    denominator = be.add(be.div(be.sqrt(max_exp_avg_sq), root_correction), eps)
    param = be.add(param, be.div(be.mul(exp_avg, -step_size), denominator))
    return param, exp_avg, exp_avg_sq, max_exp_avg_sq
