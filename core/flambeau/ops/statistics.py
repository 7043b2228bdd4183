"""Statistics: quantiles, histograms, covariance, and finite differences and integrals of sampled functions.

Source: https://docs.pytorch.org/docs/stable/torch.html
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .._tensor import Tensor
from ..dtype import bool_, float32, float64, int64
from ..promotion import promote_types
from ..shape import wrap_dim
from .by_index import gather, index_add
from .complex_numbers import complex
from .creation import arange, linspace, tensor
from .joining import cat
from .node_names import recorded_as
from .ordering import searchsorted
from .pointwise import choose, lerp, where
from .reduction import mean, nansum, sum
from .returned import ValuesIndices, named
from .sorting import argsort
from .views import movedim, reshape

# --- averages that ignore nan -----------------------------------------------------------------------------------------


def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean of the elements that are not nan.

    Raises:
        RuntimeError: the elements are not floating point.
    """
    if not input.dtype.is_floating_point:
        raise RuntimeError(
            f"nanmean(): expected input to have floating point or complex dtype but got {input.dtype.legacy_name}"
        )
    if dtype is not None:
        input = input.to(dtype)
    count = sum((input == input).detach(), dim, keepdim)
    return nansum(input, dim, keepdim) / count.to(input.dtype)


_NanMedian, _Mode = named("nanmedian", "values", "indices"), named("mode", "values", "indices")


def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle (the lower of two) of the elements that are not nan, of all; along a dimension as (values, indices)."""
    if dim is None:
        flat = reshape(input, -1)
        return _middle_of_numbers(flat, 0)[0] if flat._shape[0] else input.new_full((), math.nan)
    axis = wrap_dim(dim, input.dim())
    if not input._shape:
        return _NanMedian(input.clone(), input.new_zeros((), dtype=int64))
    values, indices = _middle_of_numbers(input, axis)
    return _NanMedian(*((values.unsqueeze(axis), indices.unsqueeze(axis)) if keepdim else (values, indices)))


def _middle_of_numbers(input: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    order = argsort(input, axis)
    numbers = sum((input == input).detach(), axis, True)
    place = ((numbers - 1).clamp(min=0)) // 2
    position = gather(order, axis, place)
    return gather(input, axis, position).squeeze(axis), position.squeeze(axis)


@recorded_as("ModeBackward0")
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """The most frequent element along a dimension, the smallest of several, and where it last occurs."""
    axis = wrap_dim(dim, input.dim())
    if not input._shape:
        return _Mode(input.clone(), input.new_zeros((), dtype=int64))
    n = input._shape[axis]
    if not n:
        raise IndexError(f"mode(): Expected reduction dim {axis} to have non-zero size.")
    order = argsort(input.detach(), axis)
    ordered = movedim(gather(input.detach(), axis, order), axis, -1)
    order = movedim(order, axis, -1)
    steps = arange(n, device=input.device).expand(ordered._shape)
    fresh = cat([ordered.new_ones((*ordered._shape[:-1], 1), dtype=bool_), ordered[..., 1:] != ordered[..., :-1]], -1)
    start = choose(steps, 0, fresh)
    start = start.cummax(-1).values
    best = (steps - start).argmax(-1, keepdim=True)
    position = movedim(gather(order, -1, best), -1, axis)
    values = gather(input, axis, position)
    return _Mode(values, position) if keepdim else _Mode(values.squeeze(axis), position.squeeze(axis))


# --- quantiles --------------------------------------------------------------------------------------------------------

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def quantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The q-th quantiles, of all or along a dimension; several `q` come first in the shape.

    Raises:
        RuntimeError: elements or `q` that are not floating point, `q` outside [0, 1], or an unknown interpolation.
    """
    return _quantile(input, q, dim, keepdim, interpolation, ignore_nan=False)


def nanquantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """`quantile` of the elements that are not nan."""
    return _quantile(input, q, dim, keepdim, interpolation, ignore_nan=True)


