"""Adafactor: Adam's scaling with the squares of a matrix kept as a row and a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import ops
from .._tensor import Tensor
from ..numeric_limits import finfo
from .functional_form import functional_form
from .optimizer import GradientOptimizer, ParamsT, as_number, number


class Adafactor(GradientOptimizer):
    """θ ← θ - α · U / max(1, rms(U) / d), with U = g / √V and α = max(eps₂, rms(θ)) · min(lr, 1 / √t).

    V averages g² with the rate t^beta2_decay; that of a matrix is the product of the averages of its rows and columns.

    Args:
        lr: default 1e-2.
        beta2_decay: default -0.8.
        eps: (eps₁, the least √V; default that of the dtype, eps₂; default 1e-3).
        d: the largest rms of a step; default 1.
        weight_decay: θ ← (1 - lr weight_decay) θ; default 0.
        maximize: climb instead; default False.
        foreach: accepted; there is one implementation.

    Source: Shazeer and Stern, arXiv 1804.04235; https://docs.pytorch.org/docs/stable/generated/torch.optim.Adafactor.html
    """

    _elementwise = False

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if not as_number(lr) >= 0.0:
            raise ValueError(f"Learning rate should be >= 0 but is: {lr}")
        if not beta2_decay <= 0.0:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        if eps[0] is not None and not eps[0] >= 0.0:
            raise ValueError(f"epsilon1 should be >= 0 but is: {eps[0]}")
        if not eps[1] >= 0.0:
            raise ValueError(f"epsilon2 should be >= 0 but is: {eps[1]}")
        if not d >= 1.0:
            raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
        if not weight_decay >= 0.0:
            raise ValueError(f"weight_decay should be >= 0 but is: {weight_decay}")
        super().__init__(
            params,
            {
                "lr": lr,
                "beta2_decay": beta2_decay,
                "eps": eps,
                "d": d,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
            },
        )

    def _begin(self, param: Tensor, grad: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        if grad.dim() <= 1:
            return {"step": number(0.0), "variance": ops.zeros_like(grad)}
        *outer, rows, columns = grad.shape
        return {
            "step": number(0.0),
            "row_var": grad.new_zeros([*outer, rows, 1]),
            "col_var": grad.new_zeros([*outer, 1, columns]),
        }

    def _update(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        step = state["step"].item() + 1
        state["step"].fill_(step)
        lr, (least, least_rms) = as_number(group["lr"]), group["eps"]
        if least is None:
            least = finfo(param.dtype).eps
        share = step ** group["beta2_decay"]
        alpha = max(least_rms, _rms(param)) * min(lr, 1 / step**0.5)
        if group["weight_decay"] != 0:
            param.mul_(1 - lr * group["weight_decay"])
        if grad.dim() > 1:
            rows = state["row_var"].lerp_(_mean_of_squares(grad, -1), share)
            columns = state["col_var"].lerp_(_mean_of_squares(grad, -2), share)
            estimate = (rows @ columns) / rows.mean(dim=-2, keepdim=True).clamp(min=least)
        else:
            estimate = state["variance"].lerp_(grad * grad, share)
        update = estimate.clamp(min=least * least).rsqrt() * grad
        param.add_(update, alpha=-alpha / max(1.0, _rms(update) / group["d"]))


def _rms(x: Tensor) -> float:
    root: float = x.norm(2).item() / x.numel() ** 0.5
    return root


def _mean_of_squares(grad: Tensor, dim: int) -> Any:
    return ops.norm(grad, dim=dim, keepdim=True).square() / grad.size(dim)


_step = functional_form(
    Adafactor,
    "adafactor",
    {"row_vars": "row_var", "col_vars": "col_var", "variances": "variance", "state_steps": "step"},
    ("foreach", "grad_scale", "found_inf", "has_complex"),
)


def adafactor(
    params: list[Tensor], grads: list[Tensor], *args: Any, eps1: float | None, eps2: float, **kwargs: Sequence[Any]
) -> None:
    """One step of `Adafactor` on lists of parameters, gradients and state, all changed in place."""
    _step(params, grads, *args, eps=(eps1, eps2), **kwargs)
