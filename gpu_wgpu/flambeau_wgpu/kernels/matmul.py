"""Matrix products, batched and broadcast, with operands at any strides and elementwise consumers behind them.

*Register tile*: an invocation computes 4 × 4 results (8 × 8 of large products: half the loads, but twice the time to
compile) from registers, loading four elements at once wherever an operand lies that way: the best layout on software
adapters, and for small products anywhere. *Workgroup tile*: 16 × 16 invocations share 64 × 64 results and stage both
operands in workgroup memory: the best layout on real GPUs.
"""

from __future__ import annotations

from math import prod

from ..codegen.ir import KernelIR
from ..codegen.lower import Kernel, KernelBuilder, add_epilogue
from ..codegen.ops import storage, wrapped
from ..codegen.wgsl import ENTRY, WORKGROUP, buffer, define, flat_index, module, word
from ..regions import Strides, broadcast_strides, merge_dims
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from .grid import cover, fold

SMALL_TILE, LARGE_TILE = 4, 8
LARGE_FROM = 1 << 24  # multiplications from which the larger register tile is worth compiling
GROUP_TILE = 64
GROUP_K = 16
GROUP_FROM = 48  # rows and columns from which a workgroup tile is worth it on a GPU

# Parameter words.
COUNT, ROWS, INNER, COLUMNS, A_OFFSET, A_ROW, A_INNER, B_OFFSET, B_INNER, B_COLUMN, BATCH = range(11)


