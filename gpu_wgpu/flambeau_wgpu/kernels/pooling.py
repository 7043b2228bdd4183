"""Largest elements of windows, where they are, and the gradients' way back there.

An invocation takes a few neighbours along the last dimension of what it writes. Backward, an element gathers the
gradients of those windows in which it is the largest, so that nothing is scattered: the windows over it are searched
again (layout `search`), or it is looked up where each one's largest was (`places`). Where windows do not overlap,
an invocation searches one and writes all the elements that are nearest to it (`cells`).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import prod

from ..codegen.ir import KernelIR
from ..codegen.lower import Kernel, KernelBuilder, add_epilogue
from ..codegen.ops import IDENTITY, KIND, REDUCTIONS, load, register, storage, wrapped
from ..codegen.wgsl import ENTRY, WORKGROUP, buffer, define, flat_index, module, word
from ..lazy import MAX_POOL, MAX_POOL_AT, MAX_POOL_INPUT
from ..regions import Shape
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from .grid import cover
from .matmul import strided_operand

NEIGHBOURS = 4
WRITTEN_OUT = 16  # taps up to which a window is not a loop

COUNT, CHUNKS, CHANNELS, DIMS = range(4)
SIZE, OUT, KERNEL, STRIDE, PADDING, DILATION = range(6)
WORDS_PER_DIM = 6  # and the strides of each operand after the dimensions: its start, sample, channel, dimensions

Window = tuple[Shape, Shape, Shape, Shape]  # kernel, stride, padding, dilation; all empty for adaptive windows


def build(fusion: Fusion, ref: Ref, epilogue: list[Ref]) -> list[Kernel]:
    graph = fusion.graph
    x = graph.arrays[ref]
    window: Window = x.attr
    adaptive = not window[0]
    operands = graph.args[ref]
    forward = x.op in (MAX_POOL, MAX_POOL_AT)
    size = graph.shape(operands[0])[2:] if forward else x.shape[2:]
    out = x.shape[2:] if forward else graph.shape(operands[0])[2:]
    layout = "forward" if forward else "search" if x.op is MAX_POOL_INPUT else "places"
    lines = x.shape[2:]
    if layout == "search":
        kernel_size, stride, padding, dilation = window
        if all(k <= s for k, s in zip(kernel_size, stride, strict=True)) and set(dilation) <= {1}:
            layout = "cells"
            lines = tuple(-(-(n + p) // s) for n, p, s in zip(size, padding, stride, strict=True))
    kernel = KernelBuilder(fusion, "pooling", epilogue)
    chunks = -(-lines[-1] // NEIGHBOURS)
    count = x.shape[0] * x.shape[1] * prod(lines[:-1]) * chunks
    kernel.word(count)
    kernel.word(chunks)
    kernel.word(x.shape[1])
    for d in range(len(size)):
        for number in (size[d], out[d], *((0, 1, 0, 1) if adaptive else (setting[d] for setting in window))):
            kernel.word(number)
    regions = [strided_operand(kernel, arg) for arg in operands]
    for _, strides, start in regions:
        for number in (start, *strides):
            kernel.word(number)
    add_epilogue(kernel, ref, epilogue, located=x.shape)
    kernel.ops.insert(0, x.op.name)
    dtypes = tuple(graph.arrays[arg].dtype.name for arg in operands)
    bindings = tuple(kernel.bind(root, storage(dtype)) for (root, _, _), dtype in zip(regions, dtypes, strict=True))
    taps = () if adaptive or prod(window[0]) > WRITTEN_OUT or layout == "places" else window[0]
    # Windows within the input (those that are there at all) need no tests.
    inside = not adaptive and all(
        p == 0 and (o - 1) * s + (k - 1) * d < n for n, o, k, s, p, d in zip(size, out, *window, strict=True)
    )
    static = (layout, len(size), adaptive, taps, inside, x.op is MAX_POOL_AT, dtypes, x.dtype.name, bindings)
    return [kernel.finish(cover(count, WORKGROUP), static)]


def render(ir: KernelIR) -> str:
    layout = ir.static[0]
    text = {"forward": _forward, "cells": _cells, "search": _gather, "places": _gather}[layout](ir)
    return module(ir, f"{define(ir, ir.functions[0])}\n{text}")


def _dim(axis: int, which: int) -> str:
    return word(DIMS + WORDS_PER_DIM * axis + which)


def _element(ir: KernelIR, operand: int, coordinates: list[str]) -> str:
    """An operand's element of sample n, channel c and these coordinates."""
    rank, dtypes, bindings = ir.static[1], ir.static[6], ir.static[8]
    first = DIMS + WORDS_PER_DIM * rank + operand * (rank + 3)
    terms = [word(first)]
    terms += [f"{name} * {word(first + 1 + k)}" for k, name in enumerate(["n", "c", *coordinates])]
    return load(dtypes[operand], f"{buffer(ir, bindings[operand])}[{' + '.join(terms)}]")


