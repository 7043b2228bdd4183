"""Scaled dot-product attention, in one op.

Backward keeps the logarithm of each row's sum of exponentials and computes the weights anew from it, so that memory
grows with the length of the sequence and not with its square.
Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
"""

from __future__ import annotations

import math
from typing import Any

from .._tensor import Tensor, needs_grad
from ..autograd.modes import GradMode
from ..backends.protocol import Array
from ..dtype import C_NAMES, bool_, dtype, float16, float32, int64
from ..shape import broadcast_shapes
from .creation import empty, ones, zeros
from .matmul import matmul
from .op import composite, op
from .random import bernoulli_
from .reduction import sum_to_size
from .views import expand, unsqueeze

_LOW = -1e30
"""Stands for the largest score of a row where all are masked: exp(-inf - _LOW) is 0, as all such weights are."""


def _wide(be: Any, *arrays: Array) -> list[Array]:
    """The arrays, float16 as float32."""
    return [be.cast(x, float32) if be.dtype_of(x) is float16 else x for x in arrays]


def _scores(be: Any, query: Array, key: Array, bias: Array | None, scale: float, is_causal: bool) -> Any:
    n = len(key.shape)
    turned = be.permute(key, (*range(n - 2), n - 1, n - 2))
    scores = be.mul(be.matmul(query, turned), float(scale))
    if is_causal:
        rows, columns = scores.shape[-2:]
        row, column = be.reshape(be.arange(0, 1, rows, int64), (rows, 1)), be.arange(0, 1, columns, int64)
        scores = be.where(be.le(column, row), scores, -math.inf)
    return scores if bias is None else be.add(scores, bias)


def _attention_gradients(
    g: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor | None,
    noise: Tensor | None,
    scale: float,
    is_causal: bool,
    out_0: Tensor,
    out_1: Tensor,
) -> list[Tensor | None]:
    of_scores = bias is not None and needs_grad(bias)
    if (
        GradMode.enabled
    ):  # the derivative of this must know how the results come about, and needs a mask made of tensors
        mask = _causal_bias(query, key) if is_causal else None
        joint = mask if bias is None else bias if mask is None else bias + mask
        grads = list(attention_backward(g, query, key, value, joint, noise, None, None, scale, False, of_scores))
    else:
        grads = list(attention_backward(g, query, key, value, bias, noise, out_0, out_1, scale, is_causal, of_scores))
    of_bias = sum_to_size(grads.pop(), bias._shape) if bias is not None and of_scores else None
    return [*grads, of_bias, None]


def _result_dtypes(query: Tensor, *_: Any) -> tuple[dtype, dtype]:
    return query.dtype, float32 if query.dtype is float16 else query.dtype


@op(_result_dtypes, name="ScaledDotProductFlashAttentionForCpuBackward0", graded=1, jointly=_attention_gradients)
def _attention(
    be: Any,
    query: Array,
    key: Array,
    value: Array,
    bias: Array | None,
    noise: Array | None,
    scale: float,
    is_causal: bool,
) -> Any:
    """softmax(scale · query @ keyᵀ + bias) · noise @ value, and log Σ exp of each row's scores.

    Shapes: (..., L, E), (..., S, E), (..., S, V), and (..., L, S), which broadcasts, for `bias` and `noise`. Of float16
    operands `bias`, `noise` and the sums are float32, as is what is computed in between.
    """
    narrow = be.dtype_of(query)
    query, key, value = _wide(be, query, key, value)
    scores = _scores(be, query, key, bias, scale, is_causal)
    last = (len(scores.shape) - 1,)
    peak = be.maximum(be.max(scores, last, True), _LOW)
    weights = be.exp(be.sub(scores, peak))
    total = be.maximum(be.sum(weights, last, True), 1e-30)
    weights = be.div(weights, total)
    if noise is not None:
        weights = be.mul(weights, noise)
    out = be.matmul(weights, value)
    return out if narrow is not float16 else be.cast(out, narrow), be.add(peak, be.log(total))


