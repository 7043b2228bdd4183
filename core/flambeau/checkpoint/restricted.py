"""An unpickler for files of strangers: it makes tensors, plain containers, and what the user has declared safe.

Nothing is imported by name, and nothing is called that is not in a list.

Source: https://docs.pytorch.org/docs/stable/notes/serialization.html#weights-only
"""

from __future__ import annotations

import warnings
from _codecs import encode
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import Counter, OrderedDict
from collections.abc import Callable
from functools import lru_cache
from pickle import UnpicklingError, decode_long
from struct import unpack
from typing import Any, Final

from .. import pickling
from .._tensor import Tensor
from ..device import device as Device
from ..dtype import ALL, bool_
from ..layout import _get_layout
from ..nn import parameter
from ..nn.parameter import Parameter
from ..shape import Size
from ..typed_storage import LEGACY, TypedStorage, dtype_of_storage
from ..untyped_storage import UntypedStorage
from .names import torch_name

_BLOCKED: Final = ("sys", "os", "posix", "nt")


class StorageType:
    """What stands for `torch.FloatStorage` and its kin while a file is read: a dtype."""

    def __init__(self, name: str) -> None:
        self.dtype: Final = dtype_of_storage(name)

    def __str__(self) -> str:
        return f"StorageType(dtype={self.dtype})"


# --- what is allowed --------------------------------------------------------------------------------------------------

