"""CUDA as a PyTorch without it answers: not available. `flambeau.accelerator` names the GPU that there is.

What needs a CUDA device (streams, events, graphs) is not here.
Source: https://docs.pytorch.org/docs/stable/cuda.html
"""

from __future__ import annotations

from collections import OrderedDict
from importlib import import_module as _import_module
from importlib.util import find_spec as _find_spec
from typing import Any, NoReturn

from .._tensor import Tensor
from ..backends.protocol import AcceleratorError, OutOfMemoryError
from ..device import device as _Device

has_half = True
has_magma = False
default_generators: tuple[Any, ...] = ()


class CudaError(RuntimeError):
    """Never raised, as there is no CUDA."""


def _unavailable() -> NoReturn:
    raise AssertionError("Torch not compiled with CUDA enabled")


def is_available() -> bool:
    """Always False."""
    return False


def is_initialized() -> bool:
    """Always False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Always False."""
    return False


def is_tf32_supported() -> bool:
    """Always False."""
    return False


def is_current_stream_capturing() -> bool:
    """Always False."""
    return False


def device_count() -> int:
    """Always 0."""
    return 0


# --- what PyTorch refuses without CUDA ------------------------------------------------------------------------------------


def init() -> None:
    """Raises AssertionError, as the functions below: there is no CUDA."""
    _unavailable()


def current_device() -> int:
    """Raises AssertionError."""
    _unavailable()


def synchronize(device: Any = None) -> None:
    """Raises AssertionError."""
    _unavailable()


def get_device_name(device: Any = None) -> str:
    """Raises AssertionError."""
    _unavailable()


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """Raises AssertionError."""
    _unavailable()


def get_device_properties(device: Any = None) -> Any:
    """Raises AssertionError."""
    _unavailable()


def can_device_access_peer(device: Any, peer_device: Any) -> bool:
    """Raises AssertionError."""
    _unavailable()


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """Raises AssertionError."""
    _unavailable()


def memory_summary(device: Any = None, abbreviated: bool = False) -> str:
    """Raises AssertionError."""
    _unavailable()


def set_per_process_memory_fraction(fraction: float, device: Any = None) -> None:
    """Raises AssertionError."""
    _unavailable()


def ipc_collect() -> None:
    """Raises AssertionError."""
    _unavailable()


def initial_seed() -> int:
    """Raises AssertionError."""
    _unavailable()


def get_rng_state(device: Any = "cuda") -> Tensor:
    """Raises AssertionError."""
    _unavailable()


def set_device(device: Any) -> None:
    """Raises AssertionError; does nothing for a negative index, as PyTorch."""
    if not _is_none(device):
        _unavailable()


def _is_none(device: Any) -> bool:
    """Whether PyTorch takes it to name no device."""
    if device is None:
        return True
    return isinstance(device, int) and device < 0


# --- what PyTorch answers all the same ------------------------------------------------------------------------------------


def manual_seed(seed: int) -> None:
    """Does nothing: PyTorch keeps the seed for when CUDA starts."""
    int(seed)


def manual_seed_all(seed: int) -> None:
    """Does nothing."""
    int(seed)


def seed() -> None:
    """Does nothing."""


def seed_all() -> None:
    """Does nothing."""


def get_rng_state_all() -> list[Tensor]:
    """The states of no device."""
    return []


def set_rng_state(new_state: Tensor, device: Any = "cuda") -> None:
    """Does nothing."""


def set_rng_state_all(new_states: Any) -> None:
    """Does nothing."""


def empty_cache() -> None:
    """Does nothing."""


def reset_peak_memory_stats(device: Any = None) -> None:
    """Does nothing."""


def reset_accumulated_memory_stats(device: Any = None) -> None:
    """Does nothing."""


def reset_max_memory_allocated(device: Any = None) -> None:
    """Does nothing."""


def reset_max_memory_cached(device: Any = None) -> None:
    """Does nothing."""


def memory_allocated(device: Any = None) -> int:
    """Always 0."""
    return 0


def max_memory_allocated(device: Any = None) -> int:
    """Always 0."""
    return 0


def memory_reserved(device: Any = None) -> int:
    """Always 0."""
    return 0


def max_memory_reserved(device: Any = None) -> int:
    """Always 0."""
    return 0


def memory_cached(device: Any = None) -> int:
    """Always 0."""
    return 0


def max_memory_cached(device: Any = None) -> int:
    """Always 0."""
    return 0


def memory_stats(device: Any = None) -> dict[str, Any]:
    """No statistics."""
    return OrderedDict()


def get_arch_list() -> list[str]:
    """No architectures."""
    return []


def get_gencode_flags() -> str:
    """No flags."""
    return ""


class device:
    """`with torch.cuda.device(i):` changes nothing."""

    def __init__(self, device: Any) -> None:
        self.idx = device.index if isinstance(device, _Device) else device

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        pass


class device_of(device):
    """`with torch.cuda.device_of(tensor):` changes nothing."""

    def __init__(self, obj: Tensor) -> None:
        super().__init__(-1)


class _NoTensorType(type):
    """A class like `torch.cuda.FloatTensor`, which exists and cannot be used."""

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"type torch.cuda.{cls.__name__} not available. Torch not compiled with CUDA enabled.")

    def __instancecheck__(cls, instance: object) -> bool:
        return False

    def __repr__(cls) -> str:
        return f"<class 'torch.cuda.{cls.__name__}'>"


FloatTensor = _NoTensorType("FloatTensor", (), {})
DoubleTensor = _NoTensorType("DoubleTensor", (), {})
HalfTensor = _NoTensorType("HalfTensor", (), {})
BFloat16Tensor = _NoTensorType("BFloat16Tensor", (), {})
LongTensor = _NoTensorType("LongTensor", (), {})
IntTensor = _NoTensorType("IntTensor", (), {})
ShortTensor = _NoTensorType("ShortTensor", (), {})
CharTensor = _NoTensorType("CharTensor", (), {})
ByteTensor = _NoTensorType("ByteTensor", (), {})
BoolTensor = _NoTensorType("BoolTensor", (), {})


def __getattr__(name: str) -> Any:
    if not name.startswith("_") and _find_spec(f"{__name__}.{name}") is not None:
        return _import_module(f"{__name__}.{name}")
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
