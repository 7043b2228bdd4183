"""Samples of elementwise arithmetic."""

from __future__ import annotations

from ..sample import B, F, I, Op, S, Sample, T

INTEGERS = ("int8", "int16", "int32", "uint8")


def unary(
    name: str, low: float = -2.0, high: float = 2.0, *, integers: bool = True, boolean: bool = True, **more: object
) -> Op:
    """An op of one tensor, in all shapes, layouts and dtypes."""
    f = [F(2, 3, low=low, high=high), F(low=low, high=high), F(0, low=low, high=high), F(2, 0, 3, low=low, high=high)]
    f += [F(3, 2, low=low, high=high, layout="transposed"), F(2, 3, low=low, high=high, layout="strided")]
    f += [F(3, 2, low=low, high=high, layout="expanded"), F(1, 2, 1, 2, low=low, high=high)]
    samples = [S(x) for x in f]
    if integers:
        first = max(int(low), -4) if low < 0 else max(1, int(low))
        last = max(first + 1, int(high) + 1)
        samples += [S(I(2, 3, low=first, high=last)), S(I(0)), S(I(low=first, high=last))]
        samples += [S(I(4, low=first, high=last, kind=kind)) for kind in INTEGERS]
    if boolean:
        samples.append(S(B(4)))
    if name == "bitwise_not":
        samples = [s for s in samples if s.args[0].kind != "float"]
    extra: list[Sample] = more.pop("samples", [])  # type: ignore[assignment]
    errors: list[Sample] = more.pop("errors", [])  # type: ignore[assignment]
    return Op(name, samples + extra, [S(1.5), S([1.0, 2.0]), *errors], **more)  # type: ignore[arg-type]


def binary(name: str, low: float = -2.0, high: float = 2.0, *, second: tuple[float, float] | None = None, integers: bool = True,
           boolean: bool = True, numbers: bool = True, **more: object) -> Op:  # fmt: skip
    """An op of two operands: broadcasting, 0-d tensors, numbers, mixed dtypes."""
    a, b = {"low": low, "high": high}, dict(zip(("low", "high"), second or (low, high), strict=True))
    number = 1.5 if b["low"] <= 1.5 <= b["high"] else (b["low"] + b["high"]) / 2
    samples = [
        S(F(2, 3, **a), F(2, 3, **b)), S(F(2, 3, **a), F(3, **b)), S(F(2, 1, **a), F(1, 3, **b)), S(F(3, **a), F(2, 1, **b)),
        S(F(**a), F(2, 2, **b)), S(F(2, 2, **a), F(**b)), S(F(**a), F(**b)), S(F(0, **a), F(1, **b)), S(F(2, 0, **a), F(**b)),
        S(F(3, 2, layout="transposed", **a), F(3, 2, **b)), S(F(2, 3, layout="strided", **a), F(2, 3, layout="expanded", **b)),
        S(F(2, 3, **a), number), S(F(2, 3, **a), 2), S(F(**a), number), S(F(2, 2, **a), T(number, "float64", grad=False)),
    ]  # fmt: skip
    if integers:
        x, y = I(2, 3, low=max(1, int(low)) if low >= 0 else -4, high=6), I(2, 3, low=1, high=4)
        samples += [S(x, y), S(x, 2), S(x, F(3, **b)), S(F(2, 3, **a), y), S(x, I(3, low=1, high=4, kind="int32"))]
        samples += [S(x, 1.5), S(I(low=1, high=4), F(2, **b)), S(I(3, low=1, high=4, kind="int32"), I(low=1, high=4))]
        for kind in INTEGERS:
            samples.append(S(I(4, low=1, high=5, kind=kind), I(4, low=1, high=3, kind=kind)))
            samples.append(S(I(4, low=1, high=5, kind=kind), 3))
        samples += [S(I(4, low=1, high=5, kind="uint8"), I(4, low=1, high=3, kind="int8")), S(I(3, low=1), F(3, **b))]
    if boolean:
        samples += [S(B(2, 3), B(3)), S(B(4), I(4, low=1)), S(B(4), F(4, **b)), S(B(4), 2), S(B(4), 1.5), S(B(3), True)]
    if not numbers:
        samples = [s for s in samples if not isinstance(s.args[1], (int, float))]
    extra: list[Sample] = more.pop("samples", [])  # type: ignore[assignment]
    errors: list[Sample] = more.pop("errors", [])  # type: ignore[assignment]
    mismatched = [S(F(2, 3, **a), F(2, 4, **b)), S(F(2, 3, **a), F(2, **b)), S(F(3, 1, 2, **a), F(2, 3, **b))]
    return Op(name, samples + extra, mismatched + errors, **more)  # type: ignore[arg-type]


def _operator(symbol: str) -> object:
    import operator

    f = getattr(operator, symbol)
    return lambda library, a, b: f(a, b)


