"""Finite differences and integrals of sampled functions.

Source: https://docs.pytorch.org/docs/stable/generated/torch.gradient.html and torch.trapezoid.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._tensor import Tensor
from ..dtype import bool_
from ..shape import distinct_dims, wrap_dim
from .joining import cat
from .reduction import cumsum, sum
from .views import reshape, slice_dim


def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """The n-th differences of neighbours along a dimension.

    Raises:
        RuntimeError: a 0-d input, a negative order, or ends that do not fit.
    """
    if not input._shape:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    axis = wrap_dim(dim, input.dim())
    ends = [x for x in (prepend, append) if x is not None]
    for x in ends:
        if x.dim() != input.dim():
            raise RuntimeError("diff expects prepend or append to be the same dimension as input")
        for i, (m, size) in enumerate(zip(x._shape, input._shape, strict=True)):
            if i != axis and m != size:
                raise RuntimeError(
                    "diff expects the shape of tensor to prepend or append to match that of input except along the "
                    "differencing dimension; input.size(" + f"{i}) = {size}, but got tensor.size({i}) = {m}"
                )
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if n == 0:
        return input.clone()
    if ends:
        input = cat([x for x in (prepend, input, append) if x is not None], axis)
    for _ in range(min(n, input._shape[axis])):
        size = input._shape[axis]
        later, earlier = slice_dim(input, axis, 1, None), slice_dim(input, axis, 0, max(size - 1, 0))
        input = later ^ earlier if input.dtype is bool_ else later - earlier
    return input


def trapezoid(y: Tensor, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral of samples along a dimension by the trapezoidal rule, at points `x` or `dx` apart."""
    areas = _areas("trapezoid", y, x, dx, dim)
    return sum(areas, dim)


def cumulative_trapezoid(y: Tensor, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral up to each sample but the first."""
    return cumsum(_areas("cumulative_trapezoid", y, x, dx, dim), dim)


def _areas(name: str, y: Tensor, x: Any, dx: Any, dim: int) -> Tensor:
    """Twice the area between neighbours, halved."""
    if x is not None and dx is not None:
        raise TypeError(f"{name}() received an invalid combination of arguments")
    axis = wrap_dim(dim, y.dim())
    size = y._shape[axis]
    if y.dtype is bool_ or (isinstance(x, Tensor) and x.dtype is bool_):
        raise RuntimeError(
            f"{name}: received a bool input for `{'y' if y.dtype is bool_ else 'x'}`, but bool is not supported"
        )
    later, earlier = slice_dim(y, axis, 1, None), slice_dim(y, axis, 0, max(size - 1, 0))
    both = later + earlier
    if x is None:
        return both * (0.5 * (1 if dx is None else dx))
    if x.dim() == 1:
        if x._shape[0] != size:
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        gaps = reshape(diff(x), (-1, *(1,) * (y.dim() - axis - 1)))
    else:
        if x.dim() < y.dim():
            x = reshape(x, (*(1,) * (y.dim() - x.dim()), *x._shape))
        gaps = diff(x, dim=dim)
    return both * gaps * 0.5


def gradient(input: Tensor, *, spacing: Any = None, dim: Any = None, edge_order: int = 1) -> list[Tensor]:
    """The slope along each dimension by central differences, one-sided at the ends, of order 1 or 2 there.

    `spacing` is one distance, one for each dimension, or the coordinates of each dimension.

    Raises:
        RuntimeError: spacing, dimensions or order that do not fit.
    """
    dims = list(range(input.dim())) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    axes = distinct_dims(dims, input.dim())
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    steps = _spacings(spacing, len(axes), dim)
    for axis in axes:
        if input._shape[axis] < edge_order + 1:
            raise RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1")
    return [
        _along_points(input, axis, step, edge_order)
        if isinstance(step, Tensor)
        else _along_grid(input, axis, step, edge_order)
        for axis, step in zip(axes, steps, strict=True)
    ]


def _spacings(spacing: Any, count: int, dim: Any) -> list[Any]:
    if spacing is None:
        return [1] * count
    if isinstance(spacing, (int, float)):
        return [spacing] * count
    given = list(spacing) if isinstance(spacing, Sequence) else [spacing]
    if len(given) != count:
        if dim is not None:
            raise RuntimeError(
                "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have the "
                f"same length, but got a spacing argument of length {len(given)} and a dim argument of length {count}."
            )
        wanted = f"equal to 'self.dim() = {count}', since dim argument was not given"
        raise RuntimeError(
            f"torch.gradient expected spacing to be unspecified, a scalar, or a list of length {wanted}, but got a list of "
            f"length {len(given)}"
        )
    return given


def _part(x: Tensor, axis: int, start: int, stop: int | None) -> Tensor:
    return slice_dim(x, axis, start, stop)


def _along_grid(x: Tensor, axis: int, step: Any, edge_order: int) -> Tensor:
    n = x._shape[axis]
    if edge_order == 1:
        first = (_part(x, axis, 1, 2) - _part(x, axis, 0, 1)) / step
        last = (_part(x, axis, n - 1, n) - _part(x, axis, n - 2, n - 1)) / step
    else:
        first = (_part(x, axis, 0, 1) * -1.5 + _part(x, axis, 1, 2) * 2 - _part(x, axis, 2, 3) * 0.5) / step
        last = (
            _part(x, axis, n - 3, n - 2) * 0.5 - _part(x, axis, n - 2, n - 1) * 2 + _part(x, axis, n - 1, n) * 1.5
        ) / step
    middle = (_part(x, axis, 2, None) - _part(x, axis, 0, n - 2)) / (2 * step)
    return cat([first, middle, last], axis)


def _along_points(x: Tensor, axis: int, points: Tensor, edge_order: int) -> Tensor:
    n = x._shape[axis]
    gaps = reshape(diff(points), (-1, *(1,) * (x.dim() - axis - 1)))
    before, after = gaps[:-1], gaps[1:]
    a = -after / (before * (before + after))
    b = (after - before) / (before * after)
    c = before / (after * (before + after))
    middle = _part(x, axis, 0, n - 2) * a + _part(x, axis, 1, n - 1) * b + _part(x, axis, 2, None) * c
    if edge_order == 1:
        first = (_part(x, axis, 1, 2) - _part(x, axis, 0, 1)) / gaps[:1]
        last = (_part(x, axis, n - 1, n) - _part(x, axis, n - 2, n - 1)) / gaps[-1:]
    else:
        h, k = gaps[:1], gaps[1:2]
        first = (
            _part(x, axis, 0, 1) * (-(2 * h + k) / (h * (h + k)))
            + _part(x, axis, 1, 2) * ((h + k) / (h * k))
            - _part(x, axis, 2, 3) * (h / (k * (h + k)))
        )
        h, k = gaps[-2:-1], gaps[-1:]
        last = (
            _part(x, axis, n - 3, n - 2) * (k / (h * (h + k)))
            - _part(x, axis, n - 2, n - 1) * ((h + k) / (h * k))
            + _part(x, axis, n - 1, n) * ((2 * k + h) / (k * (h + k)))
        )
    return cat([first, middle, last], axis)


FUNCTIONS = (diff, trapezoid, cumulative_trapezoid, gradient)
METHODS = (diff,)
PUBLIC_ALIASES = {"trapz": trapezoid}
