"""Which arrays of a flush become kernels, and which live only in registers.

One pass over the needed arrays in the order in which they were made. The rules, all of them:

1. A view is never computed: whoever reads it does its index arithmetic.
2. An elementwise op joins the kernel that makes one of its operands element for element, also behind a matmul or a
   reduction (as its *epilogue*). Two kernels that meet in one op become one where neither waits for the other. If none
   takes it, it joins the last elementwise kernel of as many elements that reads one of the same buffers.
3. A value that another kernel reads is recomputed there if that is cheap (`CHEAP`) or if nobody else wants it (the
   *prologue* of a reduction or a scan); else it is stored.
4. The operands of a join (a concatenation, or the row of all of an optimizer's parameters) are written into it by the
   kernels that make them (`places.py`). A part of another array is copied there by a kernel that writes its neighbour.
   Only what is left takes a kernel of the join's own.
5. What the program still holds is stored. What it does not hold and nobody reads is never computed.
6. A kernel binds at most `MAX_BINDINGS` buffers and has at most `MAX_NODES` ops.

A group's ancestors are a bit mask, so that "would joining make a cycle" is one `&`.
"""

from __future__ import annotations

from ..lazy import (
    ARGSORT,
    ASSIGN,
    CONCAT,
    CONVOLVE,
    CONVOLVE_INPUT,
    CONVOLVE_WEIGHT,
    FULL,
    GATHER,
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
    SOFTMAX,
    TAKE,
    VIEW,
    Kind,
    Op,
)
from ..regions import Strides, compose, contiguous_strides
from .graph import Graph, Ref
from .places import Places, join_regions

MAX_BINDINGS = 8  # maxStorageBuffersPerShaderStage of every WebGPU device
MAX_NODES = 48
CHEAP = 12  # cost up to which a value is computed again rather than stored
CHEAP_LEAVES = 3

# Operands of hand-written kernels that are read a few times at most per output element: they may be computed there.
PROLOGUE: dict[Op, tuple[int, ...]] = {SCAN: (0,), SOFTMAX: (0, 1), PUT: (0,), SCATTER: (0,)}
# Kernels that read their operands at any strides.
STRIDED = (
    MATMUL, CONVOLVE, CONVOLVE_INPUT, CONVOLVE_WEIGHT, MAX_POOL, MAX_POOL_AT, MAX_POOL_INPUT, MAX_POOL_PLACES,
    RESAMPLE,
)  # fmt: skip
# Ops whose first operand is read at computed positions.
INDEXED = (TAKE, GATHER)
# Kernels that write their output in another order than element by element: nothing can follow in the same kernel.
NO_EPILOGUE = (ARGSORT, CONCAT, PACK, ASSIGN)


class Group:
    """Arrays that one kernel computes."""

    __slots__ = ("ancestors", "anchor", "bits", "depended_on", "leaves", "nodes", "numel", "stores")

    def __init__(self, number: int, numel: int, anchor: Ref | None) -> None:
        self.bits = 1 << number
        self.ancestors = 0
        self.numel = numel
        self.anchor = anchor  # the reduction, assignment or hand-written kernel that it starts with
        self.nodes: list[Ref] = []
        self.leaves: set[Ref] = set()  # buffers of others that it reads
        self.stores = 0  # arrays that it must store, as far as known
        self.depended_on = False


