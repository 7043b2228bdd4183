"""Autocast: functions that are cast to a lower precision, or to float32, while it is on.

The table says which, as PyTorch's does for its CPU. `install` puts a check before each function: where autocast is off,
that is all there is to it.
Source: https://docs.pytorch.org/docs/stable/amp.html#cpu-op-specific-behavior
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from types import FunctionType, ModuleType
from typing import Any

from .._tensor import Tensor
from ..autograd.modes import GradMode
from ..dtype import bfloat16, dtype, float16, float32, float64

_PACKAGE = __name__.partition(".")[0] + "."


class Autocast:
    """Where autocast is on, and what to. `Autocast.active` is read on every call, hence a plain attribute."""

    active: bool = False  # for the CPU or a plugin's device: functions cast the tensors of those where it is on
    enabled: set[str] = set()
    dtypes: dict[str, dtype] = {"cpu": bfloat16}  # of other devices float16
    cache: bool = True
    nesting: int = 0
    casts: dict[tuple[int, bool], tuple[Tensor, Tensor]] = {}  # of parameters, by identity, with and without recording


_LOWER = (
    "mm bmm matmul addmm addbmm baddbmm linear conv1d conv2d conv3d conv_tbc conv_transpose1d conv_transpose2d "
    "conv_transpose3d prelu scaled_dot_product_attention rnn_scan"
)
_FLOAT32 = (
    "avg_pool3d max_pool3d adaptive_avg_pool3d prod trace cdist quantile nanquantile inverse cholesky cholesky_inverse "
    "cholesky_solve grid_sample binary_cross_entropy binary_cross_entropy_with_logits mse_loss l1_loss smooth_l1_loss "
    "huber_loss nll_loss cross_entropy poisson_nll_loss kl_div cosine_embedding_loss hinge_embedding_loss "
    "margin_ranking_loss soft_margin_loss triplet_margin_loss multi_margin_loss multilabel_margin_loss ctc_loss "
    "lstm_cell gru_cell lstm_scan gru_scan"
)
_UNTOUCHED = "mv bilinear"  # though they are made of functions above
_WIDEST = "cat stack index_copy addcmul addcdiv"

POLICIES: dict[str, Callable[[list[Tensor]], dtype | None]] = {
    **dict.fromkeys(_LOWER.split(), lambda tensors: lower(tensors[0]) if tensors else None),
    **dict.fromkeys(_FLOAT32.split(), lambda tensors: float32),
    **dict.fromkeys(_UNTOUCHED.split(), lambda tensors: None),
    **dict.fromkeys(_WIDEST.split(), lambda tensors: _widest(tensors)),
}


def _widest(tensors: list[Tensor]) -> dtype | None:
    kinds = {t.dtype for t in tensors}
    return float32 if float32 in kinds and (bfloat16 in kinds or float16 in kinds) else None


def lower(x: Tensor) -> dtype:
    """The lower precision of a tensor's device."""
    return Autocast.dtypes.get(_kind(x), float16)


def _kind(x: Tensor) -> str:
    return "cpu" if x.is_cpu else x.device.type


def _eligible(x: Tensor) -> bool:
    return x.dtype.is_floating_point and x.dtype is not float64 and _kind(x) in Autocast.enabled


def _tensors(values: Iterable[Any]) -> list[Tensor]:
    found: list[Tensor] = []
    for x in values:
        if isinstance(x, Tensor):
            if _eligible(x):
                found.append(x)
        elif isinstance(x, (list, tuple)):
            found += _tensors(x)
    return found


def cast(value: Any, kind: dtype) -> Any:
    """A tensor, or those in a list or tuple, in another dtype, if they take part in autocast."""
    if isinstance(value, (list, tuple)):
        return type(value)([cast(x, kind) for x in value]) if _tensors(value) else value
    if not isinstance(value, Tensor) or value.dtype is kind or not _eligible(value):
        return value
    if not (Autocast.cache and value._requires_grad and value._node is None and value._base is None):
        return value.to(kind)
    if kind is float32:
        return value.to(kind)
    key = (id(value), GradMode.enabled)
    held = Autocast.casts.get(key)
    if held is None or held[1].dtype is not kind:
        held = Autocast.casts[key] = (value, value.to(kind))
    return held[1]


def autocasting(f: Callable[..., Any], policy: Callable[[list[Tensor]], dtype | None]) -> Callable[..., Any]:
    """`f` with its tensors cast while autocast is on."""

    untouched = f.__name__ in _UNTOUCHED.split()

    @wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not Autocast.active:
            return f(*args, **kwargs)
        if untouched:
            Autocast.active = False
            try:
                return f(*args, **kwargs)
            finally:
                Autocast.active = True
        kind = policy(_tensors((*args, *kwargs.values()))) if kwargs.get("out") is None else None
        if kind is None:
            return f(*args, **kwargs)
        return f(*[cast(x, kind) for x in args], **{name: cast(x, kind) for name, x in kwargs.items()})

    call.autocasts = True  # type: ignore[attr-defined]
    return call


def install(modules: Iterable[ModuleType]) -> None:
    """Put the functions of the table, wherever these modules have them, under autocast."""
    modules = list(modules)
    made: dict[Any, Callable[..., Any]] = {}
    for module in modules:
        names = vars(module)
        for name in POLICIES.keys() & names.keys():
            f = names[name]
            if isinstance(f, FunctionType) and f.__module__.startswith(_PACKAGE) and not hasattr(f, "autocasts"):
                if f not in made:
                    made[f] = autocasting(f, POLICIES[name])
                names[name] = made[f]
        for listed in ("FUNCTIONS", "METHODS"):
            if listed in names:
                names[listed] = tuple(made.get(f, f) for f in names[listed])
