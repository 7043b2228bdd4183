"""The gradient of a convolution's weight: sums over samples and places of gradients times what the kernel met there.

*Register tile*: an invocation computes the taps of one row of the kernel, for a few channels on either side, over a
slice of the rows of the gradient. Weights are few and rows are many, so slices are many too; a second kernel adds them
up, in order. The gradient of the bias, the sum of the gradient alone, comes out of the same walk. *Workgroup tile*: 64 ×
64 results of the matrix product that this is; for real GPUs.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from ..codegen.ir import KernelIR
from ..codegen.lower import Kernel, KernelBuilder, add_epilogue
from ..codegen.ops import storage, wrapped
from ..codegen.wgsl import ENTRY, WORKGROUP, buffer, define, flat_index, module, word
from ..lazy import CONVOLVE_BIAS
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from . import winograd
from .convolution import CHANNELS, ROW_TAPS, accumulated, chunks, element, fours, multiply_add, vector
from .convolution_choice import choose
from .grid import cover, fold
from .matmul import strided_operand
from .tile_product import tile_product

MOST_SLICES = 256
INVOCATIONS = {"cpu": 512, "gpu": 16384}  # that keep a device busy
PIXELS = 4  # of the gradient at a time
LANES = 8  # invocations that run in step on a software adapter

(COUNT, OUTPUTS, INNER, GROUPS, OUTPUT_TILES, INNER_TILES, SLICES, SLICE, ROWS, RESULTS, G_START, G_BATCH, G_CHANNEL,
 X_START, X_BATCH, X_CHANNEL, DIMS) = range(17)  # fmt: skip
SIZE, SOURCE, TAPS, PACE, REACH, SHIFT, G_STEP, X_STEP = range(8)
WORDS_PER_DIM = 8


class Tile(NamedTuple):
    """What an invocation of the register tile computes at a time, and how it loads it."""

    channels: int  # of the gradient
    channels_in: int  # of the source
    pixels: int
    taps: int  # along the last dimension; with `pace` and `reach` 0 they are invocations of their own
    pace: int
    reach: int
    exact: bool  # rows of the gradient are whole tiles
    inside: bool  # and no tap is ever outside
    g_fours: bool  # four elements of the gradient load at once
    padding: int  # with which four elements of the source load at once; -1 where they do not

    @property
    def in_row(self) -> bool:
        return self.reach > 0

    @property
    def blocks(self) -> range:
        """Of four elements of the source, relative to the tile's first pixel, if they load at once."""
        return range(-self.padding // 4, (self.pixels - 1 + (self.taps - 1) * self.reach - self.padding) // 4 + 1)


def build(fusion: Fusion, ref: Ref, epilogue: list[Ref]) -> list[Kernel]:
    graph = fusion.graph
    x = graph.arrays[ref]
    dtype = x.dtype.name
    grad, source = graph.args[ref]
    kernel = KernelBuilder(fusion, "convolution_weight", epilogue)
    taps, (stride, padding, dilation, groups) = x.attr
    bias = next((root for root in epilogue if graph.arrays[root].op is CONVOLVE_BIAS), None)
    results = graph.numel[ref] + (0 if bias is None else graph.numel[bias])
    g_root, g_strides, g_start = strided_operand(kernel, grad)
    x_root, x_strides, x_start = strided_operand(kernel, source)
    g_shape, x_shape = graph.shape(grad), graph.shape(source)
    chosen = choose(fusion, ref, bias is not None)
    if chosen.kind == "winograd":
        size, pace, met = chosen.size, stride[0], (chosen.size - 1) * stride[0] + taps[0]
        down, across = (-(-count // size) for count in g_shape[2:])
        tiles = winograd.Squares(g_root, g_start, g_strides, g_shape, size, size, down, across)
        shift = (-padding[0], -padding[1])
        source_tiles = winograd.Squares(x_root, x_start, x_strides, x_shape, met, size * pace, down, across, shift)
        return winograd.weight_gradient(fusion, ref, epilogue, bias, tiles, source_tiles, size)
    outputs, inner = g_shape[1] // groups, x_shape[1] // groups
    counts = g_shape[2:]
    staged = chosen.kind == "workgroup"
    if staged:
        tile = None
        output_tiles, inner_tiles = -(-outputs // 64), -(-inner * prod(taps) // 64)
        rows = g_shape[0] * prod(counts)
        tiles = groups * output_tiles * inner_tiles
        slices = max(1, min(MOST_SLICES, 256 // tiles, rows // 256))
    else:
        channels = -(-outputs // -(-outputs // CHANNELS))
        row = taps[-1] if taps[-1] <= ROW_TAPS and stride[-1] <= 2 and dilation[-1] <= 2 else 1
        most = max(1, min(inner, 3 * chosen.size // 2 // row))
        channels_in = -(-inner // -(-inner // most))
        pixels = min(PIXELS, counts[-1])
        exact = counts[-1] % pixels == 0
        in_row = row == taps[-1]
        g_fours = pixels == 4 and g_root != x_root and fours(g_strides, g_start, dtype)
        x_fours = g_fours and in_row and stride[-1] == 1 and x_shape[-1] % 4 == 0 and fours(x_strides, x_start, dtype)
        tile = Tile(
            channels, channels_in, pixels, row, stride[-1] if in_row else 0, dilation[-1] if in_row else 0,
            exact, exact and not any(padding), g_fours, padding[-1] if x_fours else -1,
        )  # fmt: skip
        output_tiles, inner_tiles = -(-outputs // channels), -(-inner // channels_in)
        rows = g_shape[0] * prod(counts[:-1])
        tiles = groups * output_tiles * inner_tiles * (prod(taps) // row)
        slices = max(1, min(MOST_SLICES, rows, INVOCATIONS[fusion.device_kind] // tiles))
        if LANES * graph.numel[ref] <= graph.numel[grad]:  # adding them up costs less than what is gained, see below
            slices = max(slices, min(LANES, rows))
    slice_length = -(-rows // slices)
    slices = -(-rows // slice_length)
    for number in (
        tiles * slices, outputs, inner, groups, output_tiles, inner_tiles, slices, slice_length, rows, results,
        g_start, *g_strides[:2], x_start, *x_strides[:2],
    ):  # fmt: skip
        kernel.word(number)
    for d, count in enumerate(counts):
        for number in (
            count, x_shape[d + 2], taps[d], stride[d], dilation[d], -padding[d], g_strides[d + 2], x_strides[d + 2],
        ):  # fmt: skip
            kernel.word(number)
    wide = accumulated(dtype)
    kernel.ops.append("convolution_weight")
    if slices == 1:
        _add_epilogues(kernel, ref, bias, epilogue)
        partial = -1
    else:
        key = ("partial", ref)
        partial = kernel.bind(key, wide, writable=True)
        kernel.scratch[key] = results * slices * 4
        kernel.stores.append(key)
    g_storage = "vec4<f32>" if tile and tile.g_fours else storage(dtype)
    x_storage = "vec4<f32>" if tile and tile.padding >= 0 else storage(dtype)
    bindings = (kernel.bind(g_root, g_storage), kernel.bind(x_root, x_storage))
    layout = "workgroup" if staged else "register"
    static = (layout, len(counts), tile, bias is not None, dtype, partial, *bindings)
    first = kernel.finish(fold(tiles * slices) if staged else cover(tiles * slices, WORKGROUP), static)
    if slices == 1:
        return [first]
    second = KernelBuilder(fusion, "convolution_weight", epilogue)
    for number in (results, slices, graph.numel[ref]):
        second.word(number)
    at = second.bind(("partial", ref), wide)
    second.ops.append("convolution_weight")
    _add_epilogues(second, ref, bias, epilogue)
    return [first, second.finish(cover(results, WORKGROUP), ("partials", dtype, at))]


def _add_epilogues(kernel: KernelBuilder, ref: Ref, bias: Ref | None, roots: list[Ref]) -> None:
    """`finish(i, value)` for the weight, and `finish_bias(i, value)`."""
    add_epilogue(kernel, ref, [root for root in roots if root != bias])
    if bias is not None:
        add_epilogue(kernel, bias, [bias], name="finish_bias")


def render(ir: KernelIR) -> str:
    layout = ir.static[0]
    if layout == "partials":
        return _partials(ir)
    head = "".join(define(ir, function) + "\n" for function in ir.functions)
    text = _register_tile(ir) if layout == "register" else _workgroup_tile(ir)
    return module(ir, head + text, "16, 16" if layout == "workgroup" else f"{WORKGROUP}")


def _partials(ir: KernelIR) -> str:
    _, dtype, partial = ir.static
    type_ = accumulated(dtype)
    functions = "".join(define(ir, function) + "\n" for function in ir.functions)
    value = wrapped("matmul", dtype, "acc")
    finish = f"finish(i, {value});"
    if len(ir.functions) > 1:
        finish = f"if (i < {word(2)}) {{ {finish} }} else {{ finish_bias(i - {word(2)}, {value}); }}"
    return module(
        ir,
        f"""{functions}{ENTRY}{flat_index(0)}\
  var acc = {type_}(0);
  for (var slice = 0u; slice < {word(1)}; slice = slice + 1u) {{
    acc = acc + {buffer(ir, partial)}[slice * {word(0)} + i];
  }}
  {finish}
}}""",
    )


def _dim(axis: int, which: int) -> str:
    return word(DIMS + WORDS_PER_DIM * axis + which)


def _put(ir: KernelIR, at: str, value: str, dtype: str, partial: int, finish: str = "finish") -> str:
    if partial < 0:
        return f"{finish}({at}, {wrapped('matmul', dtype, value)});"
    return f"{buffer(ir, partial)}[slice * {word(RESULTS)} + {at}] = {value};"


def _register_tile(ir: KernelIR) -> str:
    _, rank, tile, with_bias, dtype, partial, _, _ = ir.static
    channels, channels_in, pixels, row = tile.channels, tile.channels_in, tile.pixels, tile.taps
    type_ = accumulated(dtype)
    parts = chunks(channels)
    last = rank - 1
    looped = range(last if tile.in_row else rank)
    lines = [
        # Neighbours take neighbouring rows: at one time they read a few channels, close together.
        f"let slice = i % {word(SLICES)};",
        f"var rest = i / {word(SLICES)};",
        f"let inner = (rest % {word(INNER_TILES)}) * {channels_in}u;",
        f"rest = rest / {word(INNER_TILES)};",
    ]
    for axis in reversed(looped):
        lines += [f"let k{axis} = rest % {_dim(axis, TAPS)};", f"rest = rest / {_dim(axis, TAPS)};"]
    lines += [
        f"let output = (rest % {word(OUTPUT_TILES)}) * {channels}u;",
        f"let which = rest / {word(OUTPUT_TILES)};",
    ]
    for o in range(channels):
        at = f"(which * {word(OUTPUTS)} + min(output + {o}u, {word(OUTPUTS)} - 1u)) * {word(G_CHANNEL)}"
        lines.append(f"let g_at{o} = {word(G_START)} + {at};")
    for c in range(channels_in):
        at = f"(which * {word(INNER)} + min(inner + {c}u, {word(INNER)} - 1u)) * {word(X_CHANNEL)}"
        lines.append(f"let x_at{c} = {word(X_START)} + {at};")
    for c in range(channels_in):
        for k in range(row):
            lines += [f"var acc{c}_{k}_{p} = {vector(type_, size)}();" for p, size in enumerate(parts)]
    if with_bias:
        lines += [f"var bias{p} = {vector(type_, size)}();" for p, size in enumerate(parts)]
    lines.append(f"for (var line = slice; line < {word(ROWS)}; line = line + {word(SLICES)}) {{")
    lines.append("  var left = line;")
    lines.append("  var good = true;")
    lines.append("  var g_line = 0u;")
    lines.append("  var x_line = 0u;")
    for axis in range(last - 1, -1, -1):
        lines += [
            f"  let o{axis} = left % {_dim(axis, SIZE)};",
            f"  left = left / {_dim(axis, SIZE)};",
            f"  let y{axis} = o{axis} * {_dim(axis, PACE)} + k{axis} * {_dim(axis, REACH)} + {_dim(axis, SHIFT)};",
            f"  good = good && y{axis} < {_dim(axis, SOURCE)};",
            f"  g_line = g_line + o{axis} * {_dim(axis, G_STEP)};",
            f"  x_line = x_line + y{axis} * {_dim(axis, X_STEP)};",
        ]
    lines.append(f"  g_line = g_line + left * {word(G_BATCH)};")
    lines.append(f"  x_line = x_line + left * {word(X_BATCH)};")
    if tile.padding >= 0:
        lines += [f"  {line}" for line in _first_blocks(ir)]
    lines.append(f"  for (var first = 0u; first < {_dim(last, SIZE)}; first = first + {pixels}u) {{")
    inside = [*_load_gradient(ir), *(_load_source(ir) if tile.padding < 0 else _load_block(ir))]
    for c in range(channels_in):
        for k in range(row):
            for t in range(pixels):
                j = t * tile.pace + k * tile.reach if tile.in_row else t
                x = f"x{c}_{j}"
                if tile.padding >= 0:
                    block, at = divmod(j - tile.padding, 4)
                    x = f"block{c}_{block - tile.blocks[0]}[{at}]"
                for p, size in enumerate(parts):
                    acc = f"acc{c}_{k}_{p}"
                    inside.append(f"{acc} = {multiply_add(type_, size, x, f'g{t}_{p}', acc)};")
    if tile.padding >= 0:
        inside += [f"block{c}_{n} = block{c}_{n + 1};" for c in range(channels_in) for n in range(len(tile.blocks) - 1)]
    lines += [f"    {line}" for line in inside]
    lines += ["  }", "}"]
    numbers = [
        f"acc{c}_{k}_{p}" + ("" if size == 1 else f"[{n}]")
        for c in range(channels_in)
        for k in range(row)
        for p, size in enumerate(parts)
        for n in range(size)
    ]
    at = f"((which * {word(OUTPUTS)} + output + o) * {word(INNER)} + inner + c)"
    for axis in looped:
        at = f"({at} * {_dim(axis, TAPS)} + k{axis})"
    if tile.in_row:
        at = f"{at} * {row}u + k"
    lines += [
        f"var results = array<{type_}, {len(numbers)}>({', '.join(numbers)});",
        f"let deep = min({channels}u, {word(OUTPUTS)} - output);",
        f"let wide = min({channels_in}u, {word(INNER)} - inner);",
        "for (var c = 0u; c < wide; c = c + 1u) {",
        f"  for (var k = 0u; k < {row}u; k = k + 1u) {{",
        "    for (var o = 0u; o < deep; o = o + 1u) {",
        f"      {_put(ir, at, f'results[(c * {row}u + k) * {channels}u + o]', dtype, partial)}",
        "    }",
        "  }",
        "}",
    ]
    if with_bias:
        sums = [f"bias{p}" + ("" if size == 1 else f"[{n}]") for p, size in enumerate(parts) for n in range(size)]
        first = " && ".join(["inner == 0u", *(f"k{axis} == 0u" for axis in looped)])
        behind = f"which * {word(OUTPUTS)} + output + o"
        if partial >= 0:
            behind = f"({word(RESULTS)} - {word(GROUPS)} * {word(OUTPUTS)} + {behind})"
        lines += [
            f"if ({first}) {{",
            f"  var sums = array<{type_}, {channels}>({', '.join(sums)});",
            "  for (var o = 0u; o < deep; o = o + 1u) {",
            f"    {_put(ir, behind, 'sums[o]', dtype, partial, 'finish_bias')}",
            "  }",
            "}",
        ]
    return f"{ENTRY}{flat_index(COUNT)}" + "\n".join(f"  {line}" for line in lines) + "\n}"


def _load_gradient(ir: KernelIR) -> list[str]:
    """`g{t}_{p}`: of each pixel, the channels; and their sums for the bias."""
    _, rank, tile, with_bias, dtype, _, g, _ = ir.static
    type_, last = accumulated(dtype), rank - 1
    parts = chunks(tile.channels)
    lines = []
    for t in range(tile.pixels):
        if not tile.exact:
            lines.append(f"let is{t} = first + {t}u < {_dim(last, SIZE)};")
        if tile.g_fours:
            if t == 0:
                at = "g_line + first"
                lines += [f"let f{o} = {buffer(ir, g)}[(g_at{o} + {at}) >> 2u];" for o in range(tile.channels)]
            loads = [f"f{o}[{t}]" for o in range(tile.channels)]
        else:
            lines.append(f"let to{t} = g_line + (first + {t}u) * {_dim(last, G_STEP)};")
            loads = [element(ir, g, f"g_at{o} + to{t}", dtype) for o in range(tile.channels)]
        if not tile.exact:
            loads = [f"select({type_}(0), {load}, is{t})" for load in loads]
        for p, size in enumerate(parts):
            o = sum(parts[:p])
            lines.append(f"let g{t}_{p} = {vector(type_, size)}({', '.join(loads[o : o + size])});")
        if with_bias:
            lines += [f"bias{p} = bias{p} + g{t}_{p};" for p in range(len(parts))]
    return lines


def _load_source(ir: KernelIR) -> list[str]:
    """`x{c}_{j}`: of each channel, the elements that the pixels' taps meet."""
    _, rank, tile, _, dtype, _, _, x = ir.static
    type_, last = accumulated(dtype), rank - 1
    start = f"first * {_dim(last, PACE)} + {_dim(last, SHIFT)}"
    if not tile.in_row:
        start += f" + k{last} * {_dim(last, REACH)}"
    lines = [f"let x0 = {start};"]
    seen = (tile.pixels - 1) * tile.pace + (tile.taps - 1) * tile.reach + 1 if tile.in_row else tile.pixels
    for j in range(seen):
        step = f"{j}u" if tile.in_row else f"{j}u * {_dim(last, PACE)}"
        lines.append(f"let p{j} = x0 + {step};")
        lines.append(f"let from{j} = x_line + p{j} * {_dim(last, X_STEP)};")
        loads = [element(ir, x, f"x_at{c} + from{j}", dtype) for c in range(tile.channels_in)]
        if not tile.inside:
            lines.append(f"let in{j} = good && p{j} < {_dim(last, SOURCE)};")
            loads = [f"select({type_}(0), {load}, in{j})" for load in loads]
        lines += [f"let x{c}_{j} = {load};" for c, load in enumerate(loads)]
    return lines


def _block(ir: KernelIR, channel: int, number: int, first: str) -> str:
    """Four elements of a channel of the source, `number` blocks after `first`; zeros outside."""
    rank, x = ir.static[1], ir.static[-1]
    at = f"({first} + {4 * number & 0xFFFFFFFF}u)"
    loaded = f"{buffer(ir, x)}[(x_at{channel} + x_line + {at}) >> 2u]"
    return f"select(vec4<f32>(), {loaded}, good && {at} < {_dim(rank - 1, SOURCE)})"


def _first_blocks(ir: KernelIR) -> list[str]:
    """All blocks of a row's first tile but the last. They move on with the tile, so that each is loaded once."""
    tile = ir.static[2]
    lines = []
    for c in range(tile.channels_in):
        for n, number in enumerate(tile.blocks):
            early = n < len(tile.blocks) - 1 and number >= 0
            lines.append(f"var block{c}_{n} = {_block(ir, c, number, '0u') if early else 'vec4<f32>()'};")
    return lines


def _load_block(ir: KernelIR) -> list[str]:
    blocks = ir.static[2].blocks
    return [
        f"block{c}_{len(blocks) - 1} = {_block(ir, c, blocks[-1], 'first')};" for c in range(ir.static[2].channels_in)
    ]


def _workgroup_tile(ir: KernelIR) -> str:
    _, rank, _, _, dtype, partial, g, x = ir.static
    type_ = accumulated(dtype)
    dims = range(rank)
    unfold_place = "".join(
        f"    let o{axis} = left % {_dim(axis, SIZE)};\n    left = left / {_dim(axis, SIZE)};\n"
        for axis in reversed(dims)
    )
    unfold_tap = "".join(
        f"    let k{axis} = tap % {_dim(axis, TAPS)};\n    tap = tap / {_dim(axis, TAPS)};\n" for axis in reversed(dims)
    )
    meet = "".join(
        f"    let y{axis} = o{axis} * {_dim(axis, PACE)} + k{axis} * {_dim(axis, REACH)} + {_dim(axis, SHIFT)};\n"
        f"    good = good && y{axis} < {_dim(axis, SOURCE)};\n"
        for axis in dims
    )
    g_at = " + ".join([f"left * {word(G_BATCH)}", *(f"o{axis} * {_dim(axis, G_STEP)}" for axis in dims)])
    x_at = " + ".join([f"left * {word(X_BATCH)}", *(f"y{axis} * {_dim(axis, X_STEP)}" for axis in dims)])
    columns = " * ".join([word(INNER), *(_dim(axis, TAPS) for axis in dims)])
    put = _put(ir, f"(which * {word(OUTPUTS)} + m) * columns + column", "results[r][c]", dtype, partial)
    return f"""fn grad_at(channel: u32, place: u32) -> {type_} {{
    var left = place;
{unfold_place}\
    return {element(ir, g, f"{word(G_START)} + channel * {word(G_CHANNEL)} + {g_at}", dtype)};
}}
fn source_at(channel: u32, column: u32, place: u32) -> {type_} {{
    var left = place;
    var tap = column;
    var good = true;
{unfold_place}{unfold_tap}{meet}\
    let at = {word(X_START)} + (channel + tap) * {word(X_CHANNEL)} + {x_at};
    return select({type_}(0), {element(ir, x, "select(0u, at, good)", dtype)}, good);
}}
var<workgroup> g_tile: array<{type_}, 1024>;
var<workgroup> x_tile: array<{type_}, 1024>;
@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_id) local: vec3<u32>, @builtin(local_invocation_index) t: u32) {{
  var rest = group.x + group.y * groups.x;
  if (rest >= {word(COUNT)}) {{ return; }}
  let columns = {columns};
  let first = (rest % {word(INNER_TILES)}) * 64u;
  rest = rest / {word(INNER_TILES)};
  let output = (rest % {word(OUTPUT_TILES)}) * 64u;
  rest = rest / {word(OUTPUT_TILES)};
  let which = rest % {word(GROUPS)};
  let slice = rest / {word(GROUPS)};
  let end = min((slice + 1u) * {word(SLICE)}, {word(ROWS)});
  var acc0 = vec4<{type_}>();
  var acc1 = vec4<{type_}>();
  var acc2 = vec4<{type_}>();
  var acc3 = vec4<{type_}>();
  for (var k0 = slice * {word(SLICE)}; k0 < end; k0 = k0 + 16u) {{
    for (var s = t; s < 1024u; s = s + 256u) {{
      let k = s % 16u;
      let m = s / 16u;
      var u = {type_}(0);
      if (output + m < {word(OUTPUTS)} && k0 + k < end) {{
        u = grad_at(which * {word(OUTPUTS)} + output + m, k0 + k);
      }}
      g_tile[k * 64u + m] = u;
      var v = {type_}(0);
      if (first + m < columns && k0 + k < end) {{ v = source_at(which * {word(INNER)}, first + m, k0 + k); }}
      x_tile[k * 64u + m] = v;
    }}
{tile_product("g_tile", type_)}\
  }}
  var results = array<vec4<{type_}>, 4>(acc0, acc1, acc2, acc3);
  for (var r = 0u; r < 4u; r = r + 1u) {{
    let m = output + local.y * 4u + r;
    for (var c = 0u; c < 4u; c = c + 1u) {{
      let column = first + local.x * 4u + c;
      if (m < {word(OUTPUTS)} && column < columns) {{ {put} }}
    }}
  }}
}}"""
