"""Making tensors: from data, filled, or in a pattern.

Source: https://docs.pytorch.org/docs/stable/torch.html#creation-ops
"""

from __future__ import annotations

import math
import operator
import struct
import sys
import warnings
from array import array
from collections.abc import Sequence
from functools import reduce
from typing import Any

from .. import once
from .._tensor import Tensor, from_array, warn_of_lost_gradient
from ..backends.protocol import Array
from ..device import current, device, resolve
from ..dtype import BY_NAME, C_NAMES, bfloat16, bool_, dtype, float16, float64, get_default_dtype, int64, uint8
from ..promotion import of_scalar, promote_types
from ..shape import Size, checked_sizes, sizes, wrap_dim
from ..storage import Storage
from .memory_order import laid, placed
from .node_names import recorded_as
from .op import op, store
from .operands import whole_number

Place = device | str | int | None


def _home(d: Place, kind: dtype) -> Storage:
    """An empty box on a device that can hold the dtype."""
    backend, place = resolve(d)
    check_dtype(backend, place, kind)
    return Storage(None, backend, place)


def check_dtype(backend: Any, place: device, kind: dtype) -> None:
    """Raise where a device cannot hold a dtype, and say what to do."""
    if kind not in backend.dtypes:
        hint = " Use float32 instead, for example with .float() before .to()." if kind.name == "float64" else ""
        raise TypeError(
            f"Cannot convert a {place.type} Tensor to {kind.name} dtype as the {place.type} device doesn't support "
            f"{kind.name}.{hint}"
        )


def _made(array: Array, kind: dtype, home: Storage, requires_grad: bool = False) -> Tensor:
    made = from_array(array, kind, home)
    if requires_grad:
        require_grad(made)
    return made


# --- from data --------------------------------------------------------------------------------------------------------


def pack(values: Sequence[Any], kind: dtype) -> Any:
    """Python numbers as the bytes of a dtype; integers wrap, floats given to integer dtypes are truncated."""
    if kind is float16:
        return struct.pack(f"={len(values)}e", *[_half(v) for v in values])
    if kind is bfloat16:
        words = array("I", array("f", values).tobytes())
        return array("H", [_round_bfloat16(w) for w in words]).tobytes()
    if kind is bool_:
        return bytes(map(bool, values))
    if kind.is_floating_point:
        return array(kind.format, values)
    if kind.is_complex:
        return array(kind.format, [part for v in values for part in (v.real, v.imag)])
    try:
        return array(kind.format, values)
    except TypeError:
        try:
            return pack([int(v) for v in values], kind)
        except (OverflowError, ValueError):  # of an infinity, of nan
            raise RuntimeError(f"value cannot be converted to type {kind.name} without overflow") from None
    except OverflowError:
        if kind is int64:
            if any(isinstance(v, float) for v in values):
                raise RuntimeError("value cannot be converted to type int64 without overflow") from None
            raise ValueError("Overflow when unpacking long long") from None
        if kind is uint8 and all(-256 < v < 256 for v in values):
            return array(kind.format, [v % 256 for v in values])
        raise RuntimeError(f"value cannot be converted to type {kind.name} without overflow") from None


def _half(v: float) -> float:
    try:
        struct.pack("e", v)
    except OverflowError:
        return math.copysign(math.inf, v)
    return v


def _round_bfloat16(word: int) -> int:
    """The upper half of a float32's bits, rounded to nearest even."""
    if word & 0x7F800000 == 0x7F800000 and word & 0x7FFFFF:
        return (word >> 16) | 0x40
    return (word + 0x7FFF + ((word >> 16) & 1)) >> 16


def _flatten(data: Any) -> tuple[list[Any], tuple[int, ...]]:
    """Nested sequences as a flat list and a shape.

    Raises:
        ValueError: rows of different lengths, in PyTorch's words.
    """
    level = [data]
    shape: list[int] = []
    while level and _is_sequence(level[0]):
        length = len(level[0])
        for row in level:
            if not _is_sequence(row) or len(row) != length:
                if not _is_sequence(row):
                    raise TypeError("not a sequence")
                raise ValueError(f"expected sequence of length {length} at dim {len(shape)} (got {len(row)})")
        shape.append(length)
        level = [x for row in level for x in row]
    return level, tuple(shape)


