"""ASGD: stochastic gradient descent that also keeps the average of the parameters."""

from __future__ import annotations

from typing import Any

from .. import ops
from .._tensor import Tensor
from .functional_form import functional_form
from .optimizer import GradientOptimizer, ParamsT, as_number, check_lr, check_not_negative, number, put


class ASGD(GradientOptimizer):
    """θ ← (1 - λ η) θ - η g, with η ← lr / (1 + λ lr t)^α; the average of θ from step t0 on is state["ax"].

    Args:
        lr: learning rate; default 1e-2.
        lambd: λ, how the rate falls; default 1e-4.
        alpha: α; default 0.75.
        t0: when averaging starts; default 1e6.
        weight_decay: added to the gradient as weight_decay · θ; default 0.
        maximize: climb instead; default False.
        foreach, capturable: accepted; there is one implementation.
        differentiable: record the step itself; default False.

    Source: Polyak and Juditsky 1992; https://docs.pytorch.org/docs/stable/generated/torch.optim.ASGD.html
    """

    _capturable_tensors = "params, mus, etas, and state_steps"

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_lr(lr)
        check_not_negative(weight_decay=weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "lambd": lambd,
                "alpha": alpha,
                "t0": t0,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def _begin(self, param: Tensor, grad: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {
            "step": number(0.0),
            "eta": number(as_number(group["lr"])),
            "mu": number(1.0),
            "ax": ops.zeros_like(param),
        }

    def _update(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        step = state["step"].item() + 1
        state["step"].fill_(step)
        lr, lambd = as_number(group["lr"]), group["lambd"]
        if group["weight_decay"] != 0:
            grad = grad.add(param, alpha=group["weight_decay"])
        eta, mu, average = state["eta"].item(), state["mu"].item(), state["ax"]
        param.mul_(1 - lambd * eta)
        param.add_(grad, alpha=-eta)
        if mu != 1:
            average.add_((param - average) * mu)
        else:
            put(average, param)
        state["eta"].fill_(lr / (1 + lambd * lr * step) ** group["alpha"])
        state["mu"].fill_(1 / max(1, step - group["t0"]))


asgd = functional_form(
    ASGD,
    "asgd",
    {"axs": "ax", "mus": "mu", "etas": "eta", "state_steps": "step"},
    ("foreach", "maximize", "differentiable", "capturable", "has_complex"),
)
