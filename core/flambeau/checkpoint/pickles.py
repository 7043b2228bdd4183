"""Picklers and unpicklers that take storages out, and call classes what PyTorch calls them."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from ..dtype import dtype as DType
from ..dtype import uint8
from ..overrides import Overridable
from ..typed_storage import STORAGE_NAMES, TypedStorage
from ..untyped_storage import UntypedStorage
from . import names
from .locations import location_tag
from .restricted import RestrictedUnpickler, StorageType


class StorageClass:
    """Stands in a pickle for a class of storages, which the file names as PyTorch does."""

    def __init__(self, name: str) -> None:
        self.name = name


def pickler(module: Any, file: Any, protocol: int, persistent_id: Callable[[Any], Any]) -> Any:
    """A pickler of a module such as `pickle`, that writes names as PyTorch's and hands storages to `persistent_id`."""
    # C's pickler does not let itself be told how to write names.
    base: Any = pickle._Pickler if module is pickle else module.Pickler

    class Pickler(base):  # type: ignore[misc]
        if hasattr(base, "save_global"):
            dispatch = dict(base.dispatch)

            def save_global(self, obj: Any, name: str | None = None, **options: Any) -> None:
                name = str(name or getattr(obj, "__qualname__", ""))
                home = str(getattr(obj, "__module__", ""))
                if "<locals>" in name:
                    raise AttributeError(f"Can't pickle local object '{name}'")
                if home.startswith(_OWN):
                    _check_importable(obj, home, name)
                    self._write_global(*names.torch_name(home, name), obj)
                    return
                try:
                    base.save_global(self, obj, name, **options)
                except pickle.PicklingError as error:
                    if "it's not found as" not in str(error):
                        raise
                    raise pickle.PicklingError(
                        f"Can't pickle {obj!r}: attribute lookup {name} on {home} failed"
                    ) from None

            def _save_storage_class(self, obj: StorageClass) -> None:
                self._write_global("torch.storage" if obj.name == "UntypedStorage" else "torch", obj.name, obj)

            def _save_function(self, obj: Overridable) -> None:
                self.save(obj.function)

            def _write_global(self, place: str, name: str, obj: Any) -> None:
                if self.proto >= 4:
                    self.save(place)
                    self.save(name)
                    self.write(pickle.STACK_GLOBAL)
                else:
                    self.write(pickle.GLOBAL + f"{place}\n{name}\n".encode())
                self.memoize(obj)

            dispatch[FunctionType] = save_global
            dispatch[Overridable] = _save_function
            dispatch[StorageClass] = _save_storage_class

        def persistent_id(self, obj: Any) -> Any:
            return persistent_id(obj)

    return Pickler(file, protocol=protocol)


_OWN = f"{__name__.partition('.')[0]}."


def _check_importable(obj: Any, home: str, name: str) -> None:
    """Refuse what could not be found again by its name, as pickle does."""
    found: Any = sys.modules.get(home)
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is None:
        raise pickle.PicklingError(f"Can't pickle {obj!r}: attribute lookup {name} on {home} failed")


class Stored:
    """The storages that a pickle refers to, by key, and what it calls them."""

    def __init__(self, key_of: Callable[[int, int], str]) -> None:
        self.key_of = key_of  # (identity, how many there are) -> key
        self.storages: dict[str, UntypedStorage] = {}
        self.dtypes: dict[str, DType] = {}
        self._keys: dict[int, str] = {}
        self._classes: dict[str, StorageClass] = {}

    def describe(self, obj: Any) -> tuple[Any, ...] | None:
        """(kind, class, key, location, number of elements) of a storage; None of anything else.

        Raises:
            RuntimeError: it is referred to with two dtypes.
        """
        if isinstance(obj, TypedStorage):
            storage, kind, name, count = obj._untyped_storage, obj.dtype, STORAGE_NAMES[obj.dtype], obj._size()
        elif isinstance(obj, UntypedStorage):
            storage, kind, name, count = obj, uint8, "UntypedStorage", len(obj)
        else:
            return None
        key = self._keys.setdefault(storage._cdata, self.key_of(storage._cdata, len(self._keys)))
        if len(storage) and self.dtypes.get(key, kind) is not kind:
            raise RuntimeError("Cannot save multiple tensors or storages that view the same data as different types")
        self.dtypes[key] = kind
        self.storages[key] = storage
        cls = self._classes.setdefault(name, StorageClass(name))
        return "storage", cls, key, location_tag(storage), count


def unpickler(module: ModuleType | None, file: Any, persistent_load: Callable[[Any], Any], **options: Any) -> Any:
    """An unpickler of a module such as `pickle`, or the restricted one for None, that finds PyTorch's names here."""
    base: Any = RestrictedUnpickler if module is None else module.Unpickler

    class Unpickler(base):  # type: ignore[misc]
        def find_class(self, place: str, name: str) -> Any:
            if not names.is_torch(place):
                return super().find_class(place, name)
            if "Storage" in name:
                try:
                    return StorageType(name)
                except KeyError:
                    pass
            return names.find(place, name)

        def persistent_load(self, pid: Any) -> Any:
            return persistent_load(pid)

    return Unpickler(file, **options)


def decoded(pid: tuple[Any, ...]) -> list[Any]:
    """What a pickle says of a storage; Python 2 wrote its strings as bytes."""
    return [part.decode() if isinstance(part, bytes) else part for part in pid]
