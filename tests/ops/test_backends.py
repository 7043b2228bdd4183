"""Every op of the table gives the same on every backend: NumPy's against the readable reference, and the GPU's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flambeau

from .sample import Op, Sample, make, numbers, skeleton, tensors_in
from .samples import TABLE
from .test_against_torch import backward, outcome

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")


def rows(*, gpu: bool) -> list[Any]:
    return [
        pytest.param(op, sample, id=f"{op.name}({sample})")
        for op in TABLE
        for sample in op.samples
        if (op.on_gpu and "float64" not in repr(sample)) or not gpu
    ]


def run(op: Op, sample: Sample, device: str) -> tuple[Any, list[Any]]:
    """The result on a device, and the gradients of the float inputs."""
    with flambeau.device(device):
        made = make(flambeau, sample, device=device, grad=op.differentiable)
        result = op.function(flambeau)(*made.args, **made.kwargs)
        if op.differentiable:
            backward(flambeau, result)
    return result, [leaf.grad for leaf in made.leaves]


def assert_alike(found: Any, expected: Any, op: Op, tolerance: float) -> None:
    assert skeleton(found) == skeleton(expected)
    if op.same_values:
        for x, y in zip(tensors_in(found), tensors_in(expected), strict=True):
            np.testing.assert_allclose(numbers(x), numbers(y), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("op", "sample"), rows(gpu=False))
def test_reference(op: Op, sample: Sample) -> None:
    expected, gradients = run(op, sample, "cpu")
    found, same_gradients = run(op, sample, "reference")
    tolerance = 5e-6 * op.tolerance
    assert_alike(found, expected, op, tolerance)
    for x, y in zip(same_gradients, gradients, strict=True):
        assert_alike(x, y, op, 10 * tolerance)
    for tensor in tensors_in(found):
        assert tensor.device.type in ("reference", "cpu")
    for tensor in tensors_in(
        expected
    ):  # views count on the order of what they are views of, and nothing else would tell
        assert tensor._storage.array.flags.c_contiguous
        assert tuple(tensor.shape) == tensor._array().shape


@pytest.mark.slow
@pytest.mark.parametrize(("op", "sample"), rows(gpu=True))
def test_wgpu(op: Op, sample: Sample) -> None:
    expected, gradients = run(op, sample, "cpu")
    found, same_gradients = run(op, sample, "wgpu")
    tolerance = 2e-5 * op.tolerance
    assert_alike(found, expected, op, tolerance)
    for x, y in zip(same_gradients, gradients, strict=True):
        assert_alike(x, y, op, 10 * tolerance)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["float64", "int8", "uint8", "int16", "float16"])
def test_dtype_that_the_gpu_lacks_is_refused_by_name(name: str) -> None:
    kind = getattr(flambeau, name)
    error = outcome(lambda: flambeau.zeros(2, dtype=kind, device="wgpu"))
    backend = flambeau.zeros(1, device="wgpu")._storage.backend
    if kind in backend.dtypes:
        assert not isinstance(error, Exception)
    else:
        assert isinstance(error, TypeError)
        assert name in str(error)
