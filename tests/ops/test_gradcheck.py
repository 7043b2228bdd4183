"""First and second derivatives of every op of the table against finite differences, in float64."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import flambeau
from flambeau.autograd import gradcheck, gradgradcheck

from .sample import Described, Op, Sample, make, tensors_in
from .samples import TABLE

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def described_in(x: Any) -> list[Described]:
    if isinstance(x, Described):
        return [x]
    if isinstance(x, (list, tuple)):
        return [d for y in x for d in described_in(y)]
    return []


def smooth(op: Op, sample: Sample) -> bool:
    """Whether differences say something: float inputs, none of them chosen for being special, and a float result."""
    floats = [d for d in described_in([*sample.args, *sample.kwargs.values()]) if d.kind.startswith("float")]
    if not any(d.grad for d in floats) or any(d.given is not None and d.grad for d in floats):
        return False
    made = make(flambeau, sample, floating="float64", grad=True)
    with warnings.catch_warnings():  # of what is deprecated: this runs while tests are collected
        warnings.simplefilter("ignore")
        results = list(tensors_in(op.function(flambeau)(*made.args, **made.kwargs)))
    return any(y.requires_grad and y.dtype is flambeau.float64 and y.numel() for y in results)


def rows(*, twice: bool, quick: int) -> list[Any]:
    """The smooth samples; all but the first few of each op belong to the slow tests."""
    found = []
    for op in TABLE:
        if not op.differentiable or op.kinked or (twice and not op.twice):
            continue
        for place, sample in enumerate(s for s in op.samples if smooth(op, s)):
            slow = place >= quick or (twice and op.name.endswith("Cell"))
            marks = [pytest.mark.slow] if slow else []
            found.append(pytest.param(op, sample, id=f"{op.name}({sample})", marks=marks))
    return found


def function_of_leaves(op: Op, sample: Sample) -> tuple[Any, list[Any]]:
    leaves = make(flambeau, sample, floating="float64", grad=True).leaves

    def function(*given: Any) -> list[Any]:
        made = make(flambeau, sample, floating="float64", grad=True, given=given)
        results = tensors_in(op.function(flambeau)(*made.args, **made.kwargs))
        return [y for y in results if y.requires_grad and y.dtype is flambeau.float64]

    return function, leaves


@pytest.mark.parametrize(("op", "sample"), rows(twice=False, quick=3))
def test_first(op: Op, sample: Sample) -> None:
    assert gradcheck(*function_of_leaves(op, sample))


@pytest.mark.parametrize(("op", "sample"), rows(twice=True, quick=1))
def test_second(op: Op, sample: Sample) -> None:
    assert gradgradcheck(*function_of_leaves(op, sample))