@composite
def attention_backward(
    be: Any,
    g: Array,
    query: Array,
    key: Array,
    value: Array,
    bias: Array | None,
    noise: Array | None,
    out: Array | None,
    log_sums: Array | None,
    scale: float,
    is_causal: bool,
    of_scores: bool,
) -> Any:
    """The gradients of query, key and value, and of the scores if wanted; of both results of `_attention`, or neither."""
    narrow = be.dtype_of(query)
    g, query, key, value = _wide(be, g, query, key, value)
    scores = _scores(be, query, key, bias, scale, is_causal)
    n = len(scores.shape)
    last, turn = (n - 1,), (*range(n - 2), n - 1, n - 2)
    if log_sums is None:
        peak = be.maximum(be.max(scores, last, True), _LOW)
        log_sums = be.add(peak, be.log(be.maximum(be.sum(be.exp(be.sub(scores, peak)), last, True), 1e-30)))
    weights = be.exp(be.sub(scores, log_sums))
    used = weights if noise is None else be.mul(weights, noise)
    of_value = be.matmul(be.permute(used, turn), g)
    of_weights = be.matmul(g, be.permute(value, turn))
    if noise is not None:
        of_weights = be.mul(of_weights, noise)
    along = be.sum(be.mul(of_weights, weights), last, True)
    grad = be.mul(weights, be.sub(of_weights, along))
    scaled = be.mul(grad, float(scale))
    grads = (be.matmul(scaled, key), be.matmul(be.permute(scaled, turn), query), of_value)
    if narrow is float16:
        grads = tuple([be.cast(x, narrow) for x in grads])
    return (*grads, grad) if of_scores else grads


# --- the public function ----------------------------------------------------------------------------------------------


def _check(query: Any, key: Any, value: Any, mask: Tensor | None, dropout_p: float, is_causal: bool) -> None:
    for i, (name, x) in enumerate((("query", query), ("key", key), ("value", value))):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"scaled_dot_product_attention(): argument '{name}' (position {i + 1}) must be Tensor, not "
                f"{type(x).__name__}"
            )
    if not query.dtype is key.dtype is value.dtype:
        q, k, v = [C_NAMES[x.dtype.name] for x in (query, key, value)]
        raise RuntimeError(
            f"Expected query, key, and value to have the same dtype, but got query.dtype: {q} key.dtype: {k} and "
            f"value.dtype: {v} instead."
        )
    if min(query.dim(), key.dim(), value.dim()) < 2:
        raise RuntimeError(
            "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: "
            f"{query.dim()} key.dim: {key.dim()} and value.dim: {value.dim()} instead."
        )
    if not query.dtype.is_floating_point:
        raise RuntimeError(f"expected scalar type Float but found {query.dtype.legacy_name}")
    if mask is not None:
        if mask.dtype not in (bool_, query.dtype, float32):
            raise RuntimeError(
                "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
                f"{C_NAMES[mask.dtype.name]} and  query.dtype: {C_NAMES[query.dtype.name]} instead."
            )
        if is_causal and (query.dim() != 4 or dropout_p > 0):
            raise RuntimeError(
                "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
            )
    if not 0 <= dropout_p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {dropout_p}")


def _as_bias(mask: Tensor, like: Tensor) -> Tensor:
    """What to add to scores: -inf where a bool mask is false."""
    dtype = float32 if like.dtype is float16 else like.dtype
    if mask.dtype is not bool_:
        return mask.to(dtype)
    return zeros(mask._shape, dtype=dtype, device=like.device).masked_fill(~mask, -math.inf)


