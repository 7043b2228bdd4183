"""Rows of a table looked up and, bag by bag, summed, averaged, or reduced to their largest elements.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from .._tensor import Tensor
from ..autograd.modes import no_grad
from ..backends.protocol import Array
from ..dtype import int32, int64
from .creation import tensor, zeros
from .op import op
from .placing import pick, place, put, take_slices

SUM, MEAN, MAX = 0, 1, 2


def _spread(g: Tensor, bags: Tensor, *factors: Tensor | None) -> Tensor:
    """The gradient of each row looked up."""
    rows = take_slices(g, bags, 0)
    for x in factors:
        rows = rows if x is None else rows * x.unsqueeze(1)
    return rows


@op(
    name="EmbeddingBagBackward0",
    weight=lambda g, indices, bags, factors, rarity, weight_shape: put(
        g.new_zeros(weight_shape), indices, 0, _spread(g, bags, factors, rarity), "add"
    ),
    factors=lambda g, weight, indices, bags: (take_slices(weight, indices, 0) * take_slices(g, bags, 0)).sum(1),
)
def _bag_sums(
    be: Any,
    weight: Array,
    indices: Array,
    bags: Array,
    factors: Array | None,
    rarity: Array | None,
    empty: Array,
) -> Any:
    """Rows of `weight` at `indices`, times `factors`, added to the rows of `empty` that `bags` names.

    `rarity` multiplies gradients of the weight only.
    """
    rows = be.take(weight, indices, 0)
    if factors is not None:
        rows = be.mul(rows, be.reshape(factors, (indices.shape[0], 1)))
    return be.put(empty, bags, 0, rows, "add")


@op(
    name="EmbeddingBagBackward0",
    weight=lambda g, winners, present, weight_shape: place(g.new_zeros(weight_shape), 0, winners, g * present, "add"),
)
def _bag_maxima(be: Any, weight: Array, winners: Array, present: Array) -> Any:
    """Elements of `weight` at the rows `winners` (bags, columns), 0 where a bag is not `present`."""
    return be.mul(be.gather(weight, 0, winners), present)


def _bounds(offsets: list[int], count: int, include_last_offset: bool) -> list[tuple[int, int]]:
    ends = offsets[1:] if include_last_offset else [*offsets[1:], count]
    return list(zip(offsets, ends, strict=False))


def _check(weight: Tensor, indices: Tensor, offsets: Tensor, mode: int, factors: Tensor | None) -> None:
    for name, place_, x in (("indices", 1, indices), ("offsets", 1, offsets)):
        if x.dtype not in (int32, int64):
            raise RuntimeError(
                f"Expected tensor for argument #{place_} '{name}' to have one of the following scalar types: Long, Int; "
                f"but got torch.{x.dtype.legacy_name}Tensor instead (while checking arguments for embedding_bag)"
            )
    count = indices._shape[0]
    if offsets.numel():
        first, last = int(offsets[0].item()), int(offsets[-1].item())
        if first != 0:
            raise RuntimeError(
                "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. "
                f"However, got {first}\n[ torch.LongTensor{{}} ]"
            )
        if last > count:
            raise RuntimeError(
                f"offsets[-1] can not be greater than input's length {count} but got offsets[-1] of {last}"
            )
    if factors is not None and factors.dtype is not weight.dtype:
        raise RuntimeError(
            "Expected tensor for argument #1 'weight' to have the same type as tensor for argument #1 "
            f"'per_sample_weights'; but type torch.{weight.dtype.legacy_name}Tensor does not equal "
            f"torch.{factors.dtype.legacy_name}Tensor (while checking arguments for embedding_bag)"
        )


def embedding_bag(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = SUM,
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Bags of rows of `weight`, the bag of each index, the size of each bag, and the rows of the maxima.

    Args:
        indices: (n,), of all bags one after another.
        offsets: where each bag begins; with `include_last_offset` also where the last ends.
        mode: 0 sum, 1 mean, 2 max.
        per_sample_weights: (n,), factors of the rows of a sum.
        padding_idx: rows that count for nothing, negative from the end.

    Raises:
        RuntimeError: dtypes, offsets or indices that do not fit.
    """
    _check(weight, indices, offsets, mode, per_sample_weights)
    rows = weight._shape[0]
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise RuntimeError(
                f"padding_idx must be within the number of embeddings, {-rows} through {rows - 1}, but got {padding_idx}"
            )
        padding_idx %= max(1, rows)
    wanted = indices.tolist()
    if wanted and not 0 <= min(wanted) <= max(wanted) < rows:
        i, row = next((i, row) for i, row in enumerate(wanted) if not 0 <= row < rows)
        raise RuntimeError(f"Index {i} of input takes value {row} which is not in the valid range [0, {rows})")
    bounds = _bounds(offsets.tolist(), len(wanted), include_last_offset)
    padded = [0 if padding_idx is None else wanted[start:end].count(padding_idx) for start, end in bounds]
    of_bags = indices.new_tensor([end - start - n for (start, end), n in zip(bounds, padded, strict=True)], dtype=int64)
    of_each = _bag_of_each([start for start, _ in bounds[1:]], len(wanted), of_bags)
    if mode == MAX:
        result, winners = _maxima(weight, wanted, bounds, padding_idx)
        return result, of_each, of_bags, winners
    used = bounds[-1][1] if bounds else 0
    empty = zeros((len(bounds), weight._shape[1]), dtype=weight.dtype, device=weight.device)
    if not used:
        return _nothing(weight, empty), of_each, of_bags, of_bags
    longs, bags = indices.to(int64), of_each
    if used < len(wanted):
        longs, bags = longs[:used], bags[:used]
    factors = rarity = None
    if mode == MEAN:
        factors = take_slices(of_bags.clamp(min=1).to(weight.dtype).reciprocal(), bags, 0)
    if padding_idx is not None:
        counted = (longs != padding_idx).to(weight.dtype)
        factors = counted if factors is None else factors * counted
    if per_sample_weights is not None:
        given = per_sample_weights[:used]
        factors = given if factors is None else factors * given
    if scale_grad_by_freq:
        rarities = _rarities(wanted)
        rarity = weight.new_tensor([rarities[row] for row in wanted[:used]])
    sums: Tensor = _bag_sums(weight, longs, bags, factors, rarity, empty)
    return sums, of_each, of_bags, of_bags


