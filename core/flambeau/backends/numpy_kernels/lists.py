"""NumPy kernels of lists of arrays, for optimizers of many small parameters; those without a result write in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any


def flatten(arrays: list[Array]) -> Array:
    """All elements in one row."""
    return np.concatenate(arrays, axis=None)


def unflatten(row: Array, arrays: list[Array]) -> None:
    """Write what `flatten` would join into the arrays."""
    start = 0
    for array in arrays:
        end = start + array.size
        array[...] = row[start:end].reshape(array.shape)
        start = end


def fill(number: Array, arrays: list[Array]) -> None:
    """Write one number into arrays of one element."""
    value = number.item()
    for array in arrays:
        array.fill(value)


def all_equal(arrays: list[Array]) -> bool:
    """Whether arrays of one element have the same."""
    return len({array.item() for array in arrays}) <= 1


def sgd_steps(params: list[Array], grads: list[Array], rate: float, weight_decay: float) -> None:
    """`sgd_step` of many parameters, in place."""
    multiply, add = np.multiply, np.add
    for param, grad in zip(params, grads, strict=True):
        if weight_decay == 0:
            step = multiply(grad, -rate)
        else:
            step = multiply(param, weight_decay)
            step += grad
            step *= -rate
        add(param, step, param)


BLOCK = 16384  # elements of which all that a step needs stays in the cache


def adam_in_place(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    step_size: float,
    beta1: float,
    beta2: float,
    root_correction: float,
    eps: float,
) -> bool:
    """`adam_step`, block by block; False, with nothing done, where the arrays are not in one piece."""
    if not all([a.flags.c_contiguous for a in (param, grad, exp_avg, exp_avg_sq)]):  # noqa: C419
        return False
    rows = [a.reshape(-1) for a in (param, grad, exp_avg, exp_avg_sq)]
    size = rows[0].size
    multiply, add, divide = np.multiply, np.add, np.divide
    first, second = np.empty(min(size, BLOCK), param.dtype), np.empty(min(size, BLOCK), param.dtype)
    for start in range(0, size, BLOCK):
        p, g, m, v = [row[start : start + BLOCK] for row in rows]
        a, b = first[: p.size], second[: p.size]
        np.subtract(g, m, a)
        multiply(a, 1 - beta1, a)
        add(a, m, m)
        multiply(g, 1 - beta2, a)
        multiply(a, g, a)
        multiply(v, beta2, v)
        add(a, v, v)
        np.sqrt(v, a)
        divide(a, root_correction, a)
        add(a, eps, a)
        multiply(m, -step_size, b)
        divide(b, a, b)
        add(b, p, p)
    return True


KERNELS: dict[str, Callable[..., Any]] = {
    f.__name__: f for f in (flatten, unflatten, fill, all_equal, sgd_steps, adam_in_place)
}
