"""In the browser: a network of every kind of image layer trains. `main(device)` returns its losses, also by the kernels
for real GPUs.
"""

import dataclasses
from typing import Any


def train(device: str) -> list[float]:
    import flambeau as torch
    from flambeau import nn

    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 64, 3, stride=2, padding=1, groups=2), nn.GroupNorm(4, 64), nn.ReLU(), nn.MaxPool2d(3, 1, 1),
        nn.Conv2d(64, 64, 3, padding=1), nn.AvgPool2d(2, 1), nn.ConvTranspose2d(64, 4, 3, stride=2),
        nn.AdaptiveMaxPool2d((2, 3)), nn.Flatten(), nn.Linear(24, 5),
    ).to(device)  # fmt: skip
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    images, labels = torch.randn(8, 3, 16, 16).to(device), torch.randint(0, 5, (8,)).to(device)
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.item()))
    return losses


def main(device: str = "wgpu") -> dict[str, Any]:
    if device != "wgpu":
        return {"losses": train(device)}
    import flambeau_wgpu

    engine = flambeau_wgpu.load().engine
    losses = train(device)
    engine.device.info = dataclasses.replace(engine.device.info, kind="gpu")
    engine.plans.clear()
    return {"losses": losses, "on a real GPU": train(device)}
