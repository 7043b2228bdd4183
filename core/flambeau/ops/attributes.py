"""Questions about a tensor, and the answers of a library whose tensors are dense, real and never quantised.

Source: https://docs.pytorch.org/docs/stable/tensors.html
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from .. import once
from .._tensor import Tensor
from ..autograd.modes import GradMode
from ..dtype import dtype, get_default_dtype
from ..shape import contiguous_strides, is_contiguous, sizes
from .creation import full, pack
from .inplace_views import sharing
from .views import permute, transpose

# --- yes or no --------------------------------------------------------------------------------------------------------


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not 0.

    Raises:
        RuntimeError: there are more, or none.
    """
    if not input.numel():
        raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
    if input.numel() > 1:
        raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")
    return bool(input.item())


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape."""
    return input._shape == other._shape


def is_set_to(input: Tensor, tensor: Tensor) -> bool:
    """Whether two tensors are the same view of one storage."""
    return sharing(input._storage, input, tensor)


def is_signed(input: Tensor) -> bool:
    """Whether the dtype has negative numbers."""
    return input.dtype.is_signed


def is_pinned(input: Tensor, device: Any = None) -> bool:
    """False: there is no CUDA whose copies pinned memory would speed up."""
    return False


def pin_memory(input: Tensor, device: Any = None) -> Tensor:
    """Fails, as in a PyTorch without an accelerator."""
    raise RuntimeError("Cannot access accelerator device when none is available.")


def _never(name: str) -> Callable[[Tensor], bool]:
    def call(input: Tensor) -> bool:
        return False

    call.__name__ = call.__qualname__ = name
    call.__doc__ = "Always False."
    return call


is_distributed = _never("is_distributed")


def _of_other_layouts(name: str, layout: str) -> Callable[[Tensor], Any]:
    def call(input: Tensor) -> Any:
        raise RuntimeError(f"{name} expected {layout} tensor layout but got Strided")

    call.__name__ = call.__qualname__ = name
    call.__doc__ = "Fails: only tensors of another layout than strided have it, and there are none."
    return call


is_coalesced, coalesce, indices = (
    _of_other_layouts(name, "sparse coordinate") for name in ("is_coalesced", "coalesce", "indices")
)
values = _of_other_layouts("values", "sparse")
crow_indices, col_indices = (_of_other_layouts(n, "sparse row compressed") for n in ("crow_indices", "col_indices"))
ccol_indices, row_indices = (_of_other_layouts(n, "sparse column compressed") for n in ("ccol_indices", "row_indices"))


def to_padded_tensor(input: Tensor, padding: float, output_size: Any = None) -> Tensor:
    """Fails: what is padded is a nested tensor, see `nested.nested_tensor`."""
    raise NotImplementedError(
        f"Could not run 'aten::to_padded_tensor' with arguments from the '{input.device.type.upper()}' backend."
    )


def sparse_dim(input: Tensor) -> int:
    """0: no dimension is sparse."""
    return 0


def dense_dim(input: Tensor) -> int:
    """The number of dimensions: all are dense."""
    return len(input._shape)


def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is a floating-point one."""
    return input.dtype.is_floating_point


def get_device(input: Tensor) -> int:
    """The device's index, -1 for the CPU."""
    return input.get_device()


# --- layout -----------------------------------------------------------------------------------------------------------


def dim_order(input: Tensor, ambiguity_check: Any = False) -> tuple[int, ...]:
    """The dimensions from the one of the largest stride to the one of the smallest."""
    strides = input.stride()
    return tuple(sorted(range(input.dim()), key=lambda d: (-strides[d], d)))


