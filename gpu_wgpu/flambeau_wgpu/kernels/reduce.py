"""Reductions over any axes: sum, prod, max, min, argmax, argmin, their producers inside the loop and elementwise
consumers behind it.

Three layouts. *Serial*: one invocation per output element walks all of its inputs. *Workgroup*: 64 invocations share
one output element and combine in workgroup memory. *Split*: few outputs over very many inputs: slices are reduced
first, by workgroups, into partial results, and these in a second kernel.
"""

from __future__ import annotations

from math import prod

from ..codegen.ir import Function, KernelIR
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
    instructions,
    module,
    positions,
    word,
)
from ..regions import contiguous_strides
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from .grid import cover, fold

WORKGROUP = 64
SERIAL_LENGTH = 256  # up to this many inputs per output one invocation does them all
SERIAL_OUTPUTS = 1024  # and with this many outputs the device is busy in any case
SPLIT_LENGTH = 1 << 15
SLICES = 256
POSITIONS = ("argmax", "argmin")

COUNT, LENGTH, SLICE = 0, 1, 2  # parameter words: outputs, inputs per output, inputs per slice


def build(fusion: Fusion, ref: Ref, epilogue: list[Ref]) -> list[Kernel]:
    graph = fusion.graph
    x = graph.arrays[ref]
    function, axes = x.attr
    source = graph.args[ref][0]
    shape = graph.shape(source)
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    length = prod(shape[axis] for axis in axes)
    outputs = graph.numel[ref]
    if function not in POSITIONS and length >= SPLIT_LENGTH and outputs * SLICES <= 1 << 16:
        layout = "split"
    elif length <= SERIAL_LENGTH or outputs >= SERIAL_OUTPUTS:
        layout = "serial"
    else:
        layout = "workgroup"

    kernel = KernelBuilder(fusion, "reduce", epilogue)
    kernel.word(outputs)
    kernel.word(length)
    slice_length = -(-length // SLICES)
    kernel.word(slice_length)
    own = contiguous_strides(shape)
    order = [*kept, *axes]
    dims = tuple(shape[axis] for axis in order)
    producer = FunctionBuilder(kernel, "producer", dims, len(kept), flat=False)
    result = producer.value(source, (0, tuple(own[axis] for axis in order), 0))
    producer.finish(result)
    kernel.ops.append(function)
    source_dtype = graph.arrays[source].dtype
    if layout == "split":
        partial = ("partial", ref)
        wide = "float32" if source_dtype.is_floating_point else source_dtype.name  # no rounding in between
        kernel.scratch[partial] = outputs * SLICES * 4
        kernel.stores.append(partial)
        static = (function, "slices", source_dtype.name, wide, kernel.bind(partial, storage(wide), writable=True))
        first = kernel.finish(fold(outputs * SLICES), static)
        second = KernelBuilder(fusion, "reduce", epilogue)
        second.word(outputs)
        second.word(SLICES)
        second.word(0)
        at = second.bind(partial, storage(wide))
        second.ops.append(function)
        add_epilogue(second, ref, epilogue)
        static = (function, "partials", wide, x.dtype.name, at)
        return [first, second.finish(fold(outputs), static)]
    add_epilogue(kernel, ref, epilogue)
    static = (function, layout, source_dtype.name, x.dtype.name, -1)
    groups = cover(outputs, WORKGROUP) if layout == "serial" else fold(outputs)
    return [kernel.finish(groups, static)]


def render(ir: KernelIR) -> str:
    name, layout, source, result, partial = ir.static
    finish = "" if layout == "slices" else define(ir, ir.functions[-1]) + "\n"
    text = {"serial": _serial, "workgroup": _workgroup, "slices": _workgroup, "partials": _workgroup}[layout](
        ir, name, layout, source, result, partial
    )
    return module(ir, finish + text)


def _combine(name: str, source: str, value: str, index: str) -> str:
    """Statements that take `value` (and its position) into `acc` (and `best`)."""
    if name not in POSITIONS:
        return f"acc = {REDUCTIONS[name, KIND[source]].format('acc', value)};"
    return f"if (ahead({value}, {index}, acc, best)) {{ acc = {value}; best = {index}; }}"


def _ahead(name: str, source: str) -> str:
    """`fn ahead(x, i, y, j)`: whether element x at i comes before y at j: by nan, then value, then position."""
    kind = KIND[source]
    type_ = register(source)
    more, less = ("x && !y", "!x && y") if kind == "b" else ("x > y", "x < y")
    better = more if name == "argmax" else less
    equal = "x == y"
    if kind == "f":
        better = f"select({better}, is_nan(x) && !is_nan(y), is_nan(x) || is_nan(y))"
        equal = "(x == y || (is_nan(x) && is_nan(y)))"
    return (
        f"fn ahead(x: {type_}, i: u32, y: {type_}, j: u32) -> bool {{\n"
        f"{INDENT}let first = j == 0xffffffffu || ({better}) || ({equal} && i < j);\n"
        f"{INDENT}return i != 0xffffffffu && first;\n}}\n"
    )


def _start(name: str, source: str) -> str:
    type_ = register(source)
    if name in POSITIONS:
        zero = {"f32": "0.0", "i32": "0", "bool": "false"}[type_]
        return f"var acc: {type_} = {zero};\n{INDENT}var best = 0xffffffffu;"
    return f"var acc: {type_} = {IDENTITY[name, KIND[source]]};"


def _value(name: str, result: str) -> str:
    return "i32(best)" if name in POSITIONS else wrapped(name, result, "acc")


def _serial(ir: KernelIR, name: str, layout: str, source: str, result: str, partial: int) -> str:
    producer = ir.functions[0]
    lines = [ENTRY + flat_index(COUNT).rstrip("\n")]
    lines += coordinates(producer, 0, producer.split, "i", INDENT)
    lines += hoisted_positions(producer, INDENT)
    lines.append(f"{INDENT}{_start(name, source)}")
    depth = INDENT
    for axis in range(producer.split, producer.rank):
        lines.append(
            f"{depth}for (var c{axis} = 0u; c{axis} < {word(producer.word + axis)}; c{axis} = c{axis} + 1u) {{"
        )
        depth += INDENT
    lines += positions(producer, depth, hoisted=True)
    lines += instructions(ir, producer, depth)
    index = _reduced_index(producer)
    lines.append(f"{depth}{_combine(name, source, f'r{producer.result}', index)}")
    for _ in range(producer.split, producer.rank):
        depth = depth[len(INDENT) :]
        lines.append(f"{depth}}}")
    lines += [f"{INDENT}finish(i, {_value(name, result)});", "}"]
    return (_ahead(name, source) if name in POSITIONS else "") + "\n".join(lines)


def _reduced_index(producer: Function) -> str:
    """The position along the reduced dimensions."""
    index = ""
    for axis in range(producer.split, producer.rank):
        index = f"c{axis}" if not index else f"({index}) * {word(producer.word + axis)} + c{axis}"
    return index or "0u"


def _workgroup(ir: KernelIR, name: str, layout: str, source: str, result: str, partial: int) -> str:
    """One workgroup per output element (per slice of one); invocation `t` takes every 64th input."""
    type_ = register(source)
    positions_too = name in POSITIONS
    head = f"var<workgroup> shared_acc: array<{type_}, {WORKGROUP}>;\n"
    if positions_too:
        head += f"var<workgroup> shared_best: array<u32, {WORKGROUP}>;\n" + _ahead(name, source)
    lines = [
        "@compute @workgroup_size(WORKGROUP_SIZE)\n"
        "fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, "
        "@builtin(local_invocation_index) t: u32) {",
        f"{INDENT}let g = group.x + group.y * groups.x;",
    ]
    last = word(LENGTH)
    first = "t"
    if layout == "slices":
        lines.append(f"{INDENT}if (g >= {word(COUNT)} * {SLICES}u) {{ return; }}")
        lines.append(f"{INDENT}let i = g / {SLICES}u;")
        lines.append(f"{INDENT}let start = (g % {SLICES}u) * {word(SLICE)};")
        lines.append(f"{INDENT}let end = min(start + {word(SLICE)}, {word(LENGTH)});")
        first, last = "start + t", "end"
    else:
        lines.append(f"{INDENT}if (g >= {word(COUNT)}) {{ return; }}")
        lines.append(f"{INDENT}let i = g;")
    lines.append(f"{INDENT}{_start(name, source)}")
    if layout == "partials":
        lines.append(f"{INDENT}for (var k = t; k < {last}; k = k + {WORKGROUP}u) {{")
        value = load(source, f"{buffer(ir, partial)}[i * {SLICES}u + k]")
        lines.append(f"{INDENT * 2}let x: {type_} = {value};")
        lines.append(f"{INDENT * 2}{_combine(name, source, 'x', 'k')}")
    else:
        producer = ir.functions[0]
        lines += coordinates(producer, 0, producer.split, "i", INDENT)
        lines += hoisted_positions(producer, INDENT)
        lines.append(f"{INDENT}for (var k = {first}; k < {last}; k = k + {WORKGROUP}u) {{")
        lines += coordinates(producer, producer.split, producer.rank, "k", INDENT * 2)
        lines += positions(producer, INDENT * 2, hoisted=True)
        lines += instructions(ir, producer, INDENT * 2)
        lines.append(f"{INDENT * 2}{_combine(name, source, f'r{producer.result}', 'k')}")
    lines.append(f"{INDENT}}}")
    lines.append(f"{INDENT}shared_acc[t] = acc;")
    if positions_too:
        lines.append(f"{INDENT}shared_best[t] = best;")
    lines.append(f"{INDENT}for (var half = {WORKGROUP // 2}u; half > 0u; half = half >> 1u) {{")
    lines.append(f"{INDENT * 2}workgroupBarrier();")
    lines.append(f"{INDENT * 2}if (t < half) {{")
    other = "shared_acc[t + half]"
    lines.append(f"{INDENT * 3}{_combine(name, source, other, 'shared_best[t + half]')}")
    lines.append(f"{INDENT * 3}shared_acc[t] = acc;")
    if positions_too:
        lines.append(f"{INDENT * 3}shared_best[t] = best;")
    lines += [f"{INDENT * 2}}}", f"{INDENT}}}"]
    if layout == "slices":
        lines.append(f"{INDENT}if (t == 0u) {{ {buffer(ir, partial)}[g] = {store(result, 'acc')}; }}")
    else:
        lines.append(f"{INDENT}if (t == 0u) {{ finish(i, {_value(name, result)}); }}")
    lines.append("}")
    return head + "\n".join(lines)
