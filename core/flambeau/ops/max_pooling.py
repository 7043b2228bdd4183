"""The largest element of each window, where it was, and the way back there.

Of equal elements the first counts. Positions are counted over the last dimensions, as PyTorch's.
Source: https://docs.pytorch.org/docs/stable/nn.functional.html#pooling-functions
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from math import inf, prod
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from ..dtype import bool_, int64
from ..shape import contiguous_strides
from .memory_formats import as_operands
from .op import op
from .pooling_arguments import Pooling, batched, check_rank, check_window, numbers, one_number, output_counts, unbatched
from .views import squeeze, unsqueeze
from .windows import Ints, cropped, overlap_add, padded, windows

# --- the largest, without where it was --------------------------------------------------------------------------------


def _reach(window: Pooling, size: Ints, out: Ints) -> Ints:
    """The sizes of the input with a border wide enough for all windows."""
    return tuple(
        [max(n + p, (o - 1) * s + d * (k - 1) + 1) for n, o, k, s, p, d in zip(size, out, *window[:4], strict=True)]
    )


def _bordered(be: Any, input: Any, window: Pooling, out: Ints) -> Any:
    size = input.shape[2:]
    return padded(be, input, window.padding, -inf, _reach(window, size, out))


def max_pooler(name: str) -> Any:
    """The op whose node has this name."""

    @op(name=f"{name}Backward0", input=lambda g, input, window: max_pool_backward(g, input, window))
    def max_pool(be: Any, input: Array, window: Pooling, counts: Ints) -> Any:
        """The largest element of each window of (N, C, *size): (N, C, *counts).

        The derivative does not save it, as PyTorch's does not: an in-place ReLU after the pooling is usual.
        """
        x = _bordered(be, input, window, counts)
        w = windows(be, x, window.kernel, counts, window.stride, window.dilation)
        return be.max(w, tuple(range(2, 2 + len(counts))), False)

    return max_pool


def _max_pool_second(gg: Tensor, input: Tensor, shape: Ints, window: Pooling) -> Tensor:
    _, indices = max_windows(input, _rows(input._shape[2:], shape[2:], window))
    return from_places(gg, indices, len(window.kernel))


@op(
    name="MaxPool2DWithIndicesBackwardBackward0",
    g=lambda gg, input, g_shape, window: _max_pool_second(gg, input, g_shape, window),
)
def max_pool_backward(be: Any, g: Array, input: Array, window: Pooling) -> Any:
    """Each gradient at the element that was the largest of its window."""
    rank, counts, size = len(window.kernel), g.shape[2:], input.shape[2:]
    x = _bordered(be, input, window, counts)
    shape = (*g.shape[:2], prod(window.kernel), *counts)
    w = be.reshape(windows(be, x, window.kernel, counts, window.stride, window.dilation), shape)
    best = be.argmax(w, 2, True)
    place = be.reshape(be.arange(0, 1, shape[2], int64), (shape[2], *(1,) * rank))
    g = be.where(be.eq(place, best), be.reshape(g, (*g.shape[:2], 1, *counts)), 0.0)
    g = be.reshape(g, (*g.shape[:2], *window.kernel, *counts))
    return cropped(be, overlap_add(be, g, x.shape[2:], window.stride, window.dilation), window.padding, size)


MAX_POOLERS = {rank: max_pooler(f"MaxPool{rank}DWithIndices") for rank in (2, 3)}


# --- the largest, and where it was ------------------------------------------------------------------------------------


class Rows:
    """The positions along one dimension that each window takes in; short ones repeat their last.

    `window` is (kernel, stride, padding, dilation), or None for windows that cover the dimension evenly.
    """

    def __init__(self, rows: list[list[int]], window: tuple[int, int, int, int] | None) -> None:
        self.window = window
        self.out = len(rows)
        self.taps = max([1, *[len(row) for row in rows]])
        self.positions = array("q", [p for row in rows for p in [*row, *[row[-1]] * (self.taps - len(row))]])


@lru_cache(maxsize=256)
def _pooling_rows(size: int, out: int, kernel: int, stride: int, padding: int, dilation: int) -> Rows:
    rows = []
    for i in range(out):
        start = i * stride - padding
        inside = [p for p in range(start, start + kernel * dilation, dilation) if 0 <= p < size]
        rows.append(inside or [min(max(start, 0), size - 1)])
    return Rows(rows, (kernel, stride, padding, dilation))


@lru_cache(maxsize=256)
def _adaptive_rows(size: int, out: int) -> Rows:
    return Rows([list(range(i * size // out, -(-(i + 1) * size // out))) for i in range(out)], None)


def _rows(size: Ints, out: Ints, window: Pooling) -> tuple[Rows, ...]:
    return tuple([_pooling_rows(n, o, *w) for n, o, w in zip(size, out, zip(*window[:4], strict=True), strict=True)])


def _with_indices_grad(g: Any, out_1: Any, input_shape: Ints, rows: Any) -> tuple[Tensor]:
    return (max_windows_backward(g[0], out_1, input_shape[-len(rows) :], rows),)


def indexed_max(name: str) -> Any:
    """The op whose node has this name."""

    @op(name=f"{name}Backward0", result=lambda input, rows: (input.dtype, int64), jointly=_with_indices_grad)
    def max_windows(be: Any, input: Array, rows: tuple[Rows, ...]) -> Any:
        """The largest element of each window of (..., *size), and its position: both (..., *out)."""
        rank = len(rows)
        lead, size = input.shape[:-rank], input.shape[-rank:]
        places = None
        for axis, row in enumerate(rows):
            along = be.from_bytes(row.positions.tobytes(), (row.out * row.taps,), int64)
            input = be.take(input, along, len(lead) + axis)
            along = be.mul(along, contiguous_strides(size)[axis])
            ones = [1] * (2 * axis), [1] * (2 * (rank - axis - 1))
            along = be.reshape(along, (*ones[0], row.out, row.taps, *ones[1]))
            places = along if places is None else be.add(places, along)
        split = [n for row in rows for n in (row.out, row.taps)]
        n = len(lead)
        apart = [*range(0, 2 * rank, 2), *range(1, 2 * rank, 2)]
        out, taps = tuple([row.out for row in rows]), prod([row.taps for row in rows])
        w = be.permute(be.reshape(input, (*lead, *split)), (*range(n), *[n + i for i in apart]))
        w = be.reshape(w, (prod(lead), prod(out), taps))
        best = be.argmax(w, 2, True)
        places = be.reshape(be.permute(places, tuple(apart)), (1, prod(out), taps))
        places = be.view(be.copy(places), w.shape, (0, taps, 1), 0)
        shape = (*lead, *out)
        return be.reshape(be.gather(w, 2, best), shape), be.reshape(be.gather(be.copy(places), 2, best), shape)

    return max_windows


INDEXED = {rank: indexed_max(f"MaxPool{rank}DWithIndices") for rank in (2, 3)}
ADAPTIVE = {rank: indexed_max(f"AdaptiveMaxPool{rank}D") for rank in (2, 3)}
max_windows = INDEXED[2]


@op(name="MaxPool2DWithIndicesBackwardBackward0", g=lambda gg, indices, size: from_places(gg, indices, len(size)))
def max_windows_backward(be: Any, g: Array, indices: Array, size: Ints, rows: tuple[Rows, ...]) -> Any:
    """Each gradient (..., *out) at the position (..., *size) of its window's largest element."""
    kernel = be.kernels.get("to_places")
    return kernel(g, indices, size) if kernel else _to_places(be, g, indices, size)


