"""Control flow as functions: a branch, a loop, a function of each row. Run as they stand, nothing is compiled.

Source: https://docs.pytorch.org/docs/stable/cond.html
"""

from __future__ import annotations

from .associative_scan import associative_scan
from .cond import cond
from .foreach_map import foreach_map
from .map import map
from .scan import scan
from .while_loop import while_loop

__all__ = ["associative_scan", "cond", "foreach_map", "map", "scan", "while_loop"]
