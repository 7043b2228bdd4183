"""Reductions over any axes, several over the same rows in one kernel, with what is computed for each row and for each
element of the rows: sums, softmax, layer norm, cross entropy and their gradients are all this.

A row is walked once for each reduction that waits for another, then once more to write elements that do. Elements that
somebody holds are written in the first walk and read in the others; what else is computed on the way is computed
again. *Serial*: one invocation per row. *Workgroup*: 64 invocations share one, and
combine what they found through workgroup memory. *Subgroup*: within subgroups first, through registers. *Split*: few
rows of very many elements, and one reduction: slices are reduced first, by workgroups, into partial results, and these
in a second kernel.

An invocation takes several elements at once: of its row, or, where it is those of neighbouring rows that lie side by side
(a column's sum), of as many rows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from flambeau.dtype import float32

from ..codegen.ir import ABSENT, ACCESS_AT, Function, KernelIR, Store
from ..codegen.lower import FunctionBuilder, Kernel, KernelBuilder, add_epilogue
from ..codegen.ops import IDENTITY, KIND, REDUCTIONS, load, register, storage, store, wrapped
from ..codegen.wgsl import (
    ENTRY,
    INDENT,
    buffer,
    coordinates,
    define,
    flat_index,
    hoisted_positions,
    inner,
    instructions,
    module,
    operands,
    positions,
    register_name,
    stores,
    varying,
    word,
    words_first,
)
from ..device.interface import SUBGROUPS
from ..lazy import HOST, REDUCE, LazyArray
from ..regions import contiguous_strides
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from ..schedule.group import Group
from ..schedule.space import Space, space_of
from .grid import cover, fold

if TYPE_CHECKING:
    from ..engine import Engine

WORKGROUP = 64
SHORT = 256  # elements of a row that one invocation walks alone
MANY_ROWS = 1024  # with so many rows the device is busy with one invocation for each...
MANY_ROWS_ON_CPU = 64  # ...and a software adapter sooner
SPLIT_LENGTH = 1 << 15
SLICES = 256
POSITIONS = ("argmax", "argmin")
LANES = 4
WIDE, WIDEST = 8, 16
TOGETHER = (
    16  # lines after which those who read side by side wait for each other: what lies between is then loaded once
)
WORTH_LANES = 1 << 13  # elements from which loading four at once is worth another kernel
MOST_INSTRUCTIONS = 40  # of a kernel that is written out four times

MEASURED = 1 << 22  # the most elements that are measured

COUNT, LENGTH, SLICE = 0, 1, 2  # parameter words: rows, elements of a row, elements of a slice


class Phase(NamedTuple):
    """One reduction: which function, of which register, and after how many others that it waits for."""

    name: str
    register: int
    source: str  # dtypes
    result: str
    depth: int


def build(fusion: Fusion, ref: Ref, epilogue: list[Ref]) -> list[Kernel]:
    group = fusion.group[ref]
    assert group is not None
    return build_of(fusion, group, group.reductions, epilogue)


def build_of(fusion: Fusion, group: Group, reductions: list[Ref], roots: list[Ref]) -> list[Kernel]:
    """The kernel of some of a group's reductions, and of `roots`."""
    graph = fusion.graph
    first = reductions[0]
    x = graph.arrays[first]
    source = graph.args[first][0]
    shape, axes = graph.shape(source), x.attr[1]
    space = space_of(shape, axes)
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    own = contiguous_strides(shape)
    dims = tuple(shape[axis] for axis in (*kept, *axes))
    every_element = (0, tuple(own[axis] for axis in (*kept, *axes)), 0)
    every_row = (0, (*contiguous_strides(tuple(shape[axis] for axis in kept)), *[0] * len(axes)), 0)

    split = _is_split(space, x.attr[0]) and len(reductions) == 1 and not group.wide.intersection(roots)
    kernel = KernelBuilder(fusion, "rows", [first] if split else roots)
    for number in (space.rows, space.length, -(-space.length // SLICES // LANES) * LANES + LANES):
        kernel.word(number)
    function = FunctionBuilder(kernel, "row", dims, len(kept), flat=False)
    phases: list[Phase] = []
    depths = group.depths(graph, reductions)
    at_once = [ref for ref in reductions if depths[ref] == 1]
    for level in (at_once, [ref for ref in reductions if ref not in at_once]):
        for reduction in level:
            name, _ = graph.arrays[reduction].attr
            (arg,) = graph.args[reduction]
            value = function.value(arg, every_element)
            kinds = graph.arrays[arg].dtype.name, graph.arrays[reduction].dtype.name
            phase = Phase(name, value, *kinds, depths[reduction] - 1)
            if phase not in phases:
                phases.append(phase)
            function.reduced[reduction] = phases.index(phase)
            kernel.ops.append(name)
        if level is at_once:  # (a split kernel has no roots of elements)
            independent = [root for root in roots if root in group.wide and depths[root] == 0]
            function.keep([root for root in independent if fusion.places.is_apart(root)], every_element)
    if not split:
        for root in roots:
            if root in function.kept:
                continue
            access = every_element if root in group.wide else every_row
            function.store(root, function.value(root, access), access)
            # A row's value is written when all of the row has been read, by one of those that read it.
    of_rows = len(shape) - 1 not in axes and bool(space.axes)  # neighbours in memory belong to neighbouring rows
    if split:
        function.finish(lanes=1 if of_rows else _lanes(space, len(function.code)))
        return _split(fusion, kernel, first, phases[0], space, roots)
    layout = _choose(fusion, space, phases)
    lanes = _lanes(space, len(function.code), wide=fusion.device_kind == "cpu" and layout == "serial", of_rows=of_rows)
    if of_rows and any(phase.name in POSITIONS for phase in phases):
        lanes = 1
    done = function.finish(lanes=lanes, of_rows=of_rows)
    invocations = space.rows // (done.lanes if done.along >= 0 else 1)
    groups = cover(invocations, WORKGROUP) if layout == "serial" else fold(space.rows)
    return [kernel.finish(groups, (layout, tuple(phases), len(function.kept)))]


def _lanes(space: Space, instructions: int, wide: bool = False, of_rows: bool = False) -> int:
    """How many elements side by side one invocation takes at once: of a row, or of as many rows.

    `wide`: more than a vector of them, which spares a software adapter turns of a loop, and of rows makes it read whole
    lines of memory.
    """
    if space.numel < WORTH_LANES or instructions > MOST_INSTRUCTIONS or (of_rows and not wide):
        return 1
    lanes = WIDEST if of_rows else WIDE
    while lanes > LANES and not (wide and lanes * instructions <= LANES * MOST_INSTRUCTIONS):
        lanes //= 2
    while of_rows and space.rows < lanes * MANY_ROWS_ON_CPU:
        lanes //= 2
    return lanes if lanes >= LANES else 1


def _choose(fusion: Fusion, space: Space, phases: list[Phase]) -> str:
    rows, length = (1 << (size - 1).bit_length() for size in space[:2])
    key = f"rows {rows} {length} {'across' if space.axes else 'along'}"
    layouts, default = ["serial", "workgroup"], _layout(fusion.device_kind, space)
    if SUBGROUPS in fusion.tuner.device.info.features and all(phase.source != "bool" for phase in phases):
        layouts.append("subgroup")
        if default == "workgroup" and fusion.device_kind == "gpu":
            default = "subgroup"
    return fusion.tuner.choose(key, layouts, default, partial(_measured, space))


def _is_split(space: Space, name: str) -> bool:
    return name not in POSITIONS and space.length >= SPLIT_LENGTH and space.rows * SLICES <= 1 << 16


def _layout(device_kind: str, space: Space) -> str:
    if space.length <= (SHORT if device_kind == "cpu" or space.axes else WORKGROUP):
        return "serial"
    if device_kind == "cpu":
        return "serial" if space.rows >= MANY_ROWS_ON_CPU else "workgroup"
    # On a GPU neighbours should read neighbours: elements of a row, unless it is those of different rows that lie so.
    return "serial" if space.axes and space.rows >= MANY_ROWS else "workgroup"


def _measured(space: Space, engine: Engine) -> Callable[[], LazyArray]:
    """The sum of each row of such a space, to be measured."""
    length = min(space.length, MEASURED)
    rows = min(space.rows, max(1, MEASURED // length))
    shape, axis = ((length, rows), 0) if space.axes else ((rows, length), 1)
    x = LazyArray(HOST, (), bytes(4 * rows * length), (), shape, float32)
    return lambda: engine.append(REDUCE, (x,), ("sum", (axis,)), (rows,), float32)


def _split(
    fusion: Fusion, kernel: KernelBuilder, ref: Ref, phase: Phase, space: Space, roots: list[Ref]
) -> list[Kernel]:
    key = ("partial", ref)
    # No rounding in between.
    wide = "float32" if phase.source in ("float16", "float32") else phase.source
    kernel.scratch[key] = space.rows * SLICES * 4
    kernel.stores.append(key)
    at = kernel.bind(key, storage(wide), writable=True)
    layout = "slices" if fusion.device_kind == "gpu" else "chunks"
    first = kernel.finish(fold(space.rows * SLICES), (layout, (phase._replace(result=wide),), 0, at))
    second = KernelBuilder(fusion, "partials", roots)
    second.word(space.rows)
    at = second.bind(key, storage(wide))
    second.ops.append(phase.name)
    add_epilogue(second, ref, roots)
    return [first, second.finish(fold(space.rows), (phase.name, wide, phase.result, at))]


# --- WGSL -------------------------------------------------------------------------------------------------------------

GROUP_ENTRY = (
    "@compute @workgroup_size(WORKGROUP_SIZE)\n"
    "fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, "
    "@builtin(local_invocation_index) t: u32) {\n"
    "  let g = group.x + group.y * groups.x;\n"
)
SUBGROUP_ENTRY = GROUP_ENTRY.replace(
    "@builtin(local_invocation_index)",
    "@builtin(subgroup_id) subgroup: u32, @builtin(num_subgroups) subgroups: u32,\n"
    "        @builtin(subgroup_size) size: u32, @builtin(subgroup_invocation_id) lane: u32,\n"
    "        @builtin(local_invocation_index)",
)


def render(ir: KernelIR) -> str:
    layout, phases, kept, *_ = ir.static
    function = ir.functions[0]
    text = _Row(ir, function, layout, phases, kept)
    head = _definitions(phases, layout)
    if layout == "serial":
        start = flat_index(COUNT)
        if text.together:  # nobody may leave before a barrier: those too many do what the last does
            number = f"(id.x + id.y * (groups.x * WORKGROUP_SIZE)) * {function.lanes}u"
            start = f"  let i = min({number}, {word(COUNT)} - {function.lanes}u);\n"
        return module(ir, head + ENTRY + start + text.body() + "}")
    head += SUBGROUP_ENTRY if layout == "subgroup" else GROUP_ENTRY
    if layout in ("workgroup", "subgroup"):
        start = f"  if (g >= {word(COUNT)}) {{ return; }}\n  let i = g;\n  let end = {word(LENGTH)};\n"
        return module(ir, head + start + text.body() + "}")
    partial = ir.static[3]
    start = f"""  if (g >= {word(COUNT)} * {SLICES}u) {{ return; }}
  let i = g / {SLICES}u;
  let start = (g % {SLICES}u) * {word(SLICE)};
  let end = min(start + {word(SLICE)}, {word(LENGTH)});
"""
    last = f"  if (t == 0u) {{ {buffer(ir, partial)}[g] = {store(phases[0].result, 'm0')}; }}\n"
    return module(ir, head + start + text.body() + last + "}")


def render_partials(ir: KernelIR) -> str:
    name, wide, result, partial = ir.static
    phase = Phase(name, 0, wide, result, 0)
    value = load(wide, f"{buffer(ir, partial)}[g * {SLICES}u + k]")
    return module(
        ir,
        f"""{define(ir, ir.functions[0])}
{_definitions((phase,), "workgroup")}{GROUP_ENTRY}  if (g >= {word(COUNT)}) {{ return; }}
  {_start(phase, "acc0")}
  for (var k = t; k < {SLICES}u; k = k + {WORKGROUP}u) {{
    let x: {register(wide)} = {value};
    {_combine(phase, 0, "acc0", "x", "k")}
  }}
{_shared(phase, 0)}  if (t == 0u) {{ finish(g, m0); }}
}}""",
    )


class _Row:
    """The text of a row kernel from `i`, the row's number, on. The first `kept` stores are done in the first walk."""

    def __init__(self, ir: KernelIR, function: Function, layout: str, phases: tuple[Phase, ...], kept: int) -> None:
        self.ir, self.function, self.layout, self.phases = ir, function, layout, phases
        self.kept, self.others = function.stores[:kept], function.stores[kept:]
        self.is_inner = inner(function)
        self.lanes = function.lanes
        self.together = function.along >= 0
        self.step = 1 if function.along >= 0 else function.lanes  # elements of a row that are taken at once
        self.outer_done: set[int] = set()
        self.outer_places: set[int] = set()

    def body(self) -> str:
        function = self.function
        lines = coordinates(function, 0, function.split, "i", INDENT)
        lines += hoisted_positions(function, INDENT)
        lines += self._of_row(-1)
        for depth in sorted({phase.depth for phase in self.phases}):
            numbers = [number for number, phase in enumerate(self.phases) if phase.depth == depth]
            lines += self._reductions(numbers)
            lines += self._of_row(depth)
        lines += self._stores()
        return words_first("\n".join(lines) + "\n")

    def _needs(self, registers: list[int]) -> set[int]:
        """Registers that differ along the row and are needed for others."""
        found: set[int] = set()
        pending = [register for register in registers if self.is_inner[register]]
        while pending:
            at = pending.pop()
            if at not in found:
                found.add(at)
                pending += [r for r in operands(self.function.code[at]) if self.is_inner[r]]
        return found

    def _of_row(self, depth: int) -> list[str]:
        """Registers that are the same throughout the row and are known after the reductions of some depth."""
        ready: set[int] = set()
        for at, instruction in enumerate(self.function.code):
            if self.is_inner[at] or at in self.outer_done:
                continue
            if instruction[0] == "reduced" and self.phases[instruction[2]].depth > depth:
                continue
            if all(r in self.outer_done or r in ready for r in operands(instruction)):
                ready.add(at)
        self.outer_done |= ready
        return self._outer_positions(ready) + instructions(self.ir, self.function, INDENT, only=ready)

    def _outer_positions(self, registers: set[int]) -> list[str]:
        function = self.function
        loaded = {
            function.code[at][ACCESS_AT[function.code[at][0]]] for at in registers if function.code[at][0] in ACCESS_AT
        } - self.outer_places
        self.outer_places |= loaded
        return [f"{INDENT}let a{at} = h{at};" for at in sorted(loaded)]

    def _walk(self, needs: set[int], statements: list[str]) -> list[str]:
        """A loop over the row's elements, `step` at a time."""
        function, depth = self.function, INDENT
        lines: list[str] = []
        closing: list[str] = []
        last = function.rank - 1
        if self.layout == "serial":
            for axis in range(function.split, function.rank):
                step = self.step if axis == last else 1
                begin, end = "0u", word(function.word + axis)
                if axis == last and self.together:
                    lines.append(f"{depth}for (var near = 0u; near < {end}; near = near + {TOGETHER}u) {{")
                    begin, end = "near", f"min(near + {TOGETHER}u, {end})"
                    closing.append("workgroupBarrier(); }")
                    depth += INDENT
                lines.append(f"{depth}for (var c{axis} = {begin}; c{axis} < {end}; c{axis} = c{axis} + {step}u) {{")
                closing.append("}")
                depth += INDENT
        else:
            begin, end, hop = f"t * {self.step}u", "end", WORKGROUP * self.step
            if self.layout == "slices":
                begin = f"start + {begin}"
            elif self.layout == "chunks":
                lines.append(
                    f"{depth}let chunk = ({word(SLICE)} / {LANES}u + {WORKGROUP - 1}u) / {WORKGROUP}u * {LANES}u;"
                )
                begin, end, hop = "start + t * chunk", "min(start + t * chunk + chunk, end)", self.step
            lines.append(f"{depth}for (var k = {begin}; k < {end}; k = k + {hop}u) {{")
            closing.append("}")
            depth += INDENT
            lines += coordinates(function, function.split, function.rank, "k", depth)
        lines += positions(function, depth, hoisted=True, only=needs)
        lines += instructions(self.ir, function, depth, only=needs)
        lines += [depth + statement for statement in statements]
        for close in reversed(closing):
            depth = depth[len(INDENT) :]
            lines.append(depth + close)
        return lines

    def _reductions(self, numbers: list[int]) -> list[str]:
        """The reductions of one depth: one walk for all."""
        lines: list[str] = []
        statements = []
        differs = varying(self.function)
        for number in numbers:
            phase = self.phases[number]
            accumulators = 1 if phase.name in POSITIONS else self.lanes
            lines += [
                INDENT + _start(phase, f"acc{number}{_lane(lane, accumulators)}", number, lane)
                for lane in range(accumulators)
            ]
            for lane in range(self.lanes):
                value = register_name(differs, phase.register, lane)
                acc = f"acc{number}{_lane(lane, accumulators)}"
                statements.append(_combine(phase, number, acc, value, self._index(lane)))
        needed = [self.phases[number].register for number in numbers]
        if self.phases[numbers[0]].depth == 0:
            statements += stores(self.ir, self.function, "", self.kept, hoisted=True)
            needed += [s.register for s in self.kept]
        lines += self._walk(self._needs(needed), statements)
        for number in numbers:
            phase = self.phases[number]
            if self.together:
                lines += [
                    f"{INDENT}let m{number}_{lane}: {register(phase.result)} = {_value(phase, f'{number}_{lane}')};"
                    for lane in range(self.lanes)
                ]
                continue
            if phase.name not in POSITIONS and self.lanes > 1:
                found = [f"acc{number}_{lane}" for lane in range(self.lanes)]
                while len(found) > 1:
                    found = [_pair(phase, x, y) for x, y in zip(found[::2], found[1::2], strict=True)]
                lines.append(f"{INDENT}var acc{number}: {register(phase.source)} = {found[0]};")
            if self.layout == "serial":
                lines.append(f"{INDENT}let m{number}: {register(phase.result)} = {_value(phase, number)};")
            else:
                combined = _by_subgroups if self.layout == "subgroup" else _shared
                lines.append(combined(phase, number).rstrip("\n"))
        return lines

    def _index(self, lane: int) -> str:
        """The position along the reduced dimensions."""
        if self.layout != "serial":
            index = "k"
        else:
            index = ""
            for axis in range(self.function.split, self.function.rank):
                index = f"c{axis}" if not index else f"({index}) * {word(self.function.word + axis)} + c{axis}"
            index = index or "0u"  # rows of one element
        return f"{index} + {lane}u" if lane else index

    def _stores(self) -> list[str]:
        lines: list[str] = []
        of_elements = [s for s in self.others if self._is_inner_store(s)]
        of_rows = [s for s in self.others if s not in of_elements]
        late = [s for s in of_rows if s.position.space or self.is_inner[s.register]]
        early = [s for s in of_rows if s not in late]
        if early:
            inside = stores(self.ir, self.function, "", early, hoisted=True)
            if self.layout == "serial":
                lines += [INDENT + line for line in inside]
            else:
                lines += [f"{INDENT}if (t == 0u) {{", *(INDENT * 2 + line for line in inside), f"{INDENT}}}"]
        if of_elements or late:
            statements = stores(self.ir, self.function, "", of_elements, hoisted=True)
            if late:
                first = f"{self._index(0)} == 0u"
                statements += [f"if ({first}) {{", *stores(self.ir, self.function, INDENT, late, hoisted=True), "}"]
            lines += self._walk(self._needs([s.register for s in (*of_elements, *late)]), statements)
        return lines

    def _is_inner_store(self, s: Store) -> bool:
        pattern = s.position
        if pattern.space:
            pattern = self.function.spaces[pattern.space - 1].position
        return any(walk != ABSENT for walk in pattern.walks[self.function.split :])


def _lane(lane: int, count: int) -> str:
    return f"_{lane}" if count > 1 else ""


def _pair(phase: Phase, x: str, y: str) -> str:
    return f"({REDUCTIONS[phase.name, KIND[phase.source]].format(x, y)})"


def _combine(phase: Phase, number: int, acc: str, value: str, index: str) -> str:
    """Statements that take `value` (and its position) into `acc` (and `best`)."""
    if phase.name not in POSITIONS:
        return f"{acc} = {REDUCTIONS[phase.name, KIND[phase.source]].format(acc, value)};"
    best = f"best{number}"
    ahead = f"ahead_{phase.name}_{phase.source}({value}, {index}, {acc}, {best})"
    return f"if ({ahead}) {{ {acc} = {value}; {best} = {index}; }}"


def _start(phase: Phase, acc: str, number: int = 0, lane: int = 0) -> str:
    type_ = register(phase.source)
    if phase.name in POSITIONS:
        zero = {"f32": "0.0", "i32": "0", "bool": "false"}[type_]
        return f"var {acc}: {type_} = {zero}; var best{number} = 0xffffffffu;"
    return f"var {acc}: {type_} = {IDENTITY[phase.name, KIND[phase.source]]};"


def _value(phase: Phase, number: int | str) -> str:
    return f"i32(best{number})" if phase.name in POSITIONS else wrapped(phase.name, phase.result, f"acc{number}")


def _shared(phase: Phase, number: int) -> str:
    """`m...`: what all invocations of the workgroup have found, combined."""
    memory = f"shared_{register(phase.source)}"
    positions_too = phase.name in POSITIONS
    write = f"{memory}[t] = acc{number};" + (f" shared_best[t] = best{number};" if positions_too else "")
    combine = _combine(phase, number, f"acc{number}", f"{memory}[t + half]", "shared_best[t + half]")
    read = f"acc{number} = {memory}[0];" + (f" best{number} = shared_best[0];" if positions_too else "")
    return f"""  workgroupBarrier();
  {write}
  for (var half = {WORKGROUP // 2}u; half > 0u; half = half >> 1u) {{
    workgroupBarrier();
    if (t < half) {{ {combine} {write} }}
  }}
  workgroupBarrier();
  {read}
  let m{number}: {register(phase.result)} = {_value(phase, number)};
"""


def _by_subgroups(phase: Phase, number: int) -> str:
    """The same with as few turns through workgroup memory as there are subgroups."""
    acc, best, memory = f"acc{number}", f"best{number}", f"shared_{register(phase.source)}"
    take, write = f"let other = subgroupShuffleXor({acc}, step);", f"{memory}[subgroup] = {acc};"
    first = f"{acc} = {memory}[0];"
    if phase.name in POSITIONS:
        take += f" let place = subgroupShuffleXor({best}, step);"
        write += f" shared_best[subgroup] = {best};"
        first += f" {best} = shared_best[0];"
    return f"""  for (var step = min(size, {WORKGROUP}u) / 2u; step > 0u; step = step / 2u) {{
    {take}
    {_combine(phase, number, acc, "other", "place")}
  }}
  workgroupBarrier();
  if (lane == 0u) {{ {write} }}
  workgroupBarrier();
  {first}
  for (var part = 1u; part < subgroups; part = part + 1u) {{
    {_combine(phase, number, acc, f"{memory}[part]", "shared_best[part]")}
  }}
  let m{number}: {register(phase.result)} = {_value(phase, number)};
"""


def _definitions(phases: tuple[Phase, ...], layout: str) -> str:
    """Workgroup memory, and the functions that find a largest element's position."""
    lines = []
    if layout != "serial":
        lines += [
            f"var<workgroup> shared_{type_}: array<{type_}, {WORKGROUP}>;"
            for type_ in sorted({register(phase.source) for phase in phases})
        ]
        if any(phase.name in POSITIONS for phase in phases):
            lines.append(f"var<workgroup> shared_best: array<u32, {WORKGROUP}>;")
    lines += [
        _ahead(name, source) for name, source in sorted({(p.name, p.source) for p in phases if p.name in POSITIONS})
    ]
    return "".join(line + "\n" for line in lines)


def _ahead(name: str, source: str) -> str:
    """`fn ahead...(x, i, y, j)`: whether element x at i comes before y at j: by nan, then value, then position."""
    kind = KIND[source]
    type_ = register(source)
    more, less = ("x & !y", "!x & y") if kind == "b" else ("x > y", "x < y")
    better = more if name == "argmax" else less
    equal = "(x == y)"
    if kind == "f":
        better = f"select({better}, is_nan(x) & !is_nan(y), is_nan(x) | is_nan(y))"
        equal = "((x == y) | (is_nan(x) & is_nan(y)))"
    return (
        f"fn ahead_{name}_{source}(x: {type_}, i: u32, y: {type_}, j: u32) -> bool {{\n"
        f"{INDENT}let first = (j == 0xffffffffu) | ({better}) | ({equal} & (i < j));\n"
        f"{INDENT}return (i != 0xffffffffu) & first;\n}}"
    )
