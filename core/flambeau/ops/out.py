"""`out=`: which functions take it where their definition says nothing of it, and how."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from .._tensor import Tensor
from ..dtype import C_NAMES, int64
from .op import store_all
from .overlap import check_apart

WITH_OUT = frozenset(
    (
        "addbmm", "addmm", "addmv", "addr", "all", "amax", "amin", "aminmax", "any", "argmax", "argmin", "argsort", "baddbmm",
        "bernoulli", "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor",
        "bmm", "bucketize", "clamp_max", "clamp_min", "column_stack", "concat", "concatenate", "copysign", "cummax", "cummin",
        "cumprod", "cumsum", "diag", "diff", "dot", "dstack", "float_power", "fmax", "fmin", "frac", "frexp", "gather", "gcd",
        "ger", "heaviside", "histc", "histogram", "hstack", "hypot",
        "nextafter", "index_add", "index_copy", "index_reduce", "index_select", "inner",
        "isin", "isneginf", "isposinf", "kron", "kthvalue", "lcm", "ldexp", "logaddexp", "logaddexp2", "logcumsumexp",
        "logical_and", "logical_or", "logical_xor", "logsumexp", "masked_select", "max", "median", "min", "mode", "msort",
        "multinomial", "mv", "mvlgamma", "nan_to_num", "nanmean", "nanmedian", "nanquantile", "nansum", "narrow_copy",
        "nonzero", "norm", "outer", "polygamma", "prod", "quantile", "renorm", "row_stack", "scatter", "scatter_add",
        "scatter_reduce", "searchsorted", "signbit", "softmax", "log_softmax", "sort", "square", "std", "take",
        "take_along_dim", "tensordot", "topk", "tril", "triu", "var", "vdot", "vstack", "where",
    )
)  # fmt: skip
"""Functions that compute first and then write to `out`."""

APART = frozenset(("gather", "take", "index_select", "kthvalue", "scatter", "masked_select"))
"""Functions that must not write to what they read."""

EXACT: dict[str, Callable[[Any, Any], str]] = {
    **dict.fromkeys(
        ("aminmax", "gather", "kthvalue", "max", "min"),
        lambda result, out: f"Expected out tensor to have dtype {_c_name(result)}, but got {_c_name(out)} instead",
    ),
    **dict.fromkeys(
        ("amax", "amin"),
        lambda result, out: (
            f"Expected the dtype for input and out to match, but got {result.dtype.legacy_name} for input's dtype and "
            f"{out.dtype.legacy_name} for out's dtype."
        ),
    ),
    "take": lambda result, out: (
        "take(): self and out expected to have the same dtype, but got self.dtype = "
        f"{result.dtype.legacy_name} and out.dtype = {out.dtype.legacy_name}"
    ),
}
"""Functions whose `out` must have the dtype of the result, and what they say where it has not."""

LONG = frozenset(("multinomial",))
"""Functions that look whether `out` is int64 before they look at values."""

FACTORIES = frozenset(("eye", "linspace", "logspace", "normal", "rand", "randint", "randn", "randperm", "range"))
"""Functions that, where no dtype is given, compute in that of `out`."""


def _c_name(x: Tensor) -> str:
    return C_NAMES[x.dtype.name]


def with_out(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A function that also takes `out`: a tensor, or a tuple of them, to write the result to."""
    factory = name in FACTORIES

    def call(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        if out is None:
            return function(*args, **kwargs)
        if factory:
            kwargs.setdefault("dtype", out.dtype)
            kwargs.setdefault("device", out.device)
        if name in LONG and out.dtype is not int64:
            raise RuntimeError(f"{name} expects Long tensor out, got: {out.dtype.legacy_name}")
        targets = (out,) if isinstance(out, Tensor) else out
        for target in targets:
            for x in args:
                check_apart(target, x, same=name not in APART)
        found = function(*args, **kwargs)
        if name in APART and isinstance(found, Tensor):
            for x in args:
                check_apart(out, x, same=False, count=found.numel())
        if name in EXACT:
            for target, result in zip(targets, found if isinstance(found, tuple) else (found,), strict=True):
                if target.dtype is not result.dtype:
                    raise RuntimeError(EXACT[name](result, target))
        return store_all(out, found, name)

    call.__name__ = name
    call.__qualname__ = name
    call.__module__ = function.__module__
    call.__doc__ = function.__doc__
    call.__wrapped__ = function  # type: ignore[attr-defined]
    return call


def with_out_as(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A function of a namespace that also takes `out`; `name` is what PyTorch calls it in errors, such as `linalg_svd`."""

    @wraps(function)
    def call(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        return found if out is None else store_all(out, found, name)

    call.__name__ = call.__qualname__ = name
    return call
