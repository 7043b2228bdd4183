"""`torch.classes`: custom classes of C++ extensions, of which there are none."""

from __future__ import annotations

from types import ModuleType
from typing import NoReturn


class _Namespace(ModuleType):
    """`torch.classes.<namespace>`."""

    def __getattr__(self, name: str) -> NoReturn:
        space = self.__name__.rpartition(".")[2]
        raise RuntimeError(
            f"Tried to instantiate class '{space}.{name}', but it does not exist! Ensure that it is registered via torch::class_"
        )


class _Classes(ModuleType):
    """`torch.classes`, which has a namespace of any name."""

    loaded_libraries: frozenset[str] = frozenset()

    def __getattr__(self, name: str) -> _Namespace:
        if name.startswith("__"):
            raise AttributeError(name)
        namespace = _Namespace(f"{self.__name__}.{name}")
        setattr(self, name, namespace)
        return namespace

    def load_library(self, path: str) -> NoReturn:
        """Raises OSError: extensions of PyTorch are compiled for PyTorch."""
        raise OSError(f"Could not load library {path}: flambeau has no C++ extensions")


classes = _Classes("flambeau.classes")
