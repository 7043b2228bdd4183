"""Elementwise kernels: one invocation per element of the iteration, or per four that lie side by side; and writing a
region (`assign`).
"""

from __future__ import annotations

from math import prod

from ..codegen.ir import KernelIR
from ..codegen.lower import FunctionBuilder, Kernel, KernelBuilder
from ..codegen.wgsl import ENTRY, WORKGROUP, body, flat_index, module, word, words_first
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from .grid import cover

LANES = 4
WORTH_LANES = 1 << 13  # elements from which loading four at once is worth another kernel
MOST_INSTRUCTIONS = 48  # of a kernel that is written out four times
VECTORS_ON_CPU = 8  # that an invocation of a software adapter computes: starting one costs as much as a load
MANY = 1 << 16  # elements from which it does so


def build(fusion: Fusion, roots: list[Ref]) -> Kernel:
    """One kernel that stores all `roots`, arrays of as many elements in the same order."""
    graph = fusion.graph
    kernel = KernelBuilder(fusion, "elementwise", roots)
    dims = max((graph.shape(root) for root in roots), key=len)
    count = kernel.word(graph.numel[roots[0]])
    assert count == 0
    function = FunctionBuilder(kernel, "elementwise", dims)
    for root in roots:
        function.store(root, function.value(root, function.identity))
    numel = graph.numel[roots[0]]
    fast = numel >= WORTH_LANES and len(function.code) <= MOST_INSTRUCTIONS
    lanes = function.finish(lanes=LANES if fast else 1).lanes
    if not kernel.ops:
        kernel.ops.append("copy" if kernel.bindings[0].key not in roots else "fill")
    vectors = VECTORS_ON_CPU if lanes > 1 and fusion.device_kind == "cpu" and numel >= MANY else 1
    return kernel.finish(cover(-(-numel // (lanes * vectors)), WORKGROUP), (lanes, vectors))


def build_copy(fusion: Fusion, source: Ref, target: Ref) -> Kernel:
    """`target = source`, before a region of it is written."""
    kernel = KernelBuilder(fusion, "elementwise")
    kernel.word(fusion.graph.numel[source])
    function = FunctionBuilder(kernel, "elementwise", fusion.graph.shape(source))
    register = function.value(source, function.identity)
    function.store(target, register)
    function.finish()
    kernel.ops.append("copy")
    return kernel.finish(cover(fusion.graph.numel[source], WORKGROUP))


def build_assign(fusion: Fusion, ref: Ref) -> Kernel:
    """Write the value of an `assign` into its region; the rest of the buffer is there already."""
    graph = fusion.graph
    x = graph.arrays[ref]
    shape, strides, offset = x.attr
    operands = graph.args[ref]
    kernel = KernelBuilder(fusion, "elementwise", [ref])
    count = prod(shape)
    kernel.word(count)
    function = FunctionBuilder(kernel, "elementwise", shape)
    if len(operands) > 1:
        value = operands[1]
        register = function.value(value, function.broadcast(function.identity, shape, value))
    else:
        register = function.parameter(ref)
    function.store(ref, register, (0, strides, offset))
    function.finish()
    kernel.ops.append("assign")
    result = kernel.finish(cover(count, WORKGROUP))
    result.assigns = ref
    return result


def render(ir: KernelIR) -> str:
    lanes, vectors = ir.static or (1, 1)
    text = body(ir, ir.functions[0])
    if lanes == 1:
        return module(ir, f"{ENTRY}{flat_index(0)}{text}\n}}")
    if vectors == 1:
        return module(ir, f"{ENTRY}{flat_index(0, each=lanes)}{text}\n}}")
    loop = f"""  let first = (id.x + id.y * (groups.x * WORKGROUP_SIZE)) * {lanes * vectors}u;
  let end = min(first + {lanes * vectors}u, {word(0)});
  for (var i = first; i < end; i = i + {lanes}u) {{
{text}
  }}
}}"""
    return module(ir, ENTRY + words_first(loop))
