"""Device memory: buffers come from a pool by size class and go back to it by themselves."""

from __future__ import annotations

from heapq import heappop, heappush

from .device.interface import Device, OutOfMemory

SMALLEST = 256
IDLE_KEPT = 1 << 28  # bytes that may lie idle in the pool before it gives buffers back to the driver


def size_class(size: int) -> int:
    """The pool's buffer size for `size` bytes: at most a quarter more, so that nearby sizes share buffers."""
    if size <= SMALLEST:
        return SMALLEST
    quarter = 1 << ((size - 1).bit_length() - 3)
    return (size + quarter - 1) // quarter * quarter


def _human(size: int) -> str:
    return f"{size / 2**30:.2f} GiB" if size >= 1 << 30 else f"{size / 2**20:.2f} MiB"


class Buffer:
    """A device buffer owned by one realized array; back in the pool when that array is gone."""

    __slots__ = ("handle", "pool", "size")

    def __init__(self, pool: Pool, handle: int, size: int) -> None:
        self.pool = pool
        self.handle = handle
        self.size = size

    def __del__(self) -> None:
        # May run at any moment, also in the middle of Pool's own methods: an append is all that is safe.
        self.pool.returned.append((self.handle, self.size))


class Pool:
    """Idle buffers by size.

    The one made first is taken first, whatever the order in which they came back: the same step finds the same buffers
    again, and with them its bind groups and its command list.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self.largest = device.info.largest
        self.returned: list[tuple[int, int]] = []  # by Buffer.__del__, not sorted in yet
        self.idle: dict[int, list[int]] = {}
        self.idle_bytes = 0
        self.allocated_bytes = 0  # idle ones included
        self.peak_bytes = 0  # the most that was in use at once
        self.peak_allocated_bytes = 0

    def take(self, size: int) -> int:
        """The handle of a buffer of the given size class.

        Raises:
            OutOfMemory: the device has no room, or no buffer may be that large.
        """
        idle = self.idle.get(size)
        if idle:
            self.idle_bytes -= size
            self.peak_bytes = max(self.peak_bytes, self.allocated_bytes - self.idle_bytes)
            return heappop(idle)
        if size > self.largest or 0 < self.device.info.memory < self.allocated_bytes + size:
            self.trim(0)
        if size > self.largest or 0 < self.device.info.memory < self.allocated_bytes + size:
            raise self._too_much(size)
        try:
            handle = self.device.alloc(size)
        except OutOfMemory:
            self.trim(0)
            try:
                handle = self.device.alloc(size)
            except OutOfMemory:
                raise self._too_much(size) from None
        self.allocated_bytes += size
        self.peak_bytes = max(self.peak_bytes, self.allocated_bytes - self.idle_bytes)
        self.peak_allocated_bytes = max(self.peak_allocated_bytes, self.allocated_bytes)
        return handle

    def _too_much(self, size: int) -> OutOfMemory:
        """As PyTorch says it, as far as WebGPU tells."""
        info = self.device.info
        total = f" has a total capacity of {_human(info.memory)}" if info.memory else ""
        return OutOfMemory(
            f"wgpu out of memory. Tried to allocate {_human(size)}. {info.name}{total}, of which flambeau holds "
            f"{_human(self.allocated_bytes)} ({_human(self.idle_bytes)} of it not in use), and takes at most "
            f"{_human(self.largest)} at once."
        )

    def give(self, handle: int, size: int) -> None:
        heappush(self.idle.setdefault(size, []), handle)
        self.idle_bytes += size

    def collect(self) -> None:
        """Sort in the buffers of arrays that are gone."""
        while self.returned:
            self.give(*self.returned.pop())
        if self.idle_bytes > IDLE_KEPT:
            self.trim(IDLE_KEPT // 2)

    def reset_peaks(self) -> None:
        """Count the peaks from now on."""
        self.collect()
        self.peak_bytes = self.allocated_bytes - self.idle_bytes
        self.peak_allocated_bytes = self.allocated_bytes

    def trim(self, keep: int) -> None:
        """Give idle buffers back to the driver, the largest first, until `keep` idle bytes are left."""
        for size in sorted(self.idle, reverse=True):
            idle = self.idle[size]
            while idle and self.idle_bytes > keep:
                self.device.free(heappop(idle))
                self.idle_bytes -= size
                self.allocated_bytes -= size
