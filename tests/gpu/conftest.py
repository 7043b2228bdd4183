"""The wgpu backend, natively, and arrays in and out of it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flambeau_wgpu
from flambeau.dtype import bool_, dtype, float32, int8, int16, int32, int64, uint8
from flambeau_wgpu.backend import WgpuBackend
from flambeau_wgpu.lazy import LazyArray

NUMPY: dict[dtype, str] = {
    float32: "f4",
    int64: "i8",
    int32: "i4",
    int16: "i2",
    int8: "i1",
    uint8: "u1",
    bool_: "?",
}


class Gpu:
    """The backend, with numpy arrays going in and coming out."""

    def __init__(self, backend: WgpuBackend) -> None:
        self.backend = backend
        self.engine = backend.engine

    def put(self, array: Any, d: dtype = float32) -> LazyArray:
        array = np.ascontiguousarray(np.asarray(array, dtype=NUMPY[d]))
        return self.backend.from_bytes(array.tobytes(), array.shape, d)

    def get(self, x: LazyArray) -> Any:
        return np.frombuffer(self.backend.to_bytes(x), NUMPY[x.dtype]).reshape(x.shape)

    def kernels(self) -> list[list[str]]:
        """Flush; the ops of each kernel that ran."""
        flushes = self.engine.flushes
        self.backend.step_boundary()
        if self.engine.flushes == flushes:
            return []
        return [ops for ops, _, _ in next(reversed(self.engine.plans.values())).kernels]


@pytest.fixture(scope="session")
def _backend() -> WgpuBackend:
    return flambeau_wgpu.load()


@pytest.fixture
def gpu(_backend: WgpuBackend) -> Iterator[Gpu]:
    _backend.synchronize()
    yield Gpu(_backend)
    _backend.synchronize()
