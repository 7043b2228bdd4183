"""The margin loss of several labels for each sample.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_margin_loss.html
"""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from ..dtype import int64
from .creation import tensor
from .op import composite, op


def _shortfalls(be: Any, input: Array, index: Array, counts: Array, others: Array) -> tuple[Any, Any]:
    """max(0, 1 - x[label] + x[other]) as (N, labels, classes), and what of it counts."""
    n, classes = input.shape
    labels = be.reshape(be.gather(input, 1, index), (n, classes, 1))
    gaps = be.add(be.sub(be.reshape(input, (n, 1, classes)), labels), 1.0)
    counted = be.mul(be.reshape(counts, (n, classes, 1)), be.reshape(others, (n, 1, classes)))
    return gaps, counted


def _for_each(g: Tensor, input: Tensor, reduction: str) -> Tensor:
    """The gradient of each sample's loss."""
    n = input._shape[0]
    return g if reduction == "none" else (g / max(1, n) if reduction == "mean" else g).expand((n,))


@op(
    name="MultilabelMarginLossBackward0",
    input=lambda g, input, index, counts, others, reduction: multilabel_margin_backward(
        _for_each(g, input, reduction), input, index, counts, others
    ),
)
def _multilabel_margin(be: Any, input: Array, index: Array, counts: Array, others: Array, reduction: str) -> Any:
    """Of each sample, the sum over its labels and the classes that are none, divided by the number of classes.

    Shapes: all (N, C): `index` the labels, `counts` 1 for each label there is, `others` 1 for classes that are none.
    """
    gaps, counted = _shortfalls(be, input, index, counts, others)
    losses = be.div(be.sum(be.mul(be.maximum(gaps, 0.0), counted), (1, 2), False), float(max(1, input.shape[1])))
    if reduction == "none":
        return losses
    total = be.sum(losses, (0,), False)
    return be.div(total, float(max(1, input.shape[0]))) if reduction == "mean" else total


@composite
def multilabel_margin_backward(be: Any, g: Array, input: Array, index: Array, counts: Array, others: Array) -> Any:
    """The gradient of the input, for a gradient `g` of each sample's loss."""
    n, classes = input.shape
    gaps, counted = _shortfalls(be, input, index, counts, others)
    active = be.where(be.lt(0.0, gaps), counted, 0.0)
    factor = be.div(be.reshape(g, (n, 1)), float(max(1, classes)))
    raised = be.mul(be.sum(active, (1,), False), factor)
    return be.scatter(raised, 1, index, be.neg(be.mul(be.sum(active, (2,), False), factor)), "add")


def multilabel_margin_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Σ max(0, 1 - (x[y] - x[i])) / C over labels y, up to the first -1, and classes i that are none: (N, C) or (C).

    Raises:
        RuntimeError: shapes that do not agree, or labels out of range.
    """
    shape = input._shape
    if len(shape) > 2 or 0 in shape[-1:]:
        raise RuntimeError(
            f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(shape)}"
        )
    if target._shape != shape:
        raise RuntimeError(f"inconsistent target size: {list(target._shape)} for input of size: {list(shape)}")
    classes = shape[-1] if shape else 1
    values = target.reshape((-1, classes)).tolist()
    if any(not -1 <= y < classes for row in values for y in row):
        raise RuntimeError("argument #2 'target' is out of range")
    if target.dtype is not int64:
        raise RuntimeError(f"expected scalar type Long but found {target.dtype.legacy_name}")
    labels = [row[: row.index(-1)] if -1 in row else row for row in values]
    device, kind = input.device, input.dtype
    rows = input.reshape((-1, classes))

    def like_rows(values: list[list[Any]], dtype: Any) -> Tensor:
        return tensor(values, dtype=dtype, device=device).reshape(rows._shape)

    index = like_rows([row + [0] * (classes - len(row)) for row in labels], int64)
    counts = like_rows([[1.0] * len(row) + [0.0] * (classes - len(row)) for row in labels], kind)
    others = like_rows([[float(i not in row) for i in range(classes)] for row in labels], kind)
    how = reduction if len(shape) > 1 else "sum"
    loss: Tensor = _multilabel_margin(rows, index, counts, others, how)
    return loss


FUNCTIONS = ()
METHODS = ()
