"""Matrix products, batched and broadcast, with operands at any strides and elementwise consumers behind them.

The layouts are in `matmul_register.py`, `matmul_subgroup.py` and `matmul_workgroup.py`. A product of few results over a
long inner dimension is split along that into parts, so that there is work for all of a device; a second kernel adds them
up.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from flambeau.dtype import float32

from ..codegen.ir import KernelIR
from ..codegen.lower import Kernel, KernelBuilder, Key, add_epilogue
from ..codegen.ops import register, storage, wrapped
from ..codegen.wgsl import ENTRY, WORKGROUP, buffer, define, flat_index, module, word
from ..device.interface import SUBGROUPS
from ..lazy import HOST, MATMUL, VIEW, LazyArray
from ..regions import Strides, broadcast_strides, merge_dims
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from . import matmul_register, matmul_subgroup, matmul_workgroup
from .grid import cover, fold
from .matmul_layout import SIDE_BY_SIDE, Product, Variant, accumulated

if TYPE_CHECKING:
    from ..engine import Engine

LARGE_FROM = 1 << 18  # multiplications from which the larger register tile is worth compiling
WIDE_FROM = 1 << 22  # ...and one that needs fewer loads, which takes half a second...
HUGE_FROM = 1 << 27  # ...and those that need fewest, which take three times as long, and save a fifth of each run
GROUP_FROM = 48  # rows and columns from which a workgroup tile is worth it on a GPU
LONG = 2048  # inner dimension from which splitting it is worth a second kernel
WASTED = 0.6  # what of the multiplications must be of use where registers are shared
BUSY = {"cpu": 128, "gpu": 4096}  # invocations that keep a device busy


class ProductShape(NamedTuple):
    """What the best layout depends on."""

    rows: int
    inner: int
    columns: int
    batches: int
    a_mode: str
    b_mode: str

    @property
    def key(self) -> str:
        """The class of products that are measured as one."""
        sizes = " ".join(str(1 << (size - 1).bit_length()) for size in self[:4])
        return f"matmul {sizes} {self.a_mode} {self.b_mode}"

    def work(self, engine: Engine) -> Callable[[], LazyArray]:
        """A product of this class, to be measured. (Of more batches than one the class has one.)"""
        rows, inner, columns = (min(1 << (size - 1).bit_length(), MEASURED) for size in self[:3])
        a = LazyArray(HOST, (), bytes(4 * rows * inner), (), (rows, inner), float32)
        b = LazyArray(HOST, (), bytes(4 * inner * columns), (), (inner, columns), float32)

        def product() -> LazyArray:
            x, y = a, b
            if self.a_mode == "across":
                x = engine.append(VIEW, (a,), ((1, rows), 0), (rows, inner), float32)
            if self.b_mode == "along":
                y = engine.append(VIEW, (b,), ((1, inner), 0), (inner, columns), float32)
            return engine.append(MATMUL, (x, y), None, (rows, columns), float32)

        return product


class Operand(NamedTuple):
    """Where a factor of a product lies."""

    key: Key
    offset: int
    outer: int  # steps from a row of the left one to the next, from a column of the right one to the next
    inner: int
    walk: Strides = ()  # steps of the batch dimensions


class Factors(NamedTuple):
    """What is multiplied: rows × inner by inner × columns, for each of a batch of some sizes."""

    rows: int
    inner: int
    columns: int
    sizes: tuple[int, ...]
    a: Operand
    b: Operand


MEASURED = 1024  # the largest size that is measured


SHARED = (Variant("subgroup", 8, 8), Variant("subgroup down", 8, 8))
SHARED_WIDELY = (Variant("subgroup", 16, 8), Variant("subgroup down", 8, 16))


def candidates(shape: ProductShape, subgroups: bool = True) -> list[Variant]:
    """The layouts that come into question, on a device with subgroups or without."""
    found = [
        Variant("register", 4, 4),
        Variant("register", 8, 4),
        Variant("register", 8, 8),
        Variant("register", 8, 16),
        Variant("register", 16, 16),
    ]
    if subgroups:
        found += [*SHARED, *SHARED_WIDELY]
    if min(shape.rows, shape.columns) >= GROUP_FROM:
        found += [Variant("workgroup", 64, 64), Variant("workgroup", 128, 64), Variant("workgroup", 128, 128)]
    return found


def default(shape: ProductShape, device_kind: str, subgroups: bool = False) -> Variant:
    """The layout where nothing was measured."""
    rows, inner, columns, batches, *_ = shape
    if device_kind == "gpu" and min(rows, columns) >= GROUP_FROM:
        return Variant("workgroup", 64, 64)
    macs = rows * columns * inner * batches
    large = min(rows, columns, inner) > 4 and macs >= LARGE_FROM and device_kind == "cpu"
    sizes = [("register", 4, 4)]
    if large:
        sizes = [("register", 8, 8), ("register", 8, 4), *sizes]
    if large and macs >= WIDE_FROM:
        sizes = [("register", 8, 16), *sizes]
        if macs >= HUGE_FROM:
            sizes = [("register", 16, 16), *sizes]
        if subgroups:
            turns = SHARED if macs < HUGE_FROM else SHARED_WIDELY
            least = min(turns, key=lambda turn: _computed(shape, turn))
            if WASTED * _computed(shape, least) <= macs:
                sizes = [least[:3], *sizes]
    for size in sizes:
        variant = Variant(*size)
        tiles = _tiles(shape, variant) * (1 if variant.layout == "register" else SIDE_BY_SIDE)
        if tiles >= BUSY[device_kind]:  # else smaller ones leave less of the device idle
            break
    parts = min(BUSY[device_kind] // tiles, inner // (LONG // 4)) if inner >= LONG else 1
    return variant._replace(parts=max(1, parts))


def _tiles(shape: ProductShape, variant: Variant) -> int:
    tall, wide = variant.tile
    return -(-shape.rows // tall) * -(-shape.columns // wide) * shape.batches


def _computed(shape: ProductShape, variant: Variant) -> int:
    """Multiplications of whole tiles."""
    return _tiles(shape, variant) * prod(variant.tile) * shape.inner


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

    return product(
        kernel,
        ref,
        epilogue,
        Factors(
            rows, inner, columns, sizes,
            Operand(a_root, a_offset, a_row, a_strides[-1], a_walk),
            Operand(b_root, b_offset, b_strides[-1], b_strides[-2], b_walk),
        ),
    )  # fmt: skip


def product(
    kernel: KernelBuilder, ref: Ref, epilogue: list[Ref], factors: Factors, target: Key | None = None
) -> list[Kernel]:
    """A product of the dtype of `ref`, whose elements it makes in C order; or with a `target`, those of that scratch."""
    fusion, graph = kernel.fusion, kernel.graph
    rows, inner, columns, sizes, a, b = factors
    batches = prod(sizes)
    dtype = graph.arrays[ref].dtype.name
    shape = ProductShape(rows, inner, columns, batches, _mode(a, dtype), _mode(b, dtype))
    subgroups = SUBGROUPS in fusion.tuner.device.info.features
    unmeasured = default(shape, fusion.device_kind, subgroups)
    variant = fusion.tuner.choose(shape.key, candidates(shape, subgroups), unmeasured, shape.work)
    if target is not None:
        variant = variant._replace(parts=1)
    tall, wide = variant.tile
    tiles = -(-rows // tall) * -(-columns // wide) * batches * variant.parts
    in_parts = variant.parts > 1
    if in_parts:
        kernel.own = set()
    for number in (
        tiles, rows, inner, columns, a.offset, a.outer, a.inner, b.offset, b.inner, b.outer,
        (-(-inner // variant.parts) + 3) & ~3,
    ):  # fmt: skip
        kernel.word(number)
    for size, a_step, b_step in zip(sizes, a.walk, b.walk, strict=True):
        kernel.word(size)
        kernel.word(a_step)
        kernel.word(b_step)
    kernel.word(batches)
    scratch = ("partial", ref) if in_parts else target
    partial = -1
    if scratch is not None:
        kernel.scratch[scratch] = 4 * rows * columns * batches * variant.parts
        kernel.stores.append(scratch)
        partial = kernel.bind(scratch, accumulated(dtype), writable=True)
        if dtype == "float32" and columns % 4 == 0:
            kernel.bindings[partial].storage = "vec4<f32>"
    else:
        quads = dtype == "float32" and columns % 4 == 0
        add_epilogue(kernel, ref, epilogue, lanes=4 if quads else 1)
    kernel.ops.insert(0, "matmul")
    # An operand that lies in what the kernel also writes has that binding; else one of its own, whatever an epilogue
    # reads beside it from the same buffer.
    written = {bound.key for bound in kernel.bindings if bound.writable}
    bindings = []
    for operand, mode in ((a, shape.a_mode), (b, shape.b_mode)):
        at = kernel.bind(operand.key, storage(dtype), again=operand.key not in written)
        if mode != "scalar":
            kernel.bindings[at].storage = "vec4<f32>"
        bindings.append(at)
    static = Product(
        variant, inner % 4 != 0, shape.a_mode, shape.b_mode, len(sizes), dtype, bindings[0], bindings[1], partial
    )
    first = kernel.finish(cover(tiles, WORKGROUP) if variant.layout == "register" else fold(tiles), (static,))
    return [first, _sum_of_parts(fusion, ref, epilogue, variant.parts)] if in_parts else [first]


def _sum_of_parts(fusion: Fusion, ref: Ref, epilogue: list[Ref], parts: int) -> Kernel:
    kernel = KernelBuilder(fusion, "matmul_parts", epilogue)
    dtype = fusion.graph.arrays[ref].dtype.name
    numel = fusion.graph.numel[ref]
    kernel.word(numel)
    kernel.word(parts)
    at = kernel.bind(("partial", ref), accumulated(dtype))
    kernel.ops.append("sum")
    add_epilogue(kernel, ref, epilogue)
    return kernel.finish(cover(numel, WORKGROUP), (at, dtype))


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


def _mode(operand: Operand, dtype: str) -> str:
    """How an operand can be loaded: four along the inner dimension, four across it, or one by one."""
    if dtype != "float32" or operand.offset % 4 or any(step % 4 for step in operand.walk):
        return "scalar"
    if operand.inner == 1 and operand.outer % 4 == 0:
        return "along"
    if operand.outer == 1 and operand.inner % 4 == 0:
        return "across"
    return "scalar"


RENDER = {
    "register": matmul_register.render,
    "subgroup": matmul_subgroup.render,
    "subgroup down": matmul_subgroup.render,
    "workgroup": matmul_workgroup.render,
}


def render(ir: KernelIR) -> str:
    (product,) = ir.static
    layout = RENDER[product.variant.layout]
    epilogue = "".join(define(ir, function) + "\n" for function in ir.functions)
    return module(ir, f"{epilogue}{layout(ir, product)}")


def render_parts(ir: KernelIR) -> str:
    at, dtype = ir.static
    return module(
        ir,
        f"""{define(ir, ir.functions[0])}
{ENTRY}{flat_index(0)}  var acc = {buffer(ir, at)}[i];
  for (var part = 1u; part < {word(1)}; part = part + 1u) {{ acc = acc + {buffer(ir, at)}[part * {word(0)} + i]; }}
  let value: {register(dtype)} = {wrapped("matmul", dtype, "acc")};
  finish(i, value);
}}""",
    )
