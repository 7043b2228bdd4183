"""Tensors with a hidden batch dimension: into a `vmap` and out of it, and what an op does with others beside them.

The backend of such a tensor is `backends.batched`, around that of the tensor it was made of, and knows which vmap it is of. A
tensor that is in several is in the one that began last with the outermost of its backends, in whatever order it came into
them: what a vmap left behind, in a graph, can be in another that began later. Tensors from outside are taken in when an op
meets them together with one from inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from .._tensor import Tensor, gradient_edge, needs_grad
from ..autograd import levels as transforms
from ..autograd.modes import GradMode
from ..autograd.node import Node
from ..backends.batched import BatchedArray, BatchedBackend
from ..device import device
from ..storage import Storage
from .vmap_levels import levels

_new = object.__new__


class BatchedDevice(device):
    """The device of tensors in a vmap: it shows as the one around, and new tensors on it are in the vmap too."""

    __slots__ = ("batch",)

    def __init__(self, outer: device, backend: BatchedBackend) -> None:
        super().__init__(outer)
        self.batch = backend

    __hash__ = device.__hash__


_numbers = count()


class Level:
    """One vmap. It is running while it is entered; tensors of it can be there for longer."""

    def __init__(self, size: int, randomness: str = "error") -> None:
        self.size = size
        self.randomness = randomness
        self.number = next(_numbers)
        """It is larger than that of every vmap around."""
        self._backends: WeakValueDictionary[int, BatchedBackend] = WeakValueDictionary()

    def backend(self, inner: Any) -> BatchedBackend:
        """The backend of this vmap's tensors around another; one and the same as long as there are any."""
        found = self._backends.get(id(inner))
        if found is None:
            found = self._backends[id(inner)] = BatchedBackend(inner, self)
        return found

    def __enter__(self) -> Level:
        levels.append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        levels.pop()


class BoundaryNode(Node):
    """The node of a tensor that was taken into a vmap or out of it."""

    __slots__ = ("arguments", "derivative")

    derivative: Any
    arguments: tuple[Any, ...]

    def name(self) -> str:
        return "VmapBackward0"

    def backward(self, grad: Any, wanted: tuple[bool, ...] | None) -> tuple[Tensor | None, ...]:
        return (self.derivative(grad, *self.arguments),)


def levels_of(x: Tensor) -> list[Level]:
    """The vmaps that a tensor is in, the one that began last first."""
    backend: Any = x._storage.backend
    found = []
    while isinstance(backend, BatchedBackend):
        found.append(backend.level)
        backend = backend.inner
    return found


def varies(x: Tensor, level: Level) -> bool:
    """Whether a tensor is held for each sample of a vmap."""
    backend: Any = x._storage.backend
    array = x._array()
    while isinstance(backend, BatchedBackend):
        if backend.level is level:
            return bool(array.batched)
        array, backend = array.value, backend.inner
    return False


def is_batched(x: Tensor) -> bool:
    """Whether a tensor is in a vmap."""
    return isinstance(x._storage.backend, BatchedBackend)


def _with(x: Tensor, backend: Any, place: device, array: Any, shape: tuple[int, ...]) -> Tensor:
    y = _new(Tensor)
    y._storage = Storage(array, backend, place)
    y._shape = shape
    y.dtype = x.dtype
    return y


def _edge(y: Tensor, x: Tensor, derivative: Any, *arguments: Any) -> Tensor:
    if GradMode.enabled and needs_grad(x):
        node = BoundaryNode((gradient_edge(x),))
        node.derivative = derivative
        node.arguments = arguments
        y._requires_grad, y._node = True, node
    return y


def lift(x: Tensor, into: Iterable[Level]) -> Tensor:
    """`x` taken into vmaps that it is not in: the same for all samples. Its gradient is the sum of theirs."""
    there = levels_of(x)
    for level in into:
        if level not in there:
            x = _lifted(x, level)
    return x


def _lifted(x: Tensor, level: Level) -> Tensor:
    last = _last(x)
    if last is not None and last.number > level.number:
        return put_in(_lifted(take_out(x, last), level), last)
    backend = level.backend(x._storage.backend)
    array = BatchedArray(_dense(x), x._shape, False)
    y = _with(x, backend, BatchedDevice(_plain_device(x), backend), array, x._shape)
    return _edge(y, x, _lowered, level)


def _last(x: Tensor) -> Level | None:
    """That of a tensor's vmaps that began last."""
    backend: Any = x._storage.backend
    return backend.level if isinstance(backend, BatchedBackend) else None


def _plain_device(x: Tensor) -> device:
    place = x._storage.device
    return device(place.type, place.index)


def _outer_place(x: Tensor) -> tuple[Any, device]:
    """The backend and device around the last vmap that `x` is in."""
    outer: Any = x._storage.backend
    backend = outer.inner
    place = _plain_device(x)
    return backend, BatchedDevice(place, backend) if isinstance(backend, BatchedBackend) else place


def _lowered(g: Tensor, level: Level) -> Tensor:
    """The gradient of what was lifted: over all samples."""
    if level not in levels_of(g):
        return g
    return take_out(g, level).sum(0) if varies(g, level) else _shared(g, level)


