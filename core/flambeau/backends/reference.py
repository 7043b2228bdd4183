"""The pure-Python backend: what each primitive means, and the CPU where there is no numpy.

Read it as the specification of `protocol.Backend`, or start a backend of your own from it. An array is flat, typed
storage (`array.array`) with a shape; it is always contiguous, and no operation writes into an operand, so that arrays
may be shared freely.

Arithmetic is done in Python's float64 and unbounded integers. `store` then rounds or wraps to the dtype, once per
primitive: float32 comes out as a float32 machine would have it, or better. float16 and bfloat16, which `array` does
not know, are held as float32 with rounded values.

Speed comes from letting C loop: `map` over `operator` and `math` functions, slices with a step, `sum(map(mul, x, y))`.
"""

from __future__ import annotations

import builtins
import math
import operator
import struct
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, repeat
from math import copysign, inf, isnan, nan, prod
from typing import Any, Final

from ..dtype import ALL, bfloat16, bool_, dtype, float16, float32, int64
from .protocol import Operand, Reduce, Region, Scalar, Shape

Storage = array  # of one dtype's elements, see CODES
Function = Callable[..., Any]

CODES: Final = {d: {"e": "f", "": "f", "?": "B"}.get(d.format, d.format) for d in ALL}
"""The `array` type code in which each dtype is held."""


class FlatArray:
    """Elements in C order. Never changed once made."""

    __slots__ = ("data", "dtype", "shape")

    def __init__(self, data: Storage[Any], shape: Shape, dtype: dtype) -> None:
        self.data: Final = data
        self.shape: Final = shape
        self.dtype: Final = dtype

    def __repr__(self) -> str:
        return f"FlatArray({self.data.tolist()}, shape={self.shape}, dtype={self.dtype})"


# --- numbers: rounding and wrapping to a dtype ------------------------------------------------------------------------


def store(values: Iterable[Any], dtype: dtype) -> Storage[Any]:
    """`values` as storage of `dtype`: floats rounded to nearest even, integers wrapped, bools by truth."""
    if dtype is bool_:
        return array("B", list(map(bool, values)))
    if dtype is float16:
        return _round_float16(list(values))
    if dtype is bfloat16:
        return _round_bfloat16(array("f", list(values)))
    values = list(values)
    try:
        return array(CODES[dtype], values)
    except OverflowError:
        modulus = 1 << 8 * dtype.itemsize
        lowest = -(modulus >> 1) if dtype.is_signed else 0
        return array(CODES[dtype], [(v - lowest) % modulus + lowest for v in values])


def _round_float16(values: list[float]) -> Storage[float]:
    form = f"{len(values)}e"
    try:
        packed = struct.pack(form, *values)
    except OverflowError:  # struct refuses what rounds to infinity
        packed = struct.pack(form, *(copysign(inf, v) if abs(v) >= 65520 else v for v in values))
    return array("f", struct.unpack(form, packed))


def _round_bfloat16(values: Storage[float]) -> Storage[float]:
    """The upper half of the float32 bits, rounded to nearest even; every nan becomes the quiet one."""
    bits = array("I", values.tobytes())
    upper = [(b + 0x7FFF + (b >> 16 & 1)) & 0xFFFF0000 if b & 0x7FFFFFFF <= 0x7F800000 else 0x7FC00000 for b in bits]
    return array("f", array("I", upper).tobytes())


def truncate(x: float) -> int:
    """Towards zero; C leaves inf and nan undefined, we give 0."""
    return int(x) if math.isfinite(x) else 0


# --- elements: scalar functions that never raise ----------------------------------------------------------------------


def evaluate(function: Function, otherwise: Function | None, *columns: Iterable[Any]) -> list[Any]:
    """`function` of each row of `columns`; where Python's mathematics raises, `otherwise` has IEEE 754's answer."""
    try:
        return list(map(function, *columns))
    except (ArithmeticError, ValueError):
        if otherwise is None:
            raise

    def total(*row: Any) -> Any:
        try:
            return function(*row)
        except (ArithmeticError, ValueError):
            return otherwise(*row)

    return list(map(total, *columns))


