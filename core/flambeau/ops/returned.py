"""Results with names: what `max`, `sort`, `frexp` and their like give, printed as `torch.return_types.max(...)`.

Public as `flambeau.return_types`.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any, NamedTuple

from .._tensor import Tensor

TYPES: dict[str, Any] = {}
"""Every type of result, by name."""


class ValuesIndices(NamedTuple):
    """What `max`, `min`, `sort` and the like give along a dimension."""

    values: Tensor
    indices: Tensor


def named(name: str, *fields: str) -> Any:
    """A tuple type with named fields."""
    base: Any = ValuesIndices if fields == ("values", "indices") else namedtuple(name, fields)

    def show(self: Any) -> str:
        shown = ",\n".join(f"{field}={value!r}" for field, value in zip(fields, self, strict=True))
        return f"torch.return_types.{name}(\n{shown})"

    made = type(name, (base,), {"__repr__": show, "__slots__": (), "__module__": "flambeau.return_types"})
    TYPES[name] = made
    return made