def _causal_bias(query: Tensor, key: Tensor) -> Tensor:
    shape = (query._shape[-2], key._shape[-2])
    return _as_bias(ones(shape, dtype=bool_, device=query.device).tril(), query)


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(scale · query @ keyᵀ + mask) @ value: (..., L, E), (..., S, E), (..., S, V) → (..., L, V).

    Args:
        attn_mask: broadcasts to (..., L, S); what is false takes no part, a float is added to the scores. A row of
            which nothing takes part gives 0.
        dropout_p: probability with which a weight is dropped; whoever does not train passes 0.
        is_causal: query i sees keys 0 to i.
        scale: default 1 / √E.
        enable_gqa: each head of key and value (dimension -3) serves several of the query's.

    Raises:
        RuntimeError: dtypes or shapes that do not fit, in PyTorch's words.
    """
    dropout_p = float(dropout_p)
    _check(query, key, value, attn_mask, dropout_p, is_causal)
    narrow = query.dtype
    # float16 is widened where it is computed with; but what comes back for a mask has the mask's dtype.
    if narrow.itemsize == 2 and (narrow is not float16 or (attn_mask is not None and needs_grad(attn_mask))):
        query, key, value = query.to(float32), key.to(float32), value.to(float32)
    grouped = 0
    if enable_gqa and key.dim() > 2 and query._shape[-3] not in (key._shape[-3], 0):
        _check_heads(query, key)
        _check_heads(query, value)
        if key._shape[-3] == value._shape[-3]:
            grouped = key._shape[-3]
        else:
            key, value = _for_each_head(query, key), _for_each_head(query, value)
    if query._shape[-1] != key._shape[-1]:
        matmul(query, key.transpose(-2, -1))  # raises, in its words
    heads = query._shape[-3:-2] if grouped else ()
    lead = slice(-3 if grouped else -2)
    batch = broadcast_shapes(broadcast_shapes(query._shape[lead], key._shape[lead]), value._shape[lead])
    rows, columns = query._shape[-2], key._shape[-2]
    bias = None if attn_mask is None else _as_bias(attn_mask, query)
    shape = (*batch, *heads, rows, columns)
    if bias is not None and broadcast_shapes(shape, bias._shape) != shape:
        wide = list(broadcast_shapes(shape, bias._shape))
        raise RuntimeError(f"output with shape {list(shape)} doesn't match the broadcast shape {wide}")
    if value._shape[-2] != columns:
        if len(shape) != 4 or value._shape[-2] > columns:
            matmul(zeros(shape, dtype=value.dtype, device=value.device), value)  # raises, in its words
        columns = value._shape[-2]
        key, shape = key.narrow(-2, 0, columns), (*shape[:-1], columns)
        bias = bias if bias is None or bias._shape[-1] == 1 else bias.narrow(-1, 0, columns)
    if 0 in shape:
        if grouped:
            key, value = _for_each_head(query, key), _for_each_head(query, value)
        return matmul(matmul(query, key.transpose(-2, -1)), value).to(narrow)
    noise = None
    if dropout_p:
        kept = 1 - dropout_p
        wide_dtype = float32 if query.dtype is float16 else query.dtype
        noise = bernoulli_(empty(shape, dtype=wide_dtype, device=query.device), kept)
        noise = noise.div_(kept) if kept else noise
    if grouped:  # one more dimension, along which key and value are the same
        query, bias, noise = [_grouped(x, grouped) for x in (query, bias, noise)]
        key, value = unsqueeze(key, -3), unsqueeze(value, -3)
        batch = (*batch, *query._shape[-4:-2])
    query, key, value = [x if x._shape[:-2] == batch else expand(x, (*batch, -1, -1)) for x in (query, key, value)]
    factor = scale if scale is not None else 1.0 / math.sqrt(max(1, query._shape[-1]))
    out: Tensor = _attention(query, key, value, bias, noise, factor, is_causal)[0]
    if grouped:
        out = out.reshape((*shape[:-1], out._shape[-1]))
    return out if narrow is out.dtype else out.to(narrow)


def _check_heads(query: Tensor, x: Tensor) -> None:
    if x._shape[-3] == 0 or query._shape[-3] % x._shape[-3]:
        raise RuntimeError("Number of heads in key and value must divide the number of heads in ")


def _grouped(x: Any, groups: int) -> Any:
    """Of an array with a dimension for heads, if it has one, that dimension in two: groups, and the heads of each."""
    if x is None or x.dim() < 3:
        return x
    heads = x._shape[-3]
    return unsqueeze(x, -3) if heads == 1 else x.reshape((*x._shape[:-3], groups, heads // groups, *x._shape[-2:]))


def _for_each_head(query: Tensor, x: Tensor) -> Tensor:
    heads, own, shape = query._shape[-3], x._shape[-3], x._shape
    repeated = expand(unsqueeze(x, -3), (*shape[:-2], heads // own, *shape[-2:]))
    return repeated.reshape((*shape[:-3], heads, *shape[-2:]))


FUNCTIONS = ()
METHODS = ()
