"""`torch.testing.assert_close`: what differs, where, and by how much.

Source: https://docs.pytorch.org/docs/stable/testing.html
"""

from __future__ import annotations

import cmath
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .._tensor import Tensor
from ..dtype import dtype as DType
from ..dtype import int64
from ..ops import PUBLIC as ops
from ..promotion import promote_types

_TOLERANCES = {
    "float16": (1e-3, 1e-5), "bfloat16": (1.6e-2, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7),
    "complex32": (1e-3, 1e-5), "complex64": (1.3e-6, 1e-5), "complex128": (1e-7, 1e-7),
}  # fmt: skip
"""By dtype: relative and absolute tolerance. Others must be equal."""

_NUMBERS = {bool: "bool", int: "int64", float: "float64", complex: "complex128"}


class _Options:
    """How two values are compared."""

    def __init__(self, rtol: float | None, atol: float | None, equal_nan: bool, **checks: bool) -> None:
        self.rtol, self.atol, self.equal_nan = rtol, atol, equal_nan
        self.allow_subclasses = checks["allow_subclasses"]
        self.device, self.dtype = checks["check_device"], checks["check_dtype"]
        self.layout, self.stride = checks["check_layout"], checks["check_stride"]

    def tolerances(self, *names: str) -> tuple[float, float]:
        if (self.rtol is None) != (self.atol is None):
            missing = "rtol" if self.rtol is None else "atol"
            raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}.")
        if self.rtol is not None and self.atol is not None:
            return self.rtol, self.atol
        known = [_TOLERANCES.get(name, (0.0, 0.0)) for name in names]
        return max(r for r, _ in known), max(a for _, a in known)


