"""Autocast: functions that are cast to a lower precision, or to float32, while it is on.

The tables say which, as PyTorch's do for its CPU and for its GPUs. A check is put before each function that is in them: by
`install` for those that the CPU's table names, by `exchange`, when autocast is first switched on for a GPU, for the rest.
Where autocast is off, that is all there is to it.
Source: https://docs.pytorch.org/docs/stable/amp.html#autocast-op-reference
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from enum import Enum, auto
from functools import wraps
from types import FunctionType, ModuleType
from typing import Any, Final

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


class Policy(Enum):
    """What becomes of the floating-point tensors that a function is given, float64 apart."""

    LOWER = auto()  # the lower precision
    FLOAT32 = auto()
    FLOAT32_UNLESS_TOLD = auto()  # float32, but where a dtype is given, all as it is
    WIDEST = auto()  # float32 if one of them is
    UNTOUCHED = auto()  # all as it is, also in what the function is made of
    REFUSED = auto()


_CPU = {
    Policy.LOWER: (
        "mm bmm matmul addmm addbmm baddbmm linear conv1d conv2d conv3d conv_tbc conv_transpose1d conv_transpose2d "
        "conv_transpose3d prelu scaled_dot_product_attention rnn_scan"
    ),
    Policy.FLOAT32: (
        "avg_pool3d max_pool3d adaptive_avg_pool3d prod trace cdist quantile nanquantile inverse cholesky "
        "cholesky_inverse cholesky_solve grid_sample binary_cross_entropy binary_cross_entropy_with_logits mse_loss l1_loss "
        "smooth_l1_loss huber_loss nll_loss cross_entropy poisson_nll_loss kl_div cosine_embedding_loss "
        "hinge_embedding_loss margin_ranking_loss soft_margin_loss triplet_margin_loss multi_margin_loss "
        "multilabel_margin_loss ctc_loss lstm_cell gru_cell lstm_scan gru_scan"
    ),
    Policy.UNTOUCHED: "mv bilinear",  # though they are made of functions above
    Policy.WIDEST: "cat stack index_copy addcmul addcdiv",
}
_GPU = {
    Policy.LOWER: (
        "mm bmm matmul addmm addbmm baddbmm linear mv addmv addr chain_matmul multi_dot vecdot conv1d conv2d conv3d conv_tbc "
        "conv_transpose1d conv_transpose2d conv_transpose3d prelu scaled_dot_product_attention lstm_cell gru_cell "
        "rnn_tanh_cell rnn_relu_cell lstm_scan gru_scan rnn_scan"
    ),
    Policy.FLOAT32: (
        "acos asin cosh sinh tan exp expm1 log log10 log1p log2 reciprocal rsqrt pow erfinv softplus "
        "layer_norm native_layer_norm rms_norm group_norm logsumexp dist pdist cdist renorm cosine_similarity "
        "frobenius_norm nuclear_norm poisson_nll_loss cosine_embedding_loss nll_loss hinge_embedding_loss kl_div l1_loss "
        "smooth_l1_loss huber_loss mse_loss margin_ranking_loss multilabel_margin_loss soft_margin_loss "
        "triplet_margin_loss multi_margin_loss binary_cross_entropy_with_logits "
        # By their parts, or as `upsample_...` of every kind.
        "cross_entropy normalize pairwise_distance square float_power interpolate upsample upsample_nearest upsample_bilinear"
    ),
    Policy.FLOAT32_UNLESS_TOLD: ("sum prod cumsum cumprod softmax log_softmax softmin norm vector_norm matrix_norm"),
    Policy.WIDEST: (
        "addcdiv addcmul atan2 bilinear cross dot vdot grid_sample grid_sampler index_put tensordot scatter_add cat stack"
    ),
    Policy.REFUSED: "binary_cross_entropy",
}


def _by_name(table: Mapping[Policy, str]) -> dict[str, Policy]:
    return {name: policy for policy, names in table.items() for name in names.split()}


POLICIES: Final = {"cpu": _by_name(_CPU), "gpu": _by_name(_GPU)}

_OPERATORS = {"__pow__": "pow", "__rpow__": "pow", "__rtruediv__": "reciprocal", "__rdiv__": "reciprocal"}
"""Of Tensor, by the function whose policy they have."""

REFUSAL = (
    "torch.nn.functional.binary_cross_entropy and torch.nn.BCELoss are unsafe to autocast.\n"
    "Many models use a sigmoid layer right before the binary cross entropy layer.\n"
    "In this case, combine the two layers using torch.nn.functional.binary_cross_entropy_with_logits\n"
    "or torch.nn.BCEWithLogitsLoss.  binary_cross_entropy_with_logits and BCEWithLogits are\n"
    "safe to autocast."
)


def _policy(name: str, tensors: list[Tensor]) -> Policy | None:
    """What the table of the tensors' device says of a function."""
    return POLICIES["cpu" if tensors[0].is_cpu else "gpu"].get(name)


