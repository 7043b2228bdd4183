"""What the GPU benchmarks time, for flambeau on `wgpu`: the training steps of all benchmarks, and some more."""

from collections.abc import Callable
from typing import Any

import training_steps
from training_steps import Library, Step


def resnet18(torch: Library) -> Step:
    """ResNet-18 as for CIFAR (3 × 3 stem, no pooling), 16 images of 32 × 32."""
    nn = torch.nn
    functional = nn.functional

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, inside: int, outside: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(outside)
            self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(outside)
            self.short = nn.Sequential()
            if stride != 1:
                self.short = nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))

        def forward(self, x: Any) -> Any:
            y = functional.relu(self.bn1(self.conv1(x)))
            return functional.relu(self.bn2(self.conv2(y)) + self.short(x))

    blocks = [
        Block(inside, outside, stride)
        for inside, outside, stride in (
            (64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1),
            (128, 256, 2), (256, 256, 1), (256, 512, 2), (512, 512, 1),
        )
    ]  # fmt: skip
    model = nn.Sequential(
        nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(), *blocks,
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10),
    )  # fmt: skip
    images, labels = torch.randn(16, 3, 32, 32), torch.randint(0, 10, (16,))
    return training_steps.trainer(torch, model, lambda: functional.cross_entropy(model(images), labels))


def matmul(torch: Library) -> Step:
    """The product of two 1024 × 1024 matrices."""
    x, y = torch.randn(1024, 1024), torch.randn(1024, 1024)
    return _kept(torch, lambda: x @ y)


def softmax(torch: Library) -> Step:
    """softmax of 4096 rows of 4096."""
    x = torch.randn(4096, 4096)
    return _kept(torch, lambda: torch.softmax(x, 1))


def chain(torch: Library) -> Step:
    """Ten elementwise operations on 16 M elements."""
    x = torch.randn(1 << 24)

    def run() -> Any:
        y = x
        for _ in range(5):
            y = torch.tanh(y * 1.5)
        return y

    return _kept(torch, run)


def _kept(torch: Library, run: Callable[[], Any]) -> Step:
    """A step that computes and keeps all of a result; its loss is one element of that."""

    def step() -> Any:
        result = run()
        torch.accelerator.synchronize()
        return result.flatten()[0]

    return step


STEPS: dict[str, Callable[[Library], Step]] = {
    **{name: step for name, step in training_steps.STEPS.items() if name != "tiny_ops"},
    **{f.__name__: f for f in (resnet18, matmul, softmax, chain)},
}