@op(name="MaxUnpool2DBackward0", g=lambda gg, indices, size: from_places(gg, indices, len(size)))
def to_places(be: Any, g: Array, indices: Array, size: Ints) -> Any:
    """Zeros (..., *size) with each element of `g` (..., *out) added at its position among those of *size."""
    return _to_places(be, g, indices, size)


def _to_places(be: Any, g: Any, indices: Any, size: Ints) -> Any:
    lead = g.shape[: len(g.shape) - len(size)]
    rows, count = prod(lead), prod(g.shape[len(lead) :])
    index = be.reshape(indices, (rows, count))
    zeros = be.full((rows, prod(size)), 0, be.dtype_of(g))
    return be.reshape(be.scatter(zeros, 1, index, be.reshape(g, (rows, count)), "add"), (*lead, *size))


@op(name="GatherBackward0", x=lambda g, indices, x_shape, rank: to_places(g, indices, x_shape[-rank:]))
def from_places(be: Any, x: Array, indices: Array, rank: int) -> Any:
    """The elements of `x` (..., *size) at positions (..., *out) among those of its last `rank` dimensions."""
    lead = x.shape[: len(x.shape) - rank]
    rows = prod(lead)
    index = be.reshape(indices, (rows, prod(indices.shape[len(lead) :])))
    return be.reshape(be.gather(be.reshape(x, (rows, prod(x.shape[len(lead) :]))), 1, index), indices.shape)


