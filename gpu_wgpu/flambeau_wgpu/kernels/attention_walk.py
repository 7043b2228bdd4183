"""What the kernels of attention have in common: an invocation owns a few rows of one side and walks the rows of the other.

Forward, and for the gradient of queries, a row of its own is a query, which meets keys and values; for the gradients of
keys and values it is one of those, and meets queries. Its own rows and its sums stay in registers. It meets one to four
rows at a time, multiplies, makes weights of the products, and adds the rows up by them: a weight never leaves its register.

*Register*: each invocation loads the rows that it meets; neighbours meet the same. *Subgroup*: neighbours load a part of
each such row and tell each other: the best layout on software adapters, to which a load is as much as dozens of
multiplications, and workgroup memory no more than memory (see `matmul_subgroup.py`). *Workgroup*: 64 invocations stage some
rows together. How a walk is written down is in `attention_text.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from flambeau.dtype import float32

from ..codegen.lower import Kernel, KernelBuilder
from ..codegen.ops import storage
from ..codegen.wgsl import WORKGROUP
from ..device.interface import SUBGROUPS
from ..large.blocks import WALK
from ..lazy import ATTENTION, HOST, LazyArray, Op
from ..regions import Shape, Strides, broadcast_strides, contiguous_strides, merge_dims
from ..schedule.graph import Ref
from .grid import cover, fold
from .matmul import strided_operand
from .matmul_layout import SIDE_BY_SIDE

if TYPE_CHECKING:
    from ..engine import Engine

STAGED_BYTES = 1 << 14  # of workgroup memory, on every WebGPU device
MOST_STAGED = 32  # rows
BUSY = {"cpu": 128, "gpu": 4096}  # invocations that keep a device busy
HELD = {"cpu": 512, "gpu": 128}  # floats of an invocation's own rows and sums; see `default`
LARGE_FROM = 1 << 26  # multiplications from which twice as many are worth compiling on a software adapter
WORTH_STAGING = 32  # own rows from which a workgroup has enough to do
MEASURED = 1024  # the most rows of either side that are measured

SCORED = ("bias", "noise")  # operands with an element for each weight
OF_QUERIES = ("sums", "along")  # operands with an element for each query

# Parameter words: workgroups or invocations, those of one batch, rows of either side, the scale, the batch dimensions;
# then for each operand and result these four and more.
COUNT, TILES, OWN, MET, SCALE, SIZES = range(6)
OFFSET, ROW, COLUMN, BATCH = range(4)


class Variant(NamedTuple):
    """How a walk is laid out over invocations, how many rows each owns, and how many it meets at a time."""

    layout: str
    rows: int
    met: int

    def __str__(self) -> str:
        return f"{self.layout} {self.rows}x{self.met}"

    @property
    def together(self) -> int:
        """Invocations that meet the same rows at the same time: a workgroup, unless each is for itself."""
        return {"register": 1, "subgroup": SIDE_BY_SIDE, "workgroup": WORKGROUP}[self.layout]


class Side(NamedTuple):
    """Which operands are rows of its own, and which are met: the first of both meet for the scores."""

    own: tuple[str, ...]
    met: tuple[str, ...]
    owns_queries: bool
    sums: tuple[str, ...]  # the results, each of a row's sums


class Operand(NamedTuple):
    name: str
    binding: int
    mode: str  # how it loads: a "vector" of four, four "across" own rows, or one by one ("unit", "strided")
    same: bool  # for all own rows


class Walk(NamedTuple):
    """The static part of a walk's structure."""

    variant: Variant
    query_width: int
    value_width: int
    is_causal: bool
    ragged: bool  # whether the rows that are met are no multiple of four
    rank: int  # batch dimensions
    dtype: str
    operands: tuple[Operand, ...]
    results: tuple[str, ...]

    def width(self, name: str) -> int:
        """How many elements a row of an operand, or of the sums for it, has."""
        return self.query_width if name in ("query", "key") else self.value_width


