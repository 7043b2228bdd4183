"""Classes and functions by the names that files give them: PyTorch's, so that either library reads the other's files."""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

_OURS: Final = __name__.partition(".")[0]
_REBUILD: Final = f"{_OURS}.pickling"

_TO_TORCH: Final = {
    f"{_OURS}._tensor": "torch",
    f"{_OURS}.shape": "torch",
    f"{_OURS}.dtype": "torch",
    f"{_OURS}.layout": "torch",
    f"{_OURS}.device": "torch",
    f"{_OURS}.random": "torch",
    f"{_OURS}.pickling": "torch._utils",
    f"{_OURS}.typed_storage": "torch.storage",
    f"{_OURS}.untyped_storage": "torch.storage",
    f"{_OURS}.data": "torch.utils.data",
    f"{_OURS}.legacy_types": "torch",
    f"{_OURS}.nn.module": "torch.nn.modules.module",
    f"{_OURS}.nn.parameter": "torch.nn.parameter",
    f"{_OURS}.nn.functional": "torch.nn.functional",
    f"{_OURS}.ops": "torch",
    f"{_OURS}.optim.lr_scheduler": "torch.optim.lr_scheduler",
}
"""PyTorch's module of what is in a module of ours or below it."""

_FROM_TORCH: Final = {
    ("torch", "bool"): (f"{_OURS}.dtype", "bool_"),
    ("torch.tensor", "Tensor"): (f"{_OURS}._tensor", "Tensor"),
    ("torch._tensor", "Tensor"): (f"{_OURS}._tensor", "Tensor"),
    ("torch._tensor", "_rebuild_from_type_v2"): (_REBUILD, "_rebuild_from_type_v2"),
    ("torch._utils", "_rebuild_parameter"): (f"{_OURS}.nn.parameter", "_rebuild_parameter"),
    ("torch._utils", "_rebuild_parameter_with_state"): (f"{_OURS}.nn.parameter", "_rebuild_parameter_with_state"),
    ("torch.storage", "_load_from_bytes"): (f"{_OURS}.serialization", "_load_from_bytes"),
    ("torch._C", "_VariableFunctions"): (__name__, "functions"),
    ("torch._C", "_VariableFunctionsClass"): (__name__, "functions"),
    ("torch._C", "_nn"): (f"{_OURS}.nn.functional", ""),
    ("torch.utils.hooks", "RemovableHandle"): (f"{_OURS}.autograd.node", "RemovableHandle"),
    ("torch._C", "Generator"): (_OURS, "Generator"),
    ("torch.nn.modules.container", "OrderedDict"): ("collections", "OrderedDict"),
}

_MODULES_FROM_TORCH: Final = {"torch._utils": _REBUILD, "torch._C._nn": f"{_OURS}.nn.functional", "torch._C": _OURS}


def torch_name(module: str, name: str) -> tuple[str, str]:
    """PyTorch's (module, name) of a class or function of ours; of others the names given."""
    if module != _OURS and not module.startswith(_OURS + "."):
        return module, name
    if module == f"{_OURS}.dtype":
        return "torch", name.rstrip("_")
    if module == f"{_OURS}.autograd.node" and name == "RemovableHandle":
        return "torch.utils.hooks", name
    if module == f"{_OURS}.layout" and name == "_get_layout":
        return "torch.serialization", name
    if module == f"{_OURS}.random" and name == "Generator":
        return "torch._C", name
    if module == f"{_OURS}.pickling" and name == "_rebuild_from_type_v2":
        return "torch._tensor", name
    if module == f"{_OURS}.nn.parameter" and name.startswith("_rebuild"):
        return "torch._utils", name
    gathered = _gathered().get((module, name))
    if gathered is not None:
        return gathered, name
    home = module
    while home not in _TO_TORCH:
        home, dot, _ = home.rpartition(".")
        if not dot:
            return "torch" + module[len(_OURS) :], name
    return _TO_TORCH[home] + (module[len(home) :] if home == f"{_OURS}.data" else ""), name


@lru_cache(maxsize=1)
def _gathered() -> dict[tuple[str, str], str]:
    """The modules of `torch.nn.modules` by where what is in them is here."""
    import_module(f"{_OURS}.nn.modules")
    prefix = f"{_OURS}.nn.modules."
    return {
        (value.__module__, name): "torch" + place[len(_OURS) :]
        for place, gathered in list(sys.modules.items())
        if place.startswith(prefix)
        for name, value in vars(gathered).items()
        if getattr(value, "__module__", "").startswith(_OURS)
    }


def find(module: str, name: str) -> Any:
    """What PyTorch's `module.name` is here.

    Raises:
        ModuleNotFoundError, AttributeError: there is none.
    """
    known = _FROM_TORCH.get((module, name))
    if known is not None:
        module, name = known
    elif module in _MODULES_FROM_TORCH:
        module = _MODULES_FROM_TORCH[module]
    else:
        if module.startswith("torch.nn."):
            import_module(f"{_OURS}.nn")
        elif module.startswith("torch.utils"):
            import_module(f"{_OURS}.utils")
        module = _OURS + module[len("torch") :]
    place = import_module(module)
    found: Any = place
    for part in name.split(".") if name else ():
        try:
            found = getattr(found, part)
        except AttributeError:
            raise AttributeError(f"Can't get attribute {name!r} on {place!r}") from None
    return found


def is_torch(module: str) -> bool:
    """Whether a module's name is one of PyTorch's."""
    return module == "torch" or module.startswith("torch.")


class _Functions:
    """PyTorch's built-in functions, which are those of `torch` and a few of `torch.nn.functional`."""

    def __getattr__(self, name: str) -> Any:
        for module in (_OURS, f"{_OURS}.nn.functional"):
            found = getattr(import_module(module), name, None)
            if found is not None:
                return found
        raise AttributeError(f"type object 'torch._C._VariableFunctionsClass' has no attribute '{name}'")


functions = _Functions()
