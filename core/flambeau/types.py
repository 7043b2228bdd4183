"""`torch.types`: names for annotations."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import IO, Optional, Union

from ._tensor import Tensor
from .device import device as _device
from .shape import Size
from .storage import Storage

_TensorOrTensors = Union[Tensor, Sequence[Tensor]]  # noqa: UP007
_TensorOrOptionalTensors = Union[Tensor, Sequence[Optional[Tensor]]]  # noqa: UP007, UP045
_int, _float, _bool, _str, _bytes, _complex = int, float, bool, str, bytes, complex
_size = Union[Size, list[int], tuple[int, ...]]  # noqa: UP007
Number = Union[int, float, bool]  # noqa: UP007
_Number = (int, float, bool)
Device = Union[_device, str, int, None]  # noqa: UP007
FileLike = Union[str, "os.PathLike[str]", IO[bytes]]
IntLikeType = int
FloatLikeType = float
BoolLikeType = bool

__all__ = ["Device", "FileLike", "Number", "Size", "Storage", "Tensor"]
