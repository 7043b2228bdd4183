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


def test_a_network_of_many_kinds_of_layers_follows_float32(gpu: Any) -> None:
    """Convolution, batch norm, attention, layer norm and cross entropy, with clipped gradients."""
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2))
            self.mix = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
            self.head = nn.Linear(8, 4)

        def forward(self, x: Any) -> Any:
            return self.head(self.mix(self.stem(x).flatten(2).transpose(1, 2)).mean(1))

    def losses(enabled: bool) -> list[float]:
        torch.manual_seed(0)
        model = Net().to("wgpu")
        x, y = torch.randn(16, 1, 8, 8).to("wgpu"), torch.randint(0, 4, (16,)).to("wgpu")
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
        scaler = torch.amp.GradScaler("wgpu", enabled=enabled)
        found = []
        for _ in range(12):
            optimizer.zero_grad()
            with torch.autocast("wgpu", dtype=torch.float16, enabled=enabled):
                loss = nn.functional.cross_entropy(model(x), y)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
            found.append(loss.item())
        assert all(p.dtype is p.grad.dtype is torch.float32 for p in model.parameters())
        return found

    half, whole = losses(True), losses(False)
    assert half == pytest.approx(whole, abs=0.05)
    assert half[-1] < half[0] - 0.2


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
