"""torch's objects as flambeau's: tensors, dtypes, generators, functions, and code that is written with them.

The databases hold functions of torch's own test package, such as `lambda x: torch.polygamma(1, x)`. Those are run as they are, on
globals in which torch's objects are flambeau's.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import inspect
import types
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import torch

import flambeau


class Absent(LookupError):
    """flambeau has no such object."""


class Translation:
    """What torch's objects are in flambeau, with tensors on `device`: one stays one, and tensors of one storage share one."""

    def __init__(self, device: str = "cpu") -> None:
        self._device = device
        self._seen: dict[int, tuple[Any, Any]] = {}
        self._kept: list[torch.Tensor] = []
        self._storages: dict[tuple[int, torch.dtype], flambeau.Tensor] = {}

    def __call__(self, x: Any) -> Any:
        """What `x` is in flambeau.

        Raises:
            Absent: flambeau has no such object.
        """
        if isinstance(x, (torch.Tensor, torch.Generator)):
            if id(x) not in self._seen:
                self._seen[id(x)] = (x, self._tensor(x) if isinstance(x, torch.Tensor) else self._generator(x))
            return self._seen[id(x)][1]
        if isinstance(x, torch.nn.utils.rnn.PackedSequence):
            return flambeau.nn.utils.rnn.PackedSequence(*[self(part) for part in x])
        if isinstance(x, torch.Size):
            return flambeau.Size(x)
        if isinstance(x, torch.device):
            return flambeau.device(str(x))
        if isinstance(x, (torch.dtype, torch.layout, torch.memory_format)):
            return _named(str(x))
        if isinstance(x, tuple) and hasattr(x, "_fields"):
            return type(x)(*[self(item) for item in x])
        if isinstance(x, (list, tuple, set)):
            return type(x)([self(item) for item in x])
        if isinstance(x, slice):
            return slice(self(x.start), self(x.stop), self(x.step))
        if isinstance(x, dict):
            return type(x)((key, self(value)) for key, value in x.items())
        if isinstance(x, functools.partial):
            return functools.partial(self(x.func), *self(x.args), **self(x.keywords))
        if isinstance(x, types.ModuleType):
            return _module(x)
        if isinstance(x, torch.nn.Module):
            kind = function(type(x))
            made = kind.__new__(kind)
            made.__dict__.update({name: self(value) for name, value in vars(x).items()})
            return made
        if isinstance(x, (type, types.FunctionType, types.BuiltinFunctionType)):
            return function(x)
        return x

    def _tensor(self, x: torch.Tensor) -> flambeau.Tensor:
        if x.layout is not torch.strided or x.is_nested:
            raise Absent(f"a tensor of layout {x.layout}")
        if x.device.type != "cpu" or x.is_quantized:
            raise Absent(f"a tensor {x.dtype} on {x.device}")
        plain = x.detach().resolve_conj().resolve_neg()
        self._kept.append(plain)  # lest another tensor gets its memory, and its key
        key = plain.untyped_storage().data_ptr(), x.dtype
        if key not in self._storages:
            self._storages[key] = _elements(plain).to(self._device)
        base = self._storages[key]
        if tuple(plain.shape) == tuple(base.shape) and plain.is_contiguous():
            y = base
        elif plain.is_contiguous() and plain.numel() == base.numel():
            y = base.view(plain.shape)
        else:
            y = base.as_strided(plain.shape, plain.stride(), plain.storage_offset())
        y = y.detach().requires_grad_(x.requires_grad)
        return flambeau.nn.Parameter(y.detach(), x.requires_grad) if isinstance(x, torch.nn.Parameter) else y

    def _generator(self, x: torch.Generator) -> flambeau.Generator:
        made = flambeau.Generator()
        made.set_state(self(x.get_state()))
        return made


def _elements(x: torch.Tensor) -> flambeau.Tensor:
    """All that is in the storage of a tensor."""
    size = x.untyped_storage().nbytes() // x.element_size()
    held = torch.as_strided(x, (size,), (1,), 0)
    if x.dtype is torch.bfloat16:
        return flambeau.from_numpy(held.float().numpy()).to(flambeau.bfloat16)
    _named(str(x.dtype))
    return flambeau.from_numpy(held.clone().numpy())  # of a copy: memory that NumPy has seen, torch no longer resizes


def _named(name: str) -> Any:
    try:
        return attrgetter(name.removeprefix("torch."))(flambeau)
    except AttributeError:
        raise Absent(name) from None


def _module(x: types.ModuleType) -> Any:
    if not (x.__name__ + ".").startswith("torch."):
        return x
    path = x.__name__.removeprefix("torch").lstrip(".")
    try:
        return importlib.import_module(f"flambeau.{path}".rstrip("."))
    except ModuleNotFoundError:
        return _named(path)


NAMESPACES = (
    "nn.functional",
    "linalg",
    "special",
    "fft",
    "signal.windows",
    "nn.utils.rnn",
    "nn.utils",
    "nn.init",
    "autograd",
)
"""Where torch's functions have their public names, besides `torch` and `torch.Tensor`."""


@functools.cache
def _public_names() -> dict[Any, str]:
    """The names of torch's functions and classes, from `torch` on."""
    found: dict[Any, str] = {}
    for space, home in [("", torch), ("Tensor", torch.Tensor), *[(n, attrgetter(n)(torch)) for n in NAMESPACES]]:
        for name in dir(home):
            value = inspect.getattr_static(home, name)
            if callable(value) and value.__hash__ is not None:
                found.setdefault(value, f"{space}.{name}".lstrip("."))
    return found


def function(f: Callable[..., Any]) -> Any:
    """flambeau's function or class of the same public name; one of a test package runs on flambeau's globals.

    Raises:
        Absent: there is none.
    """
    home = getattr(f, "__module__", None) or ""
    name = getattr(f, "__name__", "")
    if name == "freeze_rng_state":
        return flambeau.random.fork_rng
    if getattr(builtins, name, None) is f or home in ("operator", "_operator", "math", "numpy"):
        return f
    if isinstance(f, types.FunctionType) and home.startswith(("torch.testing.", __package__ or "tests")):
        return _rebound(f)
    if f.__hash__ is not None and f in _public_names():
        return _named(_public_names()[f])
    if isinstance(f, type) and home.startswith("torch."):
        try:
            return getattr(importlib.import_module("flambeau" + home.removeprefix("torch")), name)
        except (ModuleNotFoundError, AttributeError):
            raise Absent(f"{home}.{name}") from None
    if home.startswith("torch") or f is getattr(torch._C, name, None):
        raise Absent(f"{home}.{name}")
    return f


def _rebound(f: types.FunctionType) -> types.FunctionType:
    translate = Translation()
    made: dict[str, Any] = {"__builtins__": builtins, "__name__": f.__module__}
    cells = None if f.__closure__ is None else tuple(types.CellType(translate(c.cell_contents)) for c in f.__closure__)
    copy = types.FunctionType(f.__code__, made, f.__name__, translate(f.__defaults__), cells)
    copy.__kwdefaults__ = translate(f.__kwdefaults__)
    for name in _names(f.__code__) & f.__globals__.keys():
        value = f.__globals__[name]
        made[name] = copy if value is f else translate(value)
    return copy


def _names(code: types.CodeType) -> set[str]:
    """The names that a function and those within it look up."""
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return set(code.co_names).union(*[_names(c) for c in inner])
