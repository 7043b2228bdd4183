"""Reductions and scans.

Source: https://docs.pytorch.org/docs/stable/torch.html#reduction-ops
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

from .. import once
from .._tensor import Tensor
from ..backends.protocol import Array
from ..dtype import bool_, dtype, get_default_dtype, int64, uint8
from ..shape import sizes, wrap_dim, wrap_dims
from .node_names import name_node, recorded_as
from .op import op, store
from .operands import to_dtype
from .pointwise import exp, log, maximum, minimum, where
from .returned import named
from .vmap_levels import every

Dims = int | Sequence[int] | None


def restore(g: Tensor, shape: tuple[int, ...], axes: tuple[int, ...], keepdim: bool) -> Tensor:
    """A reduced tensor, broadcast again over the axes that were reduced."""
    if not keepdim:
        g = g.reshape(tuple([1 if i in axes else n for i, n in enumerate(shape)]))
    return g.expand(shape)


@op(name="SumToSizeBackward0", input=lambda g, input_shape: g.expand(input_shape))
def sum_to(be: Any, input: Array, shape: tuple[int, ...]) -> Any:
    """The sum over the dimensions along which `shape` was broadcast to that of `input`."""
    lead = len(input.shape) - len(shape)
    if input.shape[lead:] == shape:
        return be.sum(input, tuple(range(lead)), False)
    axes = [i for i in range(len(input.shape)) if i < lead or (shape[i - lead] == 1 and input.shape[i] != 1)]
    return be.reshape(be.sum(input, tuple(axes), False), shape)


def sum_to_size(input: Tensor, *sizes_: Any, size: Any = None) -> Tensor:
    """`input` summed over the dimensions along which a shape was broadcast to its own."""
    shape = sizes(sizes_ if size is None else (size,))
    if input._shape == shape and shape:
        return input
    if input.dtype.priority < 2:
        input = input.to(int64)
    lead = len(input._shape) - len(shape)
    if lead < 0 or builtins.any(n not in (1, m) for n, m in zip(shape, input._shape[lead:], strict=True)):
        raise RuntimeError(f"size {{{list(shape)}}} is not expandable to size {{{list(input._shape)}}}.")
    return sum_to(input, shape)


# --- sums -------------------------------------------------------------------------------------------------------------


@op(name="SumBackward0", input=lambda g, input_shape: g.expand(input_shape))
def sum_all(be: Any, input: Array) -> Any:
    """The sum of all elements."""
    return be.sum(input, tuple(range(len(input.shape))), False)


@op(name="SumBackward1", input=lambda g, input_shape, axes, keepdim: restore(g, input_shape, axes, keepdim))
def sum_dims(be: Any, input: Array, axes: tuple[int, ...], keepdim: bool) -> Any:
    """The sum over axes."""
    return be.sum(input, axes, keepdim)


def sum(
    input: Tensor,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
    axis: Dims = None,
    out: Tensor | None = None,
) -> Tensor:
    """The sum of all elements, or over dimensions. Integers and bool are summed in int64."""
    if dtype is not None:
        input = to_dtype(input, dtype)
    elif input.dtype.priority < 2:
        input = to_dtype(input, int64)
    dim = axis if dim is None else dim
    result = (
        sum_all(input) if dim is None and not keepdim else sum_dims(input, wrap_dims(dim, len(input._shape)), keepdim)
    )
    return result if out is None else store(out, result, "sum")


@recorded_as("NansumBackward0")
def nansum(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The sum, with nan counting as 0."""
    if input.dtype.is_complex:
        raise RuntimeError("nansum on CPU does not support complex inputs")
    return sum(where(input != input, 0, input), dim, keepdim)


@op(name="MeanBackward0", input=lambda g, input_shape: (g / math.prod(input_shape)).expand(input_shape))
def mean_all(be: Any, input: Array) -> Any:
    """The mean of all elements."""
    n = math.prod(input.shape)
    total = be.sum(input, tuple(range(len(input.shape))), False)
    return be.div(total, float(n))


