"""Hooks on what is saved for backward: `pack` is called when a tensor is saved, `unpack` when it is needed again.

Source: https://docs.pytorch.org/docs/stable/notes/autograd.html#hooks-for-autograd-saved-tensors
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .node import LEAF, Edge, LeafAlias

if TYPE_CHECKING:
    from .._tensor import Tensor

Hooks = tuple[Callable[[Any], Any], Callable[[Any], Any]]

used = False
"""Whether there ever were hooks: until then no saved value can be packed."""

contexts = 0
"""How many hooks are on, over all threads: while it is 0 nobody has to look for them."""


class _Stack(threading.local):
    disabled: str | None = None

    def __init__(self) -> None:
        self.hooks: list[Hooks] = []


stack = _Stack()


def current() -> Hooks | None:
    """The innermost hooks of this thread."""
    return stack.hooks[-1] if stack.hooks else None


def push(pack: Callable[[Any], Any], unpack: Callable[[Any], Any]) -> None:
    """Begin a region with hooks.

    Raises:
        RuntimeError: hooks are disabled.
    """
    global contexts, used
    if stack.disabled is not None:
        raise RuntimeError(stack.disabled)
    contexts += 1
    used = True
    stack.hooks.append((pack, unpack))


def pop() -> None:
    """End the innermost region with hooks."""
    global contexts
    contexts -= 1
    stack.hooks.pop()


class Packed:
    """A saved tensor as its hook packed it, and where its gradient goes."""

    __slots__ = ("_edge", "_unpack", "_value")

    def __init__(self, tensor: Tensor, hooks: Hooks, edge: Edge) -> None:
        from .modes import GradMode

        pack, self._unpack = hooks
        self._edge = edge
        before, GradMode.enabled = GradMode.enabled, False
        version = tensor._storage.version
        try:
            self._value = pack(tensor)
        finally:
            GradMode.enabled = before
        if tensor._storage.version != version:
            raise RuntimeError(
                "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook cannot be "
                "modified by in-place operations as this can lead to unexpected side-effects. Please open an issue if you need to "
                "perform in-place operations on the input to a pack hook."
            )

    def unpack(self) -> Tensor:
        """The tensor again.

        Raises:
            TypeError: the hook gave something else.
        """
        from .._tensor import Tensor
        from .modes import GradMode

        before, GradMode.enabled = GradMode.enabled, False
        try:
            value = self._unpack(self._value)
        finally:
            GradMode.enabled = before
        if not isinstance(value, Tensor):
            raise TypeError(
                f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type {_kind(value)}"
            )
        value = value.detach()
        if self._edge is not None:
            node, output = self._edge
            value._requires_grad = True
            if output == LEAF:
                value._node = LeafAlias((self._edge,))
            else:
                value._node, value._output_nr = node, output
        return value


def _kind(value: Any) -> str:
    cls = type(value)
    return cls.__name__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
