"""Functions of one, two and three operands, element by element."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from flambeau.dtype import bool_, dtype, float32, float64, int16, int32, int64, uint8
from flambeau.testing.conformance import oracle
from flambeau.testing.conformance.laboratory import Laboratory, samples
from flambeau.testing.conformance.oracle import ALL, FLOATS, INTEGERS, Shape, epsilon, inf, nan

# --- one operand ------------------------------------------------------------------------------------------------------

ROUNDING: dict[str, Callable[[float], float]] = {
    "neg": lambda x: -x,
    "abs": abs,
    "sign": lambda x: (x > 0) - (x < 0),
    "floor": math.floor,
    "ceil": math.ceil,
    "trunc": math.trunc,
    "round": round,
}
"""Functions whose result is exact."""

FUNCTIONS: dict[str, tuple[Callable[[float], float], float, float]] = {
    "exp": (math.exp, -20, 20),
    "expm1": (math.expm1, -5, 5),
    "log": (math.log, 1e-3, 100),
    "log1p": (math.log1p, -0.99, 100),
    "sqrt": (math.sqrt, 0, 100),
    "sin": (math.sin, -10, 10),
    "cos": (math.cos, -10, 10),
    "tan": (math.tan, -1.4, 1.4),
    "asin": (math.asin, -1, 1),
    "acos": (math.acos, -1, 1),
    "atan": (math.atan, -20, 20),
    "sinh": (math.sinh, -8, 8),
    "cosh": (math.cosh, -8, 8),
    "tanh": (math.tanh, -12, 12),
    "erf": (math.erf, -4, 4),
}
"""Name: (function, from, to): where it is examined."""

RTOL = {"sqrt": 4.0}
"""In units of the dtype's epsilon. WGSL, the least exact of the languages for backends, sets the scale."""
DEFAULT_RTOL = 64.0
ATOL = {"sin": 1e-5, "cos": 1e-5, "tan": 1e-5, "asin": 1e-5, "acos": 2e-5, "atan": 1e-5, "log": 1e-6, "erf": 1e-6}
"""For float32 (and at least for all others, in units of their epsilon): absolute, as languages for GPUs state it."""


def tolerances(name: str, d: dtype) -> tuple[float, float]:
    scale = epsilon(d) / epsilon(float32) if d is float64 else 1.0
    return RTOL.get(name, DEFAULT_RTOL if d in (float32, float64) else 2.0) * epsilon(d), scale * ATOL.get(name, 0.0)


@pytest.mark.parametrize("d", FLOATS, ids=repr)
@pytest.mark.parametrize("name", ROUNDING)
def test_exact_functions(lab: Laboratory, name: str, d: dtype) -> None:
    values = [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 3.5, 126.5, *samples(50, d, -100, 100)]
    values += [-v for v in values]
    x = lab.array(values, (len(values),), d)
    lab.check(getattr(lab.backend, name)(x), [ROUNDING[name](v) for v in values], (len(values),), d)


@pytest.mark.parametrize("name", ROUNDING)
def test_exact_functions_of_special_values(lab: Laboratory, name: str) -> None:
    x = lab.array([inf, -inf, nan, 2.0**30 + 64, -(2.0**30)], (5,), float32)
    expected = {
        "neg": [-inf, inf, nan, -(2.0**30) - 64, 2.0**30],
        "abs": [inf, inf, nan, 2.0**30 + 64, 2.0**30],
        "sign": [1.0, -1.0, 0.0, 1.0, -1.0],
    }.get(name, [inf, -inf, nan, 2.0**30 + 64, -(2.0**30)])
    lab.check(getattr(lab.backend, name)(x), expected, (5,), float32)


@pytest.mark.parametrize("d", INTEGERS, ids=repr)
@pytest.mark.parametrize("name", ["neg", "abs", "sign"])
def test_functions_of_integers(lab: Laboratory, name: str, d: dtype) -> None:
    values = [0, 1, 2, 100, 127] + ([-1, -2, -128] if d.is_signed else [255, 128])
    x = lab.array(values, (len(values),), d)
    lab.check(getattr(lab.backend, name)(x), [ROUNDING[name](v) for v in values], (len(values),), d)


