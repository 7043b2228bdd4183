"""What of a join no other kernel writes into it: each kernel fills the part that comes from up to seven operands."""

from __future__ import annotations

from math import prod

from ..codegen.ir import KernelIR
from ..codegen.lower import Kernel, KernelBuilder, TooManyBindings, add_operand
from ..codegen.ops import store
from ..codegen.wgsl import ENTRY, WORKGROUP, buffer, define, flat_index, module, word
from ..lazy import PACK
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from .grid import cover

AT_ONCE = 7
COUNT, INNER, LENGTH, START, PART, ENDS = range(6)  # ENDS: where along this part each operand ends

Run = list[tuple[Ref, int]]  # operands that lie side by side, and how far each reaches along the axis


def build(fusion: Fusion, ref: Ref, epilogue: list[Ref]) -> list[Kernel]:
    kernels = []
    for start, run in _runs(fusion, ref):
        while run:
            take = min(AT_ONCE, len(run))
            while True:
                try:
                    kernels.append(_part(fusion, ref, run[:take], start))
                    break
                except TooManyBindings:
                    take -= 1
            start += sum(length for _, length in run[:take])
            run = run[take:]
    return kernels


def _runs(fusion: Fusion, ref: Ref) -> list[tuple[int, Run]]:
    """Neighbours among the operands that are left to copy, with where they start along the axis."""
    graph = fusion.graph
    x, operands = graph.arrays[ref], graph.args[ref]
    if x.op is PACK:
        starts = [*x.attr, x.shape[0]]
    else:
        starts = [0]
        for arg in operands:
            starts.append(starts[-1] + graph.shape(arg)[x.attr])
    runs: list[tuple[int, Run]] = []
    previous = -2
    for position in fusion.places.rest[ref]:
        if position != previous + 1:
            runs.append((starts[position], []))
        runs[-1][1].append((operands[position], starts[position + 1] - starts[position]))
        previous = position
    return runs


def _part(fusion: Fusion, ref: Ref, run: Run, start: int) -> Kernel:
    graph = fusion.graph
    x = graph.arrays[ref]
    axis = 0 if x.op is PACK else x.attr
    inner = prod(x.shape[axis + 1 :])
    length = sum(own for _, own in run)
    count = graph.numel[ref] // x.shape[axis] * length
    kernel = KernelBuilder(fusion, "join", [ref])
    for number in (count, inner, x.shape[axis], start, length):
        kernel.word(number)
    end = 0
    for _, own in run:
        end += own
        kernel.word(end)
    offset = kernel.word(0)
    where, _, kernel.words[offset] = fusion.places.location(ref)
    output = kernel.output(ref, where)
    kernel.bindings[output].in_place = False
    for number, (operand, _) in enumerate(run):
        add_operand(kernel, f"source{number}_at", operand, own_binding=True)
    kernel.ops.append(x.op.name)
    return kernel.finish(cover(count, WORKGROUP), (x.dtype.name, len(run), output))


def render(ir: KernelIR) -> str:
    dtype, count, output = ir.static
    functions = "\n".join(define(ir, function) for function in ir.functions)
    place = f"{word(ENDS + count)} + (outer * {word(LENGTH)} + {word(START)} + j) * {word(INNER)} + k"
    target = f"{buffer(ir, output)}[{place}]"
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
