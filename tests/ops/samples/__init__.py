"""The table of op samples: every public op, by family. To cover an op, add a row to the file of its family."""

from __future__ import annotations

from ..sample import Op
from . import (
    activation,
    comparison,
    conversion,
    creation,
    indexing,
    inplace,
    joining,
    loss,
    matmul,
    nonlinearity,
    pointwise,
    random,
    recurrent,
    reduction,
    sorting,
    views,
)

TABLE: list[Op] = [
    *pointwise.OPS, *comparison.OPS, *reduction.OPS, *matmul.OPS, *views.OPS, *joining.OPS, *indexing.OPS, *sorting.OPS,
    *activation.OPS, *nonlinearity.OPS, *recurrent.OPS, *loss.OPS, *creation.OPS, *conversion.OPS, *inplace.OPS, *random.OPS,
]  # fmt: skip
