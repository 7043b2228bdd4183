"""Every elementwise op as a WGSL expression: one table, by op and by the kind of its operands.

`{0}`, `{1}`, `{2}` are registers. `name(...)` in an expression that is not a WGSL builtin is in `math.py`. What WGSL
leaves open (nan, infinities, division by zero, shifts by 32 and more) is settled here or there.
"""

from __future__ import annotations

FLOAT, INT, BOOL = "f", "i", "b"
KIND = {
    "float32": FLOAT,
    "float16": FLOAT,
    "int64": INT,
    "int32": INT,
    "int16": INT,
    "int8": INT,
    "uint8": INT,
    "bool": BOOL,
}
STORAGE = {"float32": "f32", "float16": "f16", "bool": "u32"}  # else i32
REGISTER = {FLOAT: "f32", INT: "i32", BOOL: "bool"}

EXPRESSIONS: dict[tuple[str, str], str] = {
    ("copy", FLOAT): "{0}",
    ("copy", INT): "{0}",
    ("copy", BOOL): "{0}",
    ("keep", FLOAT): "{0}",
    # --- one operand
    ("neg", FLOAT): "-{0}",
    ("neg", INT): "-{0}",
    ("abs", FLOAT): "abs({0})",
    ("abs", INT): "abs({0})",
    ("abs", BOOL): "{0}",
    ("sign", FLOAT): "select(select(0.0, -1.0, {0} < 0.0), 1.0, {0} > 0.0)",
    ("sign", INT): "sign({0})",
    ("sign", BOOL): "{0}",
    ("floor", FLOAT): "floor({0})",
    ("ceil", FLOAT): "ceil({0})",
    ("trunc", FLOAT): "trunc({0})",
    ("round", FLOAT): "round({0})",
    **{(name, INT): "{0}" for name in ("floor", "ceil", "trunc", "round")},
    ("exp", FLOAT): "exp_f({0})",
    ("expm1", FLOAT): "expm1_f({0})",
    ("log", FLOAT): "log_f({0})",
    ("log1p", FLOAT): "log1p_f({0})",
    ("sqrt", FLOAT): "sqrt({0})",
    ("sin", FLOAT): "sin_f({0})",
    ("cos", FLOAT): "cos_f({0})",
    ("tan", FLOAT): "tan_f({0})",
    ("asin", FLOAT): "asin_f({0})",
    ("acos", FLOAT): "acos_f({0})",
    ("atan", FLOAT): "atan_f({0})",
    ("sinh", FLOAT): "sinh_f({0})",
    ("cosh", FLOAT): "cosh_f({0})",
    ("tanh", FLOAT): "tanh_f({0})",
    ("erf", FLOAT): "erf_f({0})",
    ("invert", INT): "~{0}",
    ("invert", BOOL): "!{0}",
    # --- two operands
    ("add", FLOAT): "{0} + {1}",
    ("add", INT): "{0} + {1}",
    ("add", BOOL): "{0} | {1}",
    ("sub", FLOAT): "{0} - {1}",
    ("sub", INT): "{0} - {1}",
    ("mul", FLOAT): "{0} * {1}",
    ("mul", INT): "{0} * {1}",
    ("mul", BOOL): "{0} & {1}",
    ("div", FLOAT): "{0} / {1}",
    ("floordiv", FLOAT): "floordiv_f({0}, {1})",
    ("floordiv", INT): "floordiv_i({0}, {1})",
    ("remainder", FLOAT): "remainder_f({0}, {1})",
    ("remainder", INT): "remainder_i({0}, {1})",
    ("pow", FLOAT): "pow_f({0}, {1})",
    ("pow", INT): "pow_i({0}, {1})",
    ("atan2", FLOAT): "atan2_f({0}, {1})",
    ("maximum", FLOAT): "maximum_f({0}, {1})",
    ("maximum", INT): "max({0}, {1})",
    ("maximum", BOOL): "{0} | {1}",
    ("minimum", FLOAT): "minimum_f({0}, {1})",
    ("minimum", INT): "min({0}, {1})",
    ("minimum", BOOL): "{0} & {1}",
    ("eq", FLOAT): "eq_f({0}, {1})",
    ("eq", INT): "{0} == {1}",
    ("eq", BOOL): "{0} == {1}",
    ("ne", FLOAT): "!eq_f({0}, {1})",
    ("ne", INT): "{0} != {1}",
    ("ne", BOOL): "{0} != {1}",
    ("lt", FLOAT): "{0} < {1}",
    ("lt", INT): "{0} < {1}",
    ("lt", BOOL): "!{0} & {1}",
    ("le", FLOAT): "{0} <= {1}",
    ("le", INT): "{0} <= {1}",
    ("le", BOOL): "!{0} | {1}",
    ("bitwise_and", INT): "{0} & {1}",
    ("bitwise_and", BOOL): "{0} & {1}",
    ("bitwise_or", INT): "{0} | {1}",
    ("bitwise_or", BOOL): "{0} | {1}",
    ("bitwise_xor", INT): "{0} ^ {1}",
    ("bitwise_xor", BOOL): "{0} != {1}",
    ("left_shift", INT): "select({0} << (u32({1}) & 31u), 0, u32({1}) > 31u)",
    ("right_shift", INT): "{0} >> min(u32({1}), 31u)",
    # --- three
    ("where", FLOAT): "select({1}, {0}, {2})",
    ("where", INT): "select({1}, {0}, {2})",
    ("where", BOOL): "select({1}, {0}, {2})",
}

