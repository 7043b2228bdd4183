"""Positions that sort an array along an axis, stably, nan as the largest.

Short lanes by *rank*: an invocation counts who comes before its element. Long ones by a *bitonic* network on positions,
padded to a power of two; ties are broken by position, so every order is total and the network stable.
"""

from __future__ import annotations

from math import prod

from ..codegen.ir import KernelIR
from ..codegen.lower import Kernel, KernelBuilder, add_operand
from ..codegen.ops import KIND, register
from ..codegen.wgsl import ENTRY, WORKGROUP, buffer, define, flat_index, module, word
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from .grid import cover

RANK_LENGTH = 1024
COUNT, LENGTH, INNER, PADDED, BLOCK, STEP = range(6)


def build(fusion: Fusion, ref: Ref, epilogue: list[Ref]) -> list[Kernel]:
    graph = fusion.graph
    x = graph.arrays[ref]
    axis, _ = x.attr
    length = x.shape[axis]
    if length <= RANK_LENGTH:
        return [_kernel(fusion, ref, "rank", graph.numel[ref])]
    padded = 1 << (length - 1).bit_length()
    lanes = graph.numel[ref] // length
    kernels = [_kernel(fusion, ref, "start", lanes * padded, padded)]
    block = 2
    while block <= padded:
        step = block // 2
        while step:
            kernels.append(_kernel(fusion, ref, "exchange", lanes * padded // 2, padded, block, step))
            step //= 2
        block *= 2
    kernels.append(_kernel(fusion, ref, "result", graph.numel[ref], padded))
    return kernels


def _kernel(fusion: Fusion, ref: Ref, stage: str, count: int, padded: int = 0, block: int = 0, step: int = 0) -> Kernel:
    graph = fusion.graph
    x = graph.arrays[ref]
    source = graph.args[ref][0]
    axis, descending = x.attr
    kernel = KernelBuilder(fusion, "sort", [ref])
    for number in (count, x.shape[axis], prod(x.shape[axis + 1 :]), padded, block, step):
        kernel.word(number)
    if stage in ("rank", "exchange"):
        add_operand(kernel, "x_at", source)
    output = scratch = -1
    if stage != "rank":
        key = ("order", ref)
        scratch = kernel.bind(key, "i32", writable=stage != "result")
        if stage == "start":
            kernel.scratch[key] = count * 4
        if stage != "result":
            kernel.stores.append(key)
    if stage in ("rank", "result"):
        output = kernel.output(ref)
        kernel.bindings[output].in_place = False
    kernel.ops.append("argsort")
    dtype = graph.arrays[source].dtype.name
    return kernel.finish(cover(count, WORKGROUP), (stage, descending, dtype, output, scratch))


def _before(dtype: str, descending: bool) -> str:
    """`fn before(x, i, y, j)`: whether element x at i belongs before y at j."""
    type_, kind = register(dtype), KIND[dtype]
    less = {"b": "!x & y", "i": "x < y", "f": "(x < y) | (!is_nan(x) & is_nan(y))"}[kind]
    more = {"b": "x & !y", "i": "x > y", "f": "(x > y) | (is_nan(x) & !is_nan(y))"}[kind]
    first, second = (more, less) if descending else (less, more)
    return (
        f"fn before(x: {type_}, i: u32, y: {type_}, j: u32) -> bool {{\n"
        f"  return ({first}) | (!({second}) & (i < j));\n}}"
    )


def render(ir: KernelIR) -> str:
    stage, descending, dtype, output, scratch = ir.static
    functions = "\n".join([*(define(ir, function) for function in ir.functions), _before(dtype, descending)])
    lane_first = f"(lane / {word(INNER)}) * {word(INNER)} * {word(LENGTH)} + lane % {word(INNER)}"
    if stage == "rank":
        main = f"""  let k = i % {word(INNER)};
  let j = (i / {word(INNER)}) % {word(LENGTH)};
  let first = i - j * {word(INNER)};
  let x = x_at(i);
  var rank = 0u;
  for (var other = 0u; other < {word(LENGTH)}; other = other + 1u) {{
    if (before(x_at(first + other * {word(INNER)}), other, x, j)) {{ rank = rank + 1u; }}
  }}
  {buffer(ir, output)}[first + rank * {word(INNER)}] = i32(j);"""
    elif stage == "start":
        main = f"  {buffer(ir, scratch)}[i] = i32(i % {word(PADDED)});"
    elif stage == "exchange":
        order = buffer(ir, scratch)
        main = f"""  let half = {word(PADDED)} / 2u;
  let lane = i / half;
  let pair = i % half;
  let p = 2u * pair - (pair & ({word(STEP)} - 1u));
  let low = lane * {word(PADDED)} + p;
  let high = low + {word(STEP)};
  let first = {lane_first};
  let a = u32({order}[low]);
  let b = u32({order}[high]);
  var swap: bool;
  if (a >= {word(LENGTH)}) {{ swap = b < a; }}
  else if (b >= {word(LENGTH)}) {{ swap = false; }}
  else {{ swap = before(x_at(first + b * {word(INNER)}), b, x_at(first + a * {word(INNER)}), a); }}
  if (swap == ((p & {word(BLOCK)}) == 0u)) {{
    {order}[low] = i32(b);
    {order}[high] = i32(a);
  }}"""
    else:
        main = f"""  let k = i % {word(INNER)};
  let j = (i / {word(INNER)}) % {word(LENGTH)};
  let lane = (i / ({word(INNER)} * {word(LENGTH)})) * {word(INNER)} + k;
  {buffer(ir, output)}[i] = {buffer(ir, scratch)}[lane * {word(PADDED)} + j];"""
    return module(ir, f"{functions}\n{ENTRY}{flat_index(COUNT)}{main}\n}}")
