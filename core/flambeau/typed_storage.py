"""`TypedStorage` and `FloatStorage`, `LongStorage`, ...: storages as elements of one dtype, PyTorch's older kind.

Files written by `torch.save` name them, and `Tensor.storage()` still returns one.

Source: https://docs.pytorch.org/docs/stable/storage.html#legacy-typed-storage
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Self

from ._tensor import Tensor
from .device import device as Device
from .dtype import BY_NAME, get_default_dtype
from .dtype import dtype as DType
from .storage_casts import StorageCasts
from .untyped_storage import UntypedStorage, elements, face, held_dtype, warn_of_removal

_LEGACY_NAMES: Final = {
    "float64": "Double", "float32": "Float", "float16": "Half", "bfloat16": "BFloat16", "int64": "Long", "int32": "Int",
    "int16": "Short", "int8": "Char", "uint8": "Byte", "bool": "Bool", "complex128": "ComplexDouble",
    "complex64": "ComplexFloat",
}  # fmt: skip
STORAGE_NAMES: Final = {BY_NAME[name]: f"{legacy}Storage" for name, legacy in _LEGACY_NAMES.items() if name in BY_NAME}
"""Dtypes with a storage class of their own, and its name. PyTorch keeps those of newer dtypes as bytes."""


class TypedStorage(StorageCasts):
    """A storage's elements as numbers of one dtype.

    Args:
        args: how many elements, or a sequence of them; default none.
        wrap_storage: instead of these, an `UntypedStorage` to look at.
        dtype: of the elements; default the default dtype.
        device: where; default the CPU.
    """

    dtype: DType
    _untyped_storage: UntypedStorage
    is_sparse = False

    def __init__(
        self, *args: Any, device: Any = None, dtype: Any = None, wrap_storage: Any = None, _internal: bool = False
    ) -> None:
        if not _internal:
            warn_of_removal()
        problem = (
            "TypedStorage.__init__ received an invalid combination of arguments. Expected one of:\n"
            " * (*, torch.device device, torch.dtype dtype)\n"
            " * (int size, *, torch.device device, torch.dtype dtype)\n"
            " * (Sequence data, *, torch.device device, torch.dtype dtype)\n"
            " * (*, UntypedStorage wrap_storage, torch.dtype dtype)\n"
        )
        if wrap_storage is not None:
            if args:
                raise RuntimeError(problem + "No positional arguments should be given when using 'wrap_storage'")
            if dtype is None:
                raise RuntimeError(problem + "Argument 'dtype' must be specified")
            if not isinstance(dtype, DType):
                raise TypeError(problem + f"Argument 'dtype' must be torch.dtype, not {type(dtype)}")
            if device is not None:
                raise RuntimeError(problem + "Argument 'device' should not be specified when 'wrap_storage' is given")
            if not isinstance(wrap_storage, UntypedStorage):
                raise TypeError(
                    problem + f"Argument 'wrap_storage' must be UntypedStorage, but got {type(wrap_storage)}"
                )
            self.dtype, self._untyped_storage = dtype, wrap_storage
            return
        if len(args) > 1:
            raise RuntimeError(problem + "Too many positional arguments")
        content = args[0] if args else 0
        if not isinstance(content, (int, Sequence)):
            raise TypeError(problem + f"Argument type not recognized: {type(content)}")
        from .ops.creation import tensor, zeros

        self.dtype = get_default_dtype() if dtype is None else dtype
        make: Any = zeros if isinstance(content, int) else tensor
        self._untyped_storage = face(make(content, dtype=self.dtype, device=device or "cpu")._storage)

    @classmethod
    def _of(cls, storage: UntypedStorage, dtype: DType) -> TypedStorage:
        return TypedStorage(wrap_storage=storage, dtype=dtype, _internal=True)

    def _elements(self) -> Tensor:
        return elements(self._untyped_storage._box, self.dtype)

    # --- what it is -------------------------------------------------------------------------------------------------------

    @property
    def device(self) -> Device:
        """Where the elements are."""
        return self._untyped_storage.device

    @property
    def _dtype(self) -> DType:
        return self.dtype

    @property
    def _cdata(self) -> int:
        return self._untyped_storage._cdata

    @property
    def filename(self) -> str | None:
        """The file it shares its memory with."""
        return self._untyped_storage.filename

    @property
    def is_cuda(self) -> bool:
        """Whether it is on a CUDA device: never."""
        return False

    is_hpu = is_cuda

    def untyped(self) -> UntypedStorage:
        """The bytes."""
        return self._untyped_storage

    def _size(self) -> int:
        return len(self._untyped_storage) // self.dtype.itemsize

    def size(self) -> int:
        """The number of elements."""
        warn_of_removal()
        return self._size()

    __len__ = size

    def nbytes(self) -> int:
        """The number of bytes."""
        warn_of_removal()
        return len(self._untyped_storage)

    def element_size(self) -> int:
        """Bytes per element."""
        return self.dtype.itemsize

    def data_ptr(self) -> int:
        """A number that tensors at its beginning share."""
        warn_of_removal()
        return self._untyped_storage.data_ptr()

    def get_device(self) -> int:
        """The index of its device, -1 on the CPU."""
        return self._untyped_storage.get_device()

    def _pickle_storage_type(self) -> str:
        return STORAGE_NAMES[self.dtype]

    pickle_storage_type = _pickle_storage_type

    def type(self, dtype: Any = None, non_blocking: bool = False) -> Any:
        """The name of the older class; with a class or its name, the elements cast."""
        warn_of_removal()
        if dtype is None:
            return f"torch.{self._pickle_storage_type()}"
        name = dtype if isinstance(dtype, str) else dtype.__name__
        return self._to(dtype_of_storage(name.rpartition(".")[2]))

    def __repr__(self) -> str:
        numbers = "\n ".join(map(str, self._elements().tolist()))
        end = f"[torch.storage.TypedStorage(dtype={self.dtype}, device={self.device}) of size {self._size()}]"
        return f" {numbers}\n{end}"

    # --- elements -----------------------------------------------------------------------------------------------------

    def _index(self, index: int) -> int:
        size = self._size()
        if not -size <= index < size:
            raise IndexError(f"index {index} out of range for storage of size {size}")
        return index % size

    def __getitem__(self, index: Any) -> Any:
        warn_of_removal()
        if isinstance(index, slice):
            raise RuntimeError("slices are only supported in UntypedStorage.__getitem__")
        if not isinstance(index, int):
            raise RuntimeError(f"can't index a {type(self)} with {type(index)}")
        return self._elements()[self._index(index)].item()

    def __setitem__(self, index: Any, value: Any) -> None:
        warn_of_removal()
        if not isinstance(index, (int, slice)):
            raise RuntimeError(f"can't index a {type(self)} with {type(index)}")
        if isinstance(value, (UntypedStorage, TypedStorage)):
            raise RuntimeError(f"cannot set item with value type {type(value)}")
        changed = self._elements()
        changed[index] = value
        if self.dtype is not held_dtype(self._untyped_storage._box):  # what was changed is a copy
            self._untyped_storage._put(bytearray(changed._bytes()))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def tolist(self) -> list[Any]:
        """The elements as Python numbers."""
        warn_of_removal()
        numbers: list[Any] = self._elements().tolist()
        return numbers

    def fill_(self, value: Any) -> Self:
        """Set every element."""
        self[:] = value
        return self

    def copy_(self, source: Any, non_blocking: bool | None = None) -> Self:
        """Take the elements of another storage, cast."""
        warn_of_removal()
        if isinstance(source, TypedStorage):
            self[:] = source._elements()
        else:
            self._untyped_storage.copy_(source)
        return self

    def clone(self) -> TypedStorage:
        """A copy."""
        warn_of_removal()
        return self._of(self._untyped_storage.clone(), self.dtype)

    def __copy__(self) -> TypedStorage:
        return self._of(self._untyped_storage.clone(), self.dtype)

    def __deepcopy__(self, memo: dict[Any, Any]) -> TypedStorage:
        return self._of(self._untyped_storage.__deepcopy__(memo), self.dtype)

    def __reduce__(self) -> tuple[Any, ...]:
        return TypedStorage._of, (self._untyped_storage, self.dtype)

    def resizable(self) -> bool:
        """Whether `resize_` is possible."""
        return self._untyped_storage.resizable()

    def resize_(self, size: int) -> None:
        """Have `size` elements; see `UntypedStorage.resize_`."""
        warn_of_removal()
        self._untyped_storage.resize_(size * self.dtype.itemsize)

    # --- elsewhere, and as other dtypes -------------------------------------------------------------------------------

    def to(self, *, device: Any, non_blocking: bool = False) -> TypedStorage:
        """The elements on a device."""
        warn_of_removal()
        return self._of(self._untyped_storage.to(device=device), self.dtype)

    def cpu(self) -> TypedStorage:
        """The elements in the process's memory."""
        return self.to(device="cpu")

    def cuda(self, device: Any = None, non_blocking: bool = False) -> TypedStorage:
        """Fails: there is no CUDA device."""
        return self.to(device="cuda")

    def is_pinned(self, device: Any = None) -> bool:
        """False: memory is pinned for CUDA."""
        return False

    def pin_memory(self, device: Any = None) -> TypedStorage:
        """Fails, as in a PyTorch without an accelerator."""
        return self._of(self._untyped_storage.pin_memory(), self.dtype)

    def is_shared(self) -> bool:
        """Whether forked processes write to the same elements."""
        return bool(self._untyped_storage.is_shared())

    def share_memory_(self) -> Self:
        """Move the elements to memory that processes forked from now on share."""
        self._untyped_storage.share_memory_()
        return self

    @classmethod
    def from_file(cls, filename: str, shared: bool = False, size: int = 0) -> TypedStorage:
        """A storage of a file's elements; see `UntypedStorage.from_file`."""
        kind = get_default_dtype()
        return cls._of(UntypedStorage.from_file(filename, shared, size * kind.itemsize), kind)

    @classmethod
    def from_buffer(
        cls, buffer: Any, byte_order: str | None = None, count: int = -1, offset: int = 0, dtype: Any = None
    ) -> TypedStorage:
        """A storage of a copy of a buffer; see `UntypedStorage.from_buffer`."""
        kind = dtype or get_default_dtype()
        return cls._of(UntypedStorage.from_buffer(buffer, byte_order, count, offset, kind), kind)

    def _to(self, dtype: DType) -> TypedStorage:
        warn_of_removal()
        if not isinstance(dtype, DType):
            raise TypeError(f"Argument 'dtype' must be torch.dtype, not {type(dtype)}")
        return self._of(face(self._elements().to(dtype, copy=True)._storage), dtype)