# --- the public functions ---------------------------------------------------------------------------------------------


def _largest(name: str, rank: int, input: Tensor, window: Pooling, indices: bool) -> Any:
    x, had_batch = batched(name, input, rank)
    if x.dtype is bool_:
        raise NotImplementedError(f"\"{name}\" not implemented for 'Bool'")
    out = output_counts(x._shape[2:], window)
    check_window(name, rank, x, had_batch, window, out)
    if indices or not x.dtype.is_floating_point:  # no border of integers, whose lowest number not every device has
        values, places = [as_operands(y, x) for y in INDEXED[rank](x, _rows(x._shape[2:], out, window))]
        values, places = (values, places) if had_batch else (unbatched(values), squeeze(places, 0))
        return (values, places) if indices else values
    y = as_operands(MAX_POOLERS[rank](x, window, out), x)
    return y if had_batch else unbatched(y)


def _check_max_pool1d(input: Tensor, window: Pooling) -> None:
    (kernel,), (stride,), (padding,), (dilation,) = window[:4]
    if input.dim() not in (2, 3) or 0 in input._shape[-2:]:
        raise RuntimeError(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but got:"
            f"{list(input._shape)}"
        )
    for label, value in (("kernel_size", kernel), ("stride", stride)):
        if value <= 0:
            raise RuntimeError(f"max_pool1d() {label} must be greater than zero, but got {value}")
    if padding < 0:
        raise RuntimeError(f"max_pool1d() padding must be non-negative, but got {padding}")
    if padding > kernel // 2:
        raise RuntimeError(
            "max_pool1d() padding should be at most half of kernel size, but got "
            f"padding={padding} and kernel_size={kernel}"
        )
    if dilation <= 0:
        raise RuntimeError(f"max_pool1d() dilation must be greater than zero, but got {dilation}")
    (out,) = output_counts(input._shape[-1:], window)
    if out <= 0:
        raise RuntimeError(f"max_pool1d() Invalid computed output size: {out}")


def _one(name: str, argument: str, value: Any) -> int:
    given = (value,) if isinstance(value, int) else tuple(value)
    if len(given) != 1:
        raise RuntimeError(
            f"{name}() {argument} must be an int, list of ints or tuple of ints of size 1 but got size {len(given)}"
        )
    return int(given[0])