class _Mismatch(Exception):
    """Two values differ: the error to raise, without the path to the item."""


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Check `|actual - expected| <= atol + rtol * |expected|` for tensors, numbers, arrays, and sequences and mappings of them.

    Args:
        rtol, atol: by default as the dtype is exact; give both or none.
        msg: the error's text instead of the one found, or a function of that.

    Raises:
        AssertionError: they differ; the text says how.
        ValueError: only one of the tolerances.
        TypeError: values that cannot be compared with each other.
    """
    __tracebackhide__ = True
    options = _Options(
        rtol,
        atol,
        equal_nan,
        allow_subclasses=allow_subclasses,
        check_device=check_device,
        check_dtype=check_dtype,
        check_layout=check_layout,
        check_stride=check_stride,
    )
    pairs: list[tuple[Any, Any, tuple[Any, ...]]] = []
    error: tuple[type[Exception], str] | None = None
    try:
        _collect(actual, expected, (), options, pairs)
        for a, b, path in pairs:
            _compare(a, b, path, options)
    except _Mismatch as mismatch:
        kind, text, path = mismatch.args
        where = "".join(f"[{step!r}]" for step in path)
        text += f"\n\nThe failure occurred for item {where}" if path else ""
        if msg is not None and kind is AssertionError:
            text = msg(text) if callable(msg) else msg
        error = (kind, text)
    if error is not None:
        raise error[0](error[1])


def assert_allclose(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    msg: str = "",
) -> None:
    """`assert_close` by its old name and tolerances, for tensors and what can become one."""
    warnings.warn(
        "`torch.testing.assert_allclose()` is deprecated since 1.12 and will be removed in a future release. "
        "Please use `torch.testing.assert_close()` instead. You can find detailed upgrade instructions in "
        "https://github.com/pytorch/pytorch/issues/61844.",
        FutureWarning,
        stacklevel=2,
    )
    actual = actual if isinstance(actual, Tensor) else ops["tensor"](actual)
    expected = expected if isinstance(expected, Tensor) else ops["tensor"](expected, dtype=actual.dtype)
    if rtol is None and atol is None:
        old = {"float16": (1e-3, 1e-3), "float32": (1e-4, 1e-5), "float64": (1e-5, 1e-8)}
        known = [old.get(x.dtype.name, (0.0, 0.0)) for x in (actual, expected)]
        rtol, atol = max(r for r, _ in known), max(a for _, a in known)
    assert_close(
        actual,
        expected,
        rtol=rtol,
        atol=atol,
        equal_nan=equal_nan,
        check_device=True,
        check_dtype=False,
        check_stride=False,
        msg=msg or None,
    )


def _fail(text: str, path: tuple[Any, ...], kind: type[Exception] = AssertionError) -> None:
    raise _Mismatch(kind, text, path)


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _collect(a: Any, b: Any, path: tuple[Any, ...], options: _Options, pairs: list[Any]) -> None:
    """The leaves of two equal structures, in order."""
    if _is_sequence(a) and _is_sequence(b):
        if len(a) != len(b):
            _fail(f"The length of the sequences mismatch: {len(a)} != {len(b)}", path)
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            _collect(x, y, (*path, i), options, pairs)
    elif isinstance(a, Mapping) and isinstance(b, Mapping):
        missing, extra = sorted_keys(set(b) - set(a)), sorted_keys(set(a) - set(b))
        if missing or extra:
            _fail(
                "The keys of the mappings do not match:\n"
                f"Missing keys in the actual mapping: {missing}\nAdditional keys in the actual mapping: {extra}",
                path,
            )
        for key in sorted_keys(set(a)):
            _collect(a[key], b[key], (*path, key), options, pairs)
    else:
        if not _comparable(a, b, options):
            _fail(
                f"No comparison pair was able to handle inputs of type {_shown(type(a))} and {_shown(type(b))}.",
                path,
                TypeError,
            )
        pairs.append((a, b, path))


def sorted_keys(keys: set[Any]) -> list[Any]:
    """Keys in order, if they have one."""
    try:
        return sorted(keys)
    except TypeError:
        return list(keys)


def _shown(kind: type) -> str:
    return "<class 'torch.Tensor'>" if kind is Tensor else str(kind)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool) or (type(value).__name__ in ("bool_", "bool") and type(value).__module__ == "numpy")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, complex)) and type(value).__module__ != "numpy"


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array__") and hasattr(value, "dtype")


def _comparable(a: Any, b: Any, options: _Options) -> bool:
    if a is None or b is None or (_is_bool(a) and _is_bool(b)):
        return True
    if _is_number(a) and _is_number(b):
        return True
    if not (_is_array(a) and _is_array(b)):
        return False
    if not options.allow_subclasses and type(a) is not type(b):
        return False
    return isinstance(a, type(b)) or isinstance(b, type(a))


def _compare(a: Any, b: Any, path: tuple[Any, ...], options: _Options) -> None:
    if a is None or b is None:
        if a is not b:
            _fail(f"None mismatch: {a} is not {b}", path)
    elif _is_bool(a) and _is_bool(b):
        if bool(a) is not bool(b):
            _fail(f"Booleans mismatch: {bool(a)} is not {bool(b)}", path)
    elif _is_number(a) and _is_number(b):
        if options.dtype and type(a) is not type(b):
            _fail(f"The (d)types do not match: {type(a)} != {type(b)}.", path)
        kind = max(type(a), type(b), key=list(_NUMBERS).index)
        rtol, atol = options.tolerances(_NUMBERS[kind])
        if not _close(a, b, rtol, atol, options.equal_nan):
            _fail(_scalars_text(a, b, rtol, atol), path)
    else:
        as_tensor = ops["as_tensor"]
        _compare_tensors(
            a if isinstance(a, Tensor) else as_tensor(a), b if isinstance(b, Tensor) else as_tensor(b), path, options
        )


def _close(a: Any, b: Any, rtol: float, atol: float, equal_nan: bool) -> bool:
    if a == b:
        return True
    if equal_nan and cmath.isnan(a) and cmath.isnan(b):
        return True
    difference = abs(a - b)
    return bool(cmath.isfinite(difference) and difference <= atol + rtol * abs(b))


def _title(what: str, rtol: float, atol: float) -> str:
    return f"{what} are not {'equal' if rtol == 0 and atol == 0 else 'close'}!"


def _allowed(tolerance: float, rtol: float, atol: float) -> str:
    return "" if rtol == 0 and atol == 0 else f" (up to {tolerance} allowed)"


def _scalars_text(a: Any, b: Any, rtol: float, atol: float) -> str:
    absolute = abs(a - b)
    relative = math.inf if b == 0 else absolute / abs(b)
    return (
        f"{_title('Scalars', rtol, atol)}\n\nExpected {b} but got {a}.\n"
        f"Absolute difference: {absolute}{_allowed(atol, rtol, atol)}\n"
        f"Relative difference: {relative}{_allowed(rtol, rtol, atol)}"
    )


def _compare_tensors(a: Tensor, b: Tensor, path: tuple[Any, ...], options: _Options) -> None:
    rtol, atol = options.tolerances(a.dtype.name, b.dtype.name)
    attributes: list[tuple[str, Any, Any]] = [("shape", a.shape, b.shape)]
    if options.stride:
        attributes.append(("stride()", a.stride(), b.stride()))
    if options.device:
        attributes.append(("device", a.device, b.device))
    if options.dtype:
        attributes.append(("dtype", a.dtype, b.dtype))
    for name, mine, others in attributes:
        if mine != others:
            _fail(f"The values for attribute '{name}' do not match: {mine} != {others}.", path)
    if a.device != b.device:
        a, b = a.cpu(), b.cpu()
    if a.dtype is not b.dtype:
        kind: DType = promote_types(a.dtype, b.dtype)
        a, b = a.to(kind), b.to(kind)
    a, b = a.detach(), b.detach()
    matches = ops["isclose"](a, b, rtol=rtol, atol=atol, equal_nan=options.equal_nan)
    if bool(matches.all().item()):
        return
    if a.dim() == 0:
        _fail(_scalars_text(a.item(), b.item(), rtol, atol), path)
    _fail(_tensors_text(a, b, matches, rtol, atol), path)


def _tensors_text(a: Tensor, b: Tensor, matches: Tensor, rtol: float, atol: float) -> str:
    if not a.dtype.is_floating_point and not a.dtype.is_complex:
        a, b = a.to(int64), b.to(int64)
    total, wrong = matches.numel(), int((~matches).sum().item())
    absolute = (a - b).abs()
    # Differences where the values match are not of interest, even where they are nan.
    absolute = ops["where"](matches, ops["zeros_like"](absolute), absolute)
    relative = absolute / b.abs()
    relative = ops["where"](matches, ops["zeros_like"](relative), relative)
    lines = [_title("Tensor-likes", rtol, atol), "", f"Mismatched elements: {wrong} / {total} ({wrong / total:.1%})"]
    for name, difference, tolerance in (("absolute", absolute, atol), ("relative", relative, rtol)):
        flat = difference.flatten()
        place = int(flat.argmax().item())
        index = tuple(_unraveled(place, tuple(a.shape)))
        lines.append(
            f"Greatest {name} difference: {flat[place].item()} at index {index}{_allowed(tolerance, rtol, atol)}"
        )
    return "\n".join(lines)


def _unraveled(place: int, shape: tuple[int, ...]) -> list[int]:
    index: list[int] = []
    for size in reversed(shape):
        place, i = divmod(place, size)
        index.insert(0, i)
    return index