def _head(rank: int, lines: list[str]) -> str:
    """Where an invocation is: sample, channel, coordinates `p0 ...` of its line; it goes on along the last dimension."""
    last = rank - 1
    text = f"{ENTRY}{flat_index(COUNT)}"
    text += f"  let first = (i % {word(CHUNKS)}) * {NEIGHBOURS}u;\n  var rest = i / {word(CHUNKS)};\n"
    for axis in range(last - 1, -1, -1):
        text += f"  let p{axis} = rest % {lines[axis]};\n  rest = rest / {lines[axis]};\n"
    text += f"  let c = rest % {word(CHANNELS)};\n  let n = rest / {word(CHANNELS)};\n"
    end = f"min(first + {NEIGHBOURS}u, {lines[last]})"
    return text + f"  for (var p{last} = first; p{last} < {end}; p{last} = p{last} + 1u) {{\n"


def _flat(coordinates: list[str], sizes: list[str], start: str) -> str:
    for coordinate, size in zip(coordinates, sizes, strict=True):
        start = f"({start}) * {size} + {coordinate}" if start else coordinate
    return start


def _window(ir: KernelIR, output: list[str], body: Callable[[list[str], list[str], str], str]) -> str:
    """`body(taps, positions, inside)` for every place of the window at `output`: its number along each dimension
    (none of adaptive windows), its position, and a condition, if any, for it to be in the plane.
    """
    _, rank, adaptive, taps, inside, *_ = ir.static
    dims = range(rank)
    if taps:
        text = ""
        for place in product(*map(range, taps)):
            positions = [
                f"({output[d]} * {_dim(d, STRIDE)} + {k}u * {_dim(d, DILATION)} - {_dim(d, PADDING)})"
                for d, k in enumerate(place)
            ]
            within = "" if inside else " && ".join(f"{positions[d]} < {_dim(d, SIZE)}" for d in dims)
            text += f"{{\n{body([f'{k}u' for k in place], positions, within)}}}\n"
        return text
    text = ""
    for d, o in enumerate(output):
        size, out = _dim(d, SIZE), _dim(d, OUT)
        if adaptive:
            text += (
                f"let end{d} = (({o} + 1u) * {size} + {out} - 1u) / {out};\n"
                f"for (var y{d} = {o} * {size} / {out}; y{d} < end{d}; y{d} = y{d} + 1u) {{\n"
            )
        else:
            text += (
                f"for (var k{d} = 0u; k{d} < {_dim(d, KERNEL)}; k{d} = k{d} + 1u) {{\n"
                f"let y{d} = {o} * {_dim(d, STRIDE)} + k{d} * {_dim(d, DILATION)} - {_dim(d, PADDING)};\n"
            )
    within = "" if adaptive or inside else " && ".join(f"y{d} < {_dim(d, SIZE)}" for d in dims)
    return text + body([f"k{d}" for d in dims], [f"y{d}" for d in dims], within) + "}\n" * rank


def _largest(ir: KernelIR, output: list[str]) -> str:
    """Statements that find the largest element `best` of the window at `output`; nan is larger than all."""
    dtype = ir.static[6][0]
    kind = KIND[dtype]

    def body(taps: list[str], positions: list[str], inside: str) -> str:
        taken = f"best = {REDUCTIONS['max', kind].format('best', _element(ir, 0, positions))};\n"
        return f"if ({inside}) {{ {taken} }}\n" if inside else taken

    return f"var best: {register(dtype)} = {IDENTITY['max', kind]};\n{_window(ir, output, body)}"


def _search(ir: KernelIR, operand: int, output: list[str], tap: bool = False) -> str:
    """Statements that find where the largest element of the window at `output` is: `at`, a position in the plane, or
    with `tap` in the window. Of equal ones the first counts, and nan is larger than all.
    """
    dtype = ir.static[6][operand]
    kind = KIND[dtype]
    greater = {"f": "x > best || (is_nan(x) && !is_nan(best))", "i": "x > best", "b": "x && !best"}[kind]
    dims = range(ir.static[1])
    sizes = [_dim(d, KERNEL if tap else SIZE) for d in dims]

    def body(taps: list[str], positions: list[str], inside: str) -> str:
        better = f"(at == 0xffffffffu || {greater})" + (f" && {inside}" if inside else "")
        return (
            f"let x = {_element(ir, operand, positions)};\nlet better = {better};\n"
            f"best = select(best, x, better);\nat = select(at, {_flat(taps if tap else positions, sizes, '')}, better);\n"
        )

    start = f"var best: {register(dtype)} = {IDENTITY['max', kind]};\nvar at = 0xffffffffu;\n"
    return start + _window(ir, output, body)


