"""The primitives on tensors, so that a forward written for a backend can also be differentiated step by step."""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from . import comparison, conversion, joining, matmul, placing, pointwise, reduction, views
from .creation import full


class TensorPrimitives:
    """What `backends/protocol.py` names, as differentiable ops."""

    kernels: dict[str, Any] = {}

    add = staticmethod(pointwise.plus)
    sub = staticmethod(pointwise.minus)
    mul = staticmethod(pointwise.mul)
    div = staticmethod(pointwise.true_divide)
    pow = staticmethod(pointwise.pow)
    maximum = staticmethod(pointwise.larger)
    minimum = staticmethod(pointwise.smaller)
    neg = staticmethod(pointwise.neg)
    abs = staticmethod(pointwise.abs)
    sign = staticmethod(pointwise.sign)
    exp = staticmethod(pointwise.exp)
    expm1 = staticmethod(pointwise.expm1)
    log = staticmethod(pointwise.log)
    log1p = staticmethod(pointwise.log1p)
    sqrt = staticmethod(pointwise.sqrt)
    sin = staticmethod(pointwise.sin)
    cos = staticmethod(pointwise.cos)
    tanh = staticmethod(lambda x: _activation().tanh(x))
    erf = staticmethod(pointwise.erf)
    eq = staticmethod(comparison.eq)
    ne = staticmethod(comparison.ne)
    lt = staticmethod(lambda x, y: comparison.lt(x, y) if isinstance(x, Tensor) else comparison.gt(y, x))
    le = staticmethod(lambda x, y: comparison.le(x, y) if isinstance(x, Tensor) else comparison.ge(y, x))
    invert = staticmethod(comparison.bitwise_not)
    bitwise_and = staticmethod(comparison.bitwise_and)
    bitwise_or = staticmethod(comparison.bitwise_or)
    where = staticmethod(lambda condition, x, y: pointwise.choose(x, y, condition))
    sum = staticmethod(reduction.sum_dims)
    max = staticmethod(reduction.max_dims)
    min = staticmethod(reduction.min_dims)
    matmul = staticmethod(matmul.matmul)
    permute = staticmethod(views.permute)
    reshape = staticmethod(views.reshape)
    narrow = staticmethod(views.narrow)
    concat = staticmethod(joining.concat)
    take = staticmethod(placing.take_slices)
    put = staticmethod(placing.put)
    gather = staticmethod(placing.pick)
    scatter = staticmethod(placing.place)
    cast = staticmethod(conversion.cast)
    copy = staticmethod(views.clone)
    full = staticmethod(lambda shape, value, dtype: full(shape, value, dtype=dtype))
    dtype_of = staticmethod(lambda x: x.dtype)

    @staticmethod
    def view(x: Tensor, shape: Any, strides: Any, offset: int) -> Tensor:
        dense = x.contiguous()  # which may itself lie somewhere in a larger storage
        return views.as_strided(dense, shape, strides, dense.storage_offset() + offset)


def _activation() -> Any:
    from . import activation

    return activation


TENSORS = TensorPrimitives()
