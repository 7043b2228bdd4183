"""Pooling: averages, largest elements and norms of windows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf, prod
from typing import Any

from ... import ops
from ..._tensor import Tensor
from ...ops import average_pooling, max_pooling
from ...ops.average_pooling import adaptive_avg_pool1d, avg_pool1d, avg_pool2d, avg_pool3d
from ...ops.unpooling import fractional_max_pool, max_unpool


def _several(value: Any, rank: int) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, Iterable) else (value,) * rank


# --- largest ----------------------------------------------------------------------------------------------------------


def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window of (N, C, L) or (C, L); with `return_indices` also its position."""
    pool = max_pooling.max_pool1d_with_indices if return_indices else max_pooling.max_pool1d
    return pool(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window of (N, C, H, W) or (C, H, W); with `return_indices` also its position.

    Args:
        stride: default `kernel_size`.
        padding: how many places with no element each side has.
        dilation: how far apart the elements of a window are.
        ceil_mode: whether a last window may reach beyond the end.
    """
    pool = max_pooling.max_pool2d_with_indices if return_indices else max_pooling.max_pool2d
    return pool(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window of (N, C, D, H, W) or (C, D, H, W); with `return_indices` also its position."""
    pool = max_pooling.max_pool3d_with_indices if return_indices else max_pooling.max_pool3d
    return pool(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool1d_with_indices(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
                            ceil_mode: bool = False, return_indices: bool = False) -> tuple[Tensor, Tensor]:  # fmt: skip
    """`max_pool1d`, and the positions."""
    return max_pooling.max_pool1d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d_with_indices(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
                            ceil_mode: bool = False, return_indices: bool = False) -> tuple[Tensor, Tensor]:  # fmt: skip
    """`max_pool2d`, and the positions."""
    return max_pooling.max_pool2d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d_with_indices(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
                            ceil_mode: bool = False, return_indices: bool = False) -> tuple[Tensor, Tensor]:  # fmt: skip
    """`max_pool3d`, and the positions."""
    return max_pooling.max_pool3d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


# --- windows that cover the input evenly ------------------------------------------------------------------------------


def _with_default(size: Any, input: Tensor, rank: int) -> tuple[Any, ...]:
    """The sizes asked for, those of the input where they are None.

    Raises:
        ValueError: the input has too few dimensions.
    """
    if isinstance(size, int):
        return (size,) * rank
    if input.dim() <= len(size):
        raise ValueError(f"Input dimension should be at least {len(size) + 1}")
    defaults = input.shape[input.dim() - len(size) :]
    return tuple([d if v is None else v for v, d in zip(size, defaults, strict=True)])


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Averages over windows that cover (N, C, H, W) or (C, H, W) evenly; a size None stays what it is."""
    return average_pooling.adaptive_avg_pool2d(input, _with_default(output_size, input, 2))


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """Averages over windows that cover (N, C, D, H, W) or (C, D, H, W) evenly; a size None stays what it is."""
    return average_pooling.adaptive_avg_pool3d(input, _with_default(output_size, input, 3))


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of windows that cover (N, C, L) or (C, L) evenly; with `return_indices` also the positions."""
    values, indices = max_pooling.adaptive_max_pool1d(input, output_size)
    return (values, indices) if return_indices else values


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of windows that cover (N, C, H, W) or (C, H, W) evenly; a size None stays what it is."""
    values, indices = max_pooling.adaptive_max_pool2d(input, _with_default(output_size, input, 2))
    return (values, indices) if return_indices else values


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of windows that cover (N, C, D, H, W) or (C, D, H, W) evenly."""
    values, indices = max_pooling.adaptive_max_pool3d(input, _with_default(output_size, input, 3))
    return (values, indices) if return_indices else values


def adaptive_max_pool1d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """`adaptive_max_pool1d`, and the positions."""
    return adaptive_max_pool1d(input, output_size, True)


def adaptive_max_pool2d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """`adaptive_max_pool2d`, and the positions."""
    return adaptive_max_pool2d(input, output_size, True)


def adaptive_max_pool3d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """`adaptive_max_pool3d`, and the positions."""
    return adaptive_max_pool3d(input, output_size, True)


# --- back again -------------------------------------------------------------------------------------------------------


def _unpooled(
    rank: int, input: Tensor, indices: Tensor, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> Tensor:
    kernel, pad = _several(kernel_size, rank), _several(padding, rank)
    step = kernel if stride is None else _several(stride, rank)
    sizes = input.shape[-rank:] if input.dim() >= rank else input.shape
    default = [(n - 1) * s + k - 2 * p for n, s, k, p in zip(sizes, step, kernel, pad, strict=False)]
    chosen: Sequence[int] = default
    if output_size is not None:
        chosen = output_size[2:] if len(output_size) == rank + 2 else output_size
        if len(chosen) != rank:
            raise ValueError(
                f"output_size should be a sequence containing {rank} or {rank + 2} elements, but it has a length of "
                f"'{len(chosen)}'"
            )
        for d, (n, middle, s) in enumerate(zip(chosen, default, step, strict=True)):
            if not middle - s < n < middle + s:
                raise ValueError(
                    f'invalid output_size "{chosen}" (dim {d} must be between {middle - s} and {middle + s})'
                )
    for d, n in enumerate(chosen):
        if n < 0:
            raise ValueError(
                f"max_unpooling: output_size must contain non-negative spatial dimensions, but got output_size[{d}]={n}"
            )
    if rank == 1:
        return max_unpool(input.unsqueeze(-1), indices.unsqueeze(-1), (*chosen, 1)).squeeze(-1)
    return max_unpool(input, indices, tuple(chosen))


def max_unpool1d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Zeros with the elements of `input` where `max_pool1d` found them.

    Args:
        output_size: the size before pooling, where it cannot be told from the settings.

    Raises:
        ValueError: an `output_size` that pooling would not have made `input` of.
    """
    return _unpooled(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Zeros with the elements of `input` where `max_pool2d` found them; arguments as for `max_unpool1d`."""
    return _unpooled(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Zeros with the elements of `input` where `max_pool3d` found them; arguments as for `max_unpool1d`."""
    return _unpooled(3, input, indices, kernel_size, stride, padding, output_size)


# --- windows drawn at random ------------------------------------------------------------------------------------------


def _fractional(
    rank: int, input: Tensor, kernel_size: Any, output_size: Any, output_ratio: Any, samples: Tensor | None
) -> tuple[Tensor, Tensor]:
    name = f"fractional_max_pool{rank}d"
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    if output_size is None:
        ratios = _several(output_ratio, rank)
        output_size = [int(n * r) for n, r in zip(input.shape[-rank:], ratios, strict=True)]
    out, kernel = _several(output_size, rank), _several(kernel_size, rank)
    if samples is None:
        batch = 1 if input.dim() == rank + 1 else input.size(0)
        samples = ops.rand(batch, input.size(-rank - 1), rank, dtype=input.dtype, device=input.device)
    label = "fractional_max_pool2d()" if rank == 2 else "fractional_max_pool3d_out()"
    return fractional_max_pool(label, input, kernel, out, samples)


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The largest element of each of `output_size` windows whose distances vary at random. Source: arXiv 1412.6071.

    Args:
        output_ratio: the output's sizes as parts of the input's, instead of `output_size`.

    Raises:
        ValueError: neither is given.
        RuntimeError: the windows do not fit.
    """
    values, indices = _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)
    return (values, indices) if return_indices else values


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """`fractional_max_pool2d` in three dimensions."""
    values, indices = _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)
    return (values, indices) if return_indices else values


def fractional_max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """`fractional_max_pool2d`, and the positions."""
    return _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """`fractional_max_pool3d`, and the positions."""
    return _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)


# --- norms ------------------------------------------------------------------------------------------------------------


def _norms(
    rank: int, average: Any, largest: Any, input: Tensor, p: float, kernel_size: Any, stride: Any, ceil_mode: bool
) -> Tensor:
    count = prod(_several(kernel_size, rank))
    if p == inf:
        result: Tensor = largest(input.abs(), kernel_size, stride, 0, 1, ceil_mode)
        return result
    if p == -inf:
        return -largest(-input.abs(), kernel_size, stride, 0, 1, ceil_mode)
    mean = average(input.pow(p), kernel_size, stride, 0, ceil_mode)
    return (mean.sign() * mean.abs().relu()).mul(count).pow(1.0 / p)


def lp_pool1d(input: Tensor, norm_type: float, kernel_size: int, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """(Σ xᵖ)^(1/p) over each window of (N, C, L) or (C, L), p = `norm_type`."""
    return _norms(1, avg_pool1d, max_pool1d, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """(Σ xᵖ)^(1/p) over each window of (N, C, H, W) or (C, H, W), p = `norm_type`."""
    return _norms(2, avg_pool2d, max_pool2d, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """(Σ xᵖ)^(1/p) over each window of (N, C, D, H, W) or (C, D, H, W), p = `norm_type`."""
    return _norms(3, avg_pool3d, max_pool3d, input, norm_type, kernel_size, stride, ceil_mode)


__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d", "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d", "adaptive_max_pool3d_with_indices", "avg_pool1d", "avg_pool2d", "avg_pool3d",
    "fractional_max_pool2d", "fractional_max_pool2d_with_indices", "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices", "lp_pool1d", "lp_pool2d", "lp_pool3d", "max_pool1d", "max_pool1d_with_indices",
    "max_pool2d", "max_pool2d_with_indices", "max_pool3d", "max_pool3d_with_indices", "max_unpool1d", "max_unpool2d",
    "max_unpool3d",
]  # fmt: skip
