"""`rearrange`: dimensions split, moved and joined as a pattern says: `"b c (h s) w -> b (c s) h w"`.

Source: https://docs.pytorch.org/docs/stable/generated/torch.func.rearrange.html
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from .._tensor import Tensor

Groups = list[list[str]]
"""For each dimension the names that it is made of; "1" is left out, "..." stands for all others, "(...)" for them joined."""


def rearrange(tensor: Tensor | Sequence[Tensor], pattern: str, **axes_lengths: int) -> Tensor:
    """A tensor in another arrangement of its elements.

    Args:
        tensor: or several of one shape, which are stacked first.
        pattern: names of dimensions before and after "->"; names in brackets are one dimension, "..." is all others.
        axes_lengths: sizes of names that the shape does not tell.

    Raises:
        ValueError: the pattern is none, or does not fit the shape.
    """
    if not isinstance(tensor, Tensor):
        from ..ops.joining import stack

        tensor = stack(list(tensor))
    if pattern.count("->") != 1:
        raise ValueError(f"Pattern must contain exactly one '->' separator, but got {pattern!r}")
    left, right = (_groups(side, pattern) for side in pattern.split("->"))
    if ["..."] in left:
        at = left.index(["..."])
        rest = [f".{i}" for i in range(tensor.dim() - len(left) + 1)]
        left = [*left[:at], *[[name] for name in rest], *left[at + 1 :]]
        right = [
            g for group in right for g in (([[name] for name in rest]) if group == ["..."] else [_open(group, rest)])
        ]
    if len(left) != tensor.dim():
        raise ValueError(
            f"Number of dimensions in pattern, {len(left)}, and tensor, {tensor.dim()}, must match: {pattern!r}"
        )
    before = [name for group in left for name in group]
    after = [name for group in right for name in group]
    if sorted(before) != sorted(after) or len(set(before)) != len(before):
        raise ValueError(f"Identifiers on both sides must be the same, each once: {pattern!r}")
    sizes = _sizes(tensor, left, dict(axes_lengths), pattern)
    split = tensor.reshape([sizes[name] for name in before])
    moved = split.permute([before.index(name) for name in after])
    return moved.reshape([prod(sizes[name] for name in group) for group in right])


def _open(group: list[str], rest: list[str]) -> list[str]:
    return [n for name in group for n in (rest if name == "(...)" else [name])]


def _groups(side: str, pattern: str) -> Groups:
    groups: Groups = []
    inside: Any = None
    for word in side.replace("(", " ( ").replace(")", " ) ").split():
        if word == "(":
            if inside is not None:
                raise ValueError(f"Brackets may not be nested: {pattern!r}")
            inside = []
            groups.append(inside)
        elif word == ")":
            if inside is None:
                raise ValueError(f"Brackets are not balanced: {pattern!r}")
            inside = None
        elif word == "1":
            if inside is None:
                groups.append([])
        elif word == "..." or word.isidentifier():
            if inside is None:
                groups.append([word])
            else:
                inside.append("(...)" if word == "..." else word)
        else:
            raise ValueError(f"Invalid identifier {word!r} in {pattern!r}")
    if inside is not None:
        raise ValueError(f"Brackets are not balanced: {pattern!r}")
    return groups


def _sizes(tensor: Tensor, groups: Groups, known: dict[str, int], pattern: str) -> dict[str, int]:
    """The size of every name."""
    for size, group in zip(tensor._shape, groups, strict=True):
        unknown = [name for name in group if name not in known]
        have = prod(known[name] for name in group if name in known)
        if len(unknown) > 1:
            raise ValueError(f"Cannot infer the sizes of {unknown} in {pattern!r}")
        if unknown:
            known[unknown[0]] = size // have if have else 0
        if prod(known[name] for name in group) != size:
            raise ValueError(f"Dimension of size {size} cannot be {' x '.join(group) or '1'} in {pattern!r}")
    return known
