"""SparseAdam: Adam that moves only where a sparse gradient has values."""

from __future__ import annotations

import math
from typing import Any

from .. import ops
from .._tensor import Tensor
from .functional_form import functional_form
from .optimizer import GradientOptimizer, ParamsT, as_number, check_betas


class SparseAdam(GradientOptimizer):
    """As `Adam`, for the elements of each parameter, and of its averages, at which the sparse gradient has values.

    Args:
        lr: default 1e-3.
        betas: (β₁, β₂); default (0.9, 0.999).
        eps: default 1e-8.
        maximize: climb instead; default False.

    Raises:
        RuntimeError: `step` finds a dense gradient.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.SparseAdam.html
    """

    _elementwise = False

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if not as_number(lr) > 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if not eps > 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        check_betas(betas)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})
        places = [(i, j, p) for i, group in enumerate(self.param_groups) for j, p in enumerate(group["params"])]
        sparse = [[i, j] for i, j, p in places if p.is_sparse]
        if sparse:
            raise ValueError(f"Sparse params at indices {sparse}: SparseAdam requires dense parameter tensors")
        complexes = [[i, j] for i, j, p in places if p.is_complex()]
        if complexes:
            raise ValueError(f"Complex params at indices {complexes}: SparseAdam does not support complex parameters")

    def __setstate__(self, state: dict[str, Any]) -> None:
        steps = {p: held["step"] for p, held in state.get("state", {}).items() if "step" in held}
        super().__setstate__(state)
        for p, step in steps.items():
            self.state[p]["step"] = step  # an int, here alone

    def _refuse(self, params: list[Tensor], grads: list[Tensor], group: dict[str, Any]) -> None:
        if not all(grad.is_sparse for grad in grads):
            raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")

    def _begin(self, param: Tensor, grad: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {"step": 0, "exp_avg": ops.zeros_like(param), "exp_avg_sq": ops.zeros_like(param)}

    def _update(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"] += 1
        grad = grad.coalesce()
        where, values = tuple(grad._indices()), grad._values()
        if values.numel() == 0:
            return
        beta1, beta2 = group["betas"]
        average, squares = state["exp_avg"], state["exp_avg_sq"]
        average[where] = new = average[where] + (values - average[where]) * (1 - beta1)
        squares[where] = new_squares = squares[where] + (values**2 - squares[where]) * (1 - beta2)
        step = state["step"]
        size = as_number(group["lr"]) * math.sqrt(1 - beta2**step) / (1 - beta1**step)
        param[where] = param[where] - size * (new / (new_squares.sqrt() + group["eps"]))


def sparse_adam(
    params: list[Tensor],
    grads: list[Tensor],
    exp_avgs: list[Tensor],
    exp_avg_sqs: list[Tensor],
    state_steps: list[int],
    **settings: Any,
) -> None:
    """One step of `SparseAdam`; `state_steps` counts it already, as PyTorch's."""
    before = [step - 1 for step in state_steps]
    _step(params, grads, exp_avgs, exp_avg_sqs, before, **settings)


_step = functional_form(
    SparseAdam, "sparse_adam", {"exp_avgs": "exp_avg", "exp_avg_sqs": "exp_avg_sq", "state_steps": "step"}
)
