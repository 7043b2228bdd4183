"""Optimizers as functions of lists: `adam(params, grads, exp_avgs, ..., lr=..., beta1=...)`, as PyTorch has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .._tensor import Tensor
from ..autograd.modes import set_grad_enabled
from .optimizer import GradientOptimizer

_PAIRS = {
    "betas": ("beta1", "beta2"),
    "etas": ("etaminus", "etaplus"),
    "step_sizes": ("step_size_min", "step_size_max"),
}
"""Settings of an optimizer that the function takes one by one."""

_ALL = ("foreach", "capturable", "differentiable", "fused", "grad_scale", "found_inf", "has_complex", "has_sparse_grad")


def functional_form(
    cls: type[GradientOptimizer], name: str, lists: dict[str, str], options: Sequence[str] = (), **fixed: Any
) -> Callable[..., None]:
    """The step of an optimizer as a function of parameters, gradients and lists of state, which it changes in place.

    Args:
        lists: the parameters after `params` and `grads`, and the key in the optimizer's state that each stands for.
        options: further parameters in their order; those in `_ALL` that are not among them come by keyword.
        fixed: settings that the function does not take.
    """
    positional = [*lists, *options]

    def call(params: list[Tensor], grads: list[Tensor], *args: Any, **kwargs: Any) -> None:
        if len(args) > len(positional):
            raise TypeError(
                f"{name}() takes from 2 to {2 + len(positional)} positional arguments but {2 + len(args)} were given"
            )
        given = {**dict(zip(positional, args, strict=False)), **kwargs}
        states = {key: given.pop(argument) for argument, key in lists.items()}
        group: dict[str, Any] = {**dict.fromkeys(_ALL), "maximize": False, **fixed, **given}
        for whole, (first, second) in _PAIRS.items():
            if first in group:
                group[whole] = (group.pop(first), group.pop(second))
        optimizer: Any = cls.__new__(cls)
        with set_grad_enabled(bool(group["differentiable"])):
            for i, (param, grad) in enumerate(zip(params, grads, strict=True)):
                optimizer._refuse([param], [grad], group)
                state = {key: held[i] for key, held in states.items() if i < len(held) and held[i] is not None}
                optimizer._update(param, -grad if group["maximize"] else grad, state, group)
                for key, held in states.items():
                    if i < len(held) and held[i] is None:
                        held[i] = state.get(key)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"One step of `{cls.__name__}` on lists of parameters, gradients and state, all changed in place."
    call.__module__ = cls.__module__
    return call
