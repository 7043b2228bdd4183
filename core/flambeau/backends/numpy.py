"""The NumPy backend: the default CPU.

An array is an `ndarray` in C order. Views alias, so `assign` writes in place and returns its operand.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..dtype import (
    bfloat16,
    bool_,
    complex64,
    complex128,
    dtype,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)
from . import numpy_bfloat16
from .numpy_kernels import kernels
from .numpy_kernels.activation import erf
from .numpy_memory import keep_freed_memory
from .protocol import Array, Operand, Reduce, Region, Scalar, Shape

# PyTorch is silent about 1/0, log(-1) and overflow; so are the lines of this package, and no others.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"flambeau\.")

_TO_NUMPY: dict[dtype, Any] = {
    float64: np.dtype("float64"),
    float32: np.dtype("float32"),
    float16: np.dtype("float16"),
    int64: np.dtype("int64"),
    int32: np.dtype("int32"),
    int16: np.dtype("int16"),
    int8: np.dtype("int8"),
    uint8: np.dtype("uint8"),
    uint16: np.dtype("uint16"),
    uint32: np.dtype("uint32"),
    uint64: np.dtype("uint64"),
    bool_: np.dtype("bool"),
    complex128: np.dtype("complex128"),
    complex64: np.dtype("complex64"),
}
_FROM_NUMPY = {v: k for k, v in _TO_NUMPY.items()}

_ndarray = np.ndarray
_rounded = numpy_bfloat16.rounded


def _elementwise(f: np.ufunc) -> Any:
    """A ufunc that always gives an array (never a NumPy scalar), in C order (never that of a transposed operand)."""
    return staticmethod(partial(f, out=..., order="C"))


class NumpyBackend:
    """`flambeau.backends.protocol.Backend` on NumPy arrays."""

    name = "cpu"
    dtypes = frozenset((*_TO_NUMPY, bfloat16))

    def __init__(self) -> None:
        keep_freed_memory()
        self.kernels: Mapping[str, Callable[..., Any]] = {
            name: numpy_bfloat16.in_float32(f) for name, f in kernels().items()
        }

    in_one = staticmethod(numpy_bfloat16.in_float32)
    """Makes several primitives one op, which rounds bfloat16 only at its end."""

    def device_name(self) -> str:
        return f"CPU (NumPy {np.__version__})"

    def synchronize(self) -> None:
        pass

    def step_boundary(self) -> None:
        pass

    # --- arrays in and out --------------------------------------------------------------------------------------------

    def from_bytes(self, data: bytes | bytearray | memoryview, shape: Shape, dtype: dtype) -> Array:
        if dtype is bfloat16:
            return numpy_bfloat16.from_bytes(data).reshape(shape)
        return np.frombuffer(data, _TO_NUMPY[dtype]).reshape(shape).copy()

    def to_bytes(self, x: Array) -> bytes:
        return bytes(x.tobytes()) if x.__class__ is _ndarray else numpy_bfloat16.to_bytes(x)

    def from_numpy(self, x: Any) -> Array:
        """Share the memory of a NumPy array that this backend can hold as it is."""
        return x

    def from_buffer(self, data: Any, shape: Shape, dtype: dtype) -> Array:
        """An array over the memory of a buffer."""
        if dtype is bfloat16:  # which is held in more bytes
            return self.from_bytes(data, shape, dtype)
        return np.frombuffer(data, _TO_NUMPY[dtype]).reshape(shape)

    def reinterpreted(self, x: Array, dtype: dtype) -> Array:
        """The memory of a dense array as numbers of another dtype."""
        return x.reshape(-1).view(_TO_NUMPY[dtype])

    def byte_slice(self, x: Array, start: int, stop: int) -> Array:
        """Bytes of an array, as uint8 in its memory (of bfloat16 a copy)."""
        if x.__class__ is not _ndarray:
            return np.frombuffer(self.to_bytes(x), np.uint8)[start:stop].copy()
        return x.reshape(-1).view(np.uint8)[start:stop]

    def in_shared_memory(self, x: Array) -> Array:
        """A copy in memory that forked processes share."""
        from mmap import mmap

        moved = np.frombuffer(mmap(-1, max(x.nbytes, 1)), x.dtype, x.size).reshape(x.shape).view(type(x))
        moved[...] = x
        return moved

    def to_numpy(self, x: Array) -> Any:
        """The array itself."""
        return x

    def dtype_of(self, x: Array) -> dtype:
        return _FROM_NUMPY[x.dtype] if x.__class__ is _ndarray else bfloat16

    def full(self, shape: Shape, value: Scalar, dtype: dtype) -> Array:
        if dtype is bfloat16:
            return _rounded(np.full(shape, value, np.float32))
        kind = _TO_NUMPY[dtype]
        if not value:
            return np.zeros(shape, kind)
        array = np.empty(shape, kind)
        array.fill(np.asarray(value).astype(kind))
        return array

    def arange(self, start: Scalar, step: Scalar, count: int, dtype: dtype) -> Array:
        wide: Any = np.float64 if dtype.is_floating_point else np.int64
        values = np.arange(count, dtype=wide) * wide(step) + wide(start)
        return _rounded(values) if dtype is bfloat16 else values.astype(_TO_NUMPY[dtype])

    def random(self, shape: Shape, seed: int, offset: int) -> Array:
        n = int(np.prod(shape, dtype=np.int64))
        words = philox4x32(n, seed, offset)
        return ((words >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)).reshape(shape)

    # --- views --------------------------------------------------------------------------------------------------------

    def view(self, x: Array, shape: Shape, strides: tuple[int, ...], offset: int) -> Array:
        size = x.itemsize
        try:
            return x.__class__(shape, x.dtype, x, offset * size, tuple([s * size for s in strides]))
        except ValueError:
            if 0 not in shape:
                raise
            return np.empty(shape, x.dtype).view(
                x.__class__
            )  # a view of nothing may begin past the end, and NumPy minds

    def permute(self, x: Array, axes: tuple[int, ...]) -> Array:
        return x.transpose(axes)

    def reshape(self, x: Array, shape: Shape) -> Array:
        return x.reshape(shape)

    def narrow(self, x: Array, axis: int, start: int, length: int) -> Array:
        return x[(slice(None),) * axis + (slice(start, start + length),)]

    def assign(self, x: Array, region: Region | None, value: Operand) -> Array:
        target = x if region is None else self.view(x, *region)
        if x.__class__ is not _ndarray and value.__class__ is not x.__class__:
            value = _rounded(np.array(value, np.float32))
        np.copyto(target, value, casting="unsafe")
        return x

    def copy(self, x: Array) -> Array:
        return x.copy("C")

    def cast(self, x: Array, dtype: dtype) -> Array:
        x = numpy_bfloat16.plain(x)
        if dtype is bfloat16:
            return _rounded(x.astype(np.float32, order="C"))
        kind = _TO_NUMPY[dtype]
        if x.dtype.kind == "c" and kind.kind not in "cb":
            x = x.real
        if x.dtype.kind == "f" and kind.kind in "iu":
            # Through int64, as PyTorch's CPU does: out-of-range values wrap the same way on every platform.
            return x.astype(np.int64, order="C").astype(kind, copy=False)
        return x.astype(kind, order="C")

    # --- elementwise --------------------------------------------------------------------------------------------------

    neg = _elementwise(np.negative)
    abs = _elementwise(np.absolute)
    floor = _elementwise(np.floor)
    ceil = _elementwise(np.ceil)
    trunc = _elementwise(np.trunc)
    round = _elementwise(np.rint)
    exp = _elementwise(np.exp)
    expm1 = _elementwise(np.expm1)
    log = _elementwise(np.log)
    log1p = _elementwise(np.log1p)
    sqrt = _elementwise(np.sqrt)
    sin = _elementwise(np.sin)
    cos = _elementwise(np.cos)
    tan = _elementwise(np.tan)
    asin = _elementwise(np.arcsin)
    acos = _elementwise(np.arccos)
    atan = _elementwise(np.arctan)
    sinh = _elementwise(np.sinh)
    cosh = _elementwise(np.cosh)
    tanh = _elementwise(np.tanh)
    invert = _elementwise(np.invert)

    def sign(self, x: Array) -> Array:
        result = np.sign(x, out=..., order="C")
        if x.dtype.kind == "f":
            result[np.isnan(x)] = 0
        return result

    def erf(self, x: Array) -> Array:
        return erf(x) if x.__class__ is _ndarray else _rounded(erf(numpy_bfloat16.plain(x)))

    add = _elementwise(np.add)
    sub = _elementwise(np.subtract)
    mul = _elementwise(np.multiply)
    div = _elementwise(np.divide)
    floordiv = _elementwise(np.floor_divide)
    remainder = _elementwise(np.remainder)
    pow = _elementwise(np.power)
    atan2 = _elementwise(np.arctan2)
    maximum = _elementwise(np.maximum)
    minimum = _elementwise(np.minimum)
    eq = _elementwise(np.equal)
    ne = _elementwise(np.not_equal)
    lt = _elementwise(np.less)
    le = _elementwise(np.less_equal)
    bitwise_and = _elementwise(np.bitwise_and)
    bitwise_or = _elementwise(np.bitwise_or)
    bitwise_xor = _elementwise(np.bitwise_xor)
    left_shift = _elementwise(np.left_shift)
    right_shift = _elementwise(np.right_shift)

    def where(self, condition: Array, x: Operand, y: Operand) -> Array:
        if not isinstance(x, _ndarray):
            x = y.dtype.type(x)
        elif not isinstance(y, _ndarray):
            y = x.dtype.type(y)
        return np.asanyarray(np.where(condition, x, y), order="C")

    # --- reductions ---------------------------------------------------------------------------------------------------
    # A reduction of a transposed array comes out transposed, even into `out=...`: hence asanyarray.

    def sum(self, x: Array, axes: tuple[int, ...], keepdim: bool) -> Array:
        return np.asanyarray(np.add.reduce(x, axis=axes, dtype=x.dtype, keepdims=keepdim, out=...), order="C")

    def prod(self, x: Array, axes: tuple[int, ...], keepdim: bool) -> Array:
        return np.asanyarray(np.multiply.reduce(x, axis=axes, dtype=x.dtype, keepdims=keepdim, out=...), order="C")

    def max(self, x: Array, axes: tuple[int, ...], keepdim: bool) -> Array:
        return np.asanyarray(np.maximum.reduce(x, axis=axes, keepdims=keepdim, out=...), order="C")

    def min(self, x: Array, axes: tuple[int, ...], keepdim: bool) -> Array:
        return np.asanyarray(np.minimum.reduce(x, axis=axes, keepdims=keepdim, out=...), order="C")

    def argmax(self, x: Array, axis: int, keepdim: bool) -> Array:
        return np.asarray(np.argmax(x, axis=axis, keepdims=keepdim), np.int64)

    def argmin(self, x: Array, axis: int, keepdim: bool) -> Array:
        return np.asarray(np.argmin(x, axis=axis, keepdims=keepdim), np.int64)

    def cumsum(self, x: Array, axis: int) -> Array:
        return np.asanyarray(np.add.accumulate(x, axis=axis, dtype=x.dtype), order="C")

    def cumprod(self, x: Array, axis: int) -> Array:
        return np.asanyarray(np.multiply.accumulate(x, axis=axis, dtype=x.dtype), order="C")

    def sort(self, x: Array, axis: int, descending: bool) -> tuple[Array, Array]:
        if not descending:
            order = np.argsort(x, axis=axis, kind="stable")
        else:  # a stable ascending sort of the reversed axis, read backwards, is a stable descending sort
            order = x.shape[axis] - 1 - np.flip(np.argsort(np.flip(x, axis), axis=axis, kind="stable"), axis)
        order = np.ascontiguousarray(order, np.int64)
        return np.take_along_axis(x, order, axis), order

    # --- products -----------------------------------------------------------------------------------------------------

    def matmul(self, x: Array, y: Array) -> Array:
        return np.matmul(x, y)

    # --- moving elements ----------------------------------------------------------------------------------------------

    def concat(self, arrays: Sequence[Array], axis: int) -> Array:
        joined: Array = np.concatenate(arrays, axis)
        # It keeps the order of transposed operands.
        return joined if joined.flags.c_contiguous else joined.copy("C")

    def take(self, x: Array, index: Array, axis: int) -> Array:
        return np.asanyarray(x.take(index, axis=axis), order="C")

    def put(self, x: Array, index: Array, axis: int, value: Operand, reduce: Reduce) -> Array:
        out = x.copy("C")
        target = np.moveaxis(out, axis, 0)
        if isinstance(value, _ndarray):
            value = np.moveaxis(np.broadcast_to(value, (*x.shape[:axis], index.size, *x.shape[axis + 1 :])), axis, 0)
        _combine(target, index, value, reduce)
        return out if out.__class__ is _ndarray else _rounded(out)

    def gather(self, x: Array, axis: int, index: Array) -> Array:
        return np.asanyarray(x[_along(x, axis, index)], order="C")

    def scatter(self, x: Array, axis: int, index: Array, value: Operand, reduce: Reduce) -> Array:
        out = x.copy("C")
        if isinstance(value, _ndarray):
            value = value[tuple(map(slice, index.shape))]
        _combine(out, _along(x, axis, index), value, reduce)
        return out if out.__class__ is _ndarray else _rounded(out)

    def nonzero(self, x: Array) -> Array:
        return np.ascontiguousarray(np.argwhere(x), np.int64)


_COMBINE = {"add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum}


def _combine(target: Array, index: Any, value: Operand, reduce: Reduce) -> None:
    """`target[index] reduce= value`, with every duplicate of an index counted."""
    if reduce == "replace":
        target[index] = value
    elif reduce == "add" and isinstance(index, _ndarray) and isinstance(value, _ndarray) and target.ndim > 1:
        _add_rows(target, index, value)
    elif reduce == "add" and target.dtype.kind == "b":
        np.logical_or.at(target, index, value)
    else:
        _COMBINE[reduce].at(target, index, value)


def _add_rows(target: Array, index: Array, value: Array) -> None:
    """`np.add.at` for rows: rows of one index are brought together and summed in one pass, several times quicker."""
    if not index.size:
        return
    order = np.argsort(index, kind="stable")
    sorted_index = index[order]
    starts = np.flatnonzero(np.concatenate(([True], sorted_index[1:] != sorted_index[:-1])))
    lengths = np.diff(starts, append=index.size)
    alone = lengths == 1
    if alone.sum() > 16:  # sums of one row are slow to begin
        rows = starts[alone]
        target[sorted_index[rows]] += value[order[rows]]
        if rows.size == starts.size:
            return
        order = order[np.repeat(~alone, lengths)]
        lengths = lengths[~alone]
        starts = np.cumsum(lengths) - lengths
        sorted_index = index[order]
    target[sorted_index[starts]] += np.add.reduceat(value[order], starts, axis=0, dtype=target.dtype)


def _along(x: Array, axis: int, index: Array) -> tuple[Array, ...]:
    """The advanced index that picks `x[i, index[i, j], ...]` (axis 1)."""
    grid: list[Array] = list(np.ogrid[tuple(map(slice, index.shape))])
    grid[axis] = index
    return tuple(grid)


def philox4x32(n: int, seed: int, offset: int) -> Array:
    """The first `n` words of Philox4x32-10 from block `offset` on, uint32. Source: Salmon et al., SC 2011."""
    block = np.arange((n + 3) // 4, dtype=np.uint64) + np.uint64(offset & 0xFFFFFFFFFFFFFFFF)
    low = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    c0, c1 = block & low, block >> half
    c2 = np.zeros_like(c0)
    c3 = np.zeros_like(c0)
    k0, k1 = seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF
    for _ in range(10):
        p = c0 * np.uint64(0xD2511F53)
        q = c2 * np.uint64(0xCD9E8D57)
        c0, c1, c2, c3 = (q >> half) ^ c1 ^ np.uint64(k0), q & low, (p >> half) ^ c3 ^ np.uint64(k1), p & low
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack((c0, c1, c2, c3), axis=1).astype(np.uint32).reshape(-1)[:n]
