"""The backend protocol on lazy arrays: what each primitive means for the queue.

Most primitives only describe: a node, its shape, its dtype. What is decided here is what costs nothing to decide:
constants stay constants, arrays without elements never reach the device, identical views are the array itself.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from flambeau.backends.protocol import Operand, Reduce, Region, Scalar, Shape
from flambeau.dtype import bool_, dtype, float16, float32, int32, int64

from .attention import Attention
from .device.interface import Device
from .engine import Engine
from .formats import STORAGE, decode, encode, native_scalar
from .images import Images
from .kernels.scatter import DIRECT_SOURCES
from .lazy import (
    ARANGE,
    ARGSORT,
    ASSIGN,
    BINARY,
    CAST,
    COMPARISONS,
    CONCAT,
    COPY,
    FULL,
    GATHER,
    HOST,
    MATMUL,
    PACK,
    PUT,
    RANDOM,
    REDUCE,
    SCALAR_LEFT,
    SCALAR_RIGHT,
    SCAN,
    SCATTER,
    TAKE,
    UNARY,
    VIEW,
    WHERE,
    LazyArray,
    Op,
    origin,
)
from .norms import Norms
from .regions import Strides, broadcast_shapes, broadcast_strides, contiguous_strides, is_identity, permutation

Data = bytes | bytearray | memoryview
EXACT_IN_FLOAT32 = 1 << 24


def _unary(name: str) -> Callable[[WgpuBackend, LazyArray], LazyArray]:
    op = UNARY[name]

    def primitive(self: WgpuBackend, x: LazyArray) -> LazyArray:
        return self._queue(op, (x,), None, (), x.shape, x.dtype)

    primitive.__name__ = name
    return primitive


def _binary(name: str) -> Callable[[WgpuBackend, Operand, Operand], LazyArray]:
    op = BINARY[name]
    result = bool_ if name in COMPARISONS else None

    def primitive(self: WgpuBackend, x: Operand, y: Operand) -> LazyArray:
        return self._two(op, x, y, result)

    primitive.__name__ = name
    return primitive


class WgpuBackend:
    """A GPU, or a software adapter, through WebGPU."""

    name = "wgpu"

    def __init__(self, device: Device, reopen: Callable[[], Device] | None = None) -> None:
        self.engine = Engine(device, reopen=reopen)
        self.kernels: Mapping[str, Callable[..., Any]] = {
            "pack": self._pack,
            "unpack": self._unpack,
            **Images(self, self._queue).kernels,
            **Norms(self, self._queue).kernels,
            **Attention(self, self._queue).kernels,
        }
        halves = "shader-f16" in device.info.features
        self.dtypes = frozenset(d for d in STORAGE if d is not float16 or halves)

    def __repr__(self) -> str:
        return f"<wgpu backend on {self.engine.device.info.name}>"

    # --- the device

    def device_name(self) -> str:
        return self.engine.device.info.name

    def synchronize(self) -> None:
        self.engine.synchronize()

    def step_boundary(self) -> None:
        self.engine.flush()

    def observe(self, observer: Callable[[str, int, int], None] | None) -> None:
        """From now on tell a profile of every kernel: its name, and when it began and ended by `perf_counter_ns`."""
        self.engine.observer = observer

    def memory(self) -> dict[str, int]:
        """Bytes of device memory: in use and held, now and at their peaks; and all there is, 0 if nobody says."""
        pool = self.engine.pool
        pool.collect()
        return {
            "allocated": pool.allocated_bytes - pool.idle_bytes,
            "reserved": pool.allocated_bytes,
            "max_allocated": pool.peak_bytes,
            "max_reserved": pool.peak_allocated_bytes,
            "total": self.engine.device.info.memory,
        }

    def reset_peak_memory(self) -> None:
        """Count the peaks from now on."""
        self.engine.pool.reset_peaks()

    def release_memory(self) -> None:
        """Give memory that is held and not in use back to the driver."""
        self.synchronize()
        self.engine.pool.collect()
        self.engine.pool.trim(0)

    # --- nodes

    def _queue(
        self, op: Op, inputs: tuple[LazyArray, ...], attr: Any, scalars: tuple[Any, ...], shape: Shape, dtype: dtype
    ) -> LazyArray:
        """A pending array; or one without elements, which is never computed."""
        if 0 in shape:
            return LazyArray(FULL, (), None, (0,), shape, dtype)
        queue = self.engine.queue
        node = LazyArray(op, inputs, attr, scalars, shape, dtype, len(queue))
        queue.append(node)
        if len(queue) >= self.engine.check_at:
            self.engine.check_queue()
        return node

    def _two(self, op: Op, x: Operand, y: Operand, result: dtype | None = None) -> LazyArray:
        if type(x) is not LazyArray:
            return self._queue(op, (y,), SCALAR_LEFT, (x,), y.shape, result or y.dtype)
        if type(y) is not LazyArray:
            return self._queue(op, (x,), SCALAR_RIGHT, (y,), x.shape, result or x.dtype)
        shape = x.shape if x.shape == y.shape else broadcast_shapes(x.shape, y.shape)
        return self._queue(op, (x, y), 0, (), shape, result or x.dtype)

    def _expand(self, x: LazyArray, shape: Shape) -> LazyArray:
        return x if x.shape == shape else self.view(x, shape, broadcast_strides(x.shape, shape), 0)

    def _operand(self, value: Operand, shape: Shape, dtype: dtype) -> LazyArray:
        """An operand as an array of the given shape."""
        return self._expand(value, shape) if type(value) is LazyArray else self.full(shape, value, dtype)

    # --- arrays in and out

    def from_bytes(self, data: Data, shape: Shape, dtype: dtype) -> LazyArray:
        words = encode(data, dtype)
        count = prod(shape)
        if count <= 1:
            # A single number is a parameter of whoever uses it, not a buffer.
            return LazyArray(FULL, (), None, (_number(words, dtype) if count else 0,), shape, dtype)
        return LazyArray(HOST, (), words, (), shape, dtype)

    def to_bytes(self, x: LazyArray) -> bytes:
        count = prod(x.shape)
        if x.op is FULL or count == 0:
            return native_scalar(x.scalars[0], x.dtype) * count if count else b""
        if x.op is HOST:
            return decode(x.attr, x.dtype, count)
        if not self.engine.is_readable(x):
            x = self._queue(COPY, (x,), None, (), x.shape, x.dtype)
        if count > self.engine.part:
            return self._bytes_of_parts(x)
        words = self.engine.flush((x, self.engine.array_bytes(x)))
        return self.to_bytes(x) if words is None else decode(words, x.dtype, count)

    def _bytes_of_parts(self, x: LazyArray) -> bytes:
        self.engine.flush()
        if not self.engine.is_readable(x):  # it became a view of what computed it
            x = self._queue(COPY, (x,), None, (), x.shape, x.dtype)
            self.engine.flush()
        while x.op is VIEW:
            x = x.inputs[0]
        return b"".join(map(self.to_bytes, x.inputs))

    def dtype_of(self, x: LazyArray) -> dtype:
        return x.dtype

    def full(self, shape: Shape, value: Scalar, dtype: dtype) -> LazyArray:
        return LazyArray(FULL, (), None, (value,), shape, dtype)

    def arange(self, start: Scalar, step: Scalar, count: int, dtype: dtype) -> LazyArray:
        if dtype.is_floating_point and not (
            float(start).is_integer()
            and float(step).is_integer()
            and abs(start) + abs(step) * count <= (EXACT_IN_FLOAT32 if dtype is float32 else 2048)
        ):
            # There is no float64 on the device to compute it in.

            values = array("d", [start + k * step for k in range(count)])
            return self.from_bytes(_rounded(values, dtype), (count,), dtype)
        return self._queue(ARANGE, (), dtype.name, (start, step), (count,), dtype)

    def random(self, shape: Shape, seed: int, offset: int) -> LazyArray:
        words = (seed & 0xFFFFFFFF, seed >> 32, offset & 0xFFFFFFFF, offset >> 32)
        return self._queue(RANDOM, (), None, words, shape, float32)

    # --- views

    def view(self, x: LazyArray, shape: Shape, strides: Strides, offset: int) -> LazyArray:
        op = x.op
        if op is FULL:
            return LazyArray(FULL, (), None, x.scalars, shape, x.dtype)
        if x.shape == shape and offset == 0 and is_identity(shape, strides, 0, prod(shape)):
            return x
        return self._queue(VIEW, (x,), (strides, offset), (), shape, x.dtype)

    def permute(self, x: LazyArray, axes: tuple[int, ...]) -> LazyArray:
        strides = contiguous_strides(x.shape)
        return self.view(x, tuple([x.shape[a] for a in axes]), tuple([strides[a] for a in axes]), 0)

    def reshape(self, x: LazyArray, shape: Shape) -> LazyArray:
        return self.view(x, shape, contiguous_strides(shape), 0)

    def narrow(self, x: LazyArray, axis: int, start: int, length: int) -> LazyArray:
        strides = contiguous_strides(x.shape)
        shape = (*x.shape[:axis], length, *x.shape[axis + 1 :])
        return self.view(x, shape, strides, start * strides[axis])

    def assign(self, x: LazyArray, region: Region | None, value: Operand) -> LazyArray:
        if region is None or (region[0] and is_identity(*region, prod(x.shape))):
            # All of it: the value takes the array's place. (An `assign` never changes an array that somebody else may
            # hold.)
            if type(value) is not LazyArray:
                return self.full(x.shape, value, x.dtype)
            if region is not None and region[0] != x.shape:
                value = self._expand(value, region[0])
                value = self.reshape(value, x.shape)
            value = self._expand(value, x.shape)
            return self.copy(value) if value is x else value
        shape, _, _ = region
        if 0 in shape or 0 in x.shape:
            return self.copy(x)
        if type(value) is not LazyArray:
            return self._queue(ASSIGN, (x,), region, (value,), x.shape, x.dtype)
        if value.op is FULL:
            return self._queue(ASSIGN, (x,), region, value.scalars, x.shape, x.dtype)
        return self._queue(ASSIGN, (x, value), region, (), x.shape, x.dtype)

    def copy(self, x: LazyArray) -> LazyArray:
        # Arrays are values: another name is as good as other memory. Only a view is copied, so as not to keep its base
        # alive; unless it is no other than its base.
        if x.op is FULL:
            return LazyArray(FULL, (), None, x.scalars, x.shape, x.dtype)
        shape = x.shape
        if x.op is VIEW:
            base, strides, offset = origin(x)
            if not is_identity(shape, strides, offset, prod(base.shape)):
                axes = permutation(shape, strides, base.shape) if base.op is CONCAT else None
                return self._queue(COPY, (x,), None, (), shape, x.dtype) if axes is None else self._joined(base, axes)
            x = base
        return self._queue(VIEW, (x,), (contiguous_strides(shape), 0), (), shape, x.dtype)

    def _joined(self, joined: LazyArray, axes: tuple[int, ...]) -> LazyArray:
        """A permutation of a concatenation: its parts are permuted, so that who makes them writes them there."""
        parts = []
        for part in joined.inputs:
            turned = self.permute(part, axes)
            base, strides, offset = origin(turned)
            parts.append(self.view(base, turned.shape, strides, offset))
        return self.concat(parts, axes.index(joined.attr))

    def cast(self, x: LazyArray, dtype: dtype) -> LazyArray:
        if x.dtype is dtype:
            return x
        if x.op is FULL:
            return LazyArray(FULL, (), None, (_converted(x, dtype),), x.shape, dtype)
        return self._queue(CAST, (x,), dtype.name, (), x.shape, dtype)

    # --- elementwise

    neg = _unary("neg")
    abs = _unary("abs")
    sign = _unary("sign")
    floor = _unary("floor")
    ceil = _unary("ceil")
    trunc = _unary("trunc")
    round = _unary("round")
    exp = _unary("exp")
    expm1 = _unary("expm1")
    log = _unary("log")
    log1p = _unary("log1p")
    sqrt = _unary("sqrt")
    sin = _unary("sin")
    cos = _unary("cos")
    tan = _unary("tan")
    asin = _unary("asin")
    acos = _unary("acos")
    atan = _unary("atan")
    sinh = _unary("sinh")
    cosh = _unary("cosh")
    tanh = _unary("tanh")
    erf = _unary("erf")
    invert = _unary("invert")

    add = _binary("add")
    sub = _binary("sub")
    mul = _binary("mul")
    div = _binary("div")
    floordiv = _binary("floordiv")
    remainder = _binary("remainder")
    atan2 = _binary("atan2")
    maximum = _binary("maximum")
    minimum = _binary("minimum")
    eq = _binary("eq")
    ne = _binary("ne")
    lt = _binary("lt")
    le = _binary("le")
    bitwise_and = _binary("bitwise_and")
    bitwise_or = _binary("bitwise_or")
    bitwise_xor = _binary("bitwise_xor")
    left_shift = _binary("left_shift")
    right_shift = _binary("right_shift")

    def where(self, condition: LazyArray, x: Operand, y: Operand) -> LazyArray:
        if type(x) is not LazyArray:
            shape = broadcast_shapes(condition.shape, y.shape)
            return self._queue(WHERE, (condition, y), SCALAR_LEFT, (x,), shape, y.dtype)
        shape = broadcast_shapes(condition.shape, x.shape)
        if type(y) is not LazyArray:
            return self._queue(WHERE, (condition, x), SCALAR_RIGHT, (y,), shape, x.dtype)
        return self._queue(WHERE, (condition, x, y), 0, (), broadcast_shapes(shape, y.shape), x.dtype)

    def pow(self, x: Operand, y: Operand) -> LazyArray:
        if type(y) is not LazyArray and type(x) is LazyArray:
            if y == 2:
                return self._two(BINARY["mul"], x, x)
            if y == 1:
                return self.copy(x)
            if y == 0.5:
                return self.sqrt(x)
        return self._two(BINARY["pow"], x, y)

    # --- reductions

    def _reduce(
        self, name: str, x: LazyArray, axes: tuple[int, ...], keepdim: bool, result: dtype | None = None
    ) -> LazyArray:
        shape = tuple(1 if axis in axes else size for axis, size in enumerate(x.shape) if keepdim or axis not in axes)
        result = result or x.dtype
        length = prod(x.shape[axis] for axis in axes)
        if length == 0:
            return self.full(shape, 1 if name == "prod" else 0, result)
        if length == 1 and name not in ("argmax", "argmin"):
            return self.view(x, shape, contiguous_strides(shape), 0)
        return self._queue(REDUCE, (x,), (name, axes), (), shape, result)

    def sum(self, x: LazyArray, axes: tuple[int, ...], keepdim: bool) -> LazyArray:
        return self._reduce("sum", x, axes, keepdim)

    def prod(self, x: LazyArray, axes: tuple[int, ...], keepdim: bool) -> LazyArray:
        return self._reduce("prod", x, axes, keepdim)

    def max(self, x: LazyArray, axes: tuple[int, ...], keepdim: bool) -> LazyArray:
        return self._reduce("max", x, axes, keepdim)

    def min(self, x: LazyArray, axes: tuple[int, ...], keepdim: bool) -> LazyArray:
        return self._reduce("min", x, axes, keepdim)

    def argmax(self, x: LazyArray, axis: int, keepdim: bool) -> LazyArray:
        return self._reduce("argmax", x, (axis,), keepdim, int64)

    def argmin(self, x: LazyArray, axis: int, keepdim: bool) -> LazyArray:
        return self._reduce("argmin", x, (axis,), keepdim, int64)

    def cumsum(self, x: LazyArray, axis: int) -> LazyArray:
        return self._queue(SCAN, (x,), ("sum", axis), (), x.shape, x.dtype)

    def cumprod(self, x: LazyArray, axis: int) -> LazyArray:
        return self._queue(SCAN, (x,), ("prod", axis), (), x.shape, x.dtype)

    def sort(self, x: LazyArray, axis: int, descending: bool) -> tuple[LazyArray, LazyArray]:
        if 2 * x.shape[axis] > self.engine.part:
            return self._sort_on_host(x, axis, descending)
        order = self._queue(ARGSORT, (x,), (axis, descending), (), x.shape, int64)
        return self.gather(x, axis, order), order

    def _sort_on_host(self, x: LazyArray, axis: int, descending: bool) -> tuple[LazyArray, LazyArray]:
        """Lanes too long for one buffer."""
        lanes, order = prod(x.shape[:axis]), array("q", bytes(8 * prod(x.shape)))
        length, inner = x.shape[axis], prod(x.shape[axis + 1 :])
        elements = memoryview(self.to_bytes(self.cast(x, float32 if x.dtype.is_floating_point else int32)))
        numbers = elements.cast("f" if x.dtype.is_floating_point else "i")
        for lane in range(lanes * inner):
            first = lane // inner * inner * length + lane % inner
            column = numbers[first : first + length * inner : inner].tolist()
            # nan is the largest.
            keys = [(number != number, number if number == number else 0) for number in column]
            places = sorted(range(length), key=keys.__getitem__, reverse=descending)
            order[first : first + length * inner : inner] = array("q", places)
        positions = self.from_bytes(order.tobytes(), x.shape, int64)
        return self.gather(x, axis, positions), positions

    # --- products

    def matmul(self, x: LazyArray, y: LazyArray) -> LazyArray:
        a, b = x.shape, y.shape
        batch = a[:-2] if a[:-2] == b[:-2] else broadcast_shapes(a[:-2], b[:-2])
        shape = (*batch, a[-2], b[-1])
        if a[-1] == 0:
            return self.full(shape, 0, x.dtype)
        return self._queue(MATMUL, (x, y), None, (), shape, x.dtype)

    # --- moving elements

    def concat(self, arrays: Sequence[LazyArray], axis: int) -> LazyArray:
        parts = [x for x in arrays if x.shape[axis]] or [arrays[0]]
        if len(parts) == 1:
            return self.copy(parts[0])
        first = parts[0].shape
        shape = (*first[:axis], sum(x.shape[axis] for x in parts), *first[axis + 1 :])
        return self._queue(CONCAT, tuple(parts), axis, (), shape, parts[0].dtype)

    def _pack(self, arrays: Sequence[LazyArray]) -> LazyArray:
        """Arrays one after the other in a row. Those that `unpack` gave lie so already; others are made there."""
        starts, end = [], 0
        for x in arrays:
            starts.append(end)
            end += (prod(x.shape) + 3) & ~3  # loads of four elements want it so
        first = arrays[0]
        if first.op is FULL and all([x.op is FULL and x.scalars == first.scalars for x in arrays]):  # noqa: C419
            return self.full((end,), first.scalars[0], first.dtype)
        if first.op is VIEW:
            row = first.inputs[0]
            if row.shape == (end,) and all(
                x.op is VIEW and x.inputs[0] is row and x.attr == (contiguous_strides(x.shape), start)
                for x, start in zip(arrays, starts, strict=True)
            ):
                return row
        return self._queue(PACK, tuple(arrays), tuple(starts), (), (end,), first.dtype)

    def _unpack(self, row: LazyArray, arrays: Sequence[LazyArray]) -> list[LazyArray]:
        """The parts of a row, of the shapes of the arrays that were packed into it."""
        parts, start = [], 0
        for x in arrays:
            parts.append(self.view(row, x.shape, contiguous_strides(x.shape), start))
            start += (prod(x.shape) + 3) & ~3
        return parts

    def take(self, x: LazyArray, index: LazyArray, axis: int) -> LazyArray:
        shape = (*x.shape[:axis], index.shape[0], *x.shape[axis + 1 :])
        if x.op is FULL:
            return LazyArray(FULL, (), None, x.scalars, shape, x.dtype)
        return self._queue(TAKE, (x, index), axis, (), shape, x.dtype)

    def put(self, x: LazyArray, index: LazyArray, axis: int, value: Operand, reduce: Reduce) -> LazyArray:
        count = index.shape[0]
        if count == 0 or 0 in x.shape:
            return self.copy(x)
        source = self._operand(value, (*x.shape[:axis], count, *x.shape[axis + 1 :]), x.dtype)
        if count <= DIRECT_SOURCES:
            return self._queue(PUT, (x, index, source), (axis, reduce, False), (), x.shape, x.dtype)
        in_order, order = self.sort(index, 0, False)
        return self._queue(PUT, (x, in_order, order, source), (axis, reduce, True), (), x.shape, x.dtype)

    def gather(self, x: LazyArray, axis: int, index: LazyArray) -> LazyArray:
        if x.op is FULL:
            return LazyArray(FULL, (), None, x.scalars, index.shape, x.dtype)
        return self._queue(GATHER, (x, index), axis, (), index.shape, x.dtype)

    def scatter(self, x: LazyArray, axis: int, index: LazyArray, value: Operand, reduce: Reduce) -> LazyArray:
        if 0 in index.shape or 0 in x.shape:
            return self.copy(x)
        source = self._operand(value, index.shape, x.dtype)
        if index.shape == (*x.shape[:axis], 1, *x.shape[axis + 1 :]):
            # One source per lane: elementwise, so that it fuses.
            place = self.view(
                self.arange(0, 1, x.shape[axis], int64), x.shape, tuple(int(k == axis) for k in range(len(x.shape))), 0
            )
            combine = {"add": "add", "mul": "mul", "max": "maximum", "min": "minimum"}.get(reduce)
            result = self._expand(source, x.shape) if combine is None else self._two(BINARY[combine], x, source)
            return self.where(self.eq(place, index), result, x)
        if index.shape[axis] <= DIRECT_SOURCES:
            return self._queue(SCATTER, (x, index, source), (axis, reduce, False), (), x.shape, x.dtype)
        in_order, order = self.sort(index, axis, False)
        return self._queue(SCATTER, (x, in_order, order, source), (axis, reduce, True), (), x.shape, x.dtype)

    def nonzero(self, x: LazyArray) -> LazyArray:
        mask = self.to_bytes(x)
        positions: list[int] = []
        steps = contiguous_strides(x.shape)
        at = mask.find(1)
        while at >= 0:
            positions += [at // step % size for step, size in zip(steps, x.shape, strict=True)]
            at = mask.find(1, at + 1)

        data = array("q", positions).tobytes()
        rank = len(x.shape)
        count = len(positions) // rank if rank else mask.count(1)
        return self.from_bytes(data, (count, rank), int64)


def _number(words: bytes, d: dtype) -> Scalar:
    """The first element of device words."""
    import struct

    if d is float32:
        return struct.unpack_from("<f", words)[0]
    if d is float16:
        return struct.unpack_from("<e", words)[0]
    value: int = struct.unpack_from("<i", words)[0]
    return bool(value) if d is bool_ else value


def _rounded(values: Any, d: dtype) -> bytes:
    """float64 values as bytes of a smaller floating-point dtype."""
    import struct

    if d is float32:
        return array("f", values).tobytes()
    return struct.pack(f"<{len(values)}e", *values)


def _converted(x: LazyArray, d: dtype) -> Scalar:
    """The value of a constant, cast."""
    value = x.scalars[0]
    if d is bool_:
        return bool(value)
    if d.is_floating_point:
        return float(value)
    try:
        return int(value)
    except (OverflowError, ValueError):  # inf and nan have no integer; any will do
        return 0
