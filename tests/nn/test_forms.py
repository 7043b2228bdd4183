"""What `torch` itself has of `nn.functional` and of recurrent networks, and the paths of PyTorch's files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Library = Any
Same = Callable[..., None]


def test_functions(same: Same) -> None:
    def code(t: Library) -> Any:
        x, y = t.randn(3, 4), t.rand(3, 4)
        signs = t.tensor([1.0, -1.0, 1.0])
        ids = t.tensor([[0, 2], [1, 1]])
        table = t.randn(3, 4) * 3
        return [
            t.celu(x, 0.7),
            t.selu(x),
            t.rrelu(x, 0.1, 0.3, True),
            t.celu_(x.clone()),
            t.selu_(x.clone()),
            t.threshold_(x.clone(), 0.1, -1.0),
            t.alpha_dropout(x, 0.3, True),
            t.feature_dropout(x, 0.5, True),
            t.feature_alpha_dropout(x, 0.5, True),
            t.dropout_(x.clone(), 0.5, True),
            t.native_dropout(x, 0.5, True),
            t.native_dropout(x, 0.5, False),
            t.bilinear(x, y, t.randn(2, 4, 4)),
            t.embedding(table, ids),
            t.embedding_renorm_(table, ids.reshape(-1), 1.0, 2.0),
            t.cosine_similarity(x, y),
            t.pairwise_distance(x, y, 1.0),
            t.binary_cross_entropy_with_logits(x, y, None, None, 2),
            t.poisson_nll_loss(x, y, True, False, 1e-8, 1),
            t.kl_div(x, y),
            t.cosine_embedding_loss(x, y, signs, 0.1),
            t.hinge_embedding_loss(x, signs.reshape(3, 1).expand(3, 4), 1.0, 0),
            t.margin_ranking_loss(x[0], y[0], signs[:1].expand(4)),
            t.triplet_margin_loss(x, y, table),
        ]

    same(code)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_recurrent_functions(kind: str, same: Same) -> None:
    def code(t: Library) -> Any:
        layer = getattr(t.nn, kind)(3, 4, 2, bidirectional=True)
        function = {"LSTM": t.lstm, "GRU": t.gru, "RNN": t.rnn_tanh}[kind]
        weights = list(layer.parameters())
        x, h, c = t.randn(5, 2, 3), t.randn(4, 2, 4), t.randn(4, 2, 4)
        state = (h, c) if kind == "LSTM" else h
        options = (True, 2, 0.0, False, True)
        packed = t.nn.utils.rnn.pack_sequence([x[:, 0], x[:3, 1]])
        return (
            function(x, state, weights, *options, False),
            function(x.transpose(0, 1), state, weights, *options, True),
            function(packed.data, packed.batch_sizes, state, weights, *options),
        )

    same(code)


def test_cells(same: Same) -> None:
    def code(t: Library) -> Any:
        x, h, c = t.randn(2, 3), t.randn(2, 4), t.randn(2, 4)

        def weights(gates: int) -> tuple[Any, ...]:
            return t.randn(4 * gates, 3), t.randn(4 * gates, 4), t.randn(4 * gates), t.randn(4 * gates)

        return (
            t.lstm_cell(x, (h, c), *weights(4)),
            t.gru_cell(x, h, *weights(3)),
            t.rnn_tanh_cell(x, h, *weights(1)),
            t.rnn_relu_cell(x, h, *weights(1)[:2]),
        )

    same(code)


def test_paths(same: Same) -> None:
    def code(t: Library) -> Any:
        modules = t.nn.modules
        return [
            modules.Linear is t.nn.Linear,
            modules.activation.MultiheadAttention is t.nn.MultiheadAttention,
            modules.adaptive.AdaptiveLogSoftmaxWithLoss is t.nn.AdaptiveLogSoftmaxWithLoss,
            modules.batchnorm.BatchNorm2d is t.nn.BatchNorm2d,
            modules.batchnorm._BatchNorm.__name__,
            modules.instancenorm._InstanceNorm.__name__,
            modules.loss.CTCLoss is t.nn.CTCLoss,
            modules.normalization.LayerNorm is t.nn.LayerNorm,
            modules.sparse.EmbeddingBag is t.nn.EmbeddingBag,
            modules.transformer.TransformerEncoder is t.nn.TransformerEncoder,
            modules.MultiLabelMarginLoss is t.nn.MultiLabelMarginLoss,
        ]

    same(code)
