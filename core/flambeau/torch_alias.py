"""`flambeau.install_as_torch()`: from then on `import torch` gives flambeau, for programs that cannot be edited.

Every module has both names and is one object: `torch.nn.functional` *is* `flambeau.nn.functional`. So classes are the same
however they were reached, `isinstance` holds, and a pickle that names a class either way finds it.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, DistributionFinder, PackageNotFoundError, version
from importlib.util import find_spec
from types import ModuleType
from typing import Any

TORCH_VERSION = "2.13.0"
"""The release of PyTorch whose names, texts and behaviour are followed."""

_OURS = __name__.rpartition(".")[0]


def _aliased(name: str) -> ModuleType | None:
    """The module of ours that `torch.x.y` names; None if there is none.

    Raises:
        ModuleNotFoundError: the name is something else in PyTorch.
    """
    target = _OURS + name[len("torch") :]
    parent, _, child = target.rpartition(".")
    module = sys.modules.get(target)
    if module is None:
        try:
            if find_spec(target) is None:
                return None
        except ModuleNotFoundError:
            return None
    # `flambeau.dtype` is a file here and a class in PyTorch. Importing the file would put it in the class's place, and
    # the finders that come after ours would load it a second time.
    public = getattr(sys.modules[parent], child, module) if parent else module
    if public is not None and not isinstance(public, ModuleType):
        raise ModuleNotFoundError(f"No module named '{name}'", name=name)
    return importlib.import_module(target) if module is None else module


class _SameModule(Loader):
    """Loads a module that is loaded already, and leaves it as it was."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec  # the import system has just put the alias's there


class _TorchDistribution(Distribution):
    """What `importlib.metadata.version("torch")` reads."""

    def read_text(self, filename: str) -> str | None:
        return f"Metadata-Version: 2.1\nName: torch\nVersion: {TORCH_VERSION}\n" if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        raise FileNotFoundError(path)


class _TorchFinder(MetaPathFinder):
    """Finds `torch` and what is below it in flambeau."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "torch" and not fullname.startswith("torch."):
            return None
        module = _aliased(fullname)
        if module is None:
            return None
        spec = ModuleSpec(fullname, _SameModule(module), origin=getattr(module, "__file__", None))
        spec.submodule_search_locations = list(getattr(module, "__path__", [])) or None
        return spec

    def find_distributions(self, context: DistributionFinder.Context | None = None) -> Iterator[Distribution]:
        if context is not None and context.name == "torch":
            yield _TorchDistribution()


_FINDER = _TorchFinder()


class _InChildren:
    """Goes to a process that is started afresh, ahead of the program: what it is unpickled by takes the name there too."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Written out, since the child may not know yet where flambeau is.
        above = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        return exec, (f"import sys; sys.path.append({above!r}); import {_OURS}; {_OURS}.install_as_torch()",)


def _tell_children() -> None:
    """Have processes that `multiprocessing` spawns do the same, before they import the program."""
    from multiprocessing import spawn

    prepare = spawn.get_preparation_data

    def with_alias(name: str) -> dict[str, Any]:
        return {_OURS: _InChildren(), **prepare(name)}

    spawn.get_preparation_data = with_alias


def install_as_torch(force: bool = False) -> None:
    """Make `import torch`, and `import torch.anything`, give flambeau's modules in this process and in those that it spawns.

    `torch.__version__` is then PyTorch's, with flambeau's behind the plus sign. Calling it again changes nothing.

    Args:
        force: take the name even if PyTorch has been imported; names that programs already hold stay PyTorch's.

    Raises:
        RuntimeError: PyTorch has been imported.
    """
    from .torch_version import TorchVersion

    ours = sys.modules[_OURS]
    if sys.modules.get("torch") is ours:
        return
    if "torch" in sys.modules:
        if not force:
            raise RuntimeError(
                "flambeau.install_as_torch(): PyTorch is already imported in this process. Call install_as_torch() before "
                "anything imports torch, or run the program with `python -m flambeau script.py`; install_as_torch(force=True) "
                "takes the name over, but what was imported from PyTorch before remains PyTorch's"
            )
        for name in [n for n in sys.modules if n == "torch" or n.startswith("torch.")]:
            del sys.modules[name]
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
        _tell_children()
    sys.modules["torch"] = ours
    try:
        own = version("flambeau")
    except PackageNotFoundError:  # run from a checkout
        own = str(vars(ours)["__version__"])
    vars(ours)["__version__"] = TorchVersion(f"{TORCH_VERSION}+flambeau.{own}")
