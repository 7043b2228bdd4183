"""Convolutions of square windows, and their gradients, as plain matrix products: Winograd's algorithm.

A tile of m × m results meets some elements of the source. Both, and the weights, are brought into a space in which the
convolution is a product element by element, so that for each place of the space all channels and tiles are one matrix
product (`matmul.py`). All the rest is two kernels, *into* the space and *out* of it: each is `M x M'` for small squares.

    results            A' (Σ (G w G') (B' x B)) A       summed over the source's channels
    weight's gradient  G' (Σ (A g A') (B' x B)) G       summed over tiles

Windows of 3 × 3 that lie next to each other take m = 2 or 4, with 2.25 and 4 times fewer multiplications than the sums as
they are defined. With m = 1 it is those: the space is the window, B and G change nothing, and A, a column of ones, adds up
its places. That goes with every stride, and is a matrix of windows times one of weights.

Source: Lavin and Gray, "Fast algorithms for convolutional neural networks" (2015).
"""

from __future__ import annotations

from typing import NamedTuple

from ..codegen.ir import KernelIR
from ..codegen.lower import Kernel, KernelBuilder, Key, add_epilogue
from ..codegen.wgsl import ENTRY, WORKGROUP, buffer, define, flat_index, module, word
from ..regions import Shape, Strides
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from . import fold
from .gathering import Problem
from .grid import cover
from .matmul import Factors, Operand, product

Matrix = tuple[tuple[float, ...], ...]

PRODUCTS = "products"  # the scratch that products are written to
LANES = 4  # tiles of an invocation, so that vectors of them are loaded and stored
SHORT_EPILOGUE = 8  # instructions that may be written out for every four results

# Parameter words of both kernels, and behind those they share, their own.
COUNT, QUADS, TILES, ACROSS, DOWN, HEIGHT, WIDTH, OWN = range(8)
SHIFT_Y, SHIFT_X, START, SAMPLE, CHANNEL, ROW, COLUMN = range(OWN, OWN + 7)
SECOND = OWN  # how large the second dimension is


class Transform(NamedTuple):
    """The matrices for tiles of m × m results: B' (points, met), G (points, taps), A (points, m)."""

    of_source: Matrix
    of_weight: Matrix
    of_results: Matrix


WINOGRAD = {
    2: Transform(
        ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1)),
        ((1, 0, 0), (1 / 2, 1 / 2, 1 / 2), (1 / 2, -1 / 2, 1 / 2), (0, 0, 1)),
        ((1, 0), (1, 1), (1, -1), (0, -1)),
    ),
    4: Transform(
        (
            (4, 0, -5, 0, 1, 0), (0, -4, -4, 1, 1, 0), (0, 4, -4, -1, 1, 0),
            (0, -2, -1, 2, 1, 0), (0, 2, -1, -2, 1, 0), (0, 4, 0, -5, 0, 1),
        ),
        (
            (1 / 4, 0, 0), (-1 / 6, -1 / 6, -1 / 6), (-1 / 6, 1 / 6, -1 / 6),
            (1 / 24, 1 / 12, 1 / 6), (1 / 24, -1 / 12, 1 / 6), (0, 0, 1),
        ),
        ((1, 0, 0, 0), (1, 1, 1, 1), (1, -1, 1, -1), (1, 2, 4, 8), (1, -2, 4, -8), (0, 0, 0, 1)),
    ),
}  # fmt: skip
ONE: Matrix = ((1.0,),)
ALL = 1  # the point at which the row of A is ones: a tile's sum


def transform(size: int, taps: int) -> Transform:
    """For tiles of size × size results of windows of taps × taps."""
    if size > 1:
        return WINOGRAD[size]
    same = tuple(tuple(float(a == b) for b in range(taps)) for a in range(taps))
    return Transform(same, same, ((1.0,),) * taps)


def turned(matrix: Matrix) -> Matrix:
    return tuple(zip(*matrix, strict=True))