OPS = [
    binary("add", samples=[S(F(2, 3), F(3), alpha=2), S(F(2), F(2), alpha=0.5), S(I(2), I(2), alpha=3), S(F(2), 2, alpha=2)],
           errors=[S(I(2), I(2), alpha=0.5), S("a", F(2))]),
    binary("sub", boolean=False, samples=[S(F(2, 3), F(3), alpha=2), S(I(2), I(2), alpha=3)],
           errors=[S(B(2), B(2)), S(B(2), True), S(B(2), I(2)), S(F(2), True), S(I(2), B(2)), S(I(2), I(2), alpha=0.5)]),
    binary("rsub", boolean=False, errors=[S(B(2), B(2))]),
    binary("mul"),
    binary("div", second=(0.5, 2), samples=[
        S(F(2, 3), F(3, low=0.5), rounding_mode="floor"), S(F(2, 3), F(3, low=0.5), rounding_mode="trunc"),
        S(I(6), I(6, low=1), rounding_mode="floor"), S(I(6), I(6, low=1), rounding_mode="trunc"), S(I(6), 2, rounding_mode="trunc"),
        S(F(4), 0.7, rounding_mode="trunc"), S(I(4), 0.7, rounding_mode="floor"), S(F(3), 0), S(T([0.0, 1.0, -1.0]), T([0.0, 0.0, 0.0])),
        S(I(4), I(4, low=1, kind="int32"), rounding_mode="trunc"),
    ], errors=[S(F(2), F(2), rounding_mode="up")], kinked=True),
    binary("true_divide", second=(0.5, 2)),
    binary("floor_divide", second=(0.5, 2), boolean=False, differentiable=False, samples=[S(I(6), -2), S(I(6), I(6, low=-4, high=-1))]),
    binary("remainder", second=(0.5, 2), boolean=False, kinked=True,
           samples=[S(I(6), -3), S(F(6), -0.7), S(I(6), I(6, low=-4, high=-1))]),
    binary("fmod", second=(0.5, 2), boolean=False, kinked=True, samples=[S(I(6), -3), S(F(6), -0.7), S(I(6), I(6, low=-4, high=-1))]),
    binary("pow", low=0.3, second=(-2, 2), boolean=False, samples=[
        S(F(4), 2), S(F(4), 3), S(F(4, low=0.1), 0.5), S(F(4), 0), S(F(4), 1), S(F(4), -1), S(F(4), -2.0), S(2.0, F(4)), S(2, F(4)), S(2, I(4, low=0)),
        S(I(4), 3), S(I(4), 0.5), S(T([0.0, 0.0, 1.0, 2.0]), T([0.0, 2.0, 0.0, 3.0])), S(T([-2.0, -1.5]), 3), S(0, F(3, low=0.2)),
        S(0.5, I(3)), S(B(3), 2),
    ], errors=[S(I(4), -1), S(I(4, low=1), -2)]),
    Op("add", [S(F(2), F(2)), S(F(2), 1), S(2.5, F(2)), S(I(2), 1), S(True, I(2))], call=_operator("add")),  # type: ignore[arg-type]
    Op("sub", [S(F(2), F(2)), S(F(2), 1), S(2.5, F(2)), S(3, I(2)), S(3, F(2, 2))], call=_operator("sub")),  # type: ignore[arg-type]
    Op("mul", [S(F(2), F(2)), S(2.5, F(2)), S(I(2), 2.5)], call=_operator("mul")),  # type: ignore[arg-type]
    Op("div", [S(F(2), F(2)), S(2.5, F(2)), S(3, I(2, low=1)), S(F(2), 3)], call=_operator("truediv")),  # type: ignore[arg-type]
    Op("floor_divide", [S(7, I(3, low=1)), S(F(3), 0.7), S(2.5, F(3))], call=_operator("floordiv"), differentiable=False),  # type: ignore[arg-type]
    Op("remainder", [S(7, I(3, low=1)), S(F(3), 0.7), S(2.5, F(3, grad=False)), S(I(4), 3)], call=_operator("mod"), kinked=True),  # type: ignore[arg-type]
    Op("pow", [S(F(3, low=0.1), 2), S(2, F(3)), S(2.5, F(3)), S(I(3), 2), S(2, I(3, low=0))], call=_operator("pow")),  # type: ignore[arg-type]
    unary("neg", boolean=False, errors=[S(B(2))]),
    unary("positive", boolean=False, errors=[S(B(2))]),
    unary("abs", boolean=False, errors=[S(B(3))], samples=[S(T([0.0, -0.0, 1.5]))]),
    unary("sign", samples=[S(T([0.0, float("nan"), -2.5]))]),
    unary("reciprocal", low=0.4),
    unary("square"),
    unary("sqrt", low=0.1, samples=[S(T([0.0, 4.0, -1.0]))]),
    unary("rsqrt", low=0.2),
    Op("lerp", [S(F(2, 3), F(2, 3), 0.3), S(F(2, 3), F(3), F(2, 1, low=0, high=1)), S(F(2, 3), F(2, 3), F()), S(F(0), F(0), 0.5)],
       [S(F(2), F(3), 0.5)]),
    Op("addcmul", [S(F(2, 3), F(2, 3), F(2, 3)), S(F(2, 3), F(3), F(2, 1), value=0.5), S(F(3), F(2, 1), F(), value=2), S(I(3), I(3), I(3)),
                   S(I(3), I(3), I(3), value=2)], [S(F(2), F(3), F(2))]),
    Op("addcdiv", [S(F(2, 3), F(2, 3), F(2, 3, low=0.5)), S(F(2, 3), F(3), F(2, 1, low=0.5), value=0.5)], [S(F(2), F(3), F(2))]),
    unary("exp", samples=[S(T([100.0, -200.0]))]),
    unary("exp2"),
    unary("expm1", samples=[S(T([1e-8, -1e-7]))]),
    unary("log", low=0.1, samples=[S(T([0.0, -1.0]))]),
    unary("log2", low=0.1),
    unary("log10", low=0.1),
    unary("log1p", low=-0.9, samples=[S(T([1e-8, -1e-7]))]),
    unary("sin"),
    unary("cos"),
    unary("tan", low=-1.2, high=1.2),
    unary("asin", low=-0.9, high=0.9),
    unary("acos", low=-0.9, high=0.9),
    unary("atan"),
    binary("atan2", numbers=False, boolean=False, samples=[S(T([0.0, -1.0, 1.0]), T([-1.0, 0.0, 0.5]))]),
    unary("sinh"),
    unary("cosh"),
    unary("erf", samples=[S(T([-7.0, -3.0, -1e-6, 2.5, 30.0]))]),
    unary("floor", boolean=False, errors=[S(B(2))]),
    unary("ceil", boolean=False, errors=[S(B(2))]),
    unary("trunc", boolean=False, errors=[S(B(2))]),
    unary("round", boolean=False, samples=[S(T([0.5, 1.5, 2.5, -0.5])), S(F(4), decimals=1), S(F(4, high=200), decimals=-1)]),
    unary("frac", integers=False, boolean=False),
    Op("where", [S(B(2, 3), F(2, 3), F(2, 3)), S(B(3), F(2, 3), F()), S(B(2, 1), F(3), 2.0), S(B(2, 3), 1.0, F(2, 3)), S(B(2), 1.0, 2.0),
                 S(B(2), 1, 2), S(B(3), I(3), F(3)), S(B(3), I(3), 1.5), S(B(2, 3)), S(B(0), F(0), F(0)), S(B(3), True, False)],
       [S(B(2), F(3), F(3)), S(F(2), F(2), F(2))]),
    Op(".where", [S(F(2, 3), B(2, 3), F(3)), S(F(3), B(2, 3), 0.0), S(I(3), B(3), 7)]),
    binary("maximum", numbers=False, samples=[S(T([1.0, 2.0, float("nan")]), T([1.0, 3.0, 0.0]))]),
    binary("minimum", numbers=False, samples=[S(T([1.0, 2.0, float("nan")]), T([1.0, 3.0, 0.0]))]),
    Op("clamp", [S(F(2, 3), -0.5, 0.8), S(F(2, 3), min=0.1), S(F(2, 3), max=0.1), S(I(5), 0, 3),
                 S(F(2, 3), F(3, high=0), F(2, 1, low=0)), S(F(2, 3), None, F(3)), S(F(0), 0, 1), S(F(), -1, 1), S(F(4), 1, -1), S(F(4), 0, 1), S(I(4, kind="uint8"), -1, 2),
                 S(F(3, 2, layout="transposed"), -1.0, 1.0)],
       [S(F(2)), S(F(2), None, None), S(F(2, 3), F(3), 1.0)]),
    Op("clamp", [S(I(5), 0.5, 2.5)], in_place=False),
    Op("clamp_min", [S(F(2, 3), 0.2), S(I(4), 1), S(F(2, 3), F(3))]),
    Op("clamp_max", [S(F(2, 3), 0.2), S(I(4), 1), S(F(2, 3), F(3))]),
    Op("nan_to_num", [S(T([float("nan"), float("inf"), -float("inf"), 1.5])), S(T([float("nan"), float("inf")]), 2.0, posinf=3.0, neginf=1.0),
                      S(F(2, 3)), S(I(3))], kinked=True),
    Op("clip", [S(F(2, 3), -0.5, 0.8)]),
    *[Op(alias, [S(F(2, 3), F(3, low=0.5))]) for alias in ("multiply", "divide", "subtract", "arctan2")],
    *[Op(alias, [S(F(2, 3, low=-0.9, high=0.9))])
      for alias in ("negative", "absolute", "arcsin", "arccos", "arctan", "sgn", "fix")],
]  # fmt: skip
