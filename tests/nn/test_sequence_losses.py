"""Losses of sequences and of many classes, and bags of embeddings, as torch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Library = Any
Same = Callable[..., None]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_ctc(reduction: str, same: Same) -> None:
    def code(t: Library) -> Any:
        loss = t.nn.CTCLoss(blank=2, reduction=reduction, zero_infinity=True)
        logits = t.randn(12, 3, 5, requires_grad=True)
        targets = t.tensor([[0, 1, 1, 3], [4, 4, 4, 4], [3, 0, 0, 0]])
        y = loss(logits.log_softmax(2), targets, t.tensor([12, 6, 9]), t.tensor([4, 4, 1]))
        return str(loss), y, t.autograd.grad(y.sum(), logits)

    same(code, rtol=1e-4, atol=1e-5)


def test_ctc_of_an_impossible_sequence(same: Same) -> None:
    def code(t: Library) -> Any:
        scores = t.randn(4, 2, 3).log_softmax(-1).requires_grad_()
        y = t.nn.CTCLoss(reduction="none")(scores, t.tensor([[1, 1, 1], [1, 2, 1]]), [4, 4], [3, 3])
        return y, t.autograd.grad(y.sum(), scores)

    same(code, rtol=1e-4, atol=1e-5)


def test_adaptive_log_softmax(same: Same) -> None:
    def code(t: Library) -> Any:
        layer = t.nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7], div_value=2.0, head_bias=True)
        x = t.randn(5, 8, requires_grad=True)
        y = t.tensor([0, 2, 5, 11, 6])
        out = layer(x, y)
        grads = t.autograd.grad(out.loss + out.output.sin().sum(), [x, *layer.parameters()])
        one = layer(x[0], y[3])
        return str(layer), layer.state_dict(), out.output, out.loss, grads, one, layer.log_prob(x), layer.predict(x)

    same(code, rtol=1e-4, atol=1e-5)


def test_linear_cross_entropy(same: Same) -> None:
    def code(t: Library) -> Any:
        loss = t.nn.LinearCrossEntropyLoss(4, 3, bias=True, weight=t.tensor([0.5, 1.0, 2.0]), ignore_index=1)
        x = t.randn(5, 4, requires_grad=True)
        y = loss(x, t.tensor([0, 2, 1, 2, 0]))
        wide = t.nn.LinearCrossEntropyLoss(4, 3, out_features=(2,), options=t.nn.LinearCrossEntropyOptions())
        z = wide(x, t.tensor([[0, 2], [1, 1], [2, 0], [0, 0], [1, 2]]))
        pieces = t.nn.LinearCrossEntropyOptions(batch_chunk_size=2)
        direct = t.nn.functional.linear_cross_entropy(x, loss.linear.weight, t.tensor([0, 2, 1, 2, 0]), options=pieces)
        return str(loss), str(wide), y, z, t.autograd.grad(y + z, [x, loss.linear.weight]), direct

    same(code, rtol=1e-4)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_embedding_bag(mode: str, same: Same) -> None:
    def code(t: Library) -> Any:
        layer = t.nn.EmbeddingBag(10, 3, mode=mode, padding_idx=2, scale_grad_by_freq=mode == "mean")
        ids, offsets = t.tensor([1, 2, 4, 5, 4, 3, 2, 9, 2]), t.tensor([0, 4, 4, 6])
        y = layer(ids, offsets)
        (y * t.arange(12.0).reshape(4, 3)).sum().backward()
        fixed = t.nn.EmbeddingBag.from_pretrained(t.randn(4, 2), mode=mode, max_norm=0.7)
        return (
            str(layer),
            layer.weight,
            y,
            layer.weight.grad,
            str(fixed),
            fixed(t.tensor([[0, 1], [3, 3]])),
            fixed.weight,
        )

    same(code, rtol=1e-4)


def test_embedding_bag_returns_its_book_keeping(same: Same) -> None:
    def code(t: Library) -> Any:
        table, ids, offsets = t.randn(4, 3), t.tensor([1, 2, 0, 3, 1]), t.tensor([0, 2, 2])
        return t.embedding_bag(table, ids, offsets, mode=1)[:3], t.embedding_bag(table, ids, offsets, mode=2)

    same(code)


ERRORS: dict[str, Callable[[Library], Any]] = {
    "no cutoffs": lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(4, 6, []),
    "cutoffs": lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(4, 6, [3, 3]),
    "cutoff beyond": lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(4, 6, [6]),
    "batch": lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])(t.ones(2, 4), t.tensor([1])),
    "class": lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])(t.ones(2, 4), t.tensor([1, 6])),
    "2-D target": lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])(t.ones(2, 4), t.ones(2, 4)),
    "0-D target": lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])(t.ones(2, 4), t.tensor(1)),
    "bag padding": lambda t: t.nn.EmbeddingBag(4, 2, padding_idx=4),
    "bag weight": lambda t: t.nn.EmbeddingBag(4, 2, _weight=t.ones(2, 2)),
    "bag offsets": lambda t: t.nn.EmbeddingBag(4, 2)(t.tensor([[1]]), t.tensor([0])),
    "linear loss, weight": lambda t: t.nn.LinearCrossEntropyLoss(4, 3, weight=t.ones(2)),
    "linear loss, smoothing": lambda t: t.nn.LinearCrossEntropyLoss(4, 3, label_smoothing=2.0),
    "linear loss, width": lambda t: t.nn.LinearCrossEntropyLoss(4, 3)(t.ones(2, 5), t.tensor([0, 1])),
    "linear loss, 3-D": lambda t: t.nn.LinearCrossEntropyLoss(4, 3)(t.ones(2, 5, 4), t.tensor([0, 1])),
    "options, policy": lambda t: t.nn.LinearCrossEntropyOptions(acc_policy="none"),
    "options, method": lambda t: t.nn.LinearCrossEntropyOptions(chunking_method="aspect_ratio:0"),
    "options, size": lambda t: t.nn.LinearCrossEntropyOptions(batch_chunk_size=0),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error(name: str, same: Same) -> None:
    same(ERRORS[name], fails=True)
