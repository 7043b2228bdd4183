"""Element types, with PyTorch's names: `flambeau.float32`, `flambeau.int64`, `flambeau.bool`, ...

Source: https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.dtype
"""

from __future__ import annotations

import builtins
from typing import Final


class dtype:
    """The type of a tensor's elements. The instances below are the only ones; compare them with `is` or `==`."""

    __slots__ = (
        "format",
        "is_complex",
        "is_floating_point",
        "is_signed",
        "itemsize",
        "legacy_name",
        "name",
        "priority",
    )

    def __init__(self, name: str, itemsize: int, format: str, legacy_name: str, priority: int) -> None:
        self.name: Final = name
        self.itemsize: Final = itemsize  # bytes
        self.format: Final = format  # struct / array module code of one element; "" where Python has none
        self.legacy_name: Final = legacy_name  # as in torch.FloatTensor, which error texts still print
        self.priority: Final = priority  # 0 bool < 1 integer < 2 floating point < 3 complex: PyTorch's categories
        self.is_floating_point: Final = priority == 2
        self.is_complex: Final = priority == 3
        self.is_signed: Final = not name.startswith(("uint", "bool"))

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        # "bool" is spelled bool_ at module level, where the builtin must stay reachable.
        return "bool_" if self.name == "bool" else self.name

    def __copy__(self) -> dtype:
        return self

    def __deepcopy__(self, memo: object) -> dtype:
        return self

    def to_real(self) -> dtype:
        """The dtype of a complex number's parts; itself if it is not complex."""
        return _PARTS.get(self, self)

    def to_complex(self) -> dtype:
        """The complex dtype whose parts have this one.

        Raises:
            RuntimeError: there is none.
        """
        if self.is_complex:
            return self
        for whole, part in _PARTS.items():
            if part is self:
                return whole
        raise RuntimeError(f"Unknown Complex ScalarType for {self.legacy_name}")

    @property
    def is_integral(self) -> builtins.bool:
        """True for integers, False for bool and floating point."""
        return self.priority == 1


float64 = dtype("float64", 8, "d", "Double", 2)
float32 = dtype("float32", 4, "f", "Float", 2)
float16 = dtype("float16", 2, "e", "Half", 2)
bfloat16 = dtype("bfloat16", 2, "", "BFloat16", 2)
int64 = dtype("int64", 8, "q", "Long", 1)
int32 = dtype("int32", 4, "i", "Int", 1)
int16 = dtype("int16", 2, "h", "Short", 1)
int8 = dtype("int8", 1, "b", "Char", 1)
uint8 = dtype("uint8", 1, "B", "Byte", 1)
uint16 = dtype("uint16", 2, "H", "UInt16", 1)
uint32 = dtype("uint32", 4, "I", "UInt32", 1)
uint64 = dtype("uint64", 8, "Q", "UInt64", 1)
bool_ = dtype("bool", 1, "?", "Bool", 0)
complex128 = dtype("complex128", 16, "d", "ComplexDouble", 3)
complex64 = dtype("complex64", 8, "f", "ComplexFloat", 3)
complex32 = dtype("complex32", 4, "e", "ComplexHalf", 3)  # a name: no device holds it

_PARTS: Final = {complex128: float64, complex64: float32, complex32: float16}

ALL: Final = (float64, float32, float16, bfloat16, int64, int32, int16, int8, uint8, uint16, uint32, uint64, bool_)
"""The real ones, which every backend may be asked to hold."""
BY_NAME: Final = {d.name: d for d in (*ALL, *_PARTS)}

C_NAMES: Final = {
    "float64": "double", "float32": "float", "float16": "c10::Half", "bfloat16": "c10::BFloat16", "int64": "long int",
    "int32": "int", "int16": "short int", "int8": "signed char", "uint8": "unsigned char", "bool": "bool",
    "complex64": "c10::complex<float>", "complex128": "c10::complex<double>",
    "complex32": "c10::complex<c10::Half>", "uint16": "short unsigned int", "uint32": "unsigned int", "uint64": "long unsigned int",
}  # fmt: skip
"""Dtypes as some of PyTorch's error texts name them."""

_default: dtype = float32


def get_default_dtype() -> dtype:
    """The floating-point dtype that `tensor(1.5)` and division of integers give; float32 at start."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Set the default floating-point dtype.

    Raises:
        TypeError: `d` is not a floating-point dtype.
    """
    global _default
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    _default = d
