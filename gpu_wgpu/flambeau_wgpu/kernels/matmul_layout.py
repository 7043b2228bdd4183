"""What the layouts of a matrix product have in common: which there are, parameter words, addresses."""

from __future__ import annotations

from typing import NamedTuple

from ..codegen.ir import KernelIR
from ..codegen.ops import wrapped
from ..codegen.wgsl import buffer, word

# Parameter words. PART: how far along the inner dimension one part of a product split there reaches.
COUNT, ROWS, INNER, COLUMNS, A_OFFSET, A_ROW, A_INNER, B_OFFSET, B_INNER, B_COLUMN, PART, BATCH = range(12)


SIDE_BY_SIDE = 8  # invocations whose registers are shared, where they are


class Variant(NamedTuple):
    """How a product is laid out over invocations.

    *register*: an invocation computes `rows` × `columns` results. *subgroup*: the same, `SIDE_BY_SIDE` of them in the same
    rows, or (*subgroup down*) in the same columns. *workgroup*: 16 × 16 invocations share as many. `parts` split the inner
    dimension; their results are added up in a second kernel.
    """

    layout: str
    rows: int
    columns: int
    parts: int = 1

    @property
    def tile(self) -> tuple[int, int]:
        """The rows and columns of an invocation, or of those whose registers are shared."""
        many = {"subgroup": (1, SIDE_BY_SIDE), "subgroup down": (SIDE_BY_SIDE, 1)}.get(self.layout, (1, 1))
        return self.rows * many[0], self.columns * many[1]

    def __str__(self) -> str:
        return f"{self.layout} {self.rows}x{self.columns}" + (f" in {self.parts}" if self.parts > 1 else "")


class Product(NamedTuple):
    """The static part of a product's structure."""

    variant: Variant
    ragged: bool  # whether the inner dimension is no multiple of 4
    a_mode: str  # how operands are loaded: four "along" the inner dimension, four "across" it, or "scalar"
    b_mode: str
    rank: int  # batch dimensions
    dtype: str
    a: int  # bindings
    b: int
    partial: int  # where the results go, if not to an epilogue; else -1

    @property
    def element(self) -> str:
        """The type that is accumulated."""
        return accumulated(self.dtype)


def accumulated(dtype: str) -> str:
    """The WGSL type in which products of a dtype are added up."""
    return "f32" if dtype in ("float32", "float16") else "i32"


def batch_offsets(rank: int) -> str:
    """`a_at`, `b_at`: where the operands of batch number `batch` start."""
    lines = [f"  var a_at = {word(A_OFFSET)};", f"  var b_at = {word(B_OFFSET)};"]
    if rank:
        lines.append("  var left = batch;")
    for axis in range(rank - 1, -1, -1):
        size, a_step, b_step = (word(BATCH + 3 * axis + k) for k in range(3))
        steps = f"a_at = a_at + c * {a_step}; b_at = b_at + c * {b_step};"
        lines.append(f"  {{ let c = left % {size}; {steps} left = left / {size}; }}")
    return "\n".join(lines)


def element_of(ir: KernelIR, binding: int, at: str, dtype: str) -> str:
    """One element of an operand as the type that is accumulated."""
    if ir.bindings[binding].storage.startswith("vec"):
        return f"{buffer(ir, binding)}[({at}) >> 2u][({at}) & 3u]"
    element = f"{buffer(ir, binding)}[{at}]"
    return f"f32({element})" if dtype == "float16" else element


def lanes(ir: KernelIR, product: Product) -> int:
    """How many neighbours of a row `put` takes at once."""
    if product.partial >= 0:
        return 4 if ir.bindings[product.partial].storage.startswith("vec") else 1
    return ir.functions[0].lanes


def put(ir: KernelIR, product: Product, at: str, value: str) -> str:
    """The statement that hands on results, from position `at` among all: to the epilogue, or to memory (of several parts,
    behind those before `part`).
    """
    if product.partial < 0:
        return f"finish({at}, {value if lanes(ir, product) == 4 else wrapped('matmul', product.dtype, value)});"
    if product.variant.parts > 1:
        at = f"part + {at}"
    place = f"({at}) >> 2u" if lanes(ir, product) == 4 else at
    return f"{buffer(ir, product.partial)}[{place}] = {value};"
