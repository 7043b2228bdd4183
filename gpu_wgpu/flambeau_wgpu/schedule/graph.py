"""What a flush has to compute: the queue as a graph of small integers, who is still held, and the flush's structure as
a key.

A *ref* names an array: 0 and up for those in the queue, in the order in which they were made, negative for leaves,
which have their value already. Indexing `arrays` and `args` with a ref works for both (leaves lie at the end,
backwards).
"""

from __future__ import annotations

from math import prod
from sys import getrefcount
from typing import Any

from ..lazy import BUFFER, FULL, HOST, VIEW, Kind, LazyArray
from ..regions import Shape, Strides, compose, contiguous_strides, is_identity

# What getrefcount says of an object that only one list holds. Measured rather than known: it differs among CPython's
# versions.
_IN_ONE_LIST = next(iter(list(map(getrefcount, [object()]))))

Ref = int


class Graph:
    """The work of one flush. Lives only while its plan is looked up or made: it holds the arrays."""

    def __init__(self, queue: list[LazyArray]) -> None:
        counts = list(map(getrefcount, queue))
        self.count = len(queue)
        self.leaves: list[LazyArray] = []
        self._leaf_refs: dict[int, Ref] = {}
        self._leaf_args: list[tuple[Ref, ...]] = []
        # References that the engine itself has, to arrays of the queue and to leaves.
        held = [_IN_ONE_LIST] * len(queue)
        self._held_leaves: list[int] = []
        args: list[tuple[Ref, ...]] = []
        key: list[Any] = []
        x: LazyArray | None
        for node in queue:
            key.append(node.op)
            key.append(node.attr)
            key.append(node.shape)
            refs = []
            for x in node.inputs:
                ref = x.index
                if ref >= 0:
                    held[ref] += 1
                else:
                    ref = self._leaf(x)
                    self._held_leaves[-1 - ref] += 1
                refs.append(ref)
            key += refs
            args.append(tuple(refs))
        node = x = None  # type: ignore[assignment]  # not to count as holders of the loops' last arrays

        self.live = [count > own for count, own in zip(counts, held, strict=True)]
        leaf_counts = list(map(getrefcount, self.leaves))
        for k, x in enumerate(self.leaves):  # (a view's base is no view)
            if x.op is VIEW and leaf_counts[k] == self._held_leaves[k]:
                self._held_leaves[-1 - self._leaf_args[k][0]] += 1
        x = None
        self.dying = [
            count == own and leaf.op is not VIEW
            for count, own, leaf in zip(leaf_counts, self._held_leaves, self.leaves, strict=True)
        ]
        self.arrays = queue + self.leaves[::-1]
        self.args = args + self._leaf_args[::-1]
        for leaf, refs_of, dying in zip(self.leaves, self._leaf_args, self.dying, strict=True):
            op = BUFFER if leaf.op is HOST else leaf.op
            key += (op, leaf.attr if op is VIEW else None, leaf.shape, leaf.dtype, dying, refs_of)
        key.append(bytes(self.live))
        self.key = tuple(key)
        self._own_arrays = self.arrays
        self._resolved: dict[Ref, tuple[Ref, Strides, int] | None] = {}

    def _leaf(self, x: LazyArray) -> Ref:
        """The ref of an array that is not in the queue."""
        known = self._leaf_refs.get(id(x))
        if known is not None:
            return known
        ref = self._leaf_refs[id(x)] = -1 - len(self.leaves)
        self.leaves.append(x)
        self._held_leaves.append(_IN_ONE_LIST)
        self._leaf_args.append(())
        if x.op is VIEW:  # one that outlived an earlier flush, which moved it onto what then was realized
            self._leaf_args[-1 - ref] = (self._leaf(x.inputs[0]),)
        return ref

    # --- what plans are made from; not needed when the key finds one

    def extend(
        self,
        added: list[LazyArray],
        added_args: list[tuple[Ref, ...]],
        replaced: dict[Ref, tuple[LazyArray, tuple[Ref, ...]]],
    ) -> None:
        """Add arrays of no queue, and put others in the place of some, until `restore`."""
        count = self.count
        self.arrays = [*self.arrays[:count], *added, *self.arrays[count:]]
        self.args = [*self.args[:count], *added_args, *self.args[count:]]
        self.live = [*self.live, *([False] * len(added))]
        self.replace(replaced)

    def replace(self, replaced: dict[Ref, tuple[LazyArray, tuple[Ref, ...]]]) -> None:
        for ref, (array, args) in replaced.items():
            self.arrays[ref], self.args[ref] = array, args
        self._resolved.clear()

    def restore(self) -> None:
        """The queue's own arrays again."""
        self.arrays = self._own_arrays

    def _sort(self) -> list[Ref]:
        """All arrays that are no leaves, each after its operands, else in the order in which they were made."""
        inner = len(self.arrays) - len(self.leaves)
        if inner == self.count:
            return list(range(inner))
        order: list[Ref] = []
        done = [False] * inner
        for start in range(self.count):
            stack = [start]
            while stack:
                ref = stack[-1]
                waiting = [] if done[ref] else [arg for arg in self.args[ref] if arg >= 0 and not done[arg]]
                if waiting:
                    stack += waiting
                    continue
                stack.pop()
                if not done[ref]:
                    done[ref] = True
                    order.append(ref)
        return order

    def analyse(self) -> None:
        """Find each view's root, what is needed, and how often."""
        arrays, args, total = self.arrays, self.args, len(self.arrays)
        inner = total - len(self.leaves)
        self.order = self._sort()
        self.numel = [prod(x.shape) for x in arrays]
        self.root: list[Ref] = [*range(inner), *range(inner - total, 0)]
        self.identity = [True] * total  # whether an array shows all of its root in the root's order
        for ref in (
            *range(inner - total, 0),
            *self.order,
        ):  # a leaf's base is a later leaf, so of a lower number
            x = arrays[ref]
            if x.op is VIEW:
                base = args[ref][0]
                strides, offset = x.attr
                self.root[ref] = self.root[base]
                self.identity[ref] = self.identity[base] and is_identity(x.shape, strides, offset, self.numel[base])
        self.needed = needed = list(self.live)
        self.uses = uses = [0] * total
        # Arrays that must be in a buffer of their own afterwards: those that are held, and those that a view that is
        # held shows.
        self.kept = kept = [False] * total
        for ref in reversed(self.order):
            if not needed[ref]:
                continue
            is_view = arrays[ref].op is VIEW
            for arg in args[ref]:
                if arg >= 0:
                    needed[arg] = True
                if not is_view:
                    uses[self.root[arg]] += 1
            if self.live[ref]:
                kept[self.root[ref] if is_view and self.resolve(ref) is not None else ref] = True

    def may_overwrite(self, ref: Ref) -> bool:
        """Whether nothing outside of this flush wants the buffer of `ref` as it is."""
        return not self.kept[ref] and (ref >= 0 or self.dying[-1 - ref])

    def resolve(self, ref: Ref) -> tuple[Ref, Strides, int] | None:
        """A view as (root, strides, offset) on its root's C order; None where one triple cannot say it."""
        if ref in self._resolved:
            return self._resolved[ref]
        x = self.arrays[ref]
        result: tuple[Ref, Strides, int] | None
        if x.op is not VIEW:
            result = (ref, contiguous_strides(x.shape), 0)
        else:
            strides, offset = x.attr
            base = self.args[ref][0]
            below = self.resolve(base)
            if below is None:
                result = None
            else:
                root, base_strides, base_offset = below
                seen = compose(x.shape, strides, offset, self.arrays[base].shape, base_strides, base_offset)
                result = None if seen is None else (root, *seen)
        self._resolved[ref] = result
        return result

    def shape(self, ref: Ref) -> Shape:
        return self.arrays[ref].shape

    def kind(self, ref: Ref) -> Kind:
        return self.arrays[ref].op.kind

    def is_full(self, ref: Ref) -> bool:
        return self.arrays[ref].op is FULL
