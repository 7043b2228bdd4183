"""Storage: the box that holds one backend array, which every view of a tensor shares."""

from __future__ import annotations

import threading
from math import inf
from typing import Any

from .backends.protocol import Array, Backend, Region
from .device import device


class Inference(threading.local):
    """Whether this thread is in `inference_mode`."""

    on: bool = False


inference = Inference()
contexts = 0
"""How many inference modes are on, over all threads: while it is 0 nobody has to look at `inference`."""


class Storage:
    """One flat array on one device, with a count of the writes to it.

    The count is how autograd notices that a tensor it saved was "modified by an inplace operation". A storage made in
    inference mode has none: it is minus infinity, which stays what it is when 1 is added.
    """

    __slots__ = ("__weakref__", "array", "backend", "device", "shared", "version")

    shared: bool  # set where it is True: processes forked from here write to the same memory

    version: int

    def __init__(self, array: Array, backend: Backend, device: device) -> None:
        self.array = array
        self.backend = backend
        self.device = device
        self.version = -inf if contexts and inference.on else 0  # type: ignore[assignment]

    def write(self, region: Region | None, value: Array) -> None:
        """Write into a region (None: everywhere), in place where the backend can."""
        self.array = self.backend.assign(self.array, region, value)
        self.version += 1


def __getattr__(name: str) -> Any:
    """`torch.storage.UntypedStorage` and `TypedStorage`: the same boxes as PyTorch shows them."""
    if name == "UntypedStorage":
        from .untyped_storage import UntypedStorage

        return UntypedStorage
    if name.endswith("Storage"):
        from . import typed_storage

        if hasattr(typed_storage, name):
            return getattr(typed_storage, name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