def build(fusion: Fusion, ref: Ref, epilogue: list[Ref]) -> list[Kernel]:
    graph = fusion.graph
    left, right = graph.args[ref]
    batch_shape = graph.shape(ref)[:-2]
    kernel = KernelBuilder(fusion, "matmul", epilogue)
    a_root, a_strides, a_offset = strided_operand(kernel, left)
    b_root, b_strides, b_offset = strided_operand(kernel, right)
    rows, inner = graph.shape(left)[-2:]
    columns = graph.shape(right)[-1]
    a_batch = _batch(graph.shape(left)[:-2], a_strides[:-2], batch_shape)
    b_batch = _batch(graph.shape(right)[:-2], b_strides[:-2], batch_shape)
    dims, (a_walk, b_walk) = merge_dims((*batch_shape, rows), [(*a_batch, a_strides[-2]), (*b_batch, 0)])
    if len(dims) <= 1 and not any(b_batch):
        # One weight for the whole batch: its rows are just more rows.
        rows = prod(batch_shape) * rows
        a_row = a_walk[0] if dims else 0
        sizes: tuple[int, ...] = ()
        a_walk = b_walk = ()
    else:
        a_row = a_strides[-2]
        sizes, (a_walk, b_walk) = merge_dims(batch_shape, [a_batch, b_batch])
    batches = prod(sizes)

    staged = fusion.device_kind == "gpu" and rows >= GROUP_FROM and columns >= GROUP_FROM
    large = min(rows, columns, inner) >= 64 and rows * columns * inner * batches >= LARGE_FROM
    across = GROUP_TILE if staged else LARGE_TILE if large else SMALL_TILE
    tiles = -(-rows // across) * -(-columns // across) * batches
    for number in (
        tiles, rows, inner, columns, a_offset, a_row, a_strides[-1], b_offset, b_strides[-2], b_strides[-1],
    ):  # fmt: skip
        kernel.word(number)
    for size, a_step, b_step in zip(sizes, a_walk, b_walk, strict=True):
        kernel.word(size)
        kernel.word(a_step)
        kernel.word(b_step)
    add_epilogue(kernel, ref, epilogue)
    kernel.ops.insert(0, "matmul")
    dtype = graph.arrays[ref].dtype.name
    written = {b.key for b in kernel.bindings if b.writable}
    vectors = dtype == "float32" and not staged and a_root not in written and b_root not in written
    a_mode = _mode(a_strides[-1], a_row, a_offset, a_walk) if vectors else "scalar"
    b_mode = _mode(b_strides[-2], b_strides[-1], b_offset, b_walk) if vectors else "scalar"
    # (Bound again: an epilogue may read other parts of the same buffer one by one.)
    a = kernel.bind(a_root, "vec4<f32>" if a_mode != "scalar" else storage(dtype), again=a_mode != "scalar")
    b = kernel.bind(b_root, "vec4<f32>" if b_mode != "scalar" else storage(dtype), again=b_mode != "scalar")
    ragged = inner % 4 != 0
    static = ("workgroup" if staged else "register", across, ragged, a_mode, b_mode, len(sizes), dtype, a, b)
    return [kernel.finish(fold(tiles) if staged else cover(tiles, WORKGROUP), static)]


def strided_operand(kernel: KernelBuilder, ref: Ref) -> tuple[Ref, Strides, int]:
    """The buffer that an operand reads, its strides there, and where it begins."""
    region = kernel.region(ref)
    assert region is not None, "the scheduler gave it a buffer where it is none"
    return region


def _batch(own: tuple[int, ...], strides: Strides, target: tuple[int, ...]) -> Strides:
    """Strides over the product's batch dimensions: 0 where the operand is broadcast."""
    lead = len(target) - len(own)
    stays = broadcast_strides(own, target)
    return (0,) * lead + tuple(0 if stay == 0 else stride for stay, stride in zip(stays[lead:], strides, strict=True))


def _mode(inner: int, outer: int, offset: int, walk: Strides) -> str:
    """How an operand can be loaded: four along the inner dimension, four across it, or one by one."""
    if offset % 4 or any(step % 4 for step in walk):
        return "scalar"
    if inner == 1 and outer % 4 == 0:
        return "along"
    if outer == 1 and inner % 4 == 0:
        return "across"
    return "scalar"


def render(ir: KernelIR) -> str:
    layout = ir.static[0]
    epilogue = define(ir, ir.functions[0])
    text = _register_tile(ir) if layout == "register" else _workgroup_tile(ir)
    return module(ir, f"{epilogue}\n{text}", "16, 16" if layout == "workgroup" else f"{WORKGROUP}")


def _batch_offsets(rank: int) -> str:
    """`a_at`, `b_at`: where the operands of batch number `batch` start."""
    lines = [f"  var a_at = {word(A_OFFSET)};", f"  var b_at = {word(B_OFFSET)};"]
    if rank:
        lines.append("  var left = batch;")
    for axis in range(rank - 1, -1, -1):
        size, a_step, b_step = (word(BATCH + 3 * axis + k) for k in range(3))
        steps = f"a_at = a_at + c * {a_step}; b_at = b_at + c * {b_step};"
        lines.append(f"  {{ let c = left % {size}; {steps} left = left / {size}; }}")
    return "\n".join(lines)


def _element(ir: KernelIR, binding: int, at: str, vector: bool, dtype: str) -> str:
    """One element of an operand as the type that is accumulated."""
    if vector:
        return f"{buffer(ir, binding)}[({at}) >> 2u][({at}) & 3u]"
    element = f"{buffer(ir, binding)}[{at}]"
    return f"f32({element})" if dtype == "float16" else element


def _register_tile(ir: KernelIR) -> str:
    _, tile, ragged, a_mode, b_mode, rank, dtype, a, b = ir.static
    t = "f32" if dtype in ("float32", "float16") else "i32"
    v = f"vec4<{t}>"
    a_name, b_name = buffer(ir, a), buffer(ir, b)
    quads = tile // 4
    rows, columns, ks = range(tile), range(tile), range(4)

    def a_scalar(row: int, k: str) -> str:
        return _element(ir, a, f"a_row{row} + ({k}) * {word(A_INNER)}", a_mode != "scalar", dtype)

    def b_scalar(column: int, k: str) -> str:
        return _element(ir, b, f"b_col{column} + ({k}) * {word(B_INNER)}", b_mode != "scalar", dtype)

    # x{row}: four elements along k. y{k}_{quad}: four columns.
    if a_mode == "along":
        load_a = [f"let x{r} = {a_name}[(a_row{r} + k) >> 2u];" for r in rows]
    elif a_mode == "across":
        at = f"(a_row0 + (k + {{}}u) * {word(A_INNER)}) >> 2u"
        load_a = [f"let t{j}_{q} = {a_name}[({at.format(j)}) + {q}u];" for j in ks for q in range(quads)]
        load_a += [f"let x{r} = {v}({', '.join(f't{j}_{r // 4}[{r % 4}]' for j in ks)});" for r in rows]
    else:
        load_a = [f"let x{r} = {v}({', '.join(a_scalar(r, f'k + {j}u') for j in ks)});" for r in rows]
    if b_mode == "across":
        at = f"(b_col0 + (k + {{}}u) * {word(B_INNER)}) >> 2u"
        load_b = [f"let y{j}_{q} = {b_name}[({at.format(j)}) + {q}u];" for j in ks for q in range(quads)]
    elif b_mode == "along":
        load_b = [f"let u{c} = {b_name}[(b_col{c} + k) >> 2u];" for c in columns]
        load_b += [_gather(v, f"y{j}_{q}", [f"u{4 * q + c}[{j}]" for c in ks]) for j in ks for q in range(quads)]
    else:
        load_b = [
            _gather(v, f"y{j}_{q}", [b_scalar(4 * q + c, f"k + {j}u") for c in ks]) for j in ks for q in range(quads)
        ]
    multiply = [
        f"acc{r}_{q} = {_accumulate(v, f'x{r}[{j}]', f'y{j}_{q}', f'acc{r}_{q}')};"
        for j in ks
        for r in rows
        for q in range(quads)
    ]
    line, nested = "\n", "\n    "
    tail = [_gather(v, f"y{q}", [b_scalar(4 * q + c, "k") for c in ks]) for q in range(quads)]
    tail += [f"acc{r}_{q} = acc{r}_{q} + {a_scalar(r, 'k')} * y{q};" for r in rows for q in range(quads)]
    rest = f"""  for (var k = whole; k < {word(INNER)}; k = k + 1u) {{
    {nested.join(tail)}
  }}
"""
    # Four elements at once across the tile may reach past the last row or column, and are not stored.
    a_rows = [f"  let a_row{r} = a_at + min(row + {r}u, {word(ROWS)} - 1u) * {word(A_ROW)};" for r in rows]
    b_cols = [f"  let b_col{c} = b_at + min(column + {c}u, {word(COLUMNS)} - 1u) * {word(B_COLUMN)};" for c in columns]
    accumulators = [f"  var acc{r}_{q} = {v}();" for r in rows for q in range(quads)]
    results = ", ".join(f"acc{r}_{q}" for r in rows for q in range(quads))
    value = wrapped("matmul", dtype, f"results[r * {quads}u + c / 4u][c & 3u]")
    return f"""{ENTRY}{flat_index(COUNT)}\
  let across = ({word(COLUMNS)} + {tile - 1}u) / {tile}u;
  let down = ({word(ROWS)} + {tile - 1}u) / {tile}u;
  let column = (i % across) * {tile}u;
  let row = ((i / across) % down) * {tile}u;
  let batch = i / (across * down);
{_batch_offsets(rank)}
{line.join([*a_rows, *b_cols, *accumulators])}
  let whole = {word(INNER)} & 0xfffffffcu;
  for (var k = 0u; k < whole; k = k + 4u) {{
    {nested.join([*load_a, *load_b, *multiply])}
  }}
{rest if ragged else ""}\
  var results = array<{v}, {tile * quads}>({results});
  let height = min({tile}u, {word(ROWS)} - row);
  let width = min({tile}u, {word(COLUMNS)} - column);
  for (var r = 0u; r < height; r = r + 1u) {{
    let start = (batch * {word(ROWS)} + row + r) * {word(COLUMNS)} + column;
    for (var c = 0u; c < width; c = c + 1u) {{ finish(start + c, {value}); }}
  }}
}}"""


def _gather(vector: str, name: str, elements: list[str]) -> str:
    return f"let {name} = {vector}({', '.join(elements)});"


def _accumulate(vector: str, x: str, y: str, acc: str) -> str:
    return f"fma({vector}({x}), {y}, {acc})" if "f32" in vector else f"{acc} + {x} * {y}"


def _workgroup_tile(ir: KernelIR) -> str:
    _, _, _, _, _, rank, dtype, a, b = ir.static
    t = "f32" if dtype in ("float32", "float16") else "i32"
    zero = "0.0" if t == "f32" else "0"
    load_a = _element(ir, a, f"a_at + (row + m) * {word(A_ROW)} + (k0 + k) * {word(A_INNER)}", False, dtype)
    load_b = _element(ir, b, f"b_at + (k0 + k) * {word(B_INNER)} + (column + m) * {word(B_COLUMN)}", False, dtype)
    value = wrapped("matmul", dtype, "results[r][c]")
    # The operand's dimension of unit stride goes to neighbouring invocations, which so read neighbouring words.
    return f"""var<workgroup> a_tile: array<{t}, {GROUP_TILE * GROUP_K}>;
var<workgroup> b_tile: array<{t}, {GROUP_TILE * GROUP_K}>;
@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_id) local: vec3<u32>, @builtin(local_invocation_index) t: u32) {{
  let g = group.x + group.y * groups.x;
  if (g >= {word(COUNT)}) {{ return; }}
  let across = ({word(COLUMNS)} + 63u) / 64u;
  let down = ({word(ROWS)} + 63u) / 64u;
  let column = (g % across) * 64u;
  let row = ((g / across) % down) * 64u;
  let batch = g / (across * down);
{_batch_offsets(rank)}
  var acc0 = vec4<{t}>();
  var acc1 = vec4<{t}>();
  var acc2 = vec4<{t}>();
  var acc3 = vec4<{t}>();
  let a_along = {word(A_INNER)} == 1u;
  let b_along = {word(B_INNER)} == 1u;
  for (var k0 = 0u; k0 < {word(INNER)}; k0 = k0 + {GROUP_K}u) {{
    for (var s = t; s < {GROUP_TILE * GROUP_K}u; s = s + 256u) {{
      {{
        let k = select(s / 64u, s % 16u, a_along);
        let m = select(s % 64u, s / 16u, a_along);
        var x = {t}({zero});
        if (row + m < {word(ROWS)} && k0 + k < {word(INNER)}) {{ x = {load_a}; }}
        a_tile[k * 64u + m] = x;
      }}
      {{
        let k = select(s / 64u, s % 16u, b_along);
        let m = select(s % 64u, s / 16u, b_along);
        var y = {t}({zero});
        if (column + m < {word(COLUMNS)} && k0 + k < {word(INNER)}) {{ y = {load_b}; }}
        b_tile[k * 64u + m] = y;
      }}
    }}
    workgroupBarrier();
    for (var k = 0u; k < {GROUP_K}u; k = k + 1u) {{
      let p = k * 64u + local.y * 4u;
      let q = k * 64u + local.x * 4u;
      let y = vec4<{t}>(b_tile[q], b_tile[q + 1u], b_tile[q + 2u], b_tile[q + 3u]);
      acc0 = acc0 + a_tile[p] * y;
      acc1 = acc1 + a_tile[p + 1u] * y;
      acc2 = acc2 + a_tile[p + 2u] * y;
      acc3 = acc3 + a_tile[p + 3u] * y;
    }}
    workgroupBarrier();
  }}
  var results = array<vec4<{t}>, 4>(acc0, acc1, acc2, acc3);
  for (var r = 0u; r < 4u; r = r + 1u) {{
    let y = row + local.y * 4u + r;
    for (var c = 0u; c < 4u; c = c + 1u) {{
      let x = column + local.x * 4u + c;
      if (y < {word(ROWS)} && x < {word(COLUMNS)}) {{
        finish((batch * {word(ROWS)} + y) * {word(COLUMNS)} + x, {value});
      }}
    }}
  }}
}}"""
