"""Attention as functions: scaled dot products, and several heads of them between projections."""

from __future__ import annotations

import math
import warnings
from typing import Any

from ... import ops
from ..._tensor import Tensor
from .activation import softmax
from .dropout import dropout
from .linear import linear


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(scale · q kᵀ + mask) v: (..., L, E), (..., S, E), (..., S, V) → (..., L, V).

    Args:
        attn_mask: broadcasts to (..., L, S); what is false takes no part, a float is added to the scores.
        dropout_p: probability with which a weight is dropped; whoever does not train passes 0.
        is_causal: query i sees keys 0 to i.
        scale: default 1 / √E.
        enable_gqa: each head of key and value (dimension -3) serves several of the query's.
    """
    dispatch = getattr(attn_mask, "_dispatch", None)
    if dispatch is not None:  # a mask that knows how it is best applied, as those of nn.attention.bias
        attended: Tensor = dispatch(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa)
        return attended
    return ops.scaled_dot_product_attention(
        query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa
    )


def _none_or_dtype(input: Tensor | None) -> Any:
    return None if input is None else input.dtype


def _canonical_mask(
    mask: Tensor | None, mask_name: str, other_type: Any, other_name: str, target_type: Any, check_other: bool = True
) -> Tensor | None:
    """A float mask, -inf where a bool one is true; warns where the dtype is not that of the other mask."""
    if mask is None:
        return None
    is_bool = mask.dtype.name == "bool"
    if not is_bool and not mask.is_floating_point():
        raise AssertionError(f"only bool and floating types of {mask_name} are supported")
    if check_other and other_type is not None and mask.dtype != other_type:
        warnings.warn(
            f"Support for mismatched {mask_name} and {other_name} is deprecated. Use same type for both instead.",
            stacklevel=2,
        )
    if is_bool:
        return ops.zeros_like(mask, dtype=target_type).masked_fill_(mask, -math.inf)
    return mask


def _mha_shape_check(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    key_padding_mask: Tensor | None,
    attn_mask: Tensor | None,
    num_heads: int,
) -> bool:
    """Whether the input is a batch.

    Raises:
        AssertionError: numbers of dimensions that do not go together.
    """
    dims = query.dim()
    if dims not in (2, 3):
        raise AssertionError(f"query should be unbatched 2D or batched 3D tensor but received {dims}-D query tensor")
    kind = f"For {'batched' if dims == 3 else 'unbatched'} ({dims}-D) `query`, expected"
    if key.dim() != dims or value.dim() != dims:
        raise AssertionError(
            f"{kind} `key` and `value` to be {dims}-D but found {key.dim()}-D and {value.dim()}-D tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask.dim() != dims - 1:
        raise AssertionError(
            f"{kind} `key_padding_mask` to be `None` or {dims - 1}-D but found {key_padding_mask.dim()}-D tensor instead"
        )
    if attn_mask is not None:
        if attn_mask.dim() not in (2, 3):
            raise AssertionError(
                f"{kind} `attn_mask` to be `None`, 2-D or 3-D but found {attn_mask.dim()}-D tensor instead"
            )
        expected = (num_heads, query.shape[0], key.shape[0])
        if dims == 2 and attn_mask.dim() == 3 and tuple(attn_mask.shape) != expected:
            raise AssertionError(f"Expected `attn_mask` shape to be {expected} but got {attn_mask.shape}")
    return dims == 3


def _chunks(x: Tensor | None, sizes: list[int]) -> tuple[Any, ...]:
    return (None,) * len(sizes) if x is None else tuple(x.split(sizes))


def _heads(x: Tensor, batch: int, heads: int) -> Tensor:
    """(L, N, heads · D) as (N, heads, L, D)."""
    return x.reshape((x.size(0), batch, heads, x.size(-1) // heads)).permute(1, 2, 0, 3)


def _in_projection_packed(
    q: Tensor, k: Tensor, v: Tensor, w: Tensor, b: Tensor | None, heads: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Query, key and value by heads, from one weight of (3 E, E): in as few products as there are inputs."""
    width, batch = q.size(-1), q.size(1)
    if k is v and q is k:
        joint = linear(q, w, b).reshape((q.size(0), batch, 3, heads, width // heads))
        first, second, third = joint.permute(2, 1, 3, 0, 4).unbind(0)
        return first, second, third
    if k is v:
        (w_q, w_kv), (b_q, b_kv) = w.split([width, 2 * width]), _chunks(b, [width, 2 * width])
        joint = linear(k, w_kv, b_kv).reshape((k.size(0), batch, 2, heads, width // heads))
        second, third = joint.permute(2, 1, 3, 0, 4).unbind(0)
        return _heads(linear(q, w_q, b_q), batch, heads), second, third
    weights, biases = w.chunk(3), _chunks(b, [width] * 3)
    first, second, third = [
        _heads(linear(x, weight, bias), batch, heads)
        for x, weight, bias in zip((q, k, v), weights, biases, strict=True)
    ]
    return first, second, third


def _in_projection(
    inputs: tuple[Tensor, Tensor, Tensor], weights: tuple[Any, Any, Any], biases: tuple[Any, ...], heads: int
) -> tuple[Tensor, Tensor, Tensor]:
    width, batch = inputs[0].size(-1), inputs[0].size(1)
    names = ("query", "key", "value")
    for name, x, weight in zip(names, inputs, weights, strict=True):
        if tuple(weight.shape) != (width, x.size(-1)):
            expected = (width, x.size(-1))
            raise AssertionError(f"expecting {name} weights shape of {expected}, but got {weight.shape}")
    for name, bias in zip(names, biases, strict=True):
        if bias is not None and tuple(bias.shape) != (width,):
            raise AssertionError(f"expecting {name} bias shape of {(width,)}, but got {bias.shape}")
    q, k, v = [
        _heads(linear(x, weight, bias), batch, heads) for x, weight, bias in zip(inputs, weights, biases, strict=True)
    ]
    return q, k, v


def _widened(mask: Tensor | None) -> Tensor | None:
    """A mask with one more key, which takes part."""
    return None if mask is None else ops.cat([mask, mask.new_zeros((*mask.shape[:-1], 1))], -1)


def _with_key(x: Tensor, extra: Tensor) -> Tensor:
    """(N, heads, S, D) with one more key, (1, 1, heads · D) or of zeros."""
    n, heads, _, width = x.shape
    return ops.cat([x, extra.reshape((1, -1, 1, width)).expand(n, heads, 1, width)], 2)


def _static(x: Tensor, name: str, batch: int, heads: int, width: int) -> Tensor:
    if x.size(0) != batch * heads:
        raise AssertionError(f"expecting {name}.size(0) of {batch * heads}, but got {x.size(0)}")
    if x.size(2) != width:
        raise AssertionError(f"expecting {name}.size(2) of {width}, but got {x.size(2)}")
    return x.reshape((batch, heads, x.size(1), width))


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """The output and, if wanted, the weights of attention in several heads, between projections in and out.

    Shapes: `query` (L, N, E), `key` and `value` (S, N, ·), all without N for one sample; `attn_mask` (L, S) or
    (N · heads, L, S), `key_padding_mask` (N, S): true, or -inf, is left out. The output is (L, N, E), the weights are
    (N, L, S), or (N, heads, L, S) if they are not averaged.

    Raises:
        AssertionError, RuntimeError: shapes that do not go together, in PyTorch's words.

    Source: arXiv 1706.03762.
    """
    is_batched = _mha_shape_check(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not is_batched:
        # the same tensor thrice stays the same tensor thrice
        made = {id(x): x.unsqueeze(1) for x in (query, key, value)}
        query, key, value = made[id(query)], made[id(key)], made[id(value)]
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, width = query.shape
    key_padding_mask = _canonical_mask(
        key_padding_mask, "key_padding_mask", _none_or_dtype(attn_mask), "attn_mask", query.dtype
    )
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    if is_causal and key_padding_mask is None and not need_weights:
        attn_mask = None
    else:
        attn_mask = _canonical_mask(attn_mask, "attn_mask", None, "", query.dtype, check_other=False)
        is_causal = is_causal and key_padding_mask is None
    if width != embed_dim_to_check:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim_to_check}, but got {width}")
    head_width = width // num_heads
    if head_width * num_heads != width:
        raise AssertionError(f"embed_dim {width} not divisible by num_heads {num_heads}")
    if use_separate_proj_weight:
        if key.shape[:2] != value.shape[:2]:
            raise AssertionError(
                f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}"
            )
    elif key.shape != value.shape:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")

    if not use_separate_proj_weight:
        if in_proj_weight is None:
            raise AssertionError("use_separate_proj_weight is False but in_proj_weight is None")
        q, k, v = _in_projection_packed(query, key, value, in_proj_weight, in_proj_bias, num_heads)
    else:
        weights = (q_proj_weight, k_proj_weight, v_proj_weight)
        for name, weight in zip("qkv", weights, strict=True):
            if weight is None:
                raise AssertionError(f"use_separate_proj_weight is True but {name}_proj_weight is None")
        q, k, v = _in_projection((query, key, value), weights, _chunks(in_proj_bias, [width] * 3), num_heads)

    if attn_mask is not None:
        expected = (length, key.size(0)) if attn_mask.dim() == 2 else (batch * num_heads, length, key.size(0))
        if tuple(attn_mask.shape) != expected:
            raise RuntimeError(
                f"The shape of the {attn_mask.dim()}D attn_mask is {attn_mask.shape}, but should be {expected}."
            )
    extra_keys = 0
    if bias_k is not None and bias_v is not None:
        if static_k is not None:
            raise AssertionError("bias cannot be added to static key.")
        if static_v is not None:
            raise AssertionError("bias cannot be added to static value.")
        k, v = _with_key(k, bias_k), _with_key(v, bias_v)
        extra_keys += 1
    elif bias_k is not None:
        raise AssertionError("bias_k is set but bias_v is None")
    elif bias_v is not None:
        raise AssertionError("bias_v is set but bias_k is None")
    if static_k is not None:
        k = _static(static_k, "static_k", batch, num_heads, head_width)
    if static_v is not None:
        v = _static(static_v, "static_v", batch, num_heads, head_width)
    if add_zero_attn:
        k, v = _with_key(k, k.new_zeros(width)), _with_key(v, v.new_zeros(width))
        extra_keys += 1
    for _ in range(extra_keys):
        attn_mask, key_padding_mask = _widened(attn_mask), _widened(key_padding_mask)

    mask = attn_mask
    if mask is not None and mask.dim() == 3:
        mask = mask.reshape((batch, num_heads, length, k.size(2)))
    if key_padding_mask is not None:
        if tuple(key_padding_mask.shape) != (batch, k.size(2)):
            _raise_padding(key_padding_mask, batch, k.size(2))
        padding = key_padding_mask.reshape((batch, 1, 1, k.size(2)))
        mask = padding if mask is None else mask + padding
    dropout_p = dropout_p if training else 0.0

    if not need_weights:
        attended = scaled_dot_product_attention(q, k, v, mask, dropout_p, is_causal)
        output = _projected_out(attended, out_proj_weight, out_proj_bias)
        return output if is_batched else output.squeeze(1), None
    if is_causal and mask is None:
        raise AssertionError("FIXME: is_causal not implemented for need_weights")
    scores = (q * math.sqrt(1.0 / head_width)) @ k.transpose(-2, -1)
    shares = softmax(scores if mask is None else scores + mask, -1)
    if dropout_p > 0.0:
        shares = dropout(shares, dropout_p)
    output = _projected_out(shares @ v, out_proj_weight, out_proj_bias)
    if average_attn_weights:
        shares = shares.mean(1)
    return (output, shares) if is_batched else (output.squeeze(1), shares.squeeze(0))


def _raise_padding(mask: Tensor, batch: int, length: int) -> None:
    if mask.size(0) != batch:
        raise AssertionError(f"Expected key_padded_mask.shape[0] to be {batch}, but got {mask.size(0)}")
    raise AssertionError(f"Expected key_padded_mask.shape[1] to be {length}, but got {mask.size(1)}")


def _projected_out(attended: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """(N, heads, L, D) → (L, N, E), through the last projection."""
    n, heads, length, width = attended.shape
    return linear(attended.permute(2, 0, 1, 3).reshape((length, n, heads * width)), weight, bias)
