"""Things that programs keep in files and copies: what comes back is what torch gives back."""

import argparse
import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

Library = Any


def linear(t: Library) -> Any:
    return t.nn.Linear(2, 2)


def saved(t: Library, obj: Any, **options: Any) -> Any:
    file = io.BytesIO()
    t.save(obj, file)
    file.seek(0)
    return t.load(file, **options)


def stepped(t: Library) -> Any:
    module = linear(t)
    optimizer = t.optim.Adam(module.parameters())
    module(t.ones(2)).sum().backward()
    optimizer.step()
    return module, optimizer


def copied_with_optimizer(t: Library) -> Any:
    module, optimizer = copy.deepcopy(stepped(t))
    state = optimizer.state[module.weight]
    return optimizer.param_groups[0]["params"][0] is module.weight, state["exp_avg"], module.weight.grad


def tied(t: Library) -> Any:
    module = t.nn.Sequential(linear(t), linear(t))
    module[1].weight = module[0].weight
    copied = copy.deepcopy(module)
    return copied[0].weight is copied[1].weight, copied[0].weight is module[0].weight


def drawn_again(t: Library) -> Any:
    state = saved(t, {"rng": t.get_rng_state()})["rng"]
    first = t.rand(2)
    t.set_rng_state(state)
    return first == t.rand(2)


def buffer(t: Library) -> Any:
    read = pickle.loads(pickle.dumps(t.nn.Buffer(t.ones(2), persistent=False)))
    return read, read.persistent, isinstance(read, t.nn.Buffer)


CASES: dict[str, Callable[[Library], Any]] = {
    "a buffer": buffer,
    "a frozen parameter": lambda t: copy.deepcopy(t.nn.Parameter(t.ones(2), requires_grad=False)),
    "a parameter, shared": lambda t: (p := t.nn.Parameter(t.ones(2)), copy.copy(p).data_ptr() == p.data_ptr())[1],
    "a module, shared": lambda t: (m := linear(t), copy.copy(m).weight is m.weight)[1],
    "tied weights": tied,
    "a module with its optimizer": copied_with_optimizer,
    "an optimizer's state": lambda t: saved(t, stepped(t)[1].state_dict()),
    "a schedule's state": lambda t: sorted(saved(t, t.optim.lr_scheduler.StepLR(stepped(t)[1], 1).state_dict())),
    "a computed tensor": lambda t: (x := saved(t, t.ones(2, requires_grad=True) * 2), x.requires_grad, x.is_leaf),
    "a tensor of repeats": lambda t: (x := saved(t, t.ones(1).expand(3)), x.stride()),
    "a number": lambda t: saved(t, t.tensor(3.5)),
    "nested": lambda t: saved(t, {"a": [{"b": (t.ones(1), None)}], "c": []}),
    "packed": lambda t: saved(t, t.nn.utils.rnn.pack_sequence([t.ones(2)]), weights_only=False),
    "a generator's state": drawn_again,
    "numpy's": lambda t: str(saved(t, {"a": np.float64(3), "b": np.ones(2)}, weights_only=False)),
    "settings": lambda t: str(saved(t, argparse.Namespace(a=1), weights_only=False)),
}


@pytest.mark.parametrize("name", CASES)
def test_alike(name: str, same: Callable[..., None]) -> None:
    same(CASES[name])


FAIL: dict[str, Callable[[Library], Any]] = {
    "a module": lambda t: saved(t, linear(t)),
    "packed": lambda t: saved(t, t.nn.utils.rnn.pack_sequence([t.ones(2)])),
    "numpy's": lambda t: saved(t, {"a": np.float64(3)}),
    "settings": lambda t: saved(t, argparse.Namespace(a=1)),
    "computed weights, copied": lambda t: copy.deepcopy(t.nn.utils.weight_norm(linear(t))),
}


@pytest.mark.parametrize("name", FAIL)
def test_refused_alike(name: str, same: Callable[..., None]) -> None:
    same(FAIL[name], fails=True)
