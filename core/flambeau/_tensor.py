"""Tensor: a storage, a view of it, a version, and an edge into the backward graph.

Everything computed (`x + y`, `x.sum()`, `x[0]`) is defined in `ops/` and attached to the class there; this file is what a tensor *is*.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from . import once
from .autograd.node import LEAF, AccumulateGrad, Edge, LeafAlias, Node, RemovableHandle, watch_leaves
from .backends.protocol import Array
from .device import device
from .dtype import C_NAMES, bfloat16, dtype, float16
from .layout import layout, strided
from .shape import Size, contiguous_strides, is_contiguous
from .storage import Storage, inference

_new = object.__new__


class _OfEachTensor:
    """What the class shows of an attribute that each tensor holds itself."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self


class Tensor:
    """An array with a dtype, on a device, that can remember how it was computed.

    Source: https://docs.pytorch.org/docs/stable/tensors.html
    """

    # Defaults live on the class, so that a new result sets only what it must: its storage, shape and dtype.
    _storage: Storage
    _shape: tuple[int, ...]
    dtype: dtype = _OfEachTensor()  # type: ignore[assignment]
    _view: tuple[tuple[int, ...], int] | None = None  # (strides, offset); None: all of the storage, in C order
    _cached: Array = None  # this view as the backend's array...
    _read_from: Array = None  # ...and the storage's array it was taken of
    _base: Tensor | None = None  # the tensor this is a view of, for autograd
    _node: Node | None = None
    _output_nr: int = 0
    _requires_grad: bool = False
    _grad: Tensor | None = None
    _hooks: dict[int, Any] | None = None
    _seen_version: int = 0  # of a view: the storage's version when its edge was made
    _tracked: bool = True  # False below `.data`, whose writes autograd does not notice
    _retains_grad: bool = False
    _saved_output_of: tuple[str, int] | None = (
        None  # of an alias kept for backward: whose result it is, for error texts
    )
    _accumulate_grad: Any = None  # a weak reference to the node of a leaf, once somebody has looked at it
    _post_accumulate_grad_hooks: dict[int, Any] | None = None
    _one_of_several: bool | str = False  # a view that came with others out of one op, or a view of one

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """`Tensor(data)` and `Tensor(2, 3)`: PyTorch's legacy constructor, always of the default dtype."""
        from .ops.creation import legacy_tensor

        made = legacy_tensor(*args, **kwargs)
        return made if cls is Tensor else made._as(cls)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.__module__.startswith("flambeau."):
            from . import overrides

            if overrides._takes_part(cls):  # type: ignore[arg-type]
                overrides.exchange()

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        """What a function of tensors gives where one of them is of a subclass: results of that class.

        Source: https://docs.pytorch.org/docs/stable/notes/extending.html#subclassing-torch-tensor
        """
        from .overrides import default

        return default(cls, func, types, args, kwargs)

    @staticmethod
    def _make_subclass(cls: type, data: Tensor, require_grad: bool = False) -> Any:
        """The elements of `data`, shared, as a leaf of another class."""
        made = data.detach()._as(cls)
        if require_grad:
            made.requires_grad_()
        return made

    def _as(self, cls: type) -> Any:
        """The same storage and view as another class of tensor, without history."""
        other: Any = _new(cls)
        other._storage = self._storage
        other._shape = self._shape
        other.dtype = self.dtype
        if self._view is not None:
            other._view = self._view
        return other

    if TYPE_CHECKING:
        # What ops/ attaches.
        def __getattr__(self, name: str) -> Any: ...
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __pos__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __eq__(self, other: Any) -> Any: ...
        def __ne__(self, other: Any) -> Any: ...
        def __getitem__(self, key: Any) -> Tensor: ...
        def __setitem__(self, key: Any, value: Any) -> None: ...

    __hash__ = object.__hash__  # by identity, as PyTorch; `==` compares elements

    # --- reading and writing the array ------------------------------------------------------------------------------------

    def _array(self) -> Array:
        """This tensor's elements as the backend's array."""
        return self._storage.array if self._view is None else self._read()

    def _read(self) -> Array:
        base = self._storage.array
        if self._read_from is not base:
            strides, offset = self._view  # type: ignore[misc]
            self._cached = self._storage.backend.view(base, self._shape, strides, offset)
            self._read_from = base
        return self._cached

    def _write(self, value: Any) -> None:
        """Put `value` (an array or number, broadcast) where this tensor's elements are. Every view of the storage sees it."""
        storage = self._storage
        region = None if self._view is None else (self._shape, *self._view)
        if storage.version < 0 and not inference.on:
            raise RuntimeError(
                "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal "
                "tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details."
            )
        storage.array = storage.backend.assign(storage.array, region, value)
        if self._tracked:
            storage.version += 1

    # --- what it is ---------------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The sizes of the dimensions."""
        return Size(self._shape)

    @property
    def device(self) -> device:
        """Where the elements are."""
        return self._storage.device

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self._shape)

    @property
    def layout(self) -> layout:
        """Always `torch.strided`."""
        return strided

    @property
    def volatile(self) -> bool:
        """Always False, with a warning: it has had no meaning since PyTorch 0.4."""
        import warnings

        warnings.warn("volatile was removed (Variable.volatile is always False)", stacklevel=2)
        return False

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.numel() * self.dtype.itemsize

    is_cuda = is_sparse = is_quantized = is_mps = False

    @property
    def is_meta(self) -> bool:
        """Whether there are no elements, only their shape and dtype."""
        return self.device.type == "meta"

    @property
    def is_cpu(self) -> bool:
        """Whether the elements are in the process's memory."""
        return self.device.type == "cpu"

    def dim(self) -> int:
        """The number of dimensions."""
        return len(self._shape)

    ndimension = dim

    def size(self, dim: int | None = None) -> Any:
        """The shape, or one of its sizes."""
        if dim is None:
            return Size(self._shape)
        from .shape import wrap_dim

        return self._shape[wrap_dim(dim, len(self._shape))]

    def numel(self) -> int:
        """The number of elements."""
        n = 1
        for size in self._shape:
            n *= size
        return n

    nelement = numel

    def element_size(self) -> int:
        """Bytes per element."""
        return self.dtype.itemsize

    def stride(self, dim: int | None = None) -> Any:
        """Steps in the storage, in elements, from one index to the next."""
        strides = contiguous_strides(self._shape) if self._view is None else self._view[0]
        return strides if dim is None else strides[dim]

    def storage_offset(self) -> int:
        """Where in the storage the first element is."""
        return 0 if self._view is None else self._view[1]

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """Whether the elements follow each other in C order, or as the memory format says.

        Raises:
            TypeError: that is no memory format.
        """
        if memory_format is not None:
            name = getattr(memory_format, "name", None)
            if name not in ("contiguous_format", "preserve_format", "channels_last", "channels_last_3d"):
                kind = type(memory_format).__name__
                raise TypeError(f"is_contiguous(): argument 'memory_format' must be torch.memory_format, not {kind}")
            if name.startswith("channels"):
                from .ops.memory_formats import has_format

                return has_format(self._shape, self.stride(), memory_format)
        return self._view is None or is_contiguous(self._shape, self._view[0])

    def data_ptr(self) -> int:
        """A number that tensors with the same first element share."""
        array = self._storage.array
        start = array.ctypes.data if hasattr(array, "ctypes") else id(self._storage)
        return int(start) + self.storage_offset() * self.dtype.itemsize

    def is_floating_point(self) -> bool:
        """Whether the dtype is a floating-point one."""
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether the dtype is a complex one."""
        return self.dtype.is_complex

    def is_signed(self) -> bool:
        """Whether the dtype has negative numbers."""
        return self.dtype.is_signed

    def get_device(self) -> int:
        """The device's index, -1 for the CPU."""
        return -1 if self.device.index is None else self.device.index

    @property
    def _version(self) -> int:
        if self._storage.version < 0:
            raise RuntimeError("Inference tensors do not track version counter.")
        return self._storage.version

    def is_inference(self) -> bool:
        """Whether it was made in `inference_mode`."""
        return self._storage.version < 0

    # --- autograd -------------------------------------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether `backward` computes a gradient for it, or passes through it."""
        return needs_grad(self)

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not isinstance(value, bool):
            raise RuntimeError("requires_grad must be a bool")
        if value and self.dtype.priority < 2:
            raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
        if not value and self._node is not None:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a subgraph "
                "that doesn't require differentiation use var_no_grad = var.detach()."
            )
        if value and self._storage.version < 0 and not inference.on:
            raise RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
        self._requires_grad = bool(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set `requires_grad` and return the tensor."""
        if requires_grad and self.dtype.priority < 2:
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        self.requires_grad = requires_grad
        return self

    @property
    def grad(self) -> Tensor | None:
        """The gradient that `backward` accumulated, or None."""
        if self._grad is None and self._node is not None and not self._retains_grad:
            import warnings

            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be populated "
                "during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf Tensor, use "
                ".retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access the leaf "
                "Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more information.",
                stacklevel=2,
            )
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if value is self:
                raise RuntimeError("can't assign Variable as its own grad")
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}"
                )
            if value._shape != self._shape:
                raise RuntimeError(
                    f"attempting to assign a gradient of size '{list(value._shape)}' to a tensor of size "
                    f"'{list(self._shape)}'. Please ensure that the gradient and the tensor are the same size"
                )
            if value.dtype is not self.dtype:
                raise RuntimeError(
                    f"attempting to assign a gradient with dtype '{C_NAMES[value.dtype.name]}' to a tensor with grad_dtype "
                    f"'{self.dtype.legacy_name}'. The gradient must match the tensor's grad_dtype (defaults to the "
                    "tensor's dtype). You can set the tensor's grad_dtype attribute with a specific dtype, or None to allow "
                    "any dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may break "
                    "downstream systems that assume they match."
                )
            if value._storage.backend is not self._storage.backend:
                raise RuntimeError(
                    f"attempting to assign a gradient with device type '{value.device.type}' to a tensor with device type "
                    f"'{self.device.type}'. Please ensure that the gradient and the tensor are on the same device"
                )
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def grad_fn(self) -> Node | None:
        """The backward node of the op this is the result of; None for a leaf."""
        node = self._node if self._base is None else _current_node(self)
        return None if isinstance(node, LeafAlias) else node

    @property
    def output_nr(self) -> int:
        """Which output of `grad_fn` this is."""
        return self._output_nr

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user rather than by a recorded op."""
        return self.grad_fn is None

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called on this non-leaf."""
        return self._retains_grad

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Tensor | Sequence[Tensor] | None = None,
    ) -> None:
        """Add d(self)/d(leaf), times `gradient`, to the `.grad` of every leaf that requires grad.

        Args:
            gradient: of the shape of self; may be left out for one element.
            retain_graph: keep what was saved, so that backward can run again. Default: as `create_graph`.
            create_graph: record the pass, so that gradients can be differentiated.
            inputs: the leaves to accumulate into, instead of all.

        Raises:
            RuntimeError: no grad to compute, a non-scalar without `gradient`, or the graph was freed; PyTorch's texts.
        """
        from .autograd.gradients import backward

        backward(self, gradient, retain_graph, create_graph, inputs)

    def _accumulate(self, grad: Tensor, create_graph: bool, shared: bool) -> None:
        """Add to `.grad` at the end of a backward pass; `shared` tells that somebody else may hold the gradient."""
        held = self._grad
        if held is None:
            # As PyTorch: a gradient nobody else holds may become .grad as it is, if it lies in memory as this tensor does.
            if create_graph:
                self._grad = self.new_empty(self._shape).copy_(grad)
            elif not shared and grad._view is None and grad._base is None and self._view is None:
                self._grad = grad.detach()
            else:
                from .ops.memory_formats import copied_like

                self._grad = copied_like(grad.detach(), self)
        elif create_graph:
            self._grad = held + grad
        else:
            held._write((held + grad)._array())

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call `hook(grad)` when this tensor's gradient is computed; what it returns replaces it.

        Raises:
            RuntimeError: the tensor does not require grad.
        """
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        node = self.grad_fn
        if node is None:
            watch_leaves()
            if self._hooks is None:
                self._hooks = OrderedDict()
            return RemovableHandle(self._hooks, hook)
        number = self._output_nr
        if self._hooks is None:
            self._hooks = OrderedDict()

        def pre_hook(grads: tuple[Any, ...]) -> tuple[Any, ...] | None:
            grad = grads[number]
            replaced = None if grad is None else hook(grad)
            if replaced is None:
                return None
            from .autograd.engine import checked

            return (*grads[:number], checked(hook, grad, replaced), *grads[number + 1 :])

        handle = node.register_prehook(pre_hook)
        self._hooks[handle.id] = hook
        return handle

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """Call `hook(tensor)` after a backward pass has added to `.grad` of this leaf.

        Raises:
            RuntimeError: the tensor does not require grad, or is no leaf.
        """
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self.grad_fn is not None:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        AccumulateGrad.of(self)
        if self._post_accumulate_grad_hooks is None:
            self._post_accumulate_grad_hooks = OrderedDict()
        return RemovableHandle(self._post_accumulate_grad_hooks, hook)

    @property
    def _backward_hooks(self) -> dict[int, Any] | None:
        return self._hooks

    @_backward_hooks.setter
    def _backward_hooks(self, hooks: dict[int, Any] | None) -> None:
        watch_leaves()
        self._hooks = hooks

    def retain_grad(self) -> None:
        """Keep the gradient of a non-leaf in `.grad` too."""
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.is_leaf or self._retains_grad:
            return
        import weakref

        self._retains_grad = True
        reference = weakref.ref(self)

        def keep(grad: Tensor) -> None:
            tensor = reference()
            if tensor is not None:
                tensor._grad = grad.clone() if tensor._grad is None else tensor._grad + grad

        node, number = self.grad_fn, self._output_nr
        assert node is not None, "a leaf has returned above"
        if node._pre_hooks is None:
            node._pre_hooks = {}
        node._pre_hooks[-1 - number] = lambda grads: None if grads[number] is None else keep(grads[number])

    def detach(self) -> Tensor:
        """The same elements, shared, without history."""
        other = _new(Tensor)
        other._storage = self._storage
        other._shape = self._shape
        other.dtype = self.dtype
        if self._view is not None:
            other._view = self._view
        if not self._tracked:
            other._tracked = False
        return other

    def detach_(self) -> Tensor:
        """Forget the history of this tensor itself.

        Raises:
            RuntimeError: it is a view.
        """
        if self._base is not None:
            raise RuntimeError(
                "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for "
                "training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence "
                "detach_() cannot be called on these gradients. To fix this error, please refer to the "
                "Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution."
            )
        self._node = None
        self._output_nr = 0
        self._requires_grad = False
        return self

    @property
    def data(self) -> Tensor:
        """The same elements, shared, without history; autograd does not notice writes to it. Prefer `detach()`."""
        other = self.detach()
        other._tracked = False
        return other

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        self._storage = value._storage
        self._shape = value._shape
        self.dtype = value.dtype
        self._view = value._view
        self._cached = self._read_from = None

    # --- out of the tensor --------------------------------------------------------------------------------------------------

    def _bytes(self) -> memoryview:
        """The elements in C order."""
        return memoryview(self._storage.backend.to_bytes(self._array())).cast("B")

    def _flat(self) -> list[Any]:
        """The elements in C order as Python numbers."""
        data = self._bytes()
        kind = self.dtype
        if kind is float16:
            return list(struct.unpack(f"={len(data) // 2}e", data))
        if kind is bfloat16:
            words = data.cast("H").tolist()
            return list(struct.unpack(f"={len(words)}f", struct.pack(f"={len(words)}I", *[w << 16 for w in words])))
        if kind.is_complex:
            parts = data.cast(kind.format).tolist()  # type: ignore[call-overload]
            return list(map(complex, parts[::2], parts[1::2]))
        cast: Any = data.cast  # mypy knows formats only as literals
        numbers: list[Any] = cast(kind.format).tolist()
        return numbers

    def item(self) -> Any:
        """The value of a tensor with one element, as a Python number.

        Raises:
            RuntimeError: it has more or none.
        """
        if self.numel() != 1:
            raise RuntimeError(f"a Tensor with {self.numel()} elements cannot be converted to Scalar")
        if self.is_meta:
            raise RuntimeError("Tensor.item() cannot be called on meta tensors")
        return self._flat()[0]

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers; a number for a 0-d tensor."""
        flat = self._flat()
        if not self._shape:
            return flat[0]
        if 0 in self._shape:
            return _empty_lists(self._shape)
        for size in reversed(self._shape[1:]):
            flat = [flat[i : i + size] for i in range(0, len(flat), size)]
        return flat

    def numpy(self, *, force: bool = False) -> Any:
        """A NumPy array; on the CPU it shares the tensor's memory.

        Raises:
            RuntimeError: the tensor requires grad.
            TypeError: it is not on the CPU.
        """
        if force:
            return self.detach().cpu().numpy()
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        if self.device.type not in ("cpu", "numpy", "reference"):
            raise TypeError(
                f"can't convert {self.device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first."
            )
        if self.dtype is bfloat16:
            raise TypeError("Got unsupported ScalarType BFloat16")
        to_numpy = getattr(self._storage.backend, "to_numpy", None)
        if to_numpy is not None:
            return to_numpy(self._array())
        import numpy as np

        return np.frombuffer(bytearray(self._bytes()), self.dtype.name).reshape(self._shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        array = self.numpy()
        if dtype is not None:
            array = array.astype(dtype, copy=False)
        return array.copy() if copy else array

    __array_priority__ = 1000  # NumPy leaves `array * tensor` to us

    def __len__(self) -> int:
        if not self._shape:
            raise TypeError("len() of a 0-d tensor")
        return self._shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self._shape:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __bool__(self) -> bool:
        n = self.numel()
        if n == 0:
            raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
        if n > 1:
            raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")
        return bool(self.item())

    def _number(self) -> Any:
        if self.numel() != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self.item()

    def __float__(self) -> float:
        number = self._number()
        warn_of_lost_gradient(self, stacklevel=2)
        if isinstance(number, complex):
            if number.imag:
                raise RuntimeError("value cannot be converted to type double without overflow")
            return number.real
        return float(number)

    def __int__(self) -> int:
        return int(self._number())

    def __complex__(self) -> complex:
        number = self._number()
        warn_of_lost_gradient(self, stacklevel=2)
        return complex(number)

    def __index__(self) -> int:
        if self.dtype.priority >= 2 or self.numel() != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __contains__(self, element: Any) -> bool:
        if not isinstance(element, (Tensor, int, float)):
            raise RuntimeError(
                f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
            )
        return bool((self == element).any().item())

    def __repr__(self) -> str:
        from .printing import tensor_repr

        return tensor_repr(self)

    def __format__(self, spec: str) -> str:
        if not self._shape and type(self) is Tensor:
            return format(self.item(), spec)
        return object.__format__(self, spec)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        from .pickling import deepcopy_tensor

        return deepcopy_tensor(self, memo)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        from .pickling import reduce_tensor

        return reduce_tensor(self)

    def __dir__(self) -> list[str]:
        return sorted(n for n in {*object.__dir__(self)} if not n.startswith("_") or n.startswith("__"))


def no_torch_function(func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
    """A `__torch_function__` that leaves everything as it is: results are plain tensors."""
    from .overrides import DisableTorchFunctionSubclass

    with DisableTorchFunctionSubclass():
        return func(*args, **(kwargs or {}))


def _empty_lists(shape: tuple[int, ...]) -> list[Any]:
    return [] if len(shape) == 1 else [_empty_lists(shape[1:]) for _ in range(shape[0])]


def from_array(array: Array, kind: dtype, like: Storage) -> Tensor:
    """A tensor that owns a backend's array, on the device of the storage `like`."""
    out = _new(Tensor)
    out._storage = Storage(array, like.backend, like.device)
    out._shape = tuple(array.shape)
    out.dtype = kind
    return out


def needs_grad(x: Tensor) -> bool:
    """Whether `x` requires grad; a view may have come to, by a write to its base."""
    return x._requires_grad or (x._base is not None and _current_node(x) is not None)


def warn_of_lost_gradient(x: Tensor, stacklevel: int) -> None:
    """Say once that a gradient ends where `x` becomes a Python number; `stacklevel` 1 is who calls this."""
    from .autograd.modes import GradMode

    if needs_grad(x) and GradMode.enabled:
        once.warn(
            "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\nConsider using "
            "tensor.detach() first.",
            stacklevel + 1,
        )


def gradient_edge(x: Tensor) -> Edge:
    """Where the gradient of `x` goes: its node, or `x` itself if it is a leaf that requires grad, or None."""
    node = x._node if x._base is None else _current_node(x)
    if node is not None:
        return (node, x._output_nr)
    return (x, LEAF) if x._requires_grad else None


def _current_node(view: Tensor) -> Node | None:
    """The node of a view, made anew where the base has been written to since."""
    base = view._base
    assert base is not None
    if view._seen_version != view._storage.version:
        view._seen_version = view._storage.version
        if base._node is not None or base._requires_grad:
            from .ops.view_writes import reattach

            reattach(view, base)
    return view._node
