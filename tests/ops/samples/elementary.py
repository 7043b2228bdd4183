"""Samples of elementary functions beyond arithmetic."""

from __future__ import annotations

from typing import Any

from ..sample import B, F, I, Op, S, Sample, T

SPECIAL = T([float("nan"), float("inf"), -float("inf"), 0.0, -0.0], grad=False)


def one(name: str, low: float = -2.0, high: float = 2.0, *, integers: bool = True, **more: Any) -> Op:
    """An op of one tensor: floats, 0-d, empty, integers, bool, and what is no number."""
    samples = [S(F(2, 3, low=low, high=high)), S(F(low=low, high=high)), S(F(0)), S(SPECIAL)]
    samples += [S(I(3, low=int(max(low, 1)), high=int(max(low, 1)) + 2)), S(B(2))] if integers else []
    extra: list[Sample] = more.pop("samples", [])
    return Op(name, samples + extra, [S(1.5), *more.pop("errors", [])], **more)


def two(name: str, a: Any, b: Any, *extra: Sample, **more: Any) -> Op:
    """An op of two tensors: broadcast, 0-d, and the shapes that do not."""
    return Op(
        name,
        [S(a(2, 3), b(2, 3)), S(a(2, 1), b(3)), S(a(), b(2)), *extra],
        [S(a(2, 3), b(2)), *more.pop("errors", [])],
        **more,
    )


OPS = [
    one("asinh"), one("acosh", 1.1, 3.0), one("atanh", -0.9, 0.9), one("deg2rad", samples=[S(F(2, low=-400, high=400))]), one("rad2deg"),
    one("sinc", samples=[S(T([0.0, 1.0, -1.0, 0.3]))]), one("logit", 0.1, 0.9, samples=[S(F(4), 0.1), S(F(4, low=-0.5, high=1.5), eps=0.2)]),
    one("signbit", differentiable=False), one("isposinf", differentiable=False), one("isneginf", differentiable=False),
    *[Op(name, [S(F(2, 3, low=low, high=high))], composed=True) for name, low, high in (("arcsinh", -2, 2), ("arccosh", 1.1, 3), ("arctanh", -0.9, 0.9))],
    two("hypot", F, F, S(T([3e30, float("inf")], "float64"), T([4e30, 1.0], "float64"))),
    two("logaddexp", F, F, S(SPECIAL, SPECIAL), errors=[S(I(2), I(2)), S(F(2), 1.0)], composed=True),
    two("logaddexp2", F, F, S(SPECIAL, SPECIAL), errors=[S(I(2), I(2)), S(F(2), 1.0)], composed=True),
    two("fmax", F, F, S(SPECIAL, F(5, grad=False)), S(I(3), I(3)), errors=[S(F(2), 1.0)]), two("fmin", F, F, S(SPECIAL, F(5, grad=False)), S(I(3), F(3)), errors=[S(F(2), 1.0)]),
    Op("heaviside", [S(F(2, 3, grad=False), F(3, grad=False)), S(T([-1.0, 0.0, 2.0], grad=False), F(3, grad=False)), S(I(4), I(4))],
       [S(F(2), I(2)), S(F(2), 1.0)], differentiable=False),
    Op("float_power", [S(F(2, 3, low=0.3), 2), S(F(2, low=0.3), F(2)), S(2.5, F(3)), S(I(3), 2), S(I(2, low=1), I(2))], composed=True, on_gpu=False),
    Op(".float_power_", [S(T([1.5, 2.0], "float64", grad=False), 2)], [S(F(2), 2), S(I(2), 2)], differentiable=False),
    Op("ldexp", [S(F(2, 3), I(3, low=0)), S(F(2), F(2))], composed=True),
    Op("gcd", [S(I(3, low=-40, high=40), I(2, 3, low=-9, high=9)), S(I(3, kind="int32"), I(3)), S(I(3, kind="uint8"), I(3, kind="uint8"))],
       [S(F(2), F(2)), S(I(2), 3)]),
    Op("lcm", [S(I(3, low=-40, high=40), I(2, 3, low=-9, high=9)), S(I(3, kind="int8"), I(3, kind="int8"))], [S(F(2), F(2))]),
    two("copysign", F, F, S(F(3), -1.5), S(F(3), -0.0), S(I(3), F(3)), S(I(2), -2), S(T([0.0, 1.0]), SPECIAL.__class__((2,), "float", given=[-0.0, 0.0], grad=False))),
    Op("frexp", [S(F(2, 3)), S(F(low=20, high=30)), S(T([0.0, 1.0, -0.5, 1e-30, 3e30], grad=False)), S(F(0))], [S(I(2))]),
    Op("nextafter", [S(F(4, grad=False), F(4, grad=False)), S(T([0.0, 1.0, -1.0, 2.0], grad=False), T([1.0, 0.0, 0.0, 2.0], grad=False))],
       on_gpu=False, differentiable=False),
]  # fmt: skip
