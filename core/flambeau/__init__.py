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
from .autograd.modes import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from .device import device, device_name, get_default_device, set_default_device, synchronize
from .dtype import (
    bfloat16,
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
from .numeric_limits import finfo, iinfo
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
long = int64
int = int32
short = int16
inf = _sys.float_info.max * 10
nan = inf - inf
pi = 3.141592653589793
e = 2.718281828459045
newaxis = None
strided = "torch.strided"
contiguous_format = "torch.contiguous_format"
preserve_format = "torch.preserve_format"
channels_last = "torch.channels_last"

globals().update(_ops.PUBLIC)


def is_tensor(obj: _Any) -> _Any:
    """Whether `obj` is a Tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> _Any:
    """Whether a tensor's dtype is a floating-point one."""
    return input.dtype.is_floating_point


def numel(input: Tensor) -> _Any:
    """The number of elements of a tensor."""
    return input.numel()


# Loaded when first used, as is every package and file beside this one: `import flambeau` stays quick.
_LAZY = {
    name: home
    for home, names in {
        "printing": "set_printoptions",
        "legacy_types": "FloatTensor LongTensor DoubleTensor HalfTensor IntTensor ShortTensor CharTensor ByteTensor BoolTensor",
        "torch_alias": "install_as_torch",
    }.items()
    for name in names.split()
}


def __getattr__(name: str) -> _Any:
    if name in _LAZY:
        return getattr(_import_module(f"{__name__}.{_LAZY[name]}"), name)
    if name.startswith(("_foreach_", "_amp_")):
        return getattr(_import_module(f"{__name__}._foreach"), name)
    if not name.startswith("__") and _find_spec(f"{__name__}.{name}") is not None:
        return _import_module(f"{__name__}.{name}")
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


if _TYPE_CHECKING:
    from . import nn, optim, utils

    def __getattr__(name: str) -> _Any: ...