def integral(function: Callable[[float], int]) -> Callable[[float], float]:
    """`math.floor` and its like, for floats: keeping the sign of zero, and inf and nan as they are."""
    return lambda x: copysign(function(x), x) if math.isfinite(x) else x


def quotient_by_zero(x: float, y: float) -> float:
    """`x / y` for a zero `y`: nan or an infinity, as of IEEE floats."""
    return nan if x == 0 or isnan(x) else copysign(inf, x) * copysign(1, y)


def power_beyond(x: float, y: float) -> float:
    """`x ** y` where it is infinite (overflow, negative powers of 0) or not real."""
    if x < 0 and y % 1:
        return nan
    return -inf if copysign(1, x) < 0 and y % 2 == 1 else inf


def larger(x: Any, y: Any) -> Any:
    """The larger of two; `x` where it is nan."""
    return x if x >= y or x != x else y


def smaller(x: Any, y: Any) -> Any:
    """The smaller of two; `x` where it is nan."""
    return x if x <= y or x != x else y


COMBINE: Final[dict[str, Function]] = {
    "replace": lambda old, new: new,
    "add": operator.add,
    "mul": operator.mul,
    "max": larger,
    "min": smaller,
}

if sys.version_info >= (3, 12):
    dot = math.sumprod
else:

    def dot(x: Iterable[Any], y: Iterable[Any]) -> Any:
        return sum(map(operator.mul, x, y))


# --- geometry: where elements lie -------------------------------------------------------------------------------------


def strides_of(shape: Shape) -> tuple[int, ...]:
    """Strides, in elements, of a contiguous array."""
    return tuple(accumulate(shape[:0:-1], operator.mul, initial=1))[::-1] if shape else ()


def broadcast(*shapes: Shape) -> Shape:
    """The shape to which compatible `shapes` broadcast."""
    rank = max(map(len, shapes))
    columns = zip(*((1,) * (rank - len(s)) + s for s in shapes), strict=True)
    return tuple(next((n for n in sizes if n != 1), 1) for sizes in columns)


def runs(shape: Shape, strides: Sequence[int], offset: int) -> tuple[list[int], int, int]:
    """A region as runs of equal length and step, in C order: (the first position of each run, length, step).

    Axes that continue each other are merged, so that a contiguous region is one run.
    """
    if 0 in shape:
        return [], 0, 1
    merged: list[tuple[int, int]] = []
    for size, stride in zip(shape, strides, strict=True):
        if size == 1:
            continue
        if merged and merged[-1][1] == size * stride:
            merged[-1] = (merged[-1][0] * size, stride)
        else:
            merged.append((size, stride))
    *outer, (length, step) = merged or [(1, 1)]
    firsts = [offset]
    for size, stride in outer:
        steps = range(0, size * stride, stride) if stride else [0] * size
        firsts = [first + step for first in firsts for step in steps]
    return firsts, length, step


def positions(shape: Shape, strides: Sequence[int], offset: int = 0) -> list[int]:
    """The position of every element of a region, in C order."""
    firsts, length, step = runs(shape, strides, offset)
    steps = [i * step for i in range(length)]
    return [first + step for first in firsts for step in steps]


def read(data: Storage[Any], shape: Shape, strides: Sequence[int], offset: int) -> Storage[Any]:
    """The elements of a region of `data`, contiguous."""
    firsts, length, step = runs(shape, strides, offset)
    if step == 0:
        return repeat_blocks(array(data.typecode, [data[first] for first in firsts]), 1, length)
    span = (length - 1) * step + 1
    if len(firsts) == 1:
        return data[firsts[0] : firsts[0] + span : step]
    out = array(data.typecode)
    for first in firsts:
        out.extend(data[first : first + span : step])
    return out


