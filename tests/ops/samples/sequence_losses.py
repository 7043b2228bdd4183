"""Samples of losses of sequences and of several labels, and of bags of embeddings."""

from __future__ import annotations

from typing import Any

from ..sample import F, I, Op, S, T

LOGITS = F(4, 2, 3)
LABELS = T([[1, 2], [2, 2]], "int64")
SHORT = T([4, 3], "int64")
TABLE = F(4, 3)
WORDS, STARTS = T([1, 2, 0, 3, 1], "int64"), T([0, 2, 2], "int64")


def ctc(t: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
    # torch's gradient presumes probabilities, which is what a network's log_softmax gives
    return t.nn.functional.ctc_loss(x.log_softmax(-1), *args, **kwargs)


def bag(t: Any, *args: Any, **kwargs: Any) -> Any:
    return t.nn.functional.embedding_bag(*args, **kwargs)


def labels(t: Any, *args: Any, **kwargs: Any) -> Any:
    return t.nn.functional.multilabel_margin_loss(*args, **kwargs)


MANY = T([[3, 0, -1, 1], [-1, 0, 0, 0]], "int64")

OPS = [
    Op("functional.ctc_loss",
       [S(LOGITS, LABELS, [4, 4], [2, 2]), S(LOGITS, T([1, 2, 1], "int64"), SHORT, T([2, 1], "int64"), reduction="none"), S(F(4, 3), T([1, 1], "int64"), T(4, "int64"), T(2, "int64")),
        S(LOGITS, T([[0, 2], [2, 2]], "int64"), (4, 2), (1, 2), blank=1, reduction="sum", zero_infinity=True), S(LOGITS, LABELS, [4, 0], [0, 0], reduction="none")],
       [S(LOGITS, LABELS, [5, 4], [2, 2]), S(LOGITS, LABELS, [4, 4], [2, 3]), S(LOGITS, LABELS, [4], [2, 2]), S(LOGITS, LABELS, [4, 4], [2]), S(LOGITS, LABELS, [4, 4], [2, 2], blank=3),
        S(LOGITS, T([1, 2, 1], "int64"), [4, 4], [2, 2]), S(LOGITS, LABELS, [4, -1], [2, 2]), S(LOGITS, LABELS, [4, 4], [2, -2]), S(F(4, 2, 3, 1), LABELS, [4, 4], [2, 2])],
       call=ctc, tolerance=8),
    Op("functional.embedding_bag",
       [S(WORDS, TABLE, STARTS), S(WORDS, TABLE, STARTS, mode="sum", per_sample_weights=F(5)), S(WORDS, TABLE, STARTS, mode="max", padding_idx=2),
        S(I(2, 3, low=0, high=4), TABLE), S(WORDS, TABLE, T([0, 2, 5], "int64"), mode="mean", include_last_offset=True, padding_idx=-3), S(T([], "int64"), TABLE, T([0], "int64"))],
       [S(WORDS, TABLE), S(WORDS, TABLE, T([1, 2], "int64")), S(WORDS, TABLE, T([0, 6], "int64")), S(WORDS, TABLE, STARTS, per_sample_weights=F(5)), S(WORDS, TABLE, STARTS, mode="sum", per_sample_weights=F(4)), S(I(1, 1, 5), TABLE), S(WORDS, TABLE, STARTS, mode="min"), S(F(5), TABLE, STARTS), S(T([4], "int64"), TABLE, T([0], "int64")), S(WORDS, TABLE, STARTS, padding_idx=7),
        S(WORDS, F(3), STARTS), S(WORDS, TABLE, STARTS, mode="max", scale_grad_by_freq=True)],
       call=bag),
    Op("functional.multilabel_margin_loss", [S(F(2, 4), MANY), S(F(2, 4), MANY, reduction="none"), S(F(4, low=-1.9, high=1.7), T([3, 0, -1, 1], "int64"), reduction="sum")],
       [S(F(2, 3), MANY), S(F(2, 4), T([[4, 0, 0, 0]] * 2, "int64")), S(F(1, 2, 4), I(1, 2, 4)), S(F(4), MANY)], call=labels),
]  # fmt: skip
