"""`torch.save`, `torch.load` and `torch.serialization`: objects with tensors in files that PyTorch reads and writes too.

Source: https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

from __future__ import annotations

import io
import os
import pickle
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

from .checkpoint import config, restricted, safetensors, torch_legacy, torch_zip
from .checkpoint.locations import MapLocation, default_restore_location, location_tag, register_package
from .checkpoint.restricted import (
    StorageType,
    _get_layout,
    add_safe_globals,
    clear_safe_globals,
    get_safe_globals,
    safe_globals,
)
from .checkpoint.zip_archive import ArchiveReader

__all__ = [
    "LoadEndianness",
    "SourceChangeWarning",
    "StorageType",
    "_get_layout",
    "add_safe_globals",
    "clear_safe_globals",
    "default_restore_location",
    "get_crc32_options",
    "get_default_load_endianness",
    "get_default_mmap_options",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "load",
    "location_tag",
    "register_package",
    "safe_globals",
    "save",
    "set_crc32_options",
    "set_default_load_endianness",
    "set_default_mmap_options",
    "skip_data",
]

DEFAULT_PROTOCOL = 2
MAGIC_NUMBER = torch_legacy.MAGIC_NUMBER
PROTOCOL_VERSION = torch_legacy.PROTOCOL_VERSION
UNSAFE_MESSAGE = (
    "In PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load` from `False` to `True`. "
    "Re-running `torch.load` with `weights_only` set to `False` will likely succeed, but it can result in arbitrary code "
    "execution. Do it only if you got the file from a trusted source."
)


class SourceChangeWarning(Warning):
    """The class of a module has changed since it was saved."""


# --- saving -----------------------------------------------------------------------------------------------------------


def save(
    obj: object,
    f: Any,
    pickle_module: Any = pickle,
    pickle_protocol: int = DEFAULT_PROTOCOL,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Write an object to a file that PyTorch can read.

    A path gets the whole file or, where saving fails, keeps what it had: the file is written beside it and renamed.

    Args:
        obj: what is saved: a tensor, a `state_dict`, a module, containers of them, ...
        f: a path, or an object with `write` and `flush`.
        pickle_module: what pickles it.
        pickle_protocol: its protocol.

    Raises:
        AttributeError: `f` is neither.
        RuntimeError: the path cannot be written; tensors of two dtypes share a storage.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.save.html
    """
    if isinstance(f, (str, os.PathLike)):
        path = os.fspath(f)
        with _replaced(path, _use_new_zipfile_serialization) as file:
            name = torch_zip.archive_name(path)
            _write(
                obj,
                file,
                name,
                pickle_module,
                pickle_protocol,
                _use_new_zipfile_serialization,
                _disable_byteorder_record,
            )
        return
    if not hasattr(f, "write"):
        raise AttributeError("expected 'f' to be string, path, or a file-like object with a 'write' attribute")
    _write(obj, f, "archive", pickle_module, pickle_protocol, _use_new_zipfile_serialization, _disable_byteorder_record)
    f.flush()


def _write(obj: Any, file: Any, name: str, module: Any, protocol: int, as_zip: bool, unmarked: bool) -> None:
    if as_zip:
        torch_zip.save(obj, file, name, module, protocol, not unmarked)
    else:
        if config.skipping.data:
            raise RuntimeError("Cannot use skip_data=True with _use_new_zipfile_serialization=False")
        torch_legacy.save(obj, file, module, protocol)


@contextmanager
def _replaced(path: str, as_zip: bool) -> Iterator[Any]:
    """A file to write that takes the place of `path` when all has gone well."""
    target = os.path.realpath(path)
    parent = os.path.dirname(target)
    if as_zip and not os.path.isdir(parent):
        raise RuntimeError(f"Parent directory {os.path.dirname(path)} does not exist.")
    if as_zip and os.path.isdir(target):
        raise RuntimeError("[enforce fail at inline_container.cc:747] . open file failed with strerror: Is a directory")
    beside = f"{target}.{os.getpid()}.tmp"
    if os.path.exists(target) and not os.path.isfile(target):
        with open(target, "wb") as file:  # a device or a pipe
            yield file
        return
    if not os.access(parent or ".", os.W_OK):  # one may write the file but not its directory
        beside = target
    try:
        with open(beside, "wb") as file:
            yield file
        if beside != target:
            if os.path.exists(target):
                os.chmod(beside, os.stat(target).st_mode & 0o7777)
            os.replace(beside, target)
    except BaseException:
        if beside != target and os.path.exists(beside):
            os.remove(beside)
        raise


# --- loading ----------------------------------------------------------------------------------------------------------