def _quantile(input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str, *, ignore_nan: bool) -> Tensor:
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"quantile() q must be in the range [0, 1] but got {q:g}")
        q = tensor(q, dtype=input.dtype if input.dtype.is_floating_point else None, device=input.device)
    _check_quantile(input, q, interpolation)
    if dim is None:
        x, rank = reshape(input, -1), input.dim()
        kept = (1,) * rank
    else:
        axis = wrap_dim(dim, input.dim())
        x = movedim(input, axis, -1) if input._shape else reshape(input, 1)
        kept = tuple([1 if i == axis else n for i, n in enumerate(input._shape)])
    n = x._shape[-1]
    order = argsort(x.detach(), -1)
    ordered = gather(x, -1, order)
    spoilt = (x != x).any(-1, True)
    # (..., number of q): where each quantile lies among the sorted.
    levels = reshape(q, -1)
    if ignore_nan:
        count = sum((x == x).detach(), -1, True)
        places = levels * (count - 1).to(x.dtype)
        places = choose(0.0, places, count == 0)
    else:
        places = (levels * (n - 1)).expand((*x._shape[:-1], levels._shape[0]))
        places = choose(float(n - 1), places, spoilt)
    if interpolation == "lower":
        places = places.floor()
    elif interpolation == "higher":
        places = places.ceil()
    elif interpolation == "nearest":
        places = places.round()
    low = places.detach().to(int64)
    below = gather(ordered, -1, low)
    if interpolation in ("linear", "midpoint"):
        above = gather(ordered, -1, places.ceil().detach().to(int64))
        weight = places - low if interpolation == "linear" else places.new_full(places._shape, 0.5)
        below = lerp(below, above, weight.to(x.dtype))
    result = movedim(below, -1, 0)
    if keepdim:
        result = reshape(result, (levels._shape[0], *kept))
    return result.squeeze(0) if not q._shape else result


def _check_quantile(input: Tensor, q: Tensor, interpolation: str) -> None:
    if not input.numel():
        raise RuntimeError("quantile() input tensor must be non-empty")
    if q.dim() > 1:
        raise RuntimeError("quantile() q must be a scalar or 1D tensor")
    if input.dtype not in (float32, float64):
        raise RuntimeError("quantile() input tensor must be either float or double dtype")
    if q.dtype is not input.dtype:
        raise RuntimeError("quantile() q tensor must be same dtype as the input tensor")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
            f"{interpolation}"
        )
    if input._storage.backend.name == "cpu" and not bool(((q >= 0) & (q <= 1)).all()):
        raise RuntimeError("quantile() q values must be in the range [0, 1]")


# --- histograms -------------------------------------------------------------------------------------------------------


