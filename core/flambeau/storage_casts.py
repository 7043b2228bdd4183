"""The casts that both kinds of storage have: `storage.float()`, `storage.long()`, ..."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .dtype import bfloat16, bool_, float16, float32, float64, int8, int16, int32, int64, uint8
from .dtype import dtype as DType

if TYPE_CHECKING:
    from .typed_storage import TypedStorage


class StorageCasts:
    """A storage's elements copied as another dtype."""

    def _to(self, dtype: DType) -> TypedStorage:
        raise NotImplementedError

    def double(self) -> TypedStorage:
        """Cast to float64."""
        return self._to(float64)

    def float(self) -> TypedStorage:
        """Cast to float32."""
        return self._to(float32)

    def half(self) -> TypedStorage:
        """Cast to float16."""
        return self._to(float16)

    def bfloat16(self) -> TypedStorage:
        """Cast to bfloat16."""
        return self._to(bfloat16)

    def long(self) -> TypedStorage:
        """Cast to int64."""
        return self._to(int64)

    def int(self) -> TypedStorage:
        """Cast to int32."""
        return self._to(int32)

    def short(self) -> TypedStorage:
        """Cast to int16."""
        return self._to(int16)

    def char(self) -> TypedStorage:
        """Cast to int8."""
        return self._to(int8)

    def byte(self) -> TypedStorage:
        """Cast to uint8."""
        return self._to(uint8)

    def bool(self) -> TypedStorage:
        """Cast to bool."""
        return self._to(bool_)