def write(data: Storage[Any], region: Region, values: Storage[Any]) -> None:
    """Put `values`, contiguous, into a region of `data`."""
    firsts, length, step = runs(*region)
    span = (length - 1) * step + 1
    for i, first in enumerate(firsts):
        run = values[i * length : (i + 1) * length]
        if step == 0:
            data[first] = run[-1]
        else:
            data[first : first + span : step] = run


def repeat_blocks(data: Storage[Any], block: int, times: int) -> Storage[Any]:
    """Each `block` successive elements `times` times over."""
    if block == len(data):
        return data * times
    if block == 1:
        return array(data.typecode, list(chain.from_iterable(zip(*repeat(data, times), strict=True))))
    out = array(data.typecode)
    for i in range(0, len(data), block):
        out.extend(data[i : i + block] * times)
    return out


def expand(x: FlatArray, shape: Shape) -> Storage[Any]:
    """The elements of `x` broadcast to `shape`."""
    data, block = x.data, 1
    if len(data) == prod(shape):
        return data
    if len(data) == 1:
        return data * prod(shape)
    sizes = (1,) * (len(shape) - len(x.shape)) + x.shape
    for size, wanted in zip(reversed(sizes), reversed(shape), strict=True):
        if size != wanted:
            data = repeat_blocks(data, block, wanted)
        block *= wanted
    return data


def column(x: FlatArray, shape: Shape) -> Iterable[Any]:
    """As `expand`, but a lone element is repeated without end, for `map` beside a longer column."""
    return repeat(x.data[0]) if len(x.data) == 1 and prod(shape) > 1 else expand(x, shape)


def permute(data: Storage[Any], shape: Shape, order: Sequence[int]) -> Storage[Any]:
    """The elements of an array of `shape` with its axes in another order."""
    strides = strides_of(shape)
    return read(data, tuple(shape[a] for a in order), [strides[a] for a in order], 0)


def rows(x: FlatArray, axes: Sequence[int]) -> Iterator[Storage[Any]]:
    """For each position on the other axes, in C order, the elements along `axes`."""
    kept = [a for a in range(len(x.shape)) if a not in axes]
    data = permute(x.data, x.shape, [*kept, *axes])
    length = prod(x.shape[a] for a in axes)
    return (data[i * length : (i + 1) * length] for i in range(prod(x.shape[a] for a in kept)))


def reduced(shape: Shape, axes: Sequence[int], keepdim: bool) -> Shape:
    """The shape after a reduction over some axes."""
    if keepdim:
        return tuple(1 if a in axes else n for a, n in enumerate(shape))
    return tuple(n for a, n in enumerate(shape) if a not in axes)


# --- the forms that most primitives have ------------------------------------------------------------------------------


def unary(function: Function, otherwise: Function | None = None) -> Callable[[ReferenceBackend, FlatArray], FlatArray]:
    """An elementwise primitive of one array; `otherwise` answers where `function` raises."""

    def primitive(self: ReferenceBackend, x: FlatArray) -> FlatArray:
        return FlatArray(store(evaluate(function, otherwise, x.data), x.dtype), x.shape, x.dtype)

    return primitive


def binary(
    function: Function, otherwise: Function | None = None, result: dtype | None = None
) -> Callable[[ReferenceBackend, Operand, Operand], FlatArray]:
    """An elementwise primitive of two operands, whose dtype is theirs or `result`."""

    def primitive(self: ReferenceBackend, x: Operand, y: Operand) -> FlatArray:
        if not isinstance(y, FlatArray):
            y = self.full((), y, x.dtype)
        elif not isinstance(x, FlatArray):
            x = self.full((), x, y.dtype)
        shape = x.shape if x.shape == y.shape else broadcast(x.shape, y.shape)
        out = result or x.dtype
        return FlatArray(store(evaluate(function, otherwise, column(x, shape), column(y, shape)), out), shape, out)

    return primitive