_declared_safe: set[Any] = set()


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Allow classes and functions in files read with `weights_only=True`.

    Args:
        safe_globals: the classes and functions, or pairs (class, its full name in the file).
    """
    global _declared_safe
    _declared_safe = _declared_safe.union(safe_globals)


def get_safe_globals() -> list[Any]:
    """What `add_safe_globals` has allowed."""
    return list(_declared_safe)


def clear_safe_globals() -> None:
    """Allow no more than at first."""
    global _declared_safe
    _declared_safe = set()


def remove_safe_globals(safe_globals: list[Any]) -> None:
    """Take back what `add_safe_globals` has allowed."""
    global _declared_safe
    _declared_safe = _declared_safe.difference(safe_globals)


class safe_globals:
    """A context in which classes and functions are allowed in files; see `add_safe_globals`."""

    def __init__(self, safe_globals: list[Any]) -> None:
        self.safe_globals = safe_globals

    def __enter__(self) -> None:
        add_safe_globals(self.safe_globals)

    def __exit__(self, *exc: object) -> None:
        remove_safe_globals(self.safe_globals)


def user_allowed() -> dict[str, Any]:
    """What the user has declared safe, by its full name here and in PyTorch."""
    allowed = {}
    for entry in _declared_safe:
        if isinstance(entry, tuple):
            if len(entry) != 2:
                raise ValueError(
                    "Expected tuple of length 2 (global, str of callable full path), but got tuple of length: "
                    f"{len(entry)}"
                )
            if type(entry[1]) is not str:
                raise TypeError(
                    f"Expected second item in tuple to be str of callable full path, but got: {type(entry[1])}"
                )
            allowed[entry[1]] = entry[0]
        else:
            allowed[f"{entry.__module__}.{entry.__qualname__}"] = entry
            allowed[".".join(torch_name(entry.__module__, entry.__qualname__))] = entry
    return allowed


@lru_cache(maxsize=1)
def always_allowed() -> dict[str, Any]:
    """What files may name, by full name."""
    rebuild = {f"torch._utils.{f.__name__}": f for f in (
        pickling._rebuild_tensor, pickling._rebuild_tensor_v2, pickling._rebuild_tensor_v3,
        pickling._rebuild_device_tensor_from_cpu_tensor, pickling._rebuild_device_tensor_from_numpy,
        pickling._rebuild_meta_tensor_no_storage, parameter._rebuild_parameter, parameter._rebuild_parameter_with_state,
    )}  # fmt: skip
    return {
        "collections.OrderedDict": OrderedDict,
        "collections.Counter": Counter,
        "torch.nn.parameter.Parameter": Parameter,
        "torch.Size": Size,
        "torch.Tensor": Tensor,
        "torch.device": Device,
        "_codecs.encode": encode,  # bytes, in the protocol that files have
        "builtins.bytearray": bytearray,
        "builtins.set": set,
        "builtins.complex": complex,
        **{f"torch.{'bool' if d is bool_ else d.name}": d for d in ALL},
        **{f"torch.{name}": StorageType(name) for name in LEGACY},
        "torch.storage.TypedStorage": TypedStorage,
        "torch.storage.UntypedStorage": UntypedStorage,
        "torch.UntypedStorage": UntypedStorage,
        "torch.serialization._get_layout": _get_layout,
        **rebuild,
        "torch._tensor._rebuild_from_type_v2": pickling._rebuild_from_type_v2,
    }


def is_allowed(value: Any) -> bool:
    """Whether a class or function is one of those that may be named."""
    return any(value is v for v in always_allowed().values()) or any(value is v for v in user_allowed().values())


# --- reading ----------------------------------------------------------------------------------------------------------


def _read_name(file: Any) -> tuple[str, str]:
    """The module and name of a GLOBAL instruction, as Python 3 calls them."""
    module, name = (file.readline()[:-1].decode() for _ in range(2))
    if (module, name) in NAME_MAPPING:
        return NAME_MAPPING[(module, name)]
    return IMPORT_MAPPING.get(module, module), name


class RestrictedUnpickler:
    """Reads one pickle of protocol 2 (and what of others uses its instructions) from a file.

    Raises:
        UnpicklingError: a class or function that is not allowed, or an instruction that tensors do not need.
    """

    def __init__(self, file: Any, *, encoding: str = "bytes") -> None:
        self.encoding = encoding
        self.file = file
        self.read: Callable[[int], bytes] = file.read
        self.memo: dict[int, Any] = {}
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []

    def persistent_load(self, pid: Any) -> Any:
        """A storage by its key in the file."""
        raise UnpicklingError("unsupported persistent id encountered")

    def load(self) -> Any:
        """The object."""
        self.marks, self.stack = [], []
        while True:
            code = self.read(1)
            if not code:
                raise EOFError
            if code == b".":
                return self.stack.pop()
            instruction = _INSTRUCTIONS.get(code[0])
            if instruction is None:
                raise UnpicklingError(f"Unsupported operand {code[0]}")
            instruction(self)

    # --- what may do harm

    def _global(self) -> None:
        module, name = _read_name(self.file)
        path = f"{module}.{name}"
        if module in _BLOCKED:
            raise UnpicklingError(f"Trying to load unsupported GLOBAL {path} whose module {module} is blocked.")
        allowed = always_allowed()
        if path not in allowed:
            allowed = user_allowed()
        if path not in allowed:
            path = path.removeprefix("builtins.")
            raise UnpicklingError(
                f"Unsupported global: GLOBAL {path} was not an allowed global by default. "
                f"Please use `torch.serialization.add_safe_globals([{path}])` or the "
                f"`torch.serialization.safe_globals([{path}])` context manager to allowlist this global "
                "if you trust this class/function."
            )
        self.stack.append(allowed[path])

    def _new_object(self) -> None:
        arguments = self.stack.pop()
        cls = self.stack.pop()
        if not is_allowed(cls):
            raise UnpicklingError(
                "Can only create new object for nn.Parameter or classes allowlisted "
                f"via `add_safe_globals` but got {cls}"
            )
        self.stack.append(cls(*arguments) if cls is Parameter else cls.__new__(cls, *arguments))

    def _reduce(self) -> None:
        arguments = self.stack.pop()
        function = self.stack[-1]
        if not is_allowed(function):
            owner = f" which belongs to {function.__self__}" if hasattr(function, "__self__") else ""
            raise UnpicklingError(f"Trying to call reduce for unrecognized function {function}{owner}")
        self.stack[-1] = function(*arguments)

    def _build(self) -> None:
        state = self.stack.pop()
        instance = self.stack[-1]
        kind = type(instance)
        if kind is Tensor:
            instance.set_(*state)
        elif kind is OrderedDict:
            instance.__dict__.update(state)
        elif not is_allowed(kind):
            raise UnpicklingError(
                "Can only build Tensor, Parameter, OrderedDict or types allowlisted "
                f"via `add_safe_globals`, but got {kind}"
            )
        elif hasattr(instance, "__setstate__"):
            instance.__setstate__(state)
        else:
            state, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
            instance.__dict__.update(state or {})
            for name, value in (slots or {}).items():
                setattr(instance, name, value)

    def _persistent(self) -> None:
        pid = self.stack.pop()
        if type(pid) is not tuple and type(pid) is not int:
            raise UnpicklingError(f"persistent_load id must be tuple or int, but got {type(pid)}")
        if type(pid) is tuple and pid and pid[0] not in ("storage", b"storage"):
            raise UnpicklingError(f"Only persistent_load of storage is allowed, but got {type(pid[0])}")
        self.stack.append(self.persistent_load(pid))

    # --- containers

    def _mark(self) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def _since_mark(self) -> list[Any]:
        items = self.stack
        self.stack = self.marks.pop()
        return items

    def _append(self) -> None:
        item = self.stack.pop()
        self._list("append to").append(item)

    def _extend(self) -> None:
        items = self._since_mark()
        self._list("extend").extend(items)

    def _list(self, verb: str) -> list[Any]:
        target: list[Any] = self.stack[-1]
        if type(target) is not list:
            raise UnpicklingError(f"Can only {verb} lists, but got {type(target)}")
        return target

    def _set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._dictionary("SETITEM")[key] = value

    def _set_items(self) -> None:
        items = self._since_mark()
        self._dictionary("SETITEMS").update(zip(items[::2], items[1::2], strict=True))

    def _dictionary(self, instruction: str) -> Any:
        target = self.stack[-1]
        if type(target) not in (dict, OrderedDict, Counter):
            raise UnpicklingError(
                f"Can only {instruction} for dict, collections.OrderedDict, collections.Counter, but got {type(target)}"
            )
        # Counter's update adds up.
        return _Setting(target) if type(target) is Counter else target

    def _tuple(self) -> None:
        items = tuple(self._since_mark())
        self.stack.append(items)

    def _tuple_of(self, count: int) -> None:
        self.stack[-count:] = [tuple(self.stack[-count:])]

    # --- plain values

    def _push(self, value: Any) -> None:
        self.stack.append(value)

    def _number(self, form: str, size: int) -> int | float:
        number: int | float = unpack(form, self.read(size))[0]
        return number

    def _string(self) -> None:
        self._push(str(self.read(int(self._number("<I", 4))), "utf-8", "surrogatepass"))

    def _short_string(self) -> None:
        data = self.read(self.read(1)[0])
        self._push(data if self.encoding == "bytes" else data.decode(self.encoding, "strict"))

    def _long(self) -> None:
        self._push(decode_long(self.read(self.read(1)[0])))

    def _remember(self, form: str, size: int) -> None:
        self.memo[int(self._number(form, size))] = self.stack[-1]

    def _recall(self, form: str, size: int) -> None:
        self._push(self.memo[int(self._number(form, size))])

    def _protocol(self) -> None:
        protocol = self.read(1)[0]
        if protocol != 2:
            warnings.warn(
                f"Detected pickle protocol {protocol} in the checkpoint, which was not the default pickle protocol used by "
                "`torch.load` (2). The weights_only Unpickler might not support all instructions implemented by this "
                "protocol, please file an issue for adding support if you encounter this.",
                stacklevel=2,
            )


class _Setting:
    """`update` that sets."""

    def __init__(self, target: Any) -> None:
        self.target = target

    def __setitem__(self, key: Any, value: Any) -> None:
        self.target[key] = value

    def update(self, pairs: Any) -> None:
        for key, value in pairs:
            self.target[key] = value


_U = RestrictedUnpickler
_INSTRUCTIONS: Final[dict[int, Callable[[RestrictedUnpickler], None]]] = {
    ord(code): instruction
    for code, instruction in {
        "c": _U._global,
        "\x81": _U._new_object,
        "R": _U._reduce,
        "b": _U._build,
        "Q": _U._persistent,
        "(": _U._mark,
        "a": _U._append,
        "e": _U._extend,
        "s": _U._set_item,
        "u": _U._set_items,
        "t": _U._tuple,
        "\x85": lambda u: u._tuple_of(1),
        "\x86": lambda u: u._tuple_of(2),
        "\x87": lambda u: u._tuple_of(3),
        "N": lambda u: u._push(None),
        "\x89": lambda u: u._push(False),
        "\x88": lambda u: u._push(True),
        ")": lambda u: u._push(()),
        "]": lambda u: u._push([]),
        "}": lambda u: u._push({}),
        "\x8f": lambda u: u._push(set()),
        "J": lambda u: u._push(u._number("<i", 4)),
        "K": lambda u: u._push(u._number("<B", 1)),
        "M": lambda u: u._push(u._number("<H", 2)),
        "G": lambda u: u._push(u._number(">d", 8)),
        "X": _U._string,
        "U": _U._short_string,
        "\x8a": _U._long,
        "h": lambda u: u._recall("<B", 1),
        "j": lambda u: u._recall("<I", 4),
        "q": lambda u: u._remember("<B", 1),
        "r": lambda u: u._remember("<I", 4),
        "\x80": _U._protocol,
    }.items()
}


def names_in(data: bytes) -> set[str]:
    """The full names of the classes and functions that a pickle asks for."""
    from pickletools import genops

    found = set()
    for instruction, argument, _ in genops(data):
        if instruction.name == "GLOBAL":
            module, _, name = str(argument).partition(" ")
            if (module, name) in NAME_MAPPING:
                module, name = NAME_MAPPING[(module, name)]
            found.add(f"{IMPORT_MAPPING.get(module, module)}.{name}")
    return found
