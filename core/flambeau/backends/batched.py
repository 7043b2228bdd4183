"""A backend around another whose arrays have a hidden first dimension: what `vmap` runs a function's ops on.

An array here says it has the shape of one sample, and holds all samples as one array of the inner backend; one that is the
same for all samples is held once. Every primitive is the inner one with its axes moved by one. So each op, and each
derivative, works on all samples at once without knowing it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from ..dtype import bool_, dtype, int64
from .protocol import Region, Scalar, Shape


class BatchedArray:
    """All samples, or one for all."""

    __slots__ = ("batched", "shape", "value")

    def __init__(self, value: Any, shape: Shape, batched: bool) -> None:
        self.value = value
        self.shape = shape
        self.batched = batched


READ = (
    "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on a Tensor, please try "
    "to rewrite what you're doing with other operations. If error is occurring somewhere inside PyTorch internals, please file "
    "a bug report."
)


def _elementwise(name: str) -> Callable[..., Any]:
    def primitive(self: BatchedBackend, *operands: Any) -> BatchedArray:
        return self._mapped(getattr(self.inner, name), operands)

    primitive.__name__ = name
    return primitive


def _along(name: str) -> Callable[..., Any]:
    """A primitive whose second argument is an axis."""

    def primitive(self: BatchedBackend, x: BatchedArray, axis: int, *rest: Any) -> Any:
        found = getattr(self.inner, name)(x.value, axis + x.batched, *rest)
        if isinstance(found, tuple):
            return tuple([self._wrap(y, x.batched) for y in found])
        return self._wrap(found, x.batched)

    primitive.__name__ = name
    return primitive


def _over(name: str) -> Callable[..., Any]:
    """A reduction over axes."""

    def primitive(self: BatchedBackend, x: BatchedArray, axes: tuple[int, ...], keepdim: bool) -> BatchedArray:
        shifted = tuple([a + 1 for a in axes]) if x.batched else axes
        return self._wrap(getattr(self.inner, name)(x.value, shifted, keepdim), x.batched)

    primitive.__name__ = name
    return primitive


class BatchedBackend:
    """See the module. There is one for each vmap and backend around which it is.

    Two are equal that compute alike, though of different vmaps: what is kept for one of them, a kernel, serves all.
    """

    def __init__(self, inner: Any, level: Any) -> None:
        self.inner = inner
        self.level = level
        """The vmap that the samples are of. Nothing here depends on it."""
        self.name = "vmap"
        self.dtypes = inner.dtypes
        self.kernels: dict[str, Any] = {}
        self._hash = hash((BatchedBackend, inner))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BatchedBackend) and bool(self.inner == other.inner)

    def __hash__(self) -> int:
        return self._hash

    def _wrap(self, value: Any, batched: bool) -> BatchedArray:
        shape = tuple(value.shape)
        return BatchedArray(value, shape[1:] if batched else shape, batched)

    def _mapped(self, f: Callable[..., Any], operands: Sequence[Any]) -> BatchedArray:
        """An elementwise primitive, the samples' dimensions aligned."""
        arrays = [x for x in operands if x.__class__ is BatchedArray]
        batched = any(x.batched for x in arrays)
        if not batched:
            return self._wrap(f(*[x.value if x.__class__ is BatchedArray else x for x in operands]), False)
        rank = max(len(x.shape) for x in arrays)
        return self._wrap(f(*[self._aligned(x, rank) if x.__class__ is BatchedArray else x for x in operands]), True)

    def _aligned(self, x: BatchedArray, rank: int) -> Any:
        """The inner array, of which the samples have at least `rank` dimensions."""
        missing = rank - len(x.shape)
        if not x.batched or missing <= 0:
            return x.value
        return self.inner.reshape(x.value, (x.value.shape[0], *(1,) * missing, *x.shape))

    def _expanded(self, x: BatchedArray, count: int) -> Any:
        """The inner array with a sample each, whether they differ or not."""
        if x.batched:
            return x.value
        inner = self.inner
        return inner.take(inner.reshape(x.value, (1, *x.shape)), inner.full((count,), 0, int64), 0)

    def expanded(self, x: BatchedArray, count: int) -> Any:
        """As `_expanded`, for who takes batches apart."""
        return self._expanded(x, count)

    def _broadcast(self, x: Any, shape: Shape, count: int, kind: dtype) -> Any:
        """An operand as an inner array (count, *shape)."""
        inner = self.inner
        if x.__class__ is not BatchedArray:
            return inner.full((count, *shape), x, kind)
        value = self._aligned(x, len(shape)) if x.batched else x.value
        return inner.where(inner.full((count, *shape), True, bool_), value, value)

    # --- the device, arrays in and out --------------------------------------------------------------------------------

    def device_name(self) -> str:
        return str(self.inner.device_name())

    def synchronize(self) -> None:
        self.inner.synchronize()

    def step_boundary(self) -> None:
        self.inner.step_boundary()

    def from_bytes(self, data: Any, shape: Shape, dtype: dtype) -> BatchedArray:
        return self._wrap(self.inner.from_bytes(data, shape, dtype), False)

    def to_bytes(self, x: BatchedArray) -> Any:
        if x.batched:
            raise RuntimeError(READ)
        return self.inner.to_bytes(x.value)

    def dtype_of(self, x: BatchedArray) -> dtype:
        found: dtype = self.inner.dtype_of(x.value)
        return found

    def full(self, shape: Shape, value: Scalar, dtype: dtype) -> BatchedArray:
        return self._wrap(self.inner.full(shape, value, dtype), False)

    def arange(self, start: Scalar, step: Scalar, count: int, dtype: dtype) -> BatchedArray:
        return self._wrap(self.inner.arange(start, step, count, dtype), False)

    def random(self, shape: Shape, seed: int, offset: int) -> BatchedArray:
        return self._wrap(self.inner.random(shape, seed, offset), False)

    # --- views --------------------------------------------------------------------------------------------------------

    def view(self, x: BatchedArray, shape: Shape, strides: tuple[int, ...], offset: int) -> BatchedArray:
        return self._wrap(self.inner.view(x.value, *self._region(x, (shape, strides, offset))), x.batched)

    def _region(self, x: BatchedArray, region: Region) -> Region:
        shape, strides, offset = region
        if not x.batched:
            return region
        return (x.value.shape[0], *shape), (prod(x.shape), *strides), offset

    def permute(self, x: BatchedArray, axes: tuple[int, ...]) -> BatchedArray:
        shifted = (0, *[a + 1 for a in axes]) if x.batched else axes
        return self._wrap(self.inner.permute(x.value, shifted), x.batched)

    def reshape(self, x: BatchedArray, shape: Shape) -> BatchedArray:
        return self._wrap(self.inner.reshape(x.value, (x.value.shape[0], *shape) if x.batched else shape), x.batched)

    def assign(self, x: BatchedArray, region: Region | None, value: Any) -> BatchedArray:
        if value.__class__ is BatchedArray and value.batched and not x.batched:
            x = BatchedArray(self.inner.copy(self._expanded(x, value.value.shape[0])), x.shape, True)
        if value.__class__ is BatchedArray:
            value = self._aligned(value, len(x.shape if region is None else region[0])) if x.batched else value.value
        held = self.inner.assign(x.value, None if region is None else self._region(x, region), value)
        return x if held is x.value else BatchedArray(held, x.shape, x.batched)

    def cast(self, x: BatchedArray, dtype: dtype) -> BatchedArray:
        return self._wrap(self.inner.cast(x.value, dtype), x.batched)

    narrow = _along("narrow")
    cumsum = _along("cumsum")
    cumprod = _along("cumprod")
    argmax = _along("argmax")
    argmin = _along("argmin")
    sort = _along("sort")
    sum = _over("sum")
    prod = _over("prod")
    max = _over("max")
    min = _over("min")

    # --- products, moving elements ------------------------------------------------------------------------------------

    def matmul(self, x: BatchedArray, y: BatchedArray) -> BatchedArray:
        if x.batched and not y.batched and len(y.shape) == 2:
            # One large product instead of many small ones.
            inner = self.inner
            rows = inner.reshape(x.value, (prod(x.value.shape[:-1]), x.shape[-1]))
            return self._wrap(inner.reshape(inner.matmul(rows, y.value), (*x.value.shape[:-1], y.shape[-1])), True)
        return self._mapped(self.inner.matmul, (x, y))

    def concat(self, arrays: Sequence[BatchedArray], axis: int) -> BatchedArray:
        count = next((x.value.shape[0] for x in arrays if x.batched), None)
        if count is None:
            return self._wrap(self.inner.concat([x.value for x in arrays], axis), False)
        return self._wrap(self.inner.concat([self._expanded(x, count) for x in arrays], axis + 1), True)

    def _front(self, x: Any, axis: int) -> Any:
        """An inner array (samples, ...) with `axis` of the samples right after the first dimension."""
        order = [0, axis + 1, *[a for a in range(1, len(x.shape)) if a != axis + 1]]
        return self.inner.permute(x, tuple(order))

    def _back(self, x: Any, axis: int) -> Any:
        """Undo `_front`."""
        order = [a for a in range(len(x.shape)) if a != 1]
        order.insert(axis + 1, 1)
        return self.inner.copy(self.inner.permute(x, tuple(order))) if axis else x

    def _flat_index(self, index: Any, size: int) -> Any:
        """An index (samples, n) into slices of each sample, as one (samples * n) into the slices of all."""
        inner = self.inner
        count, n = index.shape
        starts = inner.reshape(inner.arange(0, size, count, int64), (count, 1))
        return inner.reshape(inner.add(index, starts), (count * n,))

    def take(self, x: BatchedArray, index: BatchedArray, axis: int) -> BatchedArray:
        inner = self.inner
        if not index.batched:
            return self._wrap(inner.take(x.value, index.value, axis + x.batched), x.batched)
        count, n = index.value.shape
        if not x.batched:
            found = inner.take(x.value, inner.reshape(index.value, (count * n,)), axis)
            split = inner.reshape(found, (*x.shape[:axis], count, n, *x.shape[axis + 1 :]))
            order = [axis, *[a for a in range(len(x.shape) + 1) if a != axis]]
            return self._wrap(inner.copy(inner.permute(split, tuple(order))), True)
        front = self._front(x.value, axis)
        rest = tuple(front.shape[2:])
        rows = inner.reshape(front, (count * x.shape[axis], *rest))
        found = inner.take(rows, self._flat_index(index.value, x.shape[axis]), 0)
        return self._wrap(self._back(inner.reshape(found, (count, n, *rest)), axis), True)

    def put(self, x: BatchedArray, index: BatchedArray, axis: int, value: Any, reduce: Any) -> BatchedArray:
        inner = self.inner
        arrays = [a for a in (x, index, value) if a.__class__ is BatchedArray]
        count = next((a.value.shape[0] for a in arrays if a.batched), None)
        if count is None:
            plain = value.value if value.__class__ is BatchedArray else value
            return self._wrap(inner.put(x.value, index.value, axis, plain, reduce), False)
        whole = self._expanded(x, count)
        if not index.batched:
            given = self._aligned(value, len(x.shape)) if value.__class__ is BatchedArray else value
            return self._wrap(inner.put(whole, index.value, axis + 1, given, reduce), True)
        n = index.shape[0]
        front = self._front(whole, axis)
        rest = tuple(front.shape[2:])
        rows = inner.reshape(front, (count * x.shape[axis], *rest))
        if value.__class__ is BatchedArray:
            shape = (*x.shape[:axis], n, *x.shape[axis + 1 :])
            given = self._broadcast(value, shape, count, self.dtype_of(x))
            given = inner.reshape(self._front(given, axis), (count * n, *rest))
        else:
            given = value
        found = inner.put(rows, self._flat_index(index.value, x.shape[axis]), 0, given, reduce)
        return self._wrap(self._back(inner.reshape(found, (count, x.shape[axis], *rest)), axis), True)

    def gather(self, x: BatchedArray, axis: int, index: BatchedArray) -> BatchedArray:
        count = next((a.value.shape[0] for a in (x, index) if a.batched), None)
        if count is None:
            return self._wrap(self.inner.gather(x.value, axis, index.value), False)
        found = self.inner.gather(self._expanded(x, count), axis + 1, self._expanded(index, count))
        return self._wrap(found, True)

    def scatter(self, x: BatchedArray, axis: int, index: BatchedArray, value: Any, reduce: Any) -> BatchedArray:
        arrays = [a for a in (x, index, value) if a.__class__ is BatchedArray]
        count = next((a.value.shape[0] for a in arrays if a.batched), None)
        if count is None:
            plain = value.value if value.__class__ is BatchedArray else value
            return self._wrap(self.inner.scatter(x.value, axis, index.value, plain, reduce), False)
        given = self._expanded(value, count) if value.__class__ is BatchedArray else value
        found = self.inner.scatter(self._expanded(x, count), axis + 1, self._expanded(index, count), given, reduce)
        return self._wrap(found, True)

    def nonzero(self, x: BatchedArray) -> BatchedArray:
        if x.batched:
            raise RuntimeError(
                "vmap: It looks like you're attempting to use an operation whose result has a shape that depends on the elements "
                "(nonzero, masked_select, unique, or an index of booleans). Samples would differ in shape; use torch.where."
            )
        return self._wrap(self.inner.nonzero(x.value), False)

    def in_one(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """A forward of several primitives, as it is."""
        return f

    def __getattr__(self, name: str) -> Any:
        """Anything else the inner backend can do: one sample after the other."""
        if name.startswith("_"):
            raise AttributeError(name)
        f = getattr(self.inner, name)
        return lambda *args: self.one_by_one(f, args)

    def one_by_one(self, f: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """`f` of the inner arrays of each sample; its results as arrays of all."""
        inner = self.inner
        arrays = [x for a in args for x in (a if isinstance(a, (list, tuple)) else (a,)) if x.__class__ is BatchedArray]
        count = next((x.value.shape[0] for x in arrays if x.batched), None)

        def at(x: Any, i: int) -> Any:
            if isinstance(x, (list, tuple)):
                return type(x)([at(y, i) for y in x])
            if x.__class__ is not BatchedArray:
                return x
            return inner.reshape(inner.narrow(x.value, 0, i, 1), x.shape) if x.batched else x.value

        if count is None:
            found = f(*[at(a, 0) for a in args])
            return (
                tuple([self._wrap(y, False) for y in found]) if isinstance(found, tuple) else self._wrap(found, False)
            )
        results = [f(*[at(a, i) for a in args]) for i in range(count)]

        def joined(parts: list[Any]) -> BatchedArray:
            return self._wrap(inner.concat([inner.reshape(p, (1, *p.shape)) for p in parts], 0), True)

        if isinstance(results[0], tuple):
            return tuple([joined(list(parts)) for parts in zip(*results, strict=True)])
        return joined(results)


for _name in (
    "copy", "neg", "abs", "sign", "floor", "ceil", "trunc", "round", "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan",
    "asin", "acos", "atan", "sinh", "cosh", "tanh", "erf", "invert", "add", "sub", "mul", "div", "floordiv", "remainder", "pow",
    "atan2", "maximum", "minimum", "eq", "ne", "lt", "le", "bitwise_and", "bitwise_or", "bitwise_xor", "left_shift",
    "right_shift", "where",
):  # fmt: skip
    setattr(BatchedBackend, _name, _elementwise(_name))