# Ops after which a narrow integer, or a 16-bit float, has to be brought back to its width. Others cannot leave it.
EXACT = frozenset(
    "copy keep floor ceil trunc round maximum minimum where bitwise_and bitwise_or bitwise_xor right_shift "
    "load param input".split()
)
WRAP = {
    "uint8": "({0} & 255)",
    "int8": "(({0} << 24u) >> 24u)",
    "int16": "(({0} << 16u) >> 16u)",
    "float16": "f32(f16({0}))",
}

# (kind of the operand, kind of the result) -> expression
CASTS = {
    (FLOAT, FLOAT): "{0}",
    (FLOAT, INT): "i32({0})",
    (FLOAT, BOOL): "!({0} == 0.0)",
    (INT, FLOAT): "f32({0})",
    (INT, INT): "{0}",
    (INT, BOOL): "{0} != 0",
    (BOOL, FLOAT): "select(0.0, 1.0, {0})",
    (BOOL, INT): "select(0, 1, {0})",
    (BOOL, BOOL): "{0}",
}

# A reduction's start and its step; `acc` is the running value. The start of max and min is the first element.
REDUCTIONS: dict[tuple[str, str], str] = {
    ("sum", FLOAT): "{0} + {1}",
    ("sum", INT): "{0} + {1}",
    ("sum", BOOL): "{0} | {1}",
    ("prod", FLOAT): "{0} * {1}",
    ("prod", INT): "{0} * {1}",
    ("prod", BOOL): "{0} & {1}",
    ("max", FLOAT): "maximum_f({0}, {1})",
    ("max", INT): "max({0}, {1})",
    ("max", BOOL): "{0} | {1}",
    ("min", FLOAT): "minimum_f({0}, {1})",
    ("min", INT): "min({0}, {1})",
    ("min", BOOL): "{0} & {1}",
}
# Infinities cannot be written in WGSL; `infinity()` hides one from the compiler's constant folding.
IDENTITY: dict[tuple[str, str], str] = {
    ("sum", FLOAT): "0.0",
    ("sum", INT): "0",
    ("sum", BOOL): "false",
    ("prod", FLOAT): "1.0",
    ("prod", INT): "1",
    ("prod", BOOL): "true",
    ("max", FLOAT): "-infinity()",
    ("max", INT): "(-2147483647 - 1)",
    ("max", BOOL): "false",
    ("min", FLOAT): "infinity()",
    ("min", INT): "2147483647",
    ("min", BOOL): "true",
}


def storage(dtype: str) -> str:
    """The WGSL type of an element in a buffer."""
    return STORAGE.get(dtype, "i32")


def register(dtype: str) -> str:
    """The WGSL type of an element in a register."""
    return REGISTER[KIND[dtype]]


def load(dtype: str, element: str) -> str:
    """An element of a buffer as a register's value."""
    if dtype == "bool":
        return f"{element} != 0u"
    return f"f32({element})" if dtype == "float16" else element


def store(dtype: str, value: str) -> str:
    """A register's value as an element of a buffer."""
    if dtype == "bool":
        return f"select(0u, 1u, {value})"
    return f"f16({value})" if dtype == "float16" else value


def wrapped(name: str, dtype: str, expression: str) -> str:
    """The expression, brought to the width of its dtype where the op may leave it."""
    wrap = WRAP.get(dtype)
    return expression if wrap is None or name in EXACT else wrap.format(f"({expression})")