@pytest.mark.parametrize("d", FLOATS, ids=repr)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(lab: Laboratory, name: str, d: dtype) -> None:
    function, low, high = FUNCTIONS[name]
    values = [v for v in samples(100, d, low, high) if low <= v <= high]
    rtol, atol = tolerances(name, d)
    x = lab.array(values, (len(values),), d)
    lab.check(getattr(lab.backend, name)(x), [function(v) for v in values], (len(values),), d, rtol, atol)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("exp", [inf, -inf, nan, 200.0, -200.0, 0.0], [inf, 0.0, nan, inf, 0.0, 1.0]),
        ("expm1", [inf, -inf, nan, 200.0, -200.0, 0.0], [inf, -1.0, nan, inf, -1.0, 0.0]),
        ("log", [inf, -inf, nan, 0.0, -1.0, 1.0], [inf, nan, nan, -inf, nan, 0.0]),
        ("log1p", [inf, -inf, nan, -1.0, -2.0, 0.0], [inf, nan, nan, -inf, nan, 0.0]),
        ("sqrt", [inf, -inf, nan, 0.0, -1.0, 4.0], [inf, nan, nan, 0.0, nan, 2.0]),
        ("sin", [inf, -inf, nan, 0.0], [nan, nan, nan, 0.0]),
        ("cos", [inf, -inf, nan, 0.0], [nan, nan, nan, 1.0]),
        ("tan", [inf, -inf, nan, 0.0], [nan, nan, nan, 0.0]),
        ("asin", [nan, 1.5, -1.5, 0.0], [nan, nan, nan, 0.0]),
        ("acos", [nan, 1.5, -1.5, 1.0], [nan, nan, nan, 0.0]),
        ("atan", [inf, -inf, nan, 0.0], [math.pi / 2, -math.pi / 2, nan, 0.0]),
        ("sinh", [inf, -inf, nan, 200.0, -200.0, 0.0], [inf, -inf, nan, inf, -inf, 0.0]),
        ("cosh", [inf, -inf, nan, 200.0, -200.0, 0.0], [inf, inf, nan, inf, inf, 1.0]),
        ("tanh", [inf, -inf, nan, 200.0, -200.0, 0.0], [1.0, -1.0, nan, 1.0, -1.0, 0.0]),
        ("erf", [inf, -inf, nan, 200.0, -200.0, 0.0], [1.0, -1.0, nan, 1.0, -1.0, 0.0]),
    ],
)
def test_functions_of_special_values(lab: Laboratory, name: str, values: list[float], expected: list[float]) -> None:
    x = lab.array(values, (len(values),), float32)
    lab.check(getattr(lab.backend, name)(x), expected, (len(values),), float32, 1e-6, 1e-6)


def test_exp_reaches_the_ends_of_its_range(lab: Laboratory) -> None:
    """Where 2^n alone is no float32 any more, but the result is; and the first that is none."""
    values = [88.4, 88.6, 88.7, -86.9, -87.2, 88.8, 1e30, -1e30]
    x = lab.array(values, (8,), float32)
    expected = [*(math.exp(oracle.rounded(v, float32)) for v in values[:5]), inf, inf, 0.0]
    lab.check(lab.backend.exp(x), expected, (8,), float32, DEFAULT_RTOL * epsilon(float32))


@pytest.mark.parametrize(("name", "function"), [("expm1", math.expm1), ("log1p", math.log1p), ("tanh", math.tanh)])
def test_functions_keep_their_digits_near_zero(lab: Laboratory, name: str, function: Callable[[float], float]) -> None:
    """`exp(x) - 1` and `log(1 + x)` are written as one function because of small x."""
    values = [oracle.rounded(s * 10.0**-k, float32) for k in range(1, 11) for s in (1, -1)]
    x = lab.array(values, (20,), float32)
    lab.check(getattr(lab.backend, name)(x), [function(v) for v in values], (20,), float32, rtol=1e-5)


