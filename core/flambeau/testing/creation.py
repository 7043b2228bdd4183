"""`torch.testing.make_tensor`: random tensors of any dtype and layout to test with."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from .._tensor import Tensor
from ..dtype import dtype as DType
from ..numeric_limits import finfo, iinfo
from ..ops import PUBLIC as ops


def make_tensor(
    *shape: int | Sequence[int],
    dtype: DType,
    device: Any,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Uniform values of `[low, high)`; by default [-9, 9), integers to 9, and both bools.

    Raises:
        ValueError: bounds out of order or of the dtype's range, or a gradient for integers.
    """
    sizes: tuple[int, ...] = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], Sequence) else tuple(shape)  # type: ignore[arg-type]
    if noncontiguous and memory_format is not None:
        raise ValueError(
            "The parameters `noncontiguous` and `memory_format` are mutually exclusive, "
            f"but got {noncontiguous=} and {memory_format=}"
        )
    is_float = dtype.is_floating_point or dtype.is_complex
    if requires_grad and not is_float:
        raise ValueError(f"`requires_grad=True` is not supported for boolean and integral dtypes, but got {dtype=}")
    noncontiguous = noncontiguous and math.prod(sizes) > 1
    if noncontiguous:
        sizes = (*sizes[:-1], 2 * sizes[-1])
    if is_float:
        limits = finfo(dtype)
        start, stop = _bounds(low, high, limits.min, limits.max, -9, 9, dtype)
        made = ops["empty"](sizes, device=device, dtype=dtype)
        parts = ops["view_as_real"](made) if dtype.is_complex else made
        if stop - start >= limits.max:
            parts.uniform_(start / 2, stop / 2).mul_(2)
        else:
            parts.uniform_(start, stop)
    else:
        if dtype.name == "bool":
            start, stop = _bounds(low, high, 0, 2, 0, 2, dtype)
        else:
            # int64's largest number cannot be drawn: the bound above it would overflow.
            above = iinfo(dtype).max + (dtype.name != "int64")
            start, stop = _bounds(low, high, iinfo(dtype).min, above, -9, 10, dtype)
        made = ops["randint"](math.ceil(start), math.ceil(stop), sizes, device=device, dtype=dtype)
    if noncontiguous:
        made = made[..., 1::2]
    elif memory_format is not None:
        made = made.clone(memory_format=memory_format)
    if exclude_zero:
        made[made == 0] = finfo(dtype).tiny if is_float else 1
    if is_float:
        made.requires_grad = requires_grad
    return made


def _bounds(
    low: float | None,
    high: float | None,
    least: float,
    above: float,
    default_low: float,
    default_high: float,
    dtype: DType,
) -> tuple[float, float]:
    low = default_low if low is None else low
    high = default_high if high is None else high
    if any(isinstance(value, float) and math.isnan(value) for value in (low, high)):
        raise ValueError(f"`low` and `high` cannot be NaN, but got {low=} and {high=}")
    if low == high and (dtype.is_floating_point or dtype.is_complex):
        warnings.warn(
            "Passing `low==high` to `torch.testing.make_tensor` for floating or complex types is deprecated since 2.1 and will "
            "be removed in 2.3. Use `torch.full(...)` instead.",
            FutureWarning,
            stacklevel=3,
        )
    elif low >= high:
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    elif high < least or low >= above:
        raise ValueError(
            f"The value interval specified by `low` and `high` is [{low}, {high}), but {dtype} only supports [{least}, {above})"
        )
    return min(max(low, least), above), min(max(high, least), above)
