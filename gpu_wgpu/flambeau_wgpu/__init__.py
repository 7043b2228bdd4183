"""The `wgpu` backend of flambeau: tensors on the GPU through WebGPU, natively and in the browser.

flambeau finds it through the entry-point group `flambeau.backends`. Importing this package imports neither wgpu nor
anything of the browser; the device is opened by `load`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

    from .backend import WgpuBackend

__all__ = ["available", "count", "load"]

IN_BROWSER = sys.platform == "emscripten"

_counted: int | None = None
_loaded: dict[int, Any] = {}


def _transport() -> ModuleType:
    if IN_BROWSER:
        from .device import browser

        return browser
    from .device import native

    return native


def count() -> int:
    """How many WebGPU devices can be opened here. The first call asks the driver or the browser."""
    global _counted
    if _counted is None:
        _counted = int(_transport().count())
    return _counted


def available() -> bool:
    """Whether `load()` would find a device."""
    return count() > 0


def load(index: int = 0) -> WgpuBackend:
    """The backend on WebGPU device number `index`, opened on the first call.

    Raises:
        RuntimeError: the wgpu package, a driver or the browser's WebGPU is missing, or there are fewer devices; the
        message says what to do.
    """
    backend = _loaded.get(index)
    if backend is None:
        from .backend import WgpuBackend

        backend = _loaded[index] = WgpuBackend(_transport().open_device(index))
    found: WgpuBackend = backend
    return found


load.available = available  # type: ignore[attr-defined]  # the registry's cheaper question
