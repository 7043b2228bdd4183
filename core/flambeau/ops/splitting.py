"""Several views at once: a tensor's consecutive parts along a dimension, or its slices.

Source: https://docs.pytorch.org/docs/stable/generated/torch.split.html
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from .._tensor import Tensor, gradient_edge, needs_grad
from ..autograd import node as graph
from ..autograd.modes import GradMode
from ..autograd.node import Labelled
from ..backends.registry import HOST
from ..dtype import int64
from ..shape import wrap_dim
from .views import alias_of, slice_dim


class PartsNode(Labelled):
    """The backward node of `unbind` and `split`: the gradients of the parts, put together again."""

    __slots__ = ("assemble", "parts")

    parts: list[tuple[int, ...]]
    assemble: Callable[[list[Tensor]], Tensor]

    def backward(self, grad: Any, wanted: tuple[bool, ...] | None) -> tuple[Tensor | None, ...]:
        grads = [grad] if self.outputs == 1 else grad
        like = next(g for g in grads if g is not None)
        whole = [like.new_zeros(shape) if g is None else g for g, shape in zip(grads, self.parts, strict=True)]
        return (self.assemble(whole),)


def _parts(
    input: Tensor, views: list[Tensor], label: str, assemble: Callable[[list[Tensor]], Tensor]
) -> tuple[Tensor, ...]:
    if GradMode.enabled and needs_grad(input) and views:
        node = PartsNode((gradient_edge(input),), len(views))
        node.label = label
        node.parts = [v._shape for v in views]
        node.assemble = assemble
        for i, v in enumerate(views):
            v._one_of_several = True
            v._requires_grad = True
            v._node = node
            v._output_nr = i
        if graph.on_create is not None:
            graph.on_create(node, views[0])
    return tuple(views)


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along a dimension, as views without it.

    Raises:
        IndexError: the tensor has no dimensions.
    """
    if not input._shape:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    dim = wrap_dim(dim, input.dim())
    shape, strides, offset = input._shape, input.stride(), input.storage_offset()
    rest = (*shape[:dim], *shape[dim + 1 :])
    steps = (*strides[:dim], *strides[dim + 1 :])
    views = [alias_of(input, rest, steps, offset + i * strides[dim]) for i in range(shape[dim])]
    return _parts(input, views, "UnbindBackward0", lambda grads: _joining().stack(grads, dim))


def split(
    tensor: Tensor, split_size_or_sections: Any = None, dim: int = 0, *, split_size: Any = None
) -> tuple[Tensor, ...]:
    """Views of consecutive parts along a dimension: of one size (the last may be smaller), or of the sizes given.

    Args:
        split_size: the method's name for `split_size_or_sections`.

    Raises:
        RuntimeError: the tensor has no dimensions, a size is negative, or the sizes do not add up to the dimension's.
    """
    if split_size_or_sections is None:
        split_size_or_sections = split_size
    if not tensor._shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    dim = wrap_dim(dim, tensor.dim())
    total = tensor._shape[dim]
    if isinstance(split_size_or_sections, int):
        size = split_size_or_sections
        if size < 0:
            raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
        if size == 0 and total:
            raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {total}")
        sections = [size] * (total // size) + ([total % size] if total % size else []) if size else [0]
        sections = sections or [0]
        label = "SplitBackward0"
    else:
        sections = list(split_size_or_sections)
        if any(s < 0 for s in sections):
            raise RuntimeError(
                f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={sections}"
            )
        if sum(sections) != total:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {total} (input tensor's size at dimension "
                f"{dim}), but got split_sizes={sections}"
            )
        label = "SplitWithSizesBackward0"
    shape, strides, offset = tensor._shape, tensor.stride(), tensor.storage_offset()
    views = []
    start = 0
    for size in sections:
        part = (*shape[:dim], size, *shape[dim + 1 :])
        views.append(alias_of(tensor, part, strides, offset + start * strides[dim]))
        start += size
    return _parts(tensor, views, label, lambda grads: _joining().cat(grads, dim))


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` views of equal size along a dimension; the last may be smaller.

    Raises:
        RuntimeError: the tensor has no dimensions, or `chunks` is not positive.
    """
    if not input._shape:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = -(-input._shape[wrap_dim(dim, input.dim())] // chunks)
    if not size:
        return split(input, [0] * chunks, dim)
    return split(input, size, dim)


def _joining() -> Any:
    from . import joining

    return joining


def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of consecutive parts along a dimension: so many, of nearly equal size, or cut at the indices given.

    Raises:
        RuntimeError: a 0-d input, or no parts.
    """
    if not input._shape:
        raise RuntimeError(
            f"tensor_split expected at least a 1-dimensional tensor, but got a tensor with {input.dim()} dims"
        )
    axis = wrap_dim(dim, input.dim())
    size = input._shape[axis]
    if isinstance(indices_or_sections, Tensor):
        if indices_or_sections.device.type not in HOST:
            raise RuntimeError(
                "tensor_split expected tensor_indices_or_sections to be on cpu, but it's on "
                f"{indices_or_sections.device}"
            )
        if indices_or_sections.dtype is not int64:
            raise RuntimeError(
                "tensor_split expected tensor_indices_or_sections to have dtype of long, but got "
                f"{indices_or_sections.dtype.legacy_name}"
            )
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, int):
        sections = indices_or_sections
        if sections <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {sections}")
        least, more = divmod(size, sections)
        lengths = [least + 1] * more + [least] * (sections - more)
        ends = list(itertools.accumulate(lengths))
        cuts = [0, *ends]
    else:
        cuts = [0, *indices_or_sections, size]
    return tuple([slice_dim(input, axis, a, b) for a, b in itertools.pairwise(cuts)])


def _split_at(name: str, rank: int, dim: int, input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    if input.dim() < rank:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {rank} dimension, but got a tensor "
            f"with {input.dim()} dimensions!"
        )
    if isinstance(indices_or_sections, int):
        size = input._shape[dim]
        if indices_or_sections == 0 or size % indices_or_sections:
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension {size} is not "
                f"divisible by the split_size {indices_or_sections}!"
            )
    return tensor_split(input, indices_or_sections, dim)


def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Split by columns (a vector by its elements)."""
    return _split_at("hsplit", 1, 0 if input.dim() == 1 else 1, input, indices_or_sections)


def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Split by rows."""
    return _split_at("vsplit", 2, 0, input, indices_or_sections)


def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Split along the third dimension."""
    return _split_at("dsplit", 3, 2, input, indices_or_sections)


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Views of consecutive parts of the sizes given."""
    return split(input, list(split_sizes), dim)


def unsafe_split(input: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """As `split`; the parts may be written to."""
    return tuple([x.clone() for x in split(input, split_size, dim)])


def unsafe_split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """As `split_with_sizes`; the parts may be written to."""
    return tuple([x.clone() for x in split(input, list(split_sizes), dim)])


def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """As `chunk`; the parts may be written to."""
    return tuple([x.clone() for x in chunk(input, chunks, dim)])


FUNCTIONS = (
    unbind, split, chunk, tensor_split, hsplit, vsplit, dsplit, split_with_sizes, unsafe_split, unsafe_split_with_sizes,
    unsafe_chunk,
)  # fmt: skip
METHODS = FUNCTIONS
