"""Random programs of views and in-place writes, against torch: values seen through every alias, versions, gradients, errors."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .both import QUICK, THOROUGH, agree
from .sample import Library

small = st.integers(-3, 3)
near = st.integers(0, 7)

VIEWS = st.one_of(
    st.tuples(st.just("select"), near, small, small),
    st.tuples(st.just("slice"), near, small, st.none() | small, st.none() | small, st.sampled_from([1, 1, 2])),
    st.tuples(st.just("transpose"), near, small, small),
    st.tuples(st.just("permute"), near, st.integers(0, 5)),
    st.tuples(st.just("unsqueeze"), near, small),
    st.tuples(st.just("squeeze"), near),
    st.tuples(st.just("flatten"), near),
    st.tuples(st.just("view"), near, st.sampled_from([(2, -1), (-1,), (3, -1), (-1, 2), (1, -1)])),
    st.tuples(st.just("reshape"), near, st.sampled_from([(2, -1), (-1,), (3, -1), (-1, 2)])),
    st.tuples(st.just("diagonal"), near, st.integers(-1, 1)),
    st.tuples(st.just("narrow"), near, small, st.integers(0, 2), st.integers(0, 2)),
    st.tuples(st.just("expand"), near),
    st.tuples(st.just("split"), near, st.integers(1, 2)),
    st.tuples(st.just("unbind"), near),
    st.tuples(st.just("as_strided"), near),
)
WRITES = st.one_of(
    st.tuples(st.just("mul_number"), near, st.sampled_from([0.5, 2.0, -1.5])),
    st.tuples(st.just("add_other"), near, near),
    st.tuples(st.just("mul_other"), near, near),
    st.tuples(st.just("copy"), near, near),
    st.tuples(st.just("zero"), near),
    st.tuples(st.just("fill"), near, st.sampled_from([0.25, 3.0])),
    st.tuples(st.just("tanh"), near),
    st.tuples(st.just("set"), near, small),
    st.tuples(st.just("no_grad"), near),
)
USES = st.one_of(
    st.tuples(st.just("square"), near),
    st.tuples(st.just("clone"), near),
    st.tuples(st.just("product"), near, near),
)
PROGRAMS = st.lists(st.one_of(VIEWS, VIEWS, WRITES, USES), min_size=1, max_size=9)


def apply(library: Library, step: tuple[Any, ...], alive: list[Any], losses: list[Any]) -> None:
    kind, which, *rest = step
    x = alive[which % len(alive)]
    if kind == "select":
        alive.append(x.select(*rest))
    elif kind == "slice":
        dim, start, stop, by = rest
        alive.append(x[(slice(None),) * (dim % max(x.dim(), 1)) + (slice(start, stop, by),)])
    elif kind == "transpose":
        alive.append(x.transpose(*rest))
    elif kind == "permute":
        order = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]][rest[0]]
        alive.append(x.permute([d for d in order if d < x.dim()]))
    elif kind in ("unsqueeze", "squeeze", "flatten"):
        alive.append(getattr(x, kind)(*rest))
    elif kind in ("view", "reshape"):
        alive.append(getattr(x, kind)(rest[0]))
    elif kind == "diagonal":
        alive.append(x.diagonal(rest[0]))
    elif kind == "narrow":
        alive.append(x.narrow(*rest))
    elif kind == "expand":
        alive.append(x.expand(2, *x.shape))
    elif kind == "split":
        alive.extend(x.split(rest[0])[:2])
    elif kind == "unbind":
        alive.extend(x.unbind()[:2])
    elif kind == "as_strided":
        alive.append(x.as_strided((2,), (1,), x.storage_offset()))
    elif kind == "mul_number":
        x.mul_(rest[0])
    elif kind in ("add_other", "mul_other", "copy"):
        other = alive[rest[0] % len(alive)]
        {"add_other": x.add_, "mul_other": x.mul_, "copy": x.copy_}[kind](other * 0.5)
    elif kind == "zero" and not expanded(x):
        x.zero_()
    elif kind == "fill" and not expanded(x):
        x.fill_(rest[0])
    elif kind == "tanh":
        x.tanh_()
    elif kind == "set":
        x[rest[0]] = 0.75
    elif kind == "no_grad":
        with library.no_grad():
            x.add_(1.0)
    elif kind == "square":
        losses.append((x * x).sum())
    elif kind == "clone" and x.numel():
        alive.append(x.clone().contiguous())  # torch's clone keeps the order of strides, ours is always in C order
    elif kind == "product":
        losses.append((x * alive[rest[0] % len(alive)].sum()).sum())


def expanded(x: Any) -> bool:
    """Filling these is allowed, but torch cannot differentiate it."""
    return any(step == 0 and size > 1 for size, step in zip(x.shape, x.stride(), strict=True))


def program(steps: list[tuple[Any, ...]], *, leaf_is_written: bool) -> Any:
    def run(library: Library) -> Any:
        leaf = library.tensor(
            [[i / 8 - 0.7 for i in range(4 * row, 4 * row + 4)] for row in range(3)], requires_grad=True
        )
        alive: list[Any] = [leaf if leaf_is_written else leaf * 1.5]
        losses: list[Any] = []
        for step in steps:
            apply(library, step, alive, losses)
        total = sum((x * (i + 1)).sum() for i, x in enumerate(alive)) + sum(losses)
        if total.requires_grad:
            total.backward()
        strides = [
            tuple(s if n > 1 and x.numel() else 0 for n, s in zip(x.shape, x.stride(), strict=True)) for x in alive
        ]
        layout = [
            (s, x.storage_offset(), x._version, x.requires_grad, x.is_leaf) for s, x in zip(strides, alive, strict=True)
        ]
        return [x.detach() for x in alive], layout, leaf.grad

    return run


SEVERAL = "is a view and its base or another view of its base has been modified inplace"

MADE_APART = "A view was created in no_grad mode and"


class TestPrograms:
    @QUICK
    @given(PROGRAMS)
    def test_quick(self, steps: list[tuple[Any, ...]]) -> None:
        agree(program(steps, leaf_is_written=False), any_error_for=SEVERAL, may_work=MADE_APART)

    def test_a_write_past_the_view_it_was_taken_of(self) -> None:
        steps = [("select", 0, 1, 0), ("squeeze", 0), ("as_strided", 1), ("tanh", 3)]
        agree(program(steps, leaf_is_written=False))

    @QUICK
    @given(PROGRAMS)
    def test_leaf(self, steps: list[tuple[Any, ...]]) -> None:
        agree(program(steps, leaf_is_written=True), any_error_for=SEVERAL, may_work=MADE_APART)

    @pytest.mark.slow
    @THOROUGH
    @given(PROGRAMS, st.booleans())
    def test_thorough(self, steps: list[tuple[Any, ...]], leaf_is_written: bool) -> None:
        agree(program(steps, leaf_is_written=leaf_is_written), any_error_for=SEVERAL, may_work=MADE_APART)