def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall into each of `bins` equal parts of [min, max]; by default the range of the elements.

    Raises:
        RuntimeError: no bins, or limits that are not finite or in the wrong order.
    """
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    if not input.dtype.is_floating_point:
        raise NotImplementedError(f"\"histogram_cpu\" not implemented for '{input.dtype.legacy_name}'")
    flat = reshape(input.detach(), -1)
    low, high = float(min), float(max)
    if low == high and flat._shape[0]:
        low, high = float(flat.min().item()), float(flat.max().item())
    if low == high:
        low, high = low - 1, high + 1
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"range of [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError("torch.histc: max must be larger than min")
    inside = (flat >= low) & (flat <= high)
    place = ((flat - low) / (high - low) * bins).to(int64).clamp(0, bins - 1)
    place = choose(0, place, ~inside)
    return index_add(input.new_zeros(bins), 0, place, inside.to(input.dtype))


_Histogram = named("histogram", "hist", "bin_edges")


def histogram(
    input: Tensor,
    bins: Any = 100,
    *,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> tuple[Tensor, Tensor]:
    """How many elements (or what weight) fall between the edges of bins, and the edges; the last bin has both its ends.

    Raises:
        RuntimeError: edges or weights that do not fit.
    """
    flat = reshape(input.detach(), -1)
    if weight is not None and weight._shape != input._shape:
        raise RuntimeError(
            "histogramdd(): if weight tensor is provided it should have the same shape as the input tensor excluding "
            f"its innermost dimension, but got input with shape {[*input._shape, 1]} and weight with shape "
            f"{list(weight._shape)}"
        )
    edges = _edges(flat, bins, range)
    counts = _counted([flat], [edges], None if weight is None else reshape(weight, -1), density)
    found: tuple[Tensor, Tensor] = _Histogram(counts, edges)
    return found


def _edges(values: Tensor, bins: Any, limits: Sequence[float] | None) -> Tensor:
    if isinstance(bins, Tensor):
        return bins
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    low, high = (float(limits[0]), float(limits[1])) if limits else (0.0, 0.0)
    if limits is None:
        low, high = (float(values.min().item()), float(values.max().item())) if values.numel() else (0.0, 1.0)
    if limits is not None and low > high:
        raise RuntimeError(
            f"histogramdd(): min should not exceed max, but got min {low:g} max {high:g} for dimension 0"
        )
    if low == high:
        low, high = low - 0.5, high + 0.5
    return linspace(low, high, bins + 1, dtype=values.dtype, device=values.device)


def _counted(columns: list[Tensor], edges: list[Tensor], weight: Tensor | None, density: bool) -> Tensor:
    sizes = [e._shape[0] - 1 for e in edges]
    place: Any = 0
    inside: Any = None
    for values, limits, n in zip(columns, edges, sizes, strict=True):
        within = (values >= limits[0]) & (values <= limits[-1])
        inside = within if inside is None else inside & within
        bin_ = searchsorted(limits.contiguous(), values.contiguous(), right=True) - 1
        place = place * n + bin_.clamp(0, n - 1)
    kind = columns[0].dtype
    share = inside.to(kind) if weight is None else where(inside, weight, 0.0)
    counts = index_add(columns[0].new_zeros(math.prod(sizes)), 0, choose(0, place, ~inside), share)
    counts = reshape(counts, sizes)
    if density:
        counts = counts / sum(counts)
        for axis, limits in enumerate(edges):
            widths = limits[1:] - limits[:-1]
            counts = counts / reshape(widths, [-1 if i == axis else 1 for i in range_of(len(sizes))])
    return counts


range_of = range  # `histogram` has a parameter of that name


_HistogramDD = named("histogramdd", "hist", "bin_edges")


def histogramdd(
    input: Tensor,
    bins: Any,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """`histogram` of points: the last dimension of `input` are their coordinates, each with bins of its own."""
    points = reshape(input.detach(), (-1, input._shape[-1]))
    dims = points._shape[1]
    columns = list(points.unbind(1))
    counts = [bins] * dims if isinstance(bins, int) else list(bins)
    if len(counts) != dims:
        raise RuntimeError("histogramdd: The size of bins must be equal to the innermost dimension of the input.")
    limits = [None if range is None else range[2 * i : 2 * i + 2] for i in range_of(dims)]
    edges = [_edges(c.contiguous(), b, r) for c, b, r in zip(columns, counts, limits, strict=True)]
    hist = _counted(columns, edges, None if weight is None else reshape(weight, -1), density)
    found: tuple[Tensor, tuple[Tensor, ...]] = _HistogramDD(hist, tuple(edges))
    return found


# --- covariance -------------------------------------------------------------------------------------------------------


def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariance matrix of variables (rows) over observations (columns), which may have weights.

    Raises:
        RuntimeError: more than two dimensions, or weights that do not fit.
    """
    if input.dim() > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {input.dim()} dimensions"
        )
    if input.dtype is bool_:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = reshape(input, (1, -1)) if input.dim() < 2 else input
    n = x._shape[1]
    weights: Tensor | None = None
    for name, w in (("fweights", fweights), ("aweights", aweights)):
        if w is None:
            continue
        if w.dim() > 1:
            raise RuntimeError(
                f"cov(): expected {name} to have one or fewer dimensions but got {name} with {w.dim()} dimensions"
            )
        if name == "fweights" and not w.dtype.is_integral:
            raise RuntimeError(
                f"cov(): expected fweights to have integral dtype but got fweights with {_c_name(w)} dtype"
            )
        if name == "aweights" and not w.dtype.is_floating_point:
            raise RuntimeError(
                f"cov(): expected aweights to have floating point dtype but got aweights with {_c_name(w)} dtype"
            )
        if w.numel() != n:
            raise RuntimeError(
                f"cov(): expected {name} to have the same numel as there are observations in the input but got "
                f"{w.numel()} != {n}"
            )
        if bool((w < 0).any()):
            raise RuntimeError(f"cov(): {name} cannot be negative")
        weights = w if weights is None else weights * w
    if x.dtype.priority < 2:
        x = x.to(float32 if promote_types(x.dtype, float32) is float32 else float64)
    if weights is None:
        average = mean(x, 1, True)
        norm: Any = float(n) - correction
        scaled = x - average
        product = scaled
    else:
        weights = weights.to(x.dtype.to_real()) if not weights.dtype.is_floating_point else weights
        total = sum(weights)
        average = sum(x * weights, 1, True) / total
        if aweights is None or correction == 0:
            norm = total - correction
        else:
            norm = total - correction * sum(weights * aweights) / total
        scaled = x - average
        product = scaled * weights
    below = norm.clamp(min=0) if isinstance(norm, Tensor) else max(norm, 0.0)
    if not isinstance(below, Tensor) and below == 0:
        import warnings

        warnings.warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.",
            stacklevel=2,
        )
    result = (scaled @ product.t().conj()) / below
    return result.squeeze()


def _c_name(x: Tensor) -> str:
    return x.dtype.legacy_name


def corrcoef(input: Tensor) -> Tensor:
    """The correlation matrix of variables (rows) over observations (columns)."""
    if input.dim() > 2:
        raise RuntimeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with {input.dim()} dimensions"
        )
    covariance = cov(input)
    if not covariance._shape:
        return covariance / covariance
    spread = covariance.diagonal().sqrt()
    found = covariance / spread.unsqueeze(1) / spread.unsqueeze(0)
    if found.dtype.is_complex:
        return complex(found.real.clamp(-1, 1), found.imag.clamp(-1, 1))
    return found.clamp(-1, 1)


FUNCTIONS = (nanmean, nanmedian, mode, quantile, nanquantile, histc, histogram, histogramdd, cov, corrcoef)
METHODS = tuple(f for f in FUNCTIONS if f is not histogramdd)
