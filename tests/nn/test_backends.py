"""Layers and optimizers on the reference backend, which has no fused kernels: the same numbers as on NumPy."""

from typing import Any

import pytest

import flambeau as torch

MODELS: dict[str, Any] = {
    "RNN": lambda: torch.nn.RNN(3, 4, bidirectional=True),
    "LSTM": lambda: torch.nn.LSTM(3, 4, 2),
    "LSTM projected": lambda: torch.nn.LSTM(3, 4, proj_size=2),
    "GRU": lambda: torch.nn.GRU(3, 4, bidirectional=True),
    "activations": lambda: torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.GELU(), torch.nn.Linear(4, 4), torch.nn.SiLU(), torch.nn.ELU(), torch.nn.Mish()
    ),
    "more activations": lambda: torch.nn.Sequential(
        torch.nn.Linear(3, 6), torch.nn.LeakyReLU(0.1), torch.nn.Softplus(), torch.nn.PReLU(), torch.nn.LogSoftmax(-1)
    ),
}
OPTIMIZERS: dict[str, Any] = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.01),
    "SGD momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "Adam": lambda p: torch.optim.Adam(p, lr=0.05),
    "amsgrad": lambda p: torch.optim.AdamW(p, lr=0.05, amsgrad=True),
    "RMSprop": lambda p: torch.optim.RMSprop(p, lr=0.01, centered=True, momentum=0.5),
    "Adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1),
}
PAIRS = [(m, "Adam") for m in MODELS] + [("GRU", o) for o in OPTIMIZERS if o != "Adam"]


def train(device: str, model: str, optimizer: str) -> tuple[list[float], list[Any]]:
    """Losses of some steps and the gradients of the last, on a device."""
    torch.manual_seed(0)
    net = MODELS[model]().to(device)
    steps = OPTIMIZERS[optimizer](net.parameters())
    x = torch.randn(4, 2, 3).to(device)
    losses = []
    for _ in range(4):
        y = net(x)
        y = y[0] if isinstance(y, tuple) else y
        loss = torch.nn.functional.smooth_l1_loss(y, torch.ones_like(y), beta=0.3)
        steps.zero_grad()
        loss.backward()
        steps.step()
        losses.append(loss.item())
    return losses, [p.grad.flatten().tolist() for p in net.parameters()]


@pytest.mark.parametrize(("model", "optimizer"), PAIRS)
def test_reference_and_numpy_agree(model: str, optimizer: str) -> None:
    losses, grads = train("cpu", model, optimizer)
    expected, reference_grads = train("reference", model, optimizer)
    assert losses == pytest.approx(expected, rel=1e-5)
    for a, b in zip(grads, reference_grads, strict=True):
        assert a == pytest.approx(b, rel=1e-4, abs=1e-6)


def test_modules_move_between_devices() -> None:
    net = torch.nn.LSTM(3, 2)
    weight = net.weight_ih_l0
    net.to("reference")
    assert net.weight_ih_l0 is weight
    assert {p.device.type for p in net.parameters()} == {"reference"}
    assert net(torch.ones(2, 1, 3, device="reference"))[0].device.type == "reference"
    assert {p.device.type for p in net.cpu().parameters()} == {"cpu"}
