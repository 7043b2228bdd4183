"""`torch.nested`: several tensors of one rank and different sizes, held together until they are padded.

A nested tensor can be taken apart, indexed, printed and padded; arithmetic is done on its parts, or on the padded tensor.

Source: https://docs.pytorch.org/docs/stable/nested.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from . import ops
from ._tensor import Tensor
from .device import device as Device
from .dtype import dtype as DType
from .layout import layout as Layout
from .layout import strided
from .nn.functional import pad
from .ops.node_names import name_node
from .shape import Size


class NestedTensor:
    """What `nested_tensor` and `as_nested_tensor` return."""

    is_nested = True
    layout = strided

    def __init__(self, parts: list[Tensor]) -> None:
        self._parts = parts
        self.dtype: DType = parts[0].dtype if parts else ops.empty(0).dtype
        self.device: Device = parts[0].device if parts else ops.empty(0).device

    @property
    def requires_grad(self) -> bool:
        """Whether a part requires grad."""
        return any(part.requires_grad for part in self._parts)

    @property
    def is_leaf(self) -> bool:
        """Whether no gradient flows through it."""
        return not self.requires_grad

    def unbind(self, dim: int = 0) -> tuple[Tensor, ...]:
        """The tensors.

        Raises:
            RuntimeError: `dim` is not 0.
        """
        if dim != 0:
            raise RuntimeError(f"NestedTensor can only be unbound along dimension 0 got dimension {dim} instead.")
        return tuple(self._parts)

    def dim(self) -> int:
        """The rank of the tensors and one."""
        return 1 + (self._parts[0].dim() if self._parts else 0)

    ndim = property(dim)

    def numel(self) -> int:
        """The number of elements of all tensors."""
        return sum(part.numel() for part in self._parts)

    def size(self, dim: int | None = None) -> int:
        """How many tensors there are, or the size that they share in a dimension.

        Raises:
            RuntimeError: they differ in it, or no dimension is given.
        """
        if dim is None:
            raise RuntimeError("Internal error: NestedTensorImpl doesn't support sizes. Please file an issue.")
        axis = dim + self.dim() if dim < 0 else dim
        sizes = {part.shape[axis - 1] for part in self._parts} if axis else {len(self._parts)}
        if len(sizes) != 1:
            raise RuntimeError(f"Given dimension {axis} is irregular and does not have a size.")
        return sizes.pop()

    def to_padded_tensor(self, padding: float, output_size: Sequence[int] | None = None) -> Tensor:
        """One tensor (count, largest sizes, ...), `padding` where a part has no element. Gradients flow to the parts.

        Args:
            output_size: the sizes of the result, none smaller than needed.

        Raises:
            RuntimeError: a size of `output_size` is too small.
        """
        needed = (len(self._parts), *[max(sizes) for sizes in zip(*[p.shape for p in self._parts], strict=True)])
        wanted = tuple(output_size) if output_size is not None else needed
        if len(wanted) != len(needed) or any(w < n for w, n in zip(wanted, needed, strict=True)):
            raise RuntimeError(
                "Value in output_size is less than NestedTensor padded size. Truncation is not supported."
            )
        rows = []
        for part in self._parts:
            missing = [w - n for w, n in zip(wanted[1:], part.shape, strict=True)]
            rows.append(pad(part, [n for size in reversed(missing) for n in (0, size)], value=padding))
        rows += [ops.full(wanted[1:], padding, dtype=self.dtype, device=self.device)] * (wanted[0] - needed[0])
        return name_node(ops.stack(rows), "ToPaddedTensorBackward0")

    def __getitem__(self, index: int) -> Tensor:
        return self._parts[index]

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self._parts)

    def __repr__(self) -> str:
        parts = ",\n".join(["\n".join(f"  {line}" for line in repr(p).splitlines()) for p in self._parts])
        suffix = ", grad_fn=<NestedTensorFromTensorListBackward0>" if self.requires_grad else ""
        return f"nested_tensor([\n{parts}\n]{suffix})"


def nested_tensor(
    tensor_list: Any,
    *,
    dtype: DType | None = None,
    layout: Layout | None = None,
    device: Device | str | None = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> NestedTensor:
    """Copies of tensors, or of lists of numbers, held together; leaves if `requires_grad`.

    Raises:
        TypeError: no list is given.
        RuntimeError: the tensors' ranks differ, or another layout than strided is asked for.
    """
    parts = _checked(tensor_list, layout)
    made = [
        part.detach().clone().to(device=device, dtype=dtype) if isinstance(part, Tensor) else _new(part, dtype, device)
        for part in parts
    ]
    return NestedTensor(_of_one_rank([part.requires_grad_() if requires_grad else part for part in made]))


def as_nested_tensor(
    ts: Any, dtype: DType | None = None, device: Device | str | None = None, layout: Layout | None = None
) -> NestedTensor:
    """The tensors themselves held together, so that gradients flow back to them.

    Raises:
        TypeError: no list of tensors is given.
        RuntimeError: the tensors' ranks differ, or another layout than strided is asked for.
    """
    if isinstance(ts, NestedTensor):
        return ts
    parts = list(ts.unbind()) if isinstance(ts, Tensor) else _checked(ts, layout)
    made = [
        part.to(device=device, dtype=dtype) if isinstance(part, Tensor) else _new(part, dtype, device) for part in parts
    ]
    return NestedTensor(_of_one_rank(made))


def to_padded_tensor(
    input: NestedTensor | Tensor, padding: float, output_size: Sequence[int] | None = None, out: Tensor | None = None
) -> Tensor:
    """`NestedTensor.to_padded_tensor`."""
    padded: Tensor = input.to_padded_tensor(padding, output_size)
    return padded if out is None else out.resize_(Size(padded.shape)).copy_(padded)


def _checked(tensors: Any, layout: Layout | None) -> list[Any]:
    if not isinstance(tensors, (list, tuple)):
        raise TypeError("Only lists (List[Tensor] and List[List...[Scalar]]) are accepted in nested_tensor")
    if layout not in (None, strided):
        raise RuntimeError(f"Specified layout is unsupported for nested tensors: {layout!r}")
    return list(tensors)


def _new(values: Any, dtype: DType | None, device: Any) -> Tensor:
    made: Tensor = ops.tensor(values, dtype=dtype, device=device)
    return made


def _of_one_rank(parts: list[Tensor]) -> list[Tensor]:
    for i, part in enumerate(parts):
        if part.dim() != parts[0].dim():
            raise RuntimeError(
                f"All Tensors given to nested_tensor must have the same dimension. Found dimension {part.dim()} for Tensor at "
                f"index {i} and dimension {parts[0].dim()} for Tensor at index 0."
            )
    return parts


__all__ = ["as_nested_tensor", "nested_tensor", "to_padded_tensor"]