def _is_sequence(x: Any) -> bool:
    if isinstance(x, (list, tuple, range)):
        return True
    if isinstance(x, (str, bytes, dict, Tensor)) or not hasattr(x, "__len__") or not hasattr(x, "__getitem__"):
        return False
    return getattr(x, "shape", None) != ()  # NumPy's 0-d arrays have a length that raises


def _infer(values: list[Any]) -> dtype:
    floating = False
    integer = False
    if any(isinstance(v, complex) for v in values):
        return get_default_dtype().to_complex()
    for v in values:
        if isinstance(v, float):
            floating = True
            break
        if not isinstance(v, bool):
            integer = True
    if floating or not values:
        return get_default_dtype()
    return int64 if integer else bool_


def _common_dtype(values: list[Any]) -> dtype:
    """The dtype of numbers among which are tensors or NumPy's numbers: each counts with its own dtype."""
    kinds = (v.dtype if isinstance(v, Tensor) else _dtype_of_numpy(v) if is_numpy(v) else of_scalar(v) for v in values)
    return reduce(promote_types, kinds)


def _number(v: Any, beside: Sequence[Any] = ()) -> Any:
    if isinstance(v, (bool, int, float, complex)):
        return v
    if isinstance(v, (list, tuple)):
        if isinstance(beside[0], float):
            raise TypeError(f"must be real number, not {type(v).__name__}")
        raise TypeError(f"'{type(v).__name__}' object cannot be interpreted as an integer")
    if isinstance(v, Tensor) or hasattr(v, "item"):
        if isinstance(v, Tensor):
            warn_of_lost_gradient(v, stacklevel=4)
        return v.item()
    if isinstance(v, str):
        raise TypeError(f"new(): invalid data type '{type(v).__name__}'")
    if hasattr(v, "__index__"):
        return operator.index(v)
    if hasattr(v, "__float__"):
        return float(v)
    if v is None:
        raise RuntimeError("Could not infer dtype of NoneType")
    raise RuntimeError(f"Could not infer dtype of {type(v).__name__}")


def is_numpy(x: Any) -> bool:
    """Whether it is an array or a number of NumPy's."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(x, (numpy.ndarray, numpy.generic))


def _advise_to_clone(name: str) -> None:
    warnings.warn(
        "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
        f"sourceTensor.detach().clone().requires_grad_(True), rather than {name}(sourceTensor).",
        stacklevel=3,
    )


def tensor(
    data: Any,
    *,
    dtype: dtype | None = None,
    device: Place = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor with a copy of `data`: a number, nested sequences of numbers, or a NumPy array.

    Args:
        dtype: default by the data: bool, int64, or the default floating-point dtype; a NumPy array keeps its own.

    Raises:
        RuntimeError: a number does not fit the dtype; `requires_grad` of integers.
        TypeError: what is no number.
        ValueError: rows of different lengths.
    """
    if isinstance(data, Tensor):
        _advise_to_clone("torch.tensor")
        made = data.detach().clone().to(device=device or data.device, dtype=dtype or data.dtype)
    elif is_numpy(data):
        made = _from_numpy_copy(data, dtype, device)
    else:
        if isinstance(data, (list, tuple)) and data and is_numpy(data[0]) and data[0].ndim:
            warnings.warn(
                "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider converting the list to "
                "a single numpy.ndarray with numpy.array() before converting to a tensor.",
                stacklevel=2,
            )
        values, shape = _flatten(data)
        if not all(v.__class__ in (float, int, bool, complex) for v in values):
            first = next((v for v in values if isinstance(v, Tensor) or is_numpy(v)), None)
            if first is not None and getattr(first, "ndim", None) and getattr(first, "shape", ()) != ():
                if is_numpy(first):
                    return tensor(
                        [v.tolist() for v in values],
                        dtype=dtype or _dtype_of_numpy(first),
                        device=device,
                        requires_grad=requires_grad,
                    )
                if first.numel() != 1:
                    raise ValueError("only one element tensors can be converted to Python scalars")
            if dtype is None and first is not None:
                dtype = _common_dtype(values)
            values = [_number(v, values) for v in values]
        kind = dtype or _infer(values)
        home = _home(device, kind)
        made = from_array(home.backend.from_bytes(pack(values, kind), shape, kind), kind, home)
    if requires_grad:
        require_grad(made)
    return made


def require_grad(made: Tensor) -> None:
    """What `requires_grad=True` does to a new tensor."""
    if made.dtype.priority < 2:
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    made._requires_grad = True


