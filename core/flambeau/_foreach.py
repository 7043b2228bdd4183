"""`torch._foreach_*`: one operation on every tensor of a list, returned as a tuple, or with `_` at the end in place.

The functions are those of one tensor, called for each; the list forms are what optimizers and averaging are written in.
Source: https://docs.pytorch.org/docs/stable/torch.html#foreach-operations
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import ops
from ._tensor import Tensor
from .autograd.modes import no_grad
from .promotion import can_cast

_UNARY = (
    "abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "erf", "erfc", "exp", "expm1", "floor", "frac", "lgamma",
    "log", "log10", "log1p", "log2", "neg", "reciprocal", "round", "rsqrt", "sigmoid", "sign", "sin", "sinh", "sqrt",
    "tan", "tanh", "trunc",
)  # fmt: skip
_BINARY = {
    "add": "add", "sub": "sub", "mul": "mul", "div": "div", "pow": "pow",
    "maximum": "maximum", "minimum": "minimum", "clamp_min": "maximum", "clamp_max": "minimum",
}  # fmt: skip


def _checked(name: str, tensors: Any) -> list[Tensor]:
    if not isinstance(tensors, (list, tuple)):
        raise TypeError(
            f"{name}(): argument 'self' (position 1) must be tuple of Tensors, not {type(tensors).__name__}"
        )
    if not tensors:
        raise RuntimeError("Tensor list must have at least one tensor.")
    return list(tensors)


def _operands(tensors: Sequence[Tensor], other: Any, joined: str = "scalar list") -> Sequence[Any]:
    """One operand for each tensor: of a list its elements, anything else again and again.

    Raises:
        RuntimeError: a list of another length.
    """
    if not isinstance(other, (list, tuple)):
        return [other] * len(tensors)
    if len(other) == len(tensors):
        return other
    if other and isinstance(other[0], Tensor):
        raise RuntimeError(f"Tensor lists must have the same number of tensors, got {len(tensors)} and {len(other)}")
    raise RuntimeError(f"Tensor list must have same number of elements as {joined}.")


def _write(tensors: Sequence[Tensor], values: Sequence[Tensor]) -> Sequence[Tensor]:
    for tensor, value in zip(tensors, values, strict=True):
        if value.dtype is not tensor.dtype and not can_cast(value.dtype, tensor.dtype):
            raise RuntimeError(
                f"result type {value.dtype.legacy_name} can't be cast to the desired output type "
                f"{tensor.dtype.legacy_name}"
            )
        tensor.copy_(value)
    return tensors


def _one(name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: Any) -> Any:
        return tuple([operation(x) for x in _checked(f"_foreach_{name}", self)])

    return call


def _two(name: str, operation: Callable[..., Any], at_extremes: bool) -> Callable[..., Any]:
    def call(self: Any, other: Any, *, alpha: Any = 1) -> Any:
        if name == "pow" and not isinstance(self, (list, tuple)):
            return tuple([operation(self, x) for x in _checked("_foreach_pow", other)])
        tensors = _checked(f"_foreach_{name}", self)
        if isinstance(other, Tensor) and other.dim() != 0:
            raise RuntimeError(
                f"scalar tensor expected to be 0 dim but it has {other.dim()} dimensions and {other.numel()} elements."
            )
        others = _operands(tensors, other)
        if at_extremes:
            others = [y if isinstance(y, Tensor) else ops.full_like(x, y) for x, y in zip(tensors, others, strict=True)]
        if alpha != 1:
            return tuple([operation(x, y, alpha=alpha) for x, y in zip(tensors, others, strict=True)])
        return tuple([operation(x, y) for x, y in zip(tensors, others, strict=True)])

    return call


def _three(name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: Any, tensor1: Any, tensor2: Any, value: Any = 1, *, scalars: Any = None) -> Any:
        tensors = _checked(f"_foreach_{name}", self)
        scales: Any = value if scalars is None else scalars
        if isinstance(scales, Tensor):
            if scales.numel() != len(tensors):
                raise RuntimeError(
                    f"Expected length of scalars to match input of length {len(tensors)} but got {scales.numel()} "
                    "instead."
                )
            scales = scales.tolist()
        factors = _operands(tensors, scales)
        firsts, seconds = _operands(tensors, tensor1), _operands(tensors, tensor2)
        return tuple(
            [operation(x, a, b, value=v) for x, a, b, v in zip(tensors, firsts, seconds, factors, strict=True)]
        )

    return call


def _lerp(self: Any, tensors1: Any, weight: Any) -> Any:
    tensors = _checked("_foreach_lerp", self)
    ends, weights = _operands(tensors, tensors1), _operands(tensors, weight)
    return tuple([ops.lerp(x, y, w) for x, y, w in zip(tensors, ends, weights, strict=True)])


def _norm(self: Any, ord: Any = 2, dtype: Any = None) -> Any:
    tensors = _checked("_foreach_norm", self)
    return tuple([ops.norm(x if dtype is None else x.to(dtype), ord) for x in tensors])


def _powsum(self: Any, ord: Any = 2, dtype: Any = None) -> Any:
    tensors = _checked("_foreach_powsum", self)
    return tuple([((x if dtype is None else x.to(dtype)).abs() ** ord).sum() for x in tensors])


def _mm(self: Any, mat2: Any) -> Any:
    tensors = _checked("_foreach_mm", self)
    return tuple([ops.mm(x, y) for x, y in zip(tensors, _operands(tensors, mat2), strict=True)])


def _copy_(self: Any, src: Any, non_blocking: bool = False) -> Any:
    tensors = _checked("_foreach_copy_", self)
    for x, y in zip(tensors, _operands(tensors, src), strict=True):
        x.copy_(y)
    return self


def _zero_(self: Any) -> Any:
    for x in _checked("_foreach_zero_", self):
        x.zero_()
    return self


def _in_place(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return _write(self, function(self, *args, **kwargs))

    return call


def _find(name: str) -> Callable[..., Any] | None:
    stem = name.removesuffix("_")
    if stem in _UNARY:
        found = _one(stem, getattr(ops, stem))
    elif stem in _BINARY:
        found = _two(stem, getattr(ops, _BINARY[stem]), stem not in ("add", "sub", "mul", "div", "pow"))
    elif stem in ("addcmul", "addcdiv"):
        found = _three(stem, getattr(ops, stem))
    elif stem == "lerp":
        found = _lerp
    elif name in _OTHERS:
        return _OTHERS[name]
    else:
        return None
    return _in_place(found) if name.endswith("_") else found


_OTHERS: dict[str, Callable[..., Any]] = {
    "norm": _norm, "powsum": _powsum, "mm": _mm, "copy_": _copy_, "zero_": _zero_, "clone": _one("clone", ops.clone),
    "max": _one("max", lambda x: x.max()),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    found = _find(name.removeprefix("_foreach_")) if name.startswith("_foreach_") else None
    if found is None:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    found.__name__ = found.__qualname__ = name
    found.__doc__ = f"`{name.removeprefix('_foreach_')}` of every tensor of a list."
    globals()[name] = found
    return found


@no_grad()  # type: ignore[untyped-decorator]
def _amp_foreach_non_finite_check_and_unscale_(self: Any, found_inf: Tensor, inv_scale: Tensor) -> None:
    """Multiply every tensor by `inv_scale` in place; `found_inf` becomes 1 where an element is not finite."""
    if inv_scale.numel() != 1:
        raise RuntimeError("inv_scale must be a 1-element tensor.")
    if found_inf.numel() != 1:
        raise RuntimeError("found_inf must be a 1-element tensor.")
    for x in _checked("_amp_foreach_non_finite_check_and_unscale_", self):
        if not ops.isfinite(x).all():
            found_inf.fill_(1.0)
        x.mul_(inv_scale.to(x.device, x.dtype))


@no_grad()  # type: ignore[untyped-decorator]
def _amp_update_scale_(
    self: Tensor,
    growth_tracker: Tensor,
    found_inf: Tensor,
    scale_growth_factor: float,
    scale_backoff_factor: float,
    growth_interval: int,
) -> Tensor:
    """A scale made smaller after gradients that were not finite, and larger after `growth_interval` steps that were."""
    if found_inf.item():
        self.mul_(scale_backoff_factor)
        growth_tracker.zero_()
        return self
    successful = growth_tracker.item() + 1
    if successful == growth_interval:
        grown = self * scale_growth_factor
        if ops.isfinite(grown).all():
            self.copy_(grown)
        growth_tracker.zero_()
    else:
        growth_tracker.fill_(successful)
    return self
