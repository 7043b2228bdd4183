"""`torch.autocast`: a context in which matrix products and convolutions run in a lower precision.

On the CPU in bfloat16 or float16, on wgpu in float16 where the adapter has it (its kernels compute in float32 and round
what they store); on devices that are not here it is accepted and changes nothing.
Source: https://docs.pytorch.org/docs/stable/amp.html
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from .._tensor import Tensor
from ..backends import registry
from ..cuda import is_available as _cuda_is_available
from ..dtype import bfloat16, dtype, float16
from ..ops.autocasting import Autocast, exchange

__all__ = ["autocast", "autocast_decorator", "custom_bwd", "custom_fwd", "is_autocast_available"]

_WITH_AUTOCAST = ("cpu", "cuda", "mtia", "maia", "xpu", "hpu", "ipu", "xla", "mps", "privateuseone")
_ALL = (
    "cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, xla, lazy, vulkan, mps, meta, hpu, mtia, "
    "privateuseone"
)


def _known(device_type: str) -> str:
    """The name itself.

    Raises:
        RuntimeError: it is no type of devices.
    """
    name = device_type.partition(":")[0]
    if name not in _ALL.split(", ") and not registry.is_known(name):
        raise RuntimeError(f"Expected one of {_ALL} device type at start of device string: {name}")
    return name


def is_autocast_available(device_type: str) -> bool:
    """Whether autocast can be asked for on a type of devices."""
    name = _known(device_type)
    return name in _WITH_AUTOCAST or (registry.is_known(name) and name != "meta")


# --- the state --------------------------------------------------------------------------------------------------------


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether autocast is on for a type of devices."""
    return _known(device_type) in Autocast.enabled


def set_autocast_enabled(device_type: Any, enabled: bool | None = None) -> None:
    """Switch autocast on or off, for good; with one argument for CUDA."""
    if enabled is None:
        device_type, enabled = "cuda", bool(device_type)
    name = _known(device_type)
    (Autocast.enabled.add if enabled else Autocast.enabled.discard)(name)
    if enabled and name != "cpu" and registry.is_known(name):
        exchange()
    Autocast.active = any(name == "cpu" or registry.is_known(name) for name in Autocast.enabled)


def get_autocast_dtype(device_type: str) -> dtype:
    """What autocast casts to on a type of devices."""
    name = _known(device_type)
    if not is_autocast_available(name):
        raise RuntimeError("unsupported scalarType")
    return Autocast.dtypes.get(name, float16)


def set_autocast_dtype(device_type: str, dtype: dtype) -> None:
    """Set what autocast casts to on a type of devices."""
    Autocast.dtypes[_known(device_type)] = dtype