def _shared(x: Tensor, level: Level) -> Tensor:
    """What is the same for all samples of a vmap, outside of it."""
    last = _last(x)
    assert last is not None, "it is in one"
    if last is not level:
        return put_in(_shared(take_out(x, last), level), last)
    array = x._storage.backend.copy(x._array())
    return _edge(_with(x, *_outer_place(x), array.value, x._shape), x, _lifted, level)


def put_in(x: Tensor, level: Level) -> Tensor:
    """The slices of the first dimension of `x`, as the samples of a vmap that it is not in."""
    last = _last(x)
    if last is not None and last.number > level.number:
        return put_in(put_in(take_out(x, last).movedim(1, 0), level), last)
    backend = level.backend(x._storage.backend)
    array = BatchedArray(_dense(x), x._shape[1:], True)
    y = _with(x, backend, BatchedDevice(_plain_device(x), backend), array, x._shape[1:])
    return _edge(y, x, take_out, level)


def _dense(x: Tensor) -> Any:
    return x._array() if x.is_contiguous() else x.contiguous()._array()


def take_out(x: Tensor, level: Level) -> Tensor:
    """The samples of a vmap as the first dimension."""
    if level not in levels_of(x):
        return x.unsqueeze(0).expand(level.size, *x._shape)
    backend: Any = x._storage.backend
    if backend.level is not level:
        last = backend.level
        return put_in(take_out(take_out(x, last), level).movedim(1, 0), last)
    array = x._array() if x._view is None else backend.copy(x._array())
    if not array.batched:
        array = BatchedArray(backend.expanded(array, level.size), array.shape, True)
    y = _with(x, *_outer_place(x), array.value, tuple(array.value.shape))
    return _edge(y, x, _put_in_lifted, level, levels_of(y))


def _put_in_lifted(g: Tensor, level: Level, around: list[Level]) -> Tensor:
    return put_in(lift(g, around), level)


def aligned(values: Sequence[Any]) -> list[Any] | None:
    """The arguments of an op with all tensors in the same vmaps; None where none is in any, or all are alike."""
    found = [levels_of(x) for x in values if isinstance(x, Tensor)]
    if all(there == found[0] for there in found):
        return None
    every = sorted({level for there in found for level in there}, key=lambda level: level.number)
    return [lift(x, every) if isinstance(x, Tensor) else x for x in values]


def all_elements(x: Tensor) -> Tensor:
    """All elements of all samples, for checks that look at values. Not recorded."""
    x = x.detach()
    while is_batched(x):
        array = x._array()
        x = _with(x, *_outer_place(x), array.value, tuple(array.value.shape))
    return x


def batch(values: Sequence[Any], dims: Sequence[int | None], randomness: str = "error") -> tuple[list[Any], Level]:
    """Tensors as they are in a new vmap: batched over a dimension each, or as they are where that is None.

    The level that is returned is to be entered.
    """
    size = next(x._shape[d] for x, d in zip(values, dims, strict=True) if d is not None)
    level = Level(size, randomness)
    made: list[Any] = []
    for x, d in zip(values, dims, strict=True):
        made.append(x if d is None else put_in(lift(x, levels).movedim(d, 0) if d else lift(x, levels), level))
    return made, level


def unbatch(x: Tensor, level: Level, out_dim: int | None) -> Tensor:
    """A result of the running vmap outside of it, its samples along a dimension.

    Raises:
        ValueError: `out_dim` is None and the samples differ.
    """
    if out_dim is None:
        if varies(x, level):
            raise ValueError(
                "vmap: `func` can not return a BatchedTensor when out_dim is None. Please check your function."
            )
        return _shared(x, level) if level in levels_of(x) else x
    expanded = take_out(x, level)
    rank = len(expanded._shape)
    if out_dim and not -rank <= out_dim < rank:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-rank}, {rank - 1}], but got {out_dim})"
        )
    return expanded.movedim(0, out_dim) if out_dim else expanded


class VmapInfo(NamedTuple):
    """What the `vmap` of a custom function is told."""

    batch_size: int
    randomness: str


def custom_vmap(rule: Any, args: tuple[Any, ...]) -> Any:
    """Run the `vmap` staticmethod of a custom function: on tensors with the batch dimension in sight."""
    level = levels[-1]
    dims: list[int | None] = []
    values: list[Any] = []
    for a in args:
        if isinstance(a, Tensor) and varies(a, level):
            values.append(take_out(a, level))
            dims.append(0)
        else:
            values.append(_shared(a, level) if isinstance(a, Tensor) and level in levels_of(a) else a)
            dims.append(None)
    levels.pop()
    try:
        outputs, out_dims = rule(VmapInfo(level.size, level.randomness), tuple(dims), *values)
    finally:
        levels.append(level)

    def back(y: Any, d: Any) -> Any:
        if isinstance(y, (tuple, list)):
            each = d if isinstance(d, (tuple, list)) else (d,) * len(y)
            return type(y)([back(a, b) for a, b in zip(y, each, strict=True)])
        if d is None or not isinstance(y, Tensor):
            return y
        outer = lift(y, levels[:-1])
        return put_in(outer.movedim(d, 0) if d else outer, level)

    return back(outputs, out_dims)


def level_input(x: Tensor) -> Tensor:
    """An alias of `x` for a transform to differentiate by; inside a vmap, one for each sample."""
    return transforms.alias(lift(x, levels))
