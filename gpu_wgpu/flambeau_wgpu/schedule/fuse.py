"""Which arrays of a flush become kernels, and which live only in registers.

Before it, many small products become one large one (`combine.py`). Then one pass over the needed arrays in the order in
which they were made. The rules, all of them:

1. A view is never computed: whoever reads it does its index arithmetic.
2. An elementwise op joins the kernel that makes one of its operands element for element, also behind a matmul or a
   reduction (as its *epilogue*). Two kernels that meet in one op become one where neither waits for the other. If none
   takes it, it joins the last elementwise kernel of as many elements that reads one of the same buffers.
3. Reductions over the same rows, what is computed from them for each row, and what is computed for each element of
   these rows become one *row kernel* (softmax, layer norm, cross entropy, with their gradients), if one needs the other
   or they read the same. It walks the rows once for each reduction that waits for another, and once to write elements.
4. A value that another kernel reads is recomputed there if that is cheap (`CHEAP`) or if nobody else wants it (the
   *prologue* of a reduction or a scan); else it is stored.
5. The operands of a join (a concatenation, or the row of all of an optimizer's parameters) are written into it by the
   kernels that make them (`places.py`). A part of another array is copied there by a kernel that writes its neighbour.
   Only what is left takes a kernel of the join's own.
6. What the program still holds is stored. What it does not hold and nobody reads is never computed.
7. A kernel binds at most `MAX_BINDINGS` buffers and has at most `MAX_NODES` ops.

A group's ancestors are a bit mask, so that "would joining make a cycle" is one `&`.
"""

from __future__ import annotations

from ..lazy import (
    ARGSORT,
    ASSIGN,
    ATTENTION,
    ATTENTION_KEY,
    ATTENTION_QUERY,
    CONCAT,
    CONVOLVE,
    CONVOLVE_INPUT,
    CONVOLVE_WEIGHT,
    FULL,
    GATHER,
    KEEP,
    MATMUL,
    MAX_POOL,
    MAX_POOL_AT,
    MAX_POOL_INPUT,
    MAX_POOL_PLACES,
    PACK,
    PUT,
    RESAMPLE,
    SCAN,
    SCATTER,
    TAKE,
    VIEW,
    Kind,
    Op,
)
from ..regions import Strides, broadcast_strides, compose, contiguous_strides
from ..tune import Tuner
from .combine import combine
from .graph import Graph, Ref
from .group import Group
from .places import Places, join_regions
from .space import Space, space_of

MAX_BINDINGS = 8  # maxStorageBuffersPerShaderStage of every WebGPU device
MAX_NODES = 48
CHEAP = 12  # cost up to which a value is computed again rather than stored
CHEAP_LEAVES = 4

# Operands of hand-written kernels that are read a few times at most per output element: they may be computed there.
PROLOGUE: dict[Op, tuple[int, ...]] = {SCAN: (0,), PUT: (0,), SCATTER: (0,)}
# Kernels that read their operands at any strides.
STRIDED = (
    MATMUL, CONVOLVE, CONVOLVE_INPUT, CONVOLVE_WEIGHT, MAX_POOL, MAX_POOL_AT, MAX_POOL_INPUT, MAX_POOL_PLACES,
    RESAMPLE, ATTENTION, ATTENTION_QUERY, ATTENTION_KEY,
)  # fmt: skip
# Ops whose first operand is read at computed positions.
INDEXED = (TAKE, GATHER)
# Kernels that write their output in another order than element by element: nothing can follow in the same kernel.
NO_EPILOGUE = (ARGSORT, CONCAT, PACK, ASSIGN)