def _dtype_of_numpy(x: Any) -> dtype:
    kind = BY_NAME.get(x.dtype.name)
    if kind is None:
        raise TypeError(
            f"can't convert np.ndarray of type numpy.{x.dtype.type.__name__}. The only supported types are: float64, float32, "
            "float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, uint8, and bool."
        )
    return kind


def _from_numpy_copy(x: Any, kind: dtype | None, place: Place) -> Tensor:
    import numpy as np

    own = _dtype_of_numpy(x)
    home = _home("cpu", own)
    made = from_array(home.backend.from_bytes(np.ascontiguousarray(x).tobytes(), x.shape, own), own, home)
    return made.to(device=current() if place is None else place, dtype=kind or own)


def from_numpy(ndarray: Any) -> Tensor:
    """A tensor that shares the memory of a NumPy array.

    Raises:
        TypeError: not an array, or of a dtype that tensors do not have.
    """
    if not is_numpy(ndarray) or not hasattr(ndarray, "ctypes"):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    import numpy as np

    kind = _dtype_of_numpy(ndarray)
    home = _home("cpu", kind)
    share = getattr(home.backend, "from_numpy", None)
    if share is None:
        return tensor(ndarray)
    if any(s < 0 for s in ndarray.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "currently supported. (You can probably work around this by making a copy of your array  with "
            "array.copy().) "
        )
    if not ndarray.flags.writeable:
        from .interop import writable

        _warn_read_only()
        ndarray = writable(ndarray)
    if ndarray.flags.c_contiguous:
        return from_array(share(ndarray), kind, home)
    # The storage is the stretch of memory that the array's elements lie in.
    size = ndarray.itemsize
    strides = tuple(s // size for s in ndarray.strides)
    reach = sum((n - 1) * s for n, s in zip(ndarray.shape, strides, strict=True)) + 1 if ndarray.size else 0
    flat = np.lib.stride_tricks.as_strided(ndarray, (reach,), (size,))
    made = from_array(share(flat), kind, home)
    made._shape = ndarray.shape
    made._view = (strides, 0)
    return made


def _warn_read_only() -> None:
    once.warn(
        "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. This means writing to "
        "this tensor will result in undefined behavior. You may want to copy the array to protect its data or make it "
        "writable before converting it to a tensor. This type of warning will be suppressed for the rest of this program.",
        stacklevel=3,
    )


def as_tensor(data: Any, dtype: dtype | None = None, device: Place = None) -> Tensor:
    """`data` as a tensor, without a copy where that is possible."""
    if isinstance(data, Tensor):
        return data.to(device=device or data.device, dtype=dtype or data.dtype)
    if is_numpy(data) and hasattr(data, "ctypes") and all(s >= 0 for s in data.strides):
        made = from_numpy(data)
        return made.to(device=device if device is not None else made.device, dtype=dtype or made.dtype)
    return tensor(data, dtype=dtype, device=device)


def legacy_tensor(*args: Any, kind: dtype | None = None, device: Place = None, data: Any = None) -> Tensor:
    """`torch.Tensor(...)`: sizes give an uninitialised (here zero) tensor, data a tensor of the default dtype.

    Raises:
        TypeError: data of another dtype than the class's (`kind`), or no sequence.
    """
    if data is not None:
        args = (*args, data)
    if not kind and len(args) == 1 and isinstance(args[0], Tensor):
        return args[0].detach()
    kind = kind or get_default_dtype()
    if not args:
        return zeros(0, dtype=kind, device=device)
    if len(args) == 1 and not isinstance(args[0], int):
        data = args[0]
        if isinstance(data, Size):
            return zeros(data, dtype=kind, device=device)
        if isinstance(data, Tensor):
            if data.dtype is not kind:
                rest = (
                    "device=cpu, layout=Strided, requires_grad=false (default), pinned_memory=false (default), "
                    "memory_format=(nullopt))"
                )
                raise TypeError(
                    f"expected TensorOptions(dtype={C_NAMES[kind.name]}, {rest} "
                    f"(got TensorOptions(dtype={C_NAMES[data.dtype.name]}, {rest})"
                )
            return data.detach()
        if data is None or isinstance(data, float):
            raise TypeError(f"new(): data must be a sequence (got {type(data).__name__})")
        return tensor(data, dtype=kind, device=device)
    if any(isinstance(n, int) and n < 0 for n in args):
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {next(n for n in args if n < 0)}: {list(args)}"
        )
    return zeros(*args, dtype=kind, device=device)


