"""What PyTorch's own optimizers are built of, for optimizers that were copied from them. All in `torch.optim.optimizer`."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from .. import ops
from .._tensor import Tensor
from ..autograd.modes import is_grad_enabled, set_grad_enabled
from ..dtype import dtype, float32, float64, get_default_dtype

_foreach_supported_types = [Tensor]


def _use_grad_for_differentiable(func: Callable[..., Any]) -> Callable[..., Any]:
    """A `step` that is recorded if, and only if, the optimizer is differentiable."""

    @functools.wraps(func)
    def _use_grad(*args: Any, **kwargs: Any) -> Any:
        before = is_grad_enabled()
        set_grad_enabled(bool(args[0].defaults["differentiable"]))
        try:
            return func(*args, **kwargs)
        finally:
            set_grad_enabled(before)

    return _use_grad


def _get_value(x: Any) -> Any:
    return x.item() if isinstance(x, Tensor) else x


def _to_scalar(x: Any) -> Any:
    return x.squeeze() if isinstance(x, Tensor) and x.dim() != 0 else x


def _dispatch_sqrt(x: Any) -> Any:
    return x.sqrt() if isinstance(x, Tensor) else math.sqrt(x)


def _stack_if_compiling(x: Any) -> Any:
    return x


def _get_scalar_dtype(is_fused: bool | None = None) -> dtype:
    return float64 if get_default_dtype() is float64 and not is_fused else float32


def _default_to_fused_or_foreach(
    params: Sequence[Tensor], differentiable: bool, use_fused: bool = False
) -> tuple[bool, bool]:
    return False, False


def _view_as_real(params: list[Tensor], *state_and_grads: list[Tensor]) -> None:
    for i, p in enumerate(params):
        if p.is_complex():
            for tensors in (params, *state_and_grads):
                tensors[i] = ops.view_as_real(tensors[i])


def _disable_dynamo_if_unsupported(single_tensor_fn: Any = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return lambda func: func