class Fusion:
    """The decisions for one flush: the `group` of each array, and whether it is `stored` in a buffer."""

    def __init__(self, graph: Graph, device_kind: str) -> None:
        graph.analyse()
        self.graph = graph
        self.device_kind = device_kind
        self.places = Places(graph)
        self._readers: list[list[Ref]] | None = None
        self._overwritten: set[Ref] = set()  # by an assign
        total = len(graph.arrays)
        self.groups: list[Group] = []
        self._groups_made = 0
        self._latest: dict[int, Group] = {}  # by number of elements: the last elementwise kernel that was opened
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
        for ref in range(graph.count):
            if graph.live[ref] and graph.arrays[ref].op is VIEW and graph.resolve(ref) is not None:
                self.places.strided.setdefault(graph.root[ref], []).append(ref)
        for ref in range(graph.count):
            if graph.needed[ref]:
                kind = graph.kind(ref)
                if kind is Kind.ELEMENTWISE:
                    self._place(ref)
                elif kind is Kind.JOIN:
                    self._join(ref)
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
        if op in INDEXED:
            self._need_buffer(operands[0])
        candidates = [
            g for g in self._candidates(ref, operands[1:] if op in INDEXED else operands) if self._can_join(g, ref)
        ]
        if candidates:
            group = candidates[0]
            for other in candidates[1:]:
                self._try_merge(group, other)
        else:
            group = self._latest[graph.numel[ref]] = self._new_group(ref, None)
        self._add(group, ref, operands)

    def _candidates(self, ref: Ref, operands: tuple[Ref, ...]) -> list[Group]:
        graph = self.graph
        numel = graph.numel[ref]
        found: list[Group] = []
        for arg in operands:
            producer = self._producer(arg)
            if (
                producer < 0
                or not graph.identity[arg]
                or graph.numel[arg] != numel
                or graph.kind(producer) is Kind.VIEW
            ):
                continue
            group = self.group[producer]
            if group is None or group in found or group.numel != numel or not self._takes_more(group):
                continue
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

    def _shares_a_leaf(self, group: Group, ref: Ref) -> bool:
        for arg in self.graph.args[ref]:
            producer = self._producer(arg)
            if producer in group.leaves or not self.leaves_of[producer].isdisjoint(group.leaves):
                return True
        return False

    def _same_element(self, arg: Ref, ref: Ref) -> bool:
        """Whether element i of `ref` needs just element i of what its operand shows."""
        graph = self.graph
        if graph.arrays[ref].op in INDEXED and arg == graph.args[ref][0]:
            return False
        return graph.identity[arg] and graph.numel[arg] == graph.numel[ref]

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
                if not self._same_element(arg, ref):
                    return False
                continue
            if other is not None and other.ancestors & group.bits:
                return False
            if self._inlinable(producer, ref):
                leaves |= self.leaves_of[producer]
            elif not self.graph.is_full(producer):
                leaves.add(producer)
        return len(leaves) + max(1, group.stores + self.stored[ref]) <= MAX_BINDINGS

    def _try_merge(self, group: Group, other: Group) -> None:
        """Make one group of two that do not wait for each other."""
        if (
            (group.anchor is not None and other.anchor is not None)
            or group.ancestors & other.bits
            or other.ancestors & group.bits
            or len(group.nodes) + len(other.nodes) > MAX_NODES
        ):
            return
        leaves = group.leaves | other.leaves
        if len(leaves) + group.stores + other.stores > MAX_BINDINGS:
            return
        self.groups.remove(other)
        if self._latest.get(other.numel) is other:
            self._latest[other.numel] = group
        for ref in other.nodes:
            self.group[ref] = group
        group.nodes = sorted(group.nodes + other.nodes)
        group.leaves = leaves
        group.stores += other.stores
        group.bits |= other.bits
        group.ancestors |= other.ancestors
        if group.anchor is None:
            group.anchor = other.anchor
        group.depended_on = group.depended_on or other.depended_on
        self._spread(group)

    def _new_group(self, ref: Ref, anchor: Ref | None) -> Group:
        group = Group(self._groups_made, self.graph.numel[ref], anchor)
        self._groups_made += 1
        self.groups.append(group)
        return group

    def _add(self, group: Group, ref: Ref, operands: tuple[Ref, ...]) -> None:
        graph = self.graph
        group.nodes.append(ref)
        group.stores += self.stored[ref]
        self.group[ref] = group
        cost = graph.arrays[ref].op.cost
        leaves: set[Ref] = set()
        exclusive = True
        for arg in operands:
            producer = self._producer(arg)
            inside = self.group[producer] is group
            if inside:
                self.anchored[ref] |= self.anchored[producer]
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

    # --- joining

    def _join(self, ref: Ref) -> None:
        """Have the operands of a join written into it, and find out which are left to copy."""
        graph, places = self.graph, self.places
        group = self._new_group(ref, ref)
        group.nodes.append(ref)
        group.stores = 1
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
                and len(maker.leaves | {producer}) < MAX_BINDINGS
                and all(self.group[reader] in (None, maker) for reader in self._readers_of(view))
            ):
                if other is not None:
                    self._depend(maker, producer, view)
                maker.nodes.append(view)
                maker.stores += 1
                maker.leaves.add(producer)
                self.group[view] = maker
                self.stored[view] = True
                return True
        return False

    def _readers_of(self, ref: Ref) -> list[Ref]:
        """What reads an array, through views."""
        if self._readers is None:
            self._readers = [[] for _ in self.graph.arrays]
            for reader in range(self.graph.count):
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
            group.stores += 1

    def _store_alone(self, ref: Ref) -> None:
        """Give a view or a constant a buffer, by a kernel of its own."""
        producer = self.graph.root[ref]
        self.stored[ref] = True
        group = self._new_group(ref, None)
        group.nodes.append(ref)
        group.stores = 1
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
