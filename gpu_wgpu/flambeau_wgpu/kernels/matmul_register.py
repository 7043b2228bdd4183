"""Matrix products from registers: an invocation computes a tile of results and shares nothing. The best layout on software
adapters, and for small products anywhere.
"""

from __future__ import annotations

from ..codegen.ir import KernelIR
from ..codegen.wgsl import ENTRY, buffer, flat_index, word
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
    Product,
    batch_offsets,
    element_of,
    finish_quads,
    lanes,
    put,
)  # fmt: skip


def render(ir: KernelIR, product: Product) -> str:
    """The product's main function; `finish` is there already."""
    a_mode, b_mode, dtype = product.a_mode, product.b_mode, product.dtype
    tall, wide = product.variant.rows, product.variant.columns
    v = f"vec4<{product.element}>"
    a_name, b_name = buffer(ir, product.a), buffer(ir, product.b)
    quads = wide // 4
    rows, columns, ks = range(tall), range(wide), range(4)

    def a_scalar(row: int, k: str) -> str:
        return element_of(ir, product.a, f"a_row{row} + ({k}) * {word(A_INNER)}", dtype)

    def b_scalar(column: int, k: str) -> str:
        return element_of(ir, product.b, f"b_col{column} + ({k}) * {word(B_INNER)}", dtype)

    # x{row}: four elements along k. y{k}_{quad}: four columns.
    if a_mode == "along":
        load_a = [f"let x{r} = {a_name}[a_quad{r} + n];" for r in rows]
    elif a_mode == "across":
        load_a = [f"let t{j}_{q} = {a_name}[a_line + {_steps('a', j)}{q}u];" for j in ks for q in range(tall // 4)]
        load_a += [f"let x{r} = {v}({', '.join(f't{j}_{r // 4}[{r % 4}]' for j in ks)});" for r in rows]
    else:
        load_a = [f"let x{r} = {v}({', '.join(a_scalar(r, f'k + {j}u') for j in ks)});" for r in rows]
    if b_mode == "across":
        load_b = [f"let y{j}_{q} = {b_name}[b_line + {_steps('b', j)}{q}u];" for j in ks for q in range(quads)]
    elif b_mode == "along":
        load_b = [f"let u{c} = {b_name}[b_quad{c} + n];" for c in columns]
        load_b += [_gather(v, f"y{j}_{q}", [f"u{4 * q + c}[{j}]" for c in ks]) for j in ks for q in range(quads)]
    else:
        load_b = [
            _gather(v, f"y{j}_{q}", [b_scalar(4 * q + c, f"k + {j}u") for c in ks]) for j in ks for q in range(quads)
        ]
    multiply = [
        f"acc{r}_{q} = {_accumulate(v, f'x{r}[{j}]', f'y{j}_{q}', f'acc{r}_{q}')};"
        for r in rows
        for q in range(quads)
        for j in ks  # last: software adapters have registers for few results, and keep one over these
    ]
    line, nested = "\n", "\n    "
    tail = [_gather(v, f"y{q}", [b_scalar(4 * q + c, "k") for c in ks]) for q in range(quads)]
    tail += [f"acc{r}_{q} = acc{r}_{q} + {a_scalar(r, 'k')} * y{q};" for r in rows for q in range(quads)]
    rest = f"""  for (var k = whole; k < end; k = k + 1u) {{
    {nested.join(tail)}
  }}
"""
    # Four elements at once across the tile may reach past the last row or column, and are not stored.
    a_rows = [f"  let a_row{r} = a_at + min(row + {r}u, {word(ROWS)} - 1u) * {word(A_ROW)};" for r in rows]
    b_cols = [f"  let b_col{c} = b_at + min(column + {c}u, {word(COLUMNS)} - 1u) * {word(B_COLUMN)};" for c in columns]
    # Vectors are counted in vectors, outside of the loop: compilers of software adapters leave nothing out of it.
    quads_of = [f"  let a_quad{r} = a_row{r} >> 2u;" for r in (rows if a_mode == "along" else range(1))]
    quads_of += [f"  let b_quad{c} = b_col{c} >> 2u;" for c in (columns if b_mode == "along" else range(1))]
    lines_of = [("a", A_INNER)] if a_mode == "across" else []
    lines_of += [("b", B_INNER)] if b_mode == "across" else []
    for name, step in lines_of:  # where four lines across the tile begin, in vectors
        quads_of.append(f"  let {name}_step = {word(step)} >> 2u;")
        quads_of += [f"  let {name}_step{j} = {name}_step * {j}u;" for j in (2, 3, 4)]
        quads_of.append(f"  var {name}_line = {name}_quad0 + begin * {name}_step;")
    advance = [f"{name}_line = {name}_line + {name}_step4;" for name, _ in lines_of]
    accumulators = [f"  var acc{r}_{q} = {v}();" for r in rows for q in range(quads)]
    results = ", ".join(f"acc{r}_{q}" for r in rows for q in range(quads))
    value = f"results[r * {quads}u + c / 4u][c & 3u]"
    in_parts = product.variant.parts > 1
    batches = word(BATCH + 3 * product.rank)
    stores = f"""  var results = array<{v}, {tall * quads}>({results});
  let height = min({tall}u, {word(ROWS)} - row);
  let width = min({wide}u, {word(COLUMNS)} - column);
  for (var r = 0u; r < height; r = r + 1u) {{
    let start = (batch * {word(ROWS)} + row + r) * {word(COLUMNS)} + column;
    for (var c = 0u; c < width; c = c + 1u) {{ {put(ir, product, "start + c", value)} }}
  }}"""
    if lanes(ir, product) == 4:
        stores = finish_quads(ir, product, [[f"acc{r}_{q}" for q in range(quads)] for r in rows])
    if in_parts:
        results_of_all = f"{batches} * {word(ROWS)} * {word(COLUMNS)}"
        stores = f"  let part = i / (across * down * {batches}) * ({results_of_all});\n{stores}"
    return f"""{ENTRY}{flat_index(COUNT)}\
  let across = ({word(COLUMNS)} + {wide - 1}u) / {wide}u;
  let down = ({word(ROWS)} + {tall - 1}u) / {tall}u;
  let column = (i % across) * {wide}u;
  let row = ((i / across) % down) * {tall}u;
  let batch = (i / (across * down)) % {batches};
{batch_offsets(product.rank)}
  let begin = {f"min(i / (across * down * {batches}) * {word(PART)}, {word(INNER)})" if in_parts else "0u"};
  let end = min(begin + {word(PART)}, {word(INNER)});
{line.join([*a_rows, *b_cols, *quads_of, *accumulators])}
  let whole = begin + ((end - begin) & 0xfffffffcu);
  for (var k = begin; k < whole; k = k + 4u) {{
    let n = k >> 2u;
    {nested.join([*load_a, *load_b, *multiply, *advance])}
  }}
{rest if product.ragged else ""}\
{stores}
}}"""


def _steps(name: str, lines: int) -> str:
    """How far a line is from the first of four."""
    return ("", f"{name}_step + ", f"{name}_step2 + ", f"{name}_step3 + ")[lines]


def _gather(vector: str, name: str, elements: list[str]) -> str:
    return f"let {name} = {vector}({', '.join(elements)});"


def _accumulate(vector: str, x: str, y: str, acc: str) -> str:
    return f"fma({vector}({x}), {y}, {acc})" if "f32" in vector else f"{acc} + {x} * {y}"
