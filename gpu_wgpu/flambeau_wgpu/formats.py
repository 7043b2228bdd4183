"""How elements lie on the device, and how they get there and back.

Every element but float16 takes one 32-bit word: WebGPU has no smaller stores, and no 64-bit ones. int64 lives in 32
bits (its values are positions and class numbers): values outside are refused at upload, arithmetic wraps at 32 bits.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from math import copysign, inf
from typing import Any, Final

from flambeau.dtype import bool_, dtype, float16, float32, int8, int16, int32, int64, uint8

Data = bytes | bytearray | memoryview

STORAGE: Final[dict[dtype, str]] = {
    float32: "f32",
    float16: "f16",
    int64: "i32",
    int32: "i32",
    int16: "i32",
    int8: "i32",
    uint8: "i32",
    bool_: "u32",
}
WIDTH: Final[dict[dtype, int]] = {d: 2 if d is float16 else 4 for d in STORAGE}

_SIGN = bytes(0xFF if byte >= 0x80 else 0 for byte in range(256))


def storage_bytes(count: int, d: dtype) -> int:
    """Bytes on the device for `count` elements, a multiple of 4."""
    return (count * WIDTH[d] + 3) & ~3


def encode(data: Data, d: dtype) -> bytes:
    """Native elements in the device's layout.

    Raises:
        OverflowError: an int64 value does not fit in 32 bits.
    """
    raw = data if isinstance(data, bytes) else bytes(data)
    if d is float16:
        return raw + bytes(-len(raw) % 4)
    if d is float32 or d is int32:
        return raw
    if d is int64:
        return _narrow_int64(raw)
    words = bytearray(len(raw) // d.itemsize * 4)
    for k in range(d.itemsize):
        words[k::4] = raw[k :: d.itemsize]
    if d.is_signed:
        sign = raw[d.itemsize - 1 :: d.itemsize].translate(_SIGN)
        for k in range(d.itemsize, 4):
            words[k::4] = sign
    return bytes(words)


def decode(words: Data, d: dtype, count: int) -> bytes:
    """What `encode` does, backwards; `words` may be longer than `count` elements."""
    raw = bytes(words[: storage_bytes(count, d)])
    if d is float16:
        return raw[: 2 * count]
    if d is float32 or d is int32:
        return raw
    result = bytearray(count * d.itemsize)
    for k in range(min(d.itemsize, 4)):
        result[k :: d.itemsize] = raw[k::4]
    if d is int64:
        sign = raw[3::4].translate(_SIGN)
        for k in range(4, 8):
            result[k::8] = sign
    return bytes(result)


def _narrow_int64(raw: bytes) -> bytes:
    words = bytearray(len(raw) // 2)
    for k in range(4):
        words[k::4] = raw[k::8]
    sign = raw[3::8].translate(_SIGN)
    if any(raw[k::8] != sign for k in range(4, 8)):
        for position in range(len(raw) // 8):
            (value,) = struct.unpack_from("<q", raw, position * 8)
            if not -(2**31) <= value < 2**31:
                raise OverflowError(
                    f"int64 value {value} at position {position} does not fit: the wgpu device holds int64 in 32 bits "
                    "(-2147483648 to 2147483647). Keep such values on the CPU"
                )
    return bytes(words)


# --- scalars, as the 32-bit word that a kernel's parameters hold


def _put_float(block: bytearray, at: int, value: Any) -> None:
    try:
        struct.pack_into("<f", block, at, value)
    except OverflowError:  # a double beyond float32's range
        struct.pack_into("<f", block, at, copysign(inf, value))


def _put_half(block: bytearray, at: int, value: Any) -> None:
    try:
        (rounded,) = struct.unpack("<e", struct.pack("<e", value))
    except OverflowError:
        rounded = copysign(inf, value)
    struct.pack_into("<f", block, at, rounded)


def _put_int(block: bytearray, at: int, value: Any) -> None:
    struct.pack_into("<I", block, at, int(value) & 0xFFFFFFFF)


def _put_int64(block: bytearray, at: int, value: Any) -> None:
    # What does not fit is compared with, chosen and clamped to: nearest to it is the end of what does.
    struct.pack_into("<i", block, at, min(max(int(value), -(2**31)), 2**31 - 1))


def _put_int16(block: bytearray, at: int, value: Any) -> None:
    struct.pack_into("<i", block, at, (int(value) + 0x8000 & 0xFFFF) - 0x8000)


def _put_int8(block: bytearray, at: int, value: Any) -> None:
    struct.pack_into("<i", block, at, (int(value) + 0x80 & 0xFF) - 0x80)


def _put_uint8(block: bytearray, at: int, value: Any) -> None:
    struct.pack_into("<I", block, at, int(value) & 0xFF)


def _put_bool(block: bytearray, at: int, value: Any) -> None:
    struct.pack_into("<I", block, at, 1 if value else 0)


PUT_SCALAR: Final[dict[dtype, Callable[[bytearray, int, Any], None]]] = {
    float32: _put_float,
    float16: _put_half,
    int64: _put_int64,
    int32: _put_int,
    int16: _put_int16,
    int8: _put_int8,
    uint8: _put_uint8,
    bool_: _put_bool,
}


def native_scalar(value: Any, d: dtype) -> bytes:
    """One element as `to_bytes` gives it, rounded and wrapped as the device would."""
    block = bytearray(4)
    PUT_SCALAR[d](block, 0, value)
    if d is float16:
        return struct.pack("<e", struct.unpack("<f", block)[0])
    return decode(block, d, 1)
