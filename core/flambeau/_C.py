"""What programs look for in `torch._C` and is of use without PyTorch's own C++: switches of `__torch_function__`, generators."""

from __future__ import annotations

from .autograd.modes import is_grad_enabled, set_grad_enabled
from .linalg_error import _LinAlgError
from .overrides import DisableTorchFunction, DisableTorchFunctionSubclass
from .overrides import disabled as _disabled_torch_function_impl
from .overrides import has_torch_function as _has_torch_function
from .random import Generator, default_generator
from .shape import Size

__all__ = [
    "DisableTorchFunction", "DisableTorchFunctionSubclass", "Generator", "Size", "_LinAlgError", "_disabled_torch_function_impl",
    "_has_torch_function", "default_generator", "is_grad_enabled", "set_grad_enabled",
]  # fmt: skip
