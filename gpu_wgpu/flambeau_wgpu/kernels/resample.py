"""Weighted sums of a few elements of each line, along several dimensions at once: averages over windows, interpolations,
and the adjoints of both.

Each dimension that changes has a table with, for every element of the result, as many pairs of position and weight as
the dimension has taps. An invocation takes a few neighbours along the last dimension.
"""

from __future__ import annotations

from math import prod

from ..codegen.ir import KernelIR
from ..codegen.lower import Kernel, KernelBuilder, add_epilogue
from ..codegen.ops import FLOAT, KIND, REDUCTIONS, load, register, storage, wrapped
from ..codegen.wgsl import ENTRY, WORKGROUP, buffer, define, flat_index, module, word
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from .grid import cover
from .matmul import strided_operand

NEIGHBOURS = 4

COUNT, CHUNKS, START, LINE, DIMS = range(5)
OUT, TAPS, STEP = range(3)
WORDS_PER_DIM = 3


def build(fusion: Fusion, ref: Ref, epilogue: list[Ref]) -> list[Kernel]:
    graph = fusion.graph
    x = graph.arrays[ref]
    taps = x.attr  # 0 of a dimension that stays as it is
    source, *tables = graph.args[ref]
    kernel = KernelBuilder(fusion, "resample", epilogue)
    root, strides, start = strided_operand(kernel, source)
    chunks = -(-x.shape[-1] // NEIGHBOURS)
    count = prod(x.shape[:-1]) * chunks
    for number in (count, chunks, start, strides[0]):
        kernel.word(number)
    for size, of_each, step in zip(x.shape[1:], taps, strides[1:], strict=True):
        for number in (size, of_each, step):
            kernel.word(number)
    add_epilogue(kernel, ref, epilogue, located=x.shape)
    kernel.ops.insert(0, "resample")
    bound = kernel.bind(root, storage(x.dtype.name))
    places = iter([kernel.bind(table, "vec2<f32>") for table in tables])
    bindings = tuple(next(places) if of_each else -1 for of_each in taps)
    return [kernel.finish(cover(count, WORKGROUP), (x.dtype.name, bound, bindings))]


def _dim(axis: int, which: int) -> str:
    return word(DIMS + WORDS_PER_DIM * axis + which)


def render(ir: KernelIR) -> str:
    dtype, x, tables = ir.static
    last = len(tables) - 1
    text = f"{ENTRY}{flat_index(COUNT)}"
    text += f"  let first = (i % {word(CHUNKS)}) * {NEIGHBOURS}u;\n  var line = i / {word(CHUNKS)};\n"
    for axis in range(last - 1, -1, -1):
        text += f"  let o{axis} = line % {_dim(axis, OUT)};\n  line = line / {_dim(axis, OUT)};\n"
    end = f"min(first + {NEIGHBOURS}u, {_dim(last, OUT)})"
    text += (
        f"  for (var o{last} = first; o{last} < {end}; o{last} = o{last} + 1u) {{\n  var sum = {register(dtype)}();\n"
    )
    at, weight, flat, loops = f"{word(START)} + line * {word(LINE)}", "1.0", "line", 0
    for axis, table in enumerate(tables):
        flat = f"({flat}) * {_dim(axis, OUT)} + o{axis}"
        if table < 0:
            at += f" + o{axis} * {_dim(axis, STEP)}"
            continue
        text += (
            f"for (var k{axis} = 0u; k{axis} < {_dim(axis, TAPS)}; k{axis} = k{axis} + 1u) {{\n"
            f"let t{axis} = {buffer(ir, table)}[o{axis} * {_dim(axis, TAPS)} + k{axis}];\n"
            f"let at{axis} = {at} + u32(t{axis}.x) * {_dim(axis, STEP)};\n"
            f"let w{axis} = {weight} * t{axis}.y;\n"
        )
        at, weight, loops = f"at{axis}", f"w{axis}", loops + 1
    element, kind = load(dtype, f"{buffer(ir, x)}[{at}]"), KIND[dtype]
    # Integers are only picked: their weights are 1, or 0 where a row of the table is filled up.
    term = f"{weight} * {element}" if kind == FLOAT else element
    text += f"if ({weight} != 0.0) {{ sum = {REDUCTIONS['sum', kind].format('sum', term)}; }}\n"
    coordinates = "".join(f"o{axis}, " for axis in range(last + 1))
    text += "}\n" * loops + f"finish({flat}, line, {coordinates}{wrapped('add', dtype, 'sum')});\n  }}\n}}"
    return module(ir, f"{define(ir, ir.functions[0])}\n{text}")
