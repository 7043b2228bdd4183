"""The meta device: tensors that have a shape and a dtype, but no elements.

It tells what shape a program's results have, and holds models that are too large for memory until their parameters come
from a file: `nn.Linear(…, device="meta")`, `module.to_empty(device=…)`, `load_state_dict(…, assign=True)`.

Source: https://docs.pytorch.org/docs/stable/meta.html
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from ..dtype import ALL, bool_, dtype, float32, int64
from .protocol import Operand, Region, Scalar, Shape


class MetaArray:
    """A shape and a dtype."""

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: Shape, dtype: dtype) -> None:
        self.shape = shape
        self.dtype = dtype


def _like(self: MetaBackend, x: MetaArray, *_: Any) -> MetaArray:
    return x


def _broadcast(*operands: Operand) -> MetaArray:
    arrays = [x for x in operands if isinstance(x, MetaArray)]
    rank = max(len(x.shape) for x in arrays)
    padded = [(1,) * (rank - len(x.shape)) + x.shape for x in arrays]
    shape = tuple([next((n for n in sizes if n != 1), 1) for sizes in zip(*padded, strict=True)])
    return MetaArray(shape, arrays[0].dtype)


def _combine(self: MetaBackend, x: Operand, y: Operand) -> MetaArray:
    return _broadcast(x, y)


def _compare(self: MetaBackend, x: Operand, y: Operand) -> MetaArray:
    return MetaArray(_broadcast(x, y).shape, bool_)


def _reduce(self: MetaBackend, x: MetaArray, axes: tuple[int, ...], keepdim: bool) -> MetaArray:
    kept = [1 if i in axes else n for i, n in enumerate(x.shape) if keepdim or i not in axes]
    return MetaArray(tuple(kept), x.dtype)


def _position(self: MetaBackend, x: MetaArray, axis: int, keepdim: bool) -> MetaArray:
    return MetaArray(_reduce(self, x, (axis,), keepdim).shape, int64)


class MetaBackend:
    """Shapes and dtypes of the primitives' results."""

    name = "meta"
    dtypes = frozenset(ALL)

    def __init__(self) -> None:
        self.kernels: Mapping[str, Callable[..., Any]] = {}

    def device_name(self) -> str:
        return "shapes without elements"

    def synchronize(self) -> None:
        """Nothing is ever pending."""

    def step_boundary(self) -> None:
        """Nothing is deferred."""

    def from_bytes(self, data: Any, shape: Shape, dtype: dtype) -> MetaArray:
        return MetaArray(shape, dtype)

    def to_bytes(self, x: MetaArray) -> NoReturn:
        """Refuses.

        Raises:
            NotImplementedError: always, in PyTorch's words.
        """
        raise NotImplementedError("Cannot copy out of meta tensor; no data!")

    def dtype_of(self, x: MetaArray) -> dtype:
        return x.dtype

    def full(self, shape: Shape, value: Scalar, dtype: dtype) -> MetaArray:
        return MetaArray(shape, dtype)

    def arange(self, start: Scalar, step: Scalar, count: int, dtype: dtype) -> MetaArray:
        return MetaArray((count,), dtype)

    def random(self, shape: Shape, seed: int, offset: int) -> MetaArray:
        return MetaArray(shape, float32)

    def view(self, x: MetaArray, shape: Shape, strides: tuple[int, ...], offset: int) -> MetaArray:
        return MetaArray(shape, x.dtype)

    def permute(self, x: MetaArray, axes: tuple[int, ...]) -> MetaArray:
        return MetaArray(tuple([x.shape[i] for i in axes]), x.dtype)

    def reshape(self, x: MetaArray, shape: Shape) -> MetaArray:
        return MetaArray(shape, x.dtype)

    def narrow(self, x: MetaArray, axis: int, start: int, length: int) -> MetaArray:
        return self._with_size(x, axis, length)

    def assign(self, x: MetaArray, region: Region | None, value: Operand) -> MetaArray:
        return x

    def cast(self, x: MetaArray, dtype: dtype) -> MetaArray:
        return MetaArray(x.shape, dtype)

    copy = neg = abs = sign = floor = ceil = trunc = round = exp = expm1 = log = log1p = sqrt = sin = cos = tan = _like
    asin = acos = atan = sinh = cosh = tanh = erf = invert = cumsum = cumprod = put = scatter = _like
    add = sub = mul = div = floordiv = remainder = pow = atan2 = maximum = minimum = _combine
    bitwise_and = bitwise_or = bitwise_xor = left_shift = right_shift = _combine
    eq = ne = lt = le = _compare
    sum = prod = max = min = _reduce
    argmax = argmin = _position

    def where(self, condition: MetaArray, x: Operand, y: Operand) -> MetaArray:
        kind = (x if isinstance(x, MetaArray) else y).dtype
        return MetaArray(_broadcast(condition, x, y).shape, kind)

    def sort(self, x: MetaArray, axis: int, descending: bool) -> tuple[MetaArray, MetaArray]:
        return x, MetaArray(x.shape, int64)

    def matmul(self, x: MetaArray, y: MetaArray) -> MetaArray:
        batch = _broadcast(MetaArray(x.shape[:-2], x.dtype), MetaArray(y.shape[:-2], y.dtype)).shape
        return MetaArray((*batch, x.shape[-2], y.shape[-1]), x.dtype)

    def concat(self, arrays: Sequence[MetaArray], axis: int) -> MetaArray:
        return self._with_size(arrays[0], axis, builtins.sum([x.shape[axis] for x in arrays]))

    def take(self, x: MetaArray, index: MetaArray, axis: int) -> MetaArray:
        return self._with_size(x, axis, index.shape[0])

    def gather(self, x: MetaArray, axis: int, index: MetaArray) -> MetaArray:
        return MetaArray(index.shape, x.dtype)

    def nonzero(self, x: MetaArray) -> NoReturn:
        """Refuses: how many there are depends on elements.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(
            "aten::nonzero: the number of elements that are not zero is unknown on the meta device"
        )

    @staticmethod
    def _with_size(x: MetaArray, axis: int, size: int) -> MetaArray:
        return MetaArray((*x.shape[:axis], size, *x.shape[axis + 1 :]), x.dtype)