def reduction(function: Function) -> Callable[[ReferenceBackend, FlatArray, tuple[int, ...], bool], FlatArray]:
    """A primitive that makes one element of all those along some axes."""

    def primitive(self: ReferenceBackend, x: FlatArray, axes: tuple[int, ...], keepdim: bool) -> FlatArray:
        return FlatArray(store(map(function, rows(x, axes)), x.dtype), reduced(x.shape, axes, keepdim), x.dtype)

    return primitive


def extremum(function: Function) -> Function:
    """`max` or `min` of a row; nan if there is one."""

    def of(row: Storage[Any]) -> Any:
        return nan if row.typecode in "fd" and any(map(isnan, row)) else function(row)

    return of


def position(function: Function) -> Callable[[ReferenceBackend, FlatArray, int, bool], FlatArray]:
    """A primitive that finds the first `function` (`max`, `min`) along one axis."""

    def of(row: Storage[Any]) -> int:
        best = extremum(function)(row)
        return row.index(best) if best == best else next(i for i, v in enumerate(row) if v != v)

    def primitive(self: ReferenceBackend, x: FlatArray, axis: int, keepdim: bool) -> FlatArray:
        return FlatArray(store(map(of, rows(x, (axis,))), int64), reduced(x.shape, (axis,), keepdim), int64)

    return primitive


def along(x: FlatArray, axis: int, lines: Iterable[Sequence[Any]], dtype: dtype) -> FlatArray:
    """An array of the shape of `x` from its `rows` along `axis`, transformed."""
    last = len(x.shape) - 1
    others = [n for a, n in enumerate(x.shape) if a != axis]
    order = [a - (a > axis) if a != axis else last for a in range(last + 1)]
    data = store(chain.from_iterable(lines), dtype)
    return FlatArray(permute(data, (*others, x.shape[axis]), order), x.shape, dtype)


def cumulation(function: Function) -> Callable[[ReferenceBackend, FlatArray, int], FlatArray]:
    """A primitive of running results along one axis."""

    def primitive(self: ReferenceBackend, x: FlatArray, axis: int) -> FlatArray:
        return along(x, axis, (list(accumulate(row, function)) for row in rows(x, (axis,))), x.dtype)

    return primitive


# --- the backend ------------------------------------------------------------------------------------------------------


