"""Finding backends by name: the two built in, and plugins through the entry-point group `flambeau.backends`.

A plugin's entry point is a callable `load(index) -> Backend` that raises RuntimeError, saying what to do, where it
cannot run. It may carry an attribute `available() -> bool`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .protocol import Backend

GROUP = "flambeau.backends"
HOST = ("cpu", "numpy", "reference")
"""Backends whose arrays are in the process's own memory."""
BUILT_IN = (*HOST, "meta")

_entry_points: dict[str, Any] | None = None
_loaders: dict[str, Callable[[int], Backend]] = {}
_instances: dict[tuple[str, int], Backend] = {}


def names() -> tuple[str, ...]:
    """The device types that can be asked for, the CPU first."""
    return (*HOST, *sorted(_plugins()))


def is_known(name: str) -> bool:
    """Whether a backend has this name; looks among the plugins only if it must."""
    return name in BUILT_IN or name in _plugins()


def accelerator() -> str | None:
    """The first plugin whose device is there, or None."""
    for name in sorted(_plugins()):
        if is_available(name):
            return name
    return None


def is_available(name: str) -> bool:
    """Whether a backend can run on this machine. Starts it if it has no cheaper way to tell."""
    if name in HOST:
        return name != "numpy" or find_spec("numpy") is not None
    if name not in _plugins():
        return False
    try:
        probe = getattr(_loader(name), "available", None)
        if probe is not None:
            return bool(probe())
        get(name)
    except (ImportError, RuntimeError):
        return False
    return True


def get(name: str, index: int = 0) -> Backend:
    """The backend for one device, started on first use and kept.

    Raises:
        RuntimeError: there is no such backend, or it cannot run here.
    """
    key = (name, index)
    backend = _instances.get(key)
    if backend is None:
        backend = _instances[key] = _start(name, index)
    return backend


def _start(name: str, index: int) -> Backend:
    if name == "cpu":
        wanted = os.environ.get("FLAMBEAU_CPU") or ("numpy" if find_spec("numpy") is not None else "reference")
        if wanted not in ("numpy", "reference"):
            raise RuntimeError(f"FLAMBEAU_CPU must be 'numpy' or 'reference', but is '{wanted}'")
        return get(wanted)
    if name == "numpy":
        if find_spec("numpy") is None:
            raise RuntimeError("the numpy device needs NumPy; install it with: pip install numpy")
        from .numpy import NumpyBackend

        return NumpyBackend()
    if name == "reference":
        from .reference import ReferenceBackend

        return ReferenceBackend()
    if name == "meta":
        from .meta import MetaBackend

        return MetaBackend()
    if name not in _plugins():
        raise RuntimeError(f"there is no backend named '{name}'; there are: {', '.join(names())}")
    return _loader(name)(index)


def _loader(name: str) -> Callable[[int], Backend]:
    loader = _loaders.get(name)
    if loader is None:
        loader = _loaders[name] = _plugins()[name].load()
    return loader


def _plugins() -> dict[str, Any]:
    global _entry_points
    if _entry_points is None:
        metadata = import_module("importlib.metadata")  # slow to import, and most programs never ask
        _entry_points = {e.name: e for e in metadata.entry_points(group=GROUP)}
    return _entry_points
