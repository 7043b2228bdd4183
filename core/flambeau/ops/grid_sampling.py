"""Images read at any place: interpolation between the elements around it, differentiable in the image and in the place.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
"""

from __future__ import annotations

from math import prod
from typing import Any

from .._tensor import Tensor
from ..dtype import bool_, int64
from .creation import arange, full, ones
from .joining import stack
from .max_pooling import from_places
from .pointwise import floor, where
from .views import expand, reshape, unsqueeze
from .windows import Ints

_BILINEAR, _NEAREST, _BICUBIC = 0, 1, 2
_ZEROS, _BORDER, _REFLECTION = 0, 1, 2


def _unnormalized(place: Tensor, size: int, rank: int, align_corners: bool) -> Tensor:
    """From [-1, 1] to positions of elements, rounded as PyTorch's are: half way, the nearest element depends on it."""
    if align_corners:
        return (place + 1) * ((size - 1) / 2)
    return (place + 1) * (size / 2) - 0.5 if rank == 2 else ((place + 1) * size - 1) / 2


def _reflected(place: Tensor, size: int, align_corners: bool) -> Tensor:
    """Positions folded back at the edges as often as necessary."""
    low, span = (0.0, float(size - 1)) if align_corners else (-0.5, float(size))
    if span == 0:
        return place * 0
    distance = (place - low).abs()
    turns = floor(distance.detach() / span)
    rest = distance - turns * span
    return where(turns.remainder(2) == 0, rest + low, span - rest + low)


def _kept_inside(place: Tensor, size: int, padding: int, align_corners: bool) -> Tensor:
    if padding == _REFLECTION:
        place = _reflected(place, size, align_corners)
    if padding == _ZEROS:
        return place
    # At the limits themselves the gradient is 0 too, unlike that of `clamp`.
    return where(place <= 0, 0.0, where(place >= size - 1, float(size - 1), place))


def _cubic_weights(t: Tensor) -> list[Tensor]:
    """The weights of the four neighbours of a place, `t` after the second."""
    a = -0.75

    def near(x: Tensor) -> Tensor:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Tensor) -> Tensor:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


def _neighbours(place: Tensor, size: int, mode: int, padding: int, align_corners: bool) -> tuple[Tensor, Tensor]:
    """The elements of one dimension that places (N, points) are between, and their weights: both (N, neighbours, points)."""
    if mode == _NEAREST:
        at = unsqueeze(place.detach().round(), 1)
        weights = ones(at._shape, dtype=at.dtype, device=at.device)
    else:
        low = floor(place.detach())
        part = place - low
        around = _cubic_weights(part) if mode == _BICUBIC else [1 - part, part]
        weights = stack(around, 1)
        first = -1.0 if mode == _BICUBIC else 0.0
        steps = arange(first, first + len(around), device=place.device).to(place.dtype)
        at = unsqueeze(low, 1) + reshape(steps, (len(around), 1))
        if mode == _BICUBIC:
            at = _kept_inside(at, size, padding, align_corners)
    inside = (at >= 0) & (at <= size - 1)
    return at.clamp(0, size - 1).to(int64), where(inside, weights, 0.0)


def _sampled(flat: Tensor, neighbours: list[tuple[Tensor, Tensor]], size: Ints) -> Tensor:
    """Elements (N, C, all of the size) at every combination of neighbours, times their weights, summed: (N, C, points)."""
    (n, c, _), points = flat._shape, neighbours[0][0]._shape[2]
    index, weight = neighbours[0]
    for extent, (more, weights) in zip(size[1:], neighbours[1:], strict=True):
        index = reshape(unsqueeze(index * extent, 2) + unsqueeze(more, 1), (n, -1, points))
        weight = reshape(unsqueeze(weight, 2) * unsqueeze(weights, 1), (n, -1, points))
    count = index._shape[1]
    everywhere = expand(reshape(index, (n, 1, count * points)), (n, c, count * points))
    values = reshape(from_places(flat, everywhere, 1), (n, c, count, points))
    return (values * unsqueeze(weight, 1)).sum(2)


