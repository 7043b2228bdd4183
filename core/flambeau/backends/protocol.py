"""What a backend is: some fifty pure primitives on arrays, and one mutation, `assign`.

A backend stores arrays and computes on them. It knows nothing of tensors, views, gradients or promotion: the core
hands it arrays whose dtypes already agree. A plugin implements `Backend`, registers a factory under the entry-point
group `flambeau.backends`, and proves itself with

    pytest --pyargs flambeau.testing.conformance --backend NAME

`reference.py` is the readable specification of every primitive.

Conventions

- An *array* is the backend's own object. The core reads two things of it: `.shape` (a tuple of int) and, through
  `Backend.dtype_of`, its dtype. An array's elements are in C order as far as anybody can see.
- Elementwise primitives broadcast as NumPy does. Where an array operand is expected, a Python `bool`, `int` or `float`
  may stand instead in at most all but one place; it takes the dtype of the array operands (so a float never meets an
  integer array).
- All array operands of one primitive have the same dtype, unless said otherwise. Floating-point functions are only
  called with floating-point arrays.
- Integers wrap around; floating point follows IEEE 754 (1/0 is inf, 0/0 is nan) and never warns.
- Axes are non-negative and in range, shapes are complete and lengths agree: the core has checked.
- A primitive never changes its operands. It may return one of them where the result is equal and unaliased writes are
  impossible (only `assign` writes), but results of `cast`, `view` and `full` handed to `assign` must not alter others:
  see `assign`.
- Work may be deferred (wgpu records and fuses); only `to_bytes` and `synchronize` must wait.

A *region* is `(shape, strides, offset)`, in elements, on the flat C-order storage of an array: the same triple as
a PyTorch view. Strides are never negative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias

from ..dtype import dtype

Array: TypeAlias = Any


class OutOfMemoryError(RuntimeError):
    """A device has no room for an array: `torch.OutOfMemoryError`, raised by backends."""


class AcceleratorError(RuntimeError):
    """A device failed: `torch.AcceleratorError`, raised by backends."""


Scalar: TypeAlias = bool | int | float
Operand: TypeAlias = Any  # Array | Scalar
Shape: TypeAlias = tuple[int, ...]
Region: TypeAlias = tuple[Shape, tuple[int, ...], int]
Reduce: TypeAlias = Literal["replace", "add", "mul", "max", "min"]


def may_decline(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The kernel of a composite op, marked as one that may leave some arguments to primitives."""
    kernel.may_decline = True  # type: ignore[attr-defined]
    return kernel


