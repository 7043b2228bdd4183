"""Adam: steps scaled by running averages of the gradient and of its square."""

from __future__ import annotations

from typing import Any

from .. import ops
from .._tensor import Tensor
from ..autograd.modes import GradMode
from ..dtype import float32, float64
from .functional_form import functional_form
from .optimizer import (
    GradientOptimizer,
    ParamsT,
    as_number,
    check_betas,
    check_lr,
    check_not_negative,
    number,
    put,
    written,
)


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
        for i, beta in enumerate(betas):
            if isinstance(beta, Tensor) and foreach and not capturable:
                raise ValueError(f"betas[{i}] as a Tensor is not supported for capturable=False and foreach=True")
            if isinstance(beta, Tensor) and beta.numel() != 1:
                raise ValueError(f"Tensor betas[{i}] must be 1-element")
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
        self._step_supports_amp_scaling = bool(fused)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("amsgrad", False)
            group.setdefault("decoupled_weight_decay", False)

    def _begin(self, param: Tensor, grad: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        state = {"step": number(0.0), "exp_avg": ops.zeros_like(param), "exp_avg_sq": ops.zeros_like(param)}
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = ops.zeros_like(param)
        return state

    def _update(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
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
            if self._in_place(param, grad, exp_avg, exp_avg_sq, numbers):
                return
            value, average, squares = ops.adam_step(param, grad, exp_avg, exp_avg_sq, *numbers)
        put(param, value)
        put(exp_avg, average)
        put(exp_avg_sq, squares)

    @staticmethod
    def _in_place(param: Tensor, grad: Tensor, exp_avg: Tensor, exp_avg_sq: Tensor, numbers: tuple[Any, ...]) -> bool:
        """The step where the arrays are, if the backend can do that and nobody records it."""
        tensors = (param, grad, exp_avg, exp_avg_sq)
        step = param._storage.backend.kernels.get("adam_in_place")
        if step is None or GradMode.enabled or any([t.dtype is not param.dtype for t in tensors]):  # noqa: C419
            return False
        if param.dtype not in (float32, float64) or not step(*[t._array() for t in tensors], *numbers):
            return False
        written(param, exp_avg, exp_avg_sq)
        return True


_LISTS = {
    "exp_avgs": "exp_avg",
    "exp_avg_sqs": "exp_avg_sq",
    "max_exp_avg_sqs": "max_exp_avg_sq",
    "state_steps": "step",
}
_OPTIONS = ("foreach", "capturable", "differentiable", "fused", "grad_scale", "found_inf", "has_complex")

adam = functional_form(Adam, "adam", _LISTS, (*_OPTIONS, "decoupled_weight_decay"), decoupled_weight_decay=False)
adamw = functional_form(Adam, "adamw", _LISTS, _OPTIONS, decoupled_weight_decay=True)