# --- filled -----------------------------------------------------------------------------------------------------------


def full(
    size: Any,
    fill_value: Any,
    *,
    dtype: dtype | None = None,
    device: Place = None,
    requires_grad: bool = False,
    out: Tensor | None = None,
    layout: Any = None,
) -> Tensor:
    """A tensor of a shape with every element `fill_value`.

    Raises:
        TypeError: `fill_value` is no number, or a tensor that requires grad.
    """
    if isinstance(fill_value, Tensor):
        if fill_value.requires_grad:
            raise TypeError("full(): argument 'fill_value' (position 2) must be Number, not Tensor")
        fill_value = fill_value.item()
    if not isinstance(fill_value, (bool, int, float, complex)):
        fill_value = _fill_number(fill_value)
    kind = dtype or _infer([fill_value])
    shape = checked_sizes((size,) if not isinstance(size, int) else ((size,),), "full(): argument 'size'")
    home = _home(device, kind)
    value = bool(fill_value) if kind is bool_ else fill_value
    if kind.is_integral:
        value = whole_number(value, kind)
    made = _made(home.backend.full(shape, value, kind), kind, home, requires_grad)
    return made if out is None else store(out, made, "full")


def zeros(*size: Any, dtype: dtype | None = None, out: Tensor | None = None, **options: Any) -> Tensor:
    """Zeros of a shape."""
    shape = _shape(size, options, "zeros")
    if any(n < 0 for n in shape):
        raise RuntimeError("zeros: Dimension size must be non-negative.")
    return full(shape, 0, dtype=dtype or get_default_dtype(), out=out, **options)


def _fill_number(value: Any) -> Any:
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"full(): argument 'fill_value' (position 2) must be Number, not {type(value).__name__}")


def ones(*size: Any, dtype: dtype | None = None, out: Tensor | None = None, **options: Any) -> Tensor:
    """Ones of a shape."""
    return full(_shape(size, options, "ones"), 1, dtype=dtype or get_default_dtype(), out=out, **options)


def empty(*size: Any, dtype: dtype | None = None, out: Tensor | None = None, **options: Any) -> Tensor:
    """A tensor of a shape whose elements are not to be relied on (they are 0)."""
    options.pop("pin_memory", None)
    format = options.pop("memory_format", None)
    made = full(_shape(size, options, "empty"), 0, dtype=dtype or get_default_dtype(), out=out, **options)
    return made if format is None else _laid_out(made, format)


def _laid_out(made: Tensor, format: Any) -> Tensor:
    """A new tensor with its elements in the order of a memory format."""
    if format.name.startswith("channels"):
        from .memory_formats import channel_strides

        made._view = (channel_strides(made._shape, format), 0)
    return made


def _shape(args: tuple[Any, ...], options: dict[str, Any], name: str) -> tuple[int, ...]:
    if "size" in options:
        args = (options.pop("size"),)
    elif not args:
        raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
    return sizes(args, f"{name}(): argument 'size'")


def _like(input: Tensor, value: Any, options: dict[str, Any]) -> Tensor:
    format = options.pop("memory_format", None)
    kind = options.pop("dtype", None) or input.dtype
    place = options.pop("device", None)
    made = full(input._shape, value, dtype=kind, device=input.device if place is None else place, **options)
    if format is None or format.name == "preserve_format":
        found = laid(input)
        return made if found is None else placed(made, input._shape, found.strides)
    return _laid_out(made, format)


def zeros_like(input: Tensor, **options: Any) -> Tensor:
    """Zeros of the shape, dtype and device of `input`."""
    return _like(input, 0, options)


def ones_like(input: Tensor, **options: Any) -> Tensor:
    """Ones of the shape, dtype and device of `input`."""
    return _like(input, 1, options)


def empty_like(input: Tensor, **options: Any) -> Tensor:
    """As `zeros_like`; the elements are not to be relied on."""
    return _like(input, 0, options)


def full_like(input: Tensor, fill_value: Any, **options: Any) -> Tensor:
    """A tensor of the shape, dtype and device of `input` with every element `fill_value`."""
    return _like(input, fill_value, options)


# --- patterns ---------------------------------------------------------------------------------------------------------


