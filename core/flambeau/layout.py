"""Layouts and memory formats: `torch.strided`, `torch.channels_last`, ...: names of how elements lie in memory."""

from __future__ import annotations

from typing import Any, Final


class _Named:
    """One of a fixed set of names; compare them with `is` or `==`."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name: Final = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


class layout(_Named):
    """How a tensor keeps its elements: all are `strided`; the others are named so that programs can ask."""

    __slots__ = ()

    def __reduce__(self) -> Any:
        return _get_layout, (repr(self),)


class memory_format(_Named):
    """The order of a tensor's dimensions in memory."""

    __slots__ = ()


strided = layout("strided")
sparse_coo = layout("sparse_coo")
sparse_csr = layout("sparse_csr")
sparse_csc = layout("sparse_csc")
sparse_bsr = layout("sparse_bsr")
sparse_bsc = layout("sparse_bsc")
jagged = layout("jagged")

contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")


def _get_layout(name: str) -> Any:
    """A layout by its printed name, which is how PyTorch pickles them."""
    return globals()[name.removeprefix("torch.")]
