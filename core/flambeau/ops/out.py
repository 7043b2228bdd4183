"""`out=`: which functions take it where their definition says nothing of it, and how."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from .._tensor import Tensor
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

FACTORIES = frozenset(("eye", "linspace", "logspace", "normal", "rand", "randint", "randn", "randperm", "range"))
"""Functions that, where no dtype is given, compute in that of `out`."""


def with_out(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A function that also takes `out`: a tensor, or a tuple of them, to write the result to."""
    factory = name in FACTORIES

    def call(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        if out is None:
            return function(*args, **kwargs)
        if factory:
            kwargs.setdefault("dtype", out.dtype)
            kwargs.setdefault("device", out.device)
        if isinstance(out, Tensor):
            for x in args:
                check_apart(out, x, same=name not in APART)
        return store_all(out, function(*args, **kwargs), name)

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
