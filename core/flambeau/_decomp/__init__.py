"""`torch._decomp`: ops as functions of simpler ops.

Every op's forward is written in primitives of the backend (see `ops/op.py`). Run on tensors instead of arrays it is the op's
decomposition: each primitive is then an op of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..ops.aten import OpOverloadPacket
from ..ops.op import bind
from ..ops.primitives import TENSORS

decomposition_table: dict[Any, Callable[..., Any]] = {}
"""Decompositions that programs have registered."""


def register_decomposition(aten_op: Any, registry: dict[Any, Callable[..., Any]] | None = None, **_: Any) -> Any:
    """A decorator that registers the decomposition of an op, or of several."""
    table = decomposition_table if registry is None else registry

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for op in aten_op if isinstance(aten_op, (list, tuple)) else [aten_op]:
            table[op] = function
        return function

    return decorate


def get_decompositions(aten_ops: Sequence[Any], type: str = "post_autograd") -> dict[Any, Callable[..., Any]]:
    """Of those ops that have one, the decomposition: registered, or the op's forward, run on tensors.

    Args:
        aten_ops: public functions (`torch.softmax`), or the same as `torch.ops.aten.softmax`.
        type: PyTorch's tables; there is one here.
    """
    found = {}
    for op in aten_ops:
        definition = getattr(op._function if isinstance(op, OpOverloadPacket) else op, "op", None)
        if op in decomposition_table:
            found[op] = decomposition_table[op]
        elif definition is not None:
            found[op] = partial(_in_primitives, definition)
    return found


def _in_primitives(definition: Any, *args: Any, **kwargs: Any) -> Any:
    return definition.forward(TENSORS, *bind(definition, args, kwargs))
