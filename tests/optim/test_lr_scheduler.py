"""Learning rate schedules: rates over epochs, state, warnings and errors, as torch's."""

from collections.abc import Callable
from typing import Any

import pytest

Library = Any
Make = Callable[[Library, Any], Any]

SCHEDULES: dict[str, Make] = {
    "StepLR": lambda s, o: s.StepLR(o, 3, gamma=0.5),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [2, 5, 5, 9], gamma=0.3),
    "ConstantLR": lambda s, o: s.ConstantLR(o, factor=0.25, total_iters=4),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.9),
    "LinearLR": lambda s, o: s.LinearLR(o, 0.2, 0.8, 6),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o, 7, power=1.7),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 5, eta_min=0.001),
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda epoch: 1 / (epoch + 1)),
    "LambdaLR, each group": lambda s, o: s.LambdaLR(o, [lambda epoch: 0.5**epoch, lambda epoch: 1.0]),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda epoch: 0.95),
}


def optimizer(t: Library) -> Any:
    p, q = t.nn.Parameter(t.zeros(1)), t.nn.Parameter(t.zeros(1))
    return t.optim.SGD([{"params": [p]}, {"params": [q], "lr": 0.3}], lr=0.1)


def rates(o: Any) -> list[float]:
    return [float(group["lr"]) for group in o.param_groups]


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in SCHEDULES.items()])
def test_rates(same: Callable[..., None], make: Make) -> None:
    def code(t: Library) -> Any:
        o = optimizer(t)
        schedule = make(t.optim.lr_scheduler, o)
        seen = [rates(o)]
        for _ in range(12):
            o.step()
            schedule.step()
            seen.append(rates(o))
        state = {k: v for k, v in schedule.state_dict().items() if not k.startswith("_") and "lambda" not in k}
        return seen, schedule.get_last_lr(), state, repr(o)

    same(code, rtol=1e-12, atol=0)


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in SCHEDULES.items()])
def test_saved_schedules_go_on(same: Callable[..., None], make: Make) -> None:
    def code(t: Library) -> Any:
        o = optimizer(t)
        schedule = make(t.optim.lr_scheduler, o)
        for _ in range(4):
            o.step()
            schedule.step()
        other = optimizer(t)
        again = make(t.optim.lr_scheduler, other)
        again.load_state_dict(schedule.state_dict())
        other.load_state_dict(o.state_dict())
        seen = []
        for _ in range(4):
            other.step()
            again.step()
            seen.append(rates(other))
        return seen

    same(code, rtol=1e-12, atol=0)


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in SCHEDULES.items()])
def test_older_epoch_argument(same: Callable[..., None], make: Make) -> None:
    def code(t: Library) -> Any:
        o = optimizer(t)
        schedule = make(t.optim.lr_scheduler, o)
        o.step()
        schedule.step(3)
        return rates(o)

    same(code, rtol=1e-12, atol=0)


PLATEAUS: dict[str, dict[str, Any]] = {
    "default": {"patience": 2},
    "abs": {"patience": 1, "threshold_mode": "abs", "threshold": 0.1, "factor": 0.5},
    "max": {"patience": 0, "mode": "max", "cooldown": 2},
    "min_lr": {"patience": 0, "min_lr": [0.05, 0.2], "factor": 0.5},
}


@pytest.mark.parametrize("settings", [pytest.param(s, id=name) for name, s in PLATEAUS.items()])
def test_plateau(same: Callable[..., None], settings: dict[str, Any]) -> None:
    def code(t: Library) -> Any:
        o = optimizer(t)
        schedule = t.optim.lr_scheduler.ReduceLROnPlateau(o, **settings)
        seen = []
        for loss in [1.0, 0.9, 0.95, 0.91, 0.9, 0.89999, 0.5, 0.6, 0.55, 0.52, 0.51, 0.505]:
            o.step()
            schedule.step(t.tensor(loss))
            seen.append([rates(o), schedule.num_bad_epochs, schedule.in_cooldown, schedule.best])
        return seen, schedule.get_last_lr()

    same(code, rtol=1e-12, atol=1e-7)


def test_step_before_the_optimizer_warns(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        o = optimizer(t)
        schedule = t.optim.lr_scheduler.StepLR(o, 1)
        schedule.step()
        schedule.step()
        return schedule.get_lr()

    same(code)


def test_tensor_rates_are_filled(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        lr = t.tensor(0.1)
        o = t.optim.SGD([t.nn.Parameter(t.zeros(1))], lr=lr)
        schedule = t.optim.lr_scheduler.ExponentialLR(o, 0.5)
        o.step()
        schedule.step()
        return lr, o.param_groups[0]["lr"] is lr, schedule.get_last_lr()

    same(code)


ERRORS: dict[str, Callable[[Library], Any]] = {
    "no optimizer": lambda t: t.optim.lr_scheduler.StepLR(3, 1),
    "no optimizer, plateau": lambda t: t.optim.lr_scheduler.ReduceLROnPlateau(3),
    "going on": lambda t: t.optim.lr_scheduler.StepLR(optimizer(t), 1, last_epoch=3),
    "lambdas": lambda t: t.optim.lr_scheduler.LambdaLR(optimizer(t), [lambda e: 1.0]),
    "constant": lambda t: t.optim.lr_scheduler.ConstantLR(optimizer(t), factor=1.5),
    "linear start": lambda t: t.optim.lr_scheduler.LinearLR(optimizer(t), start_factor=0),
    "linear end": lambda t: t.optim.lr_scheduler.LinearLR(optimizer(t), end_factor=1.5),
    "plateau factor": lambda t: t.optim.lr_scheduler.ReduceLROnPlateau(optimizer(t), factor=1.0),
    "plateau mode": lambda t: t.optim.lr_scheduler.ReduceLROnPlateau(optimizer(t), mode="best"),
    "plateau threshold": lambda t: t.optim.lr_scheduler.ReduceLROnPlateau(optimizer(t), threshold_mode="x"),
    "plateau min_lr": lambda t: t.optim.lr_scheduler.ReduceLROnPlateau(optimizer(t), min_lr=[0.1]),
}


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in ERRORS.items()])
def test_errors(same: Callable[..., None], code: Callable[[Library], Any]) -> None:
    same(code, fails=True)