def is_autocast_cache_enabled() -> bool:
    """Whether a parameter is cast once in a context rather than each time."""
    return Autocast.cache


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Set whether a parameter is cast once in a context rather than each time."""
    Autocast.cache = enabled


def clear_autocast_cache() -> None:
    """Forget the parameters that were cast."""
    Autocast.casts.clear()


def autocast_increment_nesting() -> int:
    """Count one context more; the count."""
    Autocast.nesting += 1
    return Autocast.nesting


def autocast_decrement_nesting() -> int:
    """Count one context less; the count."""
    Autocast.nesting -= 1
    return Autocast.nesting


def _older(name: str, device: str, new: str, arguments: str = "", shown: str = "") -> Callable[..., Any]:
    """The older function of one device."""

    def call(*args: Any) -> Any:
        warnings.warn(
            f"torch.{name}({arguments}) is deprecated. Please use torch.{new}('{device}'{shown}) instead.",
            DeprecationWarning,
            stacklevel=2,
        )
        return globals()[new](device, *args)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"`{new}` of {device}."
    return call


is_autocast_cpu_enabled = _older("is_autocast_cpu_enabled", "cpu", "is_autocast_enabled")
is_autocast_xla_enabled = _older("is_autocast_xla_enabled", "xla", "is_autocast_enabled")
is_autocast_ipu_enabled = _older("is_autocast_ipu_enabled", "ipu", "is_autocast_enabled")
get_autocast_cpu_dtype = _older("get_autocast_cpu_dtype", "cpu", "get_autocast_dtype")
get_autocast_gpu_dtype = _older("get_autocast_gpu_dtype", "cuda", "get_autocast_dtype")
get_autocast_xla_dtype = _older("get_autocast_xla_dtype", "xla", "get_autocast_dtype")
set_autocast_cpu_enabled = _older("set_autocast_cpu_enabled", "cpu", "set_autocast_enabled", "enabled", ", enabled")
set_autocast_cpu_dtype = _older("set_autocast_cpu_dtype", "cpu", "set_autocast_dtype", "dtype", ", dtype")
set_autocast_gpu_dtype = _older("set_autocast_gpu_dtype", "cuda", "set_autocast_dtype", "dtype", ", dtype")


# --- the context ------------------------------------------------------------------------------------------------------


class autocast:
    """A context, and a decorator, in which functions cast their floating-point tensors as suits each.

    Args:
        device_type: "cpu", "cuda", ...
        dtype: bfloat16 or float16; default that of the device type (CPU: bfloat16).
        enabled: default True.
        cache_enabled: cast a parameter once in the context; default True.

    Raises:
        ValueError: the device type is no text.
        RuntimeError: it has no autocast.
    """

    def __init__(
        self, device_type: str, dtype: dtype | None = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        self.fast_dtype = get_autocast_dtype(device_type) if dtype is None else dtype
        self.device = device_type
        if not is_autocast_available(device_type):
            raise RuntimeError(f"User specified an unsupported autocast device_type '{device_type}'")
        self.custom_backend_name = "privateuseone"
        self._cache_enabled = is_autocast_cache_enabled() if cache_enabled is None else cache_enabled
        if enabled and device_type == "cuda" and not _cuda_is_available():
            warnings.warn("CUDA is not available or torch_xla is imported. Disabling autocast.", stacklevel=2)
            enabled = False
        elif enabled and self.fast_dtype not in (bfloat16, float16):
            name = device_type.upper()
            warnings.warn(
                f"In {name} autocast, but the target dtype is not supported. Disabling autocast.\n"
                f"{name} Autocast only supports dtypes of torch.bfloat16, torch.float16 currently.",
                stacklevel=2,
            )
            enabled = False
        name = device_type.partition(":")[0]
        if enabled and name != "cpu" and registry.is_known(name):
            held = registry.get(name).dtypes
            if self.fast_dtype not in held:
                raise RuntimeError(
                    f"Current {name} device does not support {self.fast_dtype}. Please switch dtype, or use an adapter with "
                    "the feature shader-f16"
                    if self.fast_dtype is float16
                    else f"Current {name} device does not support {self.fast_dtype}. Please switch dtype to torch.float16."
                )
        self._enabled = enabled

    def __enter__(self) -> autocast:
        self.prev_cache_enabled = is_autocast_cache_enabled()
        self.prev = is_autocast_enabled(self.device)
        self.prev_fastdtype = get_autocast_dtype(self.device)
        set_autocast_enabled(self.device, self._enabled)
        set_autocast_dtype(self.device, self.fast_dtype)
        autocast_increment_nesting()
        set_autocast_cache_enabled(self._cache_enabled)
        return self

    def __exit__(self, *exc: object) -> Literal[False]:
        if autocast_decrement_nesting() == 0:
            clear_autocast_cache()
        set_autocast_enabled(self.device, self.prev)
        set_autocast_dtype(self.device, self.prev_fastdtype)
        set_autocast_cache_enabled(self.prev_cache_enabled)
        return False

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        if not callable(func):
            raise TypeError(
                f"autocast()(func) requires a callable, but got {type(func).__name__}. "
                "Did you mean to use autocast as a context manager? For example:\n"
                "    with torch.autocast(device_type=...):\n"
                "        output = model(input)"
            )
        return autocast_decorator(self, func)


def autocast_decorator(autocast_instance: autocast, func: Callable[..., Any]) -> Callable[..., Any]:
    """`func` in a context."""

    @functools.wraps(func)
    def decorate_autocast(*args: Any, **kwargs: Any) -> Any:
        with autocast_instance:
            return func(*args, **kwargs)

    return decorate_autocast


def _enter_autocast(*vals: Any) -> autocast:
    return autocast(*vals).__enter__()


def _exit_autocast(mode: autocast) -> None:
    mode.__exit__(None, None, None)


def current_contexts() -> Callable[[], list[Any]]:
    """What makes, later, contexts in which autocast is as it is now."""
    settings = [
        (device, get_autocast_dtype(device), device in Autocast.enabled) for device in {"cpu", *Autocast.enabled}
    ]
    cache = Autocast.cache
    return lambda: [autocast(device, kind, enabled, cache) for device, kind, enabled in settings]


# --- for functions of one's own ---------------------------------------------------------------------------------------


def _cast(value: Any, device_type: str, dtype: dtype) -> Any:
    """The floating-point tensors of a device in a value, other than float64, in a dtype; containers are entered."""
    if isinstance(value, Tensor):
        fits = value.is_floating_point() and value.device.type == device_type and value.dtype.itemsize != 8
        return value.to(dtype) if fits else value
    if isinstance(value, (str, bytes)) or type(value).__module__ == "numpy":
        return value
    if isinstance(value, Mapping):
        return {_cast(k, device_type, dtype): _cast(v, device_type, dtype) for k, v in value.items()}
    if isinstance(value, Iterable):
        cast = (_cast(v, device_type, dtype) for v in value)
        make: Any = type(value)
        return make(cast) if isinstance(value, (list, tuple)) else cast
    return value


def _require_text(device_type: Any) -> None:
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")


def custom_fwd(
    fwd: Callable[..., Any] | None = None, *, device_type: str, cast_inputs: dtype | None = None
) -> Callable[..., Any]:
    """Decorates the `forward` of an autograd function.

    Args:
        cast_inputs: where autocast is on, cast the tensors given to this dtype and switch it off inside.
    """
    _require_text(device_type)
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)
    forward = fwd

    @functools.wraps(forward)
    def decorate_fwd(*args: Any, **kwargs: Any) -> Any:
        args[0]._dtype = get_autocast_dtype(device_type)
        is_on = is_autocast_enabled(device_type)
        args[0]._fwd_used_autocast = is_on and cast_inputs is None
        if cast_inputs is None or not is_on:
            return forward(*args, **kwargs)
        with autocast(device_type=device_type, enabled=False):
            return forward(*_cast(args, device_type, cast_inputs), **_cast(kwargs, device_type, cast_inputs))

    return decorate_fwd


def custom_bwd(bwd: Callable[..., Any] | None = None, *, device_type: str) -> Callable[..., Any]:
    """Decorates the `backward` of an autograd function, which then runs under autocast as its `forward` did."""
    _require_text(device_type)
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)
    backward = bwd

    @functools.wraps(backward)
    def decorate_bwd(*args: Any, **kwargs: Any) -> Any:
        with autocast(device_type=device_type, enabled=args[0]._fwd_used_autocast, dtype=args[0]._dtype):
            return backward(*args, **kwargs)

    return decorate_bwd
