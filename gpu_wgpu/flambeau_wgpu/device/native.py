"""WebGPU through wgpu-py. wgpu is imported when the first device is opened.

Creating things goes through wgpu-py's API, which checks and explains. Encoding a dispatch does not: three calls through
its wrappers take 20 µs, through the library underneath (`wgpu.backends.wgpu_native.lib`, the WebGPU C API) one.

`FLAMBEAU_WGPU_LIMITS=default` asks for no more than every WebGPU device has: 128 MiB in a binding, 256 MiB in a buffer.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from typing import Any

from .interface import PARAMS_ALIGNMENT, SUBGROUPS, Commands, Counters, DeviceError, DeviceInfo, OutOfMemory
from .store import FileStore

DEFAULT_LIMITS = {"max-buffer-size": 1 << 28, "max-storage-buffer-binding-size": 1 << 27}  # those that are raised
USED_LIMITS = (
    "max-buffer-size",
    "max-storage-buffer-binding-size",
    "max-storage-buffers-per-shader-stage",
    "max-compute-workgroups-per-dimension",
    "max-compute-invocations-per-workgroup",
    "max-compute-workgroup-storage-size",
)
SUBMITS_IN_FLIGHT = 16  # before Python waits for the device: bounds what is queued when nothing is ever read
BIND_GROUPS_KEPT = 8192
QUERIES = 4096  # that a set may have

NO_PACKAGE = "the wgpu device needs the wgpu package: pip install flambeau[wgpu]"
NO_ADAPTER = (
    "no WebGPU adapter found. Install a Vulkan driver: the one of your GPU's maker, or Mesa's software one "
    "(Debian, Ubuntu: apt install mesa-vulkan-drivers libvulkan1)"
)


def adapters() -> list[Any]:
    """wgpu-py's adapters, real GPUs first, each physical device once.

    Raises:
        DeviceError: the wgpu package is missing.
    """
    try:
        import wgpu
        import wgpu.backends.wgpu_native  # (loads the library)
    except ImportError as error:
        raise DeviceError(NO_PACKAGE) from error
    # OpenGL is of no use here. (If the program uses wgpu already, its instance is there and stays as it is.)
    with contextlib.suppress(RuntimeError, KeyError):
        wgpu.backends.wgpu_native.extras.set_instance_extras(backends=["Vulkan", "Metal", "DX12"])
    rank = {"DiscreteGPU": 0, "IntegratedGPU": 1, "CPU": 3}
    found: dict[tuple[object, ...], Any] = {}
    with _quiet_wayland():
        everything = wgpu.gpu.enumerate_adapters_sync()
    for adapter in everything:
        if adapter.info["backend_type"] in ("Vulkan", "Metal", "D3D12"):
            found.setdefault((adapter.info["vendor_id"], adapter.info["device"], adapter.info["device_id"]), adapter)
    return sorted(found.values(), key=lambda adapter: rank.get(adapter.info["adapter_type"], 2))


@contextlib.contextmanager
def _quiet_wayland() -> Iterator[None]:
    """Vulkan drivers look for a Wayland display, whose library complains on stderr where there is no session at all."""
    name = "XDG_RUNTIME_DIR"
    if name in os.environ:
        yield
        return
    os.environ[name] = tempfile.gettempdir()
    try:
        yield
    finally:
        del os.environ[name]


def count() -> int:
    """How many devices `open_device` can open; 0 without wgpu-py or without a driver."""
    try:
        return len(adapters())
    except (RuntimeError, OSError):  # no package, no library, no driver
        return 0


def open_device(index: int = 0) -> NativeDevice:
    """The device of the adapter `index`.

    Raises:
        DeviceError: wgpu-py or a driver is missing, or there are fewer adapters.
    """
    found = adapters()
    if not found:
        raise DeviceError(NO_ADAPTER)
    if index >= len(found):
        raise DeviceError(
            f"device wgpu:{index} does not exist: this machine has {len(found)} WebGPU adapter(s), wgpu:0 is the first"
        )
    return NativeDevice(found[index])


def _physical_memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return 0


class NativeDevice:
    def __init__(self, adapter: Any) -> None:
        import wgpu
        from wgpu.backends.wgpu_native import ffi, lib

        self._wgpu, self._ffi, self._lib = wgpu, ffi, lib
        features = [feature for feature in ("shader-f16", "timestamp-query", "subgroup") if feature in adapter.features]
        limits = {name: adapter.limits[name] for name in DEFAULT_LIMITS}
        if os.environ.get("FLAMBEAU_WGPU_LIMITS") == "default":
            limits = DEFAULT_LIMITS
        self._device = adapter.request_device_sync(required_features=features, required_limits=limits)
        self._queue = self._device.queue
        self.info = DeviceInfo(
            name=adapter.info["device"] or adapter.info["description"],
            kind="cpu" if adapter.info["adapter_type"] == "CPU" else "gpu",
            limits={name: self._device.limits[name] for name in USED_LIMITS},
            features=frozenset(SUBGROUPS if feature == "subgroup" else feature for feature in features),
            # A software adapter's memory is the machine's: its driver would take it to the last byte.
            memory=_physical_memory() if adapter.info["adapter_type"] == "CPU" else 0,
        )
        self.counters = Counters()
        self.store = FileStore(self.info.name)
        self.timed = False
        self._queries: list[tuple[Any, int]] = []  # sets of timestamps of the last timed submit, and how many
        self._buffers: dict[int, Any] = {}
        self._next_buffer = 1
        self._pipelines: list[tuple[Any, Any]] = []  # wgpu pipeline, layout key
        self._layouts: dict[tuple[int, int, int], tuple[Any, Any]] = {}
        self._bind_groups: dict[tuple[object, ...], Any] = {}
        self._bindings_epoch = 0  # counts the times that bind groups were dropped: prepared commands of before are void
        self._params: Any = None
        self._staging: Any = None
        self._in_flight = 0
        self._grow_params(1 << 18)

    # --- buffers

    def alloc(self, size: int) -> int:
        usage = self._wgpu.BufferUsage
        buffer = self._create_buffer(size, usage.STORAGE | usage.COPY_SRC | usage.COPY_DST)
        handle = self._next_buffer
        self._next_buffer += 1
        self._buffers[handle] = buffer
        self.counters.buffers += 1
        return handle

    def free(self, buffer: int) -> None:
        self._buffers.pop(buffer).destroy()
        self._drop_bind_groups()

    def write(self, buffer: int, data: bytes | bytearray | memoryview) -> None:
        self.counters.writes += 1
        self._queue.write_buffer(self._buffers[buffer], 0, data)

    def _create_buffer(self, size: int, usage: int) -> Any:
        try:
            return self._device.create_buffer(size=size, usage=usage)
        except self._wgpu.GPUOutOfMemoryError as error:
            raise OutOfMemory(
                f"wgpu out of memory. Tried to allocate {size / 2**20:.2f} MiB on {self.info.name}."
            ) from error

    def _grow_params(self, size: int) -> None:
        usage = self._wgpu.BufferUsage
        self._params = self._create_buffer(size, usage.UNIFORM | usage.COPY_DST)
        self._drop_bind_groups()

    def _drop_bind_groups(self) -> None:
        self._bind_groups.clear()
        self._bindings_epoch += 1

    # --- kernels

    def pipeline(self, code: str, params_size: int, buffers: int, writable: int) -> int:
        key = (params_size, buffers, writable)
        layout = self._layout(key)[1]
        module = self._shader_module(code)
        pipeline = self._device.create_compute_pipeline(
            layout=layout, compute={"module": module, "entry_point": "main"}
        )
        self._pipelines.append((pipeline, key))
        self.counters.pipelines += 1
        return len(self._pipelines) - 1

    def _shader_module(self, code: str) -> Any:
        try:
            return self._device.create_shader_module(code=code)
        except self._wgpu.GPUError as error:
            numbered = "\n".join(f"{n:4} {line}" for n, line in enumerate(code.splitlines(), 1))
            raise DeviceError(
                f"flambeau_wgpu made WGSL that does not compile; please report it.\n{error}\n{numbered}"
            ) from error

    def _layout(self, key: tuple[int, int, int]) -> tuple[Any, Any]:
        layout = self._layouts.get(key)
        if layout is None:
            params_size, buffers, writable = key
            stage = self._wgpu.ShaderStage.COMPUTE
            uniform = {"type": "uniform", "has_dynamic_offset": True, "min_binding_size": params_size}
            entries = [{"binding": 0, "visibility": stage, "buffer": uniform}]
            for i in range(buffers):
                kind = "storage" if writable >> i & 1 else "read-only-storage"
                entries.append({"binding": i + 1, "visibility": stage, "buffer": {"type": kind}})
            groups = self._device.create_bind_group_layout(entries=entries)
            layout = (groups, self._device.create_pipeline_layout(bind_group_layouts=[groups]))
            self._layouts[key] = layout
        return layout

    def _bind_group(self, key: tuple[int, int, int], buffers: tuple[int, ...]) -> Any:
        group = self._bind_groups.get((key, buffers))
        if group is None:
            if len(self._bind_groups) >= BIND_GROUPS_KEPT:
                self._drop_bind_groups()
            entries = [{"binding": 0, "resource": {"buffer": self._params, "offset": 0, "size": key[0]}}]
            for i, handle in enumerate(buffers):
                buffer = self._buffers[handle]
                entries.append({"binding": i + 1, "resource": {"buffer": buffer, "offset": 0, "size": buffer.size}})
            group = self._device.create_bind_group(layout=self._layout(key)[0], entries=entries)
            self._bind_groups[key, buffers] = group
            self.counters.bind_groups += 1
        return group

    # --- running

    def submit(
        self, commands: Commands, params: bytearray, read: tuple[int, int] | None = None
    ) -> memoryview | bytes | None:
        encoder = None
        if commands.dispatches:
            if len(params) > self._params.size:
                self._grow_params(max(len(params), 2 * self._params.size))
            if params:
                self._queue.write_buffer(self._params, 0, params)
            encoder = self._device.create_command_encoder()
            self._encode(encoder, commands)
        if read is None:
            if encoder is not None:
                self._submit(encoder)
            return None
        self.counters.reads += 1
        if encoder is None:
            encoder = self._device.create_command_encoder()
        buffer, size = read
        if self._staging is None or self._staging.size < size:
            usage = self._wgpu.BufferUsage
            self._staging = self._create_buffer(max(size, 4096), usage.MAP_READ | usage.COPY_DST)
        encoder.copy_buffer_to_buffer(self._buffers[buffer], 0, self._staging, 0, size)
        self._submit(encoder)
        self._staging.map_sync("READ", 0, size)
        self._in_flight = 0
        try:
            # A copy: the staging buffer is used again.
            return bytes(self._staging.read_mapped(0, size, copy=False))
        finally:
            self._staging.unmap()

    def _submit(self, encoder: Any) -> None:
        self._queue.submit([encoder.finish()])
        self.counters.submits += 1
        self._in_flight += 1
        if self._in_flight >= SUBMITS_IN_FLIGHT:
            self.synchronize()

    def _encode(self, encoder: Any, commands: Commands) -> None:
        prepared = commands.prepared
        if prepared is None or prepared[0] != self._bindings_epoch:
            dispatches = self._prepare(commands)
            commands.prepared = prepared = (self._bindings_epoch, dispatches)
        self.counters.dispatches += commands.dispatches
        if self.timed and "timestamp-query" in self.info.features:
            self._encode_timed(encoder, prepared[1])
            return
        compute_pass = encoder.begin_compute_pass()
        target = compute_pass._internal
        set_pipeline = self._lib.wgpuComputePassEncoderSetPipeline
        set_bind_group = self._lib.wgpuComputePassEncoderSetBindGroup
        dispatch = self._lib.wgpuComputePassEncoderDispatchWorkgroups
        current = None
        for pipeline, group, offset, x, y, z, _ in prepared[1]:
            if pipeline is not current:
                set_pipeline(target, pipeline)
                current = pipeline
            set_bind_group(target, 0, group, 1, offset)
            dispatch(target, x, y, z)
        compute_pass.end()

    def _encode_timed(self, encoder: Any, dispatches: list[tuple[Any, ...]]) -> None:
        """Each dispatch in a pass that notes when it begins and ends."""
        self._queries = []
        for first in range(0, len(dispatches), QUERIES // 2):
            some = dispatches[first : first + QUERIES // 2]
            queries = self._device.create_query_set(type="timestamp", count=2 * len(some))
            self._queries.append((queries, 2 * len(some)))
            for number, (pipeline, group, offset, x, y, z, _) in enumerate(some):
                compute_pass = encoder.begin_compute_pass(
                    timestamp_writes={
                        "query_set": queries,
                        "beginning_of_pass_write_index": 2 * number,
                        "end_of_pass_write_index": 2 * number + 1,
                    }
                )
                target = compute_pass._internal
                self._lib.wgpuComputePassEncoderSetPipeline(target, pipeline)
                self._lib.wgpuComputePassEncoderSetBindGroup(target, 0, group, 1, offset)
                self._lib.wgpuComputePassEncoderDispatchWorkgroups(target, x, y, z)
                compute_pass.end()

    def kernel_times(self) -> list[tuple[int, int]]:
        times: list[tuple[int, int]] = []
        usage = self._wgpu.BufferUsage
        period = self._lib.wgpuQueueGetTimestampPeriod(self._queue._internal)
        for queries, count in self._queries:
            resolved = self._create_buffer(8 * count, usage.QUERY_RESOLVE | usage.COPY_SRC)
            encoder = self._device.create_command_encoder()
            encoder.resolve_query_set(queries, 0, count, resolved, 0)
            self._queue.submit([encoder.finish()])
            ticks = memoryview(self._queue.read_buffer(resolved)).cast("B").cast("Q")
            times += [(int(ticks[k] * period), int(ticks[k + 1] * period)) for k in range(0, count, 2)]
        self._queries = []
        return times

    def _prepare(self, commands: Commands) -> list[tuple[Any, ...]]:
        """The dispatches with the library's own pointers; the last item of each keeps its objects alive."""
        words, at = commands.words, 0
        prepared: list[tuple[Any, ...]] = []
        epoch = -1
        while epoch != self._bindings_epoch:  # again if making bind groups dropped earlier ones
            epoch, at = self._bindings_epoch, 0
            prepared.clear()
            while at < len(words):
                _, pipeline, offset, x, y, z, n = words[at : at + 7]
                compute, key = self._pipelines[pipeline]
                group = self._bind_group(key, tuple(words[at + 7 : at + 7 + n]))
                offsets = self._ffi.new("uint32_t[1]", [offset])
                prepared.append((compute._internal, group._internal, offsets, x, y, z, (compute, group)))
                at += 7 + n
        return prepared

    def synchronize(self) -> None:
        # (wgpu-py 0.32's own on_submitted_work_done_sync hands its library a callback of another type.)
        self._lib.wgpuDevicePoll(self._device._internal, True, self._ffi.NULL)
        self._in_flight = 0

    def is_lost(self, error: Exception) -> bool:
        return isinstance(error, self._wgpu.GPUError) and "device is lost" in str(error)

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._device.destroy()


assert PARAMS_ALIGNMENT % 32 == 0
