"""WebGPU of the browser, under Pyodide: commands are packed here and executed by browser.js, one JS call per flush. New
kernels begin to compile when their code is known, while Python still plans.

Waiting (for a read, or for a new kernel to compile) blocks Python through JSPI, `pyodide.ffi.run_sync`.
"""

from __future__ import annotations

import json
from array import array
from pathlib import Path
from typing import Any

from .interface import SUBGROUPS, WORD, Commands, Counters, DeviceError, DeviceInfo, DeviceLost, OutOfMemory
from .store import store_name

BUFFER, DESTROY, WRITE, READ = 1, 2, 3, 5  # beside DISPATCH
STORAGE, PARAMS = 0, 1  # the `usage` of BUFFER
PARAMS_BUFFER = 0
SUBMITS_IN_FLIGHT = 16

NO_JSPI = (
    "the wgpu device must wait for the GPU inside Python, which takes JSPI (JavaScript Promise Integration): use "
    "Chrome or Edge 137 and later, and start Python code with runPythonAsync (a notebook cell does)"
)


def javascript() -> Any:
    """The JS module: the one that the page registered, else our own copy, evaluated."""
    try:
        import flambeau_wgpu_js  # type: ignore[import-not-found]
    except ImportError:
        return _own_javascript()
    return flambeau_wgpu_js


def _own_javascript() -> Any:
    from pyodide.code import run_js

    text = Path(__file__).with_name("browser.js").read_text(encoding="utf-8")
    body, exported = text.rsplit("export {", 1)
    return run_js(f"(() => {{ {body}\nreturn {{{exported.strip().rstrip(';')}; }})()")


def wait(promise: Any) -> Any:
    """The value of a JS promise.

    Raises:
        DeviceError: Python cannot block here, or the promise was rejected.
    """
    from pyodide.ffi import JsException, can_run_sync, run_sync

    if not can_run_sync():
        raise DeviceError(NO_JSPI)
    try:
        return run_sync(promise)
    except JsException as error:
        raise _fault(error) from None


def _fault(error: Any) -> DeviceError:
    message = str(getattr(error, "message", None) or error)
    if "OutOfMemory" in message or "out of memory" in message.lower():
        return OutOfMemory(f"wgpu out of memory. {message}")
    if "the GPU device was lost" in message:
        return DeviceLost(message)
    return DeviceError(message)


def count() -> int:
    """1 if the browser gives a WebGPU device, else 0."""
    try:
        return 0 if wait(javascript().probe()) else 1
    except DeviceError:
        return 0


def open_device(index: int = 0) -> BrowserDevice:
    """The browser's device.

    Raises:
        DeviceError: WebGPU or JSPI is missing, with what to do; or `index` is not 0.
    """
    if index != 0:
        raise DeviceError(f"device wgpu:{index} does not exist: a browser offers one WebGPU device, wgpu:0")
    module = javascript()
    return BrowserDevice(module, wait(module.open()))


class PageStore:
    """An entry of the page's IndexedDB. The JS side answers with nothing where it is denied."""

    def __init__(self, module: Any, adapter: str) -> None:
        self._module = module
        self.name = store_name(adapter)

    def recall(self) -> str:
        text: str = wait(self._module.recall(self.name))
        return text

    def remember(self, text: str) -> None:
        wait(self._module.remember(self.name, text))


class BrowserDevice:
    def __init__(self, module: Any, device: Any) -> None:
        self._device = device
        info = json.loads(device.info)
        names = {
            "maxBufferSize": "max-buffer-size",
            "maxStorageBufferBindingSize": "max-storage-buffer-binding-size",
            "maxStorageBuffersPerShaderStage": "max-storage-buffers-per-shader-stage",
            "maxComputeWorkgroupsPerDimension": "max-compute-workgroups-per-dimension",
            "maxComputeInvocationsPerWorkgroup": "max-compute-invocations-per-workgroup",
            "maxComputeWorkgroupStorageSize": "max-compute-workgroup-storage-size",
        }
        limits = {ours: int(info["limits"][theirs]) for theirs, ours in names.items()}
        self.info = DeviceInfo(info["name"], info["type"], limits, frozenset(info["features"]))
        self.counters = Counters()
        self.store = PageStore(module, self.info.name)
        self._words = array(WORD)  # commands since the last flush that are not dispatches
        self._data = bytearray()  # what they refer to
        self._next_buffer = 1
        self._next_pipeline = 0
        self._params_size = 0
        self._in_flight = 0

    @property
    def timed(self) -> bool:
        timed: bool = self._device.timed
        return timed

    @timed.setter
    def timed(self, timed: bool) -> None:
        self._device.timed = timed

    def alloc(self, size: int) -> int:
        handle = self._next_buffer
        self._next_buffer += 1
        self._words.extend((BUFFER, handle, size, STORAGE))
        self.counters.buffers += 1
        return handle

    def free(self, buffer: int) -> None:
        self._words.extend((DESTROY, buffer))

    def write(self, buffer: int, data: bytes | bytearray | memoryview) -> None:
        self.counters.writes += 1
        self._write(buffer, data)

    def _write(self, buffer: int, data: bytes | bytearray | memoryview) -> None:
        self._words.extend((WRITE, buffer, 0, len(self._data), len(data)))
        self._data += data

    def pipeline(self, code: str, params_size: int, buffers: int, writable: int) -> int:
        from pyodide.ffi import JsException

        handle = self._next_pipeline
        self._next_pipeline += 1
        # (Natively the feature alone is enough: wgpu's compiler does not know the directive.)
        text = f"enable {SUBGROUPS};\n{code}" if "(subgroup_" in code else code
        try:
            self._device.compile(handle, text, params_size, buffers, writable)
        except JsException as error:
            raise _fault(error) from None
        self.counters.pipelines += 1
        return handle

    def submit(
        self, commands: Commands, params: bytearray, read: tuple[int, int] | None = None
    ) -> memoryview | bytes | None:
        if commands.dispatches:
            if len(params) > self._params_size:
                self._params_size = max(1 << 18, len(params), 2 * self._params_size)
                self._words.extend((BUFFER, PARAMS_BUFFER, self._params_size, PARAMS))
            if params:
                self._write(PARAMS_BUFFER, params)
            self._words.extend(commands.words)
        if read is not None:
            self._words.extend((READ, *read))
            self.counters.reads += 1
        result = self._execute()
        self.counters.dispatches += commands.dispatches
        self.counters.submits += 1
        self._in_flight += 1
        if read is not None:
            self._in_flight = 0
            data: bytes = result.to_bytes()
            return data
        if self._in_flight >= SUBMITS_IN_FLIGHT:
            self.synchronize()
        return None

    def _execute(self) -> Any:
        from pyodide.ffi import JsException

        if not self._words:
            return None
        words, data = self._words, self._data or bytearray(4)
        self._words, self._data = array(WORD), bytearray()
        try:
            result = self._device.execute(words, data)
        except JsException as error:
            raise _fault(error) from None
        # JavaScript's null arrives as an object of its own, which is false; a promise is true.
        return wait(result) if result else None

    def synchronize(self) -> None:
        self._execute()
        wait(self._device.settled())
        self._in_flight = 0

    def kernel_times(self) -> list[tuple[int, int]]:
        """As browsers tell: Chromium in steps of 0.1 ms."""
        ticks = memoryview(wait(self._device.kernelTimes()).to_bytes()).cast("Q")
        return [(ticks[k], ticks[k + 1]) for k in range(0, len(ticks), 2)]

    def is_lost(self, error: Exception) -> bool:
        return isinstance(error, DeviceLost)

    def close(self) -> None:
        self._device.close()
