"""A program: so many training steps on the GPU without the garbage collector; prints by how much anything grew.

A process of its own, since it counts every object there is.
"""

import gc
import json
import sys
from array import array
from random import Random
from typing import Any

import flambeau_wgpu
from flambeau.dtype import float32

STEPS = int(sys.argv[1])
random = Random(2)
backend = flambeau_wgpu.load()


def draw(*shape: int) -> Any:
    values = array("f", [random.gauss(0, 1) for _ in range(shape[0] * shape[1])])
    return backend.from_bytes(values.tobytes(), shape, float32)


def step(p: Any, m: Any) -> tuple[Any, Any]:
    x = draw(4, 16)
    y = backend.tanh(backend.matmul(x, p))
    loss = backend.sum(backend.mul(y, y), (0, 1), False)
    slope = backend.mul(y, backend.sub(1.0, backend.mul(y, y)))
    gradient = backend.matmul(backend.view(x, (16, 4), (1, 16), 0), slope)
    m = backend.assign(m, None, backend.add(backend.mul(m, 0.9), gradient))
    p = backend.assign(p, None, backend.sub(p, backend.mul(m, 1e-3)))
    backend.step_boundary()
    backend.to_bytes(loss)
    return p, m


def measure() -> dict[str, int]:
    engine = backend.engine
    return {
        "objects": len(gc.get_objects()),
        "buffers": engine.device.counters.buffers,
        "bytes": engine.pool.allocated_bytes,
    }


p, m = backend.add(draw(16, 16), 0.0), backend.full((16, 16), 0.0, float32)
for _ in range(10):
    p, m = step(p, m)
gc.collect()
gc.disable()
before = measure()
for _ in range(STEPS):
    p, m = step(p, m)
print(json.dumps({name: value - before[name] for name, value in measure().items()}))