class LegacyStorageType(type):
    """A class of storages by dtype: what it makes are `TypedStorage`s, and it recognises those of its dtype."""

    dtype: DType

    def __call__(cls, *args: Any, wrap_storage: Any = None, **kwargs: Any) -> TypedStorage:
        warn_of_removal()
        problem = (
            f"{cls}.__new__ received an invalid combination of arguments. Expected one of:\n"
            " * no arguments\n * (int size)\n * (Sequence data)\n * (*, UntypedStorage wrap_storage)\n"
        )
        for name in ("device", "dtype"):
            if kwargs.get(name) is not None:
                raise RuntimeError(problem + f"Keyword argument '{name}' cannot be specified")
        if wrap_storage is not None:
            if args:
                raise RuntimeError(problem + "No positional arguments should be given when using 'wrap_storage'")
            if not isinstance(wrap_storage, UntypedStorage):
                raise TypeError(
                    problem + f"Argument 'wrap_storage' must be UntypedStorage, but got {type(wrap_storage)}"
                )
            return TypedStorage(wrap_storage=wrap_storage, dtype=cls.dtype, _internal=True)
        if len(args) > 1:
            raise RuntimeError(problem + "Too many positional arguments")
        if args and not isinstance(args[0], (int, Sequence)):
            raise TypeError(problem + f"Argument type not recognized: {type(args[0])}")
        return TypedStorage(*args, dtype=cls.dtype, _internal=True)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, TypedStorage) and instance.dtype is cls.dtype and instance.device.type == "cpu"

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"

    def from_buffer(cls, buffer: Any, byte_order: str | None = None, count: int = -1, offset: int = 0) -> TypedStorage:
        """See `UntypedStorage.from_buffer`."""
        return TypedStorage._of(UntypedStorage.from_buffer(buffer, byte_order, count, offset, cls.dtype), cls.dtype)

    def from_file(cls, filename: str, shared: bool = False, size: int = 0) -> TypedStorage:
        """See `UntypedStorage.from_file`."""
        made = UntypedStorage.from_file(filename, shared, size * cls.dtype.itemsize)
        return TypedStorage._of(made, cls.dtype)


LEGACY: Final = {
    name: LegacyStorageType(name, (), {"dtype": kind, "__doc__": f"Storages of {kind.name} on the CPU."})
    for kind, name in STORAGE_NAMES.items()
}
"""`FloatStorage` and its kin, by name."""
globals().update(LEGACY)


def dtype_of_storage(name: str) -> DType:
    """The dtype of a storage class by its name.

    Raises:
        KeyError: there is no such class.
    """
    return LEGACY[name].dtype
