"""softmax, log_softmax and their gradients along an axis, one kernel each.

Three walks along a lane: what the lane has in common is reduced (largest element and sum of exponentials; or the sum
that the gradient needs), then every element is finished. *Serial*: one invocation per lane. *Workgroup*: 64 invocations
share one.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from ..codegen.ir import KernelIR
from ..codegen.lower import Kernel, KernelBuilder, add_epilogue, add_operand
from ..codegen.ops import wrapped
from ..codegen.wgsl import ENTRY, WORKGROUP, define, flat_index, module, word
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from .grid import cover, fold

SERIAL_LENGTH = 256
SERIAL_LANES = 1024
LANES, LENGTH, INNER = range(3)


class Form(NamedTuple):
    """What a lane has in common (largest element `m` if needed, sum `s` of a term), and an element of the result."""

    operands: tuple[str, ...]
    largest: bool
    term: str
    result: str


FORMS = {
    "softmax": Form(("x",), True, "exp_f(x_at(at) - m)", "exp_f(x_at(at) - m) / s"),
    "log_softmax": Form(("x",), True, "exp_f(x_at(at) - m)", "x_at(at) - m - log_f(s)"),
    # x is the gradient of the result, y the result.
    "softmax_backward": Form(("x", "y"), False, "x_at(at) * y_at(at)", "x_at(at) * y_at(at) - y_at(at) * s"),
    "log_softmax_backward": Form(("x", "y"), False, "x_at(at)", "x_at(at) - exp_f(y_at(at)) * s"),
}


def build(fusion: Fusion, ref: Ref, epilogue: list[Ref]) -> list[Kernel]:
    graph = fusion.graph
    x = graph.arrays[ref]
    name, axis = x.attr
    inner, length = prod(x.shape[axis + 1 :]), x.shape[axis]
    lanes = graph.numel[ref] // length
    kernel = KernelBuilder(fusion, "softmax", epilogue)
    for number in (lanes, length, inner):
        kernel.word(number)
    for operand, arg in zip(FORMS[name].operands, graph.args[ref], strict=True):
        add_operand(kernel, f"{operand}_at", arg)
    kernel.ops.append(name)
    add_epilogue(kernel, ref, epilogue)
    serial = length <= SERIAL_LENGTH or lanes >= SERIAL_LANES
    groups = cover(lanes, WORKGROUP) if serial else fold(lanes)
    return [kernel.finish(groups, (name, "serial" if serial else "workgroup", x.dtype.name))]


def render(ir: KernelIR) -> str:
    name, layout, dtype = ir.static
    form = FORMS[name]
    functions = "\n".join(define(ir, function) for function in ir.functions)
    first = f"(lane / {word(INNER)}) * {word(INNER)} * {word(LENGTH)} + lane % {word(INNER)}"
    start, step = ("0u", "1u") if layout == "serial" else ("t", f"{WORKGROUP}u")

    def walk(statement: str) -> str:
        return f"""  for (var j = {start}; j < {word(LENGTH)}; j = j + {step}) {{
    let at = first + j * {word(INNER)};
    {statement}
  }}
"""

    def shared(value: str, combine: str) -> str:
        """`value` of all invocations combined, in the workgroup layout."""
        if layout == "serial":
            return ""
        return f"""  workgroupBarrier();
  shared_values[t] = {value};
  for (var half = {WORKGROUP // 2}u; half > 0u; half = half >> 1u) {{
    workgroupBarrier();
    if (t < half) {{ shared_values[t] = {combine.format("shared_values[t]", "shared_values[t + half]")}; }}
  }}
  workgroupBarrier();
  {value} = shared_values[0];
"""

    text = ""
    if form.largest:
        text += "  var m = -infinity();\n" + walk("m = maximum_f(m, x_at(at));") + shared("m", "maximum_f({0}, {1})")
    text += "  var s = 0.0;\n" + walk(f"s = s + {form.term};") + shared("s", "{0} + {1}")
    text += walk(f"finish(at, {wrapped('softmax', dtype, form.result)});")
    if layout == "serial":
        head = f"{ENTRY}{flat_index(LANES)}  let lane = i;\n"
    else:
        head = f"""var<workgroup> shared_values: array<f32, {WORKGROUP}>;
@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) t: u32) {{
  let lane = group.x + group.y * groups.x;
  if (lane >= {word(LANES)}) {{ return; }}
"""
    return module(ir, f"{functions}\n{head}  let first = {first};\n{text}}}")
