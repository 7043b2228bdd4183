"""What happened in one iteration, as a list of small integers.

Every created node, every entry into a module and every return from one is a token. A token stands for all that the
structure of the graph knows about it: op, shape, dtype, place in the source, and where the inputs come from,
counted backwards from the node. Two iterations have the same structure exactly when their token lists are equal, so
a step that was seen before costs one dictionary look-up; the 64-bit hashes of its tokens, which do not depend on
the process, give the structural hash.

This is the hot path of watching: a training step of a recurrent network makes some 500 nodes, and this may not slow
it visibly.
"""

from __future__ import annotations

import sys
from hashlib import blake2b
from types import CodeType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from ..autograd.node import LEAF
from .names import Leaf, Names
from .source import Position, _is_internal, internal, position

if TYPE_CHECKING:
    from .._tensor import Tensor
    from ..nn.module import Module

Input: TypeAlias = "int | Leaf | None"
"""Where a node's input was made: so many nodes earlier, 0: an earlier step; at a leaf; None: needs no gradient."""

BEFORE = 0
EXIT = 0
"""The token of a return from a module."""


class Made(NamedTuple):
    """A node was made."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    position: Position
    inputs: tuple[Input, ...]


class Entered(NamedTuple):
    """A module's forward began."""

    path: str
    kind: str


class Exited(NamedTuple):
    """A module's forward ended."""


Symbol: TypeAlias = "Made | Entered | Exited"


class Recorder:
    """Collects the tokens of the iteration that is running."""

    def __init__(self) -> None:
        self.names = Names()
        self.symbols: list[Symbol] = [Exited()]
        self.stable: list[bytes] = [_stable(Exited())]
        self.tokens: list[int] = []
        self.made = 0  # nodes so far
        self.depth = 0  # modules that are running
        self._index: dict[int, int] = {}  # id of a node -> its number; an id used again is written again
        self._known: dict[Any, int] = {}
        self._codes: dict[int, CodeType] = {}  # keeps code objects alive, whose ids are part of what is known

    def clear(self) -> None:
        """Begin the next iteration. Modules that are still running stay open."""
        self.tokens.clear()
        self._index.clear()
        self.made = 0

    def node(self, node: Any, output: Tensor) -> None:
        """For `autograd.node.on_create`."""
        # Written out rather than calling user_frame(): this runs for every node.
        frame: Any = sys._getframe(1)
        while frame is not None:
            code = frame.f_code
            known = _is_internal.get(code.co_filename)
            if known is None:
                known = internal(code.co_filename)
            if not known:
                break
            frame = frame.f_back
        index = self._index
        number = self.made
        inputs: list[int | None] = []  # as in Input, but -1 - n for leaf n
        for edge in node.edges:
            if edge is None:
                inputs.append(None)
            elif edge[1] == LEAF:
                inputs.append(-1 - self.names.leaf(edge[0], frame))
            else:
                found = index.get(id(edge[0]))
                inputs.append(BEFORE if found is None else number - found)
        key = (
            node.name(),
            output._shape,
            output.dtype,
            (0, 0) if frame is None else (id(frame.f_code), frame.f_lasti),
            *inputs,
        )
        token = self._known.get(key)
        if token is None:
            token = self._learn_node(key, node, output, frame, inputs)
        self.tokens.append(token)
        index[id(node)] = number
        self.made = number + 1

    def enter(self, module: Module, args: Any) -> None:
        """For the global forward pre-hook."""
        key = (self.names.module(module, self.depth == 0), module.__class__)
        token = self._known.get(key)
        if token is None:
            token = self._known[key] = self._learn(Entered(key[0], key[1].__name__))
        self.tokens.append(token)
        self.depth += 1

    def exit(self, module: Module, args: Any, result: Any) -> None:
        """For the global forward hook."""
        self.depth -= 1
        tokens = self.tokens
        if tokens and self.symbols[tokens[-1]].__class__ is Entered:
            tokens.pop()  # nothing was recorded in it: evaluation, or a module that only passes its input on
        else:
            tokens.append(EXIT)

    def number_of(self, node: Any) -> int:
        """The number of a node in this iteration, or -1."""
        return self._index.get(id(node), -1)

    def structural_hash(self, tokens: tuple[int, ...], root: int) -> str:
        """16 hexadecimal digits; the same for the same program in another process."""
        digest = blake2b(root.to_bytes(4, "little", signed=True), digest_size=8)
        digest.update(b"".join(map(self.stable.__getitem__, tokens)))
        return digest.hexdigest()

    def _learn_node(self, key: Any, node: Any, output: Tensor, frame: Any, inputs: list[int | None]) -> int:
        if frame is None:
            place = Position("", -1, -1, -1, -1)
        else:
            self._codes[id(frame.f_code)] = frame.f_code
            place = position(frame.f_code, frame.f_lasti)
        spelled = tuple(self.names.leaves[-1 - i] if i is not None and i < 0 else i for i in inputs)
        dtype = str(output.dtype).removeprefix("torch.").removeprefix("flambeau.")
        made = Made(node.name(), tuple(output._shape), dtype, place, spelled)
        token = self._known[key] = self._learn(made)
        return token

    def _learn(self, symbol: Symbol) -> int:
        self.symbols.append(symbol)
        self.stable.append(_stable(symbol))
        return len(self.symbols) - 1


def _stable(symbol: Symbol) -> bytes:
    return blake2b(repr(symbol).encode(), digest_size=8).digest()
