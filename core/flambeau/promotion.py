"""Which dtype the result of mixed operands has: PyTorch's rules.

Source: https://docs.pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from .dtype import (
    bfloat16,
    bool_,
    complex32,
    dtype,
    float16,
    float32,
    float64,
    get_default_dtype,
    int16,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)

_UNPROMOTED = (uint16, uint32, uint64)  # which mix with themselves and floating point only


@lru_cache(maxsize=256)
def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest dtype that both convert to: category first (bool, integer, floating point), then size."""
    a, b = type1, type2
    if a is b:
        return a
    if a.is_complex != b.is_complex:
        whole, part = (a, b) if a.is_complex else (b, a)
        if part is float64 or (part in (float32, bfloat16) and whole is complex32):
            return _as_complex(part)
        return whole
    if a.priority != b.priority and not (bool_ in (a, b) and (a in _UNPROMOTED or b in _UNPROMOTED)):
        return a if a.priority > b.priority else b
    if a.priority >= 2:
        if {a, b} == {float16, bfloat16}:
            return float32
        return a if a.itemsize > b.itemsize else b
    for d in (a, b):
        if d in _UNPROMOTED:
            raise RuntimeError(
                "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote "
                f"{a.legacy_name} and {b.legacy_name}"
            )
    if uint8 in (a, b):
        other = a if b is uint8 else b
        return int16 if other.itemsize == 1 else other
    return a if a.itemsize > b.itemsize else b


def _as_complex(kind: dtype) -> dtype:
    return float32.to_complex() if kind is bfloat16 else kind.to_complex()


def of_scalar(value: Any) -> dtype:
    """The dtype a Python number has on its own."""
    if isinstance(value, bool):
        return bool_
    if isinstance(value, int):
        return int64
    if isinstance(value, complex):
        return get_default_dtype().to_complex()
    return get_default_dtype()


def result_type(*operands: Any) -> dtype:
    """The dtype of an elementwise result. Tensors with dimensions outrank 0-d tensors, which outrank Python numbers.

    A lower rank only counts where it is of a higher category.
    """
    ranks: list[dtype | None] = [None, None, None]
    for x in operands:
        kind = getattr(x, "dtype", None)
        if isinstance(kind, dtype):
            rank = 0 if x._shape else 1
        else:
            rank, kind = 2, of_scalar(x)
        held = ranks[rank]
        ranks[rank] = kind if held is None else promote_types(held, kind)
    result: dtype | None = None
    for kind in ranks:
        if kind is None:
            continue
        if result is None:
            result = kind
        elif kind.priority > result.priority:
            result = _as_complex(result) if result.is_floating_point else promote_types(result, kind)
    assert result is not None, "result_type needs at least one operand"
    return result


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether an in-place op may store a result of dtype `from_` in a tensor of dtype `to`."""
    return from_.priority <= to.priority
