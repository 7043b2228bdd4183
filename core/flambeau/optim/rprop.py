"""Rprop: steps whose size depends only on whether the gradient keeps its sign."""

from __future__ import annotations

from typing import Any

from .. import ops
from .._tensor import Tensor
from .functional_form import functional_form
from .optimizer import GradientOptimizer, ParamsT, as_number, check_lr, number, put


class Rprop(GradientOptimizer):
    """θ ← θ - sign(g) · s: s grows by η₊ while the sign stays, and shrinks by η₋ without a step when it turns.

    Args:
        lr: the first s; default 1e-2.
        etas: (η₋, η₊); default (0.5, 1.2).
        step_sizes: the least and largest s; default (1e-6, 50).
        maximize: climb instead; default False.
        foreach, capturable: accepted; there is one implementation.
        differentiable: record the step itself; default False.

    Source: Riedmiller and Braun 1993; https://docs.pytorch.org/docs/stable/generated/torch.optim.Rprop.html
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        super().__init__(
            params,
            {
                "lr": lr,
                "etas": etas,
                "step_sizes": step_sizes,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def _begin(self, param: Tensor, grad: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        size = ops.full_like(grad, as_number(group["lr"]))
        return {"step": number(0.0), "prev": ops.zeros_like(param), "step_size": size}

    def _update(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"].add_(1)
        (shrink, grow), (least, largest) = group["etas"], group["step_sizes"]
        product = grad * state["prev"]
        turned = product < 0
        factor = ops.where(turned, shrink, ops.where(product > 0, grow, ops.ones_like(product)))
        size = state["step_size"]
        put(size, (size * factor).clamp(least, largest))
        grad = ops.where(turned, 0.0, grad)
        param.addcmul_(grad.sign(), size, value=-1)
        put(state["prev"], grad)


rprop = functional_form(
    Rprop,
    "rprop",
    {"prevs": "prev", "step_sizes": "step_size", "state_steps": "step"},
    ("foreach", "capturable", "maximize", "differentiable", "has_complex"),
)
