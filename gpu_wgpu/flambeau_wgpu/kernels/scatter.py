"""`put` and `scatter`: elements combined into a copy of an array at indices, duplicates included, the same result on
every run.

An invocation owns one element of the result and collects what falls on it in order of the sources; no atomics. For few
sources it looks at every index. For many the indices were sorted first (`order` holds where each came from), and it
finds its run by bisection.
"""

from __future__ import annotations

from math import prod

from ..codegen.ir import KernelIR
from ..codegen.lower import Kernel, KernelBuilder, add_epilogue, add_operand
from ..codegen.ops import KIND, REDUCTIONS, wrapped
from ..codegen.wgsl import ENTRY, WORKGROUP, define, flat_index, module, word
from ..lazy import PUT
from ..regions import contiguous_strides
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from .grid import cover

DIRECT_SOURCES = 32  # up to this many sources per lane every element looks at each of them

COUNT, SOURCES, INDEX_STEP, VALUE_STEP, DIMS = range(5)
WORDS_PER_DIM = 4  # its size, how far the index reaches along it, strides of index and value
COMBINE = {"add": "sum", "mul": "prod", "max": "max", "min": "min"}


def build(fusion: Fusion, ref: Ref, epilogue: list[Ref]) -> list[Kernel]:
    graph = fusion.graph
    x = graph.arrays[ref]
    axis, reduce, in_order = x.attr
    source, index, *others = graph.args[ref]
    value = others[-1]
    if x.op is PUT:
        count = graph.shape(index)[0]
        sizes: tuple[int, ...] = (prod(x.shape[:axis]), x.shape[axis], prod(x.shape[axis + 1 :]))
        axis = 1
        reaches: tuple[int, ...] = sizes
        value_strides = contiguous_strides((sizes[0], count, sizes[2]))
        index_strides: tuple[int, ...] = (0, 1, 0)
    else:
        count = graph.shape(index)[axis]
        sizes, reaches = x.shape, graph.shape(index)
        value_strides = index_strides = contiguous_strides(reaches)
    kernel = KernelBuilder(fusion, "scatter", epilogue)
    for number in (graph.numel[ref], count, index_strides[axis], value_strides[axis]):
        kernel.word(number)
    for dim in zip(sizes, reaches, index_strides, value_strides, strict=True):
        for number in dim:
            kernel.word(number)
    add_operand(kernel, "x_at", source)
    add_operand(kernel, "index_at", index)
    if in_order:
        add_operand(kernel, "order_at", others[0])
    add_operand(kernel, "value_at", value)
    kernel.ops.append(x.op.name)
    add_epilogue(kernel, ref, epilogue)
    return [kernel.finish(cover(graph.numel[ref], WORKGROUP), (reduce, in_order, len(sizes), axis, x.dtype.name))]


def render(ir: KernelIR) -> str:
    reduce, in_order, rank, axis, dtype = ir.static
    functions = "\n".join(define(ir, function) for function in ir.functions)
    lines = ["  var rest = i;", "  var index_first = 0u;", "  var value_first = 0u;", "  var reached = true;"]
    for dim in range(rank - 1, -1, -1):
        size, reach, index_stride, value_stride = (word(DIMS + WORDS_PER_DIM * dim + k) for k in range(WORDS_PER_DIM))
        lines.append(f"  let c{dim} = rest % {size};")
        lines.append(f"  rest = rest / {size};")
        if dim != axis:
            lines.append(f"  reached = reached && c{dim} < {reach};")
            lines.append(f"  index_first = index_first + c{dim} * {index_stride};")
            lines.append(f"  value_first = value_first + c{dim} * {value_stride};")
    combined = "v" if reduce == "replace" else REDUCTIONS[COMBINE[reduce], KIND[dtype]].format("acc", "v")
    index = f"index_at(index_first + j * {word(INDEX_STEP)})"
    take = "let v = value_at(value_first + {0} * " + word(VALUE_STEP) + f"); acc = {combined};"
    lines.append("  var acc = x_at(i);")
    if in_order:
        lines.append(f"""  if (reached) {{
    var j = 0u;
    var end = {word(SOURCES)};
    loop {{
      if (j >= end) {{ break; }}
      let middle = (j + end) / 2u;
      let here = index_at(index_first + middle * {word(INDEX_STEP)});
      if (here < i32(c{axis})) {{ j = middle + 1u; }} else {{ end = middle; }}
    }}
    loop {{
      if (j >= {word(SOURCES)}) {{ break; }}
      if ({index} != i32(c{axis})) {{ break; }}
      let source = u32(order_at(index_first + j * {word(INDEX_STEP)}));
      {take.format("source")}
      j = j + 1u;
    }}
  }}""")
    else:
        lines.append(f"""  if (reached) {{
    for (var j = 0u; j < {word(SOURCES)}; j = j + 1u) {{
      if ({index} == i32(c{axis})) {{ {take.format("j")} }}
    }}
  }}""")
    lines.append(f"  finish(i, {wrapped('scatter', dtype, 'acc')});")
    text = "\n".join(lines)
    return module(ir, f"{functions}\n{ENTRY}{flat_index(COUNT)}{text}\n}}")
