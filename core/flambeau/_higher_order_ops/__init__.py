"""Control flow as functions: a branch, a loop, a function of each row. Run as they stand, nothing is compiled.

Source: https://docs.pytorch.org/docs/stable/cond.html
"""

from __future__ import annotations

from .control import associative_scan, cond, foreach_map, map, scan, while_loop

__all__ = ["associative_scan", "cond", "foreach_map", "map", "scan", "while_loop"]
