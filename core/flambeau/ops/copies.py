"""Views copied: `torch.view_copy` and its like, which give elements of their own where the view would share them.

Source: https://docs.pytorch.org/docs/stable/torch.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._tensor import Tensor
from . import splitting, views


def _copied(name: str, view: Callable[..., Any]) -> Callable[..., Any]:
    def call(input: Tensor, *args: Any, **kwargs: Any) -> Any:
        found = view(input, *args, **kwargs)
        return found.clone() if isinstance(found, Tensor) else tuple([x.clone() for x in found])

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"What `{name.removesuffix('_copy')}` shows, copied."
    return call


def _slice(input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    return views.slice_dim(input, dim, start, end, step)


def _split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
    return splitting.split(input, list(split_sizes), dim)


_VIEWS: dict[str, Callable[..., Any]] = {
    "alias": views.alias, "as_strided": views.as_strided, "detach": Tensor.detach, "diagonal": views.diagonal,
    "expand": views.expand, "permute": views.permute, "select": views.select, "slice": _slice, "split": splitting.split,
    "split_with_sizes": _split_with_sizes, "squeeze": views.squeeze, "t": views.t, "transpose": views.transpose,
    "unbind": splitting.unbind, "unfold": views.unfold, "unsqueeze": views.unsqueeze, "view": views.view,
}  # fmt: skip

FUNCTIONS = tuple(_copied(f"{name}_copy", view) for name, view in _VIEWS.items())
