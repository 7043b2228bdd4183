"""Averages over windows.

Source: https://docs.pytorch.org/docs/stable/nn.functional.html#pooling-functions
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from .._tensor import Tensor
from ..dtype import float16, float32, float64
from .memory_formats import as_operands
from .pooling_arguments import (
    Pooling,
    batched,
    check_rank,
    check_window,
    numbers,
    one_number,
    output_counts,
    unbatched,
)
from .resampling import Table, resampler
from .views import squeeze, unsqueeze

AVERAGES = {rank: resampler(f"AvgPool{rank}D") for rank in (1, 2, 3)}
ADAPTIVE = {rank: resampler(f"AdaptiveAvgPool{rank}D") for rank in (1, 2, 3)}


@lru_cache(maxsize=256)
def _table(size: int, out: int, kernel: int, stride: int, padding: int, mode: str) -> Table:
    """Windows along one dimension; their elements weigh 1, 1 / all of the window's, or 1 / those within the input."""
    rows = []
    for i in range(out):
        start = i * stride - padding
        stop = min(start + kernel, size + padding)
        inside = range(max(start, 0), min(stop, size))
        count = 1 if mode == "sum" else stop - start if mode == "padded" else len(inside)
        rows.append([(p, 1.0 / count) for p in inside])
    return Table(size, rows)


@lru_cache(maxsize=256)
def _adaptive_table(size: int, out: int) -> Table:
    rows = []
    for i in range(out):
        start, stop = i * size // out, -(-(i + 1) * size // out)
        rows.append([(p, 1.0 / (stop - start)) for p in range(start, stop)])
    return Table(size, rows)


def _averaged(x: Tensor, tables: tuple[Table | None, ...], resample: Any) -> Tensor:
    """In float32 where the dtype is narrower."""
    if x.dtype is float16:
        return _averaged(x.to(float32), tables, resample).to(float16)
    result: Tensor = resample(x, tables)
    return result


def _average(name: str, rank: int, input: Tensor, window: Pooling, include: bool, divisor: int | None) -> Tensor:
    if divisor == 0:
        raise RuntimeError("divisor must be not zero")
    x, had_batch = batched(name, input, rank)
    size = x._shape[2:]
    out = output_counts(size, window)
    check_window(name, rank, x, had_batch, window, out)
    mode = "sum" if divisor is not None else "padded" if include else "inside"
    wide = x
    if not x.dtype.is_floating_point:
        wide = x.to(float64 if float64 in x._storage.backend.dtypes else float32)
    tables = tuple(
        [
            _table(n, o, k, s, p, mode)
            for n, o, k, s, p in zip(size, out, window.kernel, window.stride, window.padding, strict=True)
        ]
    )
    y = as_operands(_averaged(wide, tables, AVERAGES[rank]), x)
    if divisor is not None:
        y = y / divisor
    if wide is not x:  # towards 0; no quotient of such small numbers is closer to a whole one
        y = (y + y.sign() * 1e-6).trunc().to(x.dtype)
    return y if had_batch else unbatched(y)


def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """Averages over windows of (N, C, L) or (C, L).

    Args:
        stride: default `kernel_size`.
        ceil_mode: whether a last window may reach beyond the end.
        count_include_pad: whether padding counts as zeros, or not at all.

    Raises:
        RuntimeError: sizes or settings that do not fit, in PyTorch's words.
    """
    check_rank("avg_pool1d", 1, input)
    kernel = one_number("avg_pool1d", "kernel_size", kernel_size)
    step = kernel if stride is None or stride == () or stride == [] else one_number("avg_pool1d", "stride", stride)
    window = Pooling(kernel, step, one_number("avg_pool1d", "padding", padding), (1,), ceil_mode)
    flat = Pooling((1, *window.kernel), (1, *window.stride), (0, *window.padding), (1, 1), ceil_mode)
    return squeeze(_average("avg_pool2d", 2, unsqueeze(input, -2), flat, count_include_pad, None), -2)


def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Averages over windows of (N, C, H, W) or (C, H, W); arguments as for `avg_pool1d`.

    Args:
        divisor_override: divide sums by this number instead.
    """
    window = numbers("avg_pool2d", 2, kernel_size, stride, padding, 1, ceil_mode)
    return _average("avg_pool2d", 2, input, window, count_include_pad, divisor_override)


def avg_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Averages over windows of (N, C, D, H, W) or (C, D, H, W); arguments as for `avg_pool2d`."""
    window = numbers("avg_pool3d", 3, kernel_size, stride, padding, 1, ceil_mode)
    return _average("avg_pool3d", 3, input, window, count_include_pad, divisor_override)


def _adaptive(rank: int, input: Tensor, out: tuple[int, ...]) -> Tensor:
    name = f"adaptive_avg_pool{rank}d"
    if any(n < 0 for n in out):
        shown = ", ".join(map(str, out)) if rank < 3 else f"{out[0]}, {out[1]},{out[2]}"
        raise RuntimeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received {{{shown}}}"
        )
    if set(out) == {1} and input.dim() >= rank and rank < 3:
        return input.mean(tuple(range(-rank, 0)), keepdim=True)
    for axis in range(input.dim() - rank, input.dim()):
        if input._shape[axis] == 0:
            raise RuntimeError(
                f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes "
                f"{list(input._shape)} with dimension {axis} being empty"
            )
    if not input.dtype.is_floating_point:
        raise NotImplementedError(f"\"{name}\" not implemented for '{input.dtype.legacy_name}'")
    sizes = input._shape[-rank:]
    tables = tuple([None if n == o else _adaptive_table(n, o) for n, o in zip(sizes, out, strict=True)])
    return as_operands(_averaged(input, tables, ADAPTIVE[rank]), input)


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """Averages over `output_size` windows that cover (N, C, L) or (C, L) evenly: (N, C, output_size).

    Raises:
        RuntimeError: sizes that do not fit, in PyTorch's words.
    """
    check_rank("adaptive_avg_pool1d", 1, input)
    out = one_number("adaptive_avg_pool1d", "output_size", output_size)
    return squeeze(_adaptive(2, unsqueeze(input, -2), (1, *out)), -2)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Averages over windows that cover (N, C, H, W) or (C, H, W) evenly; a size None stays what it is."""
    if len(output_size) != 2:
        raise RuntimeError("adaptive_avg_pool2d: output_size must be 2")
    if input.dim() not in (3, 4):
        raise RuntimeError(f"adaptive_avg_pool2d(): Expected 3D or 4D tensor, but got {list(input._shape)}")
    return _adaptive(2, input, tuple(output_size))


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """Averages over windows that cover (N, C, D, H, W) or (C, D, H, W) evenly."""
    if len(output_size) != 3:
        raise RuntimeError("adaptive_avg_pool3d: output_size must be 3")
    if input.dim() not in (4, 5):
        raise RuntimeError(f"adaptive_avg_pool3d(): Expected 4D or 5D tensor, but got {list(input._shape)}")
    return _adaptive(3, input, tuple(output_size))


FUNCTIONS = (avg_pool1d, adaptive_avg_pool1d)
