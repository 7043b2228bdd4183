"""`finfo` and `iinfo`: what numbers a dtype can hold.

Source: https://docs.pytorch.org/docs/stable/type_info.html
"""

from __future__ import annotations

from .dtype import dtype, get_default_dtype

# name: (exponent bits, mantissa bits)
_FORMATS = {"float64": (11, 52), "float32": (8, 23), "float16": (5, 10), "bfloat16": (8, 7)}


class finfo:
    """Limits of a floating-point dtype: `max`, `min`, `eps`, `tiny`, `smallest_normal`, `resolution`, `bits`."""

    def __init__(self, type: dtype | None = None) -> None:
        kind = get_default_dtype() if type is None else type
        kind = kind.to_real()
        if not kind.is_floating_point:
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'"
            )
        exponent, mantissa = _FORMATS[kind.name]
        bias = 2 ** (exponent - 1) - 1
        self.bits = 8 * kind.itemsize
        self.dtype = kind.name
        self.eps = 2.0**-mantissa
        self.max = (2.0 - self.eps) * 2.0**bias
        self.min = -self.max
        self.tiny = self.smallest_normal = 2.0 ** (1 - bias)
        self.resolution = {"float64": 1e-15, "float32": 1e-6, "float16": 1e-3, "bfloat16": 1e-2}[kind.name]

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:
    """Limits of an integer dtype: `max`, `min`, `bits`."""

    def __init__(self, type: dtype) -> None:
        if type.is_floating_point:
            raise TypeError("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")
        self.bits = 8 * type.itemsize
        self.dtype = type.name
        self.max = 2 ** (self.bits - (1 if type.is_signed else 0)) - 1
        self.min = -self.max - 1 if type.is_signed else 0

    def __repr__(self) -> str:
        largest = f"{self.max:g}" if self.dtype == "uint64" else self.max
        return f"iinfo(min={self.min}, max={largest}, dtype={self.dtype})"
