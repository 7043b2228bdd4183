"""`UntypedStorage`: the bytes that tensors are views of, as PyTorch shows them.

It is a face of the internal `Storage`, which holds one backend array: while somebody holds the face of a storage there is
only one, so that `x.untyped_storage() is x.view(-1).untyped_storage()`.

Source: https://docs.pytorch.org/docs/stable/storage.html
"""

from __future__ import annotations

import gc
import sys
import warnings
from collections.abc import Iterator, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakValueDictionary

from ._tensor import Tensor
from .device import device as Device
from .device import resolve
from .dtype import dtype as DType
from .dtype import uint8
from .shape import Shape, contiguous_strides
from .storage import Storage
from .storage_casts import StorageCasts

if TYPE_CHECKING:
    from .typed_storage import TypedStorage

_new = object.__new__


class UntypedStorage(StorageCasts):
    """A block of bytes on a device.

    Args:
        size_or_data: how many bytes, or a sequence of bytes; default none.
        device: where; default the CPU.
    """

    _box: Storage
    _unclaimed = False  # nobody views it yet, as while a file is read: the first tensor may give it its shape
    is_sparse = is_sparse_csr = False

    def __init__(self, size_or_data: Any = 0, *, device: Any = "cpu", allocator: Any = None) -> None:
        if not isinstance(size_or_data, (int, Sequence)):
            raise RuntimeError(
                f"torch.UntypedStorage(): Expected a sequence type, but got {type(size_or_data).__name__}"
            )
        for item in () if isinstance(size_or_data, int) else size_or_data:
            if not isinstance(item, int):
                raise RuntimeError(
                    f"torch.UntypedStorage(): tried to construct a storage from a sequence ({type(size_or_data).__name__}), "
                    f"but one of the items was of type {type(item).__name__} instead of int"
                )
        data = bytearray(size_or_data)
        backend, home = resolve(device)
        self._box = Storage(backend.from_bytes(data, (len(data),), uint8), backend, home)
        _faces[id(self._box)] = self

    # --- what it is -------------------------------------------------------------------------------------------------------

    @property
    def device(self) -> Device:
        """Where the bytes are."""
        return self._box.device

    @property
    def _cdata(self) -> int:
        """A number of its own."""
        return id(self._box)

    @property
    def is_cuda(self) -> bool:
        """Whether it is on a CUDA device: never."""
        return False

    is_hpu = is_cuda

    @property
    def filename(self) -> str | None:
        """The file it shares its memory with; see `from_file`."""
        return self.__dict__.get("_file")

    def nbytes(self) -> int:
        """The number of bytes."""
        return prod(self._box.array.shape) * held_dtype(self._box).itemsize

    size = __len__ = nbytes

    def element_size(self) -> int:
        """1: the elements are bytes."""
        return 1

    def data_ptr(self) -> int:
        """A number that tensors at its beginning share; 0 for no bytes."""
        return elements(self._box).data_ptr() if self.nbytes() else 0

    def get_device(self) -> int:
        """The index of its device, -1 on the CPU."""
        return -1 if self.device.index is None else self.device.index

    def resizable(self) -> bool:
        """Whether its memory is its own, so that `resize_` is possible."""
        return self.filename is None

    def untyped(self) -> UntypedStorage:
        """Itself."""
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedStorage) and other._box is self._box

    def __hash__(self) -> int:
        return id(self._box)

    def __repr__(self) -> str:
        numbers = "\n ".join(map(str, self.tolist()))
        return f" {numbers}\n[torch.storage.UntypedStorage(device={self.device}) of size {len(self)}]"

    # --- bytes in and out ---------------------------------------------------------------------------------------------

    def _look(self) -> memoryview:
        """A look at, or a copy of, its bytes."""
        look = getattr(self._box.backend, "byte_slice", None)
        if look is not None:
            return memoryview(look(self._box.array, 0, self.nbytes()))
        return memoryview(self._box.backend.to_bytes(self._box.array)).cast("B")

    def _put(self, data: bytearray) -> None:
        """Have these bytes, as many as before."""
        kind, shape = held_dtype(self._box), self._box.array.shape
        self._box.write(None, self._box.backend.from_bytes(data, shape, kind))

    def __getitem__(self, index: Any) -> Any:
        size = len(self)
        if isinstance(index, slice):
            start, stop, step = index.indices(size)
            if step != 1:
                raise RuntimeError(f"Trying to slice with a step of {step}, but only a step of 1 is supported")
            return self._slice(start, max(start, stop))
        if not isinstance(index, int):
            raise TypeError(f"can't index a torch.UntypedStorage with {type(index).__name__}")
        if not -size <= index < size:
            raise IndexError(f"index {index} out of range for storage of size {size}")
        return self._look()[index]

    def _slice(self, start: int, stop: int) -> UntypedStorage:
        """Bytes `start` to `stop`, sharing their memory where the backend's arrays can."""
        box = self._box
        sliced = getattr(box.backend, "byte_slice", None)
        if sliced is not None:
            return face(Storage(sliced(box.array, start, stop), box.backend, box.device))
        data = self._look()[start:stop]
        return face(Storage(box.backend.from_bytes(data, (len(data),), uint8), box.backend, box.device))

    def __setitem__(self, index: Any, value: Any) -> None:
        data = bytearray(self._look())
        if isinstance(index, slice):
            places: Sequence[int] = range(*index.indices(len(data)))
        elif isinstance(index, int) and -len(data) <= index < len(data):
            places = (index,)
        elif isinstance(index, int):
            raise RuntimeError("out of bounds")
        else:
            raise TypeError(f"can't index a torch.UntypedStorage with {type(index).__name__}")
        if not isinstance(value, int):
            raise RuntimeError(f"can only set storage content with a int types, but got {type(value).__name__} instead")
        for place in places:
            data[place] = value & 255
        self._put(data)

    def __iter__(self) -> Iterator[int]:
        return iter(self._look())

    def tolist(self) -> list[int]:
        """The bytes as numbers."""
        return self._look().tolist()

    def fill_(self, value: int) -> Self:
        """Set every byte."""
        self._put(bytearray([value & 255]) * len(self))
        return self

    def copy_(self, source: Any, non_blocking: bool | None = None) -> Self:
        """Take the bytes of another storage of the same size."""
        data = source.untyped()._look()
        if len(data) != len(self):
            raise RuntimeError(f"size does not match, self was {len(self)} bytes but src was {len(data)} bytes")
        self._put(bytearray(data))
        return self

    def clone(self) -> UntypedStorage:
        """A copy."""
        box = self._box
        return face(Storage(box.backend.copy(box.array), box.backend, box.device))

    def __copy__(self) -> UntypedStorage:
        return self.clone()

    def __deepcopy__(self, memo: dict[Any, Any]) -> UntypedStorage:
        known = memo.setdefault("torch", {})
        copied: UntypedStorage | None = known.get(self._cdata)
        if copied is None:
            copied = known[self._cdata] = self.clone()
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        from .pickling import _rebuild_untyped_storage

        return _rebuild_untyped_storage, (bytes(self._look()), held_dtype(self._box), str(self.device))

    def byteswap(self, dtype: DType) -> None:
        """Turn round the bytes of every element of `dtype`."""
        size = dtype.itemsize // 2 if dtype.is_complex else dtype.itemsize
        self._put(swapped(self._look(), size))

    def resize_(self, size: int) -> Self:
        """Have `size` bytes; those that are new are 0. Tensors keep their shapes, and may not be read where it is too small.

        Raises:
            RuntimeError: it is in shared memory.
        """
        if self.is_shared() or not self.resizable():
            raise RuntimeError("Trying to resize storage that is not resizable")
        kind, box = held_dtype(self._box), self._box
        if size % kind.itemsize:
            kind = uint8
        for holder in gc.get_referrers(box):  # the shape of a tensor without a view of its own is that of the array
            if isinstance(holder, Tensor) and holder._view is None:
                holder._view = (contiguous_strides(holder._shape), 0)
        data = bytes(self._look()[:size]).ljust(size, b"\0")
        box.array = box.backend.from_bytes(data, (size // kind.itemsize,), kind)
        box.version += 1
        return self

    def new(self) -> UntypedStorage:
        """An empty storage on the same device."""
        return UntypedStorage(device=self.device)

    # --- elsewhere ----------------------------------------------------------------------------------------------------

    def to(self, *, device: Any, non_blocking: bool = False) -> UntypedStorage:
        """The bytes on a device: itself, or a copy."""
        target = resolve(device)[1]
        if target == self.device:
            return self
        return face(elements(self._box).to(target)._storage)

    def cpu(self) -> UntypedStorage:
        """The bytes in the process's memory."""
        return self.to(device="cpu")

    def cuda(self, device: Any = None, non_blocking: bool = False) -> UntypedStorage:
        """Fails: there is no CUDA device."""
        return self.to(device="cuda")

    def type(self, dtype: Any = None, non_blocking: bool = False) -> Any:
        """The name of the class."""
        return "torch.storage.UntypedStorage" if dtype is None else dtype(self)

    def _to(self, dtype: DType) -> TypedStorage:
        """The bytes as numbers of another dtype: 0 to 255."""
        if not isinstance(dtype, DType):
            raise TypeError(f"Argument 'dtype' must be torch.dtype, not {type(dtype)}")
        from .ops.creation import tensor
        from .typed_storage import TypedStorage

        made = tensor(self.tolist(), dtype=uint8, device=self.device).to(dtype, copy=True)
        return TypedStorage(wrap_storage=face(made._storage), dtype=dtype, _internal=True)

    # --- memory that others see ---------------------------------------------------------------------------------------

    def is_shared(self) -> bool:
        """Whether forked processes write to the same bytes."""
        return bool(getattr(self._box, "shared", False))

    def share_memory_(self) -> Self:
        """Move the bytes to memory that processes forked from now on share."""
        box = self._box
        if not self.is_shared():
            move = getattr(box.backend, "in_shared_memory", None)
            if move is not None:
                box.array = move(box.array)
            box.shared = True
        return self

    def is_pinned(self, device: Any = "cuda") -> bool:
        """False: memory is pinned for CUDA."""
        return False

    def pin_memory(self, device: Any = "cuda") -> UntypedStorage:
        """Fails, as in a PyTorch without an accelerator."""
        raise RuntimeError("Cannot access accelerator device when none is available.")

    @classmethod
    def from_buffer(
        cls, buffer: Any, byte_order: str | None = None, count: int = -1, offset: int = 0, dtype: DType | None = None
    ) -> UntypedStorage:
        """A storage of a copy of a buffer's bytes, which hold elements of `dtype` in `byte_order`."""
        kind = dtype or uint8
        data = bytearray(memoryview(buffer).cast("B")[offset:])
        data = data[: count * kind.itemsize] if count >= 0 else data
        native = sys.byteorder if byte_order in (None, "native") else byte_order
        if native != sys.byteorder:
            data = swapped(data, kind.itemsize)
        backend, home = resolve("cpu")
        return face(Storage(backend.from_bytes(data, (len(data) // kind.itemsize,), kind), backend, home))

    @classmethod
    def from_file(cls, filename: str, shared: bool = False, nbytes: int = 0) -> UntypedStorage:
        """A storage of a file's bytes; with `shared` writes to it change the file, where the backend's arrays can."""
        from mmap import ACCESS_COPY, ACCESS_WRITE, mmap

        backend, home = resolve("cpu")
        with open(filename, "r+b" if shared else "rb") as file:
            if shared:
                file.seek(0, 2)
                file.truncate(max(file.tell(), nbytes))
            memory: Any = mmap(file.fileno(), nbytes, access=ACCESS_WRITE if shared else ACCESS_COPY) if nbytes else b""
        made = face(Storage(wrap_bytes(backend, memory, (nbytes,), uint8), backend, home))
        if shared:
            made.__dict__["_file"] = filename
        return made


_faces: WeakValueDictionary[int, UntypedStorage] = WeakValueDictionary()
"""The face of every storage that has one, by the storage's id."""


def face(box: Storage) -> UntypedStorage:
    """The public storage of an internal one."""
    known = _faces.get(id(box))
    if known is None:
        known = _new(UntypedStorage)
        known._box = box
        _faces[id(box)] = known
    return known


def held_dtype(box: Storage) -> DType:
    """The dtype of the array that a storage holds."""
    return box.backend.dtype_of(box.array)


def elements(box: Storage, kind: DType | None = None) -> Tensor:
    """All of a storage as a 1-D tensor of `kind`; a copy if that is not the dtype it holds."""
    held = held_dtype(box)
    if kind is None or kind is held:
        return view_of(box, held, (prod(box.array.shape),))
    data = memoryview(box.backend.to_bytes(box.array)).cast("B")
    count = len(data) // kind.itemsize
    array = box.backend.from_bytes(data[: count * kind.itemsize], (count,), kind)
    return view_of(Storage(array, box.backend, box.device), kind, (count,))


def view_of(box: Storage, kind: DType, shape: Shape, strides: tuple[int, ...] | None = None, offset: int = 0) -> Tensor:
    """The tensor of `kind` that lies in a storage with a shape, strides and an offset; it owns its share of it."""
    tensor: Tensor = _new(Tensor)
    tensor._storage, tensor._shape, tensor.dtype = box, shape, kind
    contiguous = contiguous_strides(shape)
    if offset or box.array.shape != shape or (strides is not None and strides != contiguous):
        tensor._view = (contiguous if strides is None else strides, offset)
    return tensor


def wrap_bytes(backend: Any, data: Any, shape: Shape, kind: DType) -> Any:
    """An array over `data` itself where the backend can, else of a copy."""
    wrap = getattr(backend, "from_buffer", backend.from_bytes)
    return wrap(data, shape, kind)


def swapped(data: Any, size: int) -> bytearray:
    """The bytes of elements of `size` bytes in the other order."""
    out = bytearray(len(data))
    for i in range(size):
        out[i::size] = data[size - 1 - i :: size]
    return out


def is_storage(obj: Any) -> bool:
    """Whether `obj` is a PyTorch storage."""
    from .typed_storage import TypedStorage

    return isinstance(obj, (UntypedStorage, TypedStorage))


def warn_of_removal(stacklevel: int = 2) -> None:
    """Say once that typed storages are deprecated."""
    global _has_warned
    if not _has_warned:
        _has_warned = True
        warnings.warn(
            "TypedStorage is deprecated. It will be removed in the future and "
            "UntypedStorage will be the only storage class. This should only matter "
            "to you if you are using storages directly.  To access UntypedStorage "
            "directly, use tensor.untyped_storage() instead of tensor.storage()",
            UserWarning,
            stacklevel=stacklevel + 1,
        )


_has_warned = False
