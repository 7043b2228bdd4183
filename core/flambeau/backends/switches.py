"""Modules whose attributes are settings of a type: `cudnn.benchmark = "yes"` fails as in PyTorch."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


class Switches(ModuleType):
    """A module that checks what is written to its `_SWITCHES`, which maps their names to PyTorch's names of their setters."""

    _SWITCHES: dict[str, str]

    def __setattr__(self, name: str, value: Any) -> None:
        setter = vars(self).get("_SWITCHES", {}).get(name)
        if setter is not None and not isinstance(value, bool):
            raise RuntimeError(f"{setter} expects a bool, but got {type(value).__name__}")
        super().__setattr__(name, value)


def checked(name: str, switches: dict[str, str]) -> None:
    """Make the module of that name check its switches."""
    module = sys.modules[name]
    vars(module)["_SWITCHES"] = switches
    module.__class__ = Switches


@contextmanager
def changed(name: str, **values: Any) -> Iterator[None]:
    """Attributes of the module of that name are different within a `with`; None leaves one as it is."""
    module = sys.modules[name]
    before = {key: getattr(module, key) for key in values}
    for key, value in values.items():
        if value is not None:
            setattr(module, key, value)
    try:
        yield
    finally:
        for key, value in before.items():
            vars(module)[key] = value
