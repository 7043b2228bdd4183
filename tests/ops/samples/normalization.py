"""Samples of normalisation, as `nn.functional` has it."""

from __future__ import annotations

from ..sample import F, I, Op, S, Sample


def functional(name: str, samples: list[Sample], errors: list[Sample] | None = None) -> Op:
    return Op(
        "functional." + name,
        samples,
        errors or [],
        call=lambda t, *a, **k: getattr(t.nn.functional, name)(*a, **k),
        tolerance=8,
    )


X, V = F(2, 3, 4), F(4)
CHANNELS = F(3)
MEAN, VAR = F(3, grad=False), F(3, low=0.5, high=2, grad=False)

OPS = [
    functional("layer_norm", [S(X, (4,)), S(X, (4,), V, V), S(X, [3, 4], F(3, 4)), S(X, (4,), None, V, 0.1), S(F(2, 3, layout="transposed"), (3,), F(3), F(3)), S(F(0, 3), (3,))],
               [S(X, (3,)), S(X, ()), S(X, 4), S(X, (4,), F(3)), S(X, (4,), None, F(3)), S(I(2, 4), (4,)), S(X, (2, 2, 3, 4))]),
    functional("rms_norm", [S(X, (4,)), S(X, (4,), V), S(X, [3, 4], F(3, 4), eps=0.1), S(F(3), (3,))],
               [S(X, (3,)), S(X, ()), S(X, (4,), F(3)), S(I(2, 4), (4,))]),
    functional("group_norm", [S(F(2, 4, 3), 2), S(F(2, 4, 3), 2, V, V), S(F(2, 4, 2, 2), 4, V), S(F(3, 4), 1, V)],
               [S(X, 2), S(X, 3, V), S(X, 3, CHANNELS, V), S(F(3), 1), S(F(1, 1), 1)]),
    functional("batch_norm", [S(X, MEAN, VAR), S(X, MEAN, VAR, CHANNELS, CHANNELS), S(X, None, None, CHANNELS, CHANNELS, True), S(X, None, None, training=True, eps=0.1),
                              S(F(4, 3), None, None, CHANNELS, None, True), S(F(2, 3, 2, 2, layout="transposed"), None, None, None, CHANNELS, True)],
               [S(X, None, None), S(X, MEAN, None), S(X, F(2, grad=False), F(2, grad=False)), S(X, None, None, F(4), training=True), S(X, None, None, None, F(4), training=True),
                S(F(1, 3), None, None, training=True), S(X, None, None, training=True, eps=0), S(I(2, 3), MEAN, VAR)]),
    functional("instance_norm", [S(X), S(X, None, None, CHANNELS, CHANNELS), S(X, MEAN, VAR, CHANNELS, CHANNELS, False)],
               [S(F(2, 3, 1)), S(F(2, 3)), S(X, use_input_stats=False)]),
    functional("local_response_norm", [S(F(2, 4, 3), 2), S(F(2, 4, 2, 2), 3, alpha=0.5, beta=0.5, k=2.0)], [S(F(2, 3), 2)]),
]  # fmt: skip
