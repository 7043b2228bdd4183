"""An op of lists, item by item."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def foreach_map(op: Callable[..., Any], *operands: Any, **kwargs: Any) -> tuple[Any, ...]:
    """`op` of the first items of lists, of the second, and so on; what is no list takes part in each."""
    count = next(len(x) for x in operands if isinstance(x, (list, tuple)))
    rows = [x if isinstance(x, (list, tuple)) else [x] * count for x in operands]
    return tuple(op(*row, **kwargs) for row in zip(*rows, strict=True))
