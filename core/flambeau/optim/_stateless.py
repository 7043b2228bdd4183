"""An optimizer that for a while works on other parameters and state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .._tensor import Tensor
from .optimizer import Optimizer

_NAME = "swap_in_optimizer_params_and_state"


@contextmanager
def swap_in_optimizer_params_and_state(
    optimizer: Optimizer, swapin_parameters: dict[str, Tensor], swapin_optim_state: dict[str, Any]
) -> Iterator[None]:
    """A context in which the optimizer has these parameters, in the order of its own, and the state of a `state_dict`.

    Raises:
        RuntimeError: the optimizer has no state yet, or the state is not of its shape.

    Source: https://docs.pytorch.org/docs/stable/optim.html
    """
    pairs = _matched(optimizer, swapin_optim_state)
    values = list(swapin_parameters.values())
    old_state, old_groups = optimizer.state, [dict(group) for group in optimizer.param_groups]
    try:
        state: defaultdict[Any, Any] = defaultdict(dict)
        start = 0
        chosen = []
        for _, saved in pairs:
            end = start + len(saved["params"])
            if end > len(values):
                raise RuntimeError(
                    f"{_NAME} requires the explicit parameter state to match optimizer.param_groups ordering."
                )
            chosen.append(values[start:end])
            start = end
        for (group, saved), params in zip(pairs, chosen, strict=True):
            group.update({**saved, "params": params})
            for param, key in zip(params, saved["params"], strict=True):
                state[param] = dict(swapin_optim_state["state"].get(key, {}))
        optimizer.state = state
        yield
    finally:
        for group, old in zip(optimizer.param_groups, old_groups, strict=True):
            group.clear()
            group.update(old)
        optimizer.state = old_state


def _matched(optimizer: Optimizer, saved: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each group of the optimizer with the saved one.

    Raises:
        RuntimeError: as `swap_in_optimizer_params_and_state` says.
    """
    if not optimizer.state:
        raise RuntimeError(f"{_NAME} requires initialized optimizer state.")
    if not isinstance(saved, dict):
        raise RuntimeError(f"{_NAME} requires a DCP-style optimizer state_dict.")
    state, groups = saved.get("state"), saved.get("param_groups")
    if not isinstance(state, dict):
        raise RuntimeError(
            f"{_NAME} requires swapin_optim_state['state'] to be a dict mapping packed parameter ids to per-param "
            f"state dicts, got {type(state).__name__}."
        )
    if any(isinstance(key, Tensor) for key in state):
        raise RuntimeError(f"{_NAME} requires optimizer.state_dict()-style state keyed by packed parameter ids.")
    if any(isinstance(key, int) and not isinstance(value, dict) for key, value in state.items()):
        raise RuntimeError(f"{_NAME} requires per-parameter optimizer state entries to be dictionaries.")
    if not isinstance(groups, list):
        raise RuntimeError(
            f"{_NAME} requires swapin_optim_state['param_groups'] to be a list of param-group dicts, "
            f"got {type(groups).__name__}."
        )
    if len(groups) != len(optimizer.param_groups):
        raise RuntimeError("swapin_optim_state has a different number of parameter groups than the live optimizer.")
    known: set[int] = set()
    for i, (group, other) in enumerate(zip(optimizer.param_groups, groups, strict=True)):
        known.update(_checked_keys(i, group, other))
    extra = [key for key in state if key not in known]
    if extra:
        raise RuntimeError(
            f"{_NAME} requires swapin_optim_state['state'] to be keyed only by packed parameter ids from "
            f"param_groups[*]['params']; got extra keys {extra!r}."
        )
    return list(zip(optimizer.param_groups, groups, strict=True))


def _checked_keys(i: int, group: dict[str, Any], other: Any) -> list[int]:
    if not isinstance(other, dict):
        raise RuntimeError(f"{_NAME} requires each optimizer param group to be a dictionary.")
    keys = other.get("params")
    if not isinstance(keys, list) or not all(isinstance(key, int) for key in keys):
        raise RuntimeError(
            f"{_NAME} requires optimizer.state_dict()-style param_groups[*]['params'] entries keyed by packed "
            "parameter ids."
        )
    if len(group["params"]) != len(keys):
        raise RuntimeError(
            f"swapin_optim_state param group {i} has a different number of params than the live optimizer param group."
        )
    theirs, ours = [k for k in other if k not in group], [k for k in group if k not in other]
    if theirs or ours:
        raise RuntimeError(
            f"{_NAME} requires optimizer.state_dict()-style param group keys to exactly match the live optimizer group "
            f"keys for group {i}. Keys only in swap-in: {theirs}. Keys only in live: {ours}."
        )
    return keys
