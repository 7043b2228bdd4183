"""What `print` shows, character by character as PyTorch shows it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import flambeau as ours

FLOATS = ("float32", "float64", "float16", "bfloat16")
INTEGERS = ("int64", "int32", "int16", "int8", "uint8")


@pytest.fixture(autouse=True)
def default_options() -> Iterator[None]:
    yield
    for library in (ours, torch):
        library.set_printoptions(profile="default")


def same(judge: torch.Tensor, **marks: bool) -> None:
    """Ours and PyTorch's print the same elements alike."""
    d = str(judge.dtype).removeprefix("torch.")
    device = "cpu"
    flat = ours.tensor(judge.reshape(-1).tolist(), dtype=getattr(ours, d), device=device)
    mine = flat.reshape(tuple(judge.shape))
    if marks.get("requires_grad"):
        mine, judge = mine.requires_grad_(), judge.requires_grad_()
    expected = repr(judge)
    if device != "cpu":  # the name of the device is one suffix more, which may break the line elsewhere
        mine, expected = on_cpu(mine), expected
    assert repr(mine) == expected
    assert str(mine) == str(judge)


def on_cpu(tensor: Any) -> Any:
    """The tensor as it prints on the CPU, for a dtype that the CPU's backend may not hold."""

    class Tensor:
        shape, dtype, device = tensor.shape, tensor.dtype, ours.device("cpu")
        requires_grad, grad_fn = tensor.requires_grad, tensor.grad_fn

        def detach(self) -> Any:
            return tensor.detach()

        def __repr__(self) -> str:
            return ours.printing.tensor_repr(self)

    return Tensor()


shapes = st.lists(st.integers(0, 9), max_size=4).map(tuple)
long_shapes = st.sampled_from([(1001,), (2000, 1), (1, 1500), (40, 40), (7, 200), (12, 5, 30), (11, 2, 9, 8), (3, 400)])
numbers = st.one_of(
    st.floats(-10, 10),
    st.integers(-1000, 1000).map(float),
    st.floats(allow_nan=True, allow_infinity=True, width=32),
    st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 1e-5, 1e8, 1e9, 0.5, 99999.0, 100000.0, 0.00012]),
)


