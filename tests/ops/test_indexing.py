"""`x[key]` and `x[key] = value` in all forms, against torch: values, shapes, aliasing, gradients, errors."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .both import QUICK, THOROUGH, agree
from .sample import Library

pytestmark = pytest.mark.filterwarnings("ignore:Using a non-tuple sequence:UserWarning")

SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)


@st.composite
def basic(draw: Any, size: int, *, wild: bool) -> tuple[Any, ...]:
    """An integer or a slice, for a dimension."""
    if draw(st.booleans()) and (size or wild):
        reach = (-size - 1, size) if not size or (wild and draw(st.integers(0, 9)) == 0) else (-size, size - 1)
        return ("int", draw(st.integers(*reach)))
    bound = st.none() | st.integers(-size - 1, size + 1)
    return ("slice", draw(bound), draw(bound), draw(st.none() | st.integers(1, 3)))


@st.composite
def numbers_below(draw: Any, size: int, shape: tuple[int, ...], *, wild: bool) -> Any:
    """Nested lists of positions in a dimension."""
    reach = (-size - 1, size) if wild and draw(st.integers(0, 9)) == 0 else (-size, size - 1)
    if not shape:
        return draw(st.integers(*reach))
    return [draw(numbers_below(size, shape[1:], wild=wild)) for _ in range(shape[0])]


@st.composite
def mask_of(draw: Any, shape: tuple[int, ...]) -> Any:
    if not shape:
        return draw(st.booleans())
    return [draw(mask_of(shape[1:])) for _ in range(shape[0])]


@st.composite
def keys(draw: Any, shape: tuple[int, ...], *, wild: bool = True) -> tuple[Any, ...]:
    """A key for a tensor of a shape, described so that either library can be given it."""
    parts: list[Any] = []
    dim = 0
    common = draw(st.sampled_from([(), (1,), (2,), (3,), (2, 2), (2, 1)]))  # index tensors broadcast together
    ellipsis = draw(st.integers(0, 4))
    while dim < len(shape) and len(parts) < 6:
        kind = draw(
            st.sampled_from(["basic", "basic", "basic", "index", "list", "mask", "mask2", "none", "bool", "stop"])
        )
        if kind == "stop":
            break
        if len(parts) == ellipsis and not any(p[0] == "ellipsis" for p in parts):
            parts.append(("ellipsis",))
            dim = max(dim, len(shape) - draw(st.integers(0, len(shape) - dim)))
            continue
        if kind == "none":
            parts.append(("none",))
        elif kind == "bool":
            if draw(st.integers(0, 5)) == 0:
                parts.append(("bool", draw(st.booleans())))
        elif kind == "index" and shape[dim]:
            parts.append(
                (
                    "index",
                    draw(numbers_below(shape[dim], common, wild=wild)),
                    draw(st.sampled_from(["int64", "int64", "int32"])),
                )
            )
            dim += 1
        elif kind == "list" and shape[dim]:
            parts.append(("list", draw(numbers_below(shape[dim], common[-1:], wild=wild))))
            dim += 1
        elif kind == "mask":
            size = shape[dim] + (1 if wild and draw(st.integers(0, 14)) == 0 else 0)
            parts.append(("mask", draw(mask_of((size,))), (size,)))
            dim += 1
        elif kind == "mask2" and dim + 1 < len(shape):
            parts.append(("mask", draw(mask_of(shape[dim : dim + 2])), shape[dim : dim + 2]))
            dim += 2
        else:
            parts.append(draw(basic(shape[dim], wild=wild)))
            dim += 1
    if wild and draw(st.integers(0, 14)) == 0:
        parts.append(("int", 0))
    return tuple(parts)


def build(library: Library, key: tuple[Any, ...]) -> Any:
    made: list[Any] = []
    for kind, *rest in key:
        if kind in ("int", "list", "bool"):
            made.append(rest[0])
        elif kind == "slice":
            made.append(slice(*rest))
        elif kind == "none":
            made.append(None)
        elif kind == "ellipsis":
            made.append(...)
        elif kind == "index":
            made.append(library.tensor(rest[0], dtype=getattr(library, rest[1])))
        else:
            made.append(library.tensor(rest[0], dtype=library.bool).reshape(rest[1]))
    return made[0] if len(made) == 1 else tuple(made)


def counting(library: Library, shape: tuple[int, ...], *, grad: bool = False) -> Any:
    n = 1
    for size in shape:
        n *= size
    return (library.arange(n, dtype=library.float32) + 0.5).reshape(shape).requires_grad_(grad)


def reading(shape: tuple[int, ...], key: tuple[Any, ...]) -> Any:
    def program(library: Library) -> Any:
        x = counting(library, shape, grad=True)
        y = x[build(library, key)]
        is_view = (
            y.data_ptr() == x.data_ptr()
            and y.numel() > 0
            and not any(p[0] in ("index", "list", "mask", "bool") for p in key)
        )
        (y * counting(library, tuple(y.shape))).sum().backward()
        layout = (y.stride(), y.storage_offset()) if is_view else None
        return y, x.grad, y.requires_grad, y._version, layout

    return program


VALUES = ["number", "0-d", "full", "row", "integer", "wrong"]


def writing(shape: tuple[int, ...], key: tuple[Any, ...], kind: str) -> Any:
    def program(library: Library) -> Any:
        leaf = counting(library, shape, grad=True)
        x = leaf * 2
        alias = x[...]
        target = x.detach().clone()[build(library, key)]  # to know the shape
        size = tuple(target.shape)
        value: Any = 7.5
        leaves = [leaf]
        if kind == "0-d":
            value = library.tensor(3.25, requires_grad=True)
        elif kind == "full":
            value = (counting(library, size) * -1).requires_grad_()
        elif kind == "row":
            value = (counting(library, size[-1:]) * -1).requires_grad_()
        elif kind == "integer":
            value = 4
        elif kind == "wrong":
            value = counting(library, (*size, 5)).requires_grad_()
        if hasattr(value, "requires_grad"):
            leaves.append(value)
        x[build(library, key)] = value
        (x * counting(library, shape)).sum().backward()
        return x, alias, [v.grad for v in leaves]

    return program


def without_repeats(key: tuple[Any, ...]) -> bool:
    """Whether no element can be written twice: which write wins is not defined."""
    return sum(p[0] in ("index", "list") for p in key) == 0


@st.composite
def shape_and_key(draw: Any) -> tuple[tuple[int, ...], tuple[Any, ...]]:
    shape = draw(SHAPES)
    return shape, draw(keys(shape))


class TestReading:
    @QUICK
    @given(shape_and_key())
    def test_quick(self, both: Any) -> None:
        agree(reading(*both))

    @pytest.mark.slow
    @THOROUGH
    @given(shape_and_key())
    def test_thorough(self, both: Any) -> None:
        agree(reading(*both))


class TestWriting:
    @QUICK
    @given(shape_and_key().filter(lambda b: without_repeats(b[1])), st.sampled_from(VALUES))
    def test_quick(self, both: Any, kind: str) -> None:
        agree(writing(*both, kind))

    @pytest.mark.slow
    @THOROUGH
    @given(shape_and_key().filter(lambda b: without_repeats(b[1])), st.sampled_from(VALUES))
    def test_thorough(self, both: Any, kind: str) -> None:
        agree(writing(*both, kind))


@pytest.mark.parametrize(
    "write",
    [
        lambda t, x: x.__setitem__((t.tensor([0, 2]), t.tensor([1, 0])), 5.0),
        lambda t, x: x.__setitem__(t.tensor([2, 0]), t.arange(4.0)),
        lambda t, x: x.__setitem__((slice(None), [3, 1]), t.arange(6.0).reshape(3, 2)),
        lambda t, x: x.__setitem__((t.tensor([[0], [2]]), t.tensor([1, 3])), t.ones(2, 2)),
        lambda t, x: x.__setitem__(x > 0.5, 0.0),
        lambda t, x: x.__setitem__(x > 0.5, t.arange(100.0)[: int((x > 0.5).sum())]),
        lambda t, x: x.__setitem__((1, slice(None, None, 2)), 9),
        lambda t, x: x.index_put_((t.tensor([0, 0, 1]),), t.ones(3, 4), accumulate=True),
        lambda t, x: x.index_put_((t.tensor([0, 0]), t.tensor([1, 1])), t.ones(2), accumulate=True),
        lambda t, x: x.index_add_(0, t.tensor([0, 0]), t.ones(2, 4)),
        lambda t, x: x[0].index_fill_(0, t.tensor([1, 2]), 3.0),
        lambda t, x: x[:, 1].masked_fill_(t.tensor([True, False, True]), -1.0),
        lambda t, x: x.t()[1].__setitem__(0, 8.0),
        lambda t, x: x.scatter_(1, t.tensor([[0, 2], [1, 3]]), 2.0),
    ],
)
def test_writes_of_every_kind(write: Any) -> None:
    def program(library: Library) -> Any:
        leaf = counting(library, (3, 4), grad=True)
        x = leaf.sin()
        write(library, x)
        (x * counting(library, (3, 4))).sum().backward()
        return x, leaf.grad, x._version > 0

    agree(program)


@pytest.mark.parametrize("key", [0, -1, 1, (0, 0), slice(None), None, ..., True, [0], (0, None), (0, slice(None))])
def test_keys_of_a_tensor_without_dimensions(key: Any) -> None:
    agree(lambda t: t.tensor(1.5)[key])
    agree(lambda t: t.tensor(1.5).__setitem__(key, 2.0))


@pytest.mark.parametrize(
    "read",
    [
        lambda t, x: x["a"],
        lambda t, x: x[1.5],
        lambda t, x: x[t.tensor([0.5])],
        lambda t, x: x[..., ...],
        lambda t, x: x[0, 0, 0],
        lambda t, x: x[::-1],
        lambda t, x: x[::0],
        lambda t, x: x[3],
        lambda t, x: x[-4],
        lambda t, x: x[0, 4],
        lambda t, x: x[[0, 3]],
        lambda t, x: x[t.tensor([0, 1]), t.tensor([0, 1, 2])],
        lambda t, x: x[t.tensor([True, False])],
        lambda t, x: x[t.ones(3, 3, dtype=t.bool)],
        lambda t, x: x[0, 0][0],
        lambda t, x: x[0, 0][...],
        lambda t, x: x[0, 0][None],
        lambda t, x: x[{}],
        lambda t, x: x[object()],
        lambda t, x: x[True],
        lambda t, x: x[False],
        lambda t, x: x[t.tensor(True)],
        lambda t, x: x[t.tensor(1)],
        lambda t, x: x[t.tensor(1, dtype=t.uint8)],
        lambda t, x: x[[True, False, True]],
        lambda t, x: x[[[0, 1], [1, 2]]],
        lambda t, x: x[(0, 1),],
        lambda t, x: x[[slice(0, 1), 2]],
        lambda t, x: x[[]],
        lambda t, x: x[t.tensor([], dtype=t.int64)],
        lambda t, x: x[range(2)],
        lambda t, x: x.__setitem__("a", 1.0),
        lambda t, x: x.__setitem__(3, 1.0),
        lambda t, x: x.__setitem__(0, "a"),
        lambda t, x: x.__setitem__(0, t.ones(3)),
        lambda t, x: x.__setitem__(0, t.ones(2, 4)),
        lambda t, x: x.__setitem__(0, t.ones(1, 1, 4)),
        lambda t, x: x.__setitem__((0, 0), t.ones(2)),
        lambda t, x: x.__setitem__(t.tensor([0, 1]), t.ones(3, 4)),
        lambda t, x: x.__setitem__(t.tensor([5]), 1.0),
        lambda t, x: x.__setitem__(0, [1.0, 2.0, 3.0, 4.0]),
        lambda t, x: x.__setitem__(slice(None), t.ones(3)),
    ],
)
def test_odd_keys(read: Any) -> None:
    def program(library: Library) -> Any:
        x = counting(library, (3, 4))
        return read(library, x), x

    agree(program)
