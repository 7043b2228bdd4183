"""The op table: every op by family, and what of it the public namespace and the Tensor class get.

A family is a file. It lists its `FUNCTIONS` (public as `flambeau.<name>`), `METHODS` (of Tensor), `INPLACE` (functions
whose in-place form, `<name>_`, is a method; those among them made of several ops are `COMPOSED`) and `ALIASES` (other
public names). To add a family, add it here.
"""

from __future__ import annotations

import sys as _sys
from collections.abc import Callable
from typing import Any

from .._tensor import Tensor
from . import (
    activation,
    arguments,
    attention,
    attributes,
    average_pooling,
    bags,
    by_index,
    comparison,
    complex_numbers,
    contraction,
    conversion,
    convolution,
    copies,
    creation,
    ctc,
    differences,
    distance,
    elementary,
    elementwise_loss,
    grid_sampling,
    indexing,
    inplace,
    inplace_views,
    interop,
    joining,
    late,
    lookup,
    loss,
    margin,
    masks,
    matmul,
    max_pooling,
    nonlinearity,
    normalization,
    optimizer_steps,
    ordering,
    out,
    padding,
    pointwise,
    random,
    rearranging,
    recurrent,
    recurrent_scan,
    reduction,
    sampling,
    scattering,
    shuffling,
    sorting,
    special,
    splitting,
    statistics,
    storages,
    views,
    weight_norm,
)
from . import autocasting as _autocasting
from .node_names import recorded_as

FAMILIES = (
    creation, random, pointwise, comparison, reduction, matmul, views, splitting, joining,
    indexing, by_index, masks, lookup, sorting, activation,
    nonlinearity, normalization, attention,
    recurrent, recurrent_scan, loss, ctc, margin, bags,
    elementwise_loss, optimizer_steps, conversion, inplace, storages, weight_norm,
    elementary, special, contraction, ordering, statistics, differences, rearranging, distance, scattering,
    padding, convolution, average_pooling, max_pooling, shuffling,
    grid_sampling,
    inplace_views, copies, attributes, interop,
    sampling, complex_numbers,
)  # fmt: skip

PUBLIC: dict[str, Callable[..., Any]] = {}
"""What `flambeau` exports, by name."""


def _attach() -> None:
    for family in FAMILIES:
        for f in getattr(family, "FUNCTIONS", ()):
            PUBLIC[f.__name__] = f
        for f in getattr(family, "METHODS", ()):
            setattr(Tensor, f.__name__, arguments.numpy_named(f))
        for name, f in getattr(family, "ALIASES", {}).items():
            PUBLIC[name] = f
            setattr(Tensor, name, f)
        PUBLIC.update(getattr(family, "PUBLIC_ALIASES", {}))
        for name, f in getattr(family, "METHOD_ALIASES", {}).items():
            setattr(Tensor, name, f)
        for name, attribute in getattr(family, "ATTRIBUTES", {}).items():
            setattr(Tensor, name, attribute)
        composed = getattr(family, "COMPOSED", ())
        for f in getattr(family, "INPLACE", ()):
            form = inplace.in_place(f, composed=f in composed)
            for name in (f.__name__, *[name for name, g in getattr(family, "ALIASES", {}).items() if g is f]):
                setattr(Tensor, name + "_", form)
    for module, names in late.NAMES.items():
        for name in names:
            PUBLIC[name] = f = late.function(module, name)
            if name not in late.NO_METHODS:
                setattr(Tensor, name, f)
    for name in out.WITH_OUT | out.FACTORIES:
        PUBLIC[name] = out.with_out(PUBLIC[name], name)
    for name in inplace.FUNCTIONS_TOO:
        PUBLIC[name] = getattr(Tensor, name, None) or inplace.in_place(PUBLIC[name.removesuffix("_")])


