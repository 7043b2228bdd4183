"""Anomaly detection: torch's warnings, with the user's own lines of the forward pass, and of what led to it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

import flambeau

Library = Any


def root(t: Library) -> Any:
    with t.autograd.detect_anomaly():
        y = t.tensor(0.0, requires_grad=True).sqrt() * 0
        y.backward()


def custom(t: Library) -> Any:
    def backward(ctx: Any, g: Any) -> Any:
        raise ValueError("of my own")

    members = {"forward": staticmethod(lambda ctx, x: x * 1), "backward": staticmethod(backward)}
    with t.autograd.set_detect_anomaly(True):
        type("Mine", (t.autograd.Function,), members).apply(t.ones(2, requires_grad=True)).sum().backward()


def second(t: Library) -> Any:
    with t.autograd.detect_anomaly():
        x = t.tensor(0.0, requires_grad=True)
        y = x.pow(1.5)
        (g,) = t.autograd.grad(y, x, create_graph=True)
        (g * 0).backward()


def unseen(t: Library) -> Any:
    y = t.tensor(0.0, requires_grad=True).sqrt() * 0
    with t.autograd.set_detect_anomaly(True):
        y.backward()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("program", [root, custom, second, unseen])
def test_as_torch(program: Callable[[Library], Any]) -> None:
    outcomes = []
    for library in (torch, flambeau):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with pytest.raises((RuntimeError, ValueError)) as failed:
                program(library)
        said = [str(w.message).partition(" (Triggered")[0] for w in caught if w.category is UserWarning]
        # Of the lines shown, those of this file; and torch's own inside is not ours.
        mine = [[line for line in text.splitlines() if "File" not in line or __file__ in line] for text in said]
        kept = [
            [line for line in text if "return " not in line and "_engine_run_backward" not in line] for text in mine
        ]
        outcomes.append((kept, failed.type, str(failed.value)))
        assert not library.is_anomaly_enabled()
    assert outcomes[0] == outcomes[1]
