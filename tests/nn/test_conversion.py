"""Modules converted and loaded in torch's three ways, and moved to where there is nothing."""

from collections.abc import Callable
from typing import Any

import pytest

Library = Any


def in_the_way(t: Library, way: str | None, code: Callable[[Library], Any]) -> Any:
    change = getattr(t.__future__, f"set_{way}_module_params_on_conversion", lambda value: None)
    change(True)
    try:
        return code(t)
    finally:
        change(False)


def converted(t: Library) -> Any:
    module = t.nn.Linear(2, 2)
    module(t.ones(2)).sum().backward()
    weight, grad = module.weight, module.weight.grad
    module.double()
    return module.weight is weight, type(module.weight).__name__, module.weight, module.weight.grad, grad.dtype


def loaded(t: Library, assign: bool) -> Any:
    module, state = t.nn.Linear(2, 2), t.nn.Linear(2, 2).state_dict()
    weight = module.weight
    result = module.load_state_dict(state, assign=assign)
    shares = module.weight.data_ptr() == state["weight"].data_ptr()
    return result, module.weight is weight, type(module.weight).__name__, module.weight, shares


@pytest.mark.parametrize("way", [None, "swap", "overwrite"])
def test_ways(way: str | None, same: Callable[..., None]) -> None:
    same(lambda t: in_the_way(t, way, converted))
    same(lambda t: in_the_way(t, way, lambda t: loaded(t, False)))
    same(lambda t: in_the_way(t, way, lambda t: loaded(t, True)))


@pytest.mark.parametrize("device", ["cuda", "xpu", "ipu", "mtia"])
def test_devices_that_are_not_there(device: str, same: Callable[..., None]) -> None:
    same(lambda t: getattr(t.nn.Linear(1, 1), device)(), fails=True)
