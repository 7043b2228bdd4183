"""Elementwise kernels: one invocation per element of the iteration; and writing a region (`assign`)."""

from __future__ import annotations

from math import prod

from ..codegen.ir import KernelIR
from ..codegen.lower import FunctionBuilder, Kernel, KernelBuilder
from ..codegen.wgsl import ENTRY, WORKGROUP, body, flat_index, module
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from .grid import cover


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
    function.finish()
    if not kernel.ops:
        kernel.ops.append("copy" if kernel.bindings[0].key not in roots else "fill")
    return kernel.finish(cover(graph.numel[roots[0]], WORKGROUP))


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
    return module(ir, f"{ENTRY}{flat_index(0)}{body(ir, ir.functions[0])}\n}}")
