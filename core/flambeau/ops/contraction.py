"""Products that sum over dimensions named by the caller: einsum, tensordot, and their simpler relatives.

Source: https://docs.pytorch.org/docs/stable/generated/torch.einsum.html
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .._tensor import Tensor
from ..dtype import bool_
from ..promotion import result_type
from ..shape import wrap_dim
from .complex_numbers import conj
from .matmul import bmm, dot, mm
from .node_names import recorded_as
from .operands import to_dtype
from .pointwise import mul
from .reduction import sum as total
from .views import diagonal, permute, reshape, squeeze, unsqueeze

# --- einsum -----------------------------------------------------------------------------------------------------------

_ELLIPSIS = -1
_HIDDEN = 100  # labels from here on are of the dimensions that an ellipsis covers
_Labels = list[int]


def einsum(equation: Any, *operands: Any) -> Tensor:
    """Products of the operands, summed over the letters that the output lacks: "bij,bjk->bik".

    The letters name dimensions; "..." stands for any others, which broadcast; a letter twice in one operand is its
    diagonal. Without "->" the output has, in order, the letters that occur once. The operands may also be given each
    with a list of numbers for letters: `einsum(x, [0, 1], y, [1, 2], [0, 2])`.

    Raises:
        RuntimeError: letters that do not fit the operands, in PyTorch's words.
    """
    if not isinstance(equation, str):
        tensors, inputs, output = _from_lists((equation, *operands))
    else:
        given = operands[0] if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else operands
        tensors = list(given)
        if not tensors:
            raise RuntimeError("einsum(): must provide at least one operand")
        inputs, output = _parse(equation, len(tensors))
    return _contract(tensors, inputs, output)


def _from_lists(arguments: Sequence[Any]) -> tuple[list[Tensor], list[_Labels], _Labels | None]:
    if len(arguments) < 2:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one operand and its "
            "subscripts list"
        )

    def labels(items: Sequence[Any]) -> _Labels:
        out = []
        for item in items:
            if item is Ellipsis:
                out.append(_ELLIPSIS)
            elif 0 <= item < 52:
                out.append(int(item))
            else:
                raise ValueError("einsum(): subscript in subscript list is not within the valid range [0, 52)")
        return out

    pairs = len(arguments) // 2
    tensors = [arguments[2 * i] for i in range(pairs)]
    inputs = [labels(arguments[2 * i + 1]) for i in range(pairs)]
    return tensors, inputs, labels(arguments[-1]) if len(arguments) % 2 else None


def _number(letter: str) -> int:
    return ord(letter) - ord("A") if letter.isupper() else ord(letter) - ord("a") + 26


def _letter(label: int) -> str:
    return chr(label + ord("A")) if label < 26 else chr(label - 26 + ord("a"))


def _parse(equation: str, count: int) -> tuple[list[_Labels], _Labels | None]:
    left, arrow, right = equation.partition("->")
    inputs = [_labels(part, i, offset) for i, (part, offset) in enumerate(_with_offsets(left))]
    if len(inputs) > count:
        raise RuntimeError("einsum(): fewer operands were provided than specified in the equation")
    if len(inputs) < count:
        raise RuntimeError("einsum(): more operands were provided than specified in the equation")
    return inputs, _labels(right, None, len(left) + 2) if arrow else None


def _with_offsets(text: str) -> list[tuple[str, int]]:
    parts, offset = [], 0
    for part in text.split(","):
        parts.append((part, offset))
        offset += len(part) + 1
    return parts


def _labels(text: str, operand: int | None, offset: int) -> _Labels:
    dots = " (...)" if operand is None else ""
    where = "output" if operand is None else f"operand {operand}"
    labels: _Labels = []
    i = 0
    while i < len(text):
        c = text[i]
        if c == ".":
            if _ELLIPSIS in labels:
                raise RuntimeError(f"einsum(): found '.' for {where} for which an ellipsis was already found")
            if text[i : i + 3] != "...":
                raise RuntimeError(f"einsum(): found '.' for {where} that is not part of any ellipsis{dots}")
            labels.append(_ELLIPSIS)
            i += 2
        elif c != " ":
            if not (c.isascii() and c.isalpha()):
                raise RuntimeError(
                    f"einsum(): invalid subscript given at index {offset + i} in the equation string, subscripts must be "
                    "in [a-zA-Z]"
                )
            labels.append(_number(c))
        i += 1
    return labels


def _contract(tensors: list[Tensor], inputs: list[_Labels], output: _Labels | None) -> Tensor:
    broadcast = _check_ranks(tensors, inputs)
    counts: dict[int, int] = {}
    for labels in inputs:
        for label in labels:
            counts[label] = counts.get(label, 0) + 1
    if output is None:
        kept = sorted(label for label, n in counts.items() if n == 1 and label != _ELLIPSIS)
        output = ([_ELLIPSIS] if _ELLIPSIS in counts else []) + kept
    else:
        _check_output(output, counts)
    # Dimensions under "..." get labels of their own, counted from the right.
    hidden = [_HIDDEN + i for i in range(broadcast)]

    def spelled(labels: _Labels, covered: int) -> _Labels:
        return [x for label in labels for x in (hidden[broadcast - covered :] if label == _ELLIPSIS else [label])]

    out = spelled(output, broadcast)
    work = []
    for place, (x, labels) in enumerate(zip(tensors, inputs, strict=True)):
        names = spelled(labels, x.dim() - len([label for label in labels if label != _ELLIPSIS]))
        work.append(_without_repeats(x, names, place))
    _check_sizes(work)
    while len(work) > 1:
        first, second, *rest = work
        later = set(out).union(*[names for _, names in rest])
        work = [_pair(first, second, later, out, len(tensors) == 2), *rest]
    x, names = work[0]
    # Into the order of the result before what is left is summed: the sum then lies in memory in that order.
    order = sorted(range(len(names)), key=lambda i: out.index(names[i]) if names[i] in out else len(out))
    if order != list(range(len(order))):
        x, names = permute(x, order), [names[i] for i in order]
    gone = [i for i, name in enumerate(names) if name not in out]
    if gone:
        x = total(x, gone)
        names = [name for name in names if name in out]
    for name in out:
        if name not in names:  # an ellipsis in the output only
            x, names = unsqueeze(x, x.dim()), [*names, name]
    order = [names.index(name) for name in out]
    return permute(x, order) if order != list(range(len(order))) or x is tensors[0] else x


def _check_ranks(tensors: list[Tensor], inputs: list[_Labels]) -> int:
    """The most dimensions that an ellipsis covers."""
    most = 0
    for place, (x, labels) in enumerate(zip(tensors, inputs, strict=True)):
        if not isinstance(x, Tensor):
            raise TypeError(f"expected Tensor as element {place} in argument 1, but got {type(x).__name__}")
        named = len([label for label in labels if label != _ELLIPSIS])
        if _ELLIPSIS in labels:
            if named > x.dim():
                raise RuntimeError(
                    f"einsum(): the number of subscripts in the equation ({named}) is more than the number of dimensions "
                    f"({x.dim()}) for operand {place}"
                )
            most = max(most, x.dim() - named)
        elif named != x.dim():
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) does not match the number of dimensions "
                f"({x.dim()}) for operand {place} and no ellipsis was given"
            )
    return most


def _check_output(output: _Labels, counts: dict[int, int]) -> None:
    for i, label in enumerate(output):
        if label == _ELLIPSIS:
            continue
        if label in output[:i]:
            raise RuntimeError(f"einsum(): output subscript {_letter(label)} appears more than once in the output")
        if label not in counts:
            raise RuntimeError(
                f"einsum(): output subscript {_letter(label)} does not appear in the equation for any input operand"
            )


def _without_repeats(x: Tensor, names: _Labels, place: int) -> tuple[Tensor, _Labels]:
    """A letter twice in one operand as the diagonal of its dimensions."""
    names = list(names)
    for name in dict.fromkeys(names):
        while names.count(name) > 1:
            a = names.index(name)
            b = names.index(name, a + 1)
            if x._shape[a] != x._shape[b]:
                raise RuntimeError(
                    f"einsum(): subscript {_letter(name)} is repeated for operand {place} but the sizes don't match, "
                    f"{x._shape[b]} != {x._shape[a]}"
                )
            x = diagonal(x, 0, a, b)
            del names[b], names[a]
            names.append(name)
    return x, names


def _check_sizes(work: list[tuple[Tensor, _Labels]]) -> None:
    seen: dict[int, int] = {}
    for place, (x, names) in enumerate(work):
        for name, size in zip(names, x._shape, strict=True):
            known = seen.get(name, 1)
            if size not in (1, known) and known != 1:
                if name >= _HIDDEN:
                    raise RuntimeError(
                        f"einsum(): dimension {name - _HIDDEN} covered by ellipsis in operand {place}has size {size} which "
                        f"does not broadcast with previously seen ellipsis with size {known} for the respective dimension"
                    )
                raise RuntimeError(
                    f"einsum(): subscript {_letter(name)} has size {size} for operand {place} which does not broadcast "
                    f"with previously seen size {known}"
                )
            seen[name] = known if size == 1 else size


def _pair(
    first: tuple[Tensor, _Labels], second: tuple[Tensor, _Labels], later: set[int], out: _Labels, alone: bool
) -> tuple[Tensor, _Labels]:
    """Two operands as one, by a batched matrix product over the letters that nobody needs any more.

    Of two operands `alone` the product is taken the way round in which it lies in memory as the result is written.
    """
    (x, a), (y, b) = first, second

    def size(t: Tensor, names: _Labels, name: int) -> int:
        return t._shape[names.index(name)] if name in names else 1

    sums = []
    for name in [n for n in a if n not in later]:
        if (size(x, a, name) > 1 and size(y, b, name) > 1) or (name in b and size(x, a, name) == size(y, b, name)):
            sums.append(name)
        else:  # on one side only, or broadcast
            x, a = total(x, a.index(name)), [n for n in a if n != name]
    for name in [n for n in b if n not in later and n not in sums]:
        y, b = total(y, b.index(name)), [n for n in b if n != name]
    batch = [n for n in a if n in b and n not in sums]
    # A size of 1 beside a larger one broadcasts: it belongs to the larger side alone.
    left = [n for n in a if n not in b]
    right = [n for n in b if n not in a]
    for name in list(batch):
        if size(x, a, name) != size(y, b, name):
            batch.remove(name)
            if size(x, a, name) == 1:
                x, a = squeeze(x, a.index(name)), [n for n in a if n != name]
                right.append(name)
            else:
                y, b = squeeze(y, b.index(name)), [n for n in b if n != name]
                left.append(name)

    def place(name: int) -> int:
        return out.index(name) if name in out else len(out)

    for part in (batch, left, right):
        part.sort(key=place)
    names = batch + left + right
    if not sums:
        names.sort(key=place)
        return mul(_placed(x, a, names), _placed(y, b, names)), names
    if alone and left and right and batch + right + left == sorted(names, key=place):
        x, a, left, y, b, right = y, b, right, x, a, left
        names = batch + left + right
    shape = [size(x, a, n) for n in batch + left] + [size(y, b, n) for n in right]
    p = permute(x, [a.index(n) for n in batch + left + sums])
    q = permute(y, [b.index(n) for n in batch + sums + right])
    inner = math.prod(size(x, a, n) for n in sums)
    rows, columns = math.prod(size(x, a, n) for n in left), math.prod(size(y, b, n) for n in right)
    if not batch:
        return reshape(mm(reshape(p, (rows, inner)), reshape(q, (inner, columns))), shape), names
    many = math.prod(size(x, a, n) for n in batch)
    return reshape(bmm(reshape(p, (many, rows, inner)), reshape(q, (many, inner, columns))), shape), names


def _placed(x: Tensor, own: _Labels, names: _Labels) -> Tensor:
    """A tensor with its dimensions in the order of `names`, and of size 1 where it has none."""
    x = permute(x, [own.index(n) for n in names if n in own])
    for place, name in enumerate(names):
        if name not in own:
            x = unsqueeze(x, place)
    return x


# --- tensordot and relatives ------------------------------------------------------------------------------------------


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The sum of products over some dimensions of each: the last n of `a` and the first n of `b`, or those listed.

    Raises:
        RuntimeError: sizes that differ, or too many dimensions.
    """
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.dim(), b.dim()):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        first, second = list(range(a.dim() - dims, a.dim())), list(range(dims))
    else:
        first, second = ([d] if isinstance(d, int) else list(d) for d in dims)
    if len(first) != len(second):
        raise RuntimeError("both dimension lists should have same length")
    first, second = [wrap_dim(d, a.dim()) for d in first], [wrap_dim(d, b.dim()) for d in second]
    if a.dtype is not b.dtype:
        raise RuntimeError("both inputs should have same dtype")
    for i, j in zip(first, second, strict=True):
        if a._shape[i] == 1 or b._shape[j] == 1:
            a = total(a, i, True, dtype=a.dtype) if b._shape[j] == 1 else a
            b = total(b, j, True, dtype=b.dtype) if a._shape[i] == 1 else b
        elif a._shape[i] != b._shape[j]:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a._shape[i]} in dim {i} and second has size "
                f"{b._shape[j]} in dim {j}"
            )
    rest_a = [i for i in range(a.dim()) if i not in first]
    rest_b = [j for j in range(b.dim()) if j not in second]
    inner = math.prod(a._shape[i] for i in first)
    shape = [a._shape[i] for i in rest_a] + [b._shape[j] for j in rest_b]
    left = reshape(permute(a, rest_a + first), (math.prod(a._shape[i] for i in rest_a), inner))
    right = reshape(permute(b, second + rest_b), (inner, math.prod(b._shape[j] for j in rest_b)))
    return reshape(mm(left, right), shape)


