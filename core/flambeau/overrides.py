"""`__torch_function__`: classes that take part in what functions of tensors do.

Nothing of it costs anything until somebody asks for it: the first subclass of Tensor, or the first mode, exchanges the public
functions and the methods of Tensor for ones that look at their arguments first.
Source: https://docs.pytorch.org/docs/stable/torch.overrides.html
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib import import_module
from types import FunctionType, MethodType, ModuleType
from typing import Any

from ._tensor import Tensor
from ._tensor import no_torch_function as disabled

__all__ = [
    "BaseTorchFunctionMode", "TorchFunctionMode", "enable_reentrant_dispatch", "get_ignored_functions",
    "get_overridable_functions", "get_testing_overrides", "handle_torch_function", "has_torch_function", "is_tensor_like",
    "is_tensor_method_or_property", "redispatch_function", "resolve_name", "wrap_torch_function",
]  # fmt: skip


class _State(threading.local):
    subclasses: bool = True  # whether classes are asked
    enabled: bool = True  # whether modes are, too

    def __init__(self) -> None:
        self.modes: list[Any] = []


_state = _State()


class DisableTorchFunctionSubclass:
    """A context in which no class is asked."""

    def __enter__(self) -> None:
        self._before = _state.subclasses
        _state.subclasses = False

    def __exit__(self, *exc: object) -> None:
        _state.subclasses = self._before


class DisableTorchFunction:
    """A context in which neither classes nor modes are asked."""

    def __enter__(self) -> None:
        self._before = _state.subclasses, _state.enabled
        _state.subclasses = _state.enabled = False

    def __exit__(self, *exc: object) -> None:
        _state.subclasses, _state.enabled = self._before


def default(cls: type, func: Callable[..., Any], types: Sequence[type], args: Any = (), kwargs: Any = None) -> Any:
    """What Tensor's own `__torch_function__` does: compute, and give the tensors of the result the class."""
    if not all(issubclass(cls, t) for t in types):
        return NotImplemented
    with DisableTorchFunctionSubclass():
        result = func(*args, **(kwargs or {}))
    return result if getattr(func, "plain", False) else _converted(result, cls)


def _converted(result: Any, cls: type) -> Any:
    if cls is Tensor:
        return result
    if isinstance(result, Tensor) and not isinstance(result, cls):
        made: Any = object.__new__(cls)
        made.__dict__.update(result.__dict__)
        return made
    if isinstance(result, (tuple, list)):
        parts = [_converted(x, cls) for x in result]
        return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
    return result


# --- asking -----------------------------------------------------------------------------------------------------------


@cache
def _takes_part(cls: Any) -> bool:
    if cls is Tensor or (
        cls.__module__ == "torch" and cls.__name__ == "Tensor"
    ):  # PyTorch's own, where both are loaded
        return False
    found = getattr(cls, "__torch_function__", None)
    return found is not None and getattr(found, "__func__", found) is not disabled


def _found_in(values: Iterable[Any], found: list[Any]) -> None:
    for x in values:
        cls = x.__class__
        if cls is tuple or cls is list:
            _found_in(x, found)
        elif _takes_part(cls) and all(type(y) is not cls for y in found):
            place = next((i for i, y in enumerate(found) if issubclass(cls, type(y))), len(found))
            found.insert(place, x)  # a subclass is asked before its bases


