"""Warnings that a program is given once, wherever they arise, as those of PyTorch's C++ code."""

from __future__ import annotations

import warnings

always = False
"""Whether they are given each time: `set_warn_always`."""

given: set[str] = set()
"""The texts of those that there were."""


def warn(text: str, stacklevel: int = 1) -> None:
    """Warn with `text` unless that was done before; `stacklevel` as for `warnings.warn`, 1 being who calls this."""
    if always or text not in given:
        given.add(text)
        warnings.warn(text, stacklevel=stacklevel + 1)
