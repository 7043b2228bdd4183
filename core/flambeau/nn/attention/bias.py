"""Causal masks for sequences of two lengths. Source: https://docs.pytorch.org/docs/stable/nn.attention.bias.html"""

from __future__ import annotations

import warnings
from enum import IntEnum
from typing import Any

from ... import ops
from ..._tensor import Tensor
from ...dtype import bool_

__all__ = ["CausalBias", "CausalVariant", "causal_lower_right", "causal_upper_left"]


class CausalVariant(IntEnum):
    """Where the diagonal of a mask begins: in the upper left corner, or where it ends in the lower right one."""

    UPPER_LEFT = 1
    LOWER_RIGHT = 2


class CausalBias(Tensor):
    """A bool mask (seq_len_q, seq_len_kv), true on and below a diagonal, as `attn_mask` of attention.

    Raises:
        AssertionError: `variant` is no `CausalVariant`.
    """

    variant: CausalVariant
    seq_len_q: int
    seq_len_kv: int

    def __new__(cls, variant: CausalVariant, seq_len_q: int, seq_len_kv: int) -> CausalBias:
        if not isinstance(variant, CausalVariant):
            raise AssertionError(f"variant must be a CausalVariant, got {type(variant).__name__}")
        if seq_len_q > seq_len_kv and variant is CausalVariant.LOWER_RIGHT:
            warnings.warn(
                "Lower right causal bias will produce NaNs in the output when seq_len_q > seq_len_kv!", stacklevel=3
            )
        offset = 0 if variant is CausalVariant.UPPER_LEFT else seq_len_kv - seq_len_q
        bias: CausalBias = ops.ones((seq_len_q, seq_len_kv), dtype=bool_).tril(offset)._as(cls)
        bias.variant, bias.seq_len_q, bias.seq_len_kv = variant, seq_len_q, seq_len_kv
        return bias

    def _materialize(self, device: Any = None) -> Tensor:
        mask: Tensor = self._as(Tensor)
        return mask if device is None else mask.to(device)

    @staticmethod
    def _dispatch(
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: CausalBias,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Tensor:
        """Attention with this mask, by `is_causal` where that is the same.

        Raises:
            ValueError: `is_causal` is set as well.
        """
        if is_causal:
            raise ValueError("CausalBias should not be used with causal=True")
        plain = attn_mask.variant is CausalVariant.UPPER_LEFT or attn_mask.seq_len_q == attn_mask.seq_len_kv
        return ops.scaled_dot_product_attention(
            query,
            key,
            value,
            None if plain else attn_mask._materialize(query.device),
            dropout_p,
            plain,
            scale=scale,
            enable_gqa=enable_gqa,
        )

    def __repr__(self) -> str:
        return repr(self._materialize())


def causal_upper_left(*size: int) -> CausalBias:
    """The mask whose diagonal begins in the upper left corner, of two lengths: query i sees keys 0 to i."""
    if len(size) != 2:
        raise AssertionError("causal_upper_left only supports 2D tensors")
    return CausalBias(CausalVariant.UPPER_LEFT, *size)


def causal_lower_right(*size: int) -> CausalBias:
    """The mask whose diagonal ends in the lower right corner, of two lengths: the last query sees every key."""
    if len(size) != 2:
        raise AssertionError("causal_lower_right only supports 2D tensors")
    return CausalBias(CausalVariant.LOWER_RIGHT, *size)
