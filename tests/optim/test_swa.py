"""Averages of weights, their learning rates and batch statistics, as torch's."""

from collections.abc import Callable
from typing import Any

import pytest

Library = Any

AVERAGES: dict[str, Callable[[Library], dict[str, Any]]] = {
    "equal": lambda t: {},
    "exponential": lambda t: {"multi_avg_fn": t.optim.swa_utils.get_ema_multi_avg_fn(0.9)},
    "exponential, one by one": lambda t: {"avg_fn": t.optim.swa_utils.get_ema_avg_fn(0.9)},
    "equal, all at once": lambda t: {"multi_avg_fn": t.optim.swa_utils.get_swa_multi_avg_fn()},
    "buffers": lambda t: {"use_buffers": True},
    "buffers, exponential": lambda t: {
        "use_buffers": True,
        "multi_avg_fn": t.optim.swa_utils.get_ema_multi_avg_fn(0.5),
    },
    "own": lambda t: {"avg_fn": lambda average, new, n: average * 0.5 + new * 0.25 * n},
}


def network(t: Library) -> Any:
    net = t.nn.Sequential(t.nn.Linear(3, 2), t.nn.Tanh(), t.nn.Linear(2, 1))
    net.register_buffer("count", t.tensor(3))
    net.register_buffer("mean", t.ones(2))
    return net


@pytest.mark.parametrize("settings", [pytest.param(s, id=name) for name, s in AVERAGES.items()])
def test_averages(same: Callable[..., None], settings: Callable[[Library], dict[str, Any]]) -> None:
    def code(t: Library) -> Any:
        net = network(t)
        average = t.optim.swa_utils.AveragedModel(net, **settings(t))
        optimizer = t.optim.SGD(net.parameters(), lr=0.05)
        for _ in range(4):
            optimizer.zero_grad()
            net(t.randn(5, 3)).square().sum().backward()
            optimizer.step()
            net.count += 5
            net.mean *= 2
            average.update_parameters(net)
        x = t.randn(2, 3)
        return average.state_dict(), average(x), net(x), repr(average)

    same(code)


def test_rates(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        seen = []
        for settings in ({}, {"anneal_epochs": 3, "anneal_strategy": "linear"}, {"anneal_epochs": 0}):
            p = [t.nn.Parameter(t.zeros(1)) for _ in range(2)]
            optimizer = t.optim.SGD([{"params": [p[0]], "lr": 0.5}, {"params": [p[1]]}], lr=0.1)
            schedule = t.optim.swa_utils.SWALR(optimizer, swa_lr=[0.05, 0.2], **settings)
            for _ in range(6):
                optimizer.step()
                schedule.step()
                seen.append([group["lr"] for group in optimizer.param_groups])
            seen.append(schedule.state_dict())
        return seen

    same(code, rtol=1e-12, atol=0)


def test_batch_statistics(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        net = t.nn.Sequential(t.nn.Linear(3, 2), t.nn.BatchNorm1d(2)).eval()
        t.optim.swa_utils.update_bn([(t.randn(4, 3), 1), [t.randn(6, 3)], t.randn(5, 3)], net)
        return net.state_dict(), net.training, net[1].momentum

    same(code)


@pytest.mark.parametrize("code", [
    lambda t: t.optim.swa_utils.get_ema_avg_fn(1.5),
    lambda t: t.optim.swa_utils.get_ema_multi_avg_fn(-0.5),
    lambda t: t.optim.swa_utils.AveragedModel(network(t), avg_fn=max, multi_avg_fn=max),
])  # fmt: skip
def test_errors(same: Callable[..., None], code: Callable[[Library], Any]) -> None:
    same(code, fails=True)
