"""Convolutions, and the gradients of their inputs, without a matrix of windows.

Both are one problem (`gathering.py`).

*Register tile*: an invocation computes some rows of some pixels, of up to eight channels. Along the last dimension a
source element is loaded once for all the taps that meet it (layout `row`), or each tap by itself (`tap`: long kernels,
and steps). *Workgroup tile*: a matrix product of 64 × 64 results whose right side is gathered while it is staged; for
real GPUs.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from ..codegen.ir import KernelIR
from ..codegen.lower import Kernel, KernelBuilder, add_epilogue
from ..codegen.ops import storage, wrapped
from ..codegen.wgsl import ENTRY, WORKGROUP, buffer, define, flat_index, module, word
from ..lazy import CONVOLVE
from ..regions import Strides
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from . import winograd
from .convolution_choice import LARGE_FROM, choose
from .gathering import Problem, backward_problem, forward_problem, merged
from .grid import cover, fold
from .matmul import strided_operand
from .tile_product import tile_product

ROW_TAPS = 7  # kernels up to this wide are written out along the last dimension
CHANNELS = 8  # of a register tile
FOUR = 2.2  # how many loads of one element a load of four costs
PACKED_FROM = 1024  # results of a channel from which it pays to lay the weights out first

# Parameter words, and those of each dimension after them.
(COUNT, OUTPUTS, INNER, GROUPS, ROWS, ROW_TILES, COLUMN_TILES, OUTPUT_TILES, X_START, X_BATCH, X_CHANNEL,
 W_START, W_GROUP, W_OUTPUT, W_INNER, DIMS) = range(16)  # fmt: skip
SIZE, TURNS, SOURCE, TAPS, PACE, REACH, SHIFT, BACK, STEP, X_STEP, W_STEP = range(11)
WORDS_PER_DIM = 11


class Tile(NamedTuple):
    """What an invocation of the register tile computes."""

    rows: int
    pixels: int
    channels: int
    taps: int = 0  # along the last dimension, all at once; 0: each by itself
    pace: int = 1
    reach: int = 1
    shift: int | None = None  # with which four elements of the source load at once, if they do

    @property
    def seen(self) -> int:
        """How many elements of the source the pixels of a row meet."""
        return (self.pixels - 1) * self.pace + (self.taps - 1) * self.reach + 1 if self.taps else self.pixels

    @property
    def blocks(self) -> range:
        """Of four elements of the source, relative to the first pixel."""
        assert self.shift is not None
        return range(self.shift // 4, (self.seen - 1 + self.shift) // 4 + 1)


def build(fusion: Fusion, ref: Ref, epilogue: list[Ref]) -> list[Kernel]:
    graph = fusion.graph
    x = graph.arrays[ref]
    source, weight = graph.args[ref]
    kernel = KernelBuilder(fusion, "convolution", epilogue)
    x_root, x_strides, x_start = strided_operand(kernel, source)
    w_root, w_strides, w_start = strided_operand(kernel, weight)
    make = forward_problem if x.op is CONVOLVE else backward_problem
    problem = make(
        x.shape, (graph.shape(source), x_strides, x_start), (graph.shape(weight), w_strides, w_start), x.attr
    )
    layout = choose(fusion, ref)
    if layout.kind == "winograd" and any(dim.step > 1 for dim in problem.dims):
        return winograd.input_gradient(fusion, ref, epilogue, problem, (x_root, w_root))
    if layout.kind == "winograd":
        return winograd.gathered(fusion, ref, epilogue, problem, (x_root, w_root), layout.size)
    problem = merged(problem)
    staged = layout.kind == "workgroup"
    strided = any(dim.step > 1 for dim in problem.dims)
    rows = problem.batch * prod(dim.turns for dim in problem.dims[:-1])
    if staged:
        tile = None
        phases = 1
        columns = prod(dim.size for dim in problem.dims) * problem.batch
        rows, row_tiles, column_tiles, output_tiles = columns, 1, -(-columns // 64), -(-problem.outputs // 64)
    else:
        tile = _tile(problem, layout.size, x.dtype.name == "float32" and x_root != w_root)
        phases = prod(dim.step for dim in problem.dims)
        row_tiles = -(-rows // tile.rows)
        column_tiles = -(-problem.dims[-1].turns // tile.pixels)
        output_tiles = -(-problem.outputs // tile.channels)
    tiles = row_tiles * column_tiles * output_tiles * problem.groups * phases
    dtype = x.dtype.name
    packed = (
        tile is not None
        and tile.channels > 1
        and problem.multiplications >= LARGE_FROM
        and rows * problem.dims[-1].turns >= PACKED_FROM
    )
    before: list[Kernel] = []
    if packed:
        assert tile is not None
        before = [_pack_weights(fusion, ref, problem, tile.channels, output_tiles, w_root)]
    for number in (
        tiles, problem.outputs, problem.inner, problem.groups, rows, row_tiles, column_tiles, output_tiles,
        problem.x_start, problem.x_batch, problem.x_channel,
        problem.w_start, problem.w_group, problem.w_output, problem.w_inner,
    ):  # fmt: skip
        kernel.word(number)
    for dim in problem.dims:
        shift = dim.shift + dim.back * dim.step
        for number in (
            dim.size, dim.turns, dim.source, dim.taps, dim.pace, dim.reach, shift, dim.back, dim.step,
            dim.x_step, dim.w_step,
        ):  # fmt: skip
            kernel.word(number)
    add_epilogue(kernel, ref, epilogue, located=(*x.shape[:2], *(dim.size for dim in problem.dims)))
    kernel.ops.insert(0, x.op.name)
    by_four = tile is not None and tile.shift is not None
    x_at = kernel.bind(x_root, "vec4<f32>" if by_four else storage(dtype))
    w_at = (
        kernel.bind(("weights", ref), f"vec4<{accumulated(dtype)}>") if packed else kernel.bind(w_root, storage(dtype))
    )
    static = ("workgroup" if staged else "register", len(problem.dims), strided, tile, packed, dtype, x_at, w_at)
    return [*before, kernel.finish(fold(tiles) if staged else cover(tiles, WORKGROUP), static)]


def _pack_weights(fusion: Fusion, ref: Ref, problem: Problem, channels: int, output_tiles: int, root: Ref) -> Kernel:
    """The weights as the tiles of a large problem read them: (group, tile, *taps, inner channel, channel of the tile),
    the last padded to whole vectors, so that four load at once.
    """
    kernel = KernelBuilder(fusion, "convolution")
    width = -(-channels // 4) * 4
    count = problem.groups * output_tiles * prod(dim.taps for dim in problem.dims) * problem.inner * width
    for number in (
        count, problem.outputs, problem.inner, channels, width, output_tiles,
        problem.w_start, problem.w_group, problem.w_output, problem.w_inner,
    ):  # fmt: skip
        kernel.word(number)
    for dim in problem.dims:
        kernel.word(dim.taps)
        kernel.word(dim.w_step)
    dtype = fusion.graph.arrays[ref].dtype.name
    key = ("weights", ref)
    target = kernel.bind(key, accumulated(dtype), writable=True)
    kernel.stores.append(key)
    kernel.scratch[key] = 4 * count
    kernel.ops.append("weights")
    static = ("weights", len(problem.dims), dtype, target, kernel.bind(root, storage(dtype)))
    return kernel.finish(cover(count, WORKGROUP), static)


def _tile(problem: Problem, pixels: int, fours_allowed: bool) -> Tile:
    last = problem.dims[-1]
    in_row = last.taps <= ROW_TAPS and last.step == 1 and last.pace <= 2 and last.reach <= 2
    reached = (last.taps - 1) * last.reach + 1 if in_row else last.pace
    most = min(pixels, last.turns)
    # What is loaded for a row of pixels, those beyond its end included.
    across = min(
        range(1, most + 1), key=lambda n: (-(-last.turns // n) * ((n - 1) * last.pace + reached + 2 * pixels / n), -n)
    )
    rows = problem.batch * prod(dim.turns for dim in problem.dims[:-1])
    down = max(1, min(pixels // across, rows))
    channels = -(-problem.outputs // -(-problem.outputs // CHANNELS))
    tile = Tile(down, across, channels)
    if in_row:
        tile = Tile(down, across, channels, last.taps, last.pace, last.reach)
        starts = (problem.x_start, problem.x_batch, problem.x_channel, *(dim.x_step for dim in problem.dims[:-1]))
        aligned = last.x_step == 1 and across % 4 == 0 and last.source % 4 == 0 and not any(n % 4 for n in starts)
        by_four = tile._replace(shift=last.shift)
        if fours_allowed and aligned and last.pace == 1 and FOUR * len(by_four.blocks) < tile.seen:
            return by_four
    return tile


# --- the register tile ------------------------------------------------------------------------------------------------


def render(ir: KernelIR) -> str:
    layout = ir.static[0]
    if layout == "weights":
        return _render_weights(ir)
    text = _register_tile(ir) if layout == "register" else _workgroup_tile(ir)
    epilogue = define(ir, ir.functions[0])
    return module(ir, f"{epilogue}\n{text}", "16, 16" if layout == "workgroup" else f"{WORKGROUP}")


def _render_weights(ir: KernelIR) -> str:
    _, rank, dtype, target, w = ir.static
    outputs, inner, channels, width, tiles, start, group, output, step = (word(k) for k in range(1, 10))
    lines = [
        f"let o = i % {width};",
        f"var rest = i / {width};",
        f"let c = rest % {inner};",
        f"rest = rest / {inner};",
        f"var at = {start} + c * {step};",
    ]
    for axis in reversed(range(rank)):
        taps, tap_step = word(10 + 2 * axis), word(11 + 2 * axis)
        lines += [f"at = at + (rest % {taps}) * {tap_step};", f"rest = rest / {taps};"]
    lines += [
        f"let channel = min((rest % {tiles}) * {channels} + o, {outputs} - 1u);",
        f"at = at + channel * {output} + (rest / {tiles}) * {group};",
        f"{buffer(ir, target)}[i] = {element(ir, w, 'at', dtype)};",
    ]
    text = "".join(f"  {line}\n" for line in lines)
    return module(ir, f"{ENTRY}{flat_index(COUNT)}{text}}}")


def _dim(axis: int, which: int) -> str:
    return word(DIMS + WORDS_PER_DIM * axis + which)


def element(ir: KernelIR, binding: int, at: str, dtype: str) -> str:
    """An element as the type that is accumulated."""
    loaded = f"{buffer(ir, binding)}[{at}]"
    return f"f32({loaded})" if dtype == "float16" else loaded


def fours(strides: Strides, start: int, dtype: str) -> bool:
    """Whether four neighbours along the last dimension can be loaded at once, beginning at every fourth."""
    return dtype == "float32" and strides[-1] == 1 and not any(n % 4 for n in (start, *strides[:-1]))


def accumulated(dtype: str) -> str:
    return "f32" if dtype in ("float32", "float16") else "i32"


def chunks(channels: int) -> list[int]:
    """Sizes of the vectors that a tile's channels are kept in."""
    count = -(-channels // 4)
    return [channels // count + (k < channels % count) for k in range(count)]


def vector(type_: str, size: int) -> str:
    return type_ if size == 1 else f"vec{size}<{type_}>"


def multiply_add(type_: str, size: int, x: str, y: str, acc: str) -> str:
    """`acc + x * y` for a number x and a vector y."""
    if type_ == "i32":
        return f"{acc} + {x} * {y}"
    return f"fma({x if size == 1 else f'{vector(type_, size)}({x})'}, {y}, {acc})"


def _register_tile(ir: KernelIR) -> str:
    _, rank, strided, tile, packed, dtype, x, w = ir.static
    down, across, channels, row, seen = tile.rows, tile.pixels, tile.channels, tile.taps, tile.seen
    type_ = accumulated(dtype)
    zero = f"{type_}(0)"
    parts = chunks(channels)
    last = rank - 1
    taps = row or 1
    lines = [
        f"var rest = i / {word(COLUMN_TILES)};",
        f"let first = (i % {word(COLUMN_TILES)}) * {across}u;",
        f"let row = (rest % {word(ROW_TILES)}) * {down}u;",
        f"rest = rest / {word(ROW_TILES)};",
        f"let output = (rest % {word(OUTPUT_TILES)}) * {channels}u;",
        f"rest = rest / {word(OUTPUT_TILES)};",
        f"let which = rest % {word(GROUPS)};",
        f"rest = rest / {word(GROUPS)};",
    ]
    for axis in range(rank):
        if strided:
            lines += [f"let phase{axis} = rest % {_dim(axis, STEP)};", f"rest = rest / {_dim(axis, STEP)};"]
        else:
            lines += [f"let phase{axis} = 0u;"]
    # Where each row of the tile is: its sample, and its turn in every dimension but the last.
    for r in range(down):
        lines.append(f"var at{r} = min(row + {r}u, {word(ROWS)} - 1u);")
        for axis in range(last - 1, -1, -1):
            lines += [f"let q{axis}_{r} = at{r} % {_dim(axis, TURNS)};", f"at{r} = at{r} / {_dim(axis, TURNS)};"]
        lines.append(
            f"let start{r} = {word(X_START)} + at{r} * {word(X_BATCH)} + which * {word(INNER)} * {word(X_CHANNEL)};"
        )
    quads = -(-channels // 4)
    if packed:
        taps_of_all = " * ".join(_dim(axis, TAPS) for axis in range(rank))
        number = f"which * {word(OUTPUT_TILES)} + output / {channels}u"
        lines.append(f"let weights = ({number}) * {taps_of_all} * {word(INNER)} * {quads}u;")
    else:
        lines.append(f"let weights = {word(W_START)} + which * {word(W_GROUP)};")
        for o in range(channels):
            lines.append(f"let w_at{o} = weights + min(output + {o}u, {word(OUTPUTS)} - 1u) * {word(W_OUTPUT)};")
    for r in range(down):
        for t in range(across):
            lines += [f"var acc{r}_{t}_{p} = {vector(type_, size)}();" for p, size in enumerate(parts)]
    depth = "  "
    text = [depth + line for line in lines]

    def place(axis: int, turn: str, k: str) -> str:
        """The source position of a turn and a tap; with steps the part that they have in common is in `meet`."""
        if strided:
            return f"{turn} * {_dim(axis, PACE)} + meet{axis}"
        return f"{turn} * {_dim(axis, PACE)} + {k} * {_dim(axis, REACH)} + {_dim(axis, SHIFT)}"

    looped = rank if not row else last
    for axis in range(looped):
        text.append(f"{depth}for (var k{axis} = 0u; k{axis} < {_dim(axis, TAPS)}; k{axis} = k{axis} + 1u) {{")
        depth += "  "
        if strided:
            reached = f"phase{axis} * {_dim(axis, PACE)} + k{axis} * {_dim(axis, REACH)} + {_dim(axis, SHIFT)}"
            text.append(f"{depth}let sum{axis} = {reached};")
            text.append(f"{depth}if (sum{axis} % {_dim(axis, STEP)} != 0u) {{ continue; }}")
            text.append(f"{depth}let meet{axis} = sum{axis} / {_dim(axis, STEP)} - {_dim(axis, BACK)};")
    inside: list[str] = []
    if tile.shift is not None:
        inside += [
            f"let in_row{n} = first + {4 * block & 0xFFFFFFFF}u < {_dim(last, SOURCE)};"
            for n, block in enumerate(tile.blocks)
        ]
    elif row:
        inside.append(f"let x0 = first * {tile.pace}u + {_dim(last, SHIFT)};")
        inside += [f"let in_row{j} = x0 + {j}u < {_dim(last, SOURCE)};" for j in range(seen)]
    else:
        inside += [f"let x{j} = {place(last, f'(first + {j}u)', f'k{last}')};" for j in range(across)]
        inside += [f"let in_row{j} = x{j} < {_dim(last, SOURCE)};" for j in range(across)]
    for r in range(down):
        inside.append(f"var from{r} = start{r};")
        inside.append(f"var good{r} = true;")
        for axis in range(last):
            inside.append(f"let y{axis}_{r} = {place(axis, f'q{axis}_{r}', f'k{axis}')};")
            inside.append(f"from{r} = from{r} + y{axis}_{r} * {_dim(axis, X_STEP)};")
            inside.append(f"good{r} = good{r} && y{axis}_{r} < {_dim(axis, SOURCE)};")
        if tile.shift is not None:
            inside += [f"let in{r}_{n} = good{r} && in_row{n};" for n in range(len(tile.blocks))]
            continue
        for j in range(seen):
            at = f"(x0 + {j}u)" if row else f"x{j}"
            inside.append(f"let in{r}_{j} = good{r} && in_row{j};")
            inside.append(f"let to{r}_{j} = from{r} + {at} * {_dim(last, X_STEP)};")
    if packed:
        tap = "0u"
        for axis in range(looped):
            tap = f"({tap}) * {_dim(axis, TAPS)} + k{axis}" if axis else "k0"
        inside += [
            f"let tap{k} = weights + (({tap}) * {taps}u + {k}u) * {word(INNER)} * {quads}u;" for k in range(taps)
        ]
    else:
        tap = " + ".join(["0u", *(f"k{axis} * {_dim(axis, W_STEP)}" for axis in range(looped))])
        inside.append(f"let tap = {tap};")
    inside.append(f"for (var c = 0u; c < {word(INNER)}; c = c + 1u) {{")
    inside.append(f"  let skip = c * {word(X_CHANNEL)};")
    for r in range(down):
        if tile.shift is not None:
            for n, block in enumerate(tile.blocks):
                loaded = f"{buffer(ir, x)}[(from{r} + first + skip + {4 * block & 0xFFFFFFFF}u) >> 2u]"
                inside.append(f"  let v{r}_{n} = select(vec4<f32>(), {loaded}, in{r}_{n});")
            continue
        for j in range(seen):
            loaded = element(ir, x, f"to{r}_{j} + skip", dtype)
            inside.append(f"  let v{r}_{j} = select({zero}, {loaded}, in{r}_{j});")
    for k in range(taps):
        if packed:
            inside += [f"  let q{k}_{n} = {buffer(ir, w)}[tap{k} + c * {quads}u + {n}u];" for n in range(quads)]
            loads = [f"q{k}_{o // 4}[{o % 4}]" for o in range(channels)]
        else:
            ahead = f"tap + c * {word(W_INNER)}" + (f" + {k}u * {_dim(last, W_STEP)}" if row else "")
            loads = [element(ir, w, f"w_at{o} + {ahead}", dtype) for o in range(channels)]
        for p, size in enumerate(parts):
            o = sum(parts[:p])
            inside.append(f"  let w{k}_{p} = {vector(type_, size)}({', '.join(loads[o : o + size])});")
    for k in range(taps):
        for r in range(down):
            for t in range(across):
                j = t * tile.pace + k * tile.reach if row else t
                value = f"v{r}_{j}"
                if tile.shift is not None:
                    value = f"v{r}_{(j + tile.shift) // 4 - tile.blocks[0]}[{(j + tile.shift) % 4}]"
                for p, size in enumerate(parts):
                    acc = f"acc{r}_{t}_{p}"
                    inside.append(f"  {acc} = {multiply_add(type_, size, value, f'w{k}_{p}', acc)};")
    inside.append("}")
    text += [depth + line for line in inside]
    for _ in range(looped):
        depth = depth[2:]
        text.append(f"{depth}}}")
    return f"{ENTRY}{flat_index(COUNT)}" + "\n".join([*text, *_results(ir, parts)]) + "\n}"


def _results(ir: KernelIR, parts: list[int]) -> list[str]:
    """Every result of a tile handed to the epilogue. In a loop: its code is there once."""
    _, rank, _, (down, across, channels, *_), _, dtype, _, _ = ir.static
    type_ = accumulated(dtype)
    numbers = [
        f"acc{r}_{t}_{p}" + ("" if size == 1 else f"[{n}]")
        for r in range(down)
        for t in range(across)
        for p, size in enumerate(parts)
        for n in range(size)
    ]
    last = rank - 1
    lines = [
        f"  var results = array<{type_}, {len(numbers)}>({', '.join(numbers)});",
        f"  let wide = min({across}u, {_dim(last, TURNS)} - first);",
        f"  let high = min({down}u, {word(ROWS)} - row);",
        f"  let deep = min({channels}u, {word(OUTPUTS)} - output);",
        "  for (var r = 0u; r < high; r = r + 1u) {",
        "    var left = row + r;",
        "    var there = true;",
    ]
    for axis in range(last - 1, -1, -1):
        size, turns, step = (_dim(axis, which) for which in (SIZE, TURNS, STEP))
        lines += [
            f"    let o{axis} = (left % {turns}) * {step} + phase{axis};",
            f"    left = left / {turns};",
            f"    there = there && o{axis} < {size};",
        ]
    lines += [
        "    for (var o = 0u; o < deep; o = o + 1u) {",
        f"      let channel = which * {word(OUTPUTS)} + output + o;",
        f"      var line = left * {word(GROUPS)} * {word(OUTPUTS)} + channel;",
        *[f"      line = line * {_dim(axis, SIZE)} + o{axis};" for axis in range(last)],
        f"      line = line * {_dim(last, SIZE)};",
        "      for (var t = 0u; t < wide; t = t + 1u) {",
        f"        let o{last} = (first + t) * {_dim(last, STEP)} + phase{last};",
    ]
    value = wrapped("matmul", dtype, f"results[(r * {across}u + t) * {channels}u + o]")
    outer = "".join(f"o{axis}, " for axis in range(rank))
    lines += [
        f"        if (there && o{last} < {_dim(last, SIZE)}) {{",
        f"          finish(line + o{last}, left, channel, {outer}{value});",
        "        }",
        "      }",
        "    }",
        "  }",
    ]
    return lines


# --- the workgroup tile -----------------------------------------------------------------------------------------------


def _workgroup_tile(ir: KernelIR) -> str:
    _, rank, _, _, _, dtype, x, w = ir.static
    type_ = accumulated(dtype)
    dims = range(rank)
    # A pixel's coordinates, and the tap and channel of a place along the sum.
    unfold_pixel = "".join(
        f"    let o{axis} = left % {_dim(axis, SIZE)};\n    left = left / {_dim(axis, SIZE)};\n"
        for axis in reversed(dims)
    )
    unfold_tap = "".join(
        f"    let k{axis} = tap % {_dim(axis, TAPS)};\n    tap = tap / {_dim(axis, TAPS)};\n" for axis in reversed(dims)
    )
    meet = "".join(
        f"    let s{axis} = o{axis} * {_dim(axis, PACE)} + k{axis} * {_dim(axis, REACH)} + {_dim(axis, SHIFT)};\n"
        f"    let y{axis} = s{axis} / {_dim(axis, STEP)} - {_dim(axis, BACK)};\n"
        f"    good = good && s{axis} % {_dim(axis, STEP)} == 0u && y{axis} < {_dim(axis, SOURCE)};\n"
        for axis in dims
    )
    x_at = " + ".join(["left * " + word(X_BATCH), *(f"y{axis} * {_dim(axis, X_STEP)}" for axis in dims)])
    w_at = " + ".join([f"tap * {word(W_INNER)}", *(f"k{axis} * {_dim(axis, W_STEP)}" for axis in dims)])
    taps = " * ".join(_dim(axis, TAPS) for axis in dims)
    coordinates = "".join(f"o{axis}, " for axis in dims)
    value = wrapped("matmul", dtype, "results[r][c]")
    line = "left * all + channel"
    for axis in dims:
        line = f"({line}) * {_dim(axis, SIZE)} + o{axis}"
    return f"""fn weight_at(start: u32, row: u32, k: u32) -> {type_} {{
    var tap = k;
{unfold_tap}\
    return {element(ir, w, f"start + row * {word(W_OUTPUT)} + {w_at}", dtype)};
}}
fn source_at(start: u32, pixel: u32, k: u32) -> {type_} {{
    var left = pixel;
    var tap = k;
    var good = true;
{unfold_pixel}{unfold_tap}{meet}\
    let at = start + tap * {word(X_CHANNEL)} + {x_at};
    return select({type_}(0), {element(ir, x, "select(0u, at, good)", dtype)}, good);
}}
var<workgroup> w_tile: array<{type_}, 1024>;
var<workgroup> x_tile: array<{type_}, 1024>;
@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_id) local: vec3<u32>, @builtin(local_invocation_index) t: u32) {{
  let g = group.x + group.y * groups.x;
  if (g >= {word(COUNT)}) {{ return; }}
  let pixel = (g % {word(COLUMN_TILES)}) * 64u;
  let output = ((g / {word(COLUMN_TILES)}) % {word(OUTPUT_TILES)}) * 64u;
  let which = g / ({word(COLUMN_TILES)} * {word(OUTPUT_TILES)});
  let w_start = {word(W_START)} + which * {word(W_GROUP)};
  let x_start = {word(X_START)} + which * {word(INNER)} * {word(X_CHANNEL)};
  let length = {word(INNER)} * {taps};
  var acc0 = vec4<{type_}>();
  var acc1 = vec4<{type_}>();
  var acc2 = vec4<{type_}>();
  var acc3 = vec4<{type_}>();
  for (var k0 = 0u; k0 < length; k0 = k0 + 16u) {{
    for (var s = t; s < 1024u; s = s + 256u) {{
      {{
        let k = s % 16u;
        let m = s / 16u;
        var v = {type_}(0);
        if (output + m < {word(OUTPUTS)} && k0 + k < length) {{ v = weight_at(w_start, output + m, k0 + k); }}
        w_tile[k * 64u + m] = v;
      }}
      {{
        let k = s / 64u;
        let m = s % 64u;
        var v = {type_}(0);
        if (pixel + m < {word(ROWS)} && k0 + k < length) {{ v = source_at(x_start, pixel + m, k0 + k); }}
        x_tile[k * 64u + m] = v;
      }}
    }}
{tile_product("w_tile", type_)}\
  }}
  var results = array<vec4<{type_}>, 4>(acc0, acc1, acc2, acc3);
  let all = {word(GROUPS)} * {word(OUTPUTS)};
  for (var c = 0u; c < 4u; c = c + 1u) {{
    var left = pixel + local.x * 4u + c;
    if (left >= {word(ROWS)}) {{ break; }}
{unfold_pixel}\
    for (var r = 0u; r < 4u; r = r + 1u) {{
      let m = output + local.y * 4u + r;
      if (m >= {word(OUTPUTS)}) {{ break; }}
      let channel = which * {word(OUTPUTS)} + m;
      finish({line}, left, channel, {coordinates}{value});
    }}
  }}
}}"""
