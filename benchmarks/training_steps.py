"""The training steps that the benchmarks time, each written once for flambeau and torch alike."""

from collections.abc import Callable
from typing import Any

Library = Any  # flambeau or torch
Step = Callable[[], Any]


def trainer(torch: Library, model: Any, loss_of: Callable[[], Any]) -> Step:
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def step() -> Any:
        loss = loss_of()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def mlp(torch: Library) -> Step:
    """784-256-10 on a batch of 64, cross-entropy."""
    nn = torch.nn
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
    images, labels = torch.randn(64, 784), torch.randint(0, 10, (64,))
    return trainer(torch, model, lambda: nn.functional.cross_entropy(model(images), labels))


def rnn_loop(torch: Library) -> Step:
    """A Python loop over 32 time steps of an Elman cell with 128 units, batch 32."""
    nn = torch.nn
    cell = nn.ModuleDict({"input": nn.Linear(128, 128), "memory": nn.Linear(128, 128), "output": nn.Linear(128, 64)})
    inputs, targets = torch.randn(32, 32, 128), torch.randint(0, 64, (32 * 32,))

    def loss_of() -> Any:
        memory = torch.zeros(32, 128)
        memories = []
        for x in inputs:
            memory = torch.tanh(cell["input"](x) + cell["memory"](memory))
            memories.append(memory)
        return nn.functional.cross_entropy(cell["output"](torch.stack(memories)).flatten(0, 1), targets)

    return trainer(torch, cell, loss_of)


def gru(torch: Library) -> Step:
    """`nn.GRU` with 128 units over 32 time steps, batch 32."""
    nn = torch.nn
    model = nn.ModuleDict({"read": nn.GRU(128, 128), "output": nn.Linear(128, 64)})
    inputs, targets = torch.randn(32, 32, 128), torch.randint(0, 64, (32 * 32,))
    return trainer(
        torch,
        model,
        lambda: nn.functional.cross_entropy(model["output"](model["read"](inputs)[0]).flatten(0, 1), targets),
    )


def lenet(torch: Library) -> Step:
    """Two convolutions of 5 × 5 with pooling and three linear layers, 28 × 28 images, batch 64."""
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    images, labels = torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))
    return trainer(torch, model, lambda: nn.functional.cross_entropy(model(images), labels))


def transformer(torch: Library) -> Step:
    """One encoder layer of width 128 with 4 heads and 512 hidden units, 16 sequences of 64."""
    nn = torch.nn
    model = nn.TransformerEncoderLayer(128, 4, 512, dropout=0.0, batch_first=True)
    inputs, targets = torch.randn(16, 64, 128), torch.randn(16, 64, 128)
    return trainer(torch, model, lambda: nn.functional.mse_loss(model(inputs), targets))


def tiny_ops(torch: Library) -> Step:
    """200 elementwise operations on 4 × 4 elements, forward and backward: what one operation costs."""
    x, scale = torch.randn(4, 4), torch.nn.Parameter(torch.full((4, 4), 0.9))

    def step() -> Any:
        y = x
        for _ in range(100):
            y = torch.tanh(y * scale)
        loss = y.sum()
        loss.backward()
        scale.grad = None
        return loss

    return step


STEPS = {f.__name__: f for f in (mlp, rnn_loop, gru, lenet, transformer, tiny_ops)}
"""Each makes, for a library, the function that takes one step and returns its loss."""
