"""Files of the safetensors format: a header in JSON, then the tensors' bytes.

Source: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import struct
import sys
from typing import Any, Final

from .._tensor import Tensor
from ..device import resolve
from ..dtype import BY_NAME
from ..storage import Storage
from ..untyped_storage import swapped, view_of, wrap_bytes

_KINDS: Final = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8", "BOOL": "bool",
    "C64": "complex64",
}  # fmt: skip


def load(path: Any, device: Any = "cpu") -> dict[str, Tensor]:
    """The tensors of a file by name.

    Raises:
        ValueError: it is not such a file, or holds a dtype that tensors do not have.
    """
    with open(path, "rb") as file:
        try:
            (length,) = struct.unpack("<Q", file.read(8))
            header: dict[str, Any] = json.loads(file.read(length))
        except (struct.error, ValueError, OverflowError, MemoryError):
            raise ValueError(f"{path} is not a safetensors file: its header cannot be read") from None
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    backend, home = resolve("cpu")
    tensors = {}
    for name, entry in header.items():
        kind = BY_NAME.get(_KINDS.get(entry["dtype"], ""))
        if kind is None:
            raise ValueError(f"{path}: tensor {name!r} has the dtype {entry['dtype']}, which tensors here do not have")
        start, stop = entry["data_offsets"]
        part = data[start:stop]
        if sys.byteorder == "big":
            part = swapped(part, kind.itemsize)
        shape = tuple(entry["shape"])
        array = wrap_bytes(backend, part, shape, kind)
        tensors[name] = view_of(Storage(array, backend, home), kind, shape).to(device)
    return tensors