def _attach_operators() -> None:
    plain = {
        "add": pointwise.plus, "sub": pointwise.sub, "mul": pointwise.mul, "truediv": pointwise.true_divide,
        "floordiv": pointwise.floor_divide, "mod": pointwise.remainder, "pow": pointwise.pow,
        "and": comparison.bitwise_and, "or": comparison.bitwise_or, "xor": comparison.bitwise_xor,
        "lshift": comparison.bitwise_left_shift, "rshift": comparison.bitwise_right_shift,
    }  # fmt: skip
    reflected = {"sub": "RsubBackward1", "truediv": "MulBackward0"}
    for name, f in plain.items():
        setattr(Tensor, f"__{name}__", _operator(f))
        setattr(Tensor, f"__r{name}__", _reflected(recorded_as(reflected[name])(f) if name in reflected else f))
        setattr(Tensor, f"__i{name}__", _operator(inplace.in_place(f)))
    Tensor.__matmul__ = _operator(matmul.matmul, (Tensor,))  # type: ignore[method-assign]
    Tensor.__rdiv__ = lambda self, other: self.reciprocal() * other  # type: ignore[attr-defined]
    Tensor.__rmatmul__ = _reflected(matmul.matmul, (Tensor,))  # type: ignore[attr-defined]
    compare = {
        "lt": comparison.lt,
        "le": comparison.le,
        "gt": comparison.gt,
        "ge": comparison.ge,
        "eq": comparison.eq,
        "ne": comparison.ne,
    }
    for name, f in compare.items():
        setattr(Tensor, f"__{name}__", _operator(f))
    one: dict[str, Callable[..., Any]] = {
        "neg": pointwise.neg,
        "pos": pointwise.positive,
        "abs": pointwise.abs,
        "invert": _invert,
    }
    for name, f in one.items():
        setattr(Tensor, f"__{name}__", f)
    attributes: dict[str, Any] = {
        "where": lambda input, condition, other: pointwise.where(condition, input, other),
    }
    for name, attribute in attributes.items():
        setattr(Tensor, name, attribute)
    for name, held in tuple(Tensor.__dict__.items()):
        if isinstance(held, property) and held.fset is None:
            refuse = _refusal(name)
            setattr(Tensor, name, property(held.fget, refuse, refuse, held.__doc__))
    Tensor.__getitem__ = indexing.getitem  # type: ignore[method-assign]
    Tensor.__setitem__ = indexing.setitem  # type: ignore[method-assign]


def _refusal(name: str) -> Callable[..., None]:
    """What setting, or deleting, an attribute that is computed comes to."""

    def refuse(*_: Any) -> None:
        raise AttributeError(f"attribute '{name}' of 'torch._C.TensorBase' objects is not writable")

    return refuse


def _invert(x: Tensor) -> Tensor:
    if x.dtype.priority > 1:
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return comparison.bitwise_not(x)


_NUMBERS = (Tensor, int, float, complex)


def _operator(f: Callable[..., Any], accepted: tuple[type, ...] = _NUMBERS) -> Callable[[Tensor, Any], Any]:
    """`f` as a binary operator: NotImplemented for what is no tensor or number, so that Python tries the other one."""

    def call(self: Tensor, other: Any) -> Any:
        if isinstance(other, accepted) or hasattr(other, "__array__"):
            return f(self, other)
        return NotImplemented

    return call


def _reflected(f: Callable[..., Any], accepted: tuple[type, ...] = _NUMBERS) -> Callable[[Tensor, Any], Any]:
    def call(self: Tensor, other: Any) -> Any:
        if isinstance(other, accepted) or hasattr(other, "__array__"):
            return f(other, self)
        return NotImplemented

    return call


_autocasting.install([m for name, m in _sys.modules.items() if name.startswith(__name__ + ".")])
_attach()
_attach_operators()


def __getattr__(name: str) -> Any:
    """Ops that are not public functions of `flambeau`, by family: `ops.linear`, `ops.lstm_cell`, ...; and `ops.aten`."""
    if name == "aten":
        from importlib import import_module

        return import_module(f"{__name__}.aten")
    for family in FAMILIES:
        found = family.__dict__.get(name)
        if found is not None and not name.startswith("_"):
            globals()[name] = found
            return found
    raise AttributeError(f"module 'flambeau.ops' has no attribute '{name}'")