@st.composite
def tensors(draw: st.DrawFn, shapes: st.SearchStrategy[tuple[int, ...]] = shapes) -> torch.Tensor:
    """A tensor of any shape, dtype and temper: the elements are few different ones, so that one kind may be alone."""
    shape = draw(shapes)
    name = draw(st.sampled_from([*FLOATS, *INTEGERS, "bool"]))
    d: torch.dtype = getattr(torch, name)
    if name == "bool":
        pool: list[Any] = draw(st.lists(st.booleans(), min_size=1, max_size=5))
    elif name in INTEGERS:
        info = torch.iinfo(d)
        small = st.integers(max(info.min, -200), min(info.max, 200))
        pool = draw(st.lists(st.one_of(small, st.integers(info.min, info.max)), min_size=1, max_size=5))
    else:
        pool = draw(st.lists(numbers, min_size=1, max_size=5))
    count = math.prod(shape)
    order = draw(st.lists(st.integers(0, len(pool) - 1), min_size=1, max_size=7))
    values = [pool[order[(i * 7 + i // 5) % len(order)]] for i in range(count)]
    return torch.tensor(values, dtype=torch.float64 if name in FLOATS else d).to(d).reshape(shape)


@settings(max_examples=400, deadline=None)
@given(tensors())
def test_any_tensor(judge: torch.Tensor) -> None:
    same(judge)


@settings(max_examples=60, deadline=None)
@given(tensors(long_shapes))
def test_any_long_tensor(judge: torch.Tensor) -> None:
    same(judge)


@settings(max_examples=150, deadline=None)
@given(
    tensors(),
    st.fixed_dictionaries(
        {},
        optional={
            "precision": st.integers(0, 8),
            "threshold": st.integers(0, 30),
            "edgeitems": st.integers(0, 4),
            "linewidth": st.integers(1, 120),
            "sci_mode": st.sampled_from([None, True, False]),
            "profile": st.sampled_from(["default", "short", "full"]),
        },
    ),
)
def test_any_options(judge: torch.Tensor, options: dict[str, Any]) -> None:
    for library in (ours, torch):
        library.set_printoptions(profile="default")
        library.set_printoptions(**options)
    same(judge)


@pytest.mark.parametrize(
    "judge",
    [
        torch.tensor(1.0),
        torch.tensor(-2.5),
        torch.tensor(3),
        torch.tensor(True),
        torch.tensor(math.nan),
        torch.tensor([]),
        torch.zeros(0, 3),
        torch.zeros(2, 0, dtype=torch.int64),
        torch.zeros(0, dtype=torch.int64),
        torch.zeros(0, dtype=torch.bool),
        torch.eye(3),
        torch.arange(24).reshape(2, 3, 4),
        torch.tensor([1e-8, 1.0]),
        torch.tensor([1.0, 2.0, math.inf]),
        torch.tensor([0.0, math.nan, -math.inf]),
        torch.arange(1000),
        torch.arange(1001),
        torch.linspace(0, 1, 50),
        torch.full((3, 30), -1.5),
        torch.arange(2000.0).reshape(2, 10, 100),
        torch.tensor([1.5], dtype=torch.float64),
        torch.tensor([1, -100], dtype=torch.int8),
        torch.tensor([[True, False]]),
        torch.tensor(1.5, dtype=torch.bfloat16),
    ],
    ids=lambda t: f"{tuple(t.shape)} {t.dtype}",
)
def test_chosen_tensors(judge: torch.Tensor) -> None:
    same(judge)


@pytest.mark.parametrize("count", [1, 4, 9, 11, 12, 13, 40])
def test_requires_grad(count: int) -> None:
    """The suffix goes to a line of its own where it does not fit."""
    same(torch.full((count,), 0.25), requires_grad=True)
    same(torch.full((2, count), 0.25, dtype=torch.float64), requires_grad=True)


@pytest.mark.parametrize("count", [1, 4, 9, 11, 12, 13, 40])
def test_grad_fn(count: int) -> None:
    texts = []
    for library in (ours, torch):
        x = library.full((count,), 0.25, requires_grad=True)
        texts.append([repr(x + 1), repr((x * 2).tanh()), repr(x.sum()), repr((x + 1).detach())])
    assert texts[0] == texts[1]


def test_custom_function() -> None:
    texts = []
    for library in (ours, torch):

        class Double(library.autograd.Function):  # type: ignore[misc]
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                return x * 2

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return g * 2

        texts.append(repr(Double.apply(library.ones(2, requires_grad=True))))
    assert texts[0] == texts[1] == "tensor([2., 2.], grad_fn=<DoubleBackward>)"


def test_parameter() -> None:
    mine, judge = ours.nn.Parameter(ours.ones(2, 3)), torch.nn.Parameter(torch.ones(2, 3))
    assert repr(mine) == repr(judge)
    assert str(mine) == str(judge)


def test_default_dtype() -> None:
    texts = []
    for library in (ours, torch):
        library.set_default_dtype(library.float64)
        try:
            texts.append(
                [repr(library.ones(2)), repr(library.ones(2, dtype=library.float32)), repr(library.zeros(0, 2))]
            )
        finally:
            library.set_default_dtype(library.float32)
    assert texts[0] == texts[1]


def test_device() -> None:
    assert repr(ours.tensor([1.0, 2.0], device="reference")) == "tensor([1., 2.], device='reference')"
    assert (
        repr(ours.zeros(0, 2, dtype=ours.int32, device="reference"))
        == "tensor([], device='reference', size=(0, 2), dtype=torch.int32)"
    )


def test_options_in_force() -> None:
    for library in (ours, torch):
        printing = library.printing if library is ours else torch._tensor_str
        library.set_printoptions(precision=2, sci_mode=True)
        with printing.printoptions(profile="short", linewidth=40):
            assert printing.get_printoptions() == {
                "precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 40, "sci_mode": None,
            }  # fmt: skip
        assert printing.get_printoptions()["edgeitems"] == 3
        assert printing.get_printoptions()["sci_mode"] is True


def test_printing_leaves_no_trace() -> None:
    """Printing a tensor that requires grad adds nothing to its graph."""
    x = ours.ones(50, 50, requires_grad=True)
    y = x * 2
    repr(y)
    y.sum().backward()
    assert x.grad.tolist() == [[2.0] * 50] * 50


def test_dual_tensors_print_their_tangents() -> None:
    def printed(t: Any) -> list[str]:
        ad = t.autograd.forward_ad
        with ad.dual_level():
            dual = ad.make_dual(t.arange(1.0, 3.0), t.ones(2))
            result = dual.sin() * 2
            shown = [dual, result, ad.unpack_dual(result), result.detach(), t.ones(2) + t.ones(2, requires_grad=True)]
            return [str(x) for x in shown]

    assert printed(ours) == printed(torch)
