"""What a sample is: the arguments of one call of an op, described so that torch and flambeau can both be given them.

    Op("add", [S(F(2, 3), F(3), alpha=2)], errors=[S(F(2, 3), F(4))])

says that `add` of a float tensor (2, 3) and a float tensor (3,) with `alpha=2` works as in torch, and that (2, 3) and (4,) fail
as in torch. `F`, `I`, `B` and `T` describe tensors, `D` a dtype; lists and tuples of them, and anything else, are passed on.
The tables of such rows are in `samples/`, one file for each family of `flambeau/ops/`; tests of this folder do the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Library = Any  # torch or flambeau: the same code runs with either


@dataclass(frozen=True)
class Described:
    """A tensor that either library can make: numbers drawn from its shape and its place among the arguments, or given."""

    shape: tuple[int, ...]
    kind: str  # a dtype's name; "float" is the floating-point dtype under test
    low: float = -2.0
    high: float = 2.0
    layout: str = "plain"  # or "transposed", "strided", "expanded"
    given: Any = None
    grad: bool = True

    def array(self, place: int) -> np.ndarray[Any, Any]:
        """The elements; no two of a float tensor are equal, and none is a whole number."""
        n = int(np.prod(self.shape))
        generator = np.random.default_rng([n, place])
        if self.given is not None:
            return np.asarray(self.given)
        if self.kind == "bool":
            return generator.integers(0, 2, self.shape).astype(bool)
        if self.kind in ("float", "float64", "float32", "float16"):
            spread = self.low + (self.high - self.low) * (np.arange(n) + 0.37 + 0.011 * place) / max(n, 1)
            return generator.permutation(spread).reshape(self.shape)
        return generator.integers(int(self.low), int(self.high), self.shape)

    def __repr__(self) -> str:
        name = {"float": "F", "int64": "I", "bool": "B"}.get(self.kind, self.kind)
        if self.given is not None:
            return f"{name}[{self.given}]".replace(" ", "")
        layout = "" if self.layout == "plain" else self.layout[0].upper()
        return f"{name}{'x'.join(map(str, self.shape)) or '()'}{layout}"


@dataclass(frozen=True)
class NamedDtype:
    """A dtype by its name."""

    name: str

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Sample:
    """The arguments of one call."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def __repr__(self) -> str:
        shown = [repr(a) for a in self.args] + [f"{k}={v!r}" for k, v in self.kwargs.items()]
        return ",".join(shown).replace(" ", "")


@dataclass(frozen=True)
class Op:
    """A public op: where it works, where it fails, and what is special about it."""

    name: str
    """The public name; of a method that is no function, with a dot before it: `.view`."""
    samples: list[Sample] = field(default_factory=list)
    errors: list[Sample] = field(default_factory=list)
    call: Callable[..., Any] | None = None
    """`call(library, *args, **kwargs)`, where the name alone does not say what to call."""
    view: bool = False
    """Whether the results are views: strides and offsets are then compared too, and that a write shows in the input."""
    differentiable: bool = True
    twice: bool = True
    """Whether second derivatives are checked."""
    kinked: bool = False
    """Whether finite differences say nothing about the derivative, as for a step."""
    in_place: bool = True
    """Whether the in-place form, where there is one, is tested with the same samples."""
    tolerance: float = 1.0
    """A factor on the tolerances, for ops that lose digits."""
    same_values: bool = True
    """Whether the values are defined (`empty` has none)."""
    composed: bool = False
    """Whether it is made of others here, whose nodes are those of the others."""
    on_gpu: bool = True
    """Whether a GPU can do it; what has to look at values (`unique`) or is not of a backend (`from_numpy`) need not."""

    def function(self, library: Library) -> Callable[..., Any]:
        """The op in one of the libraries, as a function."""
        if self.call is not None:
            call = self.call
            return lambda *args, **kwargs: call(library, *args, **kwargs)
        if self.name.startswith("."):
            return getattr(library.Tensor, self.name[1:])
        return getattr(library, self.name)

    def __repr__(self) -> str:
        return self.name


def S(*args: Any, **kwargs: Any) -> Sample:
    """A call's arguments."""
    return Sample(args, kwargs)


