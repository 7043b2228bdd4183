"""Profiles of the GPU's kernels."""

from itertools import pairwise
from typing import Any

import flambeau
from flambeau.profiler import DeviceType, ProfilerActivity, profile


def test_kernels_are_timed(gpu: Any) -> None:
    x = flambeau.rand(300, 300, device="wgpu")
    (x @ x).sum().item()
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.PrivateUse1]) as prof:
        (flambeau.tanh(x) @ x).sum().item()
    kernels = [event for event in prof.events() if event.device_type is not DeviceType.CPU]
    assert any(event.name.startswith("matmul(") for event in kernels)
    assert all(event.device_time_total > 0 for event in kernels)
    assert all(a.end_ns <= b.start_ns + 1000 for a, b in pairwise(kernels))
    table = prof.key_averages().table(sort_by="self_device_time_total")
    assert "Self WGPU" in table and "aten::tanh" in table
    assert gpu.engine.observer is None and not gpu.engine.device.timed