@pytest.mark.parametrize("d", [*INTEGERS, bool_], ids=repr)
def test_invert(lab: Laboratory, d: dtype) -> None:
    values = [0, 1, 5, 127] + ([-1, -128] if d.is_signed else [])
    expected = [not v for v in values] if d is bool_ else [~v for v in values]
    lab.check(lab.backend.invert(lab.array(values, (len(values),), d)), expected, (len(values),), d)


# --- two operands -----------------------------------------------------------------------------------------------------


def divide(x: float, y: float) -> float:
    if y == 0:
        return nan if x == 0 or x != x else math.copysign(inf, x) * math.copysign(1, y)
    return x / y


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "maximum": max,
    "minimum": min,
}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda x, y: x == y,
    "ne": lambda x, y: x != y,
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
}
LOGIC: dict[str, Callable[[Any, Any], Any]] = {
    "bitwise_and": lambda x, y: x & y,
    "bitwise_or": lambda x, y: x | y,
    "bitwise_xor": lambda x, y: x ^ y,
}


def pairs(values: list[Any]) -> tuple[list[Any], list[Any]]:
    """Every value with every value, as two lists."""
    return [x for x in values for _ in values], [y for _ in values for y in values]


@pytest.mark.parametrize("d", [*FLOATS, *INTEGERS], ids=repr)
@pytest.mark.parametrize("name", ARITHMETIC)
def test_arithmetic(lab: Laboratory, name: str, d: dtype) -> None:
    xs, ys = samples(60, d, -11, 11, seed=1), samples(60, d, -11, 11, seed=2)
    got = getattr(lab.backend, name)(lab.array(xs, (60,), d), lab.array(ys, (60,), d))
    rtol = 0.0 if d in (float32, float64) else epsilon(d)
    lab.check(got, [ARITHMETIC[name](x, y) for x, y in zip(xs, ys, strict=True)], (60,), d, rtol)


@pytest.mark.parametrize("name", ARITHMETIC)
def test_arithmetic_of_special_values(lab: Laboratory, name: str) -> None:
    xs, ys = pairs([inf, -inf, nan, 0.0, 1.5, -1e38])
    got = getattr(lab.backend, name)(lab.array(xs, (36,), float32), lab.array(ys, (36,), float32))
    extreme = name in ("maximum", "minimum")
    expected = [nan if extreme and (x != x or y != y) else ARITHMETIC[name](x, y) for x, y in zip(xs, ys, strict=True)]
    lab.check(got, expected, (36,), float32)


def test_arithmetic_of_bools(lab: Laboratory) -> None:
    xs, ys = pairs([True, False])
    x, y = lab.array(xs, (4,), bool_), lab.array(ys, (4,), bool_)
    b = lab.backend
    lab.check(b.add(x, y), [True, True, True, False], (4,), bool_)
    lab.check(b.mul(x, y), [True, False, False, False], (4,), bool_)
    lab.check(b.maximum(x, y), [True, True, True, False], (4,), bool_)
    lab.check(b.minimum(x, y), [True, False, False, False], (4,), bool_)


