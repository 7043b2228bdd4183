"""Names of modules, parameters and other leaves, as the user wrote them.

Modules and parameters are named from the outermost module that was called (`h2h`, `h2h.weight`); a leaf that
belongs to no module by the variable that holds it where it is used.
"""

from __future__ import annotations

import weakref
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .._tensor import Tensor
    from ..nn.module import Module


class Leaf(NamedTuple):
    """A tensor that an iteration starts from: `kind` is "parameter" or, where no module owns it, "leaf"."""

    kind: str
    name: str
    shape: tuple[int, ...]


class Names:
    """Remembers names by object. An entry is good only while its object lives, since addresses are used again."""

    def __init__(self) -> None:
        self.leaves: list[Leaf] = []
        self._numbers: dict[Leaf, int] = {}  # leaves that agree in all that is said of them share a number
        self._modules: dict[int, tuple[weakref.ref[Any], str]] = {}
        self._leaves: dict[int, tuple[weakref.ref[Any], int]] = {}
        self._outermost: weakref.ref[Any] | None = None

    def module(self, module: Module, outermost: bool) -> str:
        """The dotted name of a module below the outermost one, whose own name is empty."""
        if outermost:
            self._outermost = weakref.ref(module)
        known = self._modules.get(id(module))
        if known is not None and known[0]() is module:
            return known[1]
        if outermost:
            self._scan(module)
        elif self._outermost is not None and (root := self._outermost()) is not None:
            self._scan(root)  # a submodule that was added after the last scan
        known = self._modules.get(id(module))
        if known is None or known[0]() is not module:  # held by something that is no module, such as a list
            known = self._modules[id(module)] = (weakref.ref(module), type(module).__name__)
        return known[1]

    def leaf(self, leaf: Tensor, frame: FrameType | None) -> int:
        """The number of a leaf tensor in `leaves`; `frame` is the user's, where it is used."""
        known = self._leaves.get(id(leaf))
        if known is None or known[0]() is not leaf:
            if self._outermost is not None and (root := self._outermost()) is not None:
                self._scan(root)
                known = self._leaves.get(id(leaf))
            if known is None or known[0]() is not leaf:
                known = self._remember("leaf", variable(leaf, frame), leaf)
        return known[1]

    def _remember(self, kind: str, name: str, leaf: Tensor) -> tuple[weakref.ref[Any], int]:
        described = Leaf(kind, name, tuple(leaf._shape))
        number = self._numbers.setdefault(described, len(self.leaves))
        if number == len(self.leaves):
            self.leaves.append(described)
        known = self._leaves[id(leaf)] = (weakref.ref(leaf), number)
        return known

    def _scan(self, root: Module) -> None:
        for path, module in root.named_modules():
            self._modules[id(module)] = (weakref.ref(module), path)
        for path, parameter in root.named_parameters():
            self._remember("parameter", path, parameter)


def variable(value: Any, frame: FrameType | None) -> str:
    """The name of the variable (or attribute of `self`) in a frame, or of the module's global, that holds `value`."""
    if frame is None:
        return ""
    owner = frame.f_locals.get("self")
    for scope, prefix in ((frame.f_locals, ""), (getattr(owner, "__dict__", {}), "self."), (frame.f_globals, "")):
        for name, held in scope.items():
            if held is value:
                return prefix + name
    return ""
