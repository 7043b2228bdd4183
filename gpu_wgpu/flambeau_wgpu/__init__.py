"""The `wgpu` backend of flambeau: tensors on the GPU through WebGPU, natively and in the browser.

flambeau finds it through the entry-point group `flambeau.backends`. Importing this package imports neither wgpu nor
anything of the browser; the device is opened by `load`.

How a `tanh` becomes WGSL, in the order in which the files are used:

    backend.py            the protocol: a primitive describes an array and puts it into the queue
    lazy.py               that description
    engine.py             the flush: what waits becomes one plan, and one submit
    schedule/graph.py     who needs what, who still holds what, and the flush as a key under which its plan is kept
    schedule/fuse.py      which arrays become kernels; the rules are listed at its top; space.py: what row kernels share
    schedule/combine.py   many small products as one large one, before that
    schedule/places.py    arrays that are written into others instead of being copied there
    codegen/lower.py      a kernel written down: instructions over registers, numbers apart from structure
    kernels/              how each kind of kernel is laid out over invocations
    codegen/wgsl.py       its text, with ops.py and math.py for the arithmetic
    plan.py, memory.py    kernels in order, arrays in buffers, ready to run again
    device/               native.py (wgpu-py) and browser.py with browser.js (navigator.gpu), behind interface.py
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

        backend = _loaded[index] = WgpuBackend(_transport().open_device(index), lambda: _transport().open_device(index))
    found: WgpuBackend = backend
    return found


load.available = available  # type: ignore[attr-defined]  # the registry's cheaper question
