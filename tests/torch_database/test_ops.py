"""torch's own samples of its ops (OpInfo), through torch and flambeau: results, first and second gradients, errors."""

from __future__ import annotations

import random
import re
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from operator import attrgetter
from typing import Any

import numpy as np
import pytest
import torch
from torch.testing._internal.common_methods_invocations import op_db

import flambeau

from .comparison import (
    differences,
    gradients,
    leaves,
    outcome,
    same_error,
    tensors_in,
    undefined_where_torchs_are,
)
from .outside import is_torchs_own, left_out
from .translation import Translation, function

OpInfo = Any

torch.backends.__allow_nonbracketed_mutation_flag = True  # torch's test package forbids settings to all tests after it

MOST = 100
"""Samples of an op in one dtype: of pooling there are more than a thousand."""
DTYPES = (torch.float64, torch.float32, torch.complex128, torch.int64, torch.bool)


def in_flambeau(op: OpInfo) -> Callable[..., Any]:
    """The op under the same name; where the database has a function of its own, that, in terms of flambeau."""
    for theirs, ours in ((torch, flambeau), (torch.Tensor, flambeau.Tensor)):
        try:
            if attrgetter(op.name)(theirs) == op.op:
                return attrgetter(op.name)(ours)
        except AttributeError:
            continue
    return function(op.op)


def samples(op: OpInfo, dtype: torch.dtype, grad: bool) -> Iterator[Any]:
    """The database's samples, always the same."""
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield from op.sample_inputs("cpu", dtype, requires_grad=grad)


def leaf(x: Any) -> Any:
    """The tensors of a sample without the history of their making."""
    if isinstance(x, torch.Tensor):
        return x.detach().requires_grad_(x.requires_grad)
    if type(x) in (list, tuple):
        return type(x)([leaf(item) for item in x])
    return {key: leaf(item) for key, item in x.items()} if isinstance(x, dict) else x


def shown(x: Any) -> str:
    """Arguments, with the shapes of tensors."""
    if isinstance(x, torch.Tensor):
        return f"{str(x.dtype).removeprefix('torch.')}{list(x.shape)}{'' if x.is_contiguous() else x.stride()}"
    if isinstance(x, (list, tuple)):
        return f"[{', '.join(map(shown, x))}]"
    return f"{{{', '.join(f'{k}={shown(v)}' for k, v in x.items())}}}" if isinstance(x, dict) else repr(x)


def check_sample(op: OpInfo, ours: Callable[..., Any], sample: Any, twice: bool, device: str = "cpu") -> Iterator[str]:
    """What differs between torch on the CPU and flambeau on a device in one sample."""
    arguments = leaf([sample.input, *sample.args]), leaf(dict(sample.kwargs))
    translate = Translation(device)
    translated = translate(arguments)
    theirs = outcome(lambda: op.op(*arguments[0], **arguments[1]))
    found = outcome(lambda: ours(*translated[0], **translated[1]))
    if isinstance(theirs, Exception):
        if not same_error(theirs, found):
            yield f"torch raises {theirs!r}, here it is {found!r}"
        return
    if isinstance(found, Exception):
        if not (device == "wgpu" and re.search(r"wgpu (Tensor to|device doesn't support) \w+", str(found))):
            yield f"raises {found!r}"
        return
    name = op.full_name
    on_gpu = device == "wgpu"
    options = {
        "factor": 100.0 if left_out(name, "precision") else 5.0 if on_gpu else 1.0,
        "values": not (left_out(name, "values") or (on_gpu and left_out(name, "values on a GPU"))),
        "integers": not left_out(name, "indices"),
    }
    if not left_out(name, "unprocessed values"):
        yield from differences(theirs, found, **options)
    theirs, found = sample.output_process_fn_grad(theirs), translate(sample.output_process_fn_grad)(found)
    if left_out(name, "unprocessed values"):
        yield from differences(theirs, found, **options)
    if left_out(name, "gradients") or (on_gpu and not options["values"]):
        return
    twice = twice and not left_out(name, "second gradients")
    expected = outcome(lambda: gradients(theirs, leaves(arguments, torch), torch, twice))
    result = outcome(lambda: gradients(found, leaves(translated, flambeau), flambeau, twice))
    if isinstance(expected, Exception):
        if "not implemented" not in str(expected) and not same_error(expected, result):
            yield f"backward raises {expected!r} in torch, here it is {result!r}"
    elif isinstance(result, Exception):
        yield f"backward raises {result!r}"
    else:
        result = undefined_where_torchs_are(expected, result)
        yield from (f"gradients: {said}" for said in differences(expected, result, factor=100))


