"""Samples of attention."""

from __future__ import annotations

from ..sample import B, F, I, Op, S, T

Q, K, V = F(2, 2, 3, 4), F(2, 2, 3, 4), F(2, 2, 3, 4)
LONG_K, LONG_V = F(2, 2, 5, 4), F(2, 2, 5, 3)

OPS = [
    Op("functional.scaled_dot_product_attention",
       [S(Q, K, V), S(Q, LONG_K, LONG_V, is_causal=True), S(Q, K, V, T([[True, False, True], [False, False, False], [True, True, False]], "bool")),
        S(F(2, 3, 4), F(2, 3, 4), F(2, 3, 4), F(3, 3)), S(F(3, 4), F(2, 4), F(2, 5), scale=0.3), S(F(1, 4, 3, 2, layout="transposed"), F(1, 2, 3, 2), F(1, 2, 3, 2), enable_gqa=True),
        S(Q, F(2, 3, 4), F(1, 1, 3, 4)), S(Q, F(2, 2, 0, 4), F(2, 2, 0, 4))],
       [S(Q, K, V, I(3, 3)), S(Q, F(2, 2, 3, 5), V), S(F(4), F(4), F(4)), S(I(1, 2, 3, 4), I(1, 2, 3, 4), I(1, 2, 3, 4)), S(Q, K, V, B(3, 2)), S(Q, K, V, dropout_p=1.5),
        S(F(2, 3, 4), F(2, 3, 4), F(2, 3, 4), B(3, 3), is_causal=True), S(Q, F(2, 3, 3, 4), F(2, 3, 3, 4), enable_gqa=True), S(Q, 1, V)],
       call=lambda t, *a, **k: t.nn.functional.scaled_dot_product_attention(*a, **k), tolerance=4),
]  # fmt: skip
