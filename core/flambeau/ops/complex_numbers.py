"""Complex numbers: made of their parts, taken apart, conjugated.

The gradient of a real loss with respect to z = a + ib is dL/da + i dL/db, as in PyTorch: it points where L grows.

Source: https://docs.pytorch.org/docs/stable/complex_numbers.html
"""

from __future__ import annotations

import math
from typing import Any

from .. import once
from .._tensor import Tensor, gradient_edge, needs_grad
from ..autograd.modes import GradMode
from ..backends.protocol import Array
from ..dtype import complex64, complex128, dtype, float32, float64, get_default_dtype
from ..shape import contiguous_strides
from ..storage import Storage
from . import pointwise
from .on_host import run
from .op import op
from .views import ViewNode, transpose

_MODULE = "complex"
_HALVES = {float32: complex64, float64: complex128}


def _whole(*operands: Any) -> dtype:
    return _HALVES[operands[0].dtype]


def _part(*operands: Any) -> dtype:
    kind: dtype = operands[0].dtype.to_real()
    return kind


# --- made of parts ----------------------------------------------------------------------------------------------------


@op(result=_whole, name="ComplexBackward0", real=lambda g: g.real, imag=lambda g: g.imag)
def complex_join(be: Any, real: Array, imag: Array) -> Any:
    """real + i imag."""
    return run(_MODULE, "complex_join", be, real, imag)


def _check_parts(name: str, **parts: Tensor) -> None:
    for place, (part, x) in enumerate(parts.items(), 1):
        if not isinstance(x, Tensor):
            raise TypeError(f"{name}(): argument '{part}' (position {place}) must be Tensor, not {type(x).__name__}")
    first, second = parts.values()
    for x in (first, second):
        if x.dtype not in _HALVES:
            raise RuntimeError(
                "Expected both inputs to be Half, Float or Double tensors but got "
                f"{first.dtype.legacy_name} and {second.dtype.legacy_name}"
            )
    if first.dtype is not second.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {first.dtype.legacy_name} but got scalar type {second.dtype.legacy_name} "
            "for second argument"
        )


def complex(real: Tensor, imag: Tensor, *, out: Tensor | None = None) -> Tensor:
    """real + i imag, complex64 of float32 and complex128 of float64.

    Raises:
        RuntimeError: the parts are of other dtypes, or of two; `out` is of another.
        TypeError: a part is no tensor.
    """
    from .joining import broadcast_tensors
    from .op import store

    _check_parts("complex", real=real, imag=imag)
    if out is not None and out.dtype is not _HALVES[real.dtype]:
        raise RuntimeError(
            f"Expected object of scalar type {_HALVES[real.dtype].legacy_name} but got scalar type "
            f"{out.dtype.legacy_name} for argument 'out'"
        )
    if real._shape != imag._shape:
        real, imag = broadcast_tensors(real, imag)
    found: Tensor = complex_join(real, imag)
    return found if out is None else store(out, found, "complex")


def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """abs (cos(angle) + i sin(angle))."""
    _check_parts("polar", abs=abs, angle=angle)
    return complex(abs * pointwise.cos(angle), abs * pointwise.sin(angle))


