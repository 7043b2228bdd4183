"""torch's own settings of its optimizers (OptimizerInfo), stepped through torch and flambeau: parameters, states, errors."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.testing._internal.common_optimizers import OptimizerErrorEnum, optim_db

import flambeau

from .comparison import Library, differences, outcome, same_error, tensors_in
from .outside import left_out
from .translation import Translation, function

OptimizerInfo = Any

torch.backends.__allow_nonbracketed_mutation_flag = True  # torch's test package forbids settings to all tests after it

STEPS = 2
TESTED = [info for info in optim_db if not left_out(info.name, "op")]


def stepped(library: Library, kind: Any, parameters: list[Any], settings: dict[str, Any]) -> Any:
    """The parameters and the optimizer's state after some steps on a bent valley."""
    optimizer = kind(parameters, **settings)

    def closure() -> Any:
        optimizer.zero_grad()
        matrix, vector = parameters
        residual = matrix @ vector - library.arange(4, dtype=matrix.dtype, device=matrix.device)
        loss = residual.square().sum() + 0.1 * (matrix.sin() * matrix).sum()
        loss.backward()
        return loss

    losses = [optimizer.step(closure) for _ in range(STEPS)]
    return [p.detach() for p in parameters], [loss.detach() for loss in losses], optimizer.state_dict()["state"]


def start(dtype: torch.dtype) -> list[torch.Tensor]:
    """A matrix and a vector; always the same."""
    generator = torch.Generator().manual_seed(0)
    made = [torch.randn(shape, generator=generator, dtype=dtype) for shape in ((4, 3), (3,))]
    return [x.requires_grad_() for x in made]


@pytest.mark.parametrize("device", ["cpu", pytest.param("wgpu", marks=pytest.mark.slow)])
@pytest.mark.parametrize("info", TESTED, ids=lambda info: info.name)
def test_steps(info: OptimizerInfo, device: str) -> None:
    if device == "wgpu" and left_out(info.name, "on a GPU"):
        return
    found = []
    dtype, factor = (torch.float64, 1) if device == "cpu" else (torch.float32, 10)
    for sample in info.optim_inputs_func(device="cpu"):
        translate = Translation(device)
        theirs, settings = start(dtype), dict(sample.kwargs)
        ours = translate(theirs)
        expected = outcome(lambda: stepped(torch, info.optim_cls, theirs, settings))  # noqa: B023
        result = outcome(lambda: stepped(flambeau, function(info.optim_cls), ours, translate(settings)))  # noqa: B023
        if isinstance(expected, Exception) or isinstance(result, Exception):
            if not isinstance(expected, Exception) or not same_error(expected, result):
                found.append(f"{sample.desc}, {settings}: torch gives {expected!r}, here it is {result!r}")
            continue
        found += [f"{sample.desc}, {settings}: {said}" for said in differences(expected, result, factor=factor)]
    assert not found, f"{len(found)} differences\n" + "\n".join(found[:5])


@pytest.mark.parametrize("info", TESTED, ids=lambda info: info.name)
def test_errors(info: OptimizerInfo) -> None:
    found = []
    for error in info.optim_error_inputs_func(device="cpu", dtype=torch.float32):
        if error.error_on is not OptimizerErrorEnum.CONSTRUCTION_ERROR:
            continue
        sample, translate = error.optimizer_error_input, Translation()
        params, settings = sample.params, dict(sample.kwargs)
        if not all(x.layout is torch.strided for x in tensors_in(params, torch)):
            continue
        ours = translate((params, settings))
        expected = outcome(lambda: info.optim_cls(params, **settings))  # noqa: B023
        result = outcome(lambda: function(info.optim_cls)(ours[0], **ours[1]))  # noqa: B023
        if isinstance(expected, Exception) and not same_error(expected, result):
            found.append(f"{settings}: torch raises {expected!r}, here it is {result!r}")
    assert not found, f"{len(found)} differences\n" + "\n".join(found[:5])
