"""Matrix products, batched and broadcast, with operands at any strides and elementwise consumers behind them.

The layouts are in `matmul_register.py` and `matmul_workgroup.py`. A product of few results over a long inner dimension is
split along that into parts, so that there is work for all of a device; a second kernel adds them up.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from flambeau.dtype import float32

from ..codegen.ir import KernelIR
from ..codegen.lower import Kernel, KernelBuilder, add_epilogue
from ..codegen.ops import register, storage, wrapped
from ..codegen.wgsl import ENTRY, WORKGROUP, buffer, define, flat_index, module, word
from ..lazy import HOST, MATMUL, VIEW, LazyArray
from ..regions import Strides, broadcast_strides, merge_dims
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from . import matmul_register, matmul_workgroup
from .grid import cover, fold
from .matmul_layout import Product, Variant

if TYPE_CHECKING:
    from ..engine import Engine

LARGE_FROM = 1 << 18  # multiplications from which the larger register tile is worth compiling
WIDE_FROM = 1 << 22  # ...and a wide one, whose rows of the right operand are loaded whole
GROUP_FROM = 48  # rows and columns from which a workgroup tile is worth it on a GPU
LONG = 2048  # inner dimension from which splitting it is worth a second kernel
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


MEASURED = 1024  # the largest size that is measured


def candidates(shape: ProductShape) -> list[Variant]:
    """The layouts that come into question."""
    found = [
        Variant("register", 4, 4),
        Variant("register", 8, 4),
        Variant("register", 8, 8),
        Variant("register", 8, 16),
    ]
    if min(shape.rows, shape.columns) >= GROUP_FROM:
        found += [Variant("workgroup", 64, 64), Variant("workgroup", 128, 64), Variant("workgroup", 128, 128)]
    return found


def default(shape: ProductShape, device_kind: str) -> Variant:
    """The layout where nothing was measured."""
    rows, inner, columns, batches, *_ = shape
    if device_kind == "gpu" and min(rows, columns) >= GROUP_FROM:
        return Variant("workgroup", 64, 64)
    macs = rows * columns * inner * batches
    large = min(rows, columns, inner) > 4 and macs >= LARGE_FROM and device_kind == "cpu"
    sizes = [(8, 16)] if large and macs >= WIDE_FROM and shape.b_mode == "across" else []
    for tall, wide in [*sizes, *([(8, 8), (8, 4)] if large else []), (4, 4)]:
        tiles = -(-rows // tall) * -(-columns // wide) * batches
        if tiles >= BUSY[device_kind]:  # else smaller ones leave less of the device idle
            break
    parts = min(BUSY[device_kind] // tiles, inner // (LONG // 4)) if inner >= LONG else 1
    return Variant("register", tall, wide, max(1, parts))


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

    dtype = graph.arrays[ref].dtype.name
    a_mode = _mode(a_strides[-1], a_row, a_offset, a_walk) if dtype == "float32" else "scalar"
    b_mode = _mode(b_strides[-2], b_strides[-1], b_offset, b_walk) if dtype == "float32" else "scalar"
    shape = ProductShape(rows, inner, columns, batches, a_mode, b_mode)
    variant = fusion.tuner.choose(shape.key, candidates(shape), default(shape, fusion.device_kind), shape.work)
    tiles = -(-rows // variant.rows) * -(-columns // variant.columns) * batches * variant.parts
    in_parts = variant.parts > 1
    if in_parts:
        kernel.own = set()
    for number in (
        tiles, rows, inner, columns, a_offset, a_row, a_strides[-1], b_offset, b_strides[-2], b_strides[-1],
        (-(-inner // variant.parts) + 3) & ~3,
    ):  # fmt: skip
        kernel.word(number)
    for size, a_step, b_step in zip(sizes, a_walk, b_walk, strict=True):
        kernel.word(size)
        kernel.word(a_step)
        kernel.word(b_step)
    kernel.word(batches)
    partial = -1
    if in_parts:
        key = ("partial", ref)
        element = "f32" if dtype in ("float32", "float16") else "i32"
        kernel.scratch[key] = 4 * rows * columns * batches * variant.parts
        kernel.stores.append(key)
        partial = kernel.bind(key, element, writable=True)
    else:
        quads = dtype == "float32" and columns % 4 == 0
        add_epilogue(kernel, ref, epilogue, lanes=4 if quads else 1)
    kernel.ops.insert(0, "matmul")
    # An operand that lies in what the kernel also writes has that binding; else one of its own, whatever an epilogue
    # reads beside it from the same buffer.
    written = {b.key for b in kernel.bindings if b.writable}
    bindings = []
    for root, mode in ((a_root, a_mode), (b_root, b_mode)):
        at = kernel.bind(root, storage(dtype), again=root not in written)
        if mode != "scalar":
            kernel.bindings[at].storage = "vec4<f32>"
        bindings.append(at)
    static = Product(variant, inner % 4 != 0, a_mode, b_mode, len(sizes), dtype, bindings[0], bindings[1], partial)
    first = kernel.finish(fold(tiles) if variant.layout == "workgroup" else cover(tiles, WORKGROUP), (static,))
    return [first, _sum_of_parts(fusion, ref, epilogue, variant.parts)] if in_parts else [first]


def _sum_of_parts(fusion: Fusion, ref: Ref, epilogue: list[Ref], parts: int) -> Kernel:
    kernel = KernelBuilder(fusion, "matmul_parts", epilogue)
    dtype = fusion.graph.arrays[ref].dtype.name
    numel = fusion.graph.numel[ref]
    kernel.word(numel)
    kernel.word(parts)
    at = kernel.bind(("partial", ref), "f32" if dtype in ("float32", "float16") else "i32")
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
    (product,) = ir.static
    layout = matmul_register if product.variant.layout == "register" else matmul_workgroup
    epilogue = "".join(define(ir, function) + "\n" for function in ir.functions)
    return module(ir, f"{epilogue}{layout.render(ir, product)}")


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
