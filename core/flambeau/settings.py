"""Settings of the whole process: threads, determinism, precision. Most are remembered and change nothing.

Results are deterministic whatever is asked for, and NumPy decides about threads when it is loaded.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

from . import once
from .backends.cuda import matmul as _matmul
from .dtype import BY_NAME, dtype, set_default_dtype

_threads: int | None = None
_interop_threads: int | None = None
_deterministic = False
_warn_only = False
_fill_uninitialized_memory = True


def _usable_cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def get_num_threads() -> int:
    """The number of threads asked for; by default OMP_NUM_THREADS, else the number of cores."""
    if _threads is not None:
        return _threads
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return int(wanted) if wanted.isdigit() and int(wanted) else _usable_cores()


def set_num_threads(num: int) -> None:
    """Remember a number of threads.

    Raises:
        RuntimeError: it is not a positive integer.
    """
    global _threads
    if isinstance(num, bool) or not isinstance(num, int):
        raise RuntimeError(f"set_num_threads expects an int, but got {type(num).__name__}")
    if num <= 0:
        raise RuntimeError("set_num_threads expects a positive integer")
    _threads = num


def get_num_interop_threads() -> int:
    """The number of threads between operations asked for; by default the number of cores."""
    return _interop_threads or _usable_cores()


def set_num_interop_threads(num: int) -> None:
    """Remember a number of threads between operations.

    Raises:
        RuntimeError: it is not a positive integer, or was set before.
    """
    global _interop_threads
    if isinstance(num, bool) or not isinstance(num, int):
        raise RuntimeError(f"set_num_interop_threads expects an int, but got {type(num).__name__}")
    if num <= 0:
        raise RuntimeError("set_num_interop_threads expects a positive integer")
    if _interop_threads is not None:
        raise RuntimeError(
            "Error: cannot set number of interop threads after parallel work has started or set_num_interop_threads called"
        )
    _interop_threads = num


def use_deterministic_algorithms(mode: Any, *, warn_only: Any = False) -> None:
    """Remember whether only deterministic algorithms may be used. All of them are.

    Raises:
        TypeError: `mode` is no bool.
    """
    global _deterministic, _warn_only
    for position, (name, value) in enumerate((("mode", mode), ("warn_only", warn_only)), start=1):
        if not isinstance(value, bool):
            place = f" (position {position})" if name == "mode" else ""
            raise TypeError(
                f"_set_deterministic_algorithms(): argument '{name}'{place} must be bool, not {type(value).__name__}"
            )
    _deterministic, _warn_only = mode, warn_only


def are_deterministic_algorithms_enabled() -> bool:
    """Whether `use_deterministic_algorithms(True)` was called last."""
    return _deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether it was called with `warn_only`."""
    return _warn_only


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """`use_deterministic_algorithms` by number or name: 0 default, 1 warn, 2 error.

    Raises:
        TypeError: neither a number nor a text.
        RuntimeError: no such mode.
    """
    if not isinstance(debug_mode, (int, str)):
        raise TypeError(f"debug_mode must be str or int, but got {type(debug_mode)}")
    if isinstance(debug_mode, str):
        modes = ("default", "warn", "error")
        if debug_mode not in modes:
            raise RuntimeError(
                f"invalid value of debug_mode, expected one of `default`, `warn`, `error`, but got {debug_mode}"
            )
        debug_mode = modes.index(debug_mode)
    if debug_mode not in (0, 1, 2):
        raise RuntimeError(f"invalid value of debug_mode, expected 0, 1, or 2, but got {debug_mode}")
    use_deterministic_algorithms(debug_mode > 0, warn_only=debug_mode == 1)


def get_deterministic_debug_mode() -> int:
    """0, 1 or 2: see `set_deterministic_debug_mode`."""
    return (1 if _warn_only else 2) if _deterministic else 0


def set_float32_matmul_precision(precision: str) -> None:
    """Remember how exact products of float32 matrices need be. They are always as exact as float32 allows."""
    if precision not in ("highest", "high", "medium"):
        warnings.warn(
            f"{precision} is not one of 'highest', 'high', or 'medium'; the current"
            "setFloat32MatmulPrecision call has no effect.",
            stacklevel=2,
        )
        return
    vars(_matmul)["precision"] = precision


def get_float32_matmul_precision() -> str:
    """ "highest", or what was set."""
    return _matmul.precision


def set_flush_denormal(mode: bool) -> bool:
    """False: denormal numbers are kept. (PyTorch returns whether the CPU can do what was asked.)"""
    return False


def set_warn_always(b: bool) -> None:
    """Whether warnings that a program is given once are given each time. Python's own filters have their say as well."""
    once.always = bool(b)


def is_warn_always_enabled() -> bool:
    """What `set_warn_always` last said."""
    return once.always


def set_default_tensor_type(t: Any) -> None:
    """Set the default dtype by a legacy type: `torch.DoubleTensor` or its name. Use `set_default_dtype`.

    Raises:
        TypeError: not a type of floating-point tensors, or one for CUDA.
    """
    once.warn(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use torch.set_default_dtype() and "
        "torch.set_default_device() as alternatives.",
        stacklevel=2,
    )
    if isinstance(t, str):
        name = t.removeprefix("torch.")
        if name.startswith("cuda."):
            raise TypeError(f"type torch.{name} not available. Torch not compiled with CUDA enabled.")
        kind: dtype | None = next((d for d in BY_NAME.values() if f"{d.legacy_name}Tensor" == name), None)
        if name == "Tensor":
            kind = BY_NAME["float32"]
        if kind is None:
            raise TypeError("invalid type object")
    else:
        if getattr(t, "__module__", "").endswith(".cuda") and isinstance(t, type):
            raise TypeError(f"type torch.cuda.{t.__name__} not available. Torch not compiled with CUDA enabled.")
        kind = None if isinstance(t, dtype) else getattr(t, "dtype", None)
        if not isinstance(kind, dtype):
            raise TypeError("invalid type object: only floating-point types are supported as the default type")
    set_default_dtype(kind)
