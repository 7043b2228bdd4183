"""A flush, ready to run: kernels in order, where each array lies, and what changes from run to run.

A plan knows no array, only slots: first the leaves, in the order in which the graph met them, then buffers of its own.
The same structure of a flush (`Graph.key`) finds the same plan again and only hands it other leaves and other scalars.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .codegen.ir import KernelIR
from .codegen.lower import Kernel, Key, TooManyBindings
from .device.interface import LOST, Commands, Device, DeviceLost
from .formats import PUT_SCALAR, storage_bytes
from .kernels import TEMPLATES, elementwise, rows
from .lazy import ASSIGN, BUFFER, HOST, VIEW, Kind, LazyArray
from .memory import Buffer, Pool, size_class
from .regions import Strides
from .schedule.fuse import Fusion
from .schedule.graph import Graph, Ref
from .schedule.group import Group

MOST_SLACK = 8  # how much larger than an array its slot may be
COMMANDS_KEPT = 4  # ready lists per plan: the same plan on the same buffers


@dataclass
class Plan:
    leaves: list[int]  # those that kernels read
    sizes: list[int]  # of the plan's own buffers
    dispatches: list[tuple[int, int, tuple[int, int, int], list[int]]]  # pipeline, parameter offset, workgroups, slots
    params: bytearray
    scalars: list[
        tuple[int, Ref, int, Callable[[bytearray, int, Any], None]]
    ]  # byte, whose scalar, which, how to put it
    outputs: list[tuple[Ref, int]]  # array, slot
    views: dict[Ref, tuple[Ref, Strides, int]]  # what is held and lies in another array: of what, strides, offset
    kernels: list[tuple[list[str], KernelIR, tuple[int, int, int]]]  # for the debug view
    nodes: int  # of the queue
    ready: dict[tuple[int, ...], Commands] = field(default_factory=dict)

    def run(
        self, graph: Graph, pool: Pool, device: Device, read: tuple[LazyArray, int] | None = None
    ) -> memoryview | bytes | None:
        """Run on the graph's leaves; its held arrays are realized. `read` is an array among them and how many bytes of
        it to return.
        """
        arrays, leaves = graph.arrays, graph.leaves
        handles = [0] * len(leaves)
        for number in self.leaves:
            leaf = leaves[number]
            if leaf.op is HOST:
                upload(leaf, pool, device)
            buffer = leaf.buffer
            assert buffer is not None
            if buffer.pool is not pool:
                raise DeviceLost(LOST)
            handles[number] = buffer.handle
        taken: list[int] = []
        try:
            taken.extend(map(pool.take, self.sizes))
            handles += taken
            commands = self._commands(handles)
            params = self.params
            for at, ref, which, put in self.scalars:
                put(params, at, arrays[ref].scalars[which])
            target = None
            if read is not None:
                target = (self._handle(graph, handles, read[0], pool, device), read[1])
            result = device.submit(commands, params, target)
        except BaseException:
            for handle, size in zip(taken, self.sizes, strict=False):
                pool.give(handle, size)
            pool.trim(0)  # where memory ran out, a browser says so late: some of these may be none
            raise
        owned: set[int] = set()
        for ref, slot in self.outputs:
            if slot < len(leaves):
                leaf = leaves[slot]
                assert leaf.buffer is not None
                buffer, leaf.buffer = leaf.buffer, None
            else:
                buffer = Buffer(pool, handles[slot], self.sizes[slot - len(leaves)])
                owned.add(slot - len(leaves))
            arrays[ref].realize(buffer)
        for number, (handle, size) in enumerate(zip(taken, self.sizes, strict=True)):
            if number not in owned:
                pool.give(handle, size)
        for ref, (root, strides, offset) in self.views.items():
            arrays[ref].become_view(arrays[root], strides, offset)
        return result

    def _commands(self, handles: list[int]) -> Commands:
        key = tuple(handles)
        commands = self.ready.get(key)
        if commands is None:
            commands = Commands()
            for pipeline, offset, groups, slots in self.dispatches:
                commands.dispatch(pipeline, offset, groups, [handles[slot] for slot in slots])
            if len(self.ready) >= COMMANDS_KEPT:
                del self.ready[next(iter(self.ready))]
            self.ready[key] = commands
        return commands

    def _handle(self, graph: Graph, handles: list[int], array: LazyArray, pool: Pool, device: Device) -> int:
        """The buffer in which a held array's elements will be, an identical view's included."""
        while array.op is VIEW:
            array = array.inputs[0]
        for ref, slot in self.outputs:
            if graph.arrays[ref] is array:
                return handles[slot]
        if array.op is HOST:
            upload(array, pool, device)
        assert array.buffer is not None
        if array.buffer.pool is not pool:
            raise DeviceLost(LOST)
        return array.buffer.handle


def upload(leaf: LazyArray, pool: Pool, device: Device) -> None:
    """Give an array that came from the host its buffer."""
    data = leaf.attr
    size = size_class(len(data))
    buffer = Buffer(pool, pool.take(size), size)
    device.write(buffer.handle, data)
    leaf.realize(buffer)


# --- making one


def build(fusion: Fusion, pipeline: Callable[[KernelIR], int]) -> Plan:
    """The plan of a fused graph; `pipeline` gives the compiled kernel of a structure."""
    graph = fusion.graph
    kernels, overwrites = _place_assigns(fusion, _order(fusion, _lower(fusion)))
    layout = _Layout(fusion, kernels, overwrites)
    plan = Plan([], layout.sizes, [], bytearray(), [], [], {}, [], graph.count)
    leaves: set[int] = set()
    for kernel in kernels:
        ir = kernel.ir()
        slots = [layout.slot[bound.key] for bound in kernel.bindings if bound.alias < 0]
        leaves.update(slot for slot in slots if slot < len(graph.leaves))
        offset = len(plan.params)
        plan.dispatches.append((pipeline(ir), offset, kernel.groups, slots))
        plan.params += b"".join(number.to_bytes(4, "little") for number in kernel.words)
        plan.params += bytes(offset + 4 * ir.words - len(plan.params))
        plan.scalars += [(offset + 4 * at, ref, which, PUT_SCALAR[dtype]) for at, ref, which, dtype in kernel.scalars]
        plan.kernels.append((kernel.ops, ir, kernel.groups))
    for ref in range(graph.count):
        where, strides, offset = fusion.places.location(ref)
        if graph.kept[ref] and where != ref:
            plan.views[ref] = (where, strides, offset)
        elif graph.kept[ref]:
            plan.outputs.append((ref, layout.slot[ref]))
            leaves.update(slot for slot in (layout.slot[ref],) if slot < len(graph.leaves))
        elif graph.live[ref] and graph.arrays[ref].op is VIEW:
            resolved = fusion.places.resolve(ref)
            assert resolved is not None
            plan.views[ref] = resolved
    plan.leaves = sorted(leaves)
    graph.restore()
    return plan


Lowered = list[tuple[Group, list[Kernel]]]


def _lower(fusion: Fusion) -> Lowered:
    lowered = []
    for group in sorted(fusion.groups, key=lambda group: min(group.nodes)):
        roots = [ref for ref in group.nodes if fusion.stored[ref]]
        if roots:
            try:
                lowered.append((group, _lower_group(fusion, group, roots)))
            except TooManyBindings:
                lowered += [(group, kernels) for kernels in _lower_one_by_one(fusion, group, roots)]
    return lowered


def _lower_group(fusion: Fusion, group: Group, roots: list[Ref]) -> list[Kernel]:
    anchor = group.anchor
    if anchor is None:
        return _lower_elementwise(fusion, roots)
    op = fusion.graph.arrays[anchor].op
    if op is ASSIGN:
        return [elementwise.build_assign(fusion, anchor)]
    template = TEMPLATES[op.name]
    try:
        return template.build(fusion, anchor, roots)
    except TooManyBindings:
        if group.reductions:
            raise
        fusion.stored[anchor] = True
        own = [anchor, *(ref for ref in roots if fusion.graph.kind(ref) is Kind.COMPANION)]
        rest = [ref for ref in roots if ref not in own]
        return [*template.build(fusion, anchor, own), *_lower_elementwise(fusion, rest)]


def _lower_one_by_one(fusion: Fusion, group: Group, roots: list[Ref]) -> list[list[Kernel]]:
    """A row kernel with too many buffers as one kernel for each reduction, and elementwise ones."""
    for ref in group.reductions:
        fusion.stored[ref] = True
    kernels = [rows.build_of(fusion, group, [ref], [ref]) for ref in group.reductions]
    rest = [ref for ref in roots if ref not in group.reductions]
    depths = group.depths(fusion.graph, group.reductions)
    before = [ref for ref in rest if depths[ref] == 0 and ref in group.wide]
    if before:
        kernels.append(_lower_elementwise(fusion, before))
    return [*kernels, *(_lower_elementwise(fusion, [ref]) for ref in rest if ref not in before)]


def _lower_elementwise(fusion: Fusion, roots: list[Ref]) -> list[Kernel]:
    """One kernel for all roots if their buffers are few enough, else more."""
    try:
        return [elementwise.build(fusion, roots)]
    except TooManyBindings:
        if len(roots) > 1:
            half = len(roots) // 2
            return [*_lower_elementwise(fusion, roots[:half]), *_lower_elementwise(fusion, roots[half:])]
        kernels = []
        for arg in fusion.graph.args[roots[0]]:
            operand = fusion.graph.root[arg]
            if not fusion.stored[operand] and fusion.graph.kind(operand) is Kind.ELEMENTWISE:
                fusion.stored[operand] = True
                kernels += _lower_elementwise(fusion, [operand])
        return [*kernels, *_lower_elementwise(fusion, roots)]


def _order(fusion: Fusion, lowered: Lowered) -> list[Kernel]:
    """Kernels, each after those whose results it reads, else in the order in which their arrays were made."""
    graph = fusion.graph
    makers: defaultdict[Key, set[int]] = defaultdict(set)
    for number, (_, kernels) in enumerate(lowered):
        for kernel in kernels:
            for key in kernel.stores:
                makers[key].add(number)
    for join in sorted(fusion.places.parts):  # (what lies in a join was made before it)
        makers[join].update(*(makers[part] for part in fusion.places.parts[join]))
    needs: list[set[int]] = []
    for number, (group, kernels) in enumerate(lowered):
        read = {ref for kernel in kernels for ref in kernel.reads}
        if group.anchor is not None and graph.arrays[group.anchor].op is ASSIGN:
            base = graph.args[group.anchor][0]
            read |= {base, graph.root[base]}
        needs.append({maker for ref in read if ref in makers for maker in makers[ref]} - {number})
    ordered: list[Kernel] = []
    done = [False] * len(lowered)
    for start in range(len(lowered)):
        stack = [start]
        while stack:
            number = stack[-1]
            waiting = [] if done[number] else [other for other in needs[number] if not done[other]]
            if waiting:
                assert len(stack) <= len(lowered) ** 2, "kernels wait for each other in a circle"
                stack += sorted(waiting, reverse=True)
                continue
            stack.pop()
            if not done[number]:
                done[number] = True
                ordered += lowered[number][1]
    return ordered


def _place_assigns(fusion: Fusion, kernels: list[Kernel]) -> tuple[list[Kernel], dict[Key, Ref]]:
    """Let each `assign` write over the old array if nobody reads that afterwards, else into a copy that is made first.

    Returns the kernels, copies among them, and which array lies on top of which.
    """
    graph, places = fusion.graph, fusion.places
    last_read: dict[Key, int] = {}
    for at, kernel in enumerate(kernels):
        for read in kernel.reads:
            last_read[places.location(read)[0]] = at
        if kernel.assigns is not None:
            last_read[graph.root[graph.args[kernel.assigns][0]]] = at
    result = []
    overwrites: dict[Key, Ref] = {}
    for at, kernel in enumerate(kernels):
        ref = kernel.assigns
        if ref is not None:
            old = graph.args[ref][0]
            base = old if fusion.stored[old] else graph.root[old]
            whole = graph.identity[old] and graph.numel[base] == graph.numel[ref] and fusion.stored[base]
            whole = whole and places.location(base)[0] == base
            if whole and graph.may_overwrite(base) and last_read[graph.root[old]] == at and base not in kernel.reads:
                overwrites[ref] = base
            else:
                result.append(elementwise.build_copy(fusion, old, ref))
        result.append(kernel)
    return result, overwrites


class _Layout:
    """Which slot each array and each scratch takes.

    Leaves have theirs; the others share as their lifetimes allow. (Not one buffer with an offset for each: WebGPU does not
    let a dispatch read one part of a buffer through a read-only binding and write another.)
    """

    def __init__(self, fusion: Fusion, kernels: list[Kernel], overwrites: dict[Key, Ref]) -> None:
        self.graph = graph = fusion.graph
        self.sizes: list[int] = []
        self.slot: dict[Key, int] = {-1 - k: k for k, leaf in enumerate(graph.leaves) if leaf.op in (BUFFER, HOST)}
        self.free: defaultdict[int, list[int]] = defaultdict(list)
        self.bytes: dict[Key, int] = {}
        last_use: dict[Key, int] = {}
        for at, kernel in enumerate(kernels):
            for bound in kernel.bindings:
                last_use[bound.key] = at
                if bound.key in overwrites:
                    last_use[overwrites[bound.key]] = at
            self.bytes.update(kernel.scratch)
        moved: set[Key] = set()  # arrays whose slot went on to another
        for at, kernel in enumerate(kernels):
            # (Once each: a buffer may be bound twice.)
            dying = list(dict.fromkeys(b.key for b in kernel.bindings if last_use[b.key] == at and b.key not in moved))
            for position, bound in enumerate(kernel.bindings):
                key = bound.key
                if not bound.writable or key in self.slot:
                    continue
                base: Key | None = overwrites.get(key)
                if base is None:
                    base = self._donor(kernel, position, dying, moved)
                if base is not None:
                    self.slot[key] = self.slot[base]
                    moved.add(base)
                else:
                    self.slot[key] = self._take(key)
            for key in dying:
                if key not in moved and self._is_temporary(key) and last_use[key] == at:
                    self.free[self._room(key)].append(self.slot[key])

    def _bytes(self, key: Key) -> int:
        known = self.bytes.get(key)
        if known is None:
            assert isinstance(key, int)
            known = self.bytes[key] = storage_bytes(self.graph.numel[key], self.graph.arrays[key].dtype)
        return known

    def _room(self, key: Key) -> int:
        """The bytes of the slot that an array lies in: one of the plan's own, or a leaf's that it took over."""
        own = self.slot[key] - len(self.graph.leaves)
        return self.sizes[own] if own >= 0 else size_class(self._bytes(key))

    def _is_temporary(self, key: Key) -> bool:
        return not isinstance(key, int) or (
            not self.graph.kept[key] and (key >= 0 or self.slot[key] >= len(self.graph.leaves))
        )

    def _take(self, key: Key) -> int:
        size = size_class(self._bytes(key))
        if not self.free[size] and not (isinstance(key, int) and self.graph.kept[key]):
            # What is soon given back may have more than it needs.
            larger = (other for other, slots in self.free.items() if slots and size < other <= MOST_SLACK * size)
            size = min(larger, default=size)
        if self.free[size]:
            return self.free[size].pop()
        self.sizes.append(size)
        return len(self.graph.leaves) + len(self.sizes) - 1

    def _donor(self, kernel: Kernel, position: int, dying: list[Key], moved: set[Key]) -> Key | None:
        """An operand that dies here and may lie under the output: read only at the element that is written."""
        output = kernel.bindings[position]
        if not output.in_place:
            return None
        elsewhere = {bound.key for bound in kernel.bindings if not bound.in_place}
        for at, bound in enumerate(kernel.bindings):
            key = bound.key
            if (
                key not in elsewhere
                and isinstance(key, int)
                and key in dying
                and key not in moved
                and not bound.writable
                and bound.storage == output.storage
                and (self._is_temporary(key) or self.graph.may_overwrite(key))
                and size_class(self._bytes(key)) == size_class(self._bytes(output.key))
            ):
                output.alias = at
                return key
        return None
