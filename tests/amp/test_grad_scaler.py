"""Scaled losses: the scale over iterations, steps that are skipped, state and errors, as torch's."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

Library = Any


def iterate(t: Library, scaler: Any, optimizer: Any, p: Any, factor: float, unscale: bool = False) -> Any:
    optimizer.zero_grad()
    scaler.scale((p * factor).sum()).backward()
    if unscale:
        scaler.unscale_(optimizer)
        t.nn.utils.clip_grad_norm_([p], 1.0)
    scaler.step(optimizer)
    scaler.update()
    return [p.detach().clone(), scaler.get_scale(), scaler._get_growth_tracker()]


@pytest.mark.parametrize("settings", [{}, {"fused": True}])
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_iterations(same: Callable[..., None], name: str, settings: dict[str, Any]) -> None:
    def code(t: Library) -> Any:
        p = t.nn.Parameter(t.tensor([1.0, 2.0]))
        optimizer = getattr(t.optim, name)([p], lr=0.1, **settings)
        scaler = t.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=2)
        seen = [
            iterate(t, scaler, optimizer, p, factor, unscale)
            for factor, unscale in [
                (3, False),
                (2, True),
                (float("inf"), False),
                (0.5, False),
                (1e36, False),
                (1, True),
            ]
        ]
        return seen, scaler.state_dict(), optimizer.state_dict()["state"]

    same(code)


def test_saved_scalers_go_on(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        p = t.nn.Parameter(t.tensor([1.0]))
        optimizer = t.optim.SGD([p], lr=0.1)
        scaler = t.amp.GradScaler("cpu", growth_interval=2)
        iterate(t, scaler, optimizer, p, 2)
        other = t.amp.GradScaler("cpu", growth_factor=3.0)
        other.load_state_dict(scaler.state_dict())
        again = [pickle.loads(pickle.dumps(scaler)), copy.deepcopy(scaler), other]
        return [iterate(t, s, optimizer, p, 2) for s in again], other.state_dict()

    same(code)


def test_settings(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        scaler = t.amp.GradScaler("cpu")
        scaled = scaler.scale([t.ones(1), (t.ones(2), t.ones(1))])
        scaler.set_growth_factor(4.0)
        scaler.set_backoff_factor(0.1)
        scaler.set_growth_interval(7)
        scaler.update(8.0)
        settings = [scaler.get_growth_factor(), scaler.get_backoff_factor(), scaler.get_growth_interval()]
        off = t.amp.GradScaler("cpu", enabled=False)
        return scaled, settings, scaler.get_scale(), off.scale(3), off.state_dict(), off.is_enabled(), off.get_scale()

    same(code)


def test_without_cuda(same: Callable[..., None]) -> None:
    """The usual script runs, with a warning, and nothing is scaled."""

    def code(t: Library) -> Any:
        p = t.nn.Parameter(t.tensor([1.0]))
        optimizer = t.optim.SGD([p], lr=0.1)
        seen = []
        for scaler in (t.cuda.amp.GradScaler(), t.amp.GradScaler(), t.cpu.amp.GradScaler(enabled=False)):
            optimizer.zero_grad()
            with t.cuda.amp.autocast():
                loss = (p * 2).sum()
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            scaler.step(optimizer)
            scaler.update()
            seen.append([p.detach().clone(), scaler.is_enabled(), scaler.state_dict()])
        return seen

    same(code)


def used(t: Library) -> tuple[Any, Any]:
    p = t.nn.Parameter(t.tensor([1.0]))
    optimizer = t.optim.SGD([p], lr=0.1)
    scaler = t.amp.GradScaler("cpu")
    scaler.scale((p * 2).sum()).backward()
    return scaler, optimizer


def run(t: Library, *names: str) -> None:
    scaler, optimizer = used(t)
    for name in names:
        getattr(scaler, name)(optimizer) if name != "update" else scaler.update()


ERRORS: dict[str, Callable[[Library], Any]] = {
    "growth": lambda t: t.amp.GradScaler("cpu", growth_factor=1.0),
    "backoff": lambda t: t.amp.GradScaler("cpu", backoff_factor=1.0),
    "unscale before scale": lambda t: t.amp.GradScaler("cpu").unscale_(used(t)[1]),
    "step before scale": lambda t: t.amp.GradScaler("cpu").step(used(t)[1]),
    "update before scale": lambda t: t.amp.GradScaler("cpu").update(),
    "update before step": lambda t: run(t, "update"),
    "two steps": lambda t: run(t, "step", "step"),
    "unscaled twice": lambda t: run(t, "unscale_", "unscale_"),
    "unscaled after": lambda t: run(t, "step", "unscale_"),
    "closure": lambda t: used(t)[0].step(used(t)[1], closure=print),
    "outputs": lambda t: t.amp.GradScaler("cpu").scale(3),
    "state of a disabled one": lambda t: t.amp.GradScaler("cpu").load_state_dict({}),
    "a tensor that does not fit": lambda t: used(t)[0].update(t.ones(2)),
    "half": lambda t: half(t),
    "pickled in between": lambda t: pickle.dumps(in_between(t)),
}


def half(t: Library) -> None:
    p = t.nn.Parameter(t.tensor([1.0], dtype=t.float16))
    scaler = t.amp.GradScaler("cpu", init_scale=2.0)
    scaler.scale((p * 2).sum()).backward()
    scaler.step(t.optim.SGD([p]))


def in_between(t: Library) -> Any:
    scaler, optimizer = used(t)
    scaler.step(optimizer)
    return scaler


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in ERRORS.items()])
def test_errors(same: Callable[..., None], code: Callable[[Library], Any]) -> None:
    same(code, fails=True)
