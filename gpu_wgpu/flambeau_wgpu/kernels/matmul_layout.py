"""What the layouts of a matrix product have in common: which there are, parameter words, addresses."""

from __future__ import annotations

from typing import NamedTuple

from ..codegen.ir import KernelIR
from ..codegen.ops import wrapped
from ..codegen.wgsl import buffer, word

# Parameter words. PART: how far along the inner dimension one part of a product split there reaches.
COUNT, ROWS, INNER, COLUMNS, A_OFFSET, A_ROW, A_INNER, B_OFFSET, B_INNER, B_COLUMN, PART, BATCH = range(12)


PLAIN = 2  # instructions of an epilogue up to which it does little more than to store
AT_ONCE = 4  # quads of results that a longer one is written out for
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


def is_plain(ir: KernelIR) -> bool:
    """Whether results are stored, and little more."""
    return not ir.functions or len(ir.functions[0].code) <= PLAIN


def finish_quads(ir: KernelIR, product: Product, results: list[list[str]]) -> str:
    """Four results at a time, to an epilogue that takes them so.

    One that does more than to store stands in a loop over a few of the results, and the others move up each time: written out
    for all it would be most of the kernel, and of the time that compiling it takes. (An array that is read at a place known
    at run time would not be in registers, nor would sums that anything but the loop that adds them up changes.)
    """
    quads = len(results[0])
    sums = [value for values in results for value in values]

    def stored(row: str, values: list[str]) -> str:
        each = " ".join(
            f"if (column + {4 * q}u < {word(COLUMNS)}) {{ {put(ir, product, f'start + {4 * q}u', value)} }}"
            for q, value in enumerate(values)
        )
        start = f"(batch * {word(ROWS)} + row + {row}) * {word(COLUMNS)} + column"
        return f"if (row + {row} < {word(ROWS)}) {{ let start = {start}; {each} }}"

    rows = max(1, AT_ONCE // quads)  # at once
    if is_plain(ir) or rows >= len(results):
        return "\n".join(f"  {stored(f'{r}u', values)}" for r, values in enumerate(results))
    left = [f"left{n}" for n in range(len(sums))]
    lines = [f"  var {value} = {total};" for value, total in zip(left, sums, strict=True)]
    lines.append(f"  for (var r = 0u; r < {len(results)}u; r = r + {rows}u) {{")
    lines += [f"    {stored(f'r + {r}u', left[r * quads : (r + 1) * quads])}" for r in range(rows)]
    lines += [f"    {value} = {after};" for value, after in zip(left, left[rows * quads :], strict=False)]
    return "\n".join([*lines, "  }"])
