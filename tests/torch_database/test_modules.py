"""torch's own samples of its layers (ModuleInfo), through torch and flambeau: outputs, gradients, errors."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.testing._internal.common_modules import ModuleErrorEnum, module_db

import flambeau

from .comparison import differences, gradients, leaves, outcome, same_error, undefined_where_torchs_are
from .outside import left_out
from .translation import Translation, function

ModuleInfo = Any

torch.backends.__allow_nonbracketed_mutation_flag = True  # torch's test package forbids settings to all tests after it

DTYPES = {"cpu": torch.float64, "wgpu": torch.float32}
TESTED = [info for info in module_db if not left_out(info.name, "op")]


def inputs(info: ModuleInfo, dtype: torch.dtype, training: bool) -> list[Any]:
    """The database's samples, always the same."""
    torch.manual_seed(0)
    np.random.seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training))


def made(kind: Any, arguments: Any, device: str, dtype: Any, state: Any, training: bool) -> Any:
    """A layer, with the parameters of another one where there is a `state`."""
    module = kind(*arguments[0], **arguments[1]).to(device, dtype)
    if state is not None:
        module.load_state_dict(state)
    return module.train(training)


def check(info: ModuleInfo, sample: Any, device: str, training: bool) -> Iterator[str]:
    """What differs between torch on the CPU and flambeau on a device in one sample."""
    translate, dtype = Translation(device), DTYPES[device]
    our_dtype, factor = translate(dtype), 1 if device == "cpu" else 5
    arguments = sample.constructor_input.args, sample.constructor_input.kwargs
    given = list(sample.forward_input.args), dict(sample.forward_input.kwargs)
    ours, translated = translate(arguments), translate(given)
    theirs = outcome(lambda: made(info.module_cls, arguments, "cpu", dtype, None, training))
    if isinstance(theirs, Exception):
        found = outcome(lambda: made(function(info.module_cls), ours, device, our_dtype, None, training))
        if not same_error(theirs, found):
            yield f"torch raises {theirs!r}, here it is {found!r}"
        return
    state = None if info.is_lazy else Translation(device)(theirs.state_dict())
    module = outcome(lambda: made(function(info.module_cls), ours, device, our_dtype, state, training))
    expected = outcome(lambda: theirs(*given[0], **given[1]))
    result = outcome(lambda: module(*translated[0], **translated[1]))
    if isinstance(expected, Exception) or isinstance(result, Exception):
        if not isinstance(expected, Exception) or not same_error(expected, result):
            yield f"torch gives {expected!r}, here it is {result!r}"
        return
    if device == "wgpu" and left_out(info.name, "values on a GPU"):
        yield from differences(expected, result, values=False)
        return
    yield from differences(expected, result, factor=factor)
    states = dict(theirs.state_dict()), dict(module.state_dict())
    yield from (f"state: {said}" for said in differences(*states, factor=factor))
    twice = device == "cpu" and info.supports_gradgrad and not left_out(info.name, "second gradients")
    wanted = [*leaves(given, torch), *theirs.parameters()], [*leaves(translated, flambeau), *module.parameters()]
    expected = outcome(lambda: gradients(expected, wanted[0], torch, twice))
    result = outcome(lambda: gradients(result, wanted[1], flambeau, twice))
    if isinstance(expected, Exception):
        if "not implemented" not in str(expected) and not same_error(expected, result):
            yield f"backward raises {expected!r} in torch, here it is {result!r}"
    elif isinstance(result, Exception):
        yield f"backward raises {result!r}"
    else:
        result = undefined_where_torchs_are(expected, result)
        yield from (f"gradients: {said}" for said in differences(expected, result, factor=100))


def check_samples(info: ModuleInfo, training: bool, chosen: slice, device: str = "cpu") -> None:
    if not training and not info.train_and_eval_differ:
        return
    if device == "wgpu" and left_out(info.name, "on a GPU"):
        return
    found = [
        f"sample {place}, {sample.desc}, {sample.constructor_input.kwargs}: {said}"
        for place, sample in enumerate(inputs(info, DTYPES[device], training)[chosen])
        for said in check(info, sample, device, training)
    ]
    assert not found, f"{len(found)} differences\n" + "\n".join(found[:5])


MODES = pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
LAYERS = pytest.mark.parametrize("info", TESTED, ids=lambda info: info.name)
FIRST = 2
"""How many samples of a layer the quick tests take."""


@MODES
@LAYERS
def test_first_samples(info: ModuleInfo, training: bool) -> None:
    check_samples(info, training, slice(FIRST))


@pytest.mark.slow
@MODES
@LAYERS
def test_other_samples(info: ModuleInfo, training: bool) -> None:
    check_samples(info, training, slice(FIRST, None))


@pytest.mark.slow
@MODES
@LAYERS
def test_first_samples_on_a_gpu(info: ModuleInfo, training: bool) -> None:
    check_samples(info, training, slice(FIRST), "wgpu")


@pytest.mark.parametrize(
    "info", [info for info in TESTED if info.module_error_inputs_func is not None], ids=lambda info: info.name
)
def test_errors(info: ModuleInfo) -> None:
    torch.manual_seed(0)
    kind = function(info.module_cls)
    found = []
    for error in info.module_error_inputs_func(
        info, device="cpu", dtype=torch.float64, requires_grad=False, training=True
    ):
        sample, translate = error.module_error_input, Translation()
        arguments = sample.constructor_input.args, sample.constructor_input.kwargs
        ours = translate(arguments)
        expected = outcome(lambda: info.module_cls(*arguments[0], **arguments[1]))  # noqa: B023
        result = outcome(lambda: kind(*ours[0], **ours[1]))  # noqa: B023
        if error.error_on is not ModuleErrorEnum.CONSTRUCTION_ERROR:
            given = sample.forward_input.args, sample.forward_input.kwargs
            translated = translate(given)
            theirs, module = expected, result
            expected = outcome(lambda: theirs.double()(*given[0], **given[1]))  # noqa: B023
            result = outcome(lambda: module.double()(*translated[0], **translated[1]))  # noqa: B023
        if isinstance(expected, Exception) and not same_error(expected, result):
            found.append(f"{arguments}: torch raises {expected!r}, here it is {result!r}")
    assert not found, f"{len(found)} differences\n" + "\n".join(found[:5])
