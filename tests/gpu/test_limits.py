"""Sizes at and beyond what a dispatch, a kernel or a buffer may have."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flambeau.dtype import bool_, float32, int32, int64

random = np.random.default_rng(1)


def test_more_than_65535_workgroups(gpu: Any) -> None:
    b = gpu.backend
    count = 65_536 * 64 + 3
    x = b.add(b.arange(0, 1, count, int32), 1)
    groups = next(iter(reversed(_plans(gpu, x)))).dispatches[-1][2]
    assert max(groups) <= 65_535 and groups[1] > 1
    got = gpu.get(x)
    assert got[0] == 1 and got[-1] == count and (np.diff(got) == 1).all()


def _plans(gpu: Any, x: Any) -> list[Any]:
    gpu.backend.step_boundary()
    return list(gpu.engine.plans.values())


def test_more_than_65535_workgroups_in_a_reduction(gpu: Any) -> None:
    b = gpu.backend
    rows, columns = 70_000, 300
    x = b.view(b.arange(0, 1, columns, float32), (rows, columns), (0, 1), 0)
    np.testing.assert_array_equal(gpu.get(b.sum(x, (1,), False)), np.full(rows, columns * (columns - 1) / 2, "f4"))


def test_a_sum_of_sixteen_million(gpu: Any) -> None:
    b = gpu.backend
    x = b.view(b.full((1,), 1.0, float32), (4096, 4096), (0, 0), 0)
    assert gpu.get(b.sum(x, (0, 1), False)) == 4096 * 4096


def test_sums_stay_accurate(gpu: Any) -> None:
    a = random.uniform(0, 1, (3, 300_000)).astype("f4")
    np.testing.assert_allclose(gpu.get(gpu.backend.sum(gpu.put(a), (1,), False)), a.sum(1, dtype="f8"), rtol=2e-6)


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 4), (2, 0, 3)], ids=str)
def test_arrays_without_elements_never_reach_the_device(gpu: Any, shape: tuple[int, ...]) -> None:
    b = gpu.backend
    before = gpu.engine.flushes
    x = b.from_bytes(b"", shape, float32)
    y = b.tanh(b.add(x, b.mul(x, 2.0)))
    assert gpu.get(y).shape == shape
    assert gpu.get(b.concat([x, y], 0)).size == 0
    assert gpu.get(b.matmul(b.full((2, 0), 1.0, float32), b.full((0, 3), 1.0, float32))).tolist() == [[0, 0, 0]] * 2
    assert gpu.get(b.sum(x, tuple(range(len(shape))), False)) == 0
    assert gpu.get(b.nonzero(b.full(shape, True, bool_))).shape == (0, len(shape))
    assert gpu.engine.flushes == before


def test_a_long_sort(gpu: Any) -> None:
    b = gpu.backend
    a = random.integers(0, 500, (2, 5000)).astype("f4")
    a[0, 17] = np.nan
    values, order = b.sort(gpu.put(a), 1, False)
    np.testing.assert_array_equal(gpu.get(order), np.argsort(a, 1, kind="stable"))
    np.testing.assert_array_equal(gpu.get(values), np.sort(a, 1))


def test_a_long_scan(gpu: Any) -> None:
    a = random.integers(-3, 4, (3, 10_000)).astype("i4")
    np.testing.assert_array_equal(gpu.get(gpu.backend.cumsum(gpu.put(a, int32), 1)), np.cumsum(a, 1))
    np.testing.assert_array_equal(gpu.get(gpu.backend.cumsum(gpu.put(a.T, int32), 0)), np.cumsum(a.T, 0))


def test_many_arrays_joined(gpu: Any) -> None:
    arrays = [random.standard_normal((3, k % 4 + 1, 2)).astype("f4") for k in range(40)]
    got = gpu.get(gpu.backend.concat([gpu.put(a) for a in arrays], 1))
    np.testing.assert_array_equal(got, np.concatenate(arrays, 1))


def test_scatter_with_many_duplicates_is_deterministic(gpu: Any) -> None:
    b = gpu.backend
    index = random.integers(0, 50, 3000)
    value = random.standard_normal((3000, 5)).astype("f4")
    zeros, i, v = b.full((50, 5), 0.0, float32), gpu.put(index, int64), gpu.put(value)
    first, second = (gpu.get(b.put(zeros, i, 0, v, "add")) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    expected = np.zeros((50, 5), "f8")
    np.add.at(expected, index, value)
    np.testing.assert_allclose(first, expected, rtol=1e-4, atol=1e-5)


def test_a_matmul_with_both_kernels(gpu: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The layout for real GPUs computes the same; here it runs on whatever is there."""
    from flambeau_wgpu.schedule import fuse

    b = gpu.backend
    original = fuse.Fusion.__init__
    monkeypatch.setattr(fuse.Fusion, "__init__", lambda self, graph, kind, *rest: original(self, graph, "gpu", *rest))
    x, y = random.standard_normal((2, 3, 70, 33)).astype("f4"), random.standard_normal((3, 33, 130)).astype("f4")
    z = b.tanh(b.matmul(gpu.put(x), gpu.put(y)))
    np.testing.assert_allclose(gpu.get(z), np.tanh(x @ y), rtol=1e-4, atol=1e-5)
    kernels = next(reversed(gpu.engine.plans.values())).kernels
    assert any("workgroup" in repr(ir.static) for _, ir, _ in kernels)
    gpu.engine.plans.clear()  # made for another kind of device


