"""The inner loop of a 64 × 64 workgroup tile whose operands were staged in workgroup memory."""


def tile_product(rows: str, type_: str) -> str:
    """WGSL that adds to `acc0` to `acc3` the product of 16 staged columns of the array `rows` and those of `x_tile`.

    Both are 16 × 64, the inner dimension first; an invocation has four rows and, as vectors, four columns.
    """
    return f"""    workgroupBarrier();
    for (var k = 0u; k < 16u; k = k + 1u) {{
      let p = k * 64u + local.y * 4u;
      let q = k * 64u + local.x * 4u;
      let v = vec4<{type_}>(x_tile[q], x_tile[q + 1u], x_tile[q + 2u], x_tile[q + 3u]);
      acc0 = acc0 + {rows}[p] * v;
      acc1 = acc1 + {rows}[p + 1u] * v;
      acc2 = acc2 + {rows}[p + 2u] * v;
      acc3 = acc3 + {rows}[p + 3u] * v;
    }}
    workgroupBarrier();
"""
