"""NAdam: Adam with Nesterov's momentum."""

from __future__ import annotations

from typing import Any

from .. import ops
from .._tensor import Tensor
from .functional_form import functional_form
from .optimizer import GradientOptimizer, ParamsT, as_number, check_betas, check_lr, check_not_negative, number


class NAdam(GradientOptimizer):
    """θ ← θ - lr · ((1 - μₜ) g / (1 - Πμ) + μₜ₊₁ m / (1 - Πμ μₜ₊₁)) / (√v̂ + eps), m and v as in Adam.

    The momentum rises: μₜ = β₁ (1 - 0.96^(t ψ) / 2), and Πμ is the product of those so far.

    Args:
        lr: learning rate; default 2e-3.
        betas: (β₁, β₂); default (0.9, 0.999).
        eps: default 1e-8.
        weight_decay: λ in g ← g + λ θ; default 0.
        momentum_decay: ψ; default 4e-3.
        decoupled_weight_decay: θ ← θ - lr λ θ instead; default False.
        maximize: climb instead; default False.
        foreach, capturable: accepted; there is one implementation.
        differentiable: record the step itself; default False.

    Source: Dozat 2016; https://docs.pytorch.org/docs/stable/generated/torch.optim.NAdam.html
    """

    _capturable_tensors = "params, mu_products and state_steps"

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
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
        check_not_negative(weight_decay=weight_decay, momentum_decay=momentum_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum_decay": momentum_decay,
                "decoupled_weight_decay": decoupled_weight_decay,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
            },
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("decoupled_weight_decay", False)

    def _begin(self, param: Tensor, grad: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {
            "step": number(0.0),
            "mu_product": number(1.0),
            "exp_avg": ops.zeros_like(param),
            "exp_avg_sq": ops.zeros_like(param),
        }

    def _update(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        step = state["step"].item() + 1
        state["step"].fill_(step)
        lr, (beta1, beta2) = as_number(group["lr"]), group["betas"]
        weight_decay, decay = group["weight_decay"], group["momentum_decay"]
        if weight_decay != 0:
            if group["decoupled_weight_decay"]:
                param.mul_(1 - lr * weight_decay)
            else:
                grad = grad.add(param, alpha=weight_decay)
        mu = beta1 * (1.0 - 0.5 * 0.96 ** (step * decay))
        mu_next = beta1 * (1.0 - 0.5 * 0.96 ** ((step + 1) * decay))
        state["mu_product"].mul_(mu)
        product = state["mu_product"].item()
        average = state["exp_avg"].lerp_(grad, 1 - beta1)
        squares = state["exp_avg_sq"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        root = (squares / (1 - beta2**step)).sqrt() + group["eps"]
        param.addcdiv_(grad, root, value=-lr * (1.0 - mu) / (1.0 - product))
        param.addcdiv_(average, root, value=-lr * mu_next / (1.0 - product * mu_next))


nadam = functional_form(
    NAdam,
    "nadam",
    {"exp_avgs": "exp_avg", "exp_avg_sqs": "exp_avg_sq", "mu_products": "mu_product", "state_steps": "step"},
    ("decoupled_weight_decay", "foreach", "capturable", "differentiable", "has_complex", "maximize"),
    decoupled_weight_decay=False,
)
