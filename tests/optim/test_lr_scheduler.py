"""Learning rate schedules: rates over epochs, state, warnings and errors, as torch's."""

import copy
import types
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

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
    "CyclicLR": lambda s, o: s.CyclicLR(o, 0.01, 0.2, step_size_up=3, step_size_down=2),
    "CyclicLR, triangular2": lambda s, o: s.CyclicLR(o, [0.01, 0.1], 0.2, 2, mode="triangular2", cycle_momentum=False),
    "CyclicLR, exp_range": lambda s, o: s.CyclicLR(o, 0.01, [0.2, 0.5], 3, mode="exp_range", gamma=0.9),
    "CyclicLR, own": lambda s, o: s.CyclicLR(o, 0.01, 0.2, 2, scale_fn=lambda x: 0.8**x, scale_mode="iterations"),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, 0.5, total_steps=13),
    "OneCycleLR, linear": lambda s, o: s.OneCycleLR(
        o, [0.5, 0.7], epochs=4, steps_per_epoch=4, anneal_strategy="linear", pct_start=0.4, div_factor=10.0
    ),
    "OneCycleLR, three phases": lambda s, o: s.OneCycleLR(
        o, 0.5, total_steps=20, three_phase=True, cycle_momentum=False, final_div_factor=100.0
    ),
    "CosineAnnealingWarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, T_mult=2, eta_min=0.01),
    "CosineAnnealingWarmRestarts, equal": lambda s, o: s.CosineAnnealingWarmRestarts(o, 4),
    "SequentialLR": lambda s, o: s.SequentialLR(
        o, [s.ConstantLR(o, 0.1, 2), s.ExponentialLR(o, 0.9), s.StepLR(o, 2)], [3, 8]
    ),
    "SequentialLR, warm-up": lambda s, o: s.SequentialLR(
        o, schedulers=[s.LinearLR(o, 0.01, total_iters=4), s.CosineAnnealingLR(o, 8)], milestones=[4]
    ),
    "SequentialLR of itself": lambda s, o: s.SequentialLR(
        o, [s.SequentialLR(o, [s.ConstantLR(o), s.ExponentialLR(o, 0.5)], [2]), s.StepLR(o, 1)], [5]
    ),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 4), s.ExponentialLR(o, 0.9)]),
    "ChainedScheduler, optimizer": lambda s, o: s.ChainedScheduler([s.StepLR(o, 2), s.LinearLR(o)], optimizer=o),
}
COMBINED = [name for name in SCHEDULES if name.startswith(("SequentialLR", "ChainedScheduler"))]


def optimizer(t: Library) -> Any:
    p, q = t.nn.Parameter(t.zeros(1)), t.nn.Parameter(t.zeros(1))
    return t.optim.SGD([{"params": [p]}, {"params": [q], "lr": 0.3}], lr=0.1, momentum=0.5)


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
        return seen, schedule.get_last_lr(), schedule.state_dict(), repr(o)

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


@pytest.mark.filterwarnings("ignore:Detected call")
@pytest.mark.parametrize("name", list(SCHEDULES))
def test_state_is_interchangeable_with_torch(name: str) -> None:
    """Either library goes on from what the other saved, with the rates that it would have had itself."""
    import torch

    import flambeau

    make = SCHEDULES[name]

    def after(t: Library, steps: int, schedule: Any = None, o: Any = None) -> tuple[Any, Any]:
        if o is None:
            o = optimizer(t)
            schedule = make(t.optim.lr_scheduler, o)
        for _ in range(steps):
            o.step()
            schedule.step()
        return schedule, o

    def moved(saved: tuple[Any, Any], t: Library) -> list[float]:
        o = optimizer(t)
        schedule = make(t.optim.lr_scheduler, o)
        o.load_state_dict(saved[1].state_dict())
        schedule.load_state_dict(copy.deepcopy(saved[0].state_dict()))
        return rates(after(t, 4, schedule, o)[1])

    expected = rates(after(torch, 8)[1])
    assert moved(after(torch, 4), flambeau) == pytest.approx(expected, rel=1e-12)
    assert moved(after(flambeau, 4), torch) == pytest.approx(expected, rel=1e-12)


