"""`torch.nn.factory_kwargs`."""

from __future__ import annotations

from typing import Any

_KNOWN = ("device", "dtype", "memory_format")


def factory_kwargs(kwargs: dict[str, Any] | None) -> dict[str, Any]:
    """The keyword arguments for functions that make tensors, from a layer's own.

    Those under "factory_kwargs" are meant for these functions too.

    Raises:
        TypeError: others are among them, or one is there twice.
    """
    if kwargs is None:
        return {}
    unknown = kwargs.keys() - {*_KNOWN, "factory_kwargs"}
    if unknown:
        raise TypeError(f"unexpected kwargs {unknown}")
    result = dict(kwargs.get("factory_kwargs", {}))
    for name in _KNOWN:
        if name in kwargs:
            if name in result:
                raise TypeError(f"{name} specified twice, in **kwargs and in factory_kwargs")
            result[name] = kwargs[name]
    return result
