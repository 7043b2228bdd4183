"""The table of op samples: every public op, by family. To cover an op, add a row to the file of its family."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from ..sample import Op

TABLE: list[Op] = [op for file in iter_modules(__path__) for op in import_module(f"{__name__}.{file.name}").OPS]