def F(*shape: int, low: float = -2.0, high: float = 2.0, layout: str = "plain", grad: bool = True) -> Described:
    """A tensor of the floating-point dtype under test, with elements between two limits."""
    return Described(shape, "float", low, high, layout, grad=grad)


def I(*shape: int, low: int = -4, high: int = 6, kind: str = "int64", layout: str = "plain") -> Described:  # noqa: E743
    """A tensor of integers in [low, high)."""
    return Described(shape, kind, max(low, 0) if kind == "uint8" else low, high, layout, grad=False)


def B(*shape: int, layout: str = "plain") -> Described:
    """A tensor of booleans."""
    return Described(shape, "bool", layout=layout, grad=False)


def T(values: Any, kind: str = "float", grad: bool = True) -> Described:
    """A tensor with these elements."""
    return Described(np.asarray(values).shape, kind, given=values, grad=grad and kind.startswith("float"))


def D(name: str) -> NamedDtype:
    """A dtype."""
    return NamedDtype(name)


@dataclass
class Made:
    """A sample's arguments in one library."""

    args: list[Any]
    kwargs: dict[str, Any]
    leaves: list[Any]
    """The float tensors that gradients are computed for."""


def make(
    library: Library,
    sample: Sample,
    *,
    floating: str = "float32",
    device: str | None = None,
    grad: bool = False,
    given: Sequence[Any] = (),
) -> Made:
    """The arguments of a sample in one library, `F` tensors in the dtype `floating`.

    `given` are leaves to use, as an earlier call made them with `grad`, instead of making them.
    """
    leaves: list[Any] = []
    places = iter(range(1000))
    ready = iter(given)

    def build(x: Any) -> Any:
        if isinstance(x, Described):
            place = next(places)
            kind = floating if x.kind == "float" else x.kind
            wants_grad = grad and x.grad and kind.startswith("float")
            leaf = next(ready) if wants_grad and given else _leaf(library, x, place, kind, device)
            if wants_grad:
                leaves.append(leaf if given else leaf.requires_grad_())
            return _laid_out(leaf, x)
        if isinstance(x, NamedDtype):
            return getattr(library, floating if x.name == "float" else x.name)
        if isinstance(x, (list, tuple)):
            return type(x)(build(y) for y in x)
        return x

    args = [build(a) for a in sample.args]
    return Made(args, {k: build(v) for k, v in sample.kwargs.items()}, leaves)


def _leaf(library: Library, described: Described, place: int, kind: str, device: str | None) -> Any:
    """The tensor that the described one is a view of."""
    elements = described.array(place)
    if described.layout == "transposed":
        elements = elements.swapaxes(0, -1)
    elif described.layout == "strided":
        elements = np.repeat(elements, 2, axis=-1)
    elif described.layout == "expanded":
        elements = elements[:1]
    leaf = library.tensor(elements.tolist(), dtype=getattr(library, kind), device=device)
    return leaf.reshape(elements.shape)  # an empty list has no inner dimensions


def _laid_out(leaf: Any, described: Described) -> Any:
    if described.layout == "transposed":
        return leaf.transpose(0, -1)
    if described.layout == "strided":
        return leaf[..., ::2]
    if described.layout == "expanded":
        return leaf.expand(described.shape)
    return leaf


def tensors_in(result: Any) -> Iterator[Any]:
    """The tensors of a result, in order."""
    if hasattr(result, "requires_grad"):
        yield result
    elif isinstance(result, (list, tuple)):
        for x in result:
            yield from tensors_in(x)


def skeleton(result: Any) -> Any:
    """What a result is besides its tensors: nesting, Python numbers, and each tensor's dtype and shape."""
    if hasattr(result, "requires_grad"):
        return (str(result.dtype), tuple(result.shape))
    if isinstance(result, (list, tuple)):
        return [skeleton(x) for x in result]
    return result


def numbers(tensor: Any) -> np.ndarray[Any, Any]:
    """The elements of a tensor of either library, float64 for floating point."""
    if getattr(tensor, "_is_zerotensor", bool)():
        return np.zeros(tensor.shape)  # torch's own shorthand for zeros cannot be read
    array = np.asarray(tensor.detach().cpu().tolist())
    return array.astype(np.float64) if tensor.dtype.is_floating_point else array
