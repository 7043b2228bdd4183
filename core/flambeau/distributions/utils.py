"""What distributions share: broadcasting of parameters, probabilities and logits, properties computed once.

Source: https://docs.pytorch.org/docs/stable/distributions.html
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Final

from .. import ops
from .._tensor import Tensor
from ..autograd.modes import enable_grad, no_grad
from ..dtype import get_default_dtype
from ..numeric_limits import finfo
from ..shape import Size

euler_constant: Final = 0.57721566490153286060

Shape = Size | tuple[int, ...] | list[int]
Number = (bool, int, float)


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Tensors and numbers as tensors of one shape; numbers take the dtype and device of the first tensor.

    Raises:
        ValueError: a value is neither.
    """
    if not all(isinstance(v, (Tensor, *Number)) for v in values):
        raise ValueError(
            "Input arguments must all be instances of Number, torch.Tensor or objects implementing __torch_function__."
        )
    first = next((v for v in values if isinstance(v, Tensor)), None)
    options = {"dtype": get_default_dtype()} if first is None else {"dtype": first.dtype, "device": first.device}
    tensors = [v if isinstance(v, Tensor) else ops.tensor(v, **options) for v in values]
    found: tuple[Tensor, ...] = tuple(ops.broadcast_tensors(*tensors))
    return found


def shape_of(first: Tensor, *given: Any) -> Size:
    """The batch shape that parameters give: that of the first after broadcasting, () where all were plain numbers."""
    return Size() if all(isinstance(v, Number) for v in given) else first.shape


def standard_normal(shape: Size, like: Tensor) -> Tensor:
    """Normal numbers of a shape, in the dtype and on the device of `like`."""
    drawn: Tensor = ops.empty(shape, dtype=like.dtype, device=like.device).normal_()
    return drawn


def uniform(shape: Size, like: Tensor) -> Tensor:
    """Numbers uniform on [0, 1) of a shape, in the dtype and on the device of `like`."""
    drawn: Tensor = ops.rand(shape, dtype=like.dtype, device=like.device)
    return drawn


def sum_rightmost(value: Any, dim: int) -> Any:
    """The sum over the last `dim` dimensions."""
    return value if dim == 0 else value.reshape((*value.shape[:-dim], -1)).sum(-1)


_sum_rightmost = sum_rightmost
_standard_normal = standard_normal


def filled(mask: Tensor, value: Any, x: Tensor) -> Tensor:
    """`x` with a number where the mask is true."""
    found: Tensor = x.masked_fill(mask, value)
    return found


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Probabilities from logits: by sigmoid if binary, else by softmax over the last dimension."""
    found: Tensor = logits.sigmoid() if is_binary else logits.softmax(-1)
    return found


def clamp_probs(probs: Tensor) -> Tensor:
    """Probabilities kept from 0 and 1 by the machine epsilon of their dtype."""
    eps = finfo(probs.dtype).eps
    found: Tensor = probs.clamp(min=eps, max=1 - eps)
    return found


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """Logits from probabilities: log odds if binary, else logarithms."""
    kept = clamp_probs(probs)
    found: Tensor = kept.log() - (-kept).log1p() if is_binary else kept.log()
    return found


class lazy_property:
    """A property computed, with gradients, when it is first read, and then kept as an attribute."""

    def __init__(self, wrapped: Callable[[Any], Any]) -> None:
        self.wrapped = wrapped
        update_wrapper(self, wrapped)  # type: ignore[arg-type]

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        with enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.wrapped.__name__, value)
        return value


def without_grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f`, which records nothing."""

    def call(*args: Any, **kwargs: Any) -> Any:
        with no_grad():
            return f(*args, **kwargs)

    update_wrapper(call, f)
    return call


def _lower_mask(n: int, diag: int, like: Tensor) -> Tensor:
    steps = ops.arange(n, device=like.device)
    mask: Tensor = steps < steps.view(-1, 1) + (diag + 1)
    return mask


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The lower triangle of square matrices, row by row: (..., n, n) gives (..., k)."""
    n = mat.shape[-1]
    if diag < -n or diag >= n:
        raise ValueError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    return mat[..., _lower_mask(n, diag, mat)]


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """Square matrices whose lower triangle is `vec`, row by row, and 0 elsewhere."""
    k = vec.shape[-1]
    n = (-(1 + 2 * diag) + ((1 + 2 * diag) ** 2 + 8 * k + 4 * abs(diag) * (diag + 1)) ** 0.5) / 2
    if round(n) - n > finfo(vec.dtype).eps:
        raise ValueError(
            f"The size of last dimension is {k} which cannot be expressed as the lower triangular part of a square D x "
            "D matrix."
        )
    size = round(n)
    matrix = vec.new_zeros((*vec.shape[:-1], size, size))
    matrix[..., _lower_mask(size, diag, vec)] = vec
    found: Tensor = matrix
    return found
