"""Attention layers as torch's: state, first values, output, weights, gradients, masks, errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

Library = Any
Same = Callable[..., None]
LAYERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "no bias": {"bias": False},
    "batch first": {"batch_first": True},
    "key and value of other widths": {"kdim": 3, "vdim": 5},
    "no bias, other widths": {"kdim": 3, "bias": False},
    "a learned key": {"add_bias_kv": True},
    "a key of zeros": {"add_zero_attn": True},
    "both, dropout": {"add_bias_kv": True, "add_zero_attn": True, "dropout": 0.4},
}


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_multihead_attention(name: str, need_weights: bool, same: Same) -> None:
    options = LAYERS[name]

    def code(t: Library) -> Any:
        layer = t.nn.MultiheadAttention(8, 2, **options)
        first = {k: v.clone() for k, v in layer.state_dict().items()}
        q = t.randn(4, 3, 8, requires_grad=True)
        k = t.randn(4, 3, layer.kdim, requires_grad=True)
        v = t.randn(4, 3, layer.vdim, requires_grad=True)
        output, weights = layer(q, k, v, need_weights=need_weights)
        total = output.sin().sum() if weights is None else output.sin().sum() + weights.cos().sum()
        names = [n for n, _ in layer.named_parameters()]
        grads = t.autograd.grad(total, [q, k, v, *layer.parameters()], allow_unused=True)
        return str(layer), names, first, output, weights, grads

    same(code, rtol=1e-4)


def test_masks(same: Same) -> None:
    def code(t: Library) -> Any:
        layer = t.nn.MultiheadAttention(8, 2, batch_first=True)
        x, y = t.randn(2, 3, 8), t.randn(2, 4, 8)
        pairs = t.zeros(3, 4).masked_fill(t.tensor([[0, 0, 1, 0]] * 3) > 0, -math.inf)
        each = t.randn(4, 3, 4)
        padding = t.tensor([[False, False, True, True], [False, False, False, False]])
        causal = t.nn.Transformer.generate_square_subsequent_mask(3)
        found = []
        for need in (True, False):
            found += [
                layer(x, y, y, attn_mask=pairs, need_weights=need),
                layer(x, y, y, attn_mask=pairs == 0, key_padding_mask=None, need_weights=need),
                layer(x, y, y, attn_mask=each, need_weights=need, average_attn_weights=False),
                layer(x, y, y, key_padding_mask=padding, need_weights=need),
                layer(x, y, y, key_padding_mask=padding, attn_mask=each > 0.5, need_weights=need),
                layer(x, y, y, key_padding_mask=padding, attn_mask=each, need_weights=need),
                layer(x, x, x, attn_mask=causal, is_causal=True, need_weights=need),
                layer(x[0], y[0], y[0], key_padding_mask=padding[0], need_weights=need),
                layer(x[0], y[0], y[0], attn_mask=each[:2], need_weights=need),
            ]
        return found

    same(code, rtol=1e-4)


def test_the_function_takes_keys_and_values_ready_made(same: Same) -> None:
    def code(t: Library) -> Any:
        layer = t.nn.MultiheadAttention(8, 2)
        x = t.randn(4, 3, 8)
        weights = (layer.in_proj_weight, layer.in_proj_bias, None, None, False, 0.0, layer.out_proj.weight, None)
        ready = {"static_k": t.randn(6, 5, 4), "static_v": t.randn(6, 5, 4)}
        return t.nn.functional.multi_head_attention_forward(x, x, x, 8, 2, *weights, **ready)

    same(code, rtol=1e-4)


def test_dropout_drops_the_same_weights(same: Same) -> None:
    def code(t: Library) -> Any:
        q = t.randn(2, 2, 3, 4, requires_grad=True)
        y = t.nn.functional.scaled_dot_product_attention(q, q, q, dropout_p=0.4)
        return y, t.autograd.grad(y.sin().sum(), q)

    same(code)


def test_half_precision(same: Same) -> None:
    def code(t: Library) -> Any:
        q = t.randn(1, 2, 3, 4).half()
        return t.nn.functional.scaled_dot_product_attention(q, q, q, is_causal=True)

    same(code, rtol=3e-3, atol=3e-3)


def test_causal_masks_of_two_lengths(same: Same) -> None:
    def code(t: Library) -> Any:
        import importlib

        masks = importlib.import_module(t.__name__ + ".nn.attention.bias")
        attend = t.nn.functional.scaled_dot_product_attention
        q, k = t.randn(1, 2, 3, 4), t.randn(1, 2, 5, 4)
        upper, lower = masks.causal_upper_left(3, 5), masks.causal_lower_right(3, 5)
        return [
            attend(q, k, k, upper),
            attend(q, k, k, attn_mask=lower),
            attend(q, q, q, attn_mask=masks.causal_lower_right(3, 3)),
            repr(upper),
            repr(lower),
            int(lower.variant),
            (lower.seq_len_q, lower.seq_len_kv),
        ]

    same(code)


def test_kernels_can_be_chosen(same: Same) -> None:
    def code(t: Library) -> Any:
        import importlib

        attention = importlib.import_module(t.__name__ + ".nn.attention")
        backend = attention.SDPBackend
        q = t.randn(1, 2, 3, 4)
        with attention.sdpa_kernel(backend.MATH):
            first = t.nn.functional.scaled_dot_product_attention(q, q, q)
        with attention.sdpa_kernel([backend.MATH, backend.FLASH_ATTENTION]):
            second = t.nn.functional.scaled_dot_product_attention(q, q, q)
        return first, second, int(backend.ERROR), int(backend.CUDNN_ATTENTION)

    same(code)


def _layer(t: Library, **options: Any) -> Any:
    return t.nn.MultiheadAttention(8, 2, **options)


ERRORS: dict[str, Callable[[Library], Any]] = {
    "widths": lambda t: t.nn.MultiheadAttention(8, 3),
    "no heads": lambda t: t.nn.MultiheadAttention(8, 0),
    "4-D": lambda t: _layer(t)(t.ones(1, 2, 3, 8), t.ones(2, 3, 8), t.ones(2, 3, 8)),
    "batched and not": lambda t: _layer(t)(t.ones(2, 3, 8), t.ones(3, 8), t.ones(3, 8)),
    "not and batched": lambda t: _layer(t)(t.ones(2, 8), t.ones(2, 3, 8), t.ones(2, 3, 8)),
    "padding, dims": lambda t: _layer(t)(t.ones(2, 3, 8), t.ones(2, 3, 8), t.ones(2, 3, 8), t.ones(2) > 0),
    "padding, shape": lambda t: _layer(t)(t.ones(2, 3, 8), t.ones(2, 3, 8), t.ones(2, 3, 8), t.ones(2, 2) > 0),
    "padding, length": lambda t: _layer(t)(t.ones(2, 3, 8), t.ones(2, 3, 8), t.ones(2, 3, 8), t.ones(3, 3) > 0),
    "mask of integers": lambda t: _layer(t)(*[t.ones(2, 3, 8)] * 3, attn_mask=t.ones(2, 2, dtype=t.int64)),
    "mask, dims": lambda t: _layer(t)(*[t.ones(2, 3, 8)] * 3, attn_mask=t.ones(2)),
    "mask, shape": lambda t: _layer(t)(*[t.ones(2, 3, 8)] * 3, attn_mask=t.ones(3, 3)),
    "mask, 3-D shape": lambda t: _layer(t)(*[t.ones(2, 3, 8)] * 3, attn_mask=t.ones(3, 2, 2)),
    "mask, unbatched": lambda t: _layer(t)(*[t.ones(3, 8)] * 3, attn_mask=t.ones(3, 3, 3)),
    "causal without mask": lambda t: _layer(t)(*[t.ones(2, 3, 8)] * 3, is_causal=True),
    "other width": lambda t: _layer(t)(*[t.ones(2, 3, 6)] * 3),
    "key and value": lambda t: _layer(t)(t.ones(2, 3, 8), t.ones(2, 3, 8), t.ones(4, 3, 8)),
    "separate, lengths": lambda t: _layer(t, kdim=3)(t.ones(2, 3, 8), t.ones(2, 3, 3), t.ones(4, 3, 8)),
    "separate, widths": lambda t: _layer(t, kdim=3)(t.ones(2, 3, 8), t.ones(2, 3, 8), t.ones(2, 3, 8)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error(name: str, same: Same) -> None:
    same(ERRORS[name], fails=True)
