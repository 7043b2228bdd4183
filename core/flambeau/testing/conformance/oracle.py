"""Numbers as the dtypes hold them, and arrays as lists: just enough to know what to expect.

An array is its flat list of elements in C order, with a shape beside it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

from flambeau.dtype import bfloat16, bool_, dtype, float16, float32, float64, int8, int16, int32, int64, uint8

Shape = tuple[int, ...]
Region = tuple[Shape, tuple[int, ...], int]

FLOATS = (float64, float32, float16, bfloat16)
INTEGERS = (int64, int32, int16, int8, uint8)
ALL = (*FLOATS, *INTEGERS, bool_)
inf, nan = math.inf, math.nan


# --- numbers ----------------------------------------------------------------------------------------------------------


def rounded(value: Any, dtype: dtype) -> Any:
    """A number as `dtype` holds it: floats to nearest even, integers modulo their range, bools by truth."""
    if dtype is bool_:
        return bool(value)
    if dtype.is_integral:
        bits = 8 * dtype.itemsize
        low = -(1 << bits - 1) if dtype.is_signed else 0
        return (int(value) - low) % (1 << bits) + low
    if not math.isfinite(value):
        return float(value)
    if dtype is bfloat16:
        bits = struct.unpack("<I", _packed("<f", value))[0]
        bits += 0x7FFF + (bits >> 16 & 1)
        return struct.unpack("<f", struct.pack("<I", bits & 0xFFFF0000))[0]
    return struct.unpack(f"<{dtype.format}", _packed(f"<{dtype.format}", value))[0]


def _packed(form: str, value: float) -> bytes:
    try:
        return struct.pack(form, value)
    except OverflowError:
        return struct.pack(form, math.copysign(inf, value))


def encode(values: Sequence[Any], dtype: dtype) -> bytes:
    """Native-endian bytes of numbers that the dtype holds exactly."""
    if dtype is bfloat16:
        halves = (struct.unpack("=I", struct.pack("=f", v))[0] >> 16 for v in values)
        return b"".join(struct.pack("=H", half) for half in halves)
    return struct.pack(f"={len(values)}{dtype.format}", *values)


def decode(data: bytes | bytearray | memoryview, dtype: dtype) -> list[Any]:
    """The numbers in native-endian bytes."""
    data = bytes(data)
    assert len(data) % dtype.itemsize == 0, f"{len(data)} bytes are no whole number of {dtype.name}"
    if dtype is bfloat16:
        halves = struct.unpack(f"={len(data) // 2}H", data)
        return [struct.unpack("=f", struct.pack("=I", half << 16))[0] for half in halves]
    return list(struct.unpack(f"={len(data) // dtype.itemsize}{dtype.format}", data))


def epsilon(dtype: dtype) -> float:
    """The distance from 1 to the next number; 0 for integers."""
    return {float64: 2.0**-52, float32: 2.0**-23, float16: 2.0**-10, bfloat16: 2.0**-7}.get(dtype, 0.0)


# --- arrays -----------------------------------------------------------------------------------------------------------


def indices(shape: Shape) -> Iterator[tuple[int, ...]]:
    """Every index of a shape, in C order."""
    return product(*map(range, shape))


def strides_of(shape: Shape) -> tuple[int, ...]:
    """C-order strides, in elements."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def broadcast_shape(*shapes: Shape) -> Shape:
    """The shape to which compatible shapes broadcast."""
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    return tuple(min(sizes) if 0 in sizes else max(sizes) for sizes in zip(*padded, strict=True))


def broadcast(values: Sequence[Any], shape: Shape, to: Shape) -> list[Any]:
    """The elements of an array, repeated to a shape."""
    lead = len(to) - len(shape)
    strides = [0 if size == 1 else stride for size, stride in zip(shape, strides_of(shape), strict=True)]
    return [values[sum(i * s for i, s in zip(index[lead:], strides, strict=True))] for index in indices(to)]


def positions(region: Region) -> list[int]:
    """Where in the flat storage the elements of a region lie."""
    shape, strides, offset = region
    return [offset + sum(i * s for i, s in zip(index, strides, strict=True)) for index in indices(shape)]


def reduce(
    values: Sequence[Any], shape: Shape, axes: Sequence[int], function: Callable[[list[Any]], Any]
) -> tuple[list[Any], Shape]:
    """`function` of the elements along some axes, and the shape that keeps those axes with length 1."""
    kept = tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    groups: dict[tuple[int, ...], list[Any]] = {index: [] for index in indices(kept)}
    for index, value in zip(indices(shape), values, strict=True):
        groups[tuple(0 if axis in axes else i for axis, i in enumerate(index))].append(value)
    return [function(group) for group in groups.values()], kept


def along(values: Sequence[Any], shape: Shape, axis: int, function: Callable[[list[Any]], Sequence[Any]]) -> list[Any]:
    """An array of the same shape whose every line along an axis is `function` of the line."""
    out: list[Any] = [None] * len(values)
    stride = strides_of(shape)[axis]
    for index in indices((*shape[:axis], 1, *shape[axis + 1 :])):
        first = sum(i * s for i, s in zip(index, strides_of(shape), strict=True))
        line = [first + i * stride for i in range(shape[axis])]
        for position, value in zip(line, function([values[p] for p in line]), strict=True):
            out[position] = value
    return out


def philox_words(seed: int, block: int) -> tuple[int, ...]:
    """Four words of Philox4x32-10 with key `seed` and counter `block`, the low halves first."""
    counter = [block & 0xFFFFFFFF, block >> 32 & 0xFFFFFFFF, 0, 0]
    key = [seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF]
    for _ in range(10):
        first, second = counter[0] * 0xD2511F53, counter[2] * 0xCD9E8D57
        counter = [
            (second >> 32) ^ counter[1] ^ key[0],
            second % (1 << 32),
            (first >> 32) ^ counter[3] ^ key[1],
            first % (1 << 32),
        ]
        key = [(key[0] + 0x9E3779B9) % (1 << 32), (key[1] + 0xBB67AE85) % (1 << 32)]
    return tuple(counter)