def load(
    f: Any,
    map_location: MapLocation = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """The object in a file written by `save`, by PyTorch's or by safetensors.

    Args:
        f: a path, or an object with `read`, `readline`, `seek` and `tell`.
        map_location: where storages go: a device or its name, a dictionary from the file's names to others, or a
            function of (storage, name) that returns a storage or None; default where they were saved from.
        pickle_module: what unpickles it; default `pickle`.
        weights_only: allow tensors, plain containers and `add_safe_globals` only; default True unless `pickle_module` is
            given. With False a file can run any code.
        mmap: do not read the storages but map the file, which must be a path; they are read when used.
        pickle_load_args: such as `encoding`, which is utf-8 by default.

    Raises:
        FileNotFoundError, RuntimeError, EOFError: there is no such file, or it is not whole.
        pickle.UnpicklingError: it holds what `weights_only` does not allow; the text says what to do.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.load.html
    """
    restricted_only = _is_weights_only(weights_only, pickle_module)
    if restricted_only:
        if pickle_module is not None:
            raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
        if pickle_load_args:
            warnings.warn("pickle_load_args only works if `weights_only=False`.", stacklevel=2)
    module = None if restricted_only else pickle_module or pickle
    pickle_load_args.setdefault("encoding", "utf-8")
    mmap = config.load.mmap if mmap is None else mmap
    is_path = isinstance(f, (str, os.PathLike))
    if is_path and os.fspath(f).endswith(".safetensors"):
        return safetensors.load(os.fspath(f), _single_device(map_location))
    try:
        if is_path:
            with open(f, "rb") as file:
                return _read(file, f, map_location, module, mmap, pickle_load_args)
        _check_seekable(f)
        return _read(f, f, map_location, module, mmap, pickle_load_args)
    except pickle.UnpicklingError as error:
        if not restricted_only:
            raise
        raise pickle.UnpicklingError(_explained(str(error))) from None


def _read(file: Any, f: Any, map_location: MapLocation, module: Any, mmap: bool, options: dict[str, Any]) -> Any:
    if not _is_zip(file):
        if mmap:
            name = f"{f}, " if isinstance(f, str) else ""
            raise RuntimeError(
                f"mmap can only be used with files saved with `torch.save({name}_use_new_zipfile_serialization=True), "
                "please torch.save your checkpoint with this option in order to use mmap."
            )
        return torch_legacy.load(file, map_location, module, **options)
    archive = ArchiveReader(file)
    if "constants.pkl" in archive:
        warnings.warn(
            "'torch.load' received a zip file that looks like a TorchScript archive dispatching to 'torch.jit.load' (call "
            "'torch.jit.load' directly to silence this warning)",
            UserWarning,
            stacklevel=3,
        )
        if module is None:
            raise RuntimeError(
                "Cannot use ``weights_only=True`` with TorchScript archives passed to ``torch.load``. " + UNSAFE_MESSAGE
            )
        raise RuntimeError("flambeau does not run TorchScript archives: save the module's state_dict instead")
    mapped = None
    if mmap:
        if not isinstance(f, (str, os.PathLike)):
            raise ValueError("f must be a file path in order to use the mmap argument")
        mapped = _mapped(os.fspath(f))
    return torch_zip.load(archive, map_location, module, mapped, **options)


def _mapped(path: str) -> memoryview:
    """A file's bytes, read when looked at. Writes stay in memory unless `set_default_mmap_options` says otherwise."""
    from mmap import ACCESS_COPY, ACCESS_WRITE, mmap

    shared = sys.platform != "win32" and get_default_mmap_options() != config.private_mapping()
    with open(path, "r+b" if shared else "rb") as file:
        return memoryview(mmap(file.fileno(), 0, access=ACCESS_WRITE if shared else ACCESS_COPY))


def _is_weights_only(weights_only: bool | None, pickle_module: Any) -> bool:
    """The argument, its default, and what the environment demands."""
    yes = ("1", "y", "yes", "true")
    forced = os.environ.get("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "0").lower() in yes
    forbidden = os.environ.get("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "0").lower() in yes
    if forced and forbidden:
        raise RuntimeError(
            "Only one of `TORCH_FORCE_WEIGHTS_ONLY_LOAD` or `TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD` should be set, but both were "
            "set."
        )
    if forced:
        return True
    if forbidden and weights_only is None:
        warnings.warn(
            "Environment variable TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD detected, since the`weights_only` argument was not "
            "explicitly passed to `torch.load`, forcing weights_only=False.",
            UserWarning,
            stacklevel=3,
        )
        return False
    return pickle_module is None if weights_only is None else bool(weights_only)


def _single_device(map_location: MapLocation) -> str:
    if isinstance(map_location, dict) or (callable(map_location) and not hasattr(map_location, "type")):
        kind = "dict" if isinstance(map_location, dict) else "callable"
        raise RuntimeError(
            f"Loading safetensors file with {kind} map_location is not supported. Use a device string or torch.device "
            "instead."
        )
    return "cpu" if map_location is None else str(map_location)


def _is_zip(file: Any) -> bool:
    start = file.tell()
    head = file.read(4)
    file.seek(start)
    return bool(head == b"PK\3\4")


def _check_seekable(file: Any) -> None:
    try:
        file.seek(file.tell())
    except (io.UnsupportedOperation, AttributeError) as error:
        if any(word in str(error) for word in ("seek", "tell")):
            raise type(error)(
                f"{error}. You can only torch.load from a file that is seekable. Please pre-load the data into a buffer "
                "like io.BytesIO and try to load from it instead."
            ) from None
        raise


def _explained(message: str) -> str:
    """What the restricted unpickler refused, with PyTorch's advice."""
    advice = (
        "\n\nCheck the documentation of torch.load to learn more about types accepted by default with weights_only "
        "https://pytorch.org/docs/stable/generated/torch.load.html."
    )
    if re.search(r"GLOBAL (\S+) was not an allowed global by default.", message):
        return (
            "Weights only load failed. This file can still be loaded, to do so you have two options, "
            "\033[1mdo those steps only if you trust the source of the checkpoint\033[0m. "
            f"\n\t(1) {UNSAFE_MESSAGE}\n\t(2) Alternatively, to load with `weights_only=True` please check the recommended "
            f"steps in the following error message.\n\tWeightsUnpickler error: {message}{advice}"
        )
    text = f"Weights only load failed. {UNSAFE_MESSAGE}\n"
    if not re.search(r"whose module (\S+) is blocked", message):
        text += (
            "Please file an issue with the following so that we can make `weights_only=True` compatible with your use case: "
            "WeightsUnpickler error: "
        )
    return f"{text}\n\n{message}{advice}"


class skip_data:
    """A context in which `save` leaves room for the elements of storages, to be filled in later, and `load` fills with 0.

    Args:
        materialize_fake_tensors: accepted; there are none here.
    """

    def __init__(self, materialize_fake_tensors: bool = False) -> None:
        self.materialize_fake_tensors = materialize_fake_tensors

    def __enter__(self) -> None:
        self._before = config.skipping.data
        config.skipping.data = True

    def __exit__(self, *exc: object) -> None:
        config.skipping.data = self._before


def get_unsafe_globals_in_checkpoint(f: Any) -> list[str]:
    """The full names in a file that `weights_only=True` would refuse.

    Raises:
        ValueError: it is not one that `save` wrote.
    """
    allowed = restricted.always_allowed().keys() | restricted.user_allowed().keys()
    with open(f, "rb") if isinstance(f, (str, os.PathLike)) else _kept_open(f) as file:
        if not _is_zip(file):
            raise ValueError("Expected input to be a checkpoint returned by torch.save")
        archive = ArchiveReader(file)
        if "constants.pkl" in archive:
            raise ValueError(
                "Expected input to be a checkpoint returned by torch.save but got a torchscript checkpoint"
            )
        return list(restricted.names_in(bytes(archive.record("data.pkl"))) - allowed)


@contextmanager
def _kept_open(file: Any) -> Iterator[Any]:
    yield file


def _load_from_bytes(data: bytes) -> Any:
    """A storage from the bytes in a pickle of PyTorch's."""
    return load(io.BytesIO(data), weights_only=False)


# --- settings ---------------------------------------------------------------------------------------------------------


class LoadEndianness(Enum):
    """The byte order of files that do not tell theirs."""

    NATIVE = 1
    LITTLE = 2
    BIG = 3


def get_default_load_endianness() -> LoadEndianness | None:
    """The byte order assumed of files that do not tell theirs; None is little."""
    order: LoadEndianness | None = config.load.endianness
    return order


def set_default_load_endianness(endianness: LoadEndianness | None) -> None:
    """Set what `get_default_load_endianness` returns."""
    if not isinstance(endianness, LoadEndianness) and endianness is not None:
        raise TypeError("Invalid argument type in function set_default_load_endianness")
    config.load.endianness = endianness


def get_crc32_options() -> bool:
    """Whether `save` writes checksums."""
    return config.save.compute_crc32


def set_crc32_options(compute_crc32: bool) -> None:
    """Set whether `save` writes checksums; `load` does not look at them."""
    config.save.compute_crc32 = compute_crc32


def get_default_mmap_options() -> int | None:
    """How `load(mmap=True)` maps files: `mmap.MAP_PRIVATE` or `mmap.MAP_SHARED`."""
    return config.load.mmap_flags


class set_default_mmap_options:
    """Set how `load(mmap=True)` maps files; as a context manager, until its end."""

    def __init__(self, flags: int) -> None:
        if sys.platform == "win32":
            raise RuntimeError("Changing the default mmap options is currently not supported for Windows")
        from mmap import MAP_PRIVATE, MAP_SHARED

        if flags not in (MAP_PRIVATE, MAP_SHARED):
            raise ValueError(
                "Invalid argument in function set_default_mmap_options, expected mmap.MAP_PRIVATE or mmap.MAP_SHARED, but "
                f"got {flags}"
            )
        self.previous = config.load.mmap_flags
        config.load.mmap_flags = flags

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        config.load.mmap_flags = self.previous
