"""Muon: momentum made orthogonal, for matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import ops
from .._tensor import Tensor
from ..dtype import bfloat16, float32
from .functional_form import functional_form
from .optimizer import GradientOptimizer, ParamsT, as_number

EPS = 1e-7
DEFAULT_A = 3.4445
DEFAULT_B = -4.7750
DEFAULT_C = 2.0315
DEFAULT_NS_STEPS = 5


class Muon(GradientOptimizer):
    """θ ← (1 - lr λ) θ - lr s · O(b), with b ← μ b + (1 - μ) g; O brings all singular values near 1.

    Args:
        params: matrices.
        lr: default 1e-3.
        weight_decay: λ; default 0.1.
        momentum: μ; default 0.95.
        nesterov: O of (1 - μ) g + μ b; default True.
        ns_coefficients, eps, ns_steps: of the Newton-Schulz iteration that is O.
        adjust_lr_fn: s: "original" (default) is √max(1, rows / columns), "match_rms_adamw" 0.2 √max(rows, columns).

    Raises:
        ValueError: a parameter that is no matrix.

    Source: Jordan 2024, https://kellerjordan.github.io/posts/muon/;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Muon.html
    """

    _elementwise = False

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (DEFAULT_A, DEFAULT_B, DEFAULT_C),
        eps: float = EPS,
        ns_steps: int = DEFAULT_NS_STEPS,
        adjust_lr_fn: str | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if not as_number(lr) >= 0.0:
            raise ValueError(f"Learning rate should be >= 0 but is: {lr}")
        if not momentum >= 0.0:
            raise ValueError(f"momentum should be >= 0 but is: {momentum}")
        if not weight_decay >= 0.0:
            raise ValueError(f"weight decay should be >= 0 but is: {weight_decay}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        super().__init__(
            params,
            {
                "lr": lr,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "nesterov": nesterov,
                "ns_coefficients": ns_coefficients,
                "eps": eps,
                "ns_steps": ns_steps,
                "adjust_lr_fn": adjust_lr_fn,
            },
        )
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError(
                        f"Muon only supports 2D parameters whereas we found a parameter with size: {p.size()}"
                    )

    def _begin(self, param: Tensor, grad: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {"momentum_buffer": ops.zeros_like(grad)}

    def _update(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        lr, momentum = as_number(group["lr"]), group["momentum"]
        if grad.ndim != 2:
            raise ValueError("Param gradient must be a 2D matrix")
        buffer = state["momentum_buffer"].lerp_(grad, 1 - momentum)
        update = grad.lerp(buffer, momentum) if group["nesterov"] else buffer
        update = _orthogonal(update, group["ns_coefficients"], group["ns_steps"], group["eps"])
        rows, columns = param.shape
        if group["adjust_lr_fn"] == "match_rms_adamw":
            scale = 0.2 * math.sqrt(max(rows, columns))
        else:
            scale = math.sqrt(max(1, rows / columns))
        param.mul_(1 - lr * group["weight_decay"])
        param.add_(update, alpha=-lr * scale)


def _orthogonal(grad: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """Nearly the orthogonal factor of a matrix, by a Newton-Schulz iteration in bfloat16 where the backend has it."""
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    x = grad.to(bfloat16 if bfloat16 in grad._storage.backend.dtypes else float32)
    tall = grad.size(0) > grad.size(1)
    if tall:
        x = x.T
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = ops.addmm(x, ops.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x


_step = functional_form(Muon, "muon", {"muon_momentum_bufs": "momentum_buffer"})


def muon(
    params: list[Tensor], grads: list[Tensor], *args: Any, foreach: bool | None = None, **kwargs: Sequence[Any]
) -> None:
    """One step of `Muon` on lists of parameters, gradients and momentum, all changed in place."""
    if foreach:
        raise RuntimeError("Foreach is not supported for Muon yet")
    _step(params, grads, *args, **kwargs)
