"""Tensors with a hidden batch dimension: into a `vmap` and out of it, and what an op does with others beside them.

The backend of such a tensor is `backends.batched`, around that of the tensor it was made of. Tensors from outside are taken
in when an op meets them together with one from inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .._tensor import Tensor, gradient_edge, needs_grad
from ..autograd import levels as transforms
from ..autograd.modes import GradMode
from ..autograd.node import Node
from ..backends.batched import BatchedArray, BatchedBackend
from ..device import device
from ..storage import Storage
from . import vmap_levels
from .vmap_levels import levels

_new = object.__new__


class BatchedDevice(device):
    """The device of tensors in a vmap: it shows as the one around, and new tensors on it are in the vmap too."""

    __slots__ = ("batch",)

    def __init__(self, outer: device, backend: BatchedBackend) -> None:
        super().__init__(outer)
        self.batch = backend

    __hash__ = device.__hash__


class Level:
    """One vmap that is running."""

    def __init__(self, size: int, randomness: str = "error") -> None:
        self.size = size
        self.randomness = randomness

    def __enter__(self) -> Level:
        levels.append(self)
        vmap_levels.entered += 1
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


_backends: dict[tuple[Any, int], BatchedBackend] = {}


def _backend(inner: Any, depth: int) -> BatchedBackend:
    key = (inner, depth)
    if key not in _backends:
        _backends[key] = BatchedBackend(inner)
    return _backends[key]


def depth(x: Tensor) -> int:
    """In how many vmaps a tensor is."""
    backend: Any = x._storage.backend
    n = 0
    while isinstance(backend, BatchedBackend):
        backend = backend.inner
        n += 1
    return n


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


def lift(x: Tensor, to: int) -> Tensor:
    """`x` taken into the vmaps up to a depth: the same for all samples. Its gradient is the sum of theirs."""
    while depth(x) < to:
        inner = x._storage.backend
        backend = _backend(inner, depth(x) + 1)
        array = BatchedArray(_dense(x), x._shape, False)
        y = _with(x, backend, BatchedDevice(_plain_device(x), backend), array, x._shape)
        x = _edge(y, x, _lowered)
    return x


def _plain_device(x: Tensor) -> device:
    place = x._storage.device
    return device(place.type, place.index)


def _outer_place(x: Tensor) -> tuple[Any, device]:
    """The backend and device around the innermost vmap that `x` is in."""
    outer: Any = x._storage.backend
    backend = outer.inner
    place = _plain_device(x)
    return backend, BatchedDevice(place, backend) if isinstance(backend, BatchedBackend) else place


def _lowered(g: Tensor) -> Tensor:
    """The gradient of what was lifted: over all samples."""
    if not is_batched(g):
        return g
    array = g._array()
    if not array.batched:
        array = g._storage.backend.copy(array)
        return _edge(_with(g, *_outer_place(g), array.value, g._shape), g, _lifted_once)
    whole = take_out(g)
    return whole.sum(0)


def _lifted_once(g: Tensor) -> Tensor:
    return lift(g, depth(g) + 1)


def put_in(x: Tensor) -> Tensor:
    """The slices of the first dimension of `x`, as the samples of one more vmap."""
    backend = _backend(x._storage.backend, depth(x) + 1)
    array = BatchedArray(_dense(x), x._shape[1:], True)
    y = _with(x, backend, BatchedDevice(_plain_device(x), backend), array, x._shape[1:])
    return _edge(y, x, take_out, x._shape[0])


def _dense(x: Tensor) -> Any:
    return x._array() if x.is_contiguous() else x.contiguous()._array()


def take_out(x: Tensor, size: int | None = None) -> Tensor:
    """The samples of the innermost vmap as the first dimension."""
    backend: Any = x._storage.backend
    array = x._array() if x._view is None else backend.copy(x._array())
    if not array.batched:
        assert size is not None or levels, "only a running vmap knows how many there are"
        count = size if size is not None else levels[-1].size
        array = BatchedArray(backend.expanded(array, count), array.shape, True)
    y = _with(x, *_outer_place(x), array.value, tuple(array.value.shape))
    return _edge(y, x, _put_in_lifted, depth(x) - 1)


def _put_in_lifted(g: Tensor, outer: int) -> Tensor:
    return put_in(lift(g, outer))


def aligned(values: Sequence[Any]) -> list[Any] | None:
    """The arguments of an op with all tensors in the same vmaps; None where none is in any, or all are alike."""
    depths = [depth(x) for x in values if isinstance(x, Tensor)]
    deepest = max(depths, default=0)
    if min(depths, default=0) == deepest:
        return None
    return [lift(x, deepest) if isinstance(x, Tensor) else x for x in values]


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
    outer = len(levels)
    level = Level(size, randomness)
    made: list[Any] = []
    for x, d in zip(values, dims, strict=True):
        made.append(x if d is None else put_in(lift(x, outer).movedim(d, 0) if d else lift(x, outer)))
    return made, level


def unbatch(x: Tensor, level: Level, out_dim: int | None) -> Tensor:
    """A result of the running vmap outside of it, its samples along a dimension.

    Raises:
        ValueError: `out_dim` is None and the samples differ.
    """
    here = len(levels)
    if depth(x) < here:
        if out_dim is None:
            return x
        expanded = x.unsqueeze(0).expand(level.size, *x._shape)
    elif out_dim is None:
        if x._array().batched:
            raise ValueError(
                "vmap: `func` can not return a BatchedTensor when out_dim is None. Please check your function."
            )
        array = x._storage.backend.copy(x._array())
        return _edge(_with(x, *_outer_place(x), array.value, x._shape), x, _lifted_once)
    else:
        expanded = take_out(x, level.size)
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
    here = len(levels)
    dims: list[int | None] = []
    values: list[Any] = []
    for a in args:
        if isinstance(a, Tensor) and depth(a) == here and a._array().batched:
            values.append(take_out(a))
            dims.append(0)
        else:
            values.append(a)
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
        outer = lift(y, here - 1)
        return put_in(outer.movedim(d, 0) if d else outer)

    return back(outputs, out_dims)


def level_input(x: Tensor) -> Tensor:
    """An alias of `x` for a transform to differentiate by; inside a vmap, one for each sample."""
    return transforms.alias(lift(x, len(levels)))