def _line(kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Pooling:
    kernel = _one("max_pool1d", "kernel_size", kernel_size)
    omitted = stride is None or (not isinstance(stride, int) and not len(stride))
    step = kernel if omitted else _one("max_pool1d", "stride", stride)
    pad, apart = _one("max_pool1d", "padding", padding), _one("max_pool1d", "dilation", dilation)
    return Pooling((kernel,), (step,), (pad,), (apart,), bool(ceil_mode))


def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest element of each window of (N, C, L) or (C, L).

    Args:
        stride: default `kernel_size`.
        padding: how many places with no element both ends have.
        dilation: how far apart the elements of a window are.
        ceil_mode: whether a last window may reach beyond the end.

    Raises:
        RuntimeError: sizes or settings that do not fit, in PyTorch's words.
    """
    window = _line(kernel_size, stride, padding, dilation, ceil_mode)
    _check_max_pool1d(input, window)
    if not input.dtype.is_floating_point:
        raise NotImplementedError(f"\"max_pool1d_impl\" not implemented for '{input.dtype.legacy_name}'")
    result: Tensor = squeeze(_largest("max_pool2d", 2, unsqueeze(input, -2), _flat(window), False), -2)
    return result


def _flat(window: Pooling) -> Pooling:
    """Windows of one row, for an input with a dimension of size 1 before its last."""
    return Pooling((1, *window.kernel), (1, *window.stride), (0, *window.padding), (1, *window.dilation), window.ceil)


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> tuple[Tensor, Tensor]:
    """`max_pool1d`, and the positions."""
    check_rank("max_pool1d", 1, input)
    window = _line(kernel_size, stride, padding, dilation, ceil_mode)
    values, places = _largest("max_pool2d", 2, unsqueeze(input, -2), _flat(window), True)
    return squeeze(values, -2), squeeze(places, -2)


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest element of each window of (N, C, H, W) or (C, H, W); arguments as for `max_pool1d`."""
    window = numbers("max_pool2d", 2, kernel_size, stride, padding, dilation, ceil_mode)
    result: Tensor = _largest("max_pool2d", 2, input, window, False)
    return result


def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> tuple[Tensor, Tensor]:
    """`max_pool2d`, and the positions, counted over (H, W)."""
    window = numbers("max_pool2d", 2, kernel_size, stride, padding, dilation, ceil_mode)
    result: tuple[Tensor, Tensor] = _largest("max_pool2d", 2, input, window, True)
    return result


def max_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest element of each window of (N, C, D, H, W) or (C, D, H, W); arguments as for `max_pool1d`."""
    window = numbers("max_pool3d", 3, kernel_size, stride, padding, dilation, ceil_mode)
    result: Tensor = _largest("max_pool3d", 3, input, window, False)
    return result


def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> tuple[Tensor, Tensor]:
    """`max_pool3d`, and the positions, counted over (D, H, W)."""
    window = numbers("max_pool3d", 3, kernel_size, stride, padding, dilation, ceil_mode)
    result: tuple[Tensor, Tensor] = _largest("max_pool3d", 3, input, window, True)
    return result


def _check_filled(rank: int, input: Tensor) -> None:
    for axis in range(input.dim() - rank, input.dim()):
        if input._shape[axis] == 0:
            raise RuntimeError(
                f"adaptive_max_pool{rank}d(): Expected input to have non-zero size for non-batch dimensions, but input has "
                f"sizes {list(input._shape)} with dimension {axis} being empty"
            )


def _adaptive(rank: int, input: Tensor, out: Ints) -> tuple[Tensor, Tensor]:
    name = f"adaptive_max_pool{rank}d"
    _check_filled(rank, input)
    if any(n < 0 for n in out):
        made = [*input._shape[: input.dim() - rank], *out]
        raise RuntimeError(f"Trying to create tensor with negative dimension {next(n for n in out if n < 0)}: {made}")
    if not input.dtype.is_floating_point:
        raise NotImplementedError(f"\"{name}\" not implemented for '{input.dtype.legacy_name}'")
    rows = tuple([_adaptive_rows(n, o) for n, o in zip(input._shape[-rank:], out, strict=True)])
    values, places = ADAPTIVE[rank](input, rows)
    return as_operands(values, input), as_operands(places, input)


def adaptive_max_pool1d(input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    """The largest elements of `output_size` windows that cover (N, C, L) or (C, L) evenly, and their positions.

    Raises:
        RuntimeError: sizes that do not fit, in PyTorch's words.
    """
    check_rank("adaptive_max_pool1d", 1, input)
    _check_filled(1, input)
    out = one_number("adaptive_max_pool1d", "output_size", output_size)
    values, places = _adaptive(2, unsqueeze(input, -2), (1, *out))
    return squeeze(values, -2), squeeze(places, -2)


def adaptive_max_pool2d(input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    """The largest elements of windows that cover (N, C, H, W) or (C, H, W) evenly, and their positions."""
    if len(output_size) != 2:
        raise RuntimeError("adaptive_max_pool2d(): internal error: output_size.size() must be 2")
    if input.dim() not in (3, 4):
        raise RuntimeError(f"adaptive_max_pool2d(): Expected 3D or 4D tensor, but got: {list(input._shape)}")
    return _adaptive(2, input, tuple(output_size))


def adaptive_max_pool3d(input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    """The largest elements of windows that cover (N, C, D, H, W) or (C, D, H, W) evenly, and their positions."""
    if len(output_size) != 3:
        raise RuntimeError("adaptive_max_pool3d(): internal error: output_size.size() must be 3")
    if input.dim() not in (4, 5):
        raise RuntimeError(f"adaptive_max_pool3d(): Expected 4D or 5D tensor, but got: {list(input._shape)}")
    return _adaptive(3, input, tuple(output_size))


FUNCTIONS = (max_pool1d, max_pool1d_with_indices, max_pool2d, max_pool3d, adaptive_max_pool1d)
