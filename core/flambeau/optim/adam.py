"""Adam: steps scaled by running averages of the gradient and of its square."""

from __future__ import annotations

from typing import Any

from .. import ops
from .._tensor import Tensor
from ..dtype import float32
from .optimizer import GradientOptimizer, ParamsT, as_number, check_betas, check_lr, check_not_negative, put


class Adam(GradientOptimizer):
    """θ ← θ - lr · m̂ / (√v̂ + eps), with m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ).

    The averages: m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g².

    Args:
        lr: learning rate; default 1e-3.
        betas: (β₁, β₂); default (0.9, 0.999).
        eps: default 1e-8.
        weight_decay: λ in g ← g + λ θ; default 0.
        amsgrad: use the largest v so far; default False.
        maximize: climb instead; default False.
        decoupled_weight_decay: θ ← θ - lr λ θ instead, as AdamW; default False.
        foreach, capturable, fused: accepted; there is one implementation.
        differentiable: record the step itself; default False.

    Source: Kingma and Ba, arXiv 1412.6980; https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and foreach and not capturable:
            raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
        check_lr(lr)
        if not eps >= 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        check_betas(betas)
        check_not_negative(weight_decay=weight_decay)
        if not (all(isinstance(b, float) for b in betas) or all(isinstance(b, Tensor) for b in betas)):
            raise ValueError("betas must be either both floats or both Tensors")
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": tuple(map(as_number, betas)),
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
                "fused": fused,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )
        if fused and differentiable:
            raise RuntimeError("`fused` does not support `differentiable`")
        if fused and foreach:
            raise RuntimeError("`fused` and `foreach` cannot be `True` together.")

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name in ("amsgrad", "maximize", "capturable", "differentiable", "decoupled_weight_decay"):
                group.setdefault(name, False)
            group.setdefault("foreach", None)
            group.setdefault("fused", None)
            for p in group["params"]:
                saved = self.state.get(p, {})
                if saved and not isinstance(saved["step"], Tensor):
                    saved["step"] = ops.tensor(float(saved["step"]), dtype=float32)

    def _update(self, param: Tensor, grad: Tensor, group: dict[str, Any]) -> None:
        state = self.state[param]
        if not state:
            state["step"] = ops.tensor(0.0, dtype=float32)  # on the CPU: it is read in every step
            state["exp_avg"] = ops.zeros_like(param)
            state["exp_avg_sq"] = ops.zeros_like(param)
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = ops.zeros_like(param)
        step = state["step"].item() + 1
        state["step"].fill_(step)
        lr = as_number(group["lr"])
        beta1, beta2 = group["betas"]
        weight_decay = group["weight_decay"]
        if weight_decay != 0:
            if group["decoupled_weight_decay"]:
                param.mul_(1 - lr * weight_decay)
            else:
                grad = grad + param * weight_decay
        exp_avg, exp_avg_sq = state["exp_avg"], state["exp_avg_sq"]
        numbers = (lr / (1 - beta1**step), beta1, beta2, (1 - beta2**step) ** 0.5, group["eps"])
        if group["amsgrad"]:
            largest = state["max_exp_avg_sq"]
            value, average, squares, most = ops.amsgrad_step(param, grad, exp_avg, exp_avg_sq, largest, *numbers)
            put(largest, most)
        else:
            value, average, squares = ops.adam_step(param, grad, exp_avg, exp_avg_sq, *numbers)
        put(param, value)
        put(exp_avg, average)
        put(exp_avg_sq, squares)
