"""Joining arrays along an axis: each kernel fills the part of the result that comes from up to six of them."""

from __future__ import annotations

from math import prod

from ..codegen.ir import KernelIR
from ..codegen.lower import Kernel, KernelBuilder, TooManyBindings, add_operand
from ..codegen.ops import store
from ..codegen.wgsl import ENTRY, WORKGROUP, buffer, define, flat_index, module, word
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from .grid import cover

AT_ONCE = 7
COUNT, INNER, LENGTH, START, PART, ENDS = range(6)  # ENDS: where along this part each source ends


def build(fusion: Fusion, ref: Ref, epilogue: list[Ref]) -> list[Kernel]:
    kernels = []
    sources = list(fusion.graph.args[ref])
    start = 0
    while sources:
        take = min(AT_ONCE, len(sources))
        while True:
            try:
                kernel, length = _part(fusion, ref, sources[:take], start)
                break
            except TooManyBindings:
                take -= 1
        kernels.append(kernel)
        sources = sources[take:]
        start += length
    return kernels


def _part(fusion: Fusion, ref: Ref, sources: list[Ref], start: int) -> tuple[Kernel, int]:
    graph = fusion.graph
    x = graph.arrays[ref]
    axis = x.attr
    inner = prod(x.shape[axis + 1 :])
    lengths = [graph.shape(source)[axis] for source in sources]
    length = sum(lengths)
    count = graph.numel[ref] // x.shape[axis] * length
    kernel = KernelBuilder(fusion, "concat", [ref])
    for number in (count, inner, x.shape[axis], start, length):
        kernel.word(number)
    end = 0
    for own in lengths:
        end += own
        kernel.word(end)
    output = kernel.output(ref)
    kernel.bindings[output].in_place = False
    for number, source in enumerate(sources):
        add_operand(kernel, f"source{number}_at", source, own_binding=True)
    kernel.ops.append("concat")
    return kernel.finish(cover(count, WORKGROUP), (x.dtype.name, len(sources), output)), length


def render(ir: KernelIR) -> str:
    dtype, count, output = ir.static
    functions = "\n".join(define(ir, function) for function in ir.functions)
    target = f"{buffer(ir, output)}[(outer * {word(LENGTH)} + {word(START)} + j) * {word(INNER)} + k]"
    branches = []
    for number in range(count):
        first = "0u" if number == 0 else word(ENDS + number - 1)
        end = word(ENDS + number)
        at = f"(outer * ({end} - {first}) + j - {first}) * {word(INNER)} + k"
        branches.append(f"if (j < {end}) {{ {target} = {store(dtype, f'source{number}_at({at})')}; }}")
    main = f"""  let k = i % {word(INNER)};
  let j = (i / {word(INNER)}) % {word(PART)};
  let outer = i / ({word(INNER)} * {word(PART)});
  {" else ".join(branches)}"""
    return module(ir, f"{functions}\n{ENTRY}{flat_index(COUNT)}{main}\n}}")