def _forward(ir: KernelIR) -> str:
    _, rank, _, _, _, places, _, dtype, _ = ir.static
    dims = range(rank)
    outs = [_dim(axis, OUT) for axis in dims]
    output = [f"p{axis}" for axis in dims]
    value = "i32(at)" if places else wrapped("max", dtype, "best")
    flat = _flat(["c", *output], [word(CHANNELS), *outs], "n")
    return f"""{_head(rank, outs)}{_search(ir, 0, output) if places else _largest(ir, output)}
finish({flat}, n, c, {"".join(f"{o}, " for o in output)}{value});
  }}
}}"""


def _cells(ir: KernelIR) -> str:
    rank, dtype = ir.static[1], ir.static[7]
    dims = range(rank)
    sizes = [_dim(axis, SIZE) for axis in dims]
    cells = [
        f"(({_dim(axis, SIZE)} + {_dim(axis, PADDING)} + {_dim(axis, STRIDE)} - 1u) / {_dim(axis, STRIDE)})"
        for axis in dims
    ]
    output = [f"p{axis}" for axis in dims]
    inside = " && ".join(f"p{axis} < {_dim(axis, OUT)}" for axis in dims)
    loops = "".join(
        f"for (var k{axis} = 0u; k{axis} < {_dim(axis, STRIDE)}; k{axis} = k{axis} + 1u) {{\n"
        f"let y{axis} = p{axis} * {_dim(axis, STRIDE)} + k{axis} - {_dim(axis, PADDING)};\n"
        f"if (y{axis} >= {_dim(axis, SIZE)}) {{ continue; }}\n"
        for axis in dims
    )
    tap = _flat([f"k{axis}" for axis in dims], [_dim(axis, KERNEL) for axis in dims], "")
    chosen = " && ".join(["there", *(f"k{axis} < {_dim(axis, KERNEL)}" for axis in dims), f"{tap} == at"])
    positions = [f"y{axis}" for axis in dims]
    flat = _flat(["c", *positions], [word(CHANNELS), *sizes], "n")
    value = wrapped("max", dtype, f"select({register(dtype)}(0), g, {chosen})")
    return f"""{_head(rank, cells)}let there = {inside};
{_search(ir, 1, output, tap=True)}
var g = {register(dtype)}(0);
if (there) {{ g = {_element(ir, 0, output)}; }}
{loops}finish({flat}, n, c, {"".join(f"{y}, " for y in positions)}{value});
{"}" * rank}
  }}
}}"""


def _gather(ir: KernelIR) -> str:
    layout, rank, adaptive, *_, dtype, _ = ir.static
    dims = range(rank)
    sizes = [_dim(axis, SIZE) for axis in dims]
    positions = [f"p{axis}" for axis in dims]
    output = [f"o{axis}" for axis in dims]
    opening = ""
    for axis in dims:
        p, size, out = f"p{axis}", _dim(axis, SIZE), _dim(axis, OUT)
        if adaptive:
            opening += (
                f"let end{axis}_o = (({p} + 1u) * {out} + {size} - 1u) / {size};\n"
                f"for (var o{axis} = {p} * {out} / {size}; o{axis} < end{axis}_o; o{axis} = o{axis} + 1u) {{\n"
            )
        else:
            reach = f"({_dim(axis, KERNEL)} - 1u) * {_dim(axis, DILATION)}"
            stride = _dim(axis, STRIDE)
            opening += (
                f"let from{axis} = {p} + {_dim(axis, PADDING)};\n"
                f"let end{axis}_o = min(from{axis} / {stride} + 1u, {out});\n"
                f"for (var o{axis} = (max(from{axis}, {reach}) - {reach} + {stride} - 1u) / {stride}; "
                f"o{axis} < end{axis}_o; o{axis} = o{axis} + 1u) {{\n"
                f"if ((from{axis} - o{axis} * {stride}) % {_dim(axis, DILATION)} != 0u) {{ continue; }}\n"
            )
    found = _search(ir, 1, output) if layout == "search" else f"let at = u32({_element(ir, 1, output)});"
    flat = _flat(["c", *positions], [word(CHANNELS), *sizes], "n")
    return f"""{_head(rank, sizes)}let own = {_flat(positions, sizes, "")};
var sum = {register(dtype)}(0);
{opening}{found}
if (at == own) {{ sum = sum + {_element(ir, 0, output)}; }}
{"}" * rank}
finish({flat}, n, c, {"".join(f"{p}, " for p in positions)}{wrapped("add", dtype, "sum")});
  }}
}}"""
