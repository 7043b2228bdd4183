"""Many parameters updated as one long one: where a call, or a kernel, costs more than the arithmetic.

A backend offers it with two kernels. `pack(arrays)` is a row of all their elements; `unpack(row, arrays)` the parts of a
row, in the shapes of the arrays. Where packing is free for what was unpacked before (`wgpu`), all parameters are updated
together, and from the second step on they lie together. NumPy copies, as `flatten`, and writes the parts back where they
were, as `unflatten`: that pays for small ones.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import inf, prod
from typing import Any, TypeAlias

from .._tensor import Tensor, from_array
from ..dtype import float32, float64

SMALL = 4096  # elements, up to which copying is cheaper than a call
FEW = 4  # parameters from which it is

Triple: TypeAlias = tuple[list[Tensor], list[Tensor], list[dict[str, Any]]]
_numel = lru_cache(maxsize=None)(prod)


def update_together(
    update: Callable[[Tensor, Tensor, dict[str, Any], dict[str, Any]], None],
    params: list[Tensor],
    grads: list[Tensor],
    states: list[dict[str, Any]],
    group: dict[str, Any],
) -> Triple:
    """Update together what can be; returns the parameters that are left, with gradients and states.

    Those can be that have states with the same entries, and with the same numbers, such as the count of steps.
    """
    if len(params) < 2:
        return params, grads, states
    storage = params[0]._storage
    kernels, kind = storage.backend.kernels, params[0].dtype
    lies_together = "pack" in kernels
    pack = kernels.get("pack" if lies_together else "flatten")
    largest, least = (inf, 2) if lies_together else (SMALL, FEW)
    if pack is None or len(params) < least or kind not in (float32, float64):
        return params, grads, states
    fits = [
        0 < _numel(p._shape) <= largest
        and p._storage.backend is storage.backend
        and p.dtype is kind
        and g.dtype is kind
        and not g.is_sparse
        for p, g in zip(params, grads, strict=True)
    ]
    chosen = [i for i, fit in enumerate(fits) if fit]
    if len(chosen) < least:
        return params, grads, states
    held = [states[i] for i in chosen]
    names = list(held[0])
    numbers = [name for name in names if name in NUMBERS]
    if (
        not (names or lies_together)
        or any([list(state) != names for state in held])  # noqa: C419
        or not all([_same(name, held) for name in numbers])  # noqa: C419
    ):
        return params, grads, states

    def joined(tensors: list[Tensor]) -> Tensor:
        return from_array(pack([t._array() for t in tensors]), kind, storage)

    chosen_params = [params[i] for i in chosen]
    param, grad = joined(chosen_params), joined([grads[i] for i in chosen])
    state = {name: held[0][name].clone() if name in numbers else joined([s[name] for s in held]) for name in names}
    update(param, -grad if group.get("maximize") else grad, state, group)
    _write_back(param, chosen_params)
    for name, value in state.items():
        if name in numbers:
            _fill(value, [s[name] for s in held])
            continue
        if name not in names:  # remembered from the first step on
            for s, p in zip(held, chosen_params, strict=True):
                s[name] = from_array(storage.backend.full(p._shape, 0, kind), kind, storage)
        _write_back(value, [s[name] for s in held])
    left = [i for i, fit in enumerate(fits) if not fit]
    return [params[i] for i in left], [grads[i] for i in left], [states[i] for i in left]


NUMBERS = ("step", "eta", "mu", "mu_product")
"""What of a state is one number, whatever the parameter's shape."""


def _same(name: str, states: list[dict[str, Any]]) -> bool:
    """Whether a number is the same in all states."""
    numbers: list[Tensor] = [state[name] for state in states]
    all_equal = numbers[0]._storage.backend.kernels.get("all_equal")
    if all_equal is not None and len({t._storage.backend for t in numbers}) == 1:
        return bool(all_equal([t._array() for t in numbers]))
    return len({t.item() for t in numbers}) == 1


def _fill(value: Tensor, numbers: list[Tensor]) -> None:
    fill = value._storage.backend.kernels.get("fill")
    if fill is None or any([t._storage.backend is not value._storage.backend for t in numbers]):  # noqa: C419
        for t in numbers:
            t.fill_(value.item())
        return
    fill(value._array(), [t._array() for t in numbers])
    _changed(numbers)


def _write_back(value: Tensor, tensors: list[Tensor]) -> None:
    kernels = value._storage.backend.kernels
    if "unpack" in kernels:
        for t, part in zip(tensors, kernels["unpack"](value._array(), [t._array() for t in tensors]), strict=True):
            t._write(part)
        return
    kernels["unflatten"](value._array(), [t._array() for t in tensors])
    _changed(tensors)


def _changed(tensors: list[Tensor]) -> None:
    for t in tensors:
        if t._tracked:
            t._storage.version += 1
