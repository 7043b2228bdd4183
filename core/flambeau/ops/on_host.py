"""Kernels that only NumPy has, for the arrays of any backend: there and back through the host's memory."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

from ..dtype import BY_NAME


def run(module: str, name: str, be: Any, *arguments: Any) -> Any:
    """Kernel `name` of `backends/numpy_kernels/<module>` with arrays of the backend `be`; its results are arrays of `be` too.

    Raises:
        RuntimeError: NumPy is not installed.
        TypeError: a result has a dtype that the backend cannot hold.
    """
    if hasattr(be, "one_by_one"):  # samples of a vmap
        return be.one_by_one(partial(run, module, name, be.inner), arguments)
    try:
        import numpy as np
    except ImportError:
        raise RuntimeError(
            f"'{name}' is computed by NumPy on the {be.name} device, and NumPy is not installed: pip install numpy"
        ) from None
    kernel = import_module(f"flambeau.backends.numpy_kernels.{module}").KERNELS[name]

    def there(x: Any) -> Any:
        if not hasattr(x, "shape"):
            return x
        return np.frombuffer(be.to_bytes(x), be.dtype_of(x).name).reshape(x.shape)

    def back(x: Any) -> Any:
        kind = BY_NAME[x.dtype.name]
        if kind not in be.dtypes:
            raise TypeError(f"the {be.name} device doesn't support {kind.name}, which '{name}' gives")
        return be.from_bytes(np.ascontiguousarray(x).tobytes(), x.shape, kind)

    found = kernel(*[there(x) for x in arguments])
    return tuple([back(x) for x in found]) if isinstance(found, tuple) else back(found)