@op(
    name="MeanBackward1",
    input=lambda g, input_shape, axes, keepdim: restore(g, input_shape, axes, keepdim) / _count(input_shape, axes),
)
def mean_dims(be: Any, input: Array, axes: tuple[int, ...], keepdim: bool) -> Any:
    """The mean over axes."""
    return be.div(be.sum(input, axes, keepdim), float(_count(input.shape, axes)))


def _count(shape: tuple[int, ...], axes: tuple[int, ...]) -> int:
    return math.prod([shape[a] for a in axes])


def mean(
    input: Tensor,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
    axis: Dims = None,
    out: Tensor | None = None,
) -> Tensor:
    """The mean of all elements, or over dimensions.

    Raises:
        RuntimeError: the elements are not floating point.
    """
    if dtype is not None:
        input = to_dtype(input, dtype)
    if input.dtype.priority < 2:
        kind = "Bool" if input.dtype is bool_ else input.dtype.legacy_name
        which = "Input" if dtype is None else "Optional"
        raise RuntimeError(
            f"mean(): could not infer output dtype. {which} dtype must be either a floating point or complex dtype. "
            f"Got: {kind}"
        )
    dim = axis if dim is None else dim
    result = (
        mean_all(input) if dim is None and not keepdim else mean_dims(input, wrap_dims(dim, len(input._shape)), keepdim)
    )
    return result if out is None else store(out, result, "mean")


@op(name="ProdBackward0", input=lambda g, input, axes, keepdim, out: _prod_backward(g, input, axes, keepdim, out))
def prod_dims(be: Any, input: Array, axes: tuple[int, ...], keepdim: bool) -> Any:
    """The product over axes."""
    return be.prod(input, axes, keepdim)


def _prod_backward(g: Tensor, x: Tensor, axes: tuple[int, ...], keepdim: bool, out: Tensor) -> Tensor:
    zeros = (x == 0).to(x.dtype)
    if not bool(every(zeros).any().item()):
        return restore(g * out, x._shape, axes, keepdim) / x
    # With one zero, only its slope is not 0: the product of the others. With two, none.
    count = sum_dims(zeros, axes, True)
    others = prod_dims(where(x == 0, 1.0, x), axes, True)
    slope = where(count == 0, others / where(x == 0, 1.0, x), where((count == 1) & (x == 0), others, 0.0))
    return restore(g, x._shape, axes, keepdim) * slope


def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The product of all elements, or over a dimension. Integers are multiplied in int64."""
    if dtype is not None:
        input = to_dtype(input, dtype)
    elif input.dtype.priority < 2:
        input = to_dtype(input, int64)
    result = prod_dims(input, wrap_dims(dim, len(input._shape)), keepdim)
    return result if dim is None else name_node(result, "ProdBackward1")


# --- largest and smallest ---------------------------------------------------------------------------------------------


def _equal_shares(g: Tensor, x: Tensor, out: Tensor) -> Tensor:
    """The gradient of the extreme of all elements, shared equally among those that attain it; nan attains nan."""
    hit = ((x == out) | ((x != x) & (out != out))).to(x.dtype)
    return hit * (g / hit.sum())


def _ties(g: Tensor, x: Tensor, axes: tuple[int, ...], keepdim: bool, out: Tensor) -> Tensor:
    """The gradient shared equally among the elements that attain the extreme."""
    hit = (x == restore(out, x._shape, axes, keepdim)).to(x.dtype)
    return hit * restore(g / sum_dims(hit, axes, keepdim), x._shape, axes, keepdim)


@op(name="AmaxBackward0", input=lambda g, input, axes, keepdim, out: _ties(g, input, axes, keepdim, out))
def max_dims(be: Any, input: Array, axes: tuple[int, ...], keepdim: bool) -> Any:
    """The largest over axes."""
    return be.max(input, axes, keepdim)


@op(name="AminBackward0", input=lambda g, input, axes, keepdim, out: _ties(g, input, axes, keepdim, out))
def min_dims(be: Any, input: Array, axes: tuple[int, ...], keepdim: bool) -> Any:
    """The smallest over axes."""
    return be.min(input, axes, keepdim)


@op(name="MaxBackward1", input=lambda g, input, out: _equal_shares(g, input, out))
def max_all(be: Any, input: Array) -> Any:
    """The largest element."""
    return be.max(input, tuple(range(len(input.shape))), False)


@op(name="MinBackward1", input=lambda g, input, out: _equal_shares(g, input, out))
def min_all(be: Any, input: Array) -> Any:
    """The smallest element."""
    return be.min(input, tuple(range(len(input.shape))), False)


def _check_nonempty(input: Tensor, name: str, axes: tuple[int, ...] | None = None) -> None:
    """Raise where there is nothing to choose from; `axes` None or empty means that no dimension was named."""
    axes = axes or None
    for a in range(len(input._shape)) if axes is None else axes:
        if input._shape[a] == 0:
            if axes is None:
                raise RuntimeError(
                    f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction "
                    "dim with the 'dim' argument."
                )
            raise IndexError(f"{name}(): Expected reduction dim {a} to have non-zero size.")


def _named_axes(input: Tensor, dim: Dims) -> tuple[int, ...] | None:
    if dim is None or (not isinstance(dim, int) and not len(dim)):
        return None
    return wrap_dims(dim, len(input._shape))


def amax(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The largest over dimensions; ties share the gradient."""
    axes = wrap_dims(dim, len(input._shape))
    _check_nonempty(input, "amax", _named_axes(input, dim))
    return max_dims(input, axes, keepdim)


