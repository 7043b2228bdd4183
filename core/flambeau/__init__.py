"""flambeau: deep learning in pure Python, on any GPU and in any browser tab.

`import flambeau as torch` is the idea: names, semantics, defaults and error texts are PyTorch's.
"""

from __future__ import annotations

import sys as _sys
from importlib import import_module as _import_module
from importlib.util import find_spec as _find_spec
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from . import autograd, backends
from . import ops as _ops
from ._tensor import Tensor
from .autograd.modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .device import device, device_name, get_default_device, set_default_device, synchronize
from .dtype import (
    bfloat16,
    complex32,
    complex64,
    complex128,
    dtype,
    float16,
    float32,
    float64,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    set_default_dtype,
    uint8,
    uint16,
    uint32,
    uint64,
)
from .dtype import bool_ as bool
from .layout import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    jagged,
    layout,
    memory_format,
    preserve_format,
    strided,
)
from .numeric_limits import finfo, iinfo
from .ops.arguments import explained as _explained
from .promotion import can_cast, promote_types, result_type
from .random import (
    Generator,
    default_generator,
    fork_rng,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)
from .shape import Size
from .shape import broadcast_all as broadcast_shapes

__version__ = "0.1.0"

float = float32
double = float64
half = float16
cfloat = complex64
cdouble = complex128
chalf = complex32
long = int64
int = int32
short = int16
inf = _sys.float_info.max * 10
nan = inf - inf
pi = 3.141592653589793
e = 2.718281828459045
newaxis = None

globals().update({_name: _explained(_f) for _name, _f in _ops.PUBLIC.items()})


def is_tensor(obj: _Any) -> _Any:
    """Whether `obj` is a Tensor."""
    return isinstance(obj, Tensor)


@_explained
def is_floating_point(input: Tensor) -> _Any:
    """Whether a tensor's dtype is a floating-point one."""
    return input.dtype.is_floating_point


@_explained
def numel(input: Tensor) -> _Any:
    """The number of elements of a tensor."""
    return input.numel()


# Loaded when first used, as is every package and file beside this one: `import flambeau` stays quick.
_LAZY = {
    name: home
    for home, names in {
        "printing": "set_printoptions",
        "serialization": "save load",
        "storage": "UntypedStorage TypedStorage",
        "legacy_types": "FloatTensor LongTensor DoubleTensor HalfTensor IntTensor ShortTensor CharTensor ByteTensor "
        "BoolTensor BFloat16Tensor",
        "torch_alias": "install_as_torch",
        "compiler": "compile",
        "backends.protocol": "OutOfMemoryError AcceleratorError",
        "amp": "GradScaler",
        "layout": "sparse_coo sparse_csr sparse_csc sparse_bsr sparse_bsc",
        "settings": "get_num_threads set_num_threads get_num_interop_threads set_num_interop_threads "
        "use_deterministic_algorithms are_deterministic_algorithms_enabled is_deterministic_algorithms_warn_only_enabled "
        "set_deterministic_debug_mode get_deterministic_debug_mode set_float32_matmul_precision "
        "get_float32_matmul_precision set_flush_denormal set_warn_always is_warn_always_enabled set_default_tensor_type",
        "_checks": "_check _check_with _check_index _check_value _check_type _check_not_implemented _check_is_size "
        "_check_tensor_all _check_tensor_all_with _assert",
        "_classes": "classes",
        "device_modules": "get_device_module",
        "func": "vmap",
        "_higher_order_ops": "cond while_loop",
        "autograd.anomaly": "is_anomaly_enabled is_anomaly_check_nan_enabled",
        "amp.autocast_mode": "autocast is_autocast_enabled set_autocast_enabled get_autocast_dtype set_autocast_dtype "
        "is_autocast_cache_enabled set_autocast_cache_enabled clear_autocast_cache autocast_increment_nesting "
        "autocast_decrement_nesting is_autocast_cpu_enabled is_autocast_xla_enabled is_autocast_ipu_enabled "
        "get_autocast_cpu_dtype get_autocast_gpu_dtype get_autocast_xla_dtype set_autocast_cpu_enabled "
        "set_autocast_cpu_dtype set_autocast_gpu_dtype",
        "nn_forms": "celu celu_ selu selu_ rrelu rrelu_ threshold_ dropout_ native_dropout alpha_dropout "
        "alpha_dropout_ feature_dropout feature_alpha_dropout bilinear embedding embedding_renorm_ "
        "cosine_similarity pairwise_distance binary_cross_entropy_with_logits poisson_nll_loss "
        "kl_div cosine_embedding_loss hinge_embedding_loss margin_ranking_loss triplet_margin_loss "
        "lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell lstm gru rnn_tanh rnn_relu",
    }.items()
    for name in names.split()
}


def __getattr__(name: str) -> _Any:
    if name in _LAZY:
        return getattr(_import_module(f"{__name__}.{_LAZY[name]}"), name)
    if name.endswith("Storage"):
        return getattr(_import_module(f"{__name__}.storage"), name)
    if name.startswith(("_foreach_", "_amp_")):
        return getattr(_import_module(f"{__name__}._foreach"), name)
    if (not name.startswith("__") or name in ("__config__", "__future__")) and _find_spec(
        f"{__name__}.{name}"
    ) is not None:
        return _import_module(f"{__name__}.{name}")
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


if _TYPE_CHECKING:
    from . import nn, optim, utils

    def __getattr__(name: str) -> _Any: ...
