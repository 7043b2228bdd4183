"""Memory that runs out and devices that go away: errors with PyTorch's names, and work goes on afterwards."""

from typing import Any

import numpy as np
import pytest

import flambeau
from flambeau.dtype import float32
from flambeau_wgpu.backend import WgpuBackend
from flambeau_wgpu.device import native
from flambeau_wgpu.device.interface import DeviceLost

from .conftest import Gpu


@pytest.fixture
def own() -> Gpu:
    """A device that no other test has."""
    return Gpu(WgpuBackend(native.open_device(), native.open_device))


def lose(gpu: Gpu) -> None:
    gpu.engine.device.close()


@pytest.mark.parametrize("planned", [False, True])
def test_a_lost_device(own: Gpu, planned: bool) -> None:
    b = own.backend
    old = b.add(own.put([1.0, 2.0, 3.0]), 1.0)
    waiting_in_memory = own.put([5.0, 6.0])
    for _ in range(3 if planned else 0):
        own.get(b.exp(old))
    b.synchronize()
    lose(own)
    with pytest.raises(DeviceLost, match=r"the device was lost.*the next use opens the device again") as caught:
        own.get(b.exp(old))
    assert isinstance(caught.value, flambeau.AcceleratorError) and isinstance(caught.value, RuntimeError)
    for _ in range(2):
        assert own.get(b.mul(own.put([1.0, 2.0]), 3.0)).tolist() == [3, 6]
        assert own.get(b.mul(waiting_in_memory, 2.0)).tolist() == [10, 12]
    with pytest.raises(DeviceLost):
        own.get(old)
    result = b.add(old, 1.0)
    also_waiting = b.add(own.put([7.0, 8.0]), 1.0)
    with pytest.raises(DeviceLost):
        b.step_boundary()
    assert own.get(also_waiting).tolist() == [8, 9]
    with pytest.raises(DeviceLost):
        own.get(b.view(result, (2,), (1,), 1))


def test_training_goes_on_after_a_lost_device(own: Gpu) -> None:
    b = own.backend
    weight = b.add(own.put(np.ones((4, 4))), 0.0)
    for step in range(4):
        if step == 2:
            lose(own)
        try:
            weight = b.assign(weight, None, b.mul(weight, 0.5))
            b.step_boundary()
        except DeviceLost:
            weight = b.add(own.put(np.ones((4, 4))), 0.0)
    assert own.get(weight)[0, 0] == 0.5


def test_memory_runs_out(gpu: Any) -> None:
    b = gpu.backend
    kept = b.add(gpu.put([1.0, 2.0]), 1.0)
    b.synchronize()
    held = gpu.engine.pool.allocated_bytes - gpu.engine.pool.idle_bytes
    huge = b.random((1 << 34,), 1, 0)  # 64 GiB
    with pytest.raises(
        flambeau.OutOfMemoryError, match=r"wgpu out of memory. Tried to allocate 128.00 MiB. .* holds"
    ) as caught:
        b.step_boundary()
    assert isinstance(caught.value, flambeau.cuda.OutOfMemoryError)
    del huge, caught
    assert gpu.get(b.mul(kept, 2.0)).tolist() == [4, 6]
    b.release_memory()
    assert gpu.engine.pool.allocated_bytes <= held + (1 << 20)


def test_no_device_has_so_much(gpu: Any) -> None:
    b = gpu.backend
    huge = b.add(b.random((1 << 50,), 1, 0), 1.0)
    with pytest.raises(flambeau.OutOfMemoryError, match="more than any device computes"):
        b.step_boundary()
    del huge
    assert gpu.get(b.add(b.full((2,), 1.0, float32), gpu.put([1.0, 2.0]))).tolist() == [2, 3]


def test_the_driver_has_no_room(gpu: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool gives back what lies idle and asks again before it gives up."""
    from flambeau_wgpu.device.interface import OutOfMemory

    device, refusals = gpu.engine.device, []
    alloc = device.alloc

    def refuse(size: int) -> int:
        if len(refusals) < 1:
            refusals.append(size)
            raise OutOfMemory("full")
        return alloc(size)

    gpu.backend.release_memory()
    monkeypatch.setattr(device, "alloc", refuse)
    assert gpu.get(gpu.backend.add(gpu.put(np.ones(70_000)), 1.0)).sum() == 140_000
    assert refusals
