"""Dtypes of mixed operands, broadcasting, and what shapes a view may have, against torch."""

from __future__ import annotations

import operator
from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import flambeau

from .both import QUICK, THOROUGH, agree
from .sample import Library

DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")

DTYPE = st.sampled_from(DTYPES)
OPERANDS = st.one_of(
    st.tuples(st.just("tensor"), DTYPE, st.integers(1, 3)),
    st.tuples(st.just("0-d"), DTYPE, st.integers(1, 3)),
    st.tuples(st.just("number"), st.sampled_from([True, False, 1, 2, 3, 1.5, 0.5, 2.0])),
)
OPERATORS = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv, "floordiv": operator.floordiv,
    "mod": operator.mod, "pow": operator.pow, "lt": operator.lt, "eq": operator.eq, "ge": operator.ge, "and": operator.and_,
    "or": operator.or_, "xor": operator.xor, "iadd": operator.iadd, "imul": operator.imul, "itruediv": operator.itruediv,
}  # fmt: skip
FUNCTIONS = (
    "maximum",
    "minimum",
    "atan2",
    "where",
    "lerp",
    "addcmul",
    "addcdiv",
    "cat",
    "stack",
    "clamp",
    "fmod",
    "result_type",
)


def make(library: Library, operand: tuple[Any, ...]) -> Any:
    kind, *rest = operand
    if kind == "number":
        return rest[0]
    values = [float(rest[1]), 2.0, 1.0] if kind == "tensor" else float(rest[1])
    return library.tensor(values).to(getattr(library, rest[0]))


def computed(name: str, operands: list[tuple[Any, ...]]) -> Any:
    def program(library: Library) -> Any:
        x, y, z = (make(library, o) for o in operands)
        if name == "fmod" and operands[0][0] == "number":
            return None  # torch wants a tensor first; flambeau takes a number for either
        if name in OPERATORS:
            result = OPERATORS[name](x, y)
            if not hasattr(result, "dtype"):
                return None  # two Python numbers
            # float16 on the CPU rounds at other places in torch; its dtype is what matters
            return str(result.dtype) if result.dtype in (library.float16, library.bfloat16) else result
        if name == "where":
            return library.where(library.tensor([True, False, True]), x, y)
        if name == "lerp":
            return library.lerp(x, y, 0.5)
        if name in ("addcmul", "addcdiv"):
            return str(getattr(library, name)(x, y, z).dtype)
        if name in ("cat", "stack"):
            return getattr(library, name)([x, y, z])
        if name == "clamp":
            return library.clamp(x, y, z)
        if name == "result_type":
            return str(library.result_type(x, y))
        result = getattr(library, name)(x, y)
        return str(result.dtype) if result.dtype in (library.float16, library.bfloat16) else result

    return program


# What torch's CPU has no kernel for, or refuses in words about its own overloads, flambeau may do.
UNIMPLEMENTED = "not implemented for"


class TestPromotion:
    @QUICK
    @given(st.sampled_from([*OPERATORS, *FUNCTIONS]), st.lists(OPERANDS, min_size=3, max_size=3))
    def test_quick(self, name: str, operands: list[tuple[Any, ...]]) -> None:
        agree(computed(name, operands), may_work=UNIMPLEMENTED)

    @pytest.mark.slow
    @THOROUGH
    @given(st.sampled_from([*OPERATORS, *FUNCTIONS]), st.lists(OPERANDS, min_size=3, max_size=3))
    def test_thorough(self, name: str, operands: list[tuple[Any, ...]]) -> None:
        agree(computed(name, operands), may_work=UNIMPLEMENTED)


def test_promote_types_and_can_cast() -> None:
    for a, b in product(DTYPES, DTYPES):
        ours, theirs = ([getattr(library, name) for name in (a, b)] for library in (flambeau, torch))
        assert str(flambeau.promote_types(*ours)) == str(torch.promote_types(*theirs)), (a, b)
        assert flambeau.can_cast(*ours) == torch.can_cast(*theirs), (a, b)


@pytest.mark.parametrize("name", ["float64", "float16"])
def test_default_dtype(name: str) -> None:
    def program(library: Library) -> Any:
        before = library.get_default_dtype()
        library.set_default_dtype(getattr(library, name))
        try:
            return (
                library.tensor(1.5), library.ones(2), library.tensor([1, 2]) / 2, library.tensor([1, 2]) + 1.5, library.arange(0, 1, 0.5),
                library.tensor([1]).float(), library.ones(2, dtype=library.int64).mean(dtype=library.float32), library.full((1,), 0.5),
            )  # fmt: skip
        finally:
            library.set_default_dtype(before)

    agree(program)


SHAPES = st.lists(st.sampled_from([0, 1, 1, 2, 3]), max_size=4).map(tuple)


def broadcast(shapes: list[tuple[int, ...]]) -> Any:
    def program(library: Library) -> Any:
        tensors = [library.ones(shape) * (i + 1) for i, shape in enumerate(shapes)]
        grads = [t.requires_grad_() for t in tensors]
        total = tensors[0]
        for t in tensors[1:]:
            total = total + t * 2
        total.sum().backward()
        views = library.broadcast_tensors(*[t.detach() for t in tensors])
        strides = [[s for n, s in zip(v.shape, v.stride(), strict=True) if n > 1] for v in views if v.numel()]
        return total, [g.grad for g in grads], strides, tuple(library.broadcast_shapes(*shapes))

    return program


class TestBroadcasting:
    @QUICK
    @given(st.lists(SHAPES, min_size=1, max_size=3))
    def test_quick(self, shapes: list[tuple[int, ...]]) -> None:
        agree(broadcast(shapes), any_error_for="Shape mismatch")

    @pytest.mark.slow
    @THOROUGH
    @given(st.lists(SHAPES, min_size=1, max_size=3))
    def test_thorough(self, shapes: list[tuple[int, ...]]) -> None:
        agree(broadcast(shapes), any_error_for="Shape mismatch")


def strided(shape: tuple[int, ...], order: list[int], step: int, target: tuple[int, ...], how: str) -> Any:
    def program(library: Library) -> Any:
        n = 1
        for size in shape:
            n *= size
        x = (
            library.arange(n * step).reshape(*shape[:-1], -1)[..., ::step]
            if shape and step > 1 and n
            else library.arange(n).reshape(shape)
        )
        x = x.permute([order[i] for i in range(len(order)) if order[i] < len(shape)])
        y = getattr(x, how)(target)
        aliases = y.data_ptr() == x.data_ptr() and n > 0
        return y, aliases, y.is_contiguous(), tuple(y.stride()) if aliases else None

    return program


class TestShapes:
    @staticmethod
    def arguments() -> Any:
        return (
            st.lists(st.sampled_from([0, 1, 2, 2, 3, 4]), max_size=4).map(tuple),
            st.permutations([0, 1, 2, 3]),
            st.integers(1, 2),
            st.lists(st.sampled_from([-1, 0, 1, 2, 2, 3, 4, 6, 12]), max_size=4).map(tuple),
            st.sampled_from(["view", "reshape"]),
        )

    @QUICK
    @given(*arguments())
    def test_quick(self, shape: Any, order: Any, step: int, target: Any, how: str) -> None:
        agree(strided(shape, order, step, target, how))

    @pytest.mark.slow
    @THOROUGH
    @given(*arguments())
    def test_thorough(self, shape: Any, order: Any, step: int, target: Any, how: str) -> None:
        agree(strided(shape, order, step, target, how))
