"""Operations are counted as torch counts them, by module and op, forward and backward."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest
import torch

import flambeau


def counter(lib: Any) -> Any:
    return importlib.import_module(f"{lib.__name__}.utils.flop_counter")


def leaf(lib: Any, *shape: int) -> Any:
    return lib.randn(*shape, requires_grad=True)


PROGRAMS: list[Callable[[Any], Any]] = [
    lambda t: leaf(t, 3, 4) @ leaf(t, 4, 5),
    lambda t: leaf(t, 2, 3, 4) @ leaf(t, 2, 4, 5),
    lambda t: t.addmm(leaf(t, 5), leaf(t, 3, 4), leaf(t, 4, 5)),
    lambda t: t.einsum("bij,bjk->bik", leaf(t, 2, 3, 4), leaf(t, 2, 4, 5)),
    lambda t: t.nn.Linear(4, 5)(leaf(t, 2, 3, 4)),
    lambda t: t.nn.Linear(4, 5, bias=False)(leaf(t, 3, 4)),
    lambda t: t.nn.Conv2d(3, 4, 3, stride=2, padding=1)(leaf(t, 2, 3, 8, 8)),
    lambda t: t.nn.Conv1d(3, 4, 3)(leaf(t, 2, 3, 8)),
    lambda t: t.nn.ConvTranspose2d(3, 4, 3, stride=2)(leaf(t, 2, 3, 8, 8)),
    lambda t: t.nn.MultiheadAttention(8, 2, batch_first=True)(*[leaf(t, 2, 3, 8)] * 3)[0],
    lambda t: t.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)(leaf(t, 2, 3, 8)),
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_totals(program: Callable[[Any], Any]) -> None:
    totals = []
    for lib in (flambeau, torch):
        with counter(lib).FlopCounterMode(display=False) as counted:
            program(lib).sum().backward()
        totals.append(counted.get_total_flops())
    assert totals[0] == totals[1] > 0


def test_by_module_and_op() -> None:
    def counts(lib: Any) -> Any:
        nn = lib.nn
        model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Sequential(nn.Linear(4, 2, bias=False)))
        with counter(lib).FlopCounterMode(display=False) as counted:
            model(lib.randn(5, 3)).sum().backward()
        found = counted.get_flop_counts()
        return {name: {str(op): n for op, n in sorted(ops.items(), key=str)} for name, ops in sorted(found.items())}

    assert counts(flambeau) == counts(torch)


def test_nothing_stays_behind() -> None:
    kernels = dict(flambeau.ops.matmul._mm.op.kernels)
    with counter(flambeau).FlopCounterMode(display=False) as counted:
        flambeau.ones(2, 2) @ flambeau.ones(2, 2)
    flambeau.ones(2, 2) @ flambeau.ones(2, 2)
    assert counted.get_total_flops() == 16 and dict(flambeau.ops.matmul._mm.op.kernels) == kernels


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    with counter(flambeau).FlopCounterMode() as counted:
        flambeau.nn.Sequential(flambeau.nn.Linear(100, 10))(flambeau.ones(1, 100))
    lines = counted.get_table().splitlines()
    assert capsys.readouterr().out == counted.get_table() + "\n"
    assert [line.split() for line in lines[:4]] == [
        ["Module", "FLOP", "%", "Total"],
        ["-" * len(x) for x in lines[1].split()],
        ["Global", "2.000K", "100.00%"],
        ["-", "aten.addmm", "2.000K", "100.00%"],
    ]
    assert len(counted.get_table(depth=0).splitlines()) == 4


@pytest.mark.parametrize("lib", [flambeau, torch], ids=["flambeau", "torch"])
def test_formulas_of_ones_own(lib: Any) -> None:
    def halved(x):  # type: ignore[no-untyped-def]
        return x / 2

    halved.__annotations__ = {"x": lib.Tensor, "return": lib.Tensor}
    halve = lib.library.custom_op(f"tests_flops::halve_{lib.__name__}", halved, mutates_args=())
    packet = getattr(lib.ops.tests_flops, f"halve_{lib.__name__}")
    counter(lib).register_flop_formula(packet)(lambda x_shape, *args, out_shape=None, **kwargs: 7 * x_shape[0])
    with counter(lib).FlopCounterMode(display=False) as counted:
        halve(lib.ones(3))
    assert counted.get_total_flops() == 21
    mapping = {lib.ops.aten.exp: lambda x_shape, *args, out_shape=None, **kwargs: out_shape[0]}
    with counter(lib).FlopCounterMode(display=False, custom_mapping=mapping) as counted:
        lib.ones(5).exp()
    assert counted.get_total_flops() == 5
    with pytest.raises(ValueError, match="register_flop_formula"):
        counter(lib).register_flop_formula(len)(lambda *args, **kwargs: 0)
