"""How far ops on the GPU are from the truth, which is float64 in torch: not further than docs/gpu.md says."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import flambeau

Array = np.ndarray[Any, Any]
DOCUMENTED = {
    name: float(bound)
    for names, bound in re.findall(r"^\| (`.*`) \| ([\d.]+) \|$", Path("docs/gpu.md").read_text(), re.MULTILINE)
    for name in re.findall(r"`(\w+)`", names)
}
COUNT = 20_000
TINY = 1.2e-38
"""Below, hardware may give 0."""


def evenly(low: float, high: float) -> Callable[[np.random.Generator], Array]:
    return lambda generator: generator.uniform(low, high, COUNT)


def of_all_sizes(low: float, high: float, signed: bool = True) -> Callable[[np.random.Generator], Array]:
    """As many between 1 and 10 as between 10 and 100."""

    def draw(generator: np.random.Generator) -> Array:
        x = np.exp(generator.uniform(np.log(low), np.log(high), COUNT))
        return x * generator.choice([-1, 1], COUNT) if signed else x

    return draw


ANY, POSITIVE = of_all_sizes(1e-37, 1e37), of_all_sizes(1e-37, 1e37, signed=False)
RANGES: dict[str, list[Callable[[np.random.Generator], Array]]] = {
    "exp": [evenly(-87, 88.7), of_all_sizes(1e-6, 80)],
    "exp2": [evenly(-125, 127)],
    "expm1": [evenly(-87, 88.7), of_all_sizes(1e-30, 80)],
    "log": [POSITIVE, evenly(0.5, 2)],
    "log2": [POSITIVE, evenly(0.5, 2)],
    "log10": [POSITIVE, evenly(0.5, 2)],
    "log1p": [POSITIVE, evenly(-0.999, 1)],
    "sqrt": [POSITIVE],
    "rsqrt": [POSITIVE],
    "sin": [evenly(-1e4, 1e4), of_all_sizes(1e-30, 10)],
    "cos": [evenly(-1e4, 1e4), of_all_sizes(1e-30, 10)],
    "tan": [evenly(-1e4, 1e4), of_all_sizes(1e-30, 10)],
    "asin": [evenly(-1, 1), of_all_sizes(1e-30, 1)],
    "acos": [evenly(-1, 1)],
    "sinh": [evenly(-88, 88), of_all_sizes(1e-30, 80)],
    "cosh": [evenly(-88, 88)],
    "tanh": [of_all_sizes(1e-37, 30), evenly(-10, 10)],
    "erf": [of_all_sizes(1e-37, 5), evenly(-4, 4)],
    "erfc": [evenly(-4, 9)],
    "sigmoid": [evenly(-80, 80)],
    "silu": [evenly(-80, 80)],
    "softplus": [evenly(-80, 80)],
    "acosh": [lambda generator: 1 + np.exp(generator.uniform(-10, 80, COUNT))],
    "atanh": [evenly(-1, 1), of_all_sizes(1e-30, 0.99)],
    "fmod": [evenly(-50, 50)],
    "remainder": [evenly(-50, 50)],
    "pow": [lambda generator: np.exp(generator.uniform(-8, 8, COUNT))],
}
"""Others are drawn from `ANY`. Of two operands the second is the first in another order, as an exponent its logarithm."""


def function(library: Any, name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(library, name, None) or getattr(library.nn.functional, name)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", DOCUMENTED)
def test_error_is_as_documented(gpu: Any, name: str) -> None:
    generator = np.random.default_rng(0)
    for draw in RANGES.get(name, [ANY]):
        operands = [draw(generator).astype("f4")]
        if name in ("div", "fmod", "remainder", "atan2", "hypot", "pow"):
            other = generator.permutation(operands[0])
            operands.append(np.log(other) if name == "pow" else other)
        truth = function(torch, name)(*[torch.from_numpy(x.astype("f8")) for x in operands]).numpy()
        found = function(flambeau, name)(*[flambeau.from_numpy(x).to("wgpu") for x in operands]).cpu().numpy()
        with np.errstate(over="ignore"):
            size = np.abs(truth.astype("f4"))
        normal = np.isfinite(size) & (size > TINY)
        assert normal.sum() > COUNT / 4
        error = np.abs(found.astype("f8") - truth)[normal] / np.spacing(size[normal])
        worst = int(error.argmax())
        assert error[worst] <= DOCUMENTED[name], [float(x[normal][worst]) for x in operands]


def test_every_function_is_documented() -> None:
    assert set(RANGES) <= set(DOCUMENTED)
    assert len(DOCUMENTED) > 30


def test_a_number_beyond_32_bits_is_the_nearest_end(gpu: Any) -> None:
    x = flambeau.tensor([5, -7, 3], device="wgpu")
    assert x.clamp(max=2**40).tolist() == [5, -7, 3]
    assert (x < 2**40).all() and not (x < -(2**40)).any()
    assert x.masked_fill(x < 0, flambeau.iinfo(flambeau.int64).max).amin().item() == 3
    assert flambeau.full((3,), -(2**63), device="wgpu").maximum(x).tolist() == [5, -7, 3]
