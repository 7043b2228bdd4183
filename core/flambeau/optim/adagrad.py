"""Adagrad: steps scaled by the root of all squared gradients so far."""

from __future__ import annotations

from typing import Any

from .. import ops
from .._tensor import Tensor
from .functional_form import functional_form
from .optimizer import GradientOptimizer, ParamsT, as_number, check_lr, check_not_negative, number


class Adagrad(GradientOptimizer):
    """θ ← θ - lr / (1 + (t - 1) lr_decay) · g / (√s + eps), s ← s + g².

    Args:
        lr: learning rate; default 1e-2.
        lr_decay: default 0.
        weight_decay: λ in g ← g + λ θ; default 0.
        initial_accumulator_value: the first s; default 0.
        eps: default 1e-10.
        maximize: climb instead; default False.
        foreach, fused: accepted; there is one implementation.

    Source: Duchi et al. 2011; https://docs.pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        check_not_negative(
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            epsilon=eps,
        )
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "eps": eps,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "fused": fused,
            },
        )
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p] = self._begin(p, p, group)
        if fused and differentiable:
            raise RuntimeError("`fused` does not support `differentiable`")
        if fused and foreach:
            raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
        self._step_supports_amp_scaling = bool(fused)

    def _begin(self, param: Tensor, grad: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {"step": number(0.0), "sum": ops.full_like(param, group["initial_accumulator_value"])}

    def share_memory(self) -> None:
        """Move the state to memory that processes share."""
        for state in self.state.values():
            state["sum"].share_memory_()

    def _update(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        step = state["step"].item() + 1
        state["step"].fill_(step)
        if group["weight_decay"] != 0:
            grad = grad.add(param, alpha=group["weight_decay"])
        rate = as_number(group["lr"]) / (1 + (step - 1) * group["lr_decay"])
        root = state["sum"].addcmul_(grad, grad, value=1).sqrt().add(group["eps"])
        param.addcdiv_(grad, root, value=-rate)


adagrad = functional_form(
    Adagrad,
    "adagrad",
    {"state_sums": "sum", "state_steps": "step"},
    ("fused", "grad_scale", "found_inf", "has_sparse_grad", "foreach", "differentiable", "has_complex"),
)
