"""The structure of a kernel, without any number that may change: equal structures share one compiled pipeline.

Everything here is a tuple of hashable things. Sizes, strides, offsets and scalars are not part of it; they are words of
the kernel's parameter block, and the structure says at which word they stand.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Instruction = tuple[Any, ...]  # (name, dtype of the result, ...): see `wgsl.py`

ACCESS_AT = {
    "load": 3,
    "load_at": 3,
    "arange": 2,
    "random": 2,
}  # where in an instruction the number of its access stands

ABSENT, UNIT, STRIDED = (
    0,
    1,
    2,
)  # how an access walks along a dimension: not at all, by one element, by a stride in a parameter word


class Pattern(NamedTuple):
    """How an access computes its position from the coordinates of a space."""

    space: int  # 0 is the iteration itself
    flat: bool  # the position is the iteration's own flat index
    walks: tuple[int, ...] = ()  # per dimension: ABSENT, UNIT or STRIDED
    word: int = 0  # offset at this word, the strides of STRIDED dimensions after it


class Space(NamedTuple):
    """Coordinates found by dividing a position again: where one view's stride per dimension cannot say it."""

    position: Pattern
    rank: int
    word: int  # sizes of its dimensions but the first


class Store(NamedTuple):
    binding: int
    register: int
    dtype: str
    position: Pattern


class Function(NamedTuple):
    """Elementwise code: from an index to a value, or from an index and a value to stores."""

    name: str
    rank: int
    split: int  # of a reduction: dimensions from here on are reduced; else the rank
    word: int  # sizes of the dimensions, all of them
    spaces: tuple[Space, ...]
    accesses: tuple[Pattern, ...]
    code: tuple[Instruction, ...]
    result: int  # the register that is returned; -1 for none
    stores: tuple[Store, ...]
    input: str  # dtype of the value handed in; "" for none
    located: bool = False  # whether the coordinates are handed in, too
    lanes: int = 1  # how many neighbours it computes at once: 1, or whole vectors of four
    along: int = -1  # the dimension in which they are neighbours


class Binding(NamedTuple):
    storage: str  # f32, i32, u32, f16, or a vector of them
    writable: bool
    alias: int  # the same buffer as this other binding, -1 for none


class KernelIR(NamedTuple):
    template: str
    static: tuple[Any, ...]
    functions: tuple[Function, ...]
    bindings: tuple[Binding, ...]
    words: int  # size of the parameter block, in words