class Backend(Protocol):
    """One device's arithmetic. An instance stands for one device (for example `wgpu:0`)."""

    name: str
    """The device type, as in `flambeau.device(name)`."""

    kernels: Mapping[str, Callable[..., Any]]
    """Faster forms of composite ops, by the op's name; called with the arguments of its forward, less the backend.

    An op without an entry runs as the primitives its forward is written in. A backend that rounds short floats after
    every primitive may have a method `in_one(forward)`, which makes of such a forward one that rounds only at its end.
    One that is marked with `may_decline` may return `NotImplemented`: then these arguments run as primitives as well.
    """

    dtypes: frozenset[dtype]
    """The dtypes this device can hold. The core refuses others with a clear error before any primitive sees them."""

    # --- the device ---------------------------------------------------------------------------------------------------

    def device_name(self) -> str:
        """A name for people, such as the adapter's."""

    def synchronize(self) -> None:
        """Return when all work handed in so far is done."""

    def step_boundary(self) -> None:
        """A training step ended (an optimizer has updated its parameters): a good moment to start deferred work."""

    # --- arrays in and out --------------------------------------------------------------------------------------------

    def from_bytes(self, data: bytes | bytearray | memoryview, shape: Shape, dtype: dtype) -> Array:
        """An array with a copy of `data`, native-endian C-order elements (bool: one byte, 0 or 1)."""

    def to_bytes(self, x: Array) -> bytes | bytearray | memoryview:
        """The elements of `x` in C order. Waits for the device."""

    def dtype_of(self, x: Array) -> dtype:
        """The dtype of an array."""

    def full(self, shape: Shape, value: Scalar, dtype: dtype) -> Array:
        """A new array with every element `value`."""

    def arange(self, start: Scalar, step: Scalar, count: int, dtype: dtype) -> Array:
        """`start + i * step` for i in 0 .. count - 1, in float64 (int64 for integers), then rounded to `dtype`."""

    def random(self, shape: Shape, seed: int, offset: int) -> Array:
        """float32 uniform on [0, 1): the high 24 bits of Philox4x32-10 words, times 2**-24.

        Word i of the array is word i % 4 of the block with counter `offset + i // 4` (64 bits, low word first; the
        upper half of the counter is 0) and key `seed` (64 bits, low word first). The same values on every device.
        Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
        """

    # --- views: reading and writing a region --------------------------------------------------------------------------

    def view(self, x: Array, shape: Shape, strides: tuple[int, ...], offset: int) -> Array:
        """The elements `x.flat[offset + sum(i * strides)]`. Strides may be 0 (expand) or overlap (unfold)."""

    def permute(self, x: Array, axes: tuple[int, ...]) -> Array:
        """The dimensions of any array in another order, as NumPy's `transpose`. Cheap where arrays have strides."""

    def reshape(self, x: Array, shape: Shape) -> Array:
        """The elements of any array, in C order, in another shape."""

    def narrow(self, x: Array, axis: int, start: int, length: int) -> Array:
        """`length` slices of any array along `axis`, from `start` on. Cheap where arrays have strides."""

    def assign(self, x: Array, region: Region | None, value: Operand) -> Array:
        """Write `value`, broadcast, to a region (None: all of `x`) and return the array that now holds the result.

        The only mutation. The result is `x` itself exactly if views of `x` taken earlier now show the new values too
        (NumPy); otherwise it is a new object, `x` keeps its old values, and the core reads its views again (a
        functional backend). Only called on arrays that the core owns as a storage, never on the result of `view`.
        Where the region's strides make elements overlap, which write wins is undefined.
        """

    def copy(self, x: Array) -> Array:
        """An equal array that shares no memory with `x`."""

    def cast(self, x: Array, dtype: dtype) -> Array:
        """`x` in another dtype. Float to integer truncates towards zero; to bool is `x != 0`."""

    # --- elementwise, one operand -------------------------------------------------------------------------------------

    def neg(self, x: Array) -> Array: ...
    def abs(self, x: Array) -> Array: ...
    def sign(self, x: Array) -> Array:
        """-1, 0 or 1 in the dtype of `x`; 0 for nan, as PyTorch."""

    def floor(self, x: Array) -> Array: ...
    def ceil(self, x: Array) -> Array: ...
    def trunc(self, x: Array) -> Array: ...
    def round(self, x: Array) -> Array:
        """To the nearest integer, halves to even."""

    def exp(self, x: Array) -> Array: ...
    def expm1(self, x: Array) -> Array: ...
    def log(self, x: Array) -> Array: ...
    def log1p(self, x: Array) -> Array: ...
    def sqrt(self, x: Array) -> Array: ...
    def sin(self, x: Array) -> Array: ...
    def cos(self, x: Array) -> Array: ...
    def tan(self, x: Array) -> Array: ...
    def asin(self, x: Array) -> Array: ...
    def acos(self, x: Array) -> Array: ...
    def atan(self, x: Array) -> Array: ...
    def sinh(self, x: Array) -> Array: ...
    def cosh(self, x: Array) -> Array: ...
    def tanh(self, x: Array) -> Array: ...
    def erf(self, x: Array) -> Array: ...
    def invert(self, x: Array) -> Array:
        """Bitwise complement of integers, logical not of bool."""

    # --- elementwise, two and three operands --------------------------------------------------------------------------

    def add(self, x: Operand, y: Operand) -> Array:
        """Sum; logical or for bool."""

    def sub(self, x: Operand, y: Operand) -> Array: ...
    def mul(self, x: Operand, y: Operand) -> Array:
        """Product; logical and for bool."""

    def div(self, x: Operand, y: Operand) -> Array:
        """Quotient of floating-point operands."""

    def floordiv(self, x: Operand, y: Operand) -> Array:
        """Quotient rounded towards minus infinity, integers or floats. Integer division by zero: any value, no trap."""

    def remainder(self, x: Operand, y: Operand) -> Array:
        """`x - y * floordiv(x, y)`: the sign of the divisor, as Python's `%`."""

    def pow(self, x: Operand, y: Operand) -> Array:
        """Power; the exponents of an integer power are not negative."""

    def atan2(self, x: Operand, y: Operand) -> Array: ...
    def maximum(self, x: Operand, y: Operand) -> Array:
        """The larger; nan where either is nan."""

    def minimum(self, x: Operand, y: Operand) -> Array:
        """The smaller; nan where either is nan."""

    def eq(self, x: Operand, y: Operand) -> Array:
        """bool: equal."""

    def ne(self, x: Operand, y: Operand) -> Array: ...
    def lt(self, x: Operand, y: Operand) -> Array: ...
    def le(self, x: Operand, y: Operand) -> Array: ...
    def bitwise_and(self, x: Operand, y: Operand) -> Array:
        """Bitwise for integers, logical for bool; likewise `or` and `xor`."""

    def bitwise_or(self, x: Operand, y: Operand) -> Array: ...
    def bitwise_xor(self, x: Operand, y: Operand) -> Array: ...
    def left_shift(self, x: Operand, y: Operand) -> Array: ...
    def right_shift(self, x: Operand, y: Operand) -> Array: ...
    def where(self, condition: Array, x: Operand, y: Operand) -> Array:
        """`x` where the bool `condition` is true, else `y`. One of `x`, `y` is an array."""

    # --- reductions ---------------------------------------------------------------------------------------------------

    def sum(self, x: Array, axes: tuple[int, ...], keepdim: bool) -> Array:
        """Sum over `axes` (sorted, none repeated; all of them give 0-d), in the dtype of `x`. Sum of nothing is 0."""

    def prod(self, x: Array, axes: tuple[int, ...], keepdim: bool) -> Array: ...
    def max(self, x: Array, axes: tuple[int, ...], keepdim: bool) -> Array:
        """Largest element; nan if there is one. On bool: any. The reduced length is not 0."""

    def min(self, x: Array, axes: tuple[int, ...], keepdim: bool) -> Array:
        """Smallest element; nan if there is one. On bool: all."""

    def argmax(self, x: Array, axis: int, keepdim: bool) -> Array:
        """int64 position of the first largest element (the first nan, if there is one)."""

    def argmin(self, x: Array, axis: int, keepdim: bool) -> Array: ...
    def cumsum(self, x: Array, axis: int) -> Array: ...
    def cumprod(self, x: Array, axis: int) -> Array: ...
    def sort(self, x: Array, axis: int, descending: bool) -> tuple[Array, Array]:
        """Sorted values and their int64 positions; stable; nan counts as the largest."""

    # --- products -----------------------------------------------------------------------------------------------------

    def matmul(self, x: Array, y: Array) -> Array:
        """(..., n, k) @ (..., k, m) -> (..., n, m); both at least 2-D, batch dimensions broadcast."""

    # --- moving elements ----------------------------------------------------------------------------------------------

    def concat(self, arrays: Sequence[Array], axis: int) -> Array:
        """The arrays, at least one, joined along an existing axis."""

    def take(self, x: Array, index: Array, axis: int) -> Array:
        """Slices of `x` along `axis` at a 1-D int64 `index`, in range and not negative (the core has seen to it)."""

    def put(self, x: Array, index: Array, axis: int, value: Operand, reduce: Reduce) -> Array:
        """A copy of `x` whose slices `index` (1-D int64) along `axis` are combined with `value`, duplicates included.

        With reduce "replace" the last of duplicates wins on the CPU; on a GPU any may.
        """

    def gather(self, x: Array, axis: int, index: Array) -> Array:
        """`out[i][j][k] = x[index[i][j][k]][j][k]` (axis 0).

        `index` is int64, of the rank of `x`, and may be smaller off `axis`.
        """

    def scatter(self, x: Array, axis: int, index: Array, value: Operand, reduce: Reduce) -> Array:
        """A copy of `x` where element `x[index[i][j][k]][j][k]` (axis 0) is combined with `value[i][j][k]`."""

    def nonzero(self, x: Array) -> Array:
        """int64 (n, x.ndim): the positions of true elements of a bool array, in C order. Waits for the device."""
