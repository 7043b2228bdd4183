"""Matrix products from registers that neighbours share: the best layout on software adapters that have subgroups.

A load costs such an adapter as much as dozens of multiplications, and as much again for every invocation of a subgroup,
though all of them load the same. So the invocations of a small workgroup multiply different elements of one operand, their
*own*, by the same elements of the other one. Of these, *shared*, each loads a part, and they tell each other.

Subgroups have at least four invocations: those that share are taken to be four, and more load the same as those.
"""

from __future__ import annotations

from ..codegen.ir import KernelIR
from ..codegen.wgsl import buffer, word, words_first
from .matmul_layout import (
    A_INNER,
    A_ROW,
    B_COLUMN,
    B_INNER,
    BATCH,
    COLUMNS,
    COUNT,
    INNER,
    PART,
    ROWS,
    SIDE_BY_SIDE,
    Product,
    batch_offsets,
    element_of,
    finish_quads,
    is_plain,
    lanes,
    put,
)  # fmt: skip

SHARING = 4


def render(ir: KernelIR, product: Product) -> str:
    """The product's main function; `finish` is there already."""
    rows, columns = product.variant.rows, product.variant.columns
    down = product.variant.layout == "subgroup down"
    shared, own = _Operand(ir, product, "b" if down else "a"), _Operand(ir, product, "a" if down else "b")
    size, count = (rows, columns) if down else (columns, rows)  # of the own elements, of the shared ones
    v = f"vec4<{product.element}>"
    quads, ks = size // 4, range(4)
    fused = "f32" in v

    def added(s: int, q: int, j: int) -> str:
        """To four own elements' sums with one shared element, the products at k + j."""
        x, y, acc = shared.value(s, j), f"own{j}_{q}", f"acc{s}_{q}"
        return f"{acc} = {f'fma({v}({x}), {y}, {acc})' if fused else f'{acc} + {x} * {y}'};"

    loop = [*own.loaded_own(size), *shared.loaded_shared(count)]
    for s in range(count):
        if s % 4 == 0:
            loop += shared.told(s // 4)
        loop += [added(s, q, j) for q in range(quads) for j in ks]
    tail = [f"let own0_{q} = {v}({', '.join(own.element(4 * q + c, 'k') for c in ks)});" for q in range(quads)]
    for s in range(count):
        tail += [f"acc{s}_{q} = acc{s}_{q} + {shared.element(s, 'k')} * own0_{q};" for q in range(quads)]
    rest = f"  for (var k = whole; k < end; k = k + 1u) {{\n    {_NESTED.join(tail)}\n  }}\n" if product.ragged else ""
    results = {
        (s, o): f"acc{s}_{o // 4}[{o % 4}]" for s in range(count) for o in range(size)
    }  # by shared and own element
    of_rows = [[results[(c, r) if down else (r, c)] for c in range(columns)] for r in range(rows)]
    batches, parts = word(BATCH + 3 * product.rank), product.variant.parts
    begin = f"min(g / (across * down * {batches}) * {word(PART)}, {word(INNER)})" if parts > 1 else "0u"
    part = f"  let part = g / (across * down * {batches}) * ({batches} * {word(ROWS)} * {word(COLUMNS)});\n"
    high, wide = (rows * SIDE_BY_SIDE, columns) if down else (rows, columns * SIDE_BY_SIDE)
    text = f"""  let g = group.x + group.y * groups.x;
  if (g >= {word(COUNT)}) {{ return; }}
  let across = ({word(COLUMNS)} + {wide - 1}u) / {wide}u;
  let down = ({word(ROWS)} + {high - 1}u) / {high}u;
  let column = (g % across) * {wide}u{"" if down else f" + local * {columns}u"};
  let row = ((g / across) % down) * {high}u{f" + local * {rows}u" if down else ""};
  let batch = (g / (across * down)) % {batches};
{batch_offsets(product.rank)}
  let begin = {begin};
  let end = min(begin + {word(PART)}, {word(INNER)});
  let turn = lane % {SHARING}u;
{_LINE.join([*own.places(size), *shared.places(count), *shared.places_of_parts(count)])}
{_LINE.join(f"  var acc{s}_{q} = {v}();" for s in range(count) for q in range(quads))}
  let whole = begin + ((end - begin) & 0xfffffffcu);
  for (var k = begin; k < whole; k = k + 4u) {{
    let n = k >> 2u;
    {_NESTED.join(loop)}
  }}
{rest}{part if parts > 1 else ""}{_stored(ir, product, of_rows)}
}}"""
    return f"""@compute @workgroup_size({SIDE_BY_SIDE})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32, @builtin(subgroup_invocation_id) lane: u32) {{
{words_first(text)}"""


_LINE, _NESTED = "\n", "\n    "


class _Operand:
    """One operand, and how its elements come into registers."""

    def __init__(self, ir: KernelIR, product: Product, name: str) -> None:
        self.ir, self.product, self.name = ir, product, name
        left = name == "a"
        self.binding, self.mode = (product.a, product.a_mode) if left else (product.b, product.b_mode)
        self.outer, self.inner = (A_ROW, A_INNER) if left else (B_COLUMN, B_INNER)
        self.first, self.end = ("row", word(ROWS)) if left else ("column", word(COLUMNS))
        self.vector = f"vec4<{product.element}>"

    def places(self, size: int) -> list[str]:
        """`{name}_at{k}`: where each element of this tile begins, and what vectors are counted from."""
        name = self.name
        lines = [
            f"  let {name}_at{k} = {name}_at + min({self.first} + {k}u, {self.end} - 1u) * {word(self.outer)};"
            for k in range(size)
        ]
        lines += [f"  let {name}_quad{k} = {name}_at{k} >> 2u;" for k in range(size if self.mode == "along" else 1)]
        return [*lines, f"  let {name}_step = {word(self.inner)} >> 2u;"]

    def places_of_parts(self, size: int) -> list[str]:
        """`{name}_mine{h}`: of each four elements, where the one begins that this invocation loads."""
        row = f"min({self.first} + {{}}u + turn, {self.end} - 1u)"
        return [
            f"  let {self.name}_mine{h} = {self.name}_at + {row.format(h * SHARING)} * {word(self.outer)};"
            for h in range(size // SHARING)
        ]

    def element(self, k: int, at: str) -> str:
        """One element at a place along the inner dimension."""
        return self._element(f"{self.name}_at{k}", at)

    def _element(self, start: str, at: str) -> str:
        return element_of(self.ir, self.binding, f"{start} + ({at}) * {word(self.inner)}", self.product.dtype)

    def _loaded(self, place: str) -> str:
        return f"{buffer(self.ir, self.binding)}[{place}]"

    def loaded_own(self, size: int) -> list[str]:
        """`own{j}_{q}`: four neighbours at k + j."""
        name, ks = self.name, range(4)
        if self.mode == "across":
            return [
                f"let own{j}_{q} = {self._loaded(f'{name}_quad0 + (k + {j}u) * {name}_step + {q}u')};"
                for j in ks
                for q in range(size // 4)
            ]
        lines = []
        for k in range(size):
            value = (
                self._loaded(f"{name}_quad{k} + n")
                if self.mode == "along"
                else f"{self.vector}({', '.join(self.element(k, f'k + {j}u') for j in ks)})"
            )
            lines.append(f"let line{k} = {value};")
        return lines + [
            f"let own{j}_{q} = {self.vector}({', '.join(f'line{4 * q + c}[{j}]' for c in ks)});"
            for q in range(size // 4)
            for j in ks
        ]

    def loaded_shared(self, size: int) -> list[str]:
        """`mine{h}`: of each four elements, the part of this invocation: one of them, or all of them at one k."""
        name, lines = self.name, []
        for h in range(size // SHARING):
            if self.mode == "across":
                value = self._loaded(f"{name}_quad0 + (k + turn) * {name}_step + {h}u")
            elif self.mode == "along":
                value = self._loaded(f"({name}_mine{h} >> 2u) + n")
            else:
                value = f"{self.vector}({', '.join(self._element(f'{name}_mine{h}', f'k + {j}u') for j in range(4))})"
            lines.append(f"let mine{h} = {value};")
        return lines

    def told(self, h: int) -> list[str]:
        """`part{h}_{j}`: what the others loaded of the same four."""
        return [f"let part{h}_{j} = subgroupBroadcast(mine{h}, {j}u);" for j in range(SHARING)]

    def value(self, s: int, j: int) -> str:
        """A shared element at k + j."""
        return f"part{s // 4}_{j}[{s % 4}]" if self.mode == "across" else f"part{s // 4}_{s % 4}[{j}]"


def _stored(ir: KernelIR, product: Product, results: list[list[str]]) -> str:
    """Every result handed on: four neighbours of a row at a time, or one by one where rows are not whole vectors."""
    if lanes(ir, product) == 4:
        vector = f"vec4<{product.element}>"
        quads = range(0, len(results[0]), 4)
        return finish_quads(ir, product, [[f"{vector}({', '.join(row[q : q + 4])})" for q in quads] for row in results])
    start = f"(batch * {word(ROWS)} + row + {{}}) * {word(COLUMNS)} + column + {{}}"
    if is_plain(ir):
        return "\n".join(
            f"  if (row + {r}u < {word(ROWS)} && column + {c}u < {word(COLUMNS)}) "
            f"{{ {put(ir, product, start.format(f'{r}u', f'{c}u'), value)} }}"
            for r, row in enumerate(results)
            for c, value in enumerate(row)
        )
    rows, columns = len(results), len(results[0])
    everything = ", ".join(value for row in results for value in row)
    return f"""  var results = array<{product.element}, {rows * columns}>({everything});
  for (var r = 0u; r < {rows}u && row + r < {word(ROWS)}; r = r + 1u) {{
    for (var c = 0u; c < {columns}u && column + c < {word(COLUMNS)}; c = c + 1u) {{
      {put(ir, product, start.format("r", "c"), f"results[r * {columns}u + c]")}
    }}
  }}"""
