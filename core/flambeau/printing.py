"""The printed form of a tensor: PyTorch's, character by character.

Source: https://docs.pytorch.org/docs/stable/generated/torch.set_printoptions.html, and the output of PyTorch 2.13, with
which tests/printing compares it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Protocol

from .dtype import bool_, dtype, get_default_dtype, int64


class Printable(Protocol):
    """What is asked of a tensor here."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> dtype: ...
    @property
    def device(self) -> Any: ...
    @property
    def requires_grad(self) -> bool: ...
    @property
    def grad_fn(self) -> Any: ...
    def detach(self) -> Any: ...


@dataclass(frozen=True)
class Options:
    """How to print."""

    precision: int = 4
    """Digits after the point."""
    threshold: float = 1000
    """Elements above which only the ends of each dimension are shown."""
    edgeitems: int = 3
    """Elements shown at each end."""
    linewidth: int = 80
    sci_mode: bool | None = None
    """Scientific notation; None: where the numbers ask for it."""


_PROFILES: Final[dict[str, dict[str, Any]]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}
_options = Options()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Change how tensors are printed; what is None stays, but `sci_mode`, which is set each time.

    `profile` is "default", "short" or "full"; the other arguments go before it.
    """
    global _options
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    chosen = {name: value for name, value in given.items() if value is not None}
    _options = replace(_options, **{**_PROFILES.get(profile or "", {}), **chosen, "sci_mode": sci_mode})


def get_printoptions() -> dict[str, Any]:
    """The options in force, as keyword arguments for `set_printoptions`."""
    return asdict(_options)


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """A context in which tensors are printed with other options."""
    before = get_printoptions()
    set_printoptions(**options)
    try:
        yield
    finally:
        set_printoptions(**before)


def tensor_repr(tensor: Printable) -> str:
    """`tensor([1., 2.], grad_fn=<AddBackward0>)`."""
    kind = type(tensor).__name__
    prefix = "tensor(" if kind in ("Tensor", "Parameter") else f"{kind}("
    from .autograd import forward_mode

    shape, d = tuple(tensor.shape), tensor.dtype
    empty = 0 in shape

    suffixes = []
    if tensor.device.type != "cpu":
        suffixes.append(f"device='{tensor.device}'")
    unknown = tensor.device.type == "meta"
    if unknown or (empty and len(shape) != 1) or (not empty and _options.edgeitems == 0):
        suffixes.append(f"size={shape}")
    # Elements tell default floats, int64 and bool apart; where there are none, only the default goes without saying.
    if d is not get_default_dtype() and (empty or unknown or d not in (int64, bool_, get_default_dtype().to_complex())):
        suffixes.append(f"dtype={d!r}")
    tangent, recorded = forward_mode.seen(tensor)
    if recorded and tensor.grad_fn is not None:
        suffixes.append(f"grad_fn=<{tensor.grad_fn.name()}>")
    elif recorded and tensor.requires_grad:
        suffixes.append("requires_grad=True")
    if tangent is not None:
        suffixes.append(f"tangent={tangent}")

    elements = "..." if unknown else "[]" if empty else _elements(tensor.detach(), shape, d, len(prefix))
    return _with_suffixes(prefix + elements, suffixes, len(prefix))


def _with_suffixes(text: str, suffixes: list[str], indent: int) -> str:
    length = len(text) - text.rfind("\n") + 1  # of the last line; PyTorch counts it two too long
    for suffix in suffixes:
        if length + len(suffix) + 2 > _options.linewidth:
            text += f",\n{' ' * indent}{suffix}"
            length = indent + len(suffix)
        else:
            text += f", {suffix}"
            length += len(suffix) + 2
    return text + ")"


def _elements(tensor: Any, shape: tuple[int, ...], d: dtype, indent: int) -> str:
    summarize = math.prod(shape) > _options.threshold
    nested = _ends(tensor, shape) if summarize else tensor.tolist()
    values = list(_flat(nested, len(shape)))
    form = _ComplexForm(values, d) if d.is_complex else _Form(values, d)
    return _layout(nested, shape, indent, summarize, form)


def _ends(tensor: Any, shape: tuple[int, ...]) -> Any:
    """`tolist` of the tensor with every long dimension cut to its two ends, reading no more than that."""
    edge = _options.edgeitems

    def cut(index: tuple[slice, ...]) -> Any:
        axis = len(index)
        if axis == len(shape):
            return tensor[index].tolist()
        if shape[axis] <= 2 * edge:
            return cut((*index, slice(None)))
        return joined(cut((*index, slice(0, edge))), cut((*index, slice(shape[axis] - edge, shape[axis]))), axis)

    def joined(first: Any, last: Any, axis: int) -> Any:
        return first + last if axis == 0 else [joined(a, b, axis - 1) for a, b in zip(first, last, strict=True)]

    return cut(())


def _flat(nested: Any, rank: int) -> Iterator[Any]:
    if rank == 0:
        yield nested
    else:
        for part in nested:
            yield from _flat(part, rank - 1)


class _Form:
    """How each element is written, so that all are equally wide."""

    def __init__(self, values: list[Any], d: dtype) -> None:
        self.width = 1
        self._spec: str | None = None
        self._point = ""
        if not d.is_floating_point:
            self.width = max((len(str(v)) for v in values), default=1)
            return
        self._spec, self._point = ".0f", "."
        numbers = [v for v in values if math.isfinite(v) and v != 0]
        if not numbers:
            return
        smallest, largest = min(map(abs, numbers)), max(map(abs, numbers))
        scientific = _options.sci_mode
        if scientific is None:
            scientific = largest / smallest > 1000.0 or largest > 1.0e8 or smallest < 1.0e-4
        if scientific:
            self._spec, self._point = f".{_options.precision}e", ""
        elif any(v != math.ceil(v) for v in numbers):
            self._spec, self._point = f".{_options.precision}f", ""
        self.width = max(len(format(v, self._spec)) + len(self._point) for v in numbers)

    def __call__(self, value: Any) -> str:
        if self._spec is None:
            text = str(value)
        else:
            text = format(value, self._spec) + (self._point if math.isfinite(value) else "")
        return text.rjust(self.width)


class _ComplexForm:
    """How each complex element is written: both parts with a width of their own."""

    def __init__(self, values: list[Any], d: dtype) -> None:
        self._real = _Form([v.real for v in values], d.to_real())
        self._imag = _Form([v.imag for v in values], d.to_real())
        self.width = self._real.width + self._imag.width + 1

    def __call__(self, value: Any) -> str:
        imag = self._imag(value.imag).lstrip() + "j"
        return self._real(value.real) + (imag if imag[0] in "+-" else "+" + imag)


def _layout(nested: Any, shape: tuple[int, ...], indent: int, summarize: bool, form: _Form | _ComplexForm) -> str:
    """The elements in brackets, `indent` columns from the left; dimensions above the last part with blank lines."""
    if not shape:
        return form(nested)
    edge = _options.edgeitems
    cut = summarize and shape[0] > 2 * edge
    if len(shape) == 1:
        texts = [form(v) for v in nested]
        if summarize and edge == 0:
            texts = ["..."]
        elif cut:
            texts.insert(edge, " ...")
        per_line = max(1, (_options.linewidth - indent) // (form.width + 2))
        lines = [", ".join(texts[i : i + per_line]) for i in range(0, len(texts), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    parts = [_layout(part, shape[1:], indent + 1, summarize, form) for part in nested]
    if cut:
        parts.insert(edge, "...")
    return "[" + ("," + "\n" * (len(shape) - 1) + " " * (indent + 1)).join(parts) + "]"
