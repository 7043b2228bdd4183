"""Where in a model a mask acts: names of modules and tensors, and the parametrization that multiplies by the mask."""

from __future__ import annotations

from typing import Any

from ..._tensor import Tensor
from ...nn import Module
from ...nn.utils import parametrize


class FakeSparsity(Module):
    """A parametrization that multiplies by a mask. The mask is its sparsifier's to save, not the model's.

    Raises:
        AssertionError: on call, for a tensor of another shape than the mask's.
    """

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.register_buffer("mask", mask)

    def forward(self, x: Tensor) -> Tensor:
        if self.mask.shape != x.shape:
            raise AssertionError(f"mask shape ({self.mask.shape}) must match x shape ({x.shape})")
        return self.mask * x

    def state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {}


def module_to_fqn(model: Module, module: Module, prefix: str = "") -> str | None:
    """The name of a module within a model: "" for the model itself, None if it is not in it."""
    for name, found in model.named_modules():
        if found is module:
            return f"{prefix}.{name}" if prefix and name else prefix or name
    return None


def fqn_to_module(model: Module | None, path: str) -> Any:
    """The module (or tensor) of that name, or None."""
    found: Any = model
    for part in filter(None, path.split(".")):
        found = getattr(found, part, None)
    return found


def get_arg_info_from_tensor_fqn(model: Module, tensor_fqn: str) -> dict[str, Any]:
    """A tensor's name taken apart: `module_fqn`, `module`, `tensor_name`, `tensor_fqn`."""
    module_fqn, _, tensor_name = tensor_fqn.rpartition(".")
    return {
        "module_fqn": module_fqn,
        "module": fqn_to_module(model, module_fqn),
        "tensor_name": tensor_name,
        "tensor_fqn": tensor_fqn,
    }


def has_parametrization(module: Module, kind: type[Module]) -> bool:
    """Whether some tensor of the module has a parametrization of that kind."""
    if not parametrize.is_parametrized(module):
        return False
    lists: Any = module.parametrizations
    return any(isinstance(p, kind) for of_tensor in lists.values() for p in of_tensor)