class ReferenceBackend:
    """Every primitive of `protocol.Backend`, in the order in which the protocol explains them."""

    def __init__(self, name: str = "reference") -> None:
        self.name = name
        self.kernels: Mapping[str, Callable[..., Any]] = {}
        self.dtypes: frozenset[dtype] = frozenset(ALL)

    def device_name(self) -> str:
        return f"CPU, pure Python {sys.version_info.major}.{sys.version_info.minor}"

    def synchronize(self) -> None:
        """Nothing is ever deferred here."""

    def step_boundary(self) -> None:
        """Nothing is ever deferred here."""

    # arrays in and out

    def from_bytes(self, data: bytes | bytearray | memoryview, shape: Shape, dtype: dtype) -> FlatArray:
        raw = bytes(data)
        if dtype is float16:
            return FlatArray(array("f", struct.unpack(f"{len(raw) // 2}e", raw)), shape, dtype)
        if dtype is bfloat16:
            upper = array("I", [half << 16 for half in array("H", raw)])
            return FlatArray(array("f", upper.tobytes()), shape, dtype)
        return FlatArray(array(CODES[dtype], raw), shape, dtype)

    def to_bytes(self, x: FlatArray) -> bytes:
        if x.dtype is float16:
            return struct.pack(f"{len(x.data)}e", *x.data)
        if x.dtype is bfloat16:
            return array("H", [bits >> 16 for bits in array("I", x.data.tobytes())]).tobytes()
        return x.data.tobytes()

    def dtype_of(self, x: FlatArray) -> dtype:
        return x.dtype

    def full(self, shape: Shape, value: Scalar, dtype: dtype) -> FlatArray:
        return FlatArray(store((value,), dtype) * prod(shape), shape, dtype)

    def arange(self, start: Scalar, step: Scalar, count: int, dtype: dtype) -> FlatArray:
        return FlatArray(store((start + i * step for i in range(count)), dtype), (count,), dtype)

    def random(self, shape: Shape, seed: int, offset: int) -> FlatArray:
        count = prod(shape)
        words = chain.from_iterable(philox(seed, offset + block) for block in range((count + 3) // 4))
        return FlatArray(array("f", [(word >> 8) * 2.0**-24 for word in words][:count]), shape, float32)

    # views: reading and writing a region

    def view(self, x: FlatArray, shape: Shape, strides: tuple[int, ...], offset: int) -> FlatArray:
        return FlatArray(read(x.data, shape, strides, offset), shape, x.dtype)

    def permute(self, x: FlatArray, axes: tuple[int, ...]) -> FlatArray:
        strides = strides_of(x.shape)
        return self.view(x, tuple([x.shape[a] for a in axes]), tuple([strides[a] for a in axes]), 0)

    def reshape(self, x: FlatArray, shape: Shape) -> FlatArray:
        return FlatArray(x.data, shape, x.dtype)

    def narrow(self, x: FlatArray, axis: int, start: int, length: int) -> FlatArray:
        strides = strides_of(x.shape)
        return self.view(x, (*x.shape[:axis], length, *x.shape[axis + 1 :]), strides, start * strides[axis])

    def assign(self, x: FlatArray, region: Region | None, value: Operand) -> FlatArray:
        shape, strides, offset = region or (x.shape, strides_of(x.shape), 0)
        data = x.data[:]
        write(data, (shape, strides, offset), self._spread(value, shape, x.dtype))
        return FlatArray(data, x.shape, x.dtype)

    def copy(self, x: FlatArray) -> FlatArray:
        return FlatArray(x.data[:], x.shape, x.dtype)

    def cast(self, x: FlatArray, dtype: dtype) -> FlatArray:
        truncating = x.dtype.is_floating_point and dtype.is_integral
        values = evaluate(int, truncate, x.data) if truncating else x.data
        return x if x.dtype is dtype else FlatArray(store(values, dtype), x.shape, dtype)

    # elementwise, one operand

    neg = unary(operator.neg)
    abs = unary(operator.abs)
    sign = unary(lambda x: (x > 0) - (x < 0))
    floor = unary(integral(math.floor))
    ceil = unary(integral(math.ceil))
    trunc = unary(integral(math.trunc))
    round = unary(integral(builtins.round))
    exp = unary(math.exp, lambda x: inf)
    expm1 = unary(math.expm1, lambda x: inf)
    log = unary(math.log, lambda x: -inf if x == 0 else nan)
    log1p = unary(math.log1p, lambda x: -inf if x == -1 else nan)
    sqrt = unary(math.sqrt, lambda x: nan)
    sin = unary(math.sin, lambda x: nan)
    cos = unary(math.cos, lambda x: nan)
    tan = unary(math.tan, lambda x: nan)
    asin = unary(math.asin, lambda x: nan)
    acos = unary(math.acos, lambda x: nan)
    atan = unary(math.atan)
    sinh = unary(math.sinh, lambda x: copysign(inf, x))
    cosh = unary(math.cosh, lambda x: inf)
    tanh = unary(math.tanh)
    erf = unary(math.erf)

    def invert(self, x: FlatArray) -> FlatArray:
        flipped = operator.not_ if x.dtype is bool_ else operator.invert
        return FlatArray(store(map(flipped, x.data), x.dtype), x.shape, x.dtype)

    # elementwise, two and three operands; `store` makes `or` of a sum of bools and `and` of a product

    add = binary(operator.add)
    sub = binary(operator.sub)
    mul = binary(operator.mul)
    div = binary(operator.truediv, quotient_by_zero)
    floordiv = binary(operator.floordiv, lambda x, y: quotient_by_zero(x, y) if isinstance(x, float) else 0)
    remainder = binary(operator.mod, lambda x, y: nan if isinstance(x, float) else 0)
    atan2 = binary(math.atan2)
    maximum = binary(larger)
    minimum = binary(smaller)
    eq = binary(operator.eq, result=bool_)
    ne = binary(operator.ne, result=bool_)
    lt = binary(operator.lt, result=bool_)
    le = binary(operator.le, result=bool_)
    bitwise_and = binary(operator.and_)
    bitwise_or = binary(operator.or_)
    bitwise_xor = binary(operator.xor)
    left_shift = binary(lambda x, y: x << y if 0 <= y < 64 else 0)
    right_shift = binary(lambda x, y: x >> y if 0 <= y < 64 else x >> 63)

    _float_pow = binary(math.pow, power_beyond)
    _integer_pow = binary(lambda x, y: pow(x, y, 1 << 64))  # exact modulo any integer dtype, however large the power

    def pow(self, x: Operand, y: Operand) -> FlatArray:
        floating = (x if isinstance(x, FlatArray) else y).dtype.is_floating_point
        return self._float_pow(x, y) if floating else self._integer_pow(x, y)

    def where(self, condition: FlatArray, x: Operand, y: Operand) -> FlatArray:
        dtype = (x if isinstance(x, FlatArray) else y).dtype
        x, y = (v if isinstance(v, FlatArray) else self.full((), v, dtype) for v in (x, y))
        shape = broadcast(condition.shape, x.shape, y.shape)
        choices = zip(*(column(v, shape) for v in (condition, x, y)), strict=False)
        return FlatArray(store((a if c else b for c, a, b in choices), dtype), shape, dtype)

    # reductions

    sum = reduction(builtins.sum)
    prod = reduction(prod)
    max = reduction(extremum(builtins.max))
    min = reduction(extremum(builtins.min))
    argmax = position(builtins.max)
    argmin = position(builtins.min)
    cumsum = cumulation(operator.add)
    cumprod = cumulation(operator.mul)

    def sort(self, x: FlatArray, axis: int, descending: bool) -> tuple[FlatArray, FlatArray]:
        lines = list(rows(x, (axis,)))
        orders = []
        for line in lines:
            keys = [(v != v, v) for v in line] if any(v != v for v in line) else line  # nan after all others
            orders.append(sorted(range(len(line)), key=keys.__getitem__, reverse=descending))
        values = ([line[i] for i in order] for line, order in zip(lines, orders, strict=True))
        return along(x, axis, values, x.dtype), along(x, axis, orders, int64)

    # products

    def matmul(self, x: FlatArray, y: FlatArray) -> FlatArray:
        (*_, n, k), m = x.shape, y.shape[-1]
        batch = broadcast(x.shape[:-2], y.shape[:-2])
        out: list[Any] = []
        for a, b in zip(self._matrices(x, batch), self._matrices(y, batch), strict=True):
            lines = [x.data[a + i * k : a + (i + 1) * k].tolist() for i in range(n)]
            columns = [y.data[b + j : b + k * m : m].tolist() for j in range(m)]
            out += [dot(line, column) for line in lines for column in columns]
        return FlatArray(store(out, x.dtype), (*batch, n, m), x.dtype)

    @staticmethod
    def _matrices(x: FlatArray, batch: Shape) -> list[int]:
        """Where the matrix of each position of the broadcast `batch` begins in `x`."""
        lead = len(batch) - (len(x.shape) - 2)
        strides = (0 if size == 1 else stride for size, stride in zip(x.shape[:-2], strides_of(x.shape), strict=False))
        return positions(batch, (*(0,) * lead, *strides))

    # moving elements

    def concat(self, arrays: Sequence[FlatArray], axis: int) -> FlatArray:
        shape = list(arrays[0].shape)
        shape[axis] = builtins.sum(x.shape[axis] for x in arrays)
        blocks = [(x.data, prod(x.shape[axis:])) for x in arrays]
        out = array(arrays[0].data.typecode)
        for i in range(prod(shape[:axis])):
            for data, block in blocks:
                out.extend(data[i * block : (i + 1) * block])
        return FlatArray(out, tuple(shape), arrays[0].dtype)

    def take(self, x: FlatArray, index: FlatArray, axis: int) -> FlatArray:
        firsts, inner = self._slices(x, index, axis)
        shape = (*x.shape[:axis], len(index.data), *x.shape[axis + 1 :])
        if inner == 1:
            return FlatArray(array(x.data.typecode, [x.data[first] for first in firsts]), shape, x.dtype)
        out = array(x.data.typecode)
        for first in firsts:
            out.extend(x.data[first : first + inner])
        return FlatArray(out, shape, x.dtype)

    def put(self, x: FlatArray, index: FlatArray, axis: int, value: Operand, reduce: Reduce) -> FlatArray:
        firsts, inner = self._slices(x, index, axis)
        new = self._spread(value, (*x.shape[:axis], len(index.data), *x.shape[axis + 1 :]), x.dtype)
        out, combine = x.data.tolist(), COMBINE[reduce]
        for i, first in enumerate(firsts):
            out[first : first + inner] = map(combine, out[first : first + inner], new[i * inner : (i + 1) * inner])
        return FlatArray(store(out, x.dtype), x.shape, x.dtype)

    @staticmethod
    def _slices(x: FlatArray, index: FlatArray, axis: int) -> tuple[list[int], int]:
        """Where each slice of `take` and `put` begins in `x`, and how many elements follow each other there."""
        inner = prod(x.shape[axis + 1 :])
        starts = range(0, len(x.data), x.shape[axis] * inner) if len(x.data) else ()
        return [start + i * inner for start in starts for i in index.data], inner

    def gather(self, x: FlatArray, axis: int, index: FlatArray) -> FlatArray:
        where = self._targets(x, axis, index)
        return FlatArray(array(x.data.typecode, [x.data[p] for p in where]), index.shape, x.dtype)

    def scatter(self, x: FlatArray, axis: int, index: FlatArray, value: Operand, reduce: Reduce) -> FlatArray:
        out, combine = x.data.tolist(), COMBINE[reduce]
        for p, new in zip(self._targets(x, axis, index), self._spread(value, index.shape, x.dtype), strict=True):
            out[p] = combine(out[p], new)
        return FlatArray(store(out, x.dtype), x.shape, x.dtype)

    @staticmethod
    def _targets(x: FlatArray, axis: int, index: FlatArray) -> list[int]:
        """The position in `x` that each element of `index` means."""
        strides = list(strides_of(x.shape)) or [0]
        stride, strides[axis] = strides[axis], 0
        return [
            p + i * stride for p, i in zip(positions(index.shape, strides[: len(x.shape)]), index.data, strict=True)
        ]

    def nonzero(self, x: FlatArray) -> FlatArray:
        found = [p for p, true in enumerate(x.data) if true]
        axes = list(zip(x.shape, strides_of(x.shape), strict=True))
        data = store((p // stride % size for p in found for size, stride in axes), int64)
        return FlatArray(data, (len(found), len(x.shape)), int64)

    def _spread(self, value: Operand, shape: Shape, dtype: dtype) -> Storage[Any]:
        """The elements of an operand, scalar or array, broadcast to `shape`."""
        return expand(value if isinstance(value, FlatArray) else self.full((), value, dtype), shape)


def philox(key: int, counter: int) -> tuple[int, int, int, int]:
    """Four 32-bit words of Philox4x32-10.

    Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.3.
    """
    k0, k1 = key & 0xFFFFFFFF, key >> 32 & 0xFFFFFFFF
    c0, c1, c2, c3 = (counter >> shift & 0xFFFFFFFF for shift in (0, 32, 64, 96))
    for _ in range(10):
        left, right = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = right >> 32 ^ c1 ^ k0, right & 0xFFFFFFFF, left >> 32 ^ c3 ^ k1, left & 0xFFFFFFFF
        k0, k1 = k0 + 0x9E3779B9 & 0xFFFFFFFF, k1 + 0xBB67AE85 & 0xFFFFFFFF
    return c0, c1, c2, c3