def empty_strided(size: Any, stride: Any, *, dtype: dtype | None = None, **options: Any) -> Tensor:
    """A tensor of a shape and strides whose elements are not to be relied on (they are 0).

    Raises:
        RuntimeError: as many strides as sizes are needed.
    """
    shape, strides = sizes((size,)), sizes((stride,))
    if len(shape) != len(strides):
        raise RuntimeError(
            f"dimensionality of sizes ({len(shape)}) must match dimensionality of strides ({len(strides)})"
        )
    reach = 0 if 0 in shape else 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
    requires_grad = options.pop("requires_grad", False)
    for ignored in ("layout", "pin_memory"):
        options.pop(ignored, None)
    made = full((reach,), 0, dtype=dtype or get_default_dtype(), **options)
    if is_contiguous(shape, strides) and strides == contiguous_strides(shape):
        made._storage.array = made._storage.backend.reshape(made._storage.array, shape)
        made._shape = shape
    else:
        made._shape, made._view = shape, (strides, 0)
    return made.requires_grad_() if requires_grad else made


def empty_permuted(size: Any, physical_layout: Any, **options: Any) -> Tensor:
    """`empty` whose dimensions lie in memory in the order given.

    Raises:
        RuntimeError: the order is no permutation.
    """
    shape, order = sizes((size,)), sizes((physical_layout,))
    if len(shape) != len(order):
        raise RuntimeError(
            f"Number of dimensions in size does not match the length of the physical_layout; i.e. len(size) = {len(shape)} "
            f"is not equal to len(physical_layout) = {len(order)}"
        )
    for place, d in enumerate(order):
        if not 0 <= d < len(shape):
            raise RuntimeError(
                f"Dimension out of range (expected to be between 0 and {len(shape) - 1}, but got {d} at index {place}).  NB: "
                "negative dims not currently supported; file an issue if you want it."
            )
    if len(set(order)) < len(order):
        raise RuntimeError("Duplicate dim not allowed")
    strides = [0] * len(shape)
    step = 1
    for d in reversed(order):
        strides[d] = step
        step *= max(shape[d], 1)
    return empty_strided(shape, strides, **options)


def new_empty_strided(input: Tensor, size: Any, stride: Any, **options: Any) -> Tensor:
    """`empty_strided` with the dtype and device of `input`."""
    options["dtype"] = options.get("dtype") or input.dtype
    options["device"] = options.get("device") or input.device
    return empty_strided(size, stride, **options)


def scalar_tensor(s: Any, *, dtype: dtype | None = None, **options: Any) -> Tensor:
    """A 0-d tensor of a number, of the default dtype."""
    options.pop("layout", None)
    options.pop("pin_memory", None)
    return full((), s, dtype=dtype or get_default_dtype(), **options)


# --- element by element in Python -------------------------------------------------------------------------------------


def _filled(input: Tensor, values: list[Any]) -> Tensor:
    backend = input._storage.backend
    input._write(backend.from_bytes(bytes(pack(values, input.dtype)), input._shape, input.dtype))
    return input


