"""bfloat16 on NumPy, which has no such type: float32 elements, every result rounded to what bfloat16 holds.

Computing in float32 and rounding once to nearest even is also what a CPU's bfloat16 arithmetic does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any
_ndarray = np.ndarray


class Bfloat16Array(np.ndarray[Any, Any]):
    """A float32 array whose elements have the upper 16 bits only."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        targets = None if out is None or out is ... or out[0] is ... else out
        if method != "at":  # NumPy does not say whether `out=...` was asked for: always give arrays, never scalars
            options["out"] = ... if targets is None else tuple(map(plain, targets))
        result = getattr(ufunc, method)(*[plain(x) for x in inputs], **options)
        if method == "at":
            round_in_place(plain(inputs[0]))
            return None
        if targets is not None:
            for x in targets:
                if x.__class__ is Bfloat16Array:
                    round_in_place(plain(x))
            return targets[0] if len(targets) == 1 else targets
        return tuple(map(_finished, result)) if isinstance(result, tuple) else _finished(result)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        result = super().__array_function__(function, types, args, options)
        return tuple(map(_finished, result)) if isinstance(result, tuple) else _finished(result)

    def dot(self, other: Any, out: Any = None) -> Any:
        return _finished(plain(self).dot(plain(other)))


in_use = False
"""Whether the process has made such an array: until then nobody looks for one."""


def plain(x: Any) -> Any:
    """A bfloat16 array as the float32 array it is; anything else as it is."""
    return x.view(_ndarray) if x.__class__ is Bfloat16Array else x


def _finished(result: Any) -> Any:
    if not isinstance(result, _ndarray) or result.dtype != np.float32:
        return plain(result)
    return rounded(result)


def round_in_place(x: Array) -> None:
    """Round float32 elements to nearest even; nan stays nan."""
    bits = x.view(np.uint32)
    unordered = np.isnan(x)
    bits += ((bits >> np.uint32(16)) & np.uint32(1)) + np.uint32(0x7FFF)
    bits &= np.uint32(0xFFFF0000)
    if unordered.any():
        x[unordered] = np.nan


def rounded(x: Array) -> Array:
    """A new float array as bfloat16, in its own memory where it is float32."""
    global in_use
    in_use = True
    x = plain(x)
    if x.dtype != np.float32 or not x.flags.writeable:
        x = np.asarray(x, np.float32)
        x = x if x.flags.writeable else x.copy()
    round_in_place(x)
    return x.view(Bfloat16Array)


def from_bytes(data: Any) -> Array:
    """The elements of a buffer, in one dimension."""
    global in_use
    in_use = True
    words = np.frombuffer(data, np.uint16).astype(np.uint32) << np.uint32(16)
    return words.view(np.float32).view(Bfloat16Array)


def to_bytes(x: Array) -> bytes:
    """The upper halves of the elements, in C order."""
    words = np.ascontiguousarray(plain(x)).view(np.uint32) >> np.uint32(16)
    return bytes(words.astype(np.uint16).tobytes())


def in_float32(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel that computes bfloat16 in float32 throughout and rounds its results."""

    def call(*args: Any) -> Any:
        if in_use and _any_bfloat16(args):
            result = kernel(*[[plain(y) for y in x] if x.__class__ is list else plain(x) for x in args])
            return tuple(map(_finished, result)) if isinstance(result, tuple) else _finished(result)
        return kernel(*args)

    return call


def _any_bfloat16(args: Any) -> bool:
    return any(x.__class__ is Bfloat16Array or (x.__class__ is list and _any_bfloat16(x)) for x in args)
