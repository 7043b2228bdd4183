"""The events, as JSON-able dictionaries. `step` counts finished steps, so the first training step is step 0.

- `scalar`: `{"type", "step", "name", "value"}`; a value that is not finite is the string "NaN", "Infinity" or
  "-Infinity", which JSON has no number for.
- `graph`: the graph of an iteration, sent only when its structural hash is new to the sink's reader, that is,
  differs from the last one sent: `{"type", "step", "hash", "partial", "sites", "nodes", "leaves", "calls", "root"}`
  (see `graph.py`).
- `step`: `{"type", "step", "ms", "graph"}` ends a step: how long it took, and the hash of its graph, or None if it
  had none.
- `sample`: `{"type", "step", "name", "text"}`, something the model made.
- `error`: `{"type", "step", "kind", "message", "frames"}`, the exception that ended the training.
"""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

Event: TypeAlias = dict[str, Any]
Sink: TypeAlias = Callable[[Event], None]


def number(value: float) -> float | str:
    """The value, or its name in JSON text where JSON has no number for it."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