def _target(policy: Policy, tensors: list[Tensor], given: Iterable[Any]) -> dtype | None:
    """The dtype that a policy casts to; None to leave all as it is."""
    if policy is Policy.LOWER:
        return lower(tensors[0])
    if policy is Policy.FLOAT32:
        return float32
    if policy is Policy.FLOAT32_UNLESS_TOLD:
        return None if any(isinstance(x, dtype) for x in given) else float32
    kinds = {t.dtype for t in tensors}
    return float32 if policy is Policy.WIDEST and float32 in kinds and len(kinds) > 1 else None


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


def autocasting(f: Callable[..., Any], name: str) -> Callable[..., Any]:
    """`f` with its tensors cast, while autocast is on, as the tables say of `name`."""

    @wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        return _cast_call(f, name, args, kwargs) if Autocast.active else f(*args, **kwargs)

    call.autocasts = True  # type: ignore[attr-defined]
    return call


def _cast_call(f: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`f` on tensors that are cast. In what it is made of, nothing is cast once more.

    Raises:
        RuntimeError: it must not be used under autocast.
    """
    given = (*args, *kwargs.values())
    tensors = _tensors(given) if kwargs.get("out") is None else []
    policy = _policy(name, tensors) if tensors else None
    if policy is None:
        return f(*args, **kwargs)
    if policy is Policy.REFUSED:
        raise RuntimeError(REFUSAL)
    kind = _target(policy, tensors, given)
    if kind is not None:
        args = tuple([cast(x, kind) for x in args])
        kwargs = {key: cast(x, kind) for key, x in kwargs.items()}
    Autocast.active = False
    try:
        return f(*args, **kwargs)
    finally:
        Autocast.active = True


def install(modules: Iterable[ModuleType]) -> None:
    """Put the functions of the CPU's table, wherever these modules have them, under autocast."""
    modules = list(modules)
    made: dict[Any, Callable[..., Any]] = {}
    for module in modules:
        names = vars(module)
        for name in POLICIES["cpu"].keys() & names.keys():
            f = names[name]
            if isinstance(f, FunctionType) and f.__module__.startswith(_PACKAGE) and not hasattr(f, "autocasts"):
                if f not in made:
                    made[f] = autocasting(f, name)
                names[name] = made[f]
        for listed in ("FUNCTIONS", "METHODS"):
            if listed in names:
                names[listed] = tuple(made.get(f, f) for f in names[listed])


_exchanged = False


def exchange() -> None:
    """Put what only a GPU's table names under autocast, where programs and layers find it, once.

    What other functions are made of is called by them as before, as it is not cast in PyTorch's own kernels either.
    """
    global _exchanged
    if _exchanged:
        return
    _exchanged = True
    from importlib import import_module

    from .. import ops

    names = POLICIES["gpu"].keys() - POLICIES["cpu"].keys()
    made: dict[Any, Any] = {}

    def of(held: Any, name: str) -> Any:
        inner = getattr(held, "function", None)  # of one that asks its arguments' classes (`overrides.py`)
        if inner is not None:
            if not hasattr(inner, "autocasts"):
                held.function = autocasting(inner, name)
            return held
        if not isinstance(held, FunctionType) or hasattr(held, "autocasts"):
            return held
        return made.setdefault(held, autocasting(held, name))

    package = sys.modules[_PACKAGE.rstrip(".")]
    homes = [package, *(import_module(_PACKAGE + home) for home in ("nn.functional", "linalg", "special"))]
    for module in homes:
        for name in names & vars(module).keys():
            setattr(module, name, of(vars(module)[name], name))
    for family in ops.FAMILIES:  # where layers look
        for name in names & vars(family).keys():
            if not isinstance(vars(ops).get(name), ModuleType):
                setattr(ops, name, of(getattr(ops, name), name))
    for attribute, name in ({name: name for name in names} | _OPERATORS).items():
        if attribute in vars(Tensor):
            setattr(Tensor, attribute, of(vars(Tensor)[attribute], name))