def inner(input: Tensor, other: Tensor) -> Tensor:
    """The sum of products over the last dimension of both.

    Raises:
        RuntimeError: those sizes differ.
    """
    if not input._shape or not other._shape:
        return mul(input, other)
    if input._shape[-1] != other._shape[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(input._shape)} and "
            f"{list(other._shape)}"
        )
    return tensordot(input, other, [[-1], [-1]])


def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: every element of `input` times all of `other`, in blocks."""
    rank = max(input.dim(), other.dim())
    a = (1,) * (rank - input.dim()) + input._shape
    b = (1,) * (rank - other.dim()) + other._shape
    left = reshape(input, [n for size in a for n in (size, 1)])
    right = reshape(other, [n for size in b for n in (1, size)])
    return reshape(mul(left, right), [m * n for m, n in zip(a, b, strict=True)])


def vdot(input: Tensor, other: Tensor) -> Tensor:
    """As `dot`, with the conjugate of the first."""
    return dot(conj(input), other)


@recorded_as("AddrBackward0")
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """`beta * input + alpha * outer(vec1, vec2)`.

    Raises:
        RuntimeError: operands that are not vectors, or sizes that do not fit.
    """
    if vec1.dim() != 1 or vec2.dim() != 1:
        name, x = ("vec1", vec1) if vec1.dim() != 1 else ("vec2", vec2)
        raise RuntimeError(f"addr: Expected 1-D argument {name}, but got {x.dim()}-D")
    kind = result_type(input, vec1, vec2)
    if kind is bool_:
        beta, alpha = bool(beta), bool(alpha)
    input = to_dtype(input, kind)
    product = to_dtype(mul(unsqueeze(vec1, 1), unsqueeze(vec2, 0)), kind)
    scaled = product if alpha == 1 else mul(product, alpha)
    spread = input.expand(product._shape) if input._shape != product._shape else input
    if beta == 0:  # which also silences a nan
        spread = spread.masked_fill(spread.new_ones(spread._shape, dtype=bool_), 0)
    return (spread if beta in (0, 1) else mul(spread, beta)) + scaled


FUNCTIONS = (einsum, tensordot, inner, kron, vdot, addr)
METHODS = (inner, kron, vdot, addr)
INPLACE = (addr,)
COMPOSED = INPLACE