def check(op: OpInfo, dtype: torch.dtype, most: int, twice: int, device: str = "cpu") -> None:
    """Compare the first samples; of the first of them second derivatives too."""
    ours = in_flambeau(op)
    differentiable = dtype.is_floating_point or dtype.is_complex
    grad = op.supports_autograd and differentiable and dtype in op.supported_backward_dtypes("cpu")
    found = [
        f"sample {place}, {shown([sample.input, *sample.args])} {shown(sample.kwargs)}: {said}"
        for place, sample in enumerate(islice(samples(op, dtype, grad), most))
        for said in check_sample(op, ours, sample, place < twice, device)
    ]
    assert not found, f"{len(found)} differences\n" + "\n".join(found[:5])


TESTED = [op for op in op_db if not left_out(op.full_name, "op")]


@pytest.mark.parametrize("op", TESTED, ids=lambda op: op.full_name)
def test_first_samples(op: OpInfo) -> None:
    dtype = next(d for d in DTYPES if d in op.supported_dtypes("cpu"))
    check(op, dtype, most=2, twice=1)


@pytest.mark.slow
@pytest.mark.parametrize("op", TESTED, ids=lambda op: op.full_name)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: str(d).removeprefix("torch."))
def test_all_samples(op: OpInfo, dtype: torch.dtype) -> None:
    left = dtype.is_complex and left_out(op.full_name, "complex numbers")
    if dtype in op.supported_dtypes("cpu") and not left:
        check(op, dtype, most=MOST, twice=2 if dtype is torch.float64 else 0)


DTYPES_ON_GPU = (torch.float32, torch.int64, torch.bool)
ON_GPU = [
    op
    for op in TESTED
    if not (left_out(op.full_name, "on a GPU") or op.supported_dtypes("cpu").isdisjoint(DTYPES_ON_GPU))
]


@pytest.mark.slow
@pytest.mark.parametrize("op", ON_GPU, ids=lambda op: op.full_name)
def test_first_samples_on_a_gpu(op: OpInfo) -> None:
    dtype = next(d for d in DTYPES_ON_GPU if d in op.supported_dtypes("cpu"))
    check(op, dtype, most=2, twice=0, device="wgpu")


@pytest.mark.parametrize("op", [op for op in TESTED if op.error_inputs_func is not None], ids=lambda op: op.full_name)
def test_errors(op: OpInfo) -> None:
    ours = in_flambeau(op)
    calls = []
    # All are translated before torch is called with one: it leaves its hands on tensors it cannot resize.
    for error in samples_that_fail(op):
        arguments = [error.sample_input.input, *error.sample_input.args], dict(error.sample_input.kwargs)
        if all(x.device.type == "cpu" for x in tensors_in(arguments, torch)):
            calls.append((arguments, Translation()(arguments)))
    found = []
    for (args, kwargs), (our_args, our_kwargs) in calls:
        description = f"{shown(args)} {shown(kwargs)}"
        expected = outcome(lambda: op.op(*args, **kwargs))  # noqa: B023
        if not isinstance(expected, Exception):
            continue  # an error of another device, or one that torch no longer raises
        if is_torchs_own(op.full_name, str(expected)):
            continue
        result = outcome(lambda: ours(*our_args, **our_kwargs))  # noqa: B023
        if not same_error(expected, result):
            found.append(f"{description}: torch raises {expected!r}, here it is {result!r}")
    assert not found, f"{len(found)} differences\n" + "\n".join(found[:5])


def samples_that_fail(op: OpInfo) -> Iterator[Any]:
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield from op.error_inputs("cpu")