def test_fractions_of_epochs(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        seen = []
        for settings in ({"T_0": 2, "T_mult": 2}, {"T_0": 3}):
            o = optimizer(t)
            schedule = t.optim.lr_scheduler.CosineAnnealingWarmRestarts(o, **settings)
            for epoch in (0.5, 1, 1.75, 2, 4.5, 6.25, 14):
                schedule.step(epoch)
                seen.append([rates(o), schedule.T_cur, schedule.T_i, schedule.last_epoch])
        return seen

    same(code, rtol=1e-12, atol=0)


def test_betas_cycle_where_there_is_no_momentum(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        seen = []
        for make in (SCHEDULES["CyclicLR"], SCHEDULES["OneCycleLR"]):
            o = t.optim.Adam([t.nn.Parameter(t.zeros(1))])
            schedule = make(t.optim.lr_scheduler, o)
            for _ in range(7):
                o.step()
                schedule.step()
                seen.append(o.param_groups[0]["betas"])
        return seen

    same(code, rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name not in COMBINED])
def test_older_epoch_argument(same: Callable[..., None], name: str) -> None:
    make = SCHEDULES[name]

    def code(t: Library) -> Any:
        o = optimizer(t)
        schedule = make(t.optim.lr_scheduler, o)
        o.step()
        schedule.step(3)
        return rates(o)

    same(code, rtol=1e-12, atol=0)


RATES = st.floats(1e-4, 1.0)
STEPS = st.integers(1, 9)
CHOSEN: dict[str, dict[str, Any]] = {
    "StepLR": {"step_size": STEPS, "gamma": RATES},
    "MultiStepLR": {"milestones": st.lists(STEPS, max_size=4), "gamma": RATES},
    "ConstantLR": {"factor": RATES, "total_iters": STEPS},
    "LinearLR": {"start_factor": RATES, "end_factor": RATES, "total_iters": STEPS},
    "ExponentialLR": {"gamma": RATES},
    "PolynomialLR": {"total_iters": STEPS, "power": st.floats(0.5, 3.0)},
    "CosineAnnealingLR": {"T_max": STEPS, "eta_min": RATES},
    "CosineAnnealingWarmRestarts": {"T_0": STEPS, "T_mult": st.integers(1, 3), "eta_min": RATES},
    "CyclicLR": {
        "base_lr": RATES, "max_lr": RATES, "step_size_up": STEPS, "step_size_down": st.none() | STEPS,
        "mode": st.sampled_from(["triangular", "triangular2", "exp_range"]), "gamma": RATES,
    },
    "OneCycleLR": {
        "max_lr": RATES, "total_steps": st.integers(16, 30), "pct_start": st.floats(0.2, 0.4),
        "anneal_strategy": st.sampled_from(["cos", "linear"]), "three_phase": st.booleans(),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", list(CHOSEN))
@hypothesis.settings(max_examples=8, deadline=None, derandomize=True, database=None)
@hypothesis.given(chosen=st.data())
def test_any_settings_give_torchs_rates(name: str, chosen: st.DataObject) -> None:
    import torch

    import flambeau

    settings = chosen.draw(st.fixed_dictionaries(CHOSEN[name]))

    def seen(t: Library) -> list[list[float]]:
        o = optimizer(t)
        schedule = getattr(t.optim.lr_scheduler, name)(o, **settings)
        found = []
        for _ in range(15):
            o.step()
            schedule.step()
            found.append(rates(o))
        return found

    assert seen(flambeau) == seen(torch)


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


def test_a_replaced_step_is_noticed(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        seen = []
        for before in (True, False):
            o = optimizer(t)
            if before:
                o.step = types.MethodType(lambda self, closure=None: None, o)
            schedule = t.optim.lr_scheduler.StepLR(o, 1)
            if not before:
                o.step = lambda closure=None: None
            o.step()
            schedule.step()
            schedule.step()
            seen.append(rates(o))
        return seen

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


def without_momentum(t: Library) -> Any:
    return t.optim.Adagrad([t.nn.Parameter(t.zeros(1))])


def past_the_end(t: Library) -> None:
    o = optimizer(t)
    schedule = t.optim.lr_scheduler.OneCycleLR(o, 0.1, total_steps=2)
    for _ in range(3):
        o.step()
        schedule.step()


ERRORS: dict[str, Callable[[Library], Any]] = {
    "no optimizer": lambda t: t.optim.lr_scheduler.StepLR(3, 1),
    "no optimizer, plateau": lambda t: t.optim.lr_scheduler.ReduceLROnPlateau(3),
    "going on": lambda t: t.optim.lr_scheduler.StepLR(optimizer(t), 1, last_epoch=3),
    "lambdas": lambda t: t.optim.lr_scheduler.LambdaLR(optimizer(t), [lambda e: 1.0]),
    "constant": lambda t: t.optim.lr_scheduler.ConstantLR(optimizer(t), factor=1.5),
    "linear start": lambda t: t.optim.lr_scheduler.LinearLR(optimizer(t), start_factor=0),
    "linear end": lambda t: t.optim.lr_scheduler.LinearLR(optimizer(t), end_factor=1.5),
    "multiplicative": lambda t: t.optim.lr_scheduler.MultiplicativeLR(optimizer(t), 0.5),
    "cyclic optimizer": lambda t: t.optim.lr_scheduler.CyclicLR(3, 0.1, 1.0),
    "cyclic lengths": lambda t: t.optim.lr_scheduler.CyclicLR(optimizer(t), [0.1], 1.0),
    "cyclic mode": lambda t: t.optim.lr_scheduler.CyclicLR(optimizer(t), 0.1, 1.0, mode="up"),
    "cyclic momentum": lambda t: t.optim.lr_scheduler.CyclicLR(without_momentum(t), 0.1, 1.0),
    "one cycle steps": lambda t: t.optim.lr_scheduler.OneCycleLR(optimizer(t), 0.1),
    "one cycle total": lambda t: t.optim.lr_scheduler.OneCycleLR(optimizer(t), 0.1, total_steps=0),
    "one cycle epochs": lambda t: t.optim.lr_scheduler.OneCycleLR(optimizer(t), 0.1, epochs=-1, steps_per_epoch=2),
    "one cycle start": lambda t: t.optim.lr_scheduler.OneCycleLR(optimizer(t), 0.1, total_steps=3, pct_start=2),
    "one cycle curve": lambda t: t.optim.lr_scheduler.OneCycleLR(optimizer(t), 0.1, 3, anneal_strategy="x"),
    "one cycle momentum": lambda t: t.optim.lr_scheduler.OneCycleLR(without_momentum(t), 0.1, total_steps=3),
    "one cycle end": lambda t: past_the_end(t),
    "restarts T_0": lambda t: t.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer(t), 0),
    "restarts T_mult": lambda t: t.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer(t), 2, 0),
    "restarts eta_min": lambda t: t.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer(t), 2, eta_min="0"),
    "restarts epoch": lambda t: t.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer(t), 2).step(-1),
    "sequential nothing": lambda t: t.optim.lr_scheduler.SequentialLR(optimizer(t), [], []),
    "sequential others": lambda t: t.optim.lr_scheduler.SequentialLR(optimizer(t), [3], []),
    "sequential plateau": lambda t: t.optim.lr_scheduler.SequentialLR(
        optimizer(t), [t.optim.lr_scheduler.ReduceLROnPlateau(optimizer(t))], []
    ),
    "sequential milestones": lambda t: t.optim.lr_scheduler.SequentialLR(
        o := optimizer(t), [t.optim.lr_scheduler.StepLR(o, 1)], [3]
    ),
    "sequential optimizers": lambda t: t.optim.lr_scheduler.SequentialLR(
        optimizer(t), [t.optim.lr_scheduler.StepLR(optimizer(t), 1)], []
    ),
    "chained nothing": lambda t: t.optim.lr_scheduler.ChainedScheduler([]),
    "chained optimizers": lambda t: t.optim.lr_scheduler.ChainedScheduler(
        [t.optim.lr_scheduler.StepLR(optimizer(t), 1), t.optim.lr_scheduler.StepLR(optimizer(t), 1)]
    ),
    "swa strategy": lambda t: t.optim.swa_utils.SWALR(optimizer(t), 0.1, anneal_strategy="x"),
    "swa epochs": lambda t: t.optim.swa_utils.SWALR(optimizer(t), 0.1, anneal_epochs=-1),
    "swa lengths": lambda t: t.optim.swa_utils.SWALR(optimizer(t), [0.1]),
    "plateau factor": lambda t: t.optim.lr_scheduler.ReduceLROnPlateau(optimizer(t), factor=1.0),
    "plateau mode": lambda t: t.optim.lr_scheduler.ReduceLROnPlateau(optimizer(t), mode="best"),
    "plateau threshold": lambda t: t.optim.lr_scheduler.ReduceLROnPlateau(optimizer(t), threshold_mode="x"),
    "plateau min_lr": lambda t: t.optim.lr_scheduler.ReduceLROnPlateau(optimizer(t), min_lr=[0.1]),
}


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in ERRORS.items()])
def test_errors(same: Callable[..., None], code: Callable[[Library], Any]) -> None:
    same(code, fails=True)
