"""PyTorch's zip format: `data.pkl` with the objects, and a record `data/KEY` for every storage.

Source: https://docs.pytorch.org/docs/stable/notes/serialization.html#torch-save-format
"""

from __future__ import annotations

import io
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

from ..device import resolve
from ..dtype import uint8
from ..storage import Storage
from ..typed_storage import TypedStorage
from ..untyped_storage import UntypedStorage, face, swapped, wrap_bytes
from . import config
from .config import skipping
from .locations import MapLocation, restorer
from .pickles import Stored, decoded, pickler, unpickler
from .zip_archive import ArchiveReader, ArchiveWriter


def save(obj: Any, file: Any, name: str, pickle_module: Any, protocol: int, with_byteorder: bool = True) -> None:
    """Write an object to a file as an archive called `name`."""
    stored = Stored(lambda identity, count: str(count))
    data = io.BytesIO()
    pickler(pickle_module, data, protocol, stored.describe).dump(obj)
    settings = config.save
    archive = ArchiveWriter(file, name, settings.storage_alignment, settings.compute_crc32)
    archive.record("data.pkl", data.getvalue())
    archive.record(".format_version", b"1")
    archive.record(".storage_alignment", str(settings.storage_alignment).encode())
    if with_byteorder:
        archive.record("byteorder", sys.byteorder.encode())
    for key, storage in stored.storages.items():
        archive.record(f"data/{key}", bytes(len(storage)) if skipping.data else storage._look())
    archive.close()


def load(
    archive: ArchiveReader,
    map_location: MapLocation,
    pickle_module: ModuleType | None,
    mapped: memoryview | None = None,
    **options: Any,
) -> Any:
    """The object in an archive; with `pickle_module` None by the restricted unpickler.

    Args:
        mapped: the file's bytes, of which the storages shall be parts, instead of being read.
    """
    restore = restorer(map_location)
    order = _byte_order(archive)
    loaded: dict[str, TypedStorage] = {}

    def persistent_load(pid: Any) -> TypedStorage:
        if not isinstance(pid, tuple):
            raise AssertionError(f"saved_id must be a tuple, got {type(pid).__name__}")
        kind, storage_type, key, location, count = decoded(pid)
        if kind != "storage":
            raise AssertionError(f"Unknown typename for persistent_load, expected 'storage' but got '{kind}'")
        if key not in loaded:
            dtype = uint8 if storage_type is UntypedStorage else storage_type.dtype
            name = f"data/{key}"
            backend, home = resolve("cpu")
            data: Any
            if skipping.data:
                data = bytearray(count * dtype.itemsize)
            elif mapped is None:
                data = archive.record(name)
            else:
                start = archive.offset(name)
                data = mapped[start : start + count * dtype.itemsize]
            if order != sys.byteorder:
                data = swapped(data, dtype.itemsize // (2 if dtype.is_complex else 1))
            array = wrap_bytes(backend, data, (len(data) // dtype.itemsize,), dtype)
            made = face(Storage(array, backend, home))
            placed = restore(made, location)
            placed = placed if isinstance(placed, UntypedStorage) else placed.untyped()
            placed._unclaimed = mapped is None
            loaded[key] = TypedStorage._of(placed, dtype)
        return loaded[key]

    return unpickler(pickle_module, io.BytesIO(archive.record("data.pkl")), persistent_load, **options).load()


def _byte_order(archive: ArchiveReader) -> str:
    """The byte order of the storages."""
    if "byteorder" in archive:
        order = archive.record("byteorder").decode()
        if order not in ("little", "big"):
            raise ValueError("Unknown endianness type: " + order)
        return order
    assumed = config.load.endianness
    if assumed is None and sys.byteorder == "big":
        warnings.warn(
            "The default load endianness for checkpoints without a byteorder mark on big endian machines was changed from "
            "'native' to 'little' endian, to avoid this behavior please use "
            "torch.serialization.set_default_load_endianness to set the desired default load endianness",
            UserWarning,
            stacklevel=4,
        )
    chosen = "little" if assumed is None else assumed.name.lower()
    return sys.byteorder if chosen == "native" else chosen


def archive_name(path: str) -> str:
    """What PyTorch calls the archive in a file: the file's name without its ending."""
    return Path(path).stem if path else "archive"
