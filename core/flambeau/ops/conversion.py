"""Between dtypes and devices.

Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html
"""

from __future__ import annotations

from typing import Any

from .. import once
from .._tensor import Tensor, from_array, gradient_edge, needs_grad
from ..autograd import node as graph
from ..autograd.modes import GradMode
from ..backends.protocol import Array
from ..device import device, resolve
from ..dtype import ALL, bfloat16, bool_, dtype, float16, float32, float64, int8, int16, int32, int64, uint8
from ..dtype import dtype as DType
from ..dtype import dtype as Kind
from ..layout import memory_format as MemoryFormat
from ..shape import Shape
from ..storage import Storage
from . import vmap_levels
from .creation import check_dtype
from .memory_formats import channel_strides, in_format
from .memory_order import laid, placed
from .op import op
from .views import ViewNode


def _kind_of_call(input: Any, kind: dtype, *order: Any) -> dtype:
    return kind


@op(result=_kind_of_call, name="ToCopyBackward0", input=lambda g, input_dtype: _cast_back(g, input_dtype))
def _cast(be: Any, input: Array, kind: dtype) -> Any:
    return be.cast(input, kind)


@op(result=_kind_of_call, name="ToCopyBackward0", input=lambda g, input_dtype: _cast_back(g, input_dtype))
def _cast_in_order(be: Any, input: Array, kind: dtype, order: Shape) -> Any:
    return _cast_turned(be, input, kind, order)


def _cast_turned(be: Any, input: Array, kind: dtype, order: Shape) -> Any:
    # Apart from the op, since a forward of several primitives is rounded at its end to the dtype it came from.
    return be.cast(be.permute(input, order), kind)


def _cast_back(g: Tensor, kind: dtype) -> Tensor:
    return cast(g.real if g.dtype.is_complex and not kind.is_complex else g, kind)


def cast(input: Tensor, kind: dtype) -> Tensor:
    """`input` in another dtype; itself where it has it.

    Raises:
        TypeError: the device cannot hold that dtype.
    """
    if input.dtype is kind:
        return input
    check_dtype(input._storage.backend, input.device, kind)
    if input.dtype.is_complex and not kind.is_complex and kind is not bool_:
        once.warn("Casting complex values to real discards the imaginary part", stacklevel=3)
    if kind.priority < 2 and input._requires_grad:
        input = input.detach()
    found = laid(input)
    if found is None:
        result: Tensor = _cast(input, kind)
        return result
    return placed(_cast_in_order(input, kind, found.order), input._shape, found.strides)


def move(input: Tensor, place: device) -> Tensor:
    """A copy of `input` on another device, through which gradients flow back."""
    backend, home = resolve(place)
    check_dtype(backend, home, input.dtype)
    array = backend.from_bytes(input._bytes(), input._shape, input.dtype)
    moved = from_array(array, input.dtype, Storage(None, backend, home))
    if GradMode.enabled and needs_grad(input):
        node = ViewNode((gradient_edge(input),))
        node.label = "ToCopyBackward0"
        node.derivative = move
        node.arguments = (input.device,)
        moved._requires_grad = True
        moved._node = node
        if graph.on_create is not None:
            graph.on_create(node, moved)
    return moved


def to(
    input: Tensor,
    *args: Any,
    device: Any = None,
    dtype: dtype | None = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """`input` with another dtype, on another device, or as another tensor has them; itself where nothing changes."""
    for a in args:
        if isinstance(a, DType):
            dtype = a
        elif isinstance(a, Tensor):
            dtype, device = a.dtype, a.device
        elif a is not None and not isinstance(a, bool):
            device = a
    result = input
    if dtype is not None and dtype is not input.dtype:
        moving = device is not None and resolve(device)[0] is not input._storage.backend
        # Convert where the dtype exists: a float64 tensor becomes float32 before it goes to a GPU without float64.
        if moving and dtype not in input._storage.backend.dtypes:
            result = cast(move(result, resolve(device)[1]), dtype)
            device = None
        else:
            result = cast(result, dtype)
    if device is not None:
        backend, place = resolve(device)
        if backend is not input._storage.backend and not (vmap_levels.levels and input.device == place):
            result = move(result, place)
    if memory_format is not None and not isinstance(memory_format, MemoryFormat):
        raise TypeError(
            f"to() received an invalid combination of arguments - got (memory_format={type(memory_format).__name__}, ), but "
            "expected one of: a torch.memory_format"
        )
    if memory_format is not None and memory_format.name.startswith("channels"):
        strides = channel_strides(result._shape, memory_format)
        if (copy and result is input) or result.stride() != strides:
            return in_format(result, memory_format)
    return result.clone() if copy and result is input else result


def type_(input: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The legacy type name, "torch.FloatTensor"; or `input` in another dtype, given as such, as a legacy type or its name.

    Raises:
        ValueError: there is no legacy type of that name.
    """
    if dtype is None:
        prefix = "torch." if input.device.type in ("cpu", "reference", "numpy") else f"torch.{input.device.type}."
        return f"{prefix}{input.dtype.legacy_name}Tensor"
    on_cuda = False
    if isinstance(dtype, str):
        on_cuda = dtype.startswith("torch.cuda.")
        name = dtype.removeprefix("torch.cuda." if on_cuda else "torch.").removesuffix("Tensor")
        kind = next((d for d in ALL if d.legacy_name == name), None)
        if kind is None or not dtype.startswith("torch."):
            raise ValueError(f"invalid type: '{dtype}'")
        dtype = kind
    elif isinstance(dtype, type):
        on_cuda = dtype.__module__.endswith(".cuda")
        dtype = getattr(dtype, "dtype", None)
    if on_cuda:
        return cuda(input)
    if not isinstance(dtype, Kind):
        raise TypeError("dtype must be a type, str, or dtype object")
    return to(input, dtype)


def typename(obj: Any) -> str:
    """The name of an object's type as error texts give it: `torch.FloatTensor`, `int`, `package.module.Class`."""
    if isinstance(obj, Tensor):
        return str(obj.type())
    cls = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(cls, "__module__", "") or ""
    return cls.__qualname__ if module in ("", "builtins") else f"{module}.{cls.__qualname__}"


def type_as(input: Tensor, other: Tensor) -> Tensor:
    """`input` with the dtype and device of `other`."""
    return to(input, other)


def cpu(input: Tensor) -> Tensor:
    """`input` in the process's memory."""
    return to(input, device="cpu")


def cuda(input: Tensor, device: Any = None, non_blocking: bool = False) -> Tensor:
    """Fails, as in a PyTorch without CUDA; `to("wgpu")` moves to a GPU."""
    return to(input, device="cuda")


def _converter(name: str, kind: dtype) -> Any:
    def convert(input: Tensor, memory_format: Any = None) -> Tensor:
        return cast(input, kind) if memory_format is None else to(input, kind, memory_format=memory_format)

    convert.__name__ = convert.__qualname__ = name
    convert.__doc__ = f"`input` as {kind.name}."
    return convert


CONVERTERS = tuple(
    _converter(name, kind)
    for name, kind in {
    "double": float64, "float": float32, "half": float16, "bfloat16": bfloat16, "long": int64, "int": int32,
    "short": int16, "char": int8, "byte": uint8, "bool": bool_,
    }.items()
)  # fmt: skip

FUNCTIONS = (typename,)
METHODS = (to, type_as, cpu, cuda, *CONVERTERS)
METHOD_ALIASES = {"type": type_}
