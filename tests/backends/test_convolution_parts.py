"""NumPy's convolutions in parts: whatever the size of a part, values and gradients are torch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import flambeau
from flambeau.backends.numpy_kernels import convolution

SETTINGS: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "dense": ((3, 4, 9, 7), (6, 4, 3, 3), {"padding": 1}),
    "apart": ((3, 4, 9, 8), (6, 2, 3, 2), {"stride": (2, 3), "padding": (1, 0), "groups": 2}),
    "dilated": ((2, 3, 9, 9), (4, 3, 2, 3), {"dilation": (3, 2)}),
    "points": ((3, 4, 5, 6), (5, 4, 1, 1), {}),
    "each channel": ((2, 5, 8, 6), (5, 1, 3, 3), {"groups": 5, "padding": 1}),
    "each channel twice, apart": ((2, 3, 8, 6), (6, 1, 3, 2), {"groups": 3, "stride": 2}),
    "line": ((3, 4, 20), (6, 4, 5), {"padding": 2}),
    "volume": ((2, 2, 5, 4, 4), (3, 2, 2, 3, 2), {"padding": (0, 1, 0)}),
    "small planes, many channels": ((4, 64, 4, 4), (64, 64, 3, 3), {"padding": 1}),
}


@pytest.mark.parametrize("elements", [1, 60, 1 << 20])
@pytest.mark.parametrize("name", SETTINGS)
def test_parts(name: str, elements: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convolution, "CHUNK", elements)
    shape, kernel, settings = SETTINGS[name]
    generator = np.random.default_rng(0)
    elements_of = [generator.standard_normal(s) for s in (shape, kernel, kernel[:1])]
    results = []
    for t in (torch, flambeau):
        x, w, b = (t.tensor(e.tolist(), dtype=t.float64, requires_grad=True) for e in elements_of)
        y = getattr(t, f"conv{len(shape) - 2}d")(x, w, b, **settings)
        (y * y).sum().backward()
        results.append([z.detach().tolist() for z in (y, x.grad, w.grad, b.grad)])
    for theirs, ours in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