def _asked(args: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    if _state.subclasses:
        _found_in(args, found)
    return found


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """Whether a class of the arguments has a `__torch_function__` of its own, or a mode is on."""
    return bool(_state.enabled and _state.modes) or bool(_asked(relevant_args))


def has_torch_function_unary(x: Any) -> bool:
    """As `has_torch_function`, of one argument."""
    return has_torch_function((x,))


def has_torch_function_variadic(*args: Any) -> bool:
    """As `has_torch_function`."""
    return has_torch_function(args)


def handle_torch_function(
    public_api: Callable[..., Any], relevant_args: Iterable[Any], *args: Any, **kwargs: Any
) -> Any:
    """Ask the mode, then the classes of the arguments, what a function is to give.

    Raises:
        TypeError: all of them return NotImplemented.
    """
    asked = _asked(relevant_args)
    types = tuple(type(x) for x in asked)
    if _state.enabled and _state.modes:
        mode = _state.modes.pop()
        try:
            result = mode.__torch_function__(public_api, types, args, kwargs)
        finally:
            _state.modes.append(mode)
        if result is not NotImplemented:
            return result
    for x in asked:
        result = type(x).__torch_function__(public_api, types, args, kwargs)
        if result is not NotImplemented:
            return result
    lines = "\n".join(f"  - tensor subclass {t}" for t in types)
    raise TypeError(
        f"Multiple dispatch failed for '{resolve_name(public_api)}'; all __torch_function__ handlers returned NotImplemented:\n\n"
        f"{lines}\n\nFor more information, try re-running with TORCH_LOGS=not_implemented"
    )


class Overridable:
    """A public function that asks first. It is equal to the function it stands for, as a key too."""

    def __init__(self, function: Callable[..., Any], name: str | None = None, plain: bool = False) -> None:
        self.function = function
        self.__name__ = name or getattr(function, "__name__", type(function).__name__)
        self.__qualname__ = self.__name__
        self.__doc__ = function.__doc__
        self.__module__ = getattr(function, "__module__", "")
        self.plain = plain
        self.public: Overridable = self
        """Which function classes are told: for `__add__`, the method `add`."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if _state.subclasses or _state.modes:
            values = (*args, *kwargs.values()) if kwargs else args
            if (_state.enabled and _state.modes) or (_state.subclasses and _asked(values)):
                return handle_torch_function(self.public, values, *args, **kwargs)
        return self.function(*args, **kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __eq__(self, other: object) -> bool:
        return (
            other is self
            or other is self.function
            or (isinstance(other, Overridable) and other.function is self.function)
        )

    def __hash__(self) -> int:
        return hash(self.function)

    def __getattr__(self, name: str) -> Any:
        if name in ("function", "__wrapped__"):
            raise AttributeError(name)
        return getattr(self.function, name)

    def __repr__(self) -> str:
        return f"<function {self.__name__}>"

    def __deepcopy__(self, memo: object) -> Overridable:
        return self

    def __reduce__(self) -> Any:
        return _itself, (self.function,)


def _itself(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, for pickles: it equals the public one."""
    return function


def hand_over(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Ask the class of something that stands in a tensor's place and is none, where functions have not asked so far."""
    exchange()
    public = sys.modules["flambeau"].__dict__.get(function.__name__, function)
    return handle_torch_function(public, (*args, *kwargs.values()), *args, **kwargs)


# --- exchanging the functions -----------------------------------------------------------------------------------------

_METHODS = {
    "__add__": "add", "__radd__": "add", "__mul__": "mul", "__rmul__": "mul", "__sub__": "sub", "__truediv__": "div",
    "__pow__": "pow", "__matmul__": "matmul", "__neg__": "neg", "__abs__": "abs", "__mod__": "remainder", "__iadd__": "add_",
    "__isub__": "sub_", "__imul__": "mul_", "__itruediv__": "div_",
}  # fmt: skip
_KEPT = frozenset((
    "__new__", "__init_subclass__", "__torch_function__", "__hash__", "__dir__", "__reduce_ex__", "__deepcopy__", "__dict__",
    "__weakref__", "__class_getitem__", "__getattr__", "__setstate__", "__format__", "__iter__", "__array__", "__doc__",
    "__module__", "__annotations__", "__array_priority__", "as_subclass", "dtype", "__setattr__",
))  # fmt: skip
_PLAIN = frozenset(("grad", "_grad", "_base"))
_MODULES = ("flambeau.nn.functional", "flambeau.linalg", "flambeau.special", "flambeau.fft")
_exchanged = False


def exchange() -> None:
    """Exchange the public functions, once."""
    global _exchanged
    if _exchanged:
        return
    _exchanged = True
    from . import ops

    root = sys.modules["flambeau"]
    made: dict[int, Overridable] = {}

    def of(function: Any) -> Overridable:
        if id(function) not in made:
            made[id(function)] = Overridable(function)
        return made[id(function)]

    for name in ops.PUBLIC:
        held = root.__dict__.get(name)
        if isinstance(held, FunctionType):
            root.__dict__[name] = of(held)
    names = set(ops.PUBLIC)
    for path in _MODULES:
        module = _loaded(path)
        if module is None:
            continue
        for name, held in list(vars(module).items()):
            if isinstance(held, FunctionType) and not name.startswith("__"):
                setattr(module, name, of(held))
                if path.endswith("functional"):
                    names.add(name)
    # What layers call is found in `ops`, by families.
    for family in ops.FAMILIES:
        for name in names & set(vars(family)):
            held = vars(family)[name]
            if isinstance(held, FunctionType) and not isinstance(vars(ops).get(name), ModuleType):
                setattr(ops, name, of(held))
    _exchange_methods()


def _loaded(path: str) -> Any:
    try:
        return import_module(path)
    except ImportError:
        return None


def _exchange_methods() -> None:
    for name, held in list(vars(Tensor).items()):
        if name in _KEPT or (name.startswith("_") and not name.endswith("__")):
            continue
        if isinstance(held, property):
            assert held.fget is not None
            get = Overridable(held.fget, "__get__", plain=name in _PLAIN)
            setattr(Tensor, name, property(get, held.fset, held.fdel, held.__doc__))
        elif isinstance(held, FunctionType):
            setattr(Tensor, name, Overridable(held, name if name.startswith("__") else None))
    for name, public in _METHODS.items():
        operator, method = vars(Tensor).get(name), vars(Tensor).get(public)
        if isinstance(operator, Overridable) and isinstance(method, Overridable):
            operator.public = method


# --- modes ------------------------------------------------------------------------------------------------------------


class TorchFunctionMode:
    """A context in which every function of tensors goes through `__torch_function__(self, func, types, args, kwargs)`."""

    def __init__(self) -> None:
        pass

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What `func` is to give. Within it this mode is off."""
        raise NotImplementedError

    def __enter__(self) -> Any:
        exchange()
        _state.modes.append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        _state.modes.pop()

    @classmethod
    def push(cls, *args: Any, **kwargs: Any) -> Any:
        """A new instance, to be entered."""
        return cls(*args, **kwargs)


class BaseTorchFunctionMode(TorchFunctionMode):
    """The mode that does what happens without one."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call `func`."""
        return func(*args, **(kwargs or {}))


def _get_current_function_mode_stack() -> list[Any]:
    return list(_state.modes)


class enable_reentrant_dispatch:
    """Accepted for programs that ask: functions may be called within `__torch_function__` anyway."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        pass


# --- looking around ---------------------------------------------------------------------------------------------------


def is_tensor_like(inp: Any) -> bool:
    """Whether `inp` is a tensor, or its class has a `__torch_function__`."""
    return type(inp) is Tensor or hasattr(inp, "__torch_function__")


def is_tensor_method_or_property(func: Callable[..., Any]) -> bool:
    """Whether `func` is a method of Tensor, or the getter of one of its properties."""
    return func in _tensor_functions() or getattr(func, "__name__", "") == "__get__"


def _tensor_functions() -> set[Any]:
    found: set[Any] = set()
    for held in vars(Tensor).values():
        if isinstance(held, property):
            found.add(held.fget)
        elif callable(held) and getattr(held, "__hash__", None) is not None:
            found.add(held)
    public = {f for f in vars(sys.modules["flambeau"]).values() if callable(f)}
    return found - public


def get_overridable_functions() -> dict[Any, list[Callable[..., Any]]]:
    """The functions that ask, by where they are found."""
    from . import ops

    root = sys.modules["flambeau"]
    found: dict[Any, list[Callable[..., Any]]] = {
        root: [root.__dict__[n] for n in ops.PUBLIC if callable(root.__dict__.get(n))],
        Tensor: [f for n, f in vars(Tensor).items() if callable(f) and n not in _KEPT],
    }
    for path in _MODULES:
        module = _loaded(path)
        if module is not None:
            found[module] = [f for n, f in vars(module).items() if callable(f) and not n.startswith("_")]
    return found


def get_ignored_functions() -> set[Callable[..., Any]]:
    """Public functions that never ask: those that make no use of a tensor."""
    root = sys.modules["flambeau"]
    names = (
        "is_tensor",
        "set_default_dtype",
        "get_default_dtype",
        "manual_seed",
        "seed",
        "get_rng_state",
        "set_rng_state",
    )
    return {getattr(root, n) for n in names if hasattr(root, n)}


def get_testing_overrides() -> dict[Callable[..., Any], Callable[..., Any]]:
    """For each function that asks, one with its name that takes anything and gives -1."""

    def stand_in(*args: Any, **kwargs: Any) -> int:
        return -1

    return {f: stand_in for functions in get_overridable_functions().values() for f in functions if _hashable(f)}


def _hashable(f: Any) -> bool:
    return getattr(type(f), "__hash__", None) is not None


def resolve_name(f: Callable[..., Any]) -> str | None:
    """PyTorch's name of a function: `torch.add`, `torch.Tensor.view`, `torch.nn.functional.relu`."""
    from . import ops

    for name in ops.PUBLIC:
        if f == sys.modules["flambeau"].__dict__.get(name):
            return f"torch.{name}"
    for path in _MODULES:
        module = sys.modules.get(path)
        for name, held in vars(module).items() if module is not None else ():
            if f == held:
                return f"{path.replace('flambeau', 'torch', 1)}.{name}"
    for name, held in vars(Tensor).items():
        if f is held or (isinstance(held, Overridable) and f == held):
            return f"torch.Tensor.{name}"
    return getattr(f, "__name__", None)


def wrap_torch_function(dispatcher: Callable[..., Iterable[Any]]) -> Callable[..., Any]:
    """Let a function of your own ask: `dispatcher(*args)` gives the arguments whose classes count."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        from functools import wraps

        @wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            relevant = dispatcher(*args, **kwargs)
            if has_torch_function(relevant):
                return handle_torch_function(wrapped, relevant, *args, **kwargs)
            return function(*args, **kwargs)

        return wrapped

    return decorate


def redispatch_function(func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
    """Call `func` as if no class were there to ask."""
    return disabled(func, types, args, kwargs)
