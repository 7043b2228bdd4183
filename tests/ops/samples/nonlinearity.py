"""Samples of further activations, as `nn.functional` has them."""

from __future__ import annotations

from typing import Any

from ..sample import F, Op, S, Sample, T

X = F(2, 3, low=-4, high=4)
EDGES = T([-25.0, -3.5, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 3.5, 25.0])


def functional(name: str, *samples: Sample, **more: Any) -> Op:
    """`nn.functional.<name>`, with its default arguments and with these samples."""
    plain = [S(X), S(F(low=-4, high=4)), S(F(0)), S(EDGES), S(F(3, 2, layout="transposed"))]
    return Op(
        "functional." + name,
        plain + list(samples),
        call=lambda t, *a, **k: getattr(t.nn.functional, name)(*a, **k),
        kinked=True,
        **more,
    )


OPS = [
    functional("leaky_relu", S(X, 0.2), S(X, 1.5), S(X, -0.5)),
    functional("elu", S(X, 0.7)),
    functional("selu"),
    functional("celu", S(X, 0.7), tolerance=1e4),  # torch rounds 1 / alpha to float32
    functional("gelu", S(X, approximate="tanh"), errors=[S(X, approximate="no")]),
    functional("silu"),
    functional("mish"),
    functional("softplus", S(X, 2.0), S(X, 1.0, 2.0)),
    functional("logsigmoid"),
    functional("hardtanh", S(X, -0.5, 2.0)),
    functional("relu6"),
    functional("hardsigmoid", tolerance=1e4),  # torch rounds 1 / 6 to float32
    functional("hardswish"),
    functional("softshrink", S(X, 1.0), errors=[S(X, -1.0)]),
    functional("softsign"),
    functional("tanhshrink"),
    Op("hardshrink", [S(X), S(X, 1.0), S(EDGES)], kinked=True),
    Op("threshold", [S(X, 0.5, -1.0), S(EDGES, 1.0, 2.0)], kinked=True),
    Op("prelu", [S(X, F(1)), S(X, F(3)), S(F(2, 3, 2), F(3))], [S(X, F(2))]),
]  # fmt: skip
