"""`torch.nn._reduction`: the words for reductions as numbers."""

from __future__ import annotations

from .functional.reduction import legacy_reduction, reduction_of


def get_enum(reduction: str) -> int:
    """0 for "none", 1 for "mean", 2 for "sum"."""
    return ("none", "mean", "sum").index(reduction_of(reduction))


def legacy_get_string(size_average: bool | None, reduce: bool | None, emit_warning: bool = True) -> str:
    """The word for what the two older arguments say."""
    if emit_warning:
        return legacy_reduction(size_average, reduce, 3)
    return "none" if reduce is False else "sum" if size_average is False else "mean"


def legacy_get_enum(size_average: bool | None, reduce: bool | None, emit_warning: bool = True) -> int:
    """The number for what the two older arguments say."""
    return get_enum(legacy_get_string(size_average, reduce, emit_warning))
