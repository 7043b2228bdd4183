"""The GPU, if there is one, by PyTorch's device-neutral names, so that the usual line picks it:

    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"

Source: https://docs.pytorch.org/docs/stable/accelerator.html
"""

from __future__ import annotations

from .backends import registry
from .device import device, resolve
from .device import synchronize as _synchronize


def is_available() -> bool:
    """Whether a backend plugin has a device here."""
    return registry.accelerator() is not None


def current_accelerator(check_available: bool = False) -> device | None:
    """The device type of the accelerator, or None."""
    name = registry.accelerator()
    return None if name is None else device(name)


def device_count() -> int:
    """How many devices the accelerator has that flambeau uses: 1 or 0."""
    return int(is_available())


def _require() -> device:
    found = current_accelerator()
    if found is None:
        raise RuntimeError("Cannot access accelerator device when none is available.")
    return found


def _index(d: device | str | int | None) -> int:
    """The index of a device of the accelerator.

    Raises:
        RuntimeError: there is no accelerator, or the device is another's.
    """
    if isinstance(d, (str, device)):
        d = device(d)
        found = current_accelerator()
        if found is None or d.type != found.type:
            raise RuntimeError(
                f"{d.type} doesn't match the current accelerator {found}." if found else "Accelerator expected"
            )
        return d.index or 0
    _require()
    if d is not None and d >= device_count():
        raise RuntimeError(f"there is no accelerator device {d}; there are {device_count()}")
    return 0 if d is None else d


def current_device_index() -> int:
    """The index of the device in use: 0.

    Raises:
        RuntimeError: there is no accelerator; so do all functions below.
    """
    _require()
    return 0


def set_device_index(d: device | str | int | None, /) -> None:
    """Use a device of the accelerator; there is only 0."""
    _index(d)


class device_index:
    """`with torch.accelerator.device_index(i):` uses a device of the accelerator; there is only 0."""

    def __init__(self, device: int | None, /) -> None:
        self.idx = device

    def __enter__(self) -> None:
        if self.idx is not None:
            _index(self.idx)

    def __exit__(self, *exc: object) -> None:
        pass


def synchronize(d: device | str | int | None = None, /) -> None:
    """Wait until all work handed to the accelerator is done."""
    _index(d)
    _synchronize(current_accelerator())


def _memory(d: device | str | int | None) -> dict[str, int]:
    _index(d)
    backend = resolve(current_accelerator())[0]
    ask = getattr(backend, "memory", None)  # a plugin need not know
    return ask() if ask is not None else {}


def memory_allocated(d: device | str | int | None = None, /) -> int:
    """Bytes of device memory in use."""
    return _memory(d).get("allocated", 0)


def memory_reserved(d: device | str | int | None = None, /) -> int:
    """Bytes of device memory held, also for later."""
    return _memory(d).get("reserved", 0)


def max_memory_allocated(d: device | str | int | None = None, /) -> int:
    """The most bytes in use at once, since the start or `reset_peak_memory_stats`."""
    return _memory(d).get("max_allocated", 0)


def max_memory_reserved(d: device | str | int | None = None, /) -> int:
    """The most bytes held at once, since the start or `reset_peak_memory_stats`."""
    return _memory(d).get("max_reserved", 0)


def memory_stats(d: device | str | int | None = None, /) -> dict[str, int]:
    """The four numbers above by PyTorch's names."""
    found = _memory(d)
    return {
        f"{what}_bytes.all.{when}": found[key]
        for what in ("allocated", "reserved")
        for when, key in (("current", what), ("peak", f"max_{what}"))
        if key in found
    }


def memory_summary(d: device | str | int | None = None, abbreviated: bool = False, /) -> str:
    """The memory in use and held, now and at most, as a table for people. (`abbreviated` has nothing to leave out.)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cuda.memory.memory_summary.html
    """
    found = _memory(d)
    rule, columns = "=" * 51, ("Metric", "Cur Usage", "Peak Usage")
    rows = [
        f" {name:21} | {_in_units(found.get(key, 0)):>10} | {_in_units(found.get(f'max_{key}', 0)):>10} "
        for name, key in (("Allocated memory", "allocated"), ("Reserved memory", "reserved"))
    ]
    lines = [
        rule,
        f"{current_accelerator()} memory summary, device ID {_index(d)}".center(51),
        "-" * 51,
        f" {columns[0]:^21} | {columns[1]:^10} | {columns[2]:^10} ",
        "-" * 51,
        *rows,
        rule,
    ]
    return "".join(f"|{line}|\n" for line in lines)


def _in_units(size: int) -> str:
    """A size as PyTorch writes it: up to five digits, and a unit."""
    units = ["B", "KiB", "MiB", "GiB", "TiB"]
    while size >= 10 * 1024 and len(units) > 1:
        size //= 1024
        del units[0]
    return f"{size} {units[0]}"


def get_memory_info(d: device | str | int | None = None, /) -> tuple[int, int]:
    """Bytes of device memory that are free, and that there are.

    Raises:
        RuntimeError: the device does not say, as no page and few adapters do.
    """
    found = _memory(d)
    if not found.get("total"):
        raise RuntimeError(f"{current_accelerator()} does not tell how much memory it has")
    return found["total"] - found["reserved"], found["total"]


def reset_peak_memory_stats(d: device | str | int | None = None, /) -> None:
    """Count the peaks from now on."""
    _call(d, "reset_peak_memory")


def reset_accumulated_memory_stats(d: device | str | int | None = None, /) -> None:
    """Does nothing: no sums are kept."""
    _index(d)


def empty_cache() -> None:
    """Give memory that is held and not in use back to the driver."""
    _call(None, "release_memory")


def _call(d: device | str | int | None, name: str) -> None:
    _index(d)
    method = getattr(resolve(current_accelerator())[0], name, None)
    if method is not None:
        method()
