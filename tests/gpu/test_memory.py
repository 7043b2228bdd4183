"""Memory is flat, and in-place updates are."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flambeau.dtype import float32, int64

random = np.random.default_rng(2)


@pytest.mark.parametrize("steps", [1000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_flat_over_many_steps(steps: int) -> None:
    """Without the garbage collector: nothing may depend on it."""
    command = [sys.executable, str(Path(__file__).with_name("many_steps.py")), str(steps)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    growth = json.loads(done.stdout.splitlines()[-1])
    assert growth["buffers"] == 0
    assert growth["bytes"] == 0
    assert abs(growth["objects"]) < 200


def test_what_pytorch_calls_it(gpu: Any) -> None:
    import flambeau as torch

    accelerator = torch.accelerator
    accelerator.empty_cache()
    accelerator.reset_peak_memory_stats()
    before = accelerator.memory_allocated()
    x = torch.zeros(1 << 20, device="wgpu") + 1
    accelerator.synchronize()
    assert accelerator.memory_allocated() - before == 1 << 22
    assert accelerator.memory_stats()["allocated_bytes.all.current"] == accelerator.memory_allocated()
    del x
    assert accelerator.memory_allocated() == before
    assert accelerator.max_memory_allocated() - before >= 1 << 22
    assert accelerator.memory_reserved() >= 1 << 22
    accelerator.empty_cache()
    assert accelerator.memory_reserved() < accelerator.max_memory_reserved()
    summary = torch.get_device_module("wgpu").memory_summary().splitlines()
    assert summary[1].strip("| ") == "wgpu memory summary, device ID 0"
    assert any(re.fullmatch(r"\| Reserved memory +\| +\d+ ([KM]i)?B \| +\d+ [KM]iB \|", line) for line in summary)
    free, total = accelerator.get_memory_info()
    assert 0 < free <= total


def test_chains_do_not_keep_their_past(gpu: Any) -> None:
    b = gpu.backend
    x = b.add(gpu.put(np.zeros(100)), 0.0)
    for _ in range(20):
        for _ in range(100):
            x = b.add(x, 1.0)
        b.step_boundary()
        assert x.inputs == ()
    assert gpu.get(x).tolist() == [2000.0] * 100


def test_assign_leaves_older_holders_their_values(gpu: Any) -> None:
    b = gpu.backend
    a = np.arange(12, dtype="f4")
    x = b.add(gpu.put(a), 0.0)
    view = b.view(x, (3,), (1,), 2)
    reader = b.mul(x, 2.0)
    y = b.assign(x, ((4,), (3,), 0), -1.0)
    z = b.assign(y, ((2,), (1,), 4), b.view(y, (2,), (1,), 0))
    assert gpu.get(x).tolist() == a.tolist()
    assert gpu.get(view).tolist() == [2, 3, 4]
    assert gpu.get(reader).tolist() == (2 * a).tolist()
    expected = a.copy()
    expected[::3] = -1
    assert gpu.get(y).tolist() == expected.tolist()
    expected[4:6] = expected[0:2]
    assert gpu.get(z).tolist() == expected.tolist()


def test_assign_in_place_takes_no_memory(gpu: Any) -> None:
    b = gpu.backend
    x = b.add(gpu.put(np.zeros((64, 64))), 0.0)
    b.synchronize()
    buffer = x.buffer.handle
    for k in range(5):
        for row in range(64):
            x = b.assign(x, ((64,), (1,), 64 * row), float(k + row))
        b.step_boundary()
        assert x.buffer.handle == buffer
    assert gpu.get(x)[:, 0].tolist() == [4.0 + row for row in range(64)]


def test_a_part_added_to_itself(gpu: Any) -> None:
    b = gpu.backend
    x = b.add(gpu.put(np.arange(6)), 0.0)
    x = b.assign(x, ((3,), (1,), 0), b.add(b.view(x, (3,), (1,), 3), 1.0))
    x = b.assign(x, ((5,), (1,), 1), b.view(x, (5,), (1,), 0))
    assert gpu.get(x).tolist() == [4, 4, 5, 6, 3, 4]


def test_the_pool_gives_back_what_it_does_not_need(gpu: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from flambeau_wgpu import memory

    b = gpu.backend
    x = [b.add(gpu.put(np.zeros(1 << 16)), float(k)) for k in range(20)]
    b.synchronize()
    held = gpu.engine.pool.allocated_bytes
    x.clear()
    monkeypatch.setattr(memory, "IDLE_KEPT", 1 << 20)
    gpu.engine.pool.collect()
    assert gpu.engine.pool.allocated_bytes <= held - (15 << 18)
    assert gpu.get(b.add(gpu.put([1.0, 2.0]), 1.0)).tolist() == [2, 3]


def test_a_view_that_outlives_its_base(gpu: Any) -> None:
    b = gpu.backend
    a = random.standard_normal((5, 6)).astype("f4")
    view = b.view(b.exp(gpu.put(a)), (6, 5), (1, 6), 0)
    b.step_boundary()
    part = b.view(view, (2, 5), (5, 1), 10)
    del view
    b.step_boundary()
    np.testing.assert_allclose(gpu.get(b.mul(part, 2.0)), 2 * np.exp(a).T[2:4], rtol=1e-5)


def test_a_constant_is_written_in_part(gpu: Any) -> None:
    b = gpu.backend
    zeros = b.full((3, 4), 0.0, float32)
    x = b.assign(zeros, ((3,), (5,), 0), 1.0)
    assert gpu.get(x).tolist() == np.eye(3, 4).tolist()
    assert gpu.get(zeros).tolist() == np.zeros((3, 4)).tolist()
    index = b.assign(b.full((4,), 0, int64), ((2,), (2,), 1), 7)
    assert gpu.get(index).tolist() == [0, 7, 0, 7]


def test_an_array_joined_with_itself_gives_its_buffer_back_once(gpu: Any) -> None:
    b = gpu.backend
    a = random.standard_normal((3, 4)).astype("f4")
    x = b.tanh(gpu.put(a))
    joined = b.concat([b.view(x, (4,), (1,), 4 * row) for row in range(3)] * 2, 0)
    del x
    # Were the buffer of x free twice, these two would share it.
    first, second = b.sum(b.mul(joined, 2.0), (0,), True), b.sum(b.mul(joined, 3.0), (0,), True)
    first, second = b.matmul(b.view(first, (1, 1), (1, 1), 0), gpu.put([[1.0]])), b.exp(second)
    total = float(np.tanh(a).sum()) * 2
    np.testing.assert_allclose(gpu.get(b.add(first, second)), [[2 * total + np.exp(3 * total)]], rtol=1e-4)
