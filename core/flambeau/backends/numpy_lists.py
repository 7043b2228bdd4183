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


KERNELS: dict[str, Callable[..., Any]] = {f.__name__: f for f in (flatten, unflatten, fill, all_equal, sgd_steps)}
