"""The sparsifier that masks blocks of small weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..._tensor import Tensor
from ...nn import Module
from ...nn import functional as F
from ...ops.creation import full, ones, ones_like, zeros_like
from .sparsifier import BaseSparsifier


class WeightNormSparsifier(BaseSparsifier):
    """Masks, of the blocks that a weight consists of, those with the smallest norms.

    Args:
        sparsity_level: the fraction of blocks that is masked.
        sparse_block_shape: (rows, columns) of a block; those at the border may be smaller.
        zeros_per_block: how many elements of a masked block are 0, the smallest ones; None is all of them.
        norm: 1, 2 (as None), or a function of a tensor whose block means are compared.

    Raises:
        NotImplementedError: any other norm.
    """

    def __init__(
        self,
        sparsity_level: float = 0.5,
        sparse_block_shape: tuple[int, int] = (1, 4),
        zeros_per_block: int | None = None,
        norm: Callable[[Tensor], Tensor] | int | None = None,
    ) -> None:
        if callable(norm):
            self.norm_fn = norm
        elif norm == 1:
            self.norm_fn = lambda x: x.abs()
        elif norm in (2, None):
            self.norm_fn = lambda x: x * x
        else:
            raise NotImplementedError(f"L-{norm} is not yet implemented.")
        super().__init__(
            {
                "sparsity_level": sparsity_level,
                "sparse_block_shape": sparse_block_shape,
                "zeros_per_block": math.prod(sparse_block_shape) if zeros_per_block is None else zeros_per_block,
            }
        )

    def update_mask(  # type: ignore[override]
        self,
        module: Module,
        tensor_name: str,
        sparsity_level: float,
        sparse_block_shape: tuple[int, int],
        zeros_per_block: int,
        **kwargs: Any,
    ) -> None:
        """Compute a mask anew from the weights as they are masked now.

        Raises:
            ValueError: more zeros per block than a block has elements, or fewer than none.
        """
        size = math.prod(sparse_block_shape)
        if zeros_per_block > size:
            raise ValueError(
                "Number of zeros per block cannot be more than the total number of elements in that block."
            )
        if zeros_per_block < 0:
            raise ValueError("Number of zeros per block should be positive.")
        mask = self.mask_of(module, tensor_name)
        if sparsity_level <= 0 or zeros_per_block == 0:
            mask.data = ones_like(mask)
            return
        if sparsity_level >= 1 and zeros_per_block == size:
            mask.data = zeros_like(mask)
            return
        norms = self.norm_fn(getattr(module, tensor_name))
        kept = _large_blocks(norms, sparsity_level, sparse_block_shape)
        if zeros_per_block != size:
            kept = kept.logical_or(_large_elements(norms, zeros_per_block, sparse_block_shape))
        mask.data = kept


def _large_blocks(norms: Tensor, level: float, block: tuple[int, int]) -> Tensor:
    """0 for the elements of the fraction `level` of blocks whose mean is smallest, else 1."""
    if level >= 1:
        return zeros_like(norms)
    means = F.avg_pool2d(norms[None], block, block, ceil_mode=True)[0]
    count = max(0, min(means.numel() - 1, round(level * means.numel())))
    smallest = means.flatten().topk(count, largest=False).indices
    kept = ones(means.numel(), device=norms.device).scatter(0, smallest, 0.0).reshape(means.shape)
    rows, columns = norms.shape
    return kept.repeat_interleave(block[0], 0).repeat_interleave(block[1], 1)[:rows, :columns].contiguous()


def _large_elements(norms: Tensor, zeros: int, block: tuple[int, int]) -> Tensor:
    """0 for the `zeros` smallest elements of each block, else 1."""
    rows, columns = norms.shape
    (height, width), (down, across) = block, [-(-n // b) for n, b in zip(norms.shape, block, strict=True)]
    padded = full((down * height, across * width), math.nan, dtype=norms.dtype, device=norms.device)  # the largest
    padded[:rows, :columns] = norms
    blocks = padded.reshape(down, height, across, width).transpose(1, 2).reshape(down * across, height * width)
    smallest = blocks.topk(zeros, dim=1, largest=False).indices
    kept = ones_like(blocks).scatter(1, smallest, 0.0).reshape(down, across, height, width).transpose(1, 2)
    return kept.reshape(padded.shape)[:rows, :columns]
