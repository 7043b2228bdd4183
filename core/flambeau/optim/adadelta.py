"""Adadelta: steps scaled by the ratio of past steps to past gradients."""

from __future__ import annotations

from typing import Any

from .. import ops
from .._tensor import Tensor
from .functional_form import functional_form
from .optimizer import GradientOptimizer, ParamsT, as_number, check_lr, check_not_negative, number


class Adadelta(GradientOptimizer):
    """θ ← θ - lr · Δ, Δ = √(u + eps) / √(v + eps) · g, with running averages v of g² and u of Δ².

    Args:
        lr: default 1.
        rho: ρ in v ← ρ v + (1 - ρ) g²; default 0.9.
        eps: default 1e-6.
        weight_decay: λ in g ← g + λ θ; default 0.
        maximize: climb instead; default False.
        foreach, capturable: accepted; there is one implementation.
        differentiable: record the step itself; default False.

    Source: Zeiler, arXiv 1212.5701; https://docs.pytorch.org/docs/stable/generated/torch.optim.Adadelta.html
    """

    _capturable_on_xla = False

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        check_not_negative(epsilon=eps, weight_decay=weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "rho": rho,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "capturable": capturable,
                "foreach": foreach,
                "differentiable": differentiable,
            },
        )

    def _begin(self, param: Tensor, grad: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {"step": number(0.0), "square_avg": ops.zeros_like(param), "acc_delta": ops.zeros_like(param)}

    def _update(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"].add_(1)
        rho, eps = group["rho"], group["eps"]
        if group["weight_decay"] != 0:
            grad = grad.add(param, alpha=group["weight_decay"])
        squares = state["square_avg"].mul_(rho).addcmul_(grad, grad, value=1 - rho)
        delta = (state["acc_delta"] + eps).sqrt() / (squares + eps).sqrt() * grad
        state["acc_delta"].mul_(rho).addcmul_(delta, delta, value=1 - rho)
        param.add_(delta, alpha=-as_number(group["lr"]))


adadelta = functional_form(
    Adadelta,
    "adadelta",
    {"square_avgs": "square_avg", "acc_deltas": "acc_delta", "state_steps": "step"},
    ("capturable", "foreach", "differentiable", "has_complex"),
)
