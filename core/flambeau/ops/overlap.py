"""Whether memory that is written to is seen twice: PyTorch's checks before a write."""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor


def check_overlap(target: Tensor) -> None:
    """Raise PyTorch's error for an expanded tensor: a write to one element would change several."""
    view = target._view
    if view is None or 0 not in view[0] or 0 in target._shape:
        return
    if any(step == 0 and size > 1 for size, step in zip(target._shape, view[0], strict=True)):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory "
            "location. Please clone() the tensor before performing the operation."
        )


def check_apart(target: Tensor, source: Any, *, same: bool = True, count: int | None = None) -> None:
    """Raise PyTorch's error where a tensor that is read shares part of the memory written to.

    `same` allows that both are the same view. `count` is how many elements are to be written, where the target is first
    resized. Views that leave gaps are not looked at, as in PyTorch.
    """
    if not isinstance(source, Tensor) or source._storage is not target._storage:
        return
    if not (target.is_contiguous() and source.is_contiguous()):
        return
    first, other = target.storage_offset(), source.storage_offset()
    size = target.numel() if count is None else count
    length = size if source is target else source.numel()  # for it is resized too
    if same and first == other and size == length:
        return
    if first < other + length and other < first + size:
        raise RuntimeError(
            "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory "
            "location. Please clone() the tensor before performing the operation."
        )
