"""Many small parameters updated as one long one: where a call costs more than the arithmetic.

Only on backends whose kernels can join arrays and write the pieces back (`flatten`, `unflatten`), which is NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import prod
from typing import Any, TypeAlias

from .._tensor import Tensor, from_array
from ..dtype import float32, float64

SMALL = 4096  # elements, up to which copying is cheaper than a call
FEW = 4

Triple: TypeAlias = tuple[list[Tensor], list[Tensor], list[dict[str, Any]]]
_numel = lru_cache(maxsize=None)(prod)


def update_small(
    update: Callable[[Tensor, Tensor, dict[str, Any], dict[str, Any]], None],
    params: list[Tensor],
    grads: list[Tensor],
    states: list[dict[str, Any]],
    group: dict[str, Any],
) -> Triple:
    """Update the small parameters together, if they can be; returns those that are left, with gradients and states.

    They can be where they have states with the same entries, and with the same numbers, such as the count of steps.
    """
    if len(params) < FEW:
        return params, grads, states
    storage = params[0]._storage
    kernels, kind = storage.backend.kernels, params[0].dtype
    flatten = kernels.get("flatten")
    if flatten is None or kind not in (float32, float64):
        return params, grads, states
    fits = [
        _numel(p._shape) <= SMALL and p._storage.backend is storage.backend and p.dtype is kind and g.dtype is kind
        for p, g in zip(params, grads, strict=True)
    ]
    chosen = [i for i, fit in enumerate(fits) if fit]
    if len(chosen) < FEW:
        return params, grads, states
    held = [states[i] for i in chosen]
    names = list(held[0])
    numbers = [name for name in names if name in NUMBERS]
    if not names or any([list(state) != names for state in held]) or not _same_numbers(held, numbers, kernels):  # noqa: C419
        return params, grads, states

    def joined(tensors: list[Tensor]) -> Tensor:
        return from_array(flatten([t._array() for t in tensors]), kind, storage)

    param, grad = joined([params[i] for i in chosen]), joined([grads[i] for i in chosen])
    state = {name: held[0][name].clone() if name in numbers else joined([s[name] for s in held]) for name in names}
    update(param, -grad if group.get("maximize") else grad, state, group)
    _write_back(param, [params[i] for i in chosen], kernels["unflatten"])
    for name in names:
        _write_back(state[name], [s[name] for s in held], kernels["fill" if name in numbers else "unflatten"])
    left = [i for i, fit in enumerate(fits) if not fit]
    return [params[i] for i in left], [grads[i] for i in left], [states[i] for i in left]


NUMBERS = ("step", "eta", "mu", "mu_product")
"""What of a state is one number, whatever the parameter's shape."""


def _same_numbers(states: list[dict[str, Any]], names: list[str], kernels: Any) -> bool:
    return all(kernels["all_equal"]([state[name]._array() for state in states]) for name in names)


def _write_back(value: Tensor, tensors: list[Tensor], write: Callable[[Any, list[Any]], None]) -> None:
    write(value._array(), [t._array() for t in tensors])
    for t in tensors:
        if t._tracked:
            t._storage.version += 1
