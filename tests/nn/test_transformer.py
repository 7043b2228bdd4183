"""The Transformer and its parts as torch's: printed form, state, first values, output, gradients, masks, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Library = Any
Same = Callable[..., None]

OPTIONS: dict[str, Callable[[Library], dict[str, Any]]] = {
    "plain": lambda t: {},
    "dropout": lambda t: {"dropout": 0.3},
    "gelu, norms first": lambda t: {"activation": "gelu", "norm_first": True},
    "a function, batch first": lambda t: {"activation": t.nn.functional.silu, "batch_first": True},
    "no bias": lambda t: {"bias": False, "layer_norm_eps": 1e-3},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_encoder_layer(name: str, same: Same) -> None:
    def code(t: Library) -> Any:
        layer = t.nn.TransformerEncoderLayer(8, 2, 16, **{"dropout": 0.0, **OPTIONS[name](t)})
        x = t.randn(3, 2, 8, requires_grad=True)
        y = layer(x)
        grads = t.autograd.grad(y.sin().sum(), [x, *layer.parameters()])
        return repr(layer).replace("<", ""), layer.state_dict(), y, grads

    same(code, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", OPTIONS)
def test_decoder_layer(name: str, same: Same) -> None:
    def code(t: Library) -> Any:
        layer = t.nn.TransformerDecoderLayer(8, 2, 16, **{"dropout": 0.0, **OPTIONS[name](t)})
        x, memory = t.randn(3, 2, 8, requires_grad=True), t.randn(3, 2, 8, requires_grad=True)
        y = layer(x, memory)
        grads = t.autograd.grad(y.sin().sum(), [x, memory, *layer.parameters()])
        return list(layer.state_dict()), y, grads

    same(code, rtol=1e-4, atol=1e-5)


def test_transformer(same: Same) -> None:
    def code(t: Library) -> Any:
        model = t.nn.Transformer(8, 2, 2, 1, 16, dropout=0.1, batch_first=True)
        causal = model.generate_square_subsequent_mask(4)
        padding = t.tensor([[False, False, False], [False, False, True]])
        src, tgt = t.randn(2, 3, 8), t.randn(2, 4, 8)
        y = model(src, tgt, tgt_mask=causal, src_key_padding_mask=padding, memory_key_padding_mask=padding)
        y.sin().sum().backward()
        one = model.eval()(src[0], tgt[0], tgt_mask=causal, tgt_is_causal=True)
        return causal, list(model.state_dict()), y, [p.grad for p in model.parameters()], one

    same(code, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("norm_first", [False, True])
def test_encoder_in_evaluation(norm_first: bool, same: Same) -> None:
    """Without gradients torch computes by other kernels, and leaves zeros where there is padding at the end."""

    def code(t: Library) -> Any:
        layer = t.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=norm_first)
        model = t.nn.TransformerEncoder(layer, 2, t.nn.LayerNorm(8)).eval()
        x = t.randn(2, 3, 8)
        late = t.tensor([[False, False, True], [False, True, True]])
        early = t.tensor([[True, False, False], [False, False, False]])
        causal = t.nn.Transformer.generate_square_subsequent_mask(3)
        with t.no_grad():
            return (
                model(x),
                model(x, causal),
                model(x, causal, is_causal=True),
                model(x, src_key_padding_mask=late),
                model(x, src_key_padding_mask=early),
                model(x, causal, src_key_padding_mask=late),
            )

    same(code, rtol=1e-4, atol=1e-5)


REASONS: dict[str, Callable[[Library], dict[str, Any]]] = {
    "batch first": lambda t: {},
    "heads": lambda t: {"nhead": 1, "batch_first": True},
    "bias": lambda t: {"bias": False, "batch_first": True},
    "activation": lambda t: {"activation": t.tanh, "batch_first": True},
    "none": lambda t: {"activation": t.nn.GELU(), "batch_first": True},
}


@pytest.mark.parametrize("name", REASONS)
def test_encoder_says_why_there_are_no_nested_tensors(name: str, same: Same) -> None:
    def code(t: Library) -> Any:
        layer = t.nn.TransformerEncoderLayer(**{"d_model": 4, "nhead": 2, "dim_feedforward": 4, **REASONS[name](t)})
        first = t.nn.TransformerEncoder(layer, 1)
        second = t.nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        return first.use_nested_tensor, second.use_nested_tensor, layer.activation_relu_or_gelu

    same(code)


ERRORS: dict[str, Callable[[Library], Any]] = {
    "activation": lambda t: t.nn.TransformerEncoderLayer(8, 2, activation="tanh"),
    "batch": lambda t: t.nn.Transformer(4, 1, 1, 1, 4)(t.ones(3, 2, 4), t.ones(3, 1, 4)),
    "batch first": lambda t: t.nn.Transformer(4, 1, 1, 1, 4, batch_first=True)(t.ones(3, 2, 4), t.ones(2, 2, 4)),
    "features": lambda t: t.nn.Transformer(4, 1, 1, 1, 4)(t.ones(3, 2, 4), t.ones(3, 2, 5)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error(name: str, same: Same) -> None:
    same(ERRORS[name], fails=True)
