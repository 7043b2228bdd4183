"""Stochastic gradient descent, with momentum if wanted."""

from __future__ import annotations

from typing import Any

from .. import ops
from .._tensor import Tensor
from ..dtype import float32, float64
from .functional_form import functional_form
from .optimizer import GradientOptimizer, ParamsT, as_number, check_lr, check_not_negative, put, written


class SGD(GradientOptimizer):
    """θ ← θ - lr · g, with momentum θ ← θ - lr · b, b ← momentum · b + (1 - dampening) · g (b = g at first).

    Args:
        lr: learning rate; default 1e-3.
        momentum, dampening: default 0.
        weight_decay: λ in g ← g + λ θ; default 0.
        nesterov: θ ← θ - lr · (g + momentum · b); default False.
        maximize: climb instead; default False.
        foreach, fused: accepted; there is one implementation.
        differentiable: record the step itself; default False.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        check_not_negative(momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
                "foreach": foreach,
                "differentiable": differentiable,
                "fused": fused,
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
            for name, value in (
                ("nesterov", False),
                ("maximize", False),
                ("foreach", None),
                ("differentiable", False),
                ("fused", False),
            ):
                group.setdefault(name, value)

    def _refuse(self, params: list[Tensor], grads: list[Tensor], group: dict[str, Any]) -> None:
        if group["momentum"] != 0 or as_number(group["weight_decay"]) != 0:
            super()._refuse(params, grads, group)

    def _begin(self, param: Tensor, grad: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {}

    def _update_group(self, params: list[Tensor], grads: list[Tensor], group: dict[str, Any]) -> None:
        if group["momentum"] == 0 and params and not group["differentiable"] and self._steps(params, grads, group):
            return
        super()._update_group(params, grads, group)

    def _state_of(self, param: Tensor, grad: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {} if group["momentum"] == 0 else self.state[param]

    def _steps(self, params: list[Tensor], grads: list[Tensor], group: dict[str, Any]) -> bool:
        """All steps in one call, if the backend has that and the dtypes allow it."""
        backend, kind = params[0]._storage.backend, params[0].dtype
        steps = backend.kernels.get("sgd_steps")
        if steps is None or any([t._storage.backend is not backend or t.dtype is not kind for t in (*params, *grads)]):  # noqa: C419
            return False
        if kind not in (float32, float64) or any([grad.is_sparse for grad in grads]):  # noqa: C419
            return False
        rate = as_number(group["lr"])
        arrays = [grad._array() for grad in grads]
        decay = as_number(group["weight_decay"])
        if group["maximize"]:
            rate, decay = -rate, -decay
        steps([p._array() for p in params], arrays, rate, decay)
        written(*params)
        return True

    def _update(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        lr, momentum, weight_decay = as_number(group["lr"]), group["momentum"], as_number(group["weight_decay"])
        if momentum == 0:
            if grad.is_sparse:
                param.add_(grad, alpha=-lr)
            else:
                put(param, ops.sgd_step(param, grad, lr, weight_decay))
            return
        buffer = state.get("momentum_buffer")
        if buffer is None:
            decayed = grad if weight_decay == 0 else grad + param * weight_decay
            buffer = state["momentum_buffer"] = decayed.detach().clone()
            step = decayed + buffer * momentum if group["nesterov"] else buffer
            put(param, param + step * -lr)
            return
        value, moved = ops.sgd_momentum_step(
            param, grad, buffer, lr, momentum, group["dampening"], weight_decay, group["nesterov"]
        )
        put(param, value)
        put(buffer, moved)


sgd = functional_form(
    SGD,
    "sgd",
    {"momentum_buffer_list": "momentum_buffer"},
    ("has_sparse_grad", "foreach", "fused", "grad_scale", "found_inf"),
)
