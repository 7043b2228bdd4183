"""The gradient of a convolution's input, of what each place of its window adds to it: overlapping windows laid on top of
each other. Nothing is scattered: every element gathers what meets it.

With p the padding and s the stride, element y is number f of cell q, where y + p = q * s + f. The places f, f + s, ... of
windows meet it: place f + j * s, that of window q - j. An invocation computes neighbouring cells.
"""

from __future__ import annotations

from ..codegen.ir import KernelIR
from ..codegen.lower import Kernel, KernelBuilder, add_epilogue
from ..codegen.wgsl import ENTRY, WORKGROUP, buffer, define, flat_index, module, word
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from .gathering import Problem
from .grid import cover

CELLS = 4

COUNT, RUNS, DOWN, CHANNELS, PLANE, HEIGHT, WIDTH, WINDOWS_Y, WINDOWS_X, PADDING_Y, PADDING_X = range(11)


def build(fusion: Fusion, ref: Ref, epilogue: list[Ref], problem: Problem, scratch: str, windows: int) -> Kernel:
    """The array `ref`, of a scratch (*taps, channels, windows of all samples, padded to so many)."""
    kernel = KernelBuilder(fusion, "fold", epilogue)
    y, x = problem.dims
    down, across = (-(-(dim.size + dim.shift) // dim.step) for dim in problem.dims)
    runs = -(-across // CELLS)
    count = problem.batch * problem.outputs * down * runs
    for number in (
        count, runs, down, problem.outputs, windows, y.size, x.size, y.source, x.source, y.shift, x.shift,
    ):  # fmt: skip
        kernel.word(number)
    add_epilogue(kernel, ref, epilogue, located=fusion.graph.shape(ref))
    kernel.ops.insert(0, fusion.graph.arrays[ref].op.name)
    static = (y.taps, y.step, kernel.bind((scratch, ref), "f32"))
    return kernel.finish(cover(count, WORKGROUP), static)


def render(ir: KernelIR) -> str:
    taps, stride, source = ir.static
    lines = [
        f"let first = i % {word(RUNS)} * {CELLS}u;",
        f"var rest = i / {word(RUNS)};",
        f"let q = rest % {word(DOWN)};",
        f"rest = rest / {word(DOWN)};",
        f"let c = rest % {word(CHANNELS)};",
        f"let n = rest / {word(CHANNELS)};",
        f"let line = (n * {word(CHANNELS)} + c) * {word(HEIGHT)};",
        f"let plane = {word(CHANNELS)} * {word(PLANE)};",
        f"let start = c * {word(PLANE)} + n * {word(WINDOWS_Y)} * {word(WINDOWS_X)};",
    ]
    for f in range(stride):
        lines += [f"{{ let y = q * {stride}u + {f}u - {word(PADDING_Y)};", f"if (y < {word(HEIGHT)}) {{"]
        for cell in range(CELLS):
            lines += [f"var sum{cell}_{g} = 0.0;" for g in range(stride)]
        for j, k in enumerate(range(f, taps, stride)):
            lines.append(f"if (q - {j}u < {word(WINDOWS_Y)}) {{")
            lines.append(f"let row = start + (q - {j}u) * {word(WINDOWS_X)} + first;")
            for g in range(stride):
                for jj, kk in enumerate(range(g, taps, stride)):
                    lines.append(f"let row{kk} = row + {k * taps + kk}u * plane;")
                    lines += [
                        f"sum{cell}_{g} = sum{cell}_{g} + select(0.0, {buffer(ir, source)}[row{kk} + {cell}u - {jj}u], "
                        f"first + {cell}u - {jj}u < {word(WINDOWS_X)});"
                        for cell in range(CELLS)
                    ]
            lines.append("}")
        sums = ", ".join(f"sum{cell}_{g}" for cell in range(CELLS) for g in range(stride))
        lines += [
            f"var sums = array<f32, {CELLS * stride}>({sums});",
            f"for (var k = 0u; k < {CELLS * stride}u; k = k + 1u) {{",
            f"let x = first * {stride}u + k - {word(PADDING_X)};",
            f"if (x < {word(WIDTH)}) {{ finish((line + y) * {word(WIDTH)} + x, n, c, y, x, sums[k]); }}",
            "} } }",
        ]
    text = "\n".join(lines)
    return module(ir, f"{define(ir, ir.functions[0])}\n{ENTRY}{flat_index(COUNT)}{text}\n}}")
