"""PyTorch's format of before 1.6: five pickles in a row, then the storages.

Source: https://docs.pytorch.org/docs/stable/generated/torch.save.html, `_use_new_zipfile_serialization=False`.
"""

from __future__ import annotations

import struct
import sys
from types import ModuleType
from typing import Any, Final

from ..device import resolve
from ..dtype import dtype as DType
from ..dtype import uint8
from ..storage import Storage
from ..typed_storage import TypedStorage
from ..untyped_storage import UntypedStorage, face, held_dtype
from .locations import MapLocation, restorer
from .pickles import Stored, decoded, pickler, unpickler

MAGIC_NUMBER: Final = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION: Final = 1001


def save(obj: Any, file: Any, pickle_module: Any, protocol: int) -> None:
    """Write an object to a file."""
    stored = Stored(lambda identity, count: str(identity))

    def persistent_id(value: Any) -> Any:
        described = stored.describe(value)
        return None if described is None else (*described, None)

    sizes = {"short": struct.calcsize("=h"), "int": struct.calcsize("=i"), "long": struct.calcsize("=l")}
    little = sys.byteorder == "little"
    about = {"protocol_version": PROTOCOL_VERSION, "little_endian": little, "type_sizes": sizes}
    for part in (MAGIC_NUMBER, PROTOCOL_VERSION, about):
        pickle_module.dump(part, file, protocol=protocol)
    pickler(pickle_module, file, protocol, persistent_id).dump(obj)
    keys = sorted(stored.storages)
    pickle_module.dump(keys, file, protocol=protocol)
    file.flush()
    for key in keys:
        storage = stored.storages[key]
        file.write(struct.pack("=q", len(storage) // stored.dtypes[key].itemsize))
        file.write(storage._look())


def load(file: Any, map_location: MapLocation, pickle_module: ModuleType | None, **options: Any) -> Any:
    """The object in a file; with `pickle_module` None by the restricted unpickler."""
    restore = restorer(map_location)
    loaded: dict[str, tuple[TypedStorage, DType]] = {}
    views: dict[str, TypedStorage] = {}

    def persistent_load(pid: Any) -> Any:
        kind, *rest = decoded(pid)
        if kind == "module":
            return rest[0]
        if kind != "storage":
            raise RuntimeError(f"Unknown saved id type: {kind}")
        storage_type, key, location, count, view = rest
        dtype = uint8 if storage_type is UntypedStorage else storage_type.dtype
        if key not in loaded:
            backend, home = resolve("cpu")
            # The elements come at the end of the file; the tensors made until then are views of these.
            made = face(Storage(backend.full((count,), 0, dtype), backend, home))
            made._unclaimed = True
            placed = restore(made, location)
            placed = placed if isinstance(placed, UntypedStorage) else placed.untyped()
            loaded[key] = TypedStorage._of(placed, dtype), dtype
        if view is None:
            return loaded[key][0]
        view_key, offset, size = view
        if view_key not in views:
            whole = loaded[key][0]._untyped_storage
            part = whole[offset * dtype.itemsize : (offset + size) * dtype.itemsize]
            views[view_key] = TypedStorage._of(part, dtype)
        return views[view_key]

    def read(restricted_or: ModuleType | None) -> Any:
        return unpickler(restricted_or, file, persistent_load, **options).load()

    if read(pickle_module) != MAGIC_NUMBER:
        raise RuntimeError("Invalid magic number; corrupt file?")
    version = read(pickle_module)
    if version != PROTOCOL_VERSION:
        raise RuntimeError(f"Invalid protocol version: {version}")
    about = read(pickle_module)
    result = read(pickle_module)
    for key in read(pickle_module):
        if key not in loaded:
            raise AssertionError(f"storage key {key!r} not found in deserialized_objects")
        storage, dtype = loaded[key]
        _fill(storage._untyped_storage, file, dtype, about.get("little_endian", True))
    return result


def _fill(storage: UntypedStorage, file: Any, dtype: DType, little: bool) -> None:
    """Read a storage's elements from where the file stands."""
    head = file.read(8)
    if len(head) < 8:
        raise RuntimeError(f"unexpected EOF, expected {8 - len(head)} more bytes. The file might be corrupted.")
    (count,) = struct.unpack("<q" if little else ">q", head)
    if count * dtype.itemsize != len(storage):
        raise RuntimeError(f"storage has wrong byte size: expected {len(storage)} got {count * dtype.itemsize}")
    data = bytearray(file.read(count * dtype.itemsize))
    if len(data) < count * dtype.itemsize:
        missing = count * dtype.itemsize - len(data)
        raise RuntimeError(f"unexpected EOF, expected {missing} more bytes. The file might be corrupted.")
    box = storage._box
    held = held_dtype(box)
    if little != (sys.byteorder == "little"):
        from ..untyped_storage import swapped

        data = swapped(data, dtype.itemsize // (2 if dtype.is_complex else 1))
    box.write(None, box.backend.from_bytes(data, box.array.shape, held))
    box.version = 0
