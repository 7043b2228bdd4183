"""16-bit floats on the GPU: autocast and gradient scaling."""

from typing import Any

import pytest

import flambeau as torch
from flambeau.backends import registry


def test_autocast_and_scaler(gpu: Any) -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1)).to("wgpu")
    x = torch.randn(64, 8, device="wgpu")
    y = x.sum(1, keepdim=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    scaler = torch.amp.GradScaler("wgpu")
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        with torch.autocast("wgpu", dtype=torch.float16):
            out = model(x)
            loss = torch.nn.functional.mse_loss(out, y)
        assert out.dtype is torch.float16 and loss.dtype is torch.float32
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 4
    assert model[0].weight.dtype is model[0].weight.grad.dtype is torch.float32
    with torch.autocast("wgpu", dtype=torch.float16):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is torch.float32  # another device's
    assert model(x).dtype is torch.float32


def test_gradients_that_overflow_skip_the_step(gpu: Any) -> None:
    weight = torch.nn.Parameter(torch.ones(2, 2, device="wgpu"))
    optimizer, scaler = torch.optim.SGD([weight], lr=1.0), torch.amp.GradScaler("wgpu", init_scale=2.0**20)
    with torch.autocast("wgpu", dtype=torch.float16):
        loss = (weight @ weight).sum()
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    assert scaler.get_scale() == 2.0**19 and weight.tolist() == [[1, 1], [1, 1]]


def test_without_the_feature_it_says_so(gpu: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = registry.get("wgpu")
    monkeypatch.setattr(backend, "dtypes", backend.dtypes - {torch.float16})
    with pytest.raises(RuntimeError, match=r"does not support torch\.float16.*shader-f16"):
        torch.autocast("wgpu", dtype=torch.float16)
    with pytest.raises(RuntimeError, match=r"does not support torch\.bfloat16"):
        torch.autocast("wgpu", dtype=torch.bfloat16)
