"""Attention on the GPU: a product, a row kernel and a product; six kernels back; and PyTorch's values."""

from typing import Any

import numpy as np
import pytest

import flambeau

attention = flambeau.nn.functional.scaled_dot_product_attention


def tensors(device: str) -> list[Any]:
    flambeau.manual_seed(0)
    shapes = [(2, 3, 33, 16), (2, 3, 40, 16), (2, 3, 40, 24), (2, 3, 33, 24)]
    return [flambeau.randn(shape).to(device).requires_grad_() for shape in shapes]


def causal(rows: int, columns: int, device: str) -> Any:
    return flambeau.ones(rows, columns, dtype=flambeau.bool).tril().to(device)


OPTIONS: dict[str, Any] = {
    "plain": lambda device: {},
    "causal": lambda device: {"is_causal": True},
    "bool mask": lambda device: {"attn_mask": causal(33, 40, device).flip(1)},  # one row sees nothing
    "float mask": lambda device: {"attn_mask": flambeau.linspace(-2, 2, 40).to(device), "scale": 0.3},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIONS)
def test_values_and_gradients(gpu: Any, name: str) -> None:
    results = []
    for device in ("cpu", "wgpu"):
        query, key, value, g = tensors(device)
        y = attention(query, key, value, **OPTIONS[name](device))
        grads = flambeau.autograd.grad(y, (query, key, value), g, create_graph=True)
        (second,) = flambeau.autograd.grad(sum(x.square().sum() for x in grads), query)
        results.append([x.detach().cpu().numpy() for x in (y, *grads, second)])
    for found, expected in zip(results[1], results[0], strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * max(1.0, float(np.abs(expected).max())))


def test_kernels(gpu: Any) -> None:
    query, key, value, g = tensors("wgpu")
    counters = gpu.engine.device.counters
    gpu.engine.flush()
    before = counters.dispatches
    y = attention(query, key, value)
    gpu.engine.flush()
    assert counters.dispatches - before == 3
    before = counters.dispatches
    held = flambeau.autograd.grad(y, (query, key, value), g)
    gpu.engine.flush()
    assert counters.dispatches - before == 6
    del held


def test_dropout_keeps_the_mean(gpu: Any) -> None:
    query, key, _, _ = tensors("wgpu")
    ones = flambeau.ones(2, 3, 40, 24).to("wgpu")
    y = attention(query, key, ones, dropout_p=0.25)
    assert y.std().item() > 0.05
    assert abs(y.mean().item() - 1) < 0.05
