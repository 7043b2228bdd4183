"""RAdam: Adam that scales its steps only once the average of squares can be trusted."""

from __future__ import annotations

from typing import Any

from .. import ops
from .._tensor import Tensor
from .functional_form import functional_form
from .optimizer import GradientOptimizer, ParamsT, as_number, check_betas, check_lr, check_not_negative, number


class RAdam(GradientOptimizer):
    """θ ← θ - lr · m̂ · r √(1 - β₂ᵗ) / (√v + eps) where ρ > 5, else θ ← θ - lr · m̂; m and v as in Adam.

    ρ is the length of the average of squares, ρ∞ = 2 / (1 - β₂) - 1 in the end, and
    r = √((ρ - 4)(ρ - 2) ρ∞ / ((ρ∞ - 4)(ρ∞ - 2) ρ)).

    Args:
        lr: learning rate; default 1e-3.
        betas: (β₁, β₂); default (0.9, 0.999).
        eps: default 1e-8.
        weight_decay: λ in g ← g + λ θ; default 0.
        decoupled_weight_decay: θ ← θ - lr λ θ instead; default False.
        maximize: climb instead; default False.
        foreach, capturable: accepted; there is one implementation.
        differentiable: record the step itself; default False.

    Source: Liu et al., arXiv 1908.03265; https://docs.pytorch.org/docs/stable/generated/torch.optim.RAdam.html
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
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
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "decoupled_weight_decay": decoupled_weight_decay,
                "differentiable": differentiable,
            },
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("decoupled_weight_decay", False)

    def _begin(self, param: Tensor, grad: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {"step": number(0.0), "exp_avg": ops.zeros_like(param), "exp_avg_sq": ops.zeros_like(param)}

    def _update(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        step = state["step"].item() + 1
        state["step"].fill_(step)
        lr, (beta1, beta2) = as_number(group["lr"]), group["betas"]
        weight_decay = group["weight_decay"]
        if weight_decay != 0:
            if group["decoupled_weight_decay"]:
                param.mul_(1 - lr * weight_decay)
            else:
                grad = grad.add(param, alpha=weight_decay)
        average = state["exp_avg"].lerp_(grad, 1 - beta1)
        squares = state["exp_avg_sq"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        correction = 1 - beta2**step
        move = average / (1 - beta1**step) * lr
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * step * beta2**step / correction
        if length > 5.0:
            trust = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            move = move * (correction**0.5 / (squares.sqrt() + group["eps"])) * trust**0.5
        param.add_(move, alpha=-1.0)


radam = functional_form(
    RAdam,
    "radam",
    {"exp_avgs": "exp_avg", "exp_avg_sqs": "exp_avg_sq", "state_steps": "step"},
    ("decoupled_weight_decay", "foreach", "differentiable", "capturable", "has_complex", "maximize"),
    decoupled_weight_decay=False,
)
