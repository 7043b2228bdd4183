"""Storage: the box that holds one backend array, which every view of a tensor shares."""

from __future__ import annotations

from .backends.protocol import Array, Backend, Region
from .device import device


class Storage:
    """One flat array on one device, with a count of the writes to it.

    The count is how autograd notices that a tensor it saved was "modified by an inplace operation".
    """

    __slots__ = ("__weakref__", "array", "backend", "device", "version")

    def __init__(self, array: Array, backend: Backend, device: device) -> None:
        self.array = array
        self.backend = backend
        self.device = device
        self.version = 0

    def write(self, region: Region | None, value: Array) -> None:
        """Write into a region (None: everywhere), in place where the backend can."""
        self.array = self.backend.assign(self.array, region, value)
        self.version += 1
