"""Rows of a table by number.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
"""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor, from_array
from ..backends.protocol import Array
from ..dtype import int64
from .op import op
from .vmap_levels import every


@op(
    name="EmbeddingBackward0", weight=lambda g, index, weight_shape, skip: _embedding_grad(g, index, weight_shape, skip)
)
def _embedding(be: Any, weight: Array, index: Array, skip: int) -> Any:
    flat = be.reshape(index, (_count(index.shape),))
    return be.reshape(be.take(weight, flat, 0), (*index.shape, weight.shape[1]))


def _count(shape: tuple[int, ...]) -> int:
    n = 1
    for size in shape:
        n *= size
    return n


@op(
    name="EmbeddingDenseBackward0",
    g=lambda gg, index, skip: _embedding(gg, index, skip),
)
def _embedding_grad(be: Any, g: Array, index: Array, shape: tuple[int, ...], skip: int) -> Any:
    n = _count(index.shape)
    zeros = be.full(shape, 0, be.dtype_of(g))
    index = be.reshape(index, (n,))
    total = be.put(zeros, index, 0, be.reshape(g, (n, shape[1])), "add")
    if skip >= 0:
        total = be.assign(total, ((shape[1],), (1,), skip * shape[1]), 0)
    return total


def embedding(
    weight: Tensor,
    indices: Tensor,
    padding_idx: int | None = None,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Rows of `weight` (V, D) at int indices (...): (..., D). The row `padding_idx` gets no gradient.

    Raises:
        IndexError: an index is out of range (on the CPU).
        RuntimeError: indices are not integers.
    """
    if indices.dtype.name not in ("int64", "int32"):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"torch.{indices.dtype.legacy_name}Tensor instead (while checking arguments for embedding)"
        )
    if len(weight._shape) != 2:
        raise RuntimeError("'weight' must be 2-D")
    rows = weight._shape[0]
    if indices._storage.backend.name == "cpu":
        _check_rows(indices, rows)
    skip = -1 if padding_idx is None else padding_idx % rows
    result: Tensor = _embedding(weight, indices.to(int64), skip)
    return result


def _check_rows(index: Tensor, rows: int) -> None:
    if not index.numel():
        return
    index = every(index)
    backend = index._storage.backend
    array = index._array()
    axes = tuple(range(len(index._shape)))
    low = from_array(backend.min(array, axes, False), index.dtype, index._storage)
    high = from_array(backend.max(array, axes, False), index.dtype, index._storage)
    if low.item() < 0 or high.item() >= rows:
        raise IndexError("index out of range in self")
