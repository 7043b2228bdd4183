"""Cumulative sums and products along an axis.

*Serial*: one invocation per lane. *Workgroup*: 64 invocations share a lane, each first combines a chunk of it, then
writes the chunk with what came before.
"""

from __future__ import annotations

from math import prod

from ..codegen.ir import KernelIR
from ..codegen.lower import Kernel, KernelBuilder, add_epilogue, add_operand
from ..codegen.ops import IDENTITY, KIND, REDUCTIONS, register, wrapped
from ..codegen.wgsl import ENTRY, WORKGROUP, define, flat_index, module, word
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from .grid import cover, fold

SERIAL_LENGTH = 512
SERIAL_LANES = 1024
LANES, LENGTH, INNER = 0, 1, 2


def build(fusion: Fusion, ref: Ref, epilogue: list[Ref]) -> list[Kernel]:
    graph = fusion.graph
    x = graph.arrays[ref]
    function, axis = x.attr
    inner, length = prod(x.shape[axis + 1 :]), x.shape[axis]
    lanes = graph.numel[ref] // length
    kernel = KernelBuilder(fusion, "scan", epilogue)
    for number in (lanes, length, inner):
        kernel.word(number)
    add_operand(kernel, "x_at", graph.args[ref][0])
    kernel.ops.append(f"cum{function}")
    add_epilogue(kernel, ref, epilogue)
    serial = length <= SERIAL_LENGTH or lanes >= SERIAL_LANES
    groups = cover(lanes, WORKGROUP) if serial else fold(lanes)
    return [kernel.finish(groups, (function, "serial" if serial else "workgroup", x.dtype.name))]


def render(ir: KernelIR) -> str:
    name, layout, dtype = ir.static
    functions = "\n".join(define(ir, function) for function in ir.functions)
    type_, start = register(dtype), IDENTITY[name, KIND[dtype]]
    step = REDUCTIONS[name, KIND[dtype]].format("acc", "x_at(at)")
    value = wrapped(name, dtype, "acc")
    if layout == "serial":
        main = f"""{ENTRY}{flat_index(LANES)}\
  let first = (i / {word(INNER)}) * {word(INNER)} * {word(LENGTH)} + i % {word(INNER)};
  var acc: {type_} = {start};
  for (var j = 0u; j < {word(LENGTH)}; j = j + 1u) {{
    let at = first + j * {word(INNER)};
    acc = {step};
    finish(at, {value});
  }}
}}"""
    else:
        before = REDUCTIONS[name, KIND[dtype]].format("acc", "chunks[k]")
        main = f"""var<workgroup> chunks: array<{type_}, {WORKGROUP}>;
@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) t: u32) {{
  let lane = group.x + group.y * groups.x;
  if (lane >= {word(LANES)}) {{ return; }}
  let first = (lane / {word(INNER)}) * {word(INNER)} * {word(LENGTH)} + lane % {word(INNER)};
  let chunk = ({word(LENGTH)} + {WORKGROUP - 1}u) / {WORKGROUP}u;
  let begin = t * chunk;
  let end = min(begin + chunk, {word(LENGTH)});
  var acc: {type_} = {start};
  for (var j = begin; j < end; j = j + 1u) {{
    let at = first + j * {word(INNER)};
    acc = {step};
  }}
  chunks[t] = acc;
  workgroupBarrier();
  acc = {start};
  for (var k = 0u; k < t; k = k + 1u) {{ acc = {before}; }}
  for (var j = begin; j < end; j = j + 1u) {{
    let at = first + j * {word(INNER)};
    acc = {step};
    finish(at, {value});
  }}
}}"""
    return module(ir, f"{functions}\n{main}")
