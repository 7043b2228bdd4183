"""Samples of changing dtypes."""

from __future__ import annotations

from ..sample import B, D, F, I, Op, S, T

WIDE = T([-300.7, -1.5, -0.5, 0.0, 0.5, 1.5, 254.9, 300.2])
NAMES = {"double": "float64", "float": "float32", "half": "float16", "long": "int64", "int": "int32", "short": "int16", "char": "int8",
         "bool": "bool"}  # fmt: skip

OPS = [
    Op(".to", [*[S(F(2, 3), D(kind)) for kind in ("float64", "float32", "float16", "int64", "int32", "bool")], S(I(4), D("float32")), S(B(3), D("int64")),
               S(B(3), D("float64")), S(WIDE, D("int16")), S(I(4, low=-300, high=300), D("int8")), S(I(4, low=-300, high=300), D("uint8")),
               S(F(2), I(2)), S(F(2), dtype=D("float64")), S(F(2), "cpu"), S(F(2), "cpu", D("float64")), S(F(2), copy=True), S(F(2))], on_gpu=False,
       tolerance=100),
    *[Op(f".{name}", [S(F(2, 3)), S(I(4)), S(B(3)), S(F(0)), S(WIDE)], on_gpu=name != "double", tolerance=2000 if name == "half" else 1)
      for name in NAMES if name != "char"],
    Op(".char", [S(I(4)), S(B(3))]),
    Op(".byte", [S(I(4, low=0, high=255)), S(B(3)), S(F(3, low=0))]),
    Op(".type", [S(F(2)), S(I(2)), S(F(2), D("float64")), S(F(2), "torch.DoubleTensor"), S(F(2), "torch.LongTensor")], [S(F(2), "torch.NoTensor")],
       on_gpu=False),
    Op("typename", [S(F(2)), S(I(2)), S(1), S("a"), S(None)], on_gpu=False),
    Op(".type_as", [S(F(2), I(2)), S(I(2), F(2))]),
    Op(".cpu", [S(F(2))]),
    Op(".cuda", [], [S(F(2))]),
]  # fmt: skip