def _refuse_grad(name: str, *tensors: Tensor) -> None:
    if GradMode.enabled and any(x.requires_grad for x in tensors):
        raise RuntimeError(f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead.")


def apply_(input: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Replace every element by what a Python function makes of it."""
    _refuse_grad("apply_", input)
    return _filled(input, [callable(x) for x in input._flat()])


def map_(input: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Replace every element by what a Python function makes of it and that of another tensor."""
    _refuse_grad("map_", input, tensor)
    others = tensor.expand(input._shape)._flat()
    return _filled(input, [callable(x, y) for x, y in zip(input._flat(), others, strict=True)])


def map2_(input: Tensor, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]) -> Tensor:
    """Replace every element by what a Python function makes of it and those of two other tensors."""
    _refuse_grad("map2_", input, x, y)
    columns = [t.expand(input._shape)._flat() for t in (input, x, y)]
    return _filled(input, [callable(*row) for row in zip(*columns, strict=True)])


# --- the same, in other words -----------------------------------------------------------------------------------------


def to_dense(input: Tensor, dtype: dtype | None = None, *, masked_grad: bool | None = None) -> Tensor:
    """The tensor itself, which is dense, in another dtype where asked."""
    return input if dtype is None else input.to(dtype)


def as_subclass(input: Tensor, cls: type) -> Any:
    """The same elements and history as another class of tensor."""
    made = input._as(cls)
    made._base, made._node, made._output_nr = input._base, input._node, input._output_nr
    made._requires_grad = input._requires_grad
    made._seen_version = input._seen_version
    return made


def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """The first `size` positions of elements that are not 0, and `fill_value` for those missing."""
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    found = input.nonzero()[:size]
    made = full((size, input.dim()), fill_value, dtype=found.dtype, device=input.device)
    made[: found._shape[0]] = found
    return made


def record_stream(input: Tensor, s: Any) -> None:
    """Does nothing: there are no streams."""


def _reversed(input: Tensor) -> Tensor:
    return input if not input._shape else input.flip(0)


def _setstate(input: Tensor, state: Any) -> None:
    other = state[0] if isinstance(state, tuple) else state
    input.data = other


def _no_deletion(input: Tensor, key: Any) -> None:
    raise TypeError("Tensor does not support deleting items")


def _set_volatile(input: Tensor, value: bool) -> None:
    warnings.warn("volatile was removed and now has no effect. Use `with torch.no_grad():` instead.", stacklevel=2)


def _volatile(input: Tensor) -> bool:
    warnings.warn("volatile was removed (Variable.volatile is always False)", stacklevel=2)
    return False


_FALSE = (
    "is_ipu", "is_maia", "is_mkldnn", "is_mtia", "is_nested", "is_sparse_csr", "is_vulkan", "is_xla", "is_xpu", "is_ort",
)  # fmt: skip


def detach(input: Tensor) -> Tensor:
    """The same elements without history."""
    return input.detach()


def _reversed_dims(input: Tensor) -> Tensor:
    """With the order of the dimensions turned round."""
    rank = len(input._shape)
    if rank == 0:
        once.warn("Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases.", stacklevel=2)
    elif rank != 2:
        once.warn(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw an "
            "error in a future release. Consider `x.mT` to transpose batches of matrices or `x.permute(*torch.arange(x.ndim - "
            "1, -1, -1))` to reverse the dimensions of a tensor.",
            stacklevel=2,
        )
    return permute(input, tuple(range(rank))[::-1])


def _transposed_matrices(input: Tensor) -> Tensor:
    """Each matrix transposed."""
    rank = len(input._shape)
    if rank == 0:
        once.warn("Tensor.mT is deprecated on 0-D tensors. This function is the identity in these cases.", stacklevel=2)
    elif rank == 1:
        raise RuntimeError("tensor.mT is only supported on matrices or batches of matrices. Got 1-D tensor.")
    return transpose(input, -2, -1) if rank else permute(input, ())


ATTRIBUTES: dict[str, Any] = {
    "T": property(_reversed_dims), "mT": property(_transposed_matrices),
    **dict.fromkeys(_FALSE, False), "name": None, "volatile": property(_volatile, _set_volatile),
    "__reversed__": _reversed, "__setstate__": _setstate, "__delitem__": _no_deletion,
    "__nonzero__": Tensor.__bool__, "__long__": Tensor.__int__, "const_data_ptr": Tensor.data_ptr,
    "grad_dtype": property(lambda input: input.dtype),
}  # fmt: skip
"""What the Tensor class has besides methods."""

FUNCTIONS = (
    is_nonzero, is_same_size, is_signed, detach, is_distributed, get_device, empty_strided, empty_permuted,
    scalar_tensor, nonzero_static,
)  # fmt: skip
METHODS = (
    is_nonzero, is_same_size, is_set_to, is_pinned, pin_memory, is_distributed, is_coalesced, coalesce, indices,
    values, crow_indices, col_indices, ccol_indices, row_indices, sparse_dim, dense_dim, to_padded_tensor, dim_order,
    new_empty_strided, apply_, map_, map2_, to_dense, as_subclass, nonzero_static, record_stream,
)  # fmt: skip
