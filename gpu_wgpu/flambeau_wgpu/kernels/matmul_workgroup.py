"""Matrix products from workgroup memory: 16 × 16 invocations share a tile of results and stage both operands, four elements
at a time, reading the next stage while they multiply. The best layout on real GPUs.
"""

from __future__ import annotations

from ..codegen.ir import KernelIR
from ..codegen.wgsl import buffer, word
from .matmul_layout import (
    A_INNER,
    A_ROW,
    B_COLUMN,
    B_INNER,
    COLUMNS,
    COUNT,
    INNER,
    ROWS,
    Product,
    batch_offsets,
    element_of,
    lanes,
    put,
)  # fmt: skip

STAGE = 16  # elements of the inner dimension that are staged at once
SIDE = 16  # invocations along each side of a tile


def render(ir: KernelIR, product: Product) -> str:
    """The product's main function; `finish` is there already."""
    tall, wide = product.variant.rows, product.variant.columns
    v = f"vec4<{product.element}>"
    own_rows, own_columns = tall // SIDE, wide // SIDE  # of one invocation, both multiples of 4
    a = _Stage(ir, product, "a", tall)
    b = _Stage(ir, product, "b", wide)
    rows, quads = range(own_rows), range(own_columns // 4)
    line = "\n"
    accumulators = [f"  var acc{r}_{q} = {v}();" for r in rows for q in quads]
    take = [
        f"      let x{p} = a_tile[k * {tall // 4}u + local.y * {own_rows // 4}u + {p}u];" for p in range(own_rows // 4)
    ]
    take += [f"      let y{q} = b_tile[k * {wide // 4}u + local.x * {own_columns // 4}u + {q}u];" for q in quads]
    multiply = [f"      acc{r}_{q} = acc{r}_{q} + x{r // 4}[{r % 4}] * y{q};" for r in rows for q in quads]
    results = ", ".join(f"acc{r}_{q}" for r in rows for q in quads)
    value = f"results[r * {len(quads)}u + c / 4u][c & 3u]"
    per, step = (len(quads), 4) if lanes(ir, product) == 4 else (own_columns, 1)
    if step == 4:
        value = f"results[r * {per}u + c]"
    start = f"(batch * {word(ROWS)} + y) * {word(COLUMNS)} + x"
    finish = f"""for (var c = 0u; c < {per}u; c = c + 1u) {{
      let x = column + local.x * {own_columns}u + c * {step}u;
      if (y < {word(ROWS)} && x < {word(COLUMNS)}) {{
        {put(ir, product, start, value)}
      }}
    }}"""
    return f"""{a.memory()}
{b.memory()}
@compute @workgroup_size({SIDE}, {SIDE})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_id) local: vec3<u32>, @builtin(local_invocation_index) t: u32) {{
  let g = group.x + group.y * groups.x;
  if (g >= {word(COUNT)}) {{ return; }}
  let across = ({word(COLUMNS)} + {wide - 1}u) / {wide}u;
  let down = ({word(ROWS)} + {tall - 1}u) / {tall}u;
  let column = (g % across) * {wide}u;
  let row = ((g / across) % down) * {tall}u;
  let batch = g / (across * down);
{batch_offsets(product.rank)}
{line.join([*a.places(), *b.places(), *accumulators])}
{line.join([*a.load("0u"), *b.load("0u")])}
  for (var k0 = 0u; k0 < {word(INNER)}; k0 = k0 + {STAGE}u) {{
{line.join([*a.keep(), *b.keep()])}
    workgroupBarrier();
{line.join([*a.load(f"k0 + {STAGE}u"), *b.load(f"k0 + {STAGE}u")])}
    for (var k = 0u; k < {STAGE}u; k = k + 1u) {{
{line.join([*take, *multiply])}
    }}
    workgroupBarrier();
  }}
  var results = array<{v}, {own_rows * len(quads)}>({results});
  for (var r = 0u; r < {own_rows}u; r = r + 1u) {{
    let y = row + local.y * {own_rows}u + r;
    {finish}
  }}
}}"""


class _Stage:
    """One operand on its way: each invocation loads vectors of four, and puts them into workgroup memory.

    There the tile lies as [k][row or column], so that the product reads vectors across it.
    """

    def __init__(self, ir: KernelIR, product: Product, name: str, size: int) -> None:
        self.ir, self.product, self.name, self.size = ir, product, name, size
        self.binding, self.mode = (product.a, product.a_mode) if name == "a" else (product.b, product.b_mode)
        self.outer, self.inner = (A_ROW, A_INNER) if name == "a" else (B_COLUMN, B_INNER)
        self.start, self.end = ("row", ROWS) if name == "a" else ("column", COLUMNS)
        self.vectors = range(size * STAGE // 4 // SIDE**2)
        self.vector = f"vec4<{product.element}>"

    def memory(self) -> str:
        return f"var<workgroup> {self.name}_tile: array<{self.vector}, {self.size * STAGE // 4}>;"

    def places(self) -> list[str]:
        """For each vector of an invocation, its k and its row or column in the tile, and what will hold it."""
        lines = []
        for n in self.vectors:
            s = f"(t + {n * SIDE**2}u)"
            if self.mode == "along":  # neighbours read on along k
                k, m = f"{s} % {STAGE // 4}u * 4u", f"{s} / {STAGE // 4}u"
            else:
                k, m = f"{s} / {self.size // 4}u", f"{s} % {self.size // 4}u * 4u"
            lines.append(f"  let {self.name}_k{n} = {k};")
            lines.append(f"  let {self.name}_m{n} = {m};")
            lines.append(f"  var {self.name}_next{n}: {self.vector};")
        return lines

    def load(self, k0: str) -> list[str]:
        lines = []
        for n in self.vectors:
            k, m = f"({k0} + {self.name}_k{n})", f"({self.start} + {self.name}_m{n})"
            at = f"{self.name}_at + {m} * {word(self.outer)} + {k} * {word(self.inner)}"
            target = f"{self.name}_next{n}"
            inside = f"{k} < {word(INNER)} && {m} < {word(self.end)}"
            if self.mode != "scalar":
                # (A vector is whole along k, whose size is a multiple of four then. Beyond the last row or column it may
                # hold anything: those results are not stored.)
                value = f"{buffer(self.ir, self.binding)}[({at}) >> 2u]"
                lines.append(f"    {target} = {self.vector}(); if ({inside}) {{ {target} = {value}; }}")
                continue
            lines.append(f"    {target} = {self.vector}();")
            for j in range(4):
                one = f"{self.name}_at + ({m} + {j}u) * {word(self.outer)} + {k} * {word(self.inner)}"
                value = element_of(self.ir, self.binding, one, self.product.dtype)
                lines.append(
                    f"    if ({k} < {word(INNER)} && {m} + {j}u < {word(self.end)}) {{ {target}[{j}] = {value}; }}"
                )
        return lines

    def keep(self) -> list[str]:
        lines = []
        row = self.size // 4
        for n in self.vectors:
            k, m, value = f"{self.name}_k{n}", f"{self.name}_m{n}", f"{self.name}_next{n}"
            if self.mode == "along":
                lines += [
                    f"    {self.name}_tile[({k} + {j}u) * {row}u + {m} / 4u][{m} & 3u] = {value}[{j}];"
                    for j in range(4)
                ]
            else:
                lines.append(f"    {self.name}_tile[{k} * {row}u + {m} / 4u] = {value};")
        return lines