def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """(N, C, *size) read at the places of a grid (N, *out, rank): (N, C, *out).

    Args:
        interpolation_mode: 0 bilinear, 1 nearest, 2 bicubic.
        padding_mode: 0 zeros, 1 border, 2 reflection.

    Raises:
        RuntimeError: shapes or dtypes that do not fit, in PyTorch's words.
    """
    _check(input, grid, interpolation_mode)
    size, out = input._shape[2:], grid._shape[1:-1]
    n, c = input._shape[:2]
    flat = reshape(input, (n, c, prod(size)))
    points = reshape(grid, (n, prod(out), len(size)))
    # A grid counts its last dimension first.
    rank = len(size)
    places = [
        _unnormalized(points.select(2, rank - 1 - axis), extent, rank, align_corners)
        for axis, extent in enumerate(size)
    ]
    if interpolation_mode != _BICUBIC:
        places = [_kept_inside(p, m, padding_mode, align_corners) for p, m in zip(places, size, strict=True)]
    neighbours = [
        _neighbours(p, extent, interpolation_mode, padding_mode, align_corners)
        for p, extent in zip(places, size, strict=True)
    ]
    y = _sampled(flat, neighbours, size)
    if interpolation_mode == _NEAREST and grid.requires_grad:
        never = full((1,), False, dtype=bool_, device=grid.device)
        y = where(never, unsqueeze(points.sum(-1), 1), y)  # a gradient of zeros, not none
    return reshape(y, (n, c, *out))


def _check(input: Tensor, grid: Tensor, mode: int) -> None:
    shape, at = input._shape, grid._shape
    if shape[0] != at[0]:
        raise RuntimeError(
            "grid_sampler(): expected grid and input to have same batch size, but got input with sizes "
            f"{list(shape)} and grid with sizes {list(at)}"
        )
    rank = len(shape) - 2
    if at[-1] != rank:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {rank} in last dimension, but got grid with sizes {list(at)}"
        )
    for axis, n in enumerate(shape[2:], 2):
        if n <= 0:
            raise RuntimeError(
                "grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes "
                f"{list(shape)} with dimension {axis} being empty"
            )
    if len(shape) not in (4, 5) or len(at) != len(shape):
        raise RuntimeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input with sizes "
            f"{list(shape)} and grid with sizes {list(at)}"
        )
    if rank == 3 and mode == _BICUBIC:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    if not input.dtype.is_floating_point:
        raise NotImplementedError(
            f"\"grid_sampler_{rank}d_cpu_kernel_impl\" not implemented for '{input.dtype.legacy_name}'"
        )
    if input.dtype is not grid.dtype:
        raise RuntimeError(f"expected scalar type {input.dtype.legacy_name} but found {grid.dtype.legacy_name}")


def grid_sampler_2d(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """`grid_sampler` of images."""
    return grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners)


def grid_sampler_3d(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """`grid_sampler` of volumes."""
    return grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners)


def _spread(theta: Tensor, n: int, align_corners: bool) -> Tensor:
    """n places from -1 to 1."""
    if n <= 1:
        return full((n,), 0.0, dtype=theta.dtype, device=theta.device)
    steps = arange(n, device=theta.device).to(theta.dtype) * (2 / (n - 1)) - 1
    return steps if align_corners else steps * ((n - 1) / n)


def affine_grid_generator(theta: Tensor, size: Any, align_corners: bool) -> Tensor:
    """The places to which affine maps (N, rank, rank + 1) move those of an image: (N, *size[2:], rank)."""
    extent = tuple(size[2:])
    rank = len(extent)
    lines = []
    for axis in range(rank - 1, -1, -1):
        shape = [1] * rank
        shape[axis] = extent[axis]
        lines.append(expand(reshape(_spread(theta, extent[axis], align_corners), shape), extent))
    lines.append(ones(extent, dtype=theta.dtype, device=theta.device))
    points = reshape(stack(lines, -1), (1, prod(extent), rank + 1))
    batch = expand(points, (size[0], *points._shape[1:]))
    return reshape(batch.bmm(theta.transpose(1, 2)), (size[0], *extent, rank))


FUNCTIONS = (grid_sampler, grid_sampler_2d, grid_sampler_3d, affine_grid_generator)
