"""What the engine asks of a GPU: buffers, pipelines, and packed lists of dispatches.

Buffers and pipelines are small integers, so that a list of commands is a list of 32-bit words in both transports. A
dispatch is

    DISPATCH pipeline offset x y z n buffer...

with `offset` the byte position of its parameters in the parameter block that goes with the list (a multiple of 256), `x
y z` workgroups and `n` storage buffers, bound in order from binding 1.
"""

from __future__ import annotations

import sys
from array import array
from dataclasses import dataclass, field
from typing import Any, Protocol

from flambeau.backends.protocol import AcceleratorError, OutOfMemoryError

from .store import Store

DISPATCH = 4
PARAMS_ALIGNMENT = 256  # minUniformBufferOffsetAlignment, as every WebGPU device has it
WORD = "I"
SUBGROUPS = "subgroups"
"""The feature of adapters whose invocations exchange registers within a subgroup, and know which one of their workgroup
it is. The transport writes what WGSL must declare to use it.
"""

assert array(WORD).itemsize == 4 and sys.byteorder == "little", "WebGPU's layout is little-endian, 32-bit words"


class DeviceError(RuntimeError):
    """The GPU cannot be used, or stopped working; the message says what to do."""


class OutOfMemory(OutOfMemoryError, DeviceError):
    """The GPU has no room for a buffer."""


class DeviceLost(AcceleratorError, DeviceError):
    """The GPU was reset, unplugged or taken away: what was in its memory is gone. The next use opens it anew."""


LOST = (
    "wgpu: the device was lost, and with it what its tensors held. Make them anew; the next use opens the device again"
)


@dataclass(frozen=True)
class DeviceInfo:
    name: str
    kind: str  # "cpu" for software adapters, "gpu" for the others: they want different kernels
    limits: dict[str, int]
    features: frozenset[str]
    memory: int = 0  # bytes there are, 0 if nobody says

    @property
    def largest(self) -> int:
        """Bytes of the largest buffer that a kernel can use."""
        return min(self.limits["max-buffer-size"], self.limits["max-storage-buffer-binding-size"])


@dataclass
class Counters:
    """How often the device was asked to do something expensive. Tests and the debug view read them."""

    buffers: int = 0
    pipelines: int = 0
    bind_groups: int = 0
    dispatches: int = 0
    submits: int = 0
    writes: int = 0
    reads: int = 0


@dataclass
class Commands:
    """Dispatches as words, and what a transport keeps to run the same list again cheaply."""

    words: array[int] = field(default_factory=lambda: array(WORD))
    dispatches: int = 0
    prepared: Any = None

    def dispatch(self, pipeline: int, offset: int, groups: tuple[int, int, int], buffers: list[int]) -> None:
        self.words.extend((DISPATCH, pipeline, offset, *groups, len(buffers), *buffers))
        self.dispatches += 1


class Device(Protocol):
    info: DeviceInfo
    counters: Counters
    timed: bool  # whether kernels are timed, each in a pass of its own
    store: Store  # what is remembered of the adapter

    def alloc(self, size: int) -> int:
        """A storage buffer of `size` bytes (a multiple of 4)."""

    def free(self, buffer: int) -> None:
        """Give a buffer back to the driver, once the work already submitted is done with it."""

    def write(self, buffer: int, data: bytes | bytearray | memoryview) -> None:
        """Copy `data` (a multiple of 4 bytes) to the start of the buffer, after the work submitted so far."""

    def pipeline(self, code: str, params_size: int, buffers: int, writable: int) -> int:
        """A kernel from WGSL with an entry point `main`; its parameters are `params_size` bytes at binding 0.

        `writable` is a bit mask over its `buffers` storage buffers.
        """

    def submit(
        self, commands: Commands, params: bytearray, read: tuple[int, int] | None = None
    ) -> memoryview | bytes | None:
        """Run the dispatches in order with one submit; then, if `read` is (buffer, size), wait and return that buffer's
        bytes.
        """

    def synchronize(self) -> None:
        """Return when everything submitted is done."""

    def kernel_times(self) -> list[tuple[int, int]]:
        """Begin and end, in nanoseconds of the device's clock, of each kernel of the last timed `submit`; empty where
        it cannot tell.
        """

    def is_lost(self, error: Exception) -> bool:
        """Whether an error of this device means that it is gone."""

    def close(self) -> None:
        """Let go of the device."""
