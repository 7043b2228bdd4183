"""Settings of `save` and `load`, public as `torch.utils.serialization.config`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from threading import local
from typing import Any


def private_mapping() -> int | None:
    """The flag of a mapping whose writes stay in memory."""
    if sys.platform == "win32":
        return None
    from mmap import MAP_PRIVATE

    return MAP_PRIVATE


@dataclass
class LoadSettings:
    """How files are read."""

    mmap: bool = False
    endianness: Any = None
    mmap_flags: int | None = None
    calculate_storage_offsets: bool = False


@dataclass
class SaveSettings:
    """How files are written."""

    compute_crc32: bool = True
    use_pinned_memory_for_d2h: bool = False
    storage_alignment: int = 64


load = LoadSettings(mmap_flags=private_mapping())
save = SaveSettings()


class _Skipping(local):
    """Whether this thread leaves the elements of storages out of files; see `serialization.skip_data`."""

    data = False


skipping = _Skipping()