class Squares(NamedTuple):
    """Squares of an image (samples, channels, height, width): how it lies in a buffer, and how they lie in it."""

    root: Ref
    start: int
    strides: Strides
    shape: Shape
    side: int
    pace: int  # from one square to the next
    down: int  # squares of a sample
    across: int
    shift: Shape = (0, 0)  # of the first

    @property
    def tiles(self) -> int:
        return self.shape[0] * self.down * self.across

    @property
    def padded(self) -> int:
        """Tiles, and zeros to whole vectors."""
        return -(-self.tiles // LANES) * LANES


def gathered(
    fusion: Fusion, ref: Ref, epilogue: list[Ref], problem: Problem, roots: tuple[Ref, Ref], size: int
) -> list[Kernel]:
    """A convolution, or the gradient of its input at a stride of 1; `roots` are the buffers of source and weight."""
    y, x = problem.dims
    matrices = transform(size, y.taps)
    points = len(matrices.of_source)
    inner, outputs = problem.inner, problem.outputs
    source = Squares(
        roots[0], problem.x_start, (problem.x_batch, problem.x_channel, y.x_step, x.x_step),
        (problem.batch, inner, y.source, x.source),
        len(matrices.of_source[0]), size * y.pace, -(-y.size // size), -(-x.size // size), (y.shift, x.shift),
    )  # fmt: skip
    # Neighbours read on in the weights, if they can. (With m = 1 all places are in one sum, and lie behind each other.)
    turned_weight = size > 1 and problem.w_inner < problem.w_output
    weight = _weights(problem, roots[1], turned_weight)
    u, v = ("weights", ref), ("source", ref)
    rows, columns = weight.padded, source.padded
    a = Operand(u, 0, rows, 1, (outputs * rows,)) if turned_weight else Operand(u, 0, 1, rows, (inner * rows,))
    b = Operand(v, 0, 1, columns, (inner * columns,))
    factors = Factors(outputs, inner, columns, (points**2,), a, b)
    out = turned(matrices.of_results)
    if size == 1:
        factors = Factors(outputs, points**2 * inner, columns, (), a._replace(walk=()), b._replace(walk=()))
        out = ONE
    return [
        into(fusion, ref, matrices.of_weight, weight, u),
        into(fusion, ref, matrices.of_source, source, v),
        *multiplied(fusion, ref, factors),
        _out(fusion, ref, epilogue, out, source, (outputs, y.size, x.size)),
    ]


def _weights(problem: Problem, root: Ref, inner_last: bool) -> Squares:
    """The weights as an image of one square for each inner and outer channel, the former or the latter as its samples."""
    y, x = problem.dims
    channels, steps = (problem.inner, problem.outputs), (problem.w_inner, problem.w_output)
    if not inner_last:
        channels, steps = channels[::-1], steps[::-1]
    shape = (*channels, y.taps, x.taps)
    return Squares(root, problem.w_start, (*steps, y.w_step, x.w_step), shape, y.taps, y.taps, 1, 1)


def weight_gradient(
    fusion: Fusion,
    ref: Ref,
    epilogue: list[Ref],
    bias: Ref | None,
    grad: Squares,
    source: Squares,
    size: int,
) -> list[Kernel]:
    """The gradient of a weight (O, C, taps, taps), and of the bias; tiles of the result's gradient and what they meet."""
    taps = fusion.graph.shape(ref)[-1]
    matrices = transform(size, taps)
    points = len(matrices.of_source)
    outputs, inner, tiles = grad.shape[1], source.shape[1], grad.padded
    weight = Squares(ref, 0, (), (inner, outputs, taps, taps), taps, taps, 1, 1)
    u, v = ("gradients", ref), ("source", ref)
    # (With m = 1 the gradient is the same at all places: it is there once.)
    of_results = matrices.of_results if size > 1 else ONE
    a = Operand(u, 0, tiles, 1, (outputs * tiles if size > 1 else 0,))
    b = Operand(v, 0, tiles, 1, (inner * tiles,))
    rest = [root for root in epilogue if root != bias]
    kernels = [
        into(fusion, ref, of_results, grad, u),
        into(fusion, ref, matrices.of_source, source, v),
        *multiplied(fusion, ref, Factors(outputs, tiles, weight.padded, (points**2,), a, b)),
        _out(fusion, ref, rest, turned(matrices.of_weight), weight, (outputs, taps, taps), channels_first=True),
    ]
    if bias is not None:
        place = (ALL * points + ALL) * outputs if size > 1 else 0
        kernels.insert(1, _sums(fusion, bias, u, place, outputs, tiles // LANES))
    return kernels


def input_gradient(
    fusion: Fusion, ref: Ref, epilogue: list[Ref], problem: Problem, roots: tuple[Ref, Ref]
) -> list[Kernel]:
    """The gradient of a convolution's input at any stride: what every place of a window adds to it, and their sum."""
    y, x = problem.dims
    grad = Squares(
        roots[0], problem.x_start, (problem.x_batch, problem.x_channel, y.x_step, x.x_step),
        (problem.batch, problem.inner, y.source, x.source), 1, 1, y.source, x.source,
    )  # fmt: skip
    weight = _weights(problem, roots[1], inner_last=True)
    u, v = ("weights", ref), ("source", ref)
    a, b = Operand(u, 0, weight.padded, 1), Operand(v, 0, 1, grad.padded)
    factors = Factors(y.taps * x.taps * problem.outputs, problem.inner, grad.padded, (), a, b)
    return [
        into(fusion, ref, transform(1, y.taps).of_weight, weight, u),
        into(fusion, ref, ONE, grad, v),
        *multiplied(fusion, ref, factors),
        fold.build(fusion, ref, epilogue, problem, PRODUCTS, grad.padded),
    ]


def multiplied(fusion: Fusion, ref: Ref, factors: Factors) -> list[Kernel]:
    return product(KernelBuilder(fusion, "matmul"), ref, [], factors, (PRODUCTS, ref))


def into(fusion: Fusion, ref: Ref, matrix: Matrix, squares: Squares, target: Key) -> Kernel:
    """The squares in the space: (place, channel, tile)."""
    kernel = KernelBuilder(fusion, "winograd")
    kernel.reads.add(squares.root)
    quads = squares.padded // LANES
    count = squares.shape[1] * quads
    for number in (
        count, quads, squares.tiles, squares.across, squares.down, *squares.shape[2:], *squares.shift,
        squares.start, *squares.strides,
    ):  # fmt: skip
        kernel.word(number)
    at = kernel.bind(target, "vec4<f32>", writable=True)
    kernel.stores.append(target)
    kernel.scratch[target] = 16 * len(matrix) ** 2 * count
    kernel.ops.append("into")
    return kernel.finish(cover(count, WORKGROUP), ("into", matrix, squares.pace, at, kernel.bind(squares.root, "f32")))


def _out(
    fusion: Fusion,
    ref: Ref,
    epilogue: list[Ref],
    matrix: Matrix,
    squares: Squares,
    shape: tuple[int, int, int],
    channels_first: bool = False,
) -> Kernel:
    """The array `ref` (samples, *shape): of its samples' tiles, as those of `squares` are. With `channels_first` that comes
    before the samples.
    """
    kernel = KernelBuilder(fusion, "winograd", epilogue)
    channels, *size = shape
    quads = squares.padded // LANES
    second = squares.shape[0] if channels_first else channels
    for number in (channels * quads, quads, squares.tiles, squares.across, squares.down, *size, second):
        kernel.word(number)
    # Rows of the result are whole tiles then, and so are vectors.
    lanes = LANES if LANES % len(matrix) == 0 else 1
    add_epilogue(kernel, ref, epilogue, located=fusion.graph.shape(ref), lanes=lanes)
    kernel.ops.insert(0, fusion.graph.arrays[ref].op.name)
    static = ("out", matrix, channels_first, kernel.bind((PRODUCTS, ref), "vec4<f32>"))
    return kernel.finish(cover(channels * quads, WORKGROUP), static)


def _sums(fusion: Fusion, bias: Ref, source: Key, place: int, outputs: int, quads: int) -> Kernel:
    """The gradient of a bias: of each channel, all tiles' sums at a place of the space."""
    kernel = KernelBuilder(fusion, "winograd", [bias])
    for number in (outputs, quads, place * quads):
        kernel.word(number)
    add_epilogue(kernel, bias, [bias])
    kernel.ops.insert(0, fusion.graph.arrays[bias].op.name)
    return kernel.finish(cover(outputs, WORKGROUP), ("sums", kernel.bind(source, "vec4<f32>")))


# --- the kernels ------------------------------------------------------------------------------------------------------


def render(ir: KernelIR) -> str:
    lines = {"into": _into_lines, "out": _out_lines, "sums": _sums_lines}[ir.static[0]](ir)
    head = "".join(define(ir, function) + "\n" for function in ir.functions)
    text = "".join(f"  {line}\n" for line in lines)
    return module(ir, f"{head}{ENTRY}{flat_index(COUNT)}{text}}}")


def _tiles() -> list[str]:
    """Where the tiles of all lanes are: `n0 ty0 tx0 ...`; those of a channel `c` from number `t0` on."""
    lines = [
        f"let c = i / {word(QUADS)};",
        f"let t0 = i % {word(QUADS)} * {LANES}u;",
        f"let tx0 = t0 % {word(ACROSS)};",
        f"let line0 = t0 / {word(ACROSS)};",
        f"let ty0 = line0 % {word(DOWN)};",
        f"let n0 = line0 / {word(DOWN)};",
    ]
    for lane in range(1, LANES):  # a division costs as much as ten of these
        last = lane - 1
        lines += [
            f"let t{lane} = t0 + {lane}u;",
            f"let end_x{lane} = tx{last} + 1u == {word(ACROSS)};",
            f"let end_y{lane} = end_x{lane} && ty{last} + 1u == {word(DOWN)};",
            f"let tx{lane} = select(tx{last} + 1u, 0u, end_x{lane});",
            f"let ty{lane} = select(ty{last} + u32(end_x{lane}), 0u, end_y{lane});",
            f"let n{lane} = n{last} + u32(end_y{lane});",
        ]
    return lines


def _into_lines(ir: KernelIR) -> list[str]:
    _, matrix, pace, target, source = ir.static
    points, side = len(matrix), len(matrix[0])
    lines = _tiles()
    for lane in range(LANES):
        lines += [
            f"let y{lane} = ty{lane} * {pace}u + {word(SHIFT_Y)};",
            f"let x{lane} = tx{lane} * {pace}u + {word(SHIFT_X)};",
            f"let at{lane} = {word(START)} + n{lane} * {word(SAMPLE)} + c * {word(CHANNEL)};",
        ]
        for b in range(side):
            lines += [
                f"let in{lane}_{b} = x{lane} + {b}u < {word(WIDTH)};",
                f"let column{lane}_{b} = (x{lane} + {b}u) * {word(COLUMN)};",
            ]
    for a in range(side):
        for lane in range(LANES):
            lines += [
                f"let row{lane}_{a} = at{lane} + (y{lane} + {a}u) * {word(ROW)};",
                f"let good{lane}_{a} = t{lane} < {word(TILES)} && y{lane} + {a}u < {word(HEIGHT)};",
            ]
        for b in range(side):
            loads = [
                f"select(0.0, {buffer(ir, source)}[row{lane}_{a} + column{lane}_{b}], good{lane}_{a} && in{lane}_{b})"
                for lane in range(LANES)
            ]
            lines.append(f"let d{a}_{b} = vec4<f32>({', '.join(loads)});")
    lines += _sandwiched(matrix, "d", "e")
    lines += [
        f"{buffer(ir, target)}[{a * points + b}u * {word(COUNT)} + i] = e{a}_{b};"
        for a in range(points)
        for b in range(points)
    ]
    return lines


def _out_lines(ir: KernelIR) -> list[str]:
    _, matrix, channels_first, source = ir.static
    side, points = len(matrix), len(matrix[0])
    lines = _tiles()
    lines += [
        f"let d{a}_{b} = {buffer(ir, source)}[{a * points + b}u * {word(COUNT)} + i];"
        for a in range(points)
        for b in range(points)
    ]
    lines += _sandwiched(matrix, "d", "e")
    (finish,) = ir.functions
    if finish.lanes == LANES:
        return [*lines, *_finish_vectors(side, channels_first, len(finish.code) <= SHORT_EPILOGUE)]
    return [*lines, *_finish_each(side, channels_first)]


def _finish_vectors(side: int, channels_first: bool, short: bool) -> list[str]:
    """Four neighbours at a time: the results of one tile, of two or of four. Written out, or in a loop."""
    per = LANES // side
    firsts = range(0, LANES, per)

    def put(t: str, n: str, y: str, x: str, values: str) -> str:
        first, second = _leading(f"n{n}", channels_first)
        place = f"(({first} * {word(SECOND)} + {second}) * {word(HEIGHT)} + {y}) * {word(WIDTH)} + {x}"
        there = f"{t} < {word(TILES)} && {y} < {word(HEIGHT)}"
        return f"if ({there}) {{ finish({place}, {first}, {second}, {y}, {x}, {values}); }}"

    rows = [
        [
            f"vec4<f32>({', '.join(f'e{a}_{b}[{lane + k}]' for k in range(per) for b in range(side))})"
            for a in range(side)
        ]
        for lane in firsts
    ]
    if short:
        return [
            put(f"t{lane}", f"{lane}", f"(ty{lane} * {side}u + {a}u)", f"tx{lane} * {side}u", rows[lane // per][a])
            for lane in firsts
            for a in range(side)
        ]
    return [
        *_arrays(side),
        f"var rows = array<vec4<f32>, {side * side}>({', '.join(value for row in rows for value in row)});",
        f"for (var k = 0u; k < {side * side}u; k = k + 1u) {{",
        f"  let lane = k / {side}u * {per}u;",
        f"  let y = ys[lane] + k % {side}u;",
        f"  {put('t0 + lane', 's[lane]', 'y', 'xs[lane]', 'rows[k]')}",
        "}",
    ]


def _leading(sample: str, channels_first: bool) -> tuple[str, str]:
    """The first two coordinates of a result."""
    return ("c", sample) if channels_first else (sample, "c")


def _arrays(side: int) -> list[str]:
    """Where the lanes' tiles are, to be looked up."""
    return [
        f"var {name} = {factor} * vec4<u32>({', '.join(f'{of}{lane}' for lane in range(LANES))});"
        for name, factor, of in (("ns", "1u", "n"), ("ys", f"{side}u", "ty"), ("xs", f"{side}u", "tx"))
    ]


def _finish_each(side: int, channels_first: bool) -> list[str]:
    """One by one, in a loop: the epilogue's code is there once."""
    first, second = _leading("ns[lane]", channels_first)
    squares = ", ".join(f"e{a}_{b}" for a in range(side) for b in range(side))
    return [
        f"var results = array<vec4<f32>, {side * side}>({squares});",
        *_arrays(side),
        f"for (var lane = 0u; lane < min({LANES}u, {word(TILES)} - t0); lane = lane + 1u) {{",
        f"  for (var a = 0u; a < min({side}u, {word(HEIGHT)} - ys[lane]); a = a + 1u) {{",
        "    let y = ys[lane] + a;",
        f"    let line = (({first} * {word(SECOND)} + {second}) * {word(HEIGHT)} + y) * {word(WIDTH)} + xs[lane];",
        f"    for (var b = 0u; b < min({side}u, {word(WIDTH)} - xs[lane]); b = b + 1u) {{",
        f"      finish(line + b, {first}, {second}, y, xs[lane] + b, results[a * {side}u + b][lane]);",
        "    }",
        "  }",
        "}",
    ]


def _sums_lines(ir: KernelIR) -> list[str]:
    row = f"{buffer(ir, ir.static[1])}[{word(2)} + i * {word(1)} + k]"
    return [
        "var sum = vec4<f32>();",
        f"for (var k = 0u; k < {word(1)}; k = k + 1u) {{ sum = sum + {row}; }}",
        "finish(i, sum.x + sum.y + sum.z + sum.w);",
    ]


def _sandwiched(matrix: Matrix, given: str, made: str) -> list[str]:
    """`M x M'` of the square x in variables `given`."""
    rows, columns = range(len(matrix)), range(len(matrix[0]))
    lines = [
        f"let h{a}_{b} = {_combined(matrix[b], [f'{given}{a}_{k}' for k in columns])};" for a in columns for b in rows
    ]
    return lines + [
        f"let {made}{a}_{b} = {_combined(matrix[a], [f'h{k}_{b}' for k in columns])};" for a in rows for b in rows
    ]


def _combined(factors: tuple[float, ...], names: list[str]) -> str:
    text = ""
    for factor, name in zip(factors, names, strict=True):
        if factor:
            sign = "-" if factor < 0 else "+" if text else ""
            text += f" {sign} {name}" if abs(factor) == 1 else f" {sign} {float(abs(factor))!r} * {name}"
    return text.strip()