def _bag_of_each(starts: list[int], count: int, of_bags: Tensor) -> Tensor:
    """The bag of each index: how many bags, after the first, have begun."""
    begun = of_bags.new_zeros(count + 1)
    if starts:
        begun = put(begun, of_bags.new_tensor(starts), 0, of_bags.new_ones(len(starts)), "add")
    return begun.cumsum(0)[:count]


def _rarities(wanted: list[int]) -> dict[int, float]:
    """What gradients of each row are multiplied by.

    Not quite how rarely the row occurs, but what PyTorch's CPU takes for it: the n-th row in order is divided by the
    count of the n-th of all sorted indices.
    """
    counts = Counter(wanted)
    in_order = sorted(wanted)
    return {row: 1.0 / counts[in_order[n]] for n, row in enumerate(sorted(counts))}


def _nothing(weight: Tensor, empty: Tensor) -> Tensor:
    """Empty bags, which still depend on the weight."""
    return empty + weight[:0].sum(0) * 0.0


def _maxima(
    weight: Tensor, wanted: list[int], bounds: list[tuple[int, int]], padding_idx: int | None
) -> tuple[Tensor, Tensor]:
    bags = [[row for row in wanted[start:end] if row != padding_idx] for start, end in bounds]
    widest = max([1, *map(len, bags)])
    device, columns = weight.device, weight._shape[1]
    table = [bag + bag[:1] * (widest - len(bag)) if bag else [0] * widest for bag in bags]
    candidates = tensor(table, dtype=int64, device=device).reshape((len(bags), widest))
    if not bags or not weight._shape[0]:
        return _nothing(weight, zeros((len(bags), columns), dtype=weight.dtype, device=device)), candidates.new_zeros(
            (len(bags), columns)
        )
    with no_grad():
        best = take_slices(weight.detach(), candidates.reshape(-1), 0).reshape((len(bags), widest, columns)).argmax(1)
        winners: Tensor = pick(candidates, 1, best)
    present = tensor([[float(bool(bag))] for bag in bags], dtype=weight.dtype, device=device)
    result: Tensor = _bag_maxima(weight, winners, present)
    shown = winners * tensor([[int(bool(bag))] for bag in bags], dtype=int64, device=device)
    return result, shown


FUNCTIONS = (embedding_bag,)
METHODS = ()