def view_as_complex(input: Tensor) -> Tensor:
    """Pairs of numbers along the last dimension, of size 2, as complex numbers.

    Raises:
        RuntimeError: the last dimension is of another size, or the elements are not float32 or float64.
    """
    if input.dtype not in _HALVES:
        raise RuntimeError(
            f"view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: "
            f"{input.dtype.legacy_name}"
        )
    if not input._shape:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if input._shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    reinterpret = getattr(input._storage.backend, "reinterpreted", None)
    if reinterpret is None or not input.is_contiguous() or input.storage_offset() % 2:
        return complex(input.select(-1, 0), input.select(-1, 1))
    shape = input._shape[:-1]
    view = (contiguous_strides(shape), input.storage_offset() // 2)
    return _aliased(input, _HALVES[input.dtype], shape, view, "ViewAsComplexBackward0", view_as_real)


# --- taken apart ------------------------------------------------------------------------------------------------------


def _aliased(
    input: Tensor, kind: dtype, shape: tuple[int, ...], view: Any, label: str, derivative: Any, *arguments: Any
) -> Tensor:
    """The memory of `input` as another dtype: who writes to one writes to the other."""
    held = input._storage
    made = object.__new__(Tensor)
    backend: Any = held.backend
    made._storage = Storage(backend.reinterpreted(held.array, kind), held.backend, held.device)
    made._shape = shape
    made.dtype = kind
    made._view = view
    if GradMode.enabled and needs_grad(input):
        node = ViewNode((gradient_edge(input),))
        node.label = label
        node.derivative = derivative
        node.arguments = arguments
        made._requires_grad = True
        made._node = node
    return made


def _refuse_real(name: str, input: Tensor) -> None:
    if not input.dtype.is_complex:
        raise RuntimeError(f"{name} is not implemented for tensors with non-complex dtypes.")


def view_as_real(input: Tensor) -> Tensor:
    """The parts along a new last dimension of size 2, in the same memory.

    Raises:
        RuntimeError: `input` is not complex.
    """
    if not input.dtype.is_complex:
        raise RuntimeError("view_as_real is only supported for complex tensors")
    strides = tuple([2 * s for s in input.stride()])
    view = ((*strides, 1), 2 * input.storage_offset())
    kind = input.dtype.to_real()
    return _aliased(input, kind, (*input._shape, 2), view, "ViewAsRealBackward0", _joined)


def _joined(g: Tensor) -> Tensor:
    return complex(g.select(-1, 0), g.select(-1, 1))


def _only(g: Tensor, position: int) -> Tensor:
    nothing = g * 0
    return complex(nothing, g) if position else complex(g, nothing)


def _half(input: Tensor, position: int, label: str) -> Tensor:
    strides = tuple([2 * s for s in input.stride()])
    view = (strides, 2 * input.storage_offset() + position)
    return _aliased(input, input.dtype.to_real(), input._shape, view, label, _only, position)


def real(input: Tensor) -> Tensor:
    """The real part, a view; a real tensor itself."""
    return _half(input, 0, "RealBackward0") if input.dtype.is_complex else input


def imag(input: Tensor) -> Tensor:
    """The imaginary part, a view.

    Raises:
        RuntimeError: `input` is real.
    """
    _refuse_real("imag", input)
    return _half(input, 1, "ImagBackward0")


def _set_real(input: Tensor, value: Any) -> None:
    real(input).copy_(value) if isinstance(value, Tensor) else real(input).fill_(value)


def _set_imag(input: Tensor, value: Any) -> None:
    imag(input).copy_(value) if isinstance(value, Tensor) else imag(input).fill_(value)


# --- functions that are not holomorphic -------------------------------------------------------------------------------


@op(name="ConjBackward0", input=lambda g: conj(g))
def complex_conj(be: Any, input: Array) -> Any:
    """The conjugates."""
    return run(_MODULE, "complex_conj", be, input)


def conj(input: Tensor) -> Tensor:
    """The complex conjugate, computed at once; a real tensor itself."""
    if not input.dtype.is_complex:
        return input
    found: Tensor = complex_conj(input)
    return found


def conj_physical(input: Tensor) -> Tensor:
    """The complex conjugate."""
    return conj(input)


def resolve_conj(input: Tensor) -> Tensor:
    """`input`: conjugates are never left to do."""
    return input


def resolve_neg(input: Tensor) -> Tensor:
    """`input`: negations are never left to do."""
    return input


def is_conj(input: Tensor) -> bool:
    """False: conjugates are never left to do."""
    return False


def is_neg(input: Tensor) -> bool:
    """False: negations are never left to do."""
    return False


def is_complex(input: Tensor) -> bool:
    """Whether the dtype is a complex one."""
    return input.dtype.is_complex


@op(result=_part, name="AbsBackward0", input=lambda g, input: g * complex_direction(input))
def complex_modulus(be: Any, input: Array) -> Any:
    """The distances from 0, real numbers."""
    return run(_MODULE, "complex_modulus", be, input)


def _angle_backward(g: Tensor, input: Tensor) -> Tensor:
    size = complex_modulus(input)
    scale = pointwise.where(size == 0, 0.0, g / (size * size))
    return input * 1j * scale


@op(result=_part, name="AngleBackward0", input=lambda g, input: _angle_backward(g, input))
def complex_angle(be: Any, input: Array) -> Any:
    """The angles in radians, real numbers."""
    return run(_MODULE, "complex_angle", be, input)


def angle(input: Tensor) -> Tensor:
    """The angle in radians; of a real number 0, or pi where it is negative."""
    if input.dtype.is_complex:
        found: Tensor = complex_angle(input)
        return found
    kind = input.dtype if input.dtype.is_floating_point else get_default_dtype()
    x = input.detach()
    plain = pointwise.where(x < 0, math.pi, 0.0).to(kind)
    if input.dtype.is_floating_point:
        plain = pointwise.where(x != x, x, plain)
    return plain + input * 0.0 if GradMode.enabled and needs_grad(input) else plain


def _direction_backward(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    size = complex_modulus(input)
    across = g - out * real(conj(out) * g)
    return pointwise.where(size == 0, 0.0, across / pointwise.where(size == 0, 1.0, size))


@op(name="SgnBackward0", input=lambda g, input, out: _direction_backward(g, input, out))
def complex_direction(be: Any, input: Array) -> Any:
    """x / |x|, and 0 for 0."""
    return run(_MODULE, "complex_direction", be, input)


def sgn(input: Tensor) -> Tensor:
    """x / |x|, and 0 for 0: the sign of a real number."""
    if not input.dtype.is_complex:
        return pointwise.sign(input)
    found: Tensor = complex_direction(input)
    return found


for _f in (complex_join, complex_conj, complex_modulus, complex_angle, complex_direction):
    _f.op.conjugated = True  # type: ignore[attr-defined]
pointwise.abs.op.complex_form = complex_modulus  # type: ignore[attr-defined]


def _refusing(kind: type[Exception], text: str) -> Any:
    def refuse(*operands: Any, **named: Any) -> Any:
        name = next(x for x in operands if isinstance(x, Tensor)).dtype.legacy_name
        raise kind(text.format(name))

    return refuse


def _no_order() -> None:
    """What complex numbers, which have no order, cannot be asked, in PyTorch's words."""
    from . import activation, comparison, reduction, sorting

    f: Any
    missing: dict[str, Any] = {
        "lt_cpu": comparison.lt, "le_cpu": comparison.le, "gt_cpu": comparison.gt, "ge_cpu": comparison.ge,
        "max_all": reduction.max_all, "min_all": reduction.min_all, "max_values_cpu": reduction.max_dims,
        "min_values_cpu": reduction.min_dims, "round_vml_cpu": pointwise.round, "remainder_cpu": pointwise.remainder,
        "erf_vml_cpu": pointwise.erf,
    }  # fmt: skip
    for kernel, f in missing.items():
        f.op.complex_form = _refusing(NotImplementedError, f"\"{kernel}\" not implemented for '{{}}'")
    for f in (pointwise.floor, pointwise.ceil, pointwise.trunc):
        f.op.complex_form = _refusing(NotImplementedError, f"{f.__name__} is not supported for complex inputs")
    for f in (pointwise.clip, activation.relu):
        f.op.complex_form = _refusing(NotImplementedError, "clamp is not supported for complex types")
    for name, f in (("maximum", pointwise.larger), ("minimum", pointwise.smaller)):
        f.op.complex_form = _refusing(RuntimeError, f"{name} not implemented for complex tensors.")
    for name, f in (("argmax", reduction._argmax), ("argmin", reduction._argmin)):
        f.op.complex_form = _refusing(RuntimeError, f"{name}(): does not support complex input")
    order: Any = sorting._order
    order.op.complex_form = _refusing(RuntimeError, " Sort does not support complex dtypes on CPU")
    sign: Any = pointwise.sign
    sign.op.complex_form = _refusing(
        NotImplementedError,
        "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use torch.sgn instead.",
    )


_no_order()


def _adjoint_attribute(name: str, batches: bool) -> Any:
    def read(input: Tensor) -> Tensor:
        rank = len(input._shape)
        if rank < 2 if batches else rank not in (0, 2):
            what = "matrices or batches of matrices" if batches else "matrices (2-D tensors)"
            raise RuntimeError(f"tensor.{name} is only supported on {what}. Got {rank}-D tensor.")
        if not rank:
            once.warn(f"Tensor.{name} is deprecated on 0-D tensors. Consider using x.conj().", stacklevel=2)
            return conj(input)
        return conj(transpose(input, -2, -1))

    return property(read)


ATTRIBUTES = {
    "real": property(real, _set_real),
    "imag": property(imag, _set_imag),
    "mH": _adjoint_attribute("mH", True),
    "H": _adjoint_attribute("H", False),
}


def cfloat(input: Tensor, memory_format: Any = None) -> Tensor:
    """As complex64."""
    return input.to(complex64, memory_format=memory_format)


def cdouble(input: Tensor, memory_format: Any = None) -> Tensor:
    """As complex128."""
    return input.to(complex128, memory_format=memory_format)


FUNCTIONS = (
    complex, polar, view_as_complex, view_as_real, real, imag, conj, conj_physical, resolve_conj, resolve_neg, is_conj,
    is_neg, is_complex, angle, sgn,
)  # fmt: skip
INPLACE = (conj_physical, sgn)
METHODS = (
    conj, conj_physical, resolve_conj, resolve_neg, is_conj, is_neg, angle, sgn, cfloat, cdouble
)  # fmt: skip
