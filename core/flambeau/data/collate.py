"""Samples joined into a batch: tensors stacked, numbers made tensors, containers entered.

Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.default_collate
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

from .. import ops
from .._tensor import Tensor
from ..dtype import float64

_TEXT_OR_OBJECT = re.compile(r"[SaUO]")  # kinds of NumPy array that no tensor can hold
_UNKNOWN = "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"


def _is_numpy(value: Any) -> bool:
    """Asked without importing numpy."""
    return type(value).__module__ == "numpy" and type(value).__name__ not in ("str_", "string_", "bytes_")


def collate_tensor_fn(batch: Sequence[Any], *, collate_fn_map: Any = None) -> Tensor:
    """Tensors, stacked."""
    return ops.stack(list(batch), 0)


def collate_float_fn(batch: Sequence[Any], *, collate_fn_map: Any = None) -> Tensor:
    """Floats, as a float64 tensor."""
    return ops.tensor(list(batch), dtype=float64)


def collate_int_fn(batch: Sequence[Any], *, collate_fn_map: Any = None) -> Tensor:
    """Integers, as a tensor."""
    return ops.tensor(list(batch))


def collate_str_fn(batch: Any, *, collate_fn_map: Any = None) -> Any:
    """The batch as it is."""
    return batch


def collate_numpy_array_fn(batch: Sequence[Any], *, collate_fn_map: Any = None) -> Tensor:
    """NumPy arrays, stacked.

    Raises:
        TypeError: they hold text or objects.
    """
    if _TEXT_OR_OBJECT.search(batch[0].dtype.str):
        raise TypeError(_UNKNOWN.format(batch[0].dtype))
    return collate_numpy_scalar_fn(batch, collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(batch: Sequence[Any], *, collate_fn_map: Any = None) -> Tensor:
    """NumPy's numbers, as a tensor of their dtype."""
    return ops.stack([ops.as_tensor(each) for each in batch], 0)


def _numpy(batch: Sequence[Any], *, collate_fn_map: Any = None) -> Tensor:
    is_array = type(batch[0]).__name__ == "ndarray"
    return (collate_numpy_array_fn if is_array else collate_numpy_scalar_fn)(batch, collate_fn_map=collate_fn_map)


default_collate_fn_map: dict[Any, Callable[..., Any]] = {
    Tensor: collate_tensor_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}
"""How elements of a type are joined; change it to teach `default_collate` a type."""


default_collate_err_msg_format = _UNKNOWN


def default_collate(batch: Any) -> Any:
    """The batch of a list of samples: one more dimension in front.

    Tensors and NumPy arrays are stacked; floats give float64 and ints int64 tensors; strings stay a list; mappings,
    named tuples, tuples and lists are entered (a tuple gives a list).

    Raises:
        TypeError: a type that cannot be joined.
        RuntimeError: sequences of different lengths.
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def collate(batch: Any, *, collate_fn_map: dict[Any, Callable[..., Any]] | None = None) -> Any:
    """As `default_collate`, with the functions for leaf types given."""
    first = batch[0]
    kind = type(first)
    if collate_fn_map is not None:
        join = collate_fn_map.get(kind)
        if join is None and _is_numpy(first):
            join = _numpy
        if join is None:
            join = next((f for t, f in collate_fn_map.items() if isinstance(first, t)), None)
        if join is not None:
            return join(batch, collate_fn_map=collate_fn_map)

    def again(samples: Any) -> Any:
        return collate(samples, collate_fn_map=collate_fn_map)

    if isinstance(first, Mapping):
        return _like_mapping(first, {key: again([sample[key] for sample in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return kind(*(again(samples) for samples in zip(*batch, strict=False)))
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        return _like_sequence(first, [again(samples) for samples in zip(*batch, strict=False)])
    raise TypeError(_UNKNOWN.format(kind))


def default_convert(data: Any) -> Any:
    """A sample with its NumPy arrays and numbers made tensors; containers are entered, all else stays."""
    if isinstance(data, Tensor):
        return data
    if _is_numpy(data):
        if type(data).__name__ == "ndarray" and _TEXT_OR_OBJECT.search(data.dtype.str):
            return data
        return ops.as_tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(default_convert(d) for d in data))
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like_sequence(data, [default_convert(d) for d in data])
    return data


def _like_mapping(model: Any, values: dict[Any, Any]) -> Any:
    """The values in a mapping of the model's type, if that can be made."""
    try:
        if isinstance(model, MutableMapping):  # it may have attributes of its own
            clone = copy.copy(model)
            clone.update(values)
            return clone
        return type(model)(values)
    except TypeError:
        return values


def _like_sequence(model: Any, values: list[Any]) -> Any:
    """The values in a sequence of the model's type, if that can be made; a list for a tuple, as PyTorch."""
    if isinstance(model, tuple):
        return values
    try:
        if isinstance(model, MutableSequence):
            clone = copy.copy(model)
            for i, value in enumerate(values):
                clone[i] = value
            return clone
        return type(model)(values)
    except TypeError:
        return values