@pytest.mark.parametrize("flip_a", [False, True])
@pytest.mark.parametrize("flip_b", [False, True])
@pytest.mark.parametrize("shape", [(64, 64, 64), (260, 260, 260), (300, 257, 301)], ids=str)
def test_matmul_layouts(gpu: Any, shape: tuple[int, int, int], flip_a: bool, flip_b: bool) -> None:
    """Small and large register tiles, operands along and across, whole and ragged edges."""
    b = gpu.backend
    n, k, m = shape
    x, y = random.standard_normal((n, k)).astype("f4"), random.standard_normal((k, m)).astype("f4")
    left = b.view(gpu.put(x.T), (n, k), (1, n), 0) if flip_a else gpu.put(x)
    right = b.view(gpu.put(y.T), (k, m), (1, k), 0) if flip_b else gpu.put(y)
    np.testing.assert_allclose(gpu.get(b.matmul(left, right)), x @ y, rtol=1e-3, atol=1e-3)


def test_int64_beyond_32_bits_is_refused(gpu: Any) -> None:
    with pytest.raises(OverflowError, match=r"4294967296 at position 1 .* 32 bits"):
        gpu.put([1, 2**32], int64)
    edge = [2**31 - 1, -(2**31), -1, 0]
    assert gpu.get(gpu.put(edge, int64)).tolist() == edge


def test_twelve_operands_are_more_than_a_kernel_binds(gpu: Any) -> None:
    b = gpu.backend
    arrays = [random.standard_normal(100).astype("f4") for _ in range(12)]
    total, held = gpu.put(arrays[0]), []
    for a in arrays[1:]:
        total = b.add(b.exp(gpu.put(a)), total)
        held.append(total)
    expected = arrays[0] + np.cumsum([np.exp(a) for a in arrays[1:]], 0)
    np.testing.assert_allclose(gpu.get(total), expected[-1], rtol=1e-5)
    np.testing.assert_allclose(gpu.get(held[5]), expected[5], rtol=1e-5)
    assert all(len(ir.bindings) <= 8 for plan in gpu.engine.plans.values() for _, ir, _ in plan.kernels)


def test_half_a_gigabyte_under_the_limits_of_every_device() -> None:
    """Four times what one binding takes, on a device that was asked for no more than WebGPU promises."""
    program = Path(__file__).with_name("half_a_gigabyte.py")
    environment = {**os.environ, "FLAMBEAU_WGPU_LIMITS": "default"}
    done = subprocess.run([sys.executable, program], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    assert answers.pop("limits") == {"max-buffer-size": 1 << 28, "max-storage-buffer-binding-size": 1 << 27}
    assert all(answers.values()), answers


def test_rows_longer_than_a_software_adapter_loops(gpu: Any) -> None:
    """Mesa's ends an invocation's loops at 65535 turns, and says nothing."""
    b = gpu.backend
    rows = b.add(gpu.put(np.ones((300, 70_001))), 1.0)
    assert (gpu.get(b.sum(rows, (1,), False)) == 2 * 70_001).all()
    last = np.zeros((300, 70_001), "f4")
    last[:, -2] = 1
    assert (gpu.get(b.argmax(gpu.put(last), 1, False)) == 69_999).all()
    count = (1 << 21) + 5
    np.testing.assert_array_equal(gpu.get(b.cumsum(gpu.put(np.ones(count), int32), 0)), np.arange(1, count + 1))
    zeros, ones = b.full((3,), 0.0, float32), gpu.put(np.ones(70_000))
    everything = gpu.put(np.full(70_000, 1), int64)
    assert gpu.get(b.put(zeros, everything, 0, ones, "add")).tolist() == [0, 70_000, 0]
    assert gpu.get(b.scatter(zeros, 0, everything, ones, "add")).tolist() == [0, 70_000, 0]