def arange(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: dtype | None = None,
    device: Place = None,
    requires_grad: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """`start`, `start + step`, ... up to but without `end`; int64 for integers, else the default floating-point dtype.

    Raises:
        RuntimeError: a step of 0 or in the wrong direction.
        ValueError: a step that is 0 as an integer.
    """
    if end is None:
        start, end = 0, start
    for position, (name, value) in enumerate((("start", start), ("end", end), ("step", step)), start=1):
        if isinstance(value, (str, list, tuple)) or value is None:
            place = 1 if name == "end" and start == 0 else position
            raise TypeError(
                f"arange(): argument '{name}' (position {place}) must be Number, not {type(value).__name__}"
            )
    start, end, step = (_number(v) for v in (start, end, step))
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    kind = dtype or (out.dtype if out is not None else _infer([start, end, step]))
    if kind is int64:  # which alone counts in whole numbers
        start, end, step = int(start), int(end), int(step)
        if step == 0:
            raise ValueError("step must be nonzero")
    if isinstance(start, int) and isinstance(end, int) and isinstance(step, int):
        count = max(0, -((start - end) // step))
    else:
        count = math.ceil((end - start) / step)
    if not kind.is_floating_point:
        start, step = int(start), int(step)
    home = _home(device, kind)
    made = _made(home.backend.arange(start, step, count, kind), kind, home, requires_grad)
    return made if out is None else store(out, made, "arange")


def range_(start: Any, end: Any, step: Any = 1, **options: Any) -> Tensor:
    """As `arange`, floating point, with `end` included; deprecated in PyTorch, which says so."""
    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with "
        "Python's range builtin. Instead, use torch.arange, which produces values in [start, end).",
        stacklevel=2,
    )
    count = math.floor((end - start) / step) + 1
    options.setdefault("dtype", get_default_dtype())
    return arange(count, **options) * step + start


def _ends(name: str, start: Any, end: Any) -> tuple[Any, Any]:
    ranks = [x.dim() if isinstance(x, Tensor) else 0 for x in (start, end)]
    if any(ranks):
        shown = [
            f"{label} with {rank} dimension(s)"
            for label, rank, x in zip(("start", "end"), ranks, (start, end), strict=True)
            if isinstance(x, Tensor)
        ]
        raise RuntimeError(f"{name} only supports 0-dimensional start and end tensors, but got {' and '.join(shown)}.")
    return _number(start), _number(end)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: dtype | None = None, device: Place = None, requires_grad: bool = False
) -> Tensor:
    """`steps` numbers evenly spaced from `start` to `end`, both included."""
    start, end = _ends("linspace", start, end)
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    kind = dtype or get_default_dtype()
    if kind.priority < 2:
        start, end = int(start), int(end)
    step = (end - start) / (steps - 1) if steps > 1 else 0.0
    # From both ends, as PyTorch, so that the last element is `end` exactly.
    values = [start + step * i if i < steps // 2 else end - step * (steps - 1 - i) for i in range(steps)]
    if steps == 1:
        values = [start]
    return tensor(values, dtype=kind, device=device, requires_grad=requires_grad)


def logspace(start: Any, end: Any, steps: int, base: float = 10.0, **options: Any) -> Tensor:
    """Powers of `base` with exponents evenly spaced from `start` to `end`."""
    kind = options.pop("dtype", None) or get_default_dtype()
    start, end = _ends("logspace", start, end)
    if kind.priority < 2:
        start, end = int(start), int(end)
    return tensor([base**e for e in linspace(start, end, steps, dtype=float64).tolist()], dtype=kind, **options)


def eye(
    n: int, m: int | None = None, *, dtype: dtype | None = None, device: Place = None, requires_grad: bool = False
) -> Tensor:
    """Ones on the diagonal of an (n, m) matrix, zeros elsewhere."""
    for position, (name, size) in enumerate((("n", n), ("m", n if m is None else m)), start=1):
        if isinstance(size, float) or not hasattr(size, "__index__"):
            raise TypeError(f"eye(): argument '{name}' (position {position}) must be int, not {type(size).__name__}")
        if size < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {size}")
    made = zeros(n, n if m is None else m, dtype=dtype, device=device)
    made.diagonal().fill_(1)
    return made.requires_grad_() if requires_grad else made


def _triangle(be: Any, x: Array, diagonal: int, upper: bool) -> Any:
    n, m = x.shape[-2:]
    rows = be.reshape(be.arange(diagonal, 1, n, int64), (n, 1))
    columns = be.reshape(be.arange(0, 1, m, int64), (1, m))
    keep = be.le(rows, columns) if upper else be.le(columns, rows)
    return be.where(keep, x, False if be.dtype_of(x) is bool_ else 0)


@op(name="TrilBackward0", input=lambda g, diagonal: tril(g, diagonal))
def _tril(be: Any, input: Array, diagonal: int) -> Any:
    return _triangle(be, input, diagonal, upper=False)


@op(name="TriuBackward0", input=lambda g, diagonal: triu(g, diagonal))
def _triu(be: Any, input: Array, diagonal: int) -> Any:
    return _triangle(be, input, diagonal, upper=True)


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of matrices, zero above a diagonal."""
    if len(input._shape) < 2:
        raise RuntimeError("tril: input tensor must have at least 2 dimensions")
    result: Tensor = _tril(input, diagonal)
    return result


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of matrices, zero below a diagonal."""
    if len(input._shape) < 2:
        raise RuntimeError("triu: input tensor must have at least 2 dimensions")
    result: Tensor = _triu(input, diagonal)
    return result


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A vector as the diagonal of a matrix, or the diagonal of a matrix."""
    if len(input._shape) == 2:
        return input.diagonal(diagonal)
    if len(input._shape) != 1:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.dim()}D")
    return diag_embed(input, diagonal)


@recorded_as("DiagEmbedBackward0")
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The last dimension as the diagonal of matrices, whose dimensions are `dim1` and `dim2` of the result.

    Raises:
        RuntimeError: the two are the same.
    """
    from .views import embed, movedim

    rank = len(input._shape) + 1
    first, second = wrap_dim(dim1, rank), wrap_dim(dim2, rank)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    side = input._shape[-1] + abs(offset)
    shape = (*input._shape[:-1], side, side)
    start = offset if offset >= 0 else -offset * side
    steps = []
    step = side * side
    for size in reversed(input._shape[:-1]):
        steps.append(step)
        step *= size
    result: Tensor = embed(input, shape, (input._shape, (*reversed(steps), side + 1), start))
    if (first, second) == (rank - 2, rank - 1):
        return result
    return movedim(result, (rank - 2, rank - 1), (first, second))


# --- like another tensor ----------------------------------------------------------------------------------------------


def _as_own(input: Tensor, options: dict[str, Any]) -> dict[str, Any]:
    options.setdefault("dtype", None)
    options["dtype"] = options["dtype"] or input.dtype
    if options.get("device") is None:
        options["device"] = input.device
    return options


def new_zeros(input: Tensor, *size: Any, **options: Any) -> Tensor:
    """Zeros of a shape, with the dtype and device of `input`."""
    return zeros(*size, **_as_own(input, options))


def new_ones(input: Tensor, *size: Any, **options: Any) -> Tensor:
    """Ones of a shape, with the dtype and device of `input`."""
    return ones(*size, **_as_own(input, options))


def new_empty(input: Tensor, *size: Any, **options: Any) -> Tensor:
    """An uninitialised (here zero) tensor with the dtype and device of `input`."""
    return empty(*size, **_as_own(input, options))


def new_full(input: Tensor, size: Any, fill_value: Any, **options: Any) -> Tensor:
    """A filled tensor with the dtype and device of `input`."""
    return full(size, fill_value, **_as_own(input, options))


def new_tensor(input: Tensor, data: Any, **options: Any) -> Tensor:
    """`tensor(data)` with the dtype and device of `input`."""
    if isinstance(data, Tensor):
        _advise_to_clone("tensor.new_tensor")
        own = _as_own(input, options)
        made = data.detach().clone().to(device=own["device"], dtype=own["dtype"])
        made.requires_grad_(own.get("requires_grad", False))
        return made
    return tensor(data, **_as_own(input, options))


def new(input: Tensor, *args: Any) -> Tensor:
    """The legacy constructor with the dtype and device of `input`."""
    return legacy_tensor(*args, kind=input.dtype, device=input.device)


FUNCTIONS = (
    tensor, from_numpy, as_tensor, full, zeros, ones, empty, zeros_like, ones_like, empty_like,
    full_like, arange, linspace, logspace, eye, tril, triu, diag, diag_embed,
)  # fmt: skip
METHODS = (tril, triu, diag, diag_embed, new_zeros, new_ones, new_empty, new_full, new_tensor, new)
INPLACE = (tril, triu)
ALIASES = {"range": range_}
