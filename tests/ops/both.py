"""Running the same code with torch and with flambeau, and comparing what comes out: for tests with made-up programs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from hypothesis import HealthCheck, settings

import flambeau

from .sample import Library, numbers, skeleton, tensors_in

QUICK = settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
"""The same examples every time."""
# New examples at a desk; in CI the same each time, so that a red run is about the change at hand.
THOROUGH = settings(QUICK, max_examples=3000, derandomize="CI" in os.environ)
"""Many."""


def plain(error: Exception) -> str:
    """An error's text without what depends on whether torch has remade a node yet, or names in full."""
    text = re.sub(r" \(Triggered internally at .*\)$", "", str(error).replace("torch::autograd::", ""))
    return re.sub(", which is output 0 of (AsStrided|Tanh),", "", text)


def agree(program: Callable[[Library], Any], *, any_error_for: str | None = None, may_work: str | None = None) -> None:
    """Run a program with both libraries: the same results (values, dtypes, shapes), or the same error.

    Where torch's error has the words `any_error_for` in it, another one will do: of two, which is found first may differ.
    Where it has the words `may_work`, flambeau may do more than torch.
    """
    outcomes = []
    for library in (torch, flambeau):
        try:
            outcomes.append(program(library))
        except Exception as error:
            outcomes.append(error)
    expected, found = outcomes
    if isinstance(expected, Exception):
        if may_work is not None and may_work in str(expected):
            return
        assert isinstance(found, Exception), f"torch raises {expected!r}, flambeau gives {found!r}"
        if any_error_for is not None and any_error_for in str(expected):
            return
        assert type(found).__name__ == type(expected).__name__, f"{found!r}, torch: {expected!r}"
        if "invalid combination of arguments" not in str(expected):
            assert plain(found) == plain(expected), f"{found}\n  torch: {expected}"
        return
    if isinstance(found, Exception):
        raise found
    assert skeleton(found) == skeleton(expected), f"{skeleton(found)}\n  torch: {skeleton(expected)}"
    for x, y in zip(tensors_in(found), tensors_in(expected), strict=True):
        np.testing.assert_allclose(numbers(x), numbers(y), rtol=1e-5, atol=1e-5)
