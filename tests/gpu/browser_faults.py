"""In the browser: a device that goes away, and memory that runs out. `main` returns what was raised, and what came after."""

import asyncio
from array import array
from typing import Any

import flambeau_wgpu
from flambeau.backends.protocol import AcceleratorError, OutOfMemoryError
from flambeau.dtype import float32


def main() -> dict[str, Any]:
    from pyodide.ffi import create_proxy, to_js

    backend = flambeau_wgpu.load()

    def put(*numbers: float) -> Any:
        return backend.from_bytes(array("f", numbers).tobytes(), (len(numbers),), float32)

    def read(x: Any) -> list[float]:
        return list(array("f", bytes(backend.to_bytes(x))))

    def raised(call: Any) -> list[str]:
        try:
            call()
        except (AcceleratorError, OutOfMemoryError) as error:
            return [type(error).__name__, str(error)]
        return []

    old = backend.add(put(1.0, 2.0), 1.0)
    answer: dict[str, Any] = {"before": read(old)}
    backend.engine.device.close()
    answer["lost"] = raised(lambda: read(backend.exp(old)))
    answer["after"] = read(backend.add(put(1.0, 2.0), 1.0))
    answer["old"] = raised(lambda: read(old))

    device = backend.engine.device._device.device
    original = device.popErrorScope

    async def refuse() -> Any:
        await original.call(device)
        return to_js({"message": "no room"}, dict_converter=__import__("js").Object.fromEntries)

    compile_now = device.createComputePipelineAsync

    async def compile_late(what: Any) -> Any:
        await asyncio.sleep(0.3)  # when what it was for has long failed
        return await compile_now.call(device, what)

    device.popErrorScope = create_proxy(refuse)
    device.createComputePipelineAsync = create_proxy(compile_late)
    answer["full"] = raised(lambda: read(backend.add(put(*range(5000)), 1.0)))
    device.popErrorScope, device.createComputePipelineAsync = original, compile_now
    answer["again"] = read(backend.add(put(*range(5000)), 1.0))[-1]
    return answer