class Fusion:
    """The decisions for one flush: the `group` of each array, and whether it is `stored` in a buffer."""

    def __init__(self, graph: Graph, device_kind: str, tuner: Tuner) -> None:
        combine(graph)
        graph.analyse()
        self.graph = graph
        self.device_kind = device_kind
        self.tuner = tuner
        self.places = Places(graph)
        self._readers: list[list[Ref]] | None = None
        self._overwritten: set[Ref] = set()  # by an assign
        total = len(graph.arrays)
        self.groups: list[Group] = []
        self._groups_made = 0
        self._latest: dict[int, Group] = {}  # by number of elements: the last elementwise kernel that was opened
        self._rows: dict[Space, Group] = {}  # the last row kernel that was opened
        self.group: list[Group | None] = [
            None
        ] * total  # of a leaf: only where a view or a constant needs a buffer of its own
        self.stored = list(graph.kept)
        for k, x in enumerate(graph.leaves):
            self.stored[-1 - k] = x.op is not VIEW and x.op is not FULL
        self.cost = [0] * total
        self.leaves_of: list[frozenset[Ref]] = [frozenset()] * total
        self.exclusive = [True] * total  # nobody else uses what it is computed from
        self.anchored = [False] * total  # computed from its group's anchor, so only there
        for ref in graph.order:
            if graph.live[ref] and graph.arrays[ref].op is VIEW and graph.resolve(ref) is not None:
                self.places.strided.setdefault(graph.root[ref], []).append(ref)
        for ref in graph.order:
            if graph.needed[ref]:
                kind = graph.kind(ref)
                if kind is Kind.ELEMENTWISE:
                    self._place(ref)
                elif kind is Kind.REDUCE:
                    self._reduce(ref)
                elif kind is Kind.JOIN:
                    self._join(ref)
                elif kind is Kind.COMPANION:
                    self._accompany(ref)
                elif kind is not Kind.VIEW:
                    self._anchor(ref)
                elif self.stored[ref]:
                    self._store_alone(ref)

    # --- placing

    def _place(self, ref: Ref) -> None:
        """Find the kernel that computes an elementwise array."""
        graph = self.graph
        operands = graph.args[ref]
        op = graph.arrays[ref].op
        if op is KEEP:
            self.stored[ref] = True
        if op in INDEXED:
            self._need_buffer(operands[0])
        candidates = [
            g for g in self._candidates(ref, operands[1:] if op in INDEXED else operands) if self._can_join(g, ref)
        ]
        if candidates:
            group = candidates[0]
            for other in candidates[1:]:
                group = self._merged(group, other)
        else:
            group = self._latest[graph.numel[ref]] = self._new_group(ref, None)
        self._add(group, ref, operands)

    def _candidates(self, ref: Ref, operands: tuple[Ref, ...]) -> list[Group]:
        numel = self.graph.numel[ref]
        found: list[Group] = []
        for arg in operands:
            producer = self._producer(arg)
            if producer < 0 or self.graph.kind(producer) is Kind.VIEW:
                continue
            group = self.group[producer]
            if (
                group is not None
                and group not in found
                and self._takes_more(group)
                and (group.numel == numel or self._is_wide(group, ref))
                and self._reads_inside(group, arg, ref)
            ):
                found.append(group)
        found.sort(key=lambda g: -g.bits)
        # One that reads the same buffers, if none of these takes it.
        sibling = self._latest.get(numel)
        if (
            sibling is not None
            and sibling not in found
            and self._takes_more(sibling)
            and self._shares_a_leaf(sibling, ref)
        ):
            found.append(sibling)
        return found

    def _is_wide(self, group: Group, ref: Ref) -> bool:
        """Whether an array has a value for each element of a row kernel's rows."""
        space = group.space
        return (
            space is not None
            and space.worth_sharing
            and self.graph.numel[ref] == space.numel
            and space.row_strides(self.graph.shape(ref)) is not None
        )

    def _reads_inside(self, group: Group, arg: Ref, ref: Ref) -> bool:
        """Whether `ref`, computed in `group`, finds there what its operand shows: at the same element, or the same row."""
        graph = self.graph
        producer = self._producer(arg)
        if graph.kind(producer) is Kind.COMPANION or (graph.arrays[ref].op in INDEXED and arg == graph.args[ref][0]):
            return False
        same_element = (arg == producer or graph.identity[arg]) and graph.numel[arg] == graph.numel[ref]
        if group.space is None:
            return same_element
        if graph.kind(ref) is Kind.REDUCE:
            return producer in group.wide and (arg == producer or graph.identity[arg])
        if not self._is_wide(group, ref):
            return producer not in group.wide and same_element
        if producer in group.wide:
            return same_element
        seen = (arg, contiguous_strides(graph.shape(arg)), 0) if arg == producer else graph.resolve(arg)
        if seen is None:
            return False
        shape, own = graph.shape(ref), graph.shape(arg)
        shown = compose(shape, broadcast_strides(own, shape), 0, own, seen[1], seen[2])
        rows = group.space.row_strides(shape)
        assert rows is not None
        return (
            shown is not None
            and shown[1] == 0
            and all(size == 1 or shown[0][axis] == rows[axis] for axis, size in enumerate(shape))
        )

    def _shares_a_leaf(self, group: Group, ref: Ref) -> bool:
        for arg in self.graph.args[ref]:
            producer = self._producer(arg)
            if producer in group.leaves or not self.leaves_of[producer].isdisjoint(group.leaves):
                return True
        return False

    def _takes_more(self, group: Group) -> bool:
        if group.anchor is not None and self.graph.arrays[group.anchor].op in NO_EPILOGUE:
            return False
        return len(group.nodes) < MAX_NODES

    def _can_join(self, group: Group, ref: Ref) -> bool:
        leaves = set(group.leaves)
        for arg in self.graph.args[ref]:
            producer = self._producer(arg)
            other = self.group[producer]
            if other is group:
                if not self._reads_inside(group, arg, ref):
                    return False
                continue
            if other is not None and other.ancestors & group.bits:
                return False
            if self._inlinable(producer, ref):
                leaves |= self.leaves_of[producer]
            elif not self.graph.is_full(producer):
                leaves.add(producer)
        still_open = group.open.difference(map(self._producer, self.graph.args[ref]))
        return self._bindings(leaves, [*group.nodes, ref], still_open) <= MAX_BINDINGS

    def _bindings(self, leaves: set[Ref], nodes: list[Ref], still_open: set[Ref]) -> int:
        """The number of buffers of a kernel that reads `leaves` and computes `nodes`, as far as known.

        What is open takes one if it comes to be stored.
        """
        places = self.places
        bound = {places.location(leaf)[0] for leaf in leaves}
        stored = [node for node in nodes if self.stored[node]]
        for node in stored:
            bound.update([where for where, _, _ in places.targets(node)])
        return len(bound) + max(not stored, sum(not self.stored[ref] for ref in still_open))

    def _merged(self, group: Group, other: Group) -> Group:
        """One group of two, if they do not wait for each other and fit; else the first."""
        if (
            (group.anchor is not None and other.anchor is not None and (group.space is None or other.space is None))
            or group.ancestors & other.bits
            or other.ancestors & group.bits
            or len(group.nodes) + len(other.nodes) > MAX_NODES
            or self._bindings(group.leaves | other.leaves, group.nodes + other.nodes, group.open | other.open)
            > MAX_BINDINGS
        ):
            return group
        first = group
        if group.space is None and other.space is not None:
            group, other = other, group
        of_rows = group.space is not None and other.space is None and group.numel != other.numel
        if of_rows:
            if not all(self._is_wide(group, ref) for ref in other.nodes):
                return first
            group.wide.update(other.nodes)
        elif group.numel != other.numel or (
            other.space is not None and (group.space != other.space or not other.space.worth_sharing)
        ):
            return first
        self.groups.remove(other)
        if self._latest.get(other.numel) is other:
            if group.space is None:
                self._latest[other.numel] = group
            else:
                del self._latest[other.numel]
        if other.space is not None:
            self._rows[other.space] = group
        for ref in other.nodes:
            self.group[ref] = group
        group.nodes = sorted(group.nodes + other.nodes)
        group.wide |= other.wide
        group.reductions = sorted(group.reductions + other.reductions)
        group.leaves |= other.leaves
        group.open |= other.open
        group.bits |= other.bits
        group.ancestors |= other.ancestors
        if group.anchor is None:
            group.anchor = other.anchor
        group.depended_on = group.depended_on or other.depended_on
        self._spread(group)
        return group

    def _reduce(self, ref: Ref) -> None:
        """Find the row kernel that computes a reduction, or open one."""
        graph = self.graph
        (source,) = graph.args[ref]
        space = space_of(graph.shape(source), graph.arrays[ref].attr[1])
        producer = self._producer(source)
        maker, sibling = self.group[producer], self._rows.get(space)
        candidates: list[Group] = []
        if space.worth_sharing:
            if maker is not None and (source == producer or graph.identity[source]):
                candidates.append(maker)
            if sibling is not None and sibling is not maker and self._shares_a_leaf(sibling, ref):
                candidates.append(sibling)
        group = None
        for candidate in candidates:
            if self._takes_more(candidate) and self._takes_reduction(candidate, space, ref):
                group = candidate if group is None else self._merged(group, candidate)
        if group is None:
            group = self._new_group(ref, None)
            self._open_rows(group, space)
        if group.anchor is None:
            group.anchor = ref
        group.reductions.append(ref)
        self._add(group, ref, graph.args[ref])
        self.anchored[ref] = True
        if space.worth_sharing:
            self._rows[space] = group

    def _takes_reduction(self, group: Group, space: Space, ref: Ref) -> bool:
        """Whether a reduction can join a row kernel, or an elementwise kernel, which becomes one."""
        if group.space is not None:
            return group.space == space and self._can_join(group, ref)
        if group.anchor is not None or group.numel != space.numel:
            return False
        if any(space.row_strides(self.graph.shape(node)) is None for node in group.nodes):
            return False
        self._open_rows(group, space)
        if self._can_join(group, ref):
            if self._latest.get(space.numel) is group:
                del self._latest[space.numel]
            return True
        group.space, group.numel = None, space.numel
        group.wide.clear()
        return False

    def _open_rows(self, group: Group, space: Space) -> None:
        group.space = space
        group.numel = space.rows
        group.wide = set(group.nodes)

    def _new_group(self, ref: Ref, anchor: Ref | None) -> Group:
        group = Group(self._groups_made, self.graph.numel[ref], anchor)
        self._groups_made += 1
        self.groups.append(group)
        return group

    def _add(self, group: Group, ref: Ref, operands: tuple[Ref, ...]) -> None:
        graph = self.graph
        if ref not in group.reductions and self._is_wide(group, ref):
            group.wide.add(ref)
        group.nodes.append(ref)
        self.group[ref] = group
        cost = graph.arrays[ref].op.cost
        leaves: set[Ref] = set()
        exclusive = True
        for arg in operands:
            producer = self._producer(arg)
            inside = self.group[producer] is group
            if inside:
                group.open.discard(producer)
                # (What is computed from stored arrays alone, another kernel can compute as well.)
                self.anchored[ref] |= self.anchored[producer] and not self.stored[producer]
            elif self.group[producer] is not None:
                self._depend(group, producer, ref)
            if self.stored[producer]:
                leaves.add(producer)
            else:
                cost += self.cost[producer]
                leaves |= self.leaves_of[producer]
                if not graph.is_full(producer):
                    exclusive = exclusive and self.exclusive[producer] and graph.uses[producer] == 1
            if not inside:
                group.leaves |= {producer} if self.stored[producer] else self.leaves_of[producer]
        if group.anchor is not None:
            group.open.add(ref)
        self.cost[ref] = min(cost, 1000)
        self.leaves_of[ref] = frozenset(leaves)
        self.exclusive[ref] = exclusive

    def _anchor(self, ref: Ref) -> None:
        """Open a group with a reduction, an assignment or a hand-written kernel."""
        graph = self.graph
        op, operands = graph.arrays[ref].op, graph.args[ref]
        if op in STRIDED:
            for arg in operands:
                self._need_buffer(arg)
        elif op.kind is Kind.KERNEL:
            prologue = PROLOGUE.get(op, ())
            for position, arg in enumerate(operands):
                if position not in prologue:
                    self._need_stored(arg)
        group = self._new_group(ref, ref)
        if op is ASSIGN:
            base = graph.root[operands[0]]
            self._overwritten.add(base)
            if self.group[base] is not None:
                self._depend(group, base, ref, keep=True)
            operands = operands[1:]
            for value in operands:
                # What is being written over must not be read at other places by the same kernel.
                producer = self._producer(value)
                if producer == base and value != base:
                    self._store_alone(value)
                elif base in self.leaves_of[producer]:
                    self._store(producer)
        self._add(group, ref, operands)
        self.anchored[ref] = True

    def _accompany(self, ref: Ref) -> None:
        """Have an array written by the kernel that computes its operand."""
        (leader,) = self.graph.args[ref]
        group = self.group[leader]
        assert group is not None, "both were queued together"
        group.nodes.append(ref)
        self.group[ref] = group
        self.stored[leader] = self.stored[ref] = self.anchored[ref] = True

    # --- joining

    def _join(self, ref: Ref) -> None:
        """Have the operands of a join written into it, and find out which are left to copy."""
        graph, places = self.graph, self.places
        group = self._new_group(ref, ref)
        group.nodes.append(ref)
        self.group[ref] = group
        self.stored[ref] = self.anchored[ref] = True
        places.parts[ref] = []
        operands = graph.args[ref]
        regions = join_regions(graph, ref)
        makers: list[Group] = []
        left = [
            position
            for position, (arg, region) in enumerate(zip(operands, regions, strict=True))
            if not self._write_into(ref, arg, *region, makers)
        ]
        for maker in makers[1:]:
            if maker.numel == makers[0].numel and not (maker.anchor or makers[0].anchor):
                self._merged(makers[0], maker)  # what lies in one buffer takes one binding
        rest = places.rest[ref] = []
        for position in left:
            arg = operands[position]
            if self._add_copy(arg, makers) and self._write_into(ref, arg, *regions[position], makers):
                continue
            rest.append(position)
            self._need_stored(arg)
            producer = self._producer(arg)
            if self.group[producer] is not None:
                self._depend(group, producer, ref)

    def _write_into(self, join: Ref, arg: Ref, strides: Strides, offset: int, makers: list[Group]) -> bool:
        """Have an operand written to a region of a join by the kernel that makes it; whether that can be."""
        graph, places = self.graph, self.places
        producer = self._producer(arg)
        maker = self.group[producer]
        op = graph.arrays[producer].op
        if (
            maker is None
            or not (arg == producer or graph.identity[arg])
            or graph.is_full(producer)
            or op in (ASSIGN, ARGSORT)
            or producer in self._overwritten
            or graph.arrays[producer].dtype is not graph.arrays[join].dtype
        ):
            return False
        shape = graph.shape(producer)
        seen = compose(shape, contiguous_strides(shape), 0, graph.shape(arg), strides, offset)
        if seen is None:
            return False
        packed = graph.arrays[join].op is PACK
        if op.kind is Kind.JOIN and (producer in places.of or (graph.kept[producer] and not packed)):
            return False
        if producer not in places.of and producer not in places.own:
            if graph.kept[producer] and not packed:
                places.own.add(producer)  # or little that is held would hold much
            elif not places.fits(producer, *seen):
                return False
            elif graph.kept[producer]:
                graph.kept[join] = True
        joined = self.group[join]
        assert joined is not None
        self._depend(joined, producer, join, keep=True)
        places.of.setdefault(producer, []).append((join, *seen))
        places.parts[join].append(producer)
        if maker not in makers:
            makers.append(maker)
        return True

    def _add_copy(self, view: Ref, makers: list[Group]) -> bool:
        """Have a part of another array copied by a kernel that writes something else to the same join."""
        graph = self.graph
        if view < 0 or graph.arrays[view].op is not VIEW or self.stored[view] or graph.live[view]:
            return False
        producer = graph.root[view]
        other = self.group[producer]
        for maker in makers:
            if (
                maker.numel == graph.numel[view]
                and other is not maker
                and self._takes_more(maker)
                and not (other is not None and other.ancestors & maker.bits)
                and not graph.is_full(producer)
                and self._bindings(maker.leaves | {producer}, maker.nodes, maker.open) < MAX_BINDINGS
                and all(self.group[reader] in (None, maker) for reader in self._readers_of(view))
            ):
                if other is not None:
                    self._depend(maker, producer, view)
                maker.nodes.append(view)
                maker.leaves.add(producer)
                self.group[view] = maker
                self.stored[view] = True
                return True
        return False

    def _readers_of(self, ref: Ref) -> list[Ref]:
        """What reads an array, through views."""
        if self._readers is None:
            self._readers = [[] for _ in self.graph.arrays]
            for reader in self.graph.order:
                if self.graph.needed[reader]:
                    for arg in self.graph.args[reader]:
                        self._readers[arg].append(reader)
        found: list[Ref] = []
        for reader in self._readers[ref]:
            if self.graph.kind(reader) is Kind.VIEW and not self.stored[reader]:
                found += self._readers_of(reader)
            elif self.graph.kind(reader) is not Kind.JOIN:
                found.append(reader)
        return found

    # --- dependencies

    def _producer(self, arg: Ref) -> Ref:
        """Whose buffer or expression an operand really reads."""
        return arg if self.stored[arg] else self.graph.root[arg]

    def _depend(self, group: Group, producer: Ref, reader: Ref, keep: bool = False) -> None:
        """`group` reads an array made by another group: have it stored, unless it computes it itself."""
        if not self.stored[producer] and (keep or not self._inlinable(producer, reader)):
            self._store(producer)
        other = self.group[producer]
        assert other is not None
        other.depended_on = True
        added = other.ancestors | other.bits
        if group.ancestors | added != group.ancestors:
            group.ancestors |= added
            self._spread(group)

    def _spread(self, group: Group) -> None:
        """Hand a group's ancestors on to all that wait for it."""
        if group.depended_on:
            bits, ancestors = group.bits, group.ancestors | group.bits
            for other in self.groups:
                if other.ancestors & bits:
                    other.ancestors |= ancestors

    def _inlinable(self, producer: Ref, reader: Ref) -> bool:
        """Whether a reader in another kernel computes `producer` itself instead of loading it."""
        graph = self.graph
        op = graph.arrays[producer].op
        if self.stored[producer] or self.anchored[producer] or op.kind is not Kind.ELEMENTWISE:
            return False
        cost, leaves = self.cost[producer], len(self.leaves_of[producer])
        if cost <= CHEAP and leaves <= CHEAP_LEAVES:
            return True
        kind = graph.kind(reader)
        repeated = kind is Kind.ELEMENTWISE and graph.numel[reader] > graph.numel[producer]
        return (
            graph.uses[producer] == 1
            and self.exclusive[producer]
            and not repeated
            and cost <= 2 * MAX_NODES
            and leaves <= (CHEAP_LEAVES if kind is Kind.KERNEL else MAX_BINDINGS - 2)
        )

    # --- storing

    def _store(self, ref: Ref) -> None:
        if self.stored[ref]:
            return
        group = self.group[ref]
        if group is None:
            self._store_alone(ref)
        else:
            self.stored[ref] = True

    def _store_alone(self, ref: Ref) -> None:
        """Give a view or a constant a buffer, by a kernel of its own."""
        producer = self.graph.root[ref]
        self.stored[ref] = True
        group = self._new_group(ref, None)
        group.nodes.append(ref)
        self.group[ref] = group
        if self.group[producer] is not None and producer != ref:
            self._depend(group, producer, ref)

    def _need_buffer(self, ref: Ref) -> None:
        """For an operand that is read at computed positions: have it in a buffer, or be a plain strided view of one."""
        if not self.stored[ref]:
            self._store(ref if self.places.resolve(ref) is None else self.graph.root[ref])
        self.places.strided.setdefault(self._producer(ref), []).append(ref)

    def _need_stored(self, ref: Ref) -> None:
        """For an operand that is read many times: nothing is computed to read it (a constant needs no buffer)."""
        root = self.graph.root[ref]
        if not self.stored[ref] and not self.graph.is_full(root):
            self._store(root)
