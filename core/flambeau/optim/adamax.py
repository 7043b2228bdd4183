"""Adamax: Adam with the largest gradient in place of the root of their squares."""

from __future__ import annotations

from typing import Any

from .. import ops
from .._tensor import Tensor
from .functional_form import functional_form
from .optimizer import GradientOptimizer, ParamsT, as_number, check_betas, check_lr, check_not_negative, number, put


class Adamax(GradientOptimizer):
    """θ ← θ - lr / (1 - β₁ᵗ) · m / u, with m ← β₁ m + (1 - β₁) g and u ← max(β₂ u, |g| + eps).

    Args:
        lr: learning rate; default 2e-3.
        betas: (β₁, β₂); default (0.9, 0.999).
        eps: default 1e-8.
        weight_decay: λ in g ← g + λ θ; default 0.
        maximize: climb instead; default False.
        foreach, capturable: accepted; there is one implementation.
        differentiable: record the step itself; default False.

    Source: Kingma and Ba, arXiv 1412.6980; https://docs.pytorch.org/docs/stable/generated/torch.optim.Adamax.html
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_lr(lr)
        check_not_negative(epsilon=eps)
        check_betas(betas)
        check_not_negative(weight_decay=weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def _begin(self, param: Tensor, grad: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {"step": number(0.0), "exp_avg": ops.zeros_like(param), "exp_inf": ops.zeros_like(param)}

    def _update(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        step = state["step"].item() + 1
        state["step"].fill_(step)
        beta1, beta2 = group["betas"]
        if group["weight_decay"] != 0:
            grad = grad.add(param, alpha=group["weight_decay"])
        average = state["exp_avg"].lerp_(grad, 1 - beta1)
        largest = state["exp_inf"]
        put(largest, ops.maximum(largest * beta2, grad.abs() + group["eps"]))
        param.addcdiv_(average, largest, value=-as_number(group["lr"]) / (1 - beta1**step))


adamax = functional_form(
    Adamax,
    "adamax",
    {"exp_avgs": "exp_avg", "exp_infs": "exp_inf", "state_steps": "step"},
    ("foreach", "maximize", "differentiable", "capturable", "has_complex"),
)