@pytest.mark.parametrize("d", INTEGERS[1:], ids=repr)
def test_integers_wrap_around(lab: Laboratory, d: dtype) -> None:
    """int64 is in `test_wide_integers`: a GPU may hold it in 32 bits."""
    bits = 8 * d.itemsize
    top = (1 << bits - 1) - 1 if d.is_signed else (1 << bits) - 1
    low = -(1 << bits - 1) if d.is_signed else 0
    x, y = lab.array([top, low, top, 1 << bits // 2], (4,), d), lab.array([1, 1, top, 1 << bits // 2], (4,), d)
    lab.check(lab.backend.add(x, y), [top + 1, low + 1, 2 * top, 2 << bits // 2], (4,), d)
    lab.check(lab.backend.sub(y, x), [1 - top, 1 - low, 0, 0], (4,), d)
    lab.check(lab.backend.mul(x, y), [top, low, top * top, 0], (4,), d)
    lab.check(lab.backend.neg(x), [-top, -low, -top, -(1 << bits // 2)], (4,), d)


def test_wide_integers(lab: Laboratory) -> None:
    """64 bits, where the backend has them."""
    values = [2**40 + 3, -(2**40), 2**63 - 1, -(2**63)]
    try:
        x = lab.array(values, (4,), int64)
        assert lab.read(x) == values
    except OverflowError:
        pytest.skip("the backend holds int64 in 32 bits and says so")
    lab.check(lab.backend.add(x, 1), [v + 1 for v in values], (4,), int64)
    lab.check(lab.backend.mul(x, x), [v * v for v in values], (4,), int64)
    lab.check(lab.backend.sub(x, 2**62), [v - 2**62 for v in values], (4,), int64)
    lab.check(lab.backend.floordiv(x, 2**33), [v // 2**33 for v in values], (4,), int64)
    lab.check(lab.backend.sum(x, (0,), False), [sum(values)], (), int64)
    lab.check(lab.backend.right_shift(x, 33), [v >> 33 for v in values], (4,), int64)


@pytest.mark.parametrize("d", ALL, ids=repr)
@pytest.mark.parametrize("name", COMPARISONS)
def test_comparisons(lab: Laboratory, name: str, d: dtype) -> None:
    xs, ys = pairs([0, 1, 1, 3, 127] + ([-1, -2] if d.is_signed else []))
    n = len(xs)
    got = getattr(lab.backend, name)(lab.array(xs, (n,), d), lab.array(ys, (n,), d))
    held = [(oracle.rounded(x, d), oracle.rounded(y, d)) for x, y in zip(xs, ys, strict=True)]
    lab.check(got, [COMPARISONS[name](x, y) for x, y in held], (n,), bool_)


@pytest.mark.parametrize("name", COMPARISONS)
def test_comparisons_of_special_values(lab: Laboratory, name: str) -> None:
    xs, ys = pairs([inf, -inf, nan, 0.0, -0.0, 3e38])
    got = getattr(lab.backend, name)(lab.array(xs, (36,), float32), lab.array(ys, (36,), float32))
    lab.check(got, [COMPARISONS[name](x, y) for x, y in zip(xs, ys, strict=True)], (36,), bool_)


@pytest.mark.parametrize("d", [*INTEGERS, bool_], ids=repr)
@pytest.mark.parametrize("name", LOGIC)
def test_logic(lab: Laboratory, name: str, d: dtype) -> None:
    values = [False, True] if d is bool_ else [0, 1, 6, 85, 127] + ([-1, -86] if d.is_signed else [255])
    xs, ys = pairs(values)
    got = getattr(lab.backend, name)(lab.array(xs, (len(xs),), d), lab.array(ys, (len(xs),), d))
    lab.check(got, [LOGIC[name](x, y) for x, y in zip(xs, ys, strict=True)], (len(xs),), d)


@pytest.mark.parametrize("d", INTEGERS, ids=repr)
def test_shifts(lab: Laboratory, d: dtype) -> None:
    xs = [1, 3, 100, 127, 64] + ([-1, -3, -128] if d.is_signed else [255, 128, 200])
    ys = [0, 1, 2, 7, 4, 5, 3, 1]
    x, y = lab.array(xs, (8,), d), lab.array(ys, (8,), d)
    lab.check(lab.backend.left_shift(x, y), [a << b for a, b in zip(xs, ys, strict=True)], (8,), d)
    lab.check(lab.backend.right_shift(x, y), [a >> b for a, b in zip(xs, ys, strict=True)], (8,), d)


@pytest.mark.parametrize("d", FLOATS, ids=repr)
def test_division(lab: Laboratory, d: dtype) -> None:
    xs, ys = samples(60, d, -9, 9, seed=1), samples(60, d, 0.1, 9, seed=2)
    got = lab.backend.div(lab.array(xs, (60,), d), lab.array(ys, (60,), d))
    lab.check(got, [x / y for x, y in zip(xs, ys, strict=True)], (60,), d, 4 * epsilon(d))


def test_division_of_special_values(lab: Laboratory) -> None:
    xs, ys = pairs([inf, -inf, nan, 0.0, 1.5, -2.0])
    got = lab.backend.div(lab.array(xs, (36,), float32), lab.array(ys, (36,), float32))
    lab.check(got, [divide(x, y) for x, y in zip(xs, ys, strict=True)], (36,), float32, 1e-6)


@pytest.mark.parametrize("d", [*FLOATS, *INTEGERS], ids=repr)
def test_floor_division(lab: Laboratory, d: dtype) -> None:
    xs, ys = pairs([1, 2, 3, 7, 8, 100] + ([-1, -2, -3, -7, -8, -100] if d.is_signed else []))
    n = len(xs)
    x, y = lab.array(xs, (n,), d), lab.array(ys, (n,), d)
    lab.check(lab.backend.floordiv(x, y), [a // b for a, b in zip(xs, ys, strict=True)], (n,), d)
    lab.check(lab.backend.remainder(x, y), [a % b for a, b in zip(xs, ys, strict=True)], (n,), d)


@pytest.mark.parametrize("d", FLOATS, ids=repr)
def test_floor_division_of_fractions(lab: Laboratory, d: dtype) -> None:
    xs, ys = pairs([0.5, 1.75, -2.25, 5.5, -8.0, 13.0, -0.75])
    n = len(xs)
    x, y = lab.array(xs, (n,), d), lab.array(ys, (n,), d)
    lab.check(lab.backend.floordiv(x, y), [a // b for a, b in zip(xs, ys, strict=True)], (n,), d)
    rtol = 4 * epsilon(d)
    lab.check(lab.backend.remainder(x, y), [a % b for a, b in zip(xs, ys, strict=True)], (n,), d, rtol, 16 * rtol)


def test_floor_division_of_floats_by_zero(lab: Laboratory) -> None:
    x, zero = lab.array([1.0, -1.0, 0.0, nan], (4,), float32), lab.array([0.0], (1,), float32)
    lab.check(lab.backend.floordiv(x, zero), [inf, -inf, nan, nan], (4,), float32)
    lab.check(lab.backend.remainder(x, zero), [nan] * 4, (4,), float32)


@pytest.mark.parametrize("d", INTEGERS, ids=repr)
def test_integer_division_by_zero_does_not_trap(lab: Laboratory, d: dtype) -> None:
    x, zero = lab.array([1, 0, 5], (3,), d), lab.array([0], (1,), d)
    assert len(lab.read(lab.backend.floordiv(x, zero))) == 3
    assert len(lab.read(lab.backend.remainder(x, zero))) == 3


@pytest.mark.parametrize("d", FLOATS, ids=repr)
def test_power(lab: Laboratory, d: dtype) -> None:
    xs = [2.0, -2.0, -2.0, 0.5, 9.0, 0.0, 3.0, 1.5, -1.0, 7.0, -0.5, 10.0]
    ys = [3.0, 3.0, 2.0, -2.0, 0.5, 0.0, 0.0, 2.5, 5.0, 1.0, -3.0, -2.0]
    got = lab.backend.pow(lab.array(xs, (12,), d), lab.array(ys, (12,), d))
    lab.check(
        got, [x**y for x, y in zip(xs, ys, strict=True)], (12,), d, (64 if d in (float32, float64) else 4) * epsilon(d)
    )


def test_power_of_special_values(lab: Laboratory) -> None:
    cases = [
        (-2.0, 0.5, nan), (0.0, -1.0, inf), (0.0, 2.0, 0.0), (nan, 0.0, 1.0), (1.0, nan, 1.0), (nan, 1.0, nan),
        (2.0, inf, inf), (2.0, -inf, 0.0), (0.5, inf, 0.0), (0.5, -inf, inf), (inf, 2.0, inf), (inf, -1.0, 0.0),
        (-inf, 3.0, -inf), (-inf, 2.0, inf), (10.0, 60.0, inf), (-10.0, 61.0, -inf), (10.0, -60.0, 0.0),
        (1.0, inf, 1.0),
    ]  # fmt: skip
    n = len(cases)
    x, y = lab.array([c[0] for c in cases], (n,), float32), lab.array([c[1] for c in cases], (n,), float32)
    lab.check(lab.backend.pow(x, y), [c[2] for c in cases], (n,), float32, 1e-5)


def test_power_by_a_scalar(lab: Laboratory) -> None:
    """What `x ** 2` and its like hand over: exact for whole numbers, also of negative ones."""
    values = [-3.0, -1.5, 0.0, 0.5, 2.0]
    x = lab.array(values, (5,), float32)
    for exponent in (0, 1, 2, 3, 2.0):
        lab.check(lab.backend.pow(x, exponent), [v**exponent for v in values], (5,), float32, 1e-6)
    lab.check(lab.backend.pow(2.0, x), [2.0**v for v in values], (5,), float32, 1e-6)


@pytest.mark.parametrize("d", INTEGERS, ids=repr)
def test_power_of_integers(lab: Laboratory, d: dtype) -> None:
    xs, ys = [0, 0, 2, 3, 5, 1, 2, 7], [0, 3, 6, 4, 3, 100, 0, 1]
    if d.is_signed:
        xs, ys = [*xs, -2, -2, -1], [*ys, 3, 4, 9]
    x, y = lab.array(xs, (len(xs),), d), lab.array(ys, (len(xs),), d)
    lab.check(lab.backend.pow(x, y), [a**b for a, b in zip(xs, ys, strict=True)], (len(xs),), d)


def test_power_of_integers_wraps(lab: Laboratory) -> None:
    x = lab.array([3, 7, -5], (3,), int32)
    lab.check(lab.backend.pow(x, 33), [3**33, 7**33, (-5) ** 33], (3,), int32)


@pytest.mark.parametrize("d", FLOATS, ids=repr)
def test_atan2(lab: Laboratory, d: dtype) -> None:
    xs, ys = pairs([0.5, 1.0, 3.0, -0.5, -1.0, -3.0])
    got = lab.backend.atan2(lab.array(xs, (36,), d), lab.array(ys, (36,), d))
    rtol = 64 * epsilon(d) if d in (float32, float64) else 4 * epsilon(d)
    lab.check(got, [math.atan2(x, y) for x, y in zip(xs, ys, strict=True)], (36,), d, rtol)


def test_atan2_on_the_axes(lab: Laboratory) -> None:
    y, x = lab.array([0.0, 1.0, -1.0, nan, 1.0], (5,), float32), lab.array([1.0, 0.0, 0.0, 1.0, nan], (5,), float32)
    lab.check(lab.backend.atan2(y, x), [0.0, math.pi / 2, -math.pi / 2, nan, nan], (5,), float32, 1e-5)


# --- broadcasting and scalars -----------------------------------------------------------------------------------------

BROADCASTS: list[tuple[Shape, Shape]] = [
    ((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 4), (3, 1)), ((3, 1), (1, 4)), ((), (2, 3)), ((2, 3), ()), ((), ()),
    ((1,), (5,)), ((2, 1, 3), (4, 1)), ((2, 1, 3, 1), (5, 1, 7)), ((0, 3), (3,)), ((1,), (0,)), ((2, 0), (2, 1)),
    ((4, 1, 1), (4, 5, 6)), ((1, 5, 1), (4, 5, 6)), ((1, 1), ()), ((2, 3, 1, 2, 1, 2), (3, 2, 1, 3, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), BROADCASTS, ids=str)
def test_broadcasting(lab: Laboratory, a: Shape, b: Shape) -> None:
    xs, ys = samples(math.prod(a), float32, seed=1), samples(math.prod(b), float32, seed=2)
    x, y = lab.array(xs, a, float32), lab.array(ys, b, float32)
    shape = oracle.broadcast_shape(a, b)
    both = list(zip(oracle.broadcast(xs, a, shape), oracle.broadcast(ys, b, shape), strict=True))
    lab.check(lab.backend.sub(x, y), [p - q for p, q in both], shape, float32)
    lab.check(lab.backend.lt(x, y), [p < q for p, q in both], shape, bool_)
    lab.check(lab.backend.where(lab.backend.lt(x, y), x, y), [min(p, q) for p, q in both], shape, float32)


@pytest.mark.parametrize("shape", [(), (3,), (2, 2), (0,)], ids=str)
def test_scalars_stand_for_arrays(lab: Laboratory, shape: Shape) -> None:
    b = lab.backend
    values = samples(math.prod(shape), float32)
    x = lab.array(values, shape, float32)
    lab.check(b.add(x, 1.5), [v + 1.5 for v in values], shape, float32)
    lab.check(b.sub(2, x), [2 - v for v in values], shape, float32)
    lab.check(b.mul(x, True), values, shape, float32)
    lab.check(b.div(1, x), [1 / v for v in values], shape, float32, 4 * epsilon(float32))
    lab.check(b.maximum(x, -inf), values, shape, float32)
    lab.check(b.minimum(0.5, x), [min(0.5, v) for v in values], shape, float32)
    lab.check(b.lt(0, x), [v > 0 for v in values], shape, bool_)
    lab.check(b.add(x, nan), [nan for _ in values], shape, float32)


def test_scalars_take_the_dtype_of_the_array(lab: Laboratory) -> None:
    """0.1 beside a float32 array is float32's 0.1."""
    x = lab.array([0.1, 0.2], (2,), float32)
    lab.check(lab.backend.eq(x, 0.1), [True, False], (2,), bool_)


@pytest.mark.parametrize("d", INTEGERS, ids=repr)
def test_scalars_beside_integers(lab: Laboratory, d: dtype) -> None:
    values = [0, 1, 5, 100]
    x = lab.array(values, (4,), d)
    lab.check(lab.backend.add(x, 27), [v + 27 for v in values], (4,), d)
    lab.check(lab.backend.sub(100, x), [100 - v for v in values], (4,), d)
    lab.check(lab.backend.mul(x, True), values, (4,), d)
    lab.check(lab.backend.remainder(x, 7), [v % 7 for v in values], (4,), d)
    lab.check(lab.backend.le(x, 5), [v <= 5 for v in values], (4,), bool_)


def test_scalars_beside_bools(lab: Laboratory) -> None:
    x = lab.array([True, False], (2,), bool_)
    lab.check(lab.backend.bitwise_or(x, True), [True, True], (2,), bool_)
    lab.check(lab.backend.bitwise_xor(True, x), [False, True], (2,), bool_)
    lab.check(lab.backend.eq(x, False), [False, True], (2,), bool_)


# --- where ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("d", ALL, ids=repr)
def test_where(lab: Laboratory, d: dtype) -> None:
    c, xs, ys = samples(12, bool_), samples(12, d, seed=1), samples(12, d, seed=2)
    condition, x, y = lab.array(c, (3, 4), bool_), lab.array(xs, (3, 4), d), lab.array(ys, (3, 4), d)
    lab.check(lab.backend.where(condition, x, y), [p if t else q for t, p, q in zip(c, xs, ys, strict=True)], (3, 4), d)
    lab.check(lab.backend.where(condition, x, 1), [p if t else 1 for t, p in zip(c, xs, strict=True)], (3, 4), d)
    lab.check(lab.backend.where(condition, 0, y), [q if not t else 0 for t, q in zip(c, ys, strict=True)], (3, 4), d)


def test_where_chooses_and_does_not_blend(lab: Laboratory) -> None:
    """The masking of attention and of safe logarithms: what is not chosen may be anything."""
    condition = lab.array([True, False, True], (3,), bool_)
    x = lab.array([1.0, nan, -inf], (3,), float32)
    lab.check(lab.backend.where(condition, x, -inf), [1.0, -inf, -inf], (3,), float32)
    lab.check(lab.backend.where(condition, 0.0, x), [0.0, nan, 0.0], (3,), float32)


@pytest.mark.parametrize(
    ("c", "x", "y"),
    [((), (2, 3), (3,)), ((2, 1), (3,), ()), ((2, 1, 1), (3, 1), (4,)), ((3,), (), (2, 3)), ((0,), (1,), ())],
    ids=str,
)
def test_where_broadcasts(lab: Laboratory, c: Shape, x: Shape, y: Shape) -> None:
    cs, xs, ys = samples(math.prod(c), bool_), samples(math.prod(x), float32), samples(math.prod(y), float32, seed=2)
    shape = oracle.broadcast_shape(c, x, y)
    triples = zip(*(oracle.broadcast(v, s, shape) for v, s in ((cs, c), (xs, x), (ys, y))), strict=True)
    got = lab.backend.where(lab.array(cs, c, bool_), lab.array(xs, x, float32), lab.array(ys, y, float32))
    lab.check(got, [p if t else q for t, p, q in triples], shape, float32)


def test_operands_are_left_alone(lab: Laboratory) -> None:
    x, y = lab.array([1.0, 2.0], (2,), float32), lab.array([3.0, 4.0], (2,), float32)
    lab.backend.add(x, y)
    lab.backend.neg(x)
    lab.backend.where(lab.backend.lt(x, y), x, y)
    lab.check(x, [1.0, 2.0], (2,), float32)
    lab.check(y, [3.0, 4.0], (2,), float32)


def test_narrow_integers_compute_narrowly(lab: Laboratory) -> None:
    """A fused chain must wrap at every step, not at its end."""
    lab.need(int16)
    x = lab.array([30000], (1,), int16)
    lab.check(lab.backend.floordiv(lab.backend.add(x, x), 2), [(60000 - 65536) // 2], (1,), int16)


def test_bytes_are_unsigned(lab: Laboratory) -> None:
    """128 and above are larger than 127, not negative."""
    lab.need(uint8)
    b = lab.backend
    x, y = lab.array([200, 100, 255], (3,), uint8), lab.array([100, 200, 128], (3,), uint8)
    lab.check(b.lt(x, y), [False, True, False], (3,), bool_)
    lab.check(b.maximum(x, y), [200, 200, 255], (3,), uint8)
    lab.check(b.max(x, (0,), False), [255], (), uint8)
    lab.check(b.argmin(x, 0, False), [1], (), int64)
    lab.check(b.floordiv(x, 3), [66, 33, 85], (3,), uint8)
    lab.check(b.right_shift(x, 1), [100, 50, 127], (3,), uint8)
    lab.check(b.cast(x, float32), [200.0, 100.0, 255.0], (3,), float32)
    lab.check(b.cast(x, int64), [200, 100, 255], (3,), int64)
    lab.check(b.sort(x, 0, False)[0], [100, 200, 255], (3,), uint8)
    lab.check(b.abs(x), [200, 100, 255], (3,), uint8)
    lab.check(b.sign(x), [1, 1, 1], (3,), uint8)


@pytest.mark.parametrize("d", [int32, int64], ids=repr)
def test_large_integers_are_exact(lab: Laboratory, d: dtype) -> None:
    """Above 2**24, where float32 has gaps."""
    b = lab.backend
    xs, ys = [2**31 - 1, 2**30 + 1, -(2**31) + 1, 2**24 + 1], [7, 2**30, 3, 2**24]
    x, y = lab.array(xs, (4,), d), lab.array(ys, (4,), d)
    lab.check(b.floordiv(x, y), [p // q for p, q in zip(xs, ys, strict=True)], (4,), d)
    lab.check(b.remainder(x, y), [p % q for p, q in zip(xs, ys, strict=True)], (4,), d)
    lab.check(b.eq(x, y), [False] * 4, (4,), bool_)
    lab.check(b.lt(y, x), [True, True, False, True], (4,), bool_)
    lab.check(b.sub(x, 1), [p - 1 for p in xs], (4,), d)
    lab.check(b.maximum(x, y), [max(p, q) for p, q in zip(xs, ys, strict=True)], (4,), d)
    lab.check(b.max(x, (0,), False), [2**31 - 1], (), d)
    lab.check(b.sort(x, 0, True)[0], sorted(xs, reverse=True), (4,), d)
    lab.check(b.where(b.lt(x, y), x, y), [min(p, q) for p, q in zip(xs, ys, strict=True)], (4,), d)
    lab.check(b.take(x, lab.array([3, 0], (2,), int64), 0), [xs[3], xs[0]], (2,), d)
    lab.check(b.sum(b.view(x, (2,), (2,), 1), (0,), False), [2**30 + 1 + 2**24 + 1], (), d)
    lab.check(b.matmul(b.view(x, (1, 1), (1, 1), 3), lab.array([3], (1, 1), d)), [3 * (2**24 + 1)], (1, 1), d)
