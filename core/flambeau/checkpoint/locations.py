"""Where a file's storages go: tags such as "cpu" and "wgpu:0", and `map_location`.

Source: https://docs.pytorch.org/docs/stable/generated/torch.load.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from ..backends import registry
from ..device import device as Device
from ..untyped_storage import UntypedStorage

Tagger: TypeAlias = Callable[[Any], str | None]
Restorer: TypeAlias = Callable[[Any, str], Any]
MapLocation: TypeAlias = Any  # None, a device or its name, a dictionary of tags, or a function (storage, tag)

_FOREIGN = ("cuda", "hpu", "xpu", "mtia")


def _host_tag(storage: Any) -> str | None:
    return "cpu" if storage.device.type in registry.HOST else None


def _host_restore(storage: Any, location: str) -> Any:
    return storage if location == "cpu" else None


def _device_tag(storage: Any) -> str | None:
    return str(storage.device)


def _device_restore(storage: Any, location: str) -> Any:
    kind = location.partition(":")[0]
    if kind in _FOREIGN:
        Device(location)
        raise RuntimeError(
            f"Attempting to deserialize object on a {kind.upper()} device but torch.{kind}.is_available() is False. "
            "If you are running on a CPU-only machine, please use torch.load with map_location=torch.device('cpu') to "
            "map your storages to the CPU."
        )
    if kind == "mps":
        raise RuntimeError("torch.UntypedStorage(): Storage device not recognized: mps")
    return storage.to(device=location) if kind == "meta" or registry.is_known(kind) else None


_packages: list[tuple[int, Tagger, Restorer]] = [(10, _host_tag, _host_restore), (20, _device_tag, _device_restore)]


def register_package(priority: int, tagger: Tagger, deserializer: Restorer) -> None:
    """Ask `tagger(storage)` for the tag of a storage that is saved, and `deserializer(storage, tag)` to place one.

    Either returns None to leave it to the next; lower priorities come first.
    """
    _packages.append((priority, tagger, deserializer))
    _packages.sort(key=lambda package: package[0])


def location_tag(storage: Any) -> str:
    """The tag under which a storage is saved."""
    for _, tagger, _ in _packages:
        location = tagger(storage)
        if location:
            return location
    raise RuntimeError(f"don't know how to determine data location of {_kind(storage)}")


def default_restore_location(storage: Any, location: str) -> Any:
    """A storage, read to the CPU, where its tag says.

    Raises:
        RuntimeError: there is no such device.
    """
    for _, _, restore in _packages:
        result = restore(storage, location)
        if result is not None:
            return result
    raise RuntimeError(f"don't know how to restore data location of {_kind(storage)} (tagged with {location})")


def _kind(storage: Any) -> str:
    name = type(storage).__name__
    return f"torch.storage.{name}" if isinstance(storage, UntypedStorage) else name


def restorer(map_location: MapLocation) -> Restorer:
    """The function that places storages as `map_location` says."""
    if map_location is None:
        return default_restore_location
    if isinstance(map_location, dict):
        return lambda storage, location: default_restore_location(storage, map_location.get(location, location))
    if isinstance(map_location, (str, Device)):
        return lambda storage, location: default_restore_location(storage, str(map_location))

    def restore(storage: Any, location: str) -> Any:
        result = map_location(storage, location)
        return default_restore_location(storage, location) if result is None else result

    return restore
