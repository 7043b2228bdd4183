"""Modules on several devices, of which there are none here but the CPU: as torch's without CUDA."""

from collections.abc import Callable
from typing import Any

import pytest

Library = Any


def linear(t: Library) -> Any:
    return t.nn.Linear(2, 2)


CASES: dict[str, Callable[[Library], Any]] = {
    "runs": lambda t: t.nn.DataParallel(linear(t))(t.ones(3, 2)),
    "runs on devices that are not there": lambda t: t.nn.DataParallel(linear(t), device_ids=[0, 1])(t.ones(3, 2)),
    "printed": lambda t: (t.nn.DataParallel(linear(t)), list(t.nn.DataParallel(linear(t)).state_dict())),
    "attributes": lambda t: sorted(k for k in t.nn.DataParallel(linear(t)).__dict__ if not k.startswith("_")),
    "prefix taken off": lambda t: (
        state := t.nn.DataParallel(linear(t)).state_dict(),
        t.nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module."),
        list(state),
        dict(state._metadata),
    )[2:],
    "no tensors": lambda t: t.nn.parallel.scatter([1, "a", {"b": (2, 3)}], [0, 1]),
    "nothing to gather": lambda t: t.nn.parallel.gather([None, None], "cpu"),
    "no devices": lambda t: t.nn.parallel.replicate(linear(t), []),
}


@pytest.mark.parametrize("name", CASES)
def test_alike(name: str, same: Callable[..., None]) -> None:
    same(CASES[name])


FAIL: dict[str, Callable[[Library], Any]] = {
    "no devices": lambda t: t.nn.parallel.data_parallel(linear(t), t.ones(3, 2)),
    "replicate": lambda t: t.nn.parallel.replicate(linear(t), ["cpu"]),
    "scatter": lambda t: t.nn.parallel.scatter(t.ones(4, 2), ["cpu", "cpu"]),
    "gather": lambda t: t.nn.parallel.gather([t.ones(2), t.ones(2)], "cpu"),
    "too few inputs": lambda t: t.nn.parallel.parallel_apply([linear(t)] * 2, [t.ones(2)]),
    "no process group": lambda t: t.nn.parallel.DistributedDataParallel(linear(t)),
    "functional": lambda t: t.nn.utils.stateless._functional_call(t.nn.DataParallel(linear(t)), {}, t.ones(2)),
}


@pytest.mark.parametrize("name", FAIL)
def test_refused_alike(name: str, same: Callable[..., None]) -> None:
    same(FAIL[name], fails=True)