class Problem(NamedTuple):
    """What the best variant depends on."""

    op: Op
    rows: int
    met: int
    batches: int
    query_width: int
    value_width: int
    side: Side

    @property
    def held(self) -> int:
        """Floats of an own row and its sums."""
        names = [*self.side.own, *self.side.sums]
        return sum(self.query_width if name in ("query", "key") else self.value_width for name in names)

    @property
    def staged(self) -> int:
        """How many rows of both operands that are met are staged at a time; none if that is too few."""
        quads = -(-self.query_width // 4) - (-self.value_width // 4)
        return min(MOST_STAGED, STAGED_BYTES // (16 * quads) // 4 * 4)

    @property
    def key(self) -> str:
        """The class of walks that are measured as one."""
        sizes = " ".join(str(1 << (size - 1).bit_length()) for size in self[1:6])
        return f"{self.op.name} {sizes}"


def candidates(problem: Problem, subgroups: bool = True) -> list[Variant]:
    """The variants that come into question, on a device with subgroups or without."""
    found = [Variant("register", rows, met) for rows, met in ((1, 4), (2, 4), (4, 1), (8, 1))]
    if subgroups:
        found += [Variant("subgroup", rows, met) for rows, met in ((2, 1), (2, 2), (4, 1), (4, 2), (4, 4), (8, 1))]
    if problem.staged:
        found += [
            Variant("workgroup", rows, 4) for rows in (1, 2) if rows == 1 or rows * problem.held <= 2 * HELD["gpu"]
        ]
    return [variant for variant in found if problem.met <= variant.met * WALK]


def default(problem: Problem, device_kind: str, subgroups: bool = False) -> Variant:
    """The variant where nothing was measured.

    A row that is met is loaded once for all of an invocation's own, so many are good, as long as they stay in a GPU's
    registers; a software adapter keeps any number near its processor, but takes seconds to compile a thousand. Where
    neighbours share what they load, more than four gain a tenth, and take thrice as long to compile. And there should be
    invocations enough.
    """
    if device_kind == "gpu" and problem.rows >= WORTH_STAGING and problem.staged:
        return Variant("workgroup", 2 if 2 * problem.held <= HELD["gpu"] else 1, 4)
    shared = subgroups and device_kind == "cpu"
    large = device_kind == "cpu" and problem.rows * problem.met * problem.batches * problem.held >= LARGE_FROM
    most = HELD[device_kind] * (2 if large else 1)
    rows = 4 if shared and not large else 8
    while rows > 1 and (
        rows * problem.held > most
        or -(-problem.rows // rows) * problem.batches < BUSY[device_kind]
        or rows >= 2 * problem.rows
    ):
        rows //= 2
    turns = 4 if problem.met > WALK else 1  # no loop may be longer
    if shared and problem.rows > SIDE_BY_SIDE * rows // 2:
        return Variant("subgroup", rows, max(turns, 2 if problem.side.owns_queries and rows <= 4 else 1))
    return Variant("register", rows, turns if rows > 2 else 4)


# --- a kernel's parameters

Steps = tuple[int, int, int, Strides]  # offset; steps from row to row, along a row, along batch dimensions


def build(
    kernel: KernelBuilder,
    ref: Ref,
    side: Side,
    operands: dict[str, Ref],
    results: dict[str, tuple[Shape, tuple[int, ...]]],
    is_causal: bool,
    add_epilogues: Callable[[], None],
) -> Kernel:
    """The kernel of a walk for the array `ref`, whose first scalar is the scale.

    `results` are what it writes: a shape in memory, and which dimension of the result each of that shape is.
    """
    fusion, graph = kernel.fusion, kernel.graph
    shapes = {name: graph.shape(operand) for name, operand in operands.items()}
    batch, (queries, query_width) = shapes["query"][:-2], shapes["query"][-2:]
    keys, value_width = shapes["value"][-2:]
    rows, met = (queries, keys) if side.owns_queries else (keys, queries)
    problem = Problem(graph.arrays[ref].op, rows, met, prod(batch), query_width, value_width, side)
    subgroups = SUBGROUPS in fusion.tuner.device.info.features
    unmeasured = default(problem, fusion.device_kind, subgroups)
    known = candidates(problem, subgroups)
    variant = fusion.tuner.choose(problem.key, known, unmeasured, partial(_measured, problem))

    regions = {name: strided_operand(kernel, operand) for name, operand in operands.items()}
    steps: dict[str, Steps] = {}
    for name, (_, strides, offset) in regions.items():
        target = (*batch, queries, keys) if name in SCORED else (*batch, *shapes[name][-2:])
        stays = broadcast_strides(shapes[name], target)
        lead = len(target) - len(strides)
        whole = [0] * lead + [stride if stay else 0 for stay, stride in zip(stays[lead:], strides, strict=True)]
        row, column = whole[-2:] if side.owns_queries or name not in SCORED else (whole[-1], whole[-2])
        steps[name] = (offset, row, column, tuple(whole[:-2]))
    for name, (shape, order) in results.items():
        laid = contiguous_strides(shape)
        in_order = [laid[order.index(axis)] for axis in range(len(shape))]
        steps[f"of {name}"] = (0, in_order[-2], in_order[-1], tuple(in_order[:-2]))
    sizes, merged = merge_dims(batch, [walk[3] for walk in steps.values()])
    steps = {name: (*walk[:3], outer) for (name, walk), outer in zip(steps.items(), merged, strict=True)}

    tiles = -(-rows // (variant.rows * variant.together))
    for number in (tiles * prod(sizes), tiles, rows, met):
        kernel.word(number)
    kernel.scalar(ref, 0, float32)
    for size in sizes:
        kernel.word(size)
    for offset, row, column, outer in steps.values():
        for number in (offset, row, column, *outer):
            kernel.word(number)
    kernel.ops.append(problem.op.name)
    add_epilogues()

    modes = {
        name: _mode(name, steps[name], problem, variant) if graph.arrays[operand].dtype is float32 else "scalar"
        for name, operand in operands.items()
    }
    # A buffer that is only read is bound as vectors if all operands in it load so; one that is written as well (what lies
    # in the same row of all parameters, say) is as it is.
    written = {b.key for b in kernel.bindings if b.writable}
    scalars = {regions[name][0] for name, mode in modes.items() if mode == "scalar"} | written
    bound: dict[Ref, int] = {}
    found = []
    for number, (name, operand) in enumerate(operands.items()):
        root = regions[name][0]
        mode = modes[name] if root not in scalars else "unit" if steps[name][2] == 1 else "strided"
        if root not in bound:
            bound[root] = kernel.bind(root, storage(graph.arrays[operand].dtype.name), again=root not in written)
        if root not in scalars:
            kernel.bindings[bound[root]].storage = "vec4<f32>"
            first = SIZES + len(sizes) + number * (BATCH + len(sizes))
            for at in range(first, first + BATCH + len(sizes)):
                kernel.words[at] //= 4
        found.append(Operand(name, bound[root], mode, name in SCORED and steps[name][1] == 0))
    dtype = graph.arrays[ref].dtype.name
    walk = Walk(
        variant,
        query_width,
        value_width,
        is_causal,
        met % variant.met != 0,
        len(sizes),
        dtype,
        tuple(found),
        tuple(results),
    )
    count = tiles * prod(sizes)
    groups = fold(count) if variant.together > 1 else cover(count, WORKGROUP)
    return kernel.finish(groups, (variant.layout, side, walk, problem.staged))


def _mode(name: str, steps: Steps, problem: Problem, variant: Variant) -> str:
    """How an operand loads best."""
    offset, row, column, outer = steps
    if offset % 4 or any(step % 4 for step in outer):
        return "scalar"
    if name in SCORED:
        if column == 1 and row % 4 == 0 and problem.met % 4 == 0 and variant.met == 4:
            return "vector"
        across = row == 1 and column % 4 == 0 and problem.rows % 4 == 0 and variant.rows % 4 == 0
        return "across" if across else "scalar"
    if name in OF_QUERIES:
        return (
            "vector"
            if not problem.side.owns_queries and row == 1 and problem.met % 4 == 0 and variant.met == 4
            else "scalar"
        )
    width = problem.query_width if name in ("query", "key") else problem.value_width
    return "vector" if column == 1 and row % 4 == 0 and width % 4 == 0 else "scalar"


def result_lanes(x: LazyArray) -> int:
    """How many elements of a result are handed on at once: whole vectors of a row."""
    return 4 if x.dtype is float32 and x.shape[-1] % 4 == 0 else 1


def _measured(problem: Problem, engine: Engine) -> Callable[[], LazyArray]:
    """A walk of this class, to be measured."""
    side = problem.side
    own, met = (min(1 << (size - 1).bit_length(), MEASURED) for size in (problem.rows, problem.met))
    queries, keys = (own, met) if side.owns_queries else (met, own)
    batches = max(1, min(problem.batches, MEASURED**2 // (own * met)))
    shapes = {
        "g": (batches, queries, problem.value_width),
        "query": (batches, queries, problem.query_width),
        "key": (batches, keys, problem.query_width),
        "value": (batches, keys, problem.value_width),
        "sums": (batches, queries, 1),
        "along": (batches, queries, 1),
    }
    names = operand_names(problem.op)
    arrays = tuple([LazyArray(HOST, (), bytes(4 * prod(shapes[n])), (), shapes[n], float32) for n in names])
    shape = shapes[side.sums[0] if side.sums[0] != "out" else "g"]

    def walk() -> LazyArray:
        node = engine.append(problem.op, arrays, ((0, 1, 2), False, False, False), shape, float32)
        node.scalars = (1.0,)
        return node

    return walk


def operand_names(op: Op, has_bias: bool = False, has_noise: bool = False) -> tuple[str, ...]:
    """What the operands of an op are, in order."""
    names = ("query", "key", "value") if op is ATTENTION else ("g", "query", "key", "value", "sums", "along")
    return (*names, *(("bias",) if has_bias else ()), *(("noise",) if has_noise else ()))