def amin(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The smallest over dimensions; ties share the gradient."""
    axes = wrap_dims(dim, len(input._shape))
    _check_nonempty(input, "amin", _named_axes(input, dim))
    return min_dims(input, axes, keepdim)


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    """The smallest and the largest."""
    axes = wrap_dims(dim, len(input._shape))
    for a in axes:
        if not input._shape[a]:
            if dim is not None:
                raise IndexError(f"aminmax: Expected reduction dim {a} to have non-zero size.")
            raise RuntimeError(
                "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
            )
    found: tuple[Tensor, Tensor] = _AMinMax(min_dims(input, axes, keepdim), max_dims(input, axes, keepdim))
    return found


_Max, _Min = named("max", "values", "indices"), named("min", "values", "indices")
_AMinMax = named("aminmax", "min", "max")


def _pick(input: Tensor, index: Tensor, dim: int, keepdim: bool) -> Tensor:
    """The elements at a position per slice along `dim`, differentiably."""
    from .by_index import gather

    if not input._shape:
        return input.clone()
    position = index if keepdim else index.unsqueeze(dim)
    picked = gather(input, dim, position)
    return picked if keepdim else picked.squeeze(dim)


def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The largest element; with a dimension, a pair (values, indices); with another tensor, `maximum`."""
    if isinstance(dim, Tensor) or other is not None:
        return maximum(input, dim if other is None else other)
    if dim is None:
        _check_nonempty(input, "max")
        return max_all(input)
    index = _arg(_argmax, "max", input, dim, keepdim)
    return _Max(name_node(_pick(input, index, wrap_dim(dim, len(input._shape)), keepdim), "MaxBackward0"), index)


def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The smallest element; with a dimension, a pair (values, indices); with another tensor, `minimum`."""
    if isinstance(dim, Tensor) or other is not None:
        return minimum(input, dim if other is None else other)
    if dim is None:
        _check_nonempty(input, "min")
        return min_all(input)
    index = _arg(_argmin, "min", input, dim, keepdim)
    return _Min(name_node(_pick(input, index, wrap_dim(dim, len(input._shape)), keepdim), "MinBackward0"), index)


@op(result=int64)
def _argmax(be: Any, input: Array, axis: int, keepdim: bool) -> Any:
    return be.argmax(input, axis, keepdim)


@op(result=int64)
def _argmin(be: Any, input: Array, axis: int, keepdim: bool) -> Any:
    return be.argmin(input, axis, keepdim)


def _arg(find: Any, name: str, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    rank = len(input._shape)
    if dim is None:
        if input.numel() == 0:
            raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
        flat: Tensor = find(input.detach().reshape(-1), 0, False)
        return flat.reshape((1,) * rank) if keepdim else flat
    axis = wrap_dim(dim, rank)
    if not rank:
        one: Tensor = find(input.detach().reshape(1), 0, False)
        return one
    _check_nonempty(input, name, (axis,))
    found: Tensor = find(input, axis, keepdim)
    return found


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The int64 position of the largest element, of all or along a dimension."""
    return _arg(_argmax, "argmax", input, dim, keepdim)


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The int64 position of the smallest element, of all or along a dimension."""
    return _arg(_argmin, "argmin", input, dim, keepdim)


def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether some element is true (not 0)."""
    axes = wrap_dims(dim, len(input._shape))
    if input.numel() == 0:
        return _truth(input, sum_dims(to_dtype(input, int64), axes, keepdim) != 0)
    return _truth(input, max_dims(to_dtype(input.detach(), bool_), axes, keepdim))


def _truth(input: Tensor, found: Tensor) -> Tensor:
    # uint8 was PyTorch's bool before there was one, and here it still is.
    return found.to(uint8) if input.dtype is uint8 else found


def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether every element is true (not 0)."""
    axes = wrap_dims(dim, len(input._shape))
    if input.numel() == 0:
        return _truth(input, sum_dims(to_dtype(input != 0, int64), axes, keepdim) == _count(input._shape, axes))
    return _truth(input, min_dims(to_dtype(input.detach(), bool_), axes, keepdim))


def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """How many elements are not 0."""
    return sum(input != 0, dim)


# --- spread and size --------------------------------------------------------------------------------------------------


@op(
    name="VarBackward0",
    input=lambda g, input, axes, correction, keepdim: _var_backward(g, input, axes, correction, keepdim),
)
def _var(be: Any, input: Array, axes: tuple[int, ...], correction: float, keepdim: bool) -> Any:
    return _variance(be, input, axes, correction, keepdim)


def _variance(be: Any, input: Array, axes: tuple[int, ...], correction: float, keepdim: bool) -> Any:
    n = _count(input.shape, axes)
    centred = be.sub(input, be.div(be.sum(input, axes, True), float(n)))
    return be.div(be.sum(be.mul(centred, centred), axes, keepdim), float(builtins.max(n - correction, 0)))


def _var_backward(g: Tensor, x: Tensor, axes: tuple[int, ...], correction: float, keepdim: bool) -> Tensor:
    below = _count(x._shape, axes) - correction
    return restore(g, x._shape, axes, keepdim) * (
        (x - mean_dims(x, axes, True)) * (2 / below if below > 0 else math.inf)
    )


@op(
    name="StdBackward0",
    input=lambda g, input, axes, correction, keepdim, out: _var_backward(
        where(out == 0, 0.0, g / (out * 2.0)), input, axes, correction, keepdim
    ),
)
def _std(be: Any, input: Array, axes: tuple[int, ...], correction: float, keepdim: bool) -> Any:
    return be.sqrt(_variance(be, input, axes, correction, keepdim))


def _spread(
    name: str, input: Tensor, dim: Any, unbiased: bool | None, keepdim: bool, correction: float | None
) -> Tensor:
    measure = _std if name.startswith("std") else _var
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    axes = wrap_dims(dim, len(input._shape))
    if builtins.all(input._shape) and math.prod(input._shape[i] for i in axes) <= correction:
        once.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor (input "
            "numel divided by output numel).",
            stacklevel=3,
        )
    if input.dtype.is_complex:
        total = _var(input.real, axes, correction, keepdim) + _var(input.imag, axes, correction, keepdim)
        return total.sqrt() if measure is _std else total
    if not input.dtype.is_floating_point:
        raise RuntimeError("std and var only support floating point and complex dtypes")
    result: Tensor = measure(input, axes, correction, keepdim)
    return result


def var(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The variance: squared distance from the mean, over `n - correction` (default 1)."""
    return _spread("var", input, dim, unbiased, keepdim, correction)


def std(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The standard deviation, the square root of `var`."""
    return _spread("std", input, dim, unbiased, keepdim, correction)


def var_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The variance and the mean."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    axes = wrap_dims(dim, len(input._shape))
    spread = _spread("var_mean", input, dim, unbiased, keepdim, correction)
    return name_node(spread, "VarMeanBackward0"), name_node(mean_dims(input, axes, keepdim), "VarMeanBackward0")


def std_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    axes = wrap_dims(dim, len(input._shape))
    spread = _spread("std_mean", input, dim, unbiased, keepdim, correction)
    return name_node(spread, "StdMeanBackward0"), name_node(mean_dims(input, axes, keepdim), "StdMeanBackward0")


@op(
    name="LogsumexpBackward0",
    input=lambda g, input, axes, keepdim, out: _logsumexp_backward(g, input, axes, keepdim, out),
)
def _logsumexp(be: Any, input: Array, axes: tuple[int, ...], keepdim: bool) -> Any:
    top = be.max(input, axes, True)
    top = be.where(be.lt(be.abs(top), math.inf), top, 0.0)  # a row of -inf stays -inf, not nan
    total = be.log(be.sum(be.exp(be.sub(input, top)), axes, True))
    result = be.add(total, top)
    return result if keepdim else be.sum(result, axes, False)


def _logsumexp_backward(g: Tensor, x: Tensor, axes: tuple[int, ...], keepdim: bool, out: Tensor) -> Tensor:
    return restore(g, x._shape, axes, keepdim) * (x - restore(out, x._shape, axes, keepdim)).exp()


def logsumexp(input: Tensor, dim: int | Sequence[int], keepdim: bool = False) -> Tensor:
    """The logarithm of the sum of exponentials over dimensions, without overflow."""
    axes = wrap_dims(dim, len(input._shape))
    if input.dtype.is_complex:
        if not input.numel():
            return log(sum_dims(exp(input), axes, keepdim))
        top = amax(input.detach().real, axes, True)
        top = top.masked_fill(top.abs() == math.inf, 0.0)
        found = log(sum_dims(exp(input - top), axes, True)) + top
        return found if keepdim or not axes else found.squeeze(axes)
    if not input.dtype.is_floating_point:
        input = to_dtype(input, get_default_dtype())
    if builtins.any(input._shape[a] == 0 for a in axes):
        return log(sum_dims(exp(input), axes, keepdim))
    return _logsumexp(input, axes, keepdim)


def norm(
    input: Tensor,
    p: Any = "fro",
    dim: Dims = None,
    keepdim: bool = False,
    dtype: dtype | None = None,
) -> Tensor:
    """The p-norm of all elements, or over dimensions: (sum |x|**p)**(1/p); "fro" is 2, inf the largest."""
    if dtype is not None:
        input = to_dtype(input, dtype)
    if input.dtype.is_complex and p != "nuc":
        input = input.abs()
    if input.dtype.priority < 2:
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got " + input.dtype.legacy_name
        )
    axes = wrap_dims(dim, len(input._shape))
    if p is None or p == "fro":
        p = 2.0
    if p == "nuc":
        from .matrix_function import matrix_norm

        return matrix_norm(input, "nuc", axes if dim is not None else (-2, -1), keepdim)
    return name_node(_p_norm(input, float(p), axes, keepdim), "LinalgVectorNormBackward0")


def _p_norm(input: Tensor, p: float, axes: tuple[int, ...], keepdim: bool) -> Tensor:
    if p == 2.0:
        root: Tensor = _norm2(input, axes, keepdim)
        return root
    if p == math.inf:
        return amax(input.abs(), axes, keepdim) if axes else input.abs()
    if p == -math.inf:
        return amin(input.abs(), axes, keepdim) if axes else input.abs()
    if p == 0.0:
        count: Tensor = _norm0(input, axes, keepdim)
        return count
    if p == 1.0:
        return sum_dims(input.abs(), axes, keepdim)
    found: Tensor = _norm_p(input, p, axes, keepdim)
    return found


@op(
    name="LinalgVectorNormBackward0",
    input=lambda g, input, p, axes, keepdim, out: _norm_p_backward(g, input, p, axes, keepdim, out),
)
def _norm_p(be: Any, input: Array, p: float, axes: tuple[int, ...], keepdim: bool) -> Any:
    return be.pow(be.sum(be.pow(be.abs(input), p), axes, keepdim), 1.0 / p)


def _norm_p_backward(g: Tensor, x: Tensor, p: float, axes: tuple[int, ...], keepdim: bool, out: Tensor) -> Tensor:
    # As PyTorch, the slope is 0 where all elements are, and at elements that are where it would be infinite.
    size = x.abs()
    if p < 1.0:
        powers = where(x == 0, 0.0, where(x == 0, 1.0, size) ** (p - 1.0))
        scale = g * out ** (1.0 - p)
    else:
        powers = size ** (p - 1.0)
        scale = where(out == 0, 0.0, g / where(out == 0, 1.0, out) ** (p - 1.0))
    return x.sign() * powers * restore(scale, x._shape, axes, keepdim)


@op(name="LinalgVectorNormBackward0", input=lambda g: None)
def _norm0(be: Any, input: Array, axes: tuple[int, ...], keepdim: bool) -> Any:
    return be.sum(be.cast(be.ne(input, 0), be.dtype_of(input)), axes, keepdim)


@op(
    name="LinalgVectorNormBackward0",
    input=lambda g, input, axes, keepdim, out: _norm2_backward(g, input, axes, keepdim, out),
)
def _norm2(be: Any, input: Array, axes: tuple[int, ...], keepdim: bool) -> Any:
    return be.sqrt(be.sum(be.mul(input, input), axes, keepdim))


def _norm2_backward(g: Tensor, x: Tensor, axes: tuple[int, ...], keepdim: bool, out: Tensor) -> Tensor:
    scale = where(out == 0, 0.0, g / out)  # the subgradient at 0 is 0, as PyTorch
    return x * restore(scale, x._shape, axes, keepdim)


# --- scans ------------------------------------------------------------------------------------------------------------


@op(name="CumsumBackward0", input=lambda g, axis: _reverse_cumsum(g, axis))
def _cumsum(be: Any, input: Array, axis: int) -> Any:
    return be.cumsum(input, axis)


def _reverse_cumsum(g: Tensor, axis: int) -> Tensor:
    total = sum_dims(g, (axis,), True)
    return total - _cumsum(g, axis) + g


def cumsum(input: Tensor, dim: int, *, dtype: dtype | None = None) -> Tensor:
    """The running sum along a dimension."""
    axis = wrap_dim(dim, len(input._shape))
    input = to_dtype(input, dtype or (input.dtype if input.dtype.priority >= 2 else int64))
    return _cumsum(input, axis) if input._shape else input.clone()


@op(name="CumprodBackward0", input=lambda g, input, axis, out: _cumprod_backward(g, input, axis, out))
def _cumprod(be: Any, input: Array, axis: int) -> Any:
    return be.cumprod(input, axis)


def _cumprod_backward(g: Tensor, x: Tensor, axis: int, out: Tensor) -> Tensor:
    if not bool(every(x == 0).any().item()):
        return _reverse_cumsum(g * out, axis) / x
    # d out[j] / d x[i] is the product of the others up to j: exact with zeros, at quadratic cost.
    from .joining import stack

    columns = x.unbind(axis)
    slopes = []
    for i in range(len(columns)):
        running = _prefix(columns, i)
        total = g.select(axis, i) * running
        for j in range(i + 1, len(columns)):
            running = running * columns[j]
            total = total + g.select(axis, j) * running
        slopes.append(total)
    return stack(slopes, axis)


def _prefix(columns: Sequence[Tensor], stop: int) -> Tensor:
    product = columns[0] * 0 + 1
    for c in columns[:stop]:
        product = product * c
    return product


def cumprod(input: Tensor, dim: int, *, dtype: dtype | None = None) -> Tensor:
    """The running product along a dimension."""
    axis = wrap_dim(dim, len(input._shape))
    input = to_dtype(input, dtype or (input.dtype if input.dtype.priority >= 2 else int64))
    return _cumprod(input, axis) if input._shape else input.clone()


FUNCTIONS = (
    sum, sum_to_size, nansum, mean, prod, amax, amin, aminmax, max, min, argmax, argmin, any, all, count_nonzero, var, std,
    var_mean, std_mean, logsumexp, norm, cumsum, cumprod,
)  # fmt: skip
METHODS = tuple(f for f in FUNCTIONS if f not in (var_mean, std_mean))
INPLACE = (cumsum, cumprod)
