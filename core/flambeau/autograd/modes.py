"""Switches for recording: `no_grad`, `enable_grad`, `set_grad_enabled`, `inference_mode`.

Source: https://docs.pytorch.org/docs/stable/notes/autograd.html#locally-disable-grad-doc
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class GradMode:
    """Whether ops record backward nodes. `GradMode.enabled` is read on every op, hence a plain attribute."""

    enabled: bool = True


def is_grad_enabled() -> bool:
    """Whether ops are being recorded."""
    return GradMode.enabled


class _Switch:
    """A context manager, and a decorator of functions and generators, that sets the mode and puts it back."""

    _mode: bool

    def __enter__(self) -> None:
        # A stack, so that one object may be entered again inside itself.
        self.__dict__.setdefault("_saved", []).append(GradMode.enabled)
        GradMode.enabled = self._mode

    def __exit__(self, *exc: object) -> None:
        GradMode.enabled = self.__dict__["_saved"].pop()

    def __call__(self, f: F) -> F:
        if inspect.isgeneratorfunction(f):

            @functools.wraps(f)
            def generator(*args: Any, **kwargs: Any) -> Any:
                inner = f(*args, **kwargs)
                resume: Callable[[Any], Any] = inner.send
                sent: Any = None
                while True:  # the mode holds while the generator runs, not while it is suspended
                    with self._clone():
                        try:
                            item = resume(sent)
                        except StopIteration as stop:
                            return stop.value
                    try:
                        sent = yield item
                        resume = inner.send
                    except GeneratorExit:
                        with self._clone():
                            inner.close()
                        raise
                    except BaseException as thrown:
                        sent = thrown
                        resume = inner.throw

            return generator  # type: ignore[return-value]

        @functools.wraps(f)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with self._clone():
                return f(*args, **kwargs)

        return wrapper  # type: ignore[return-value]

    def _clone(self) -> _Switch:
        clone = self.__class__.__new__(self.__class__)
        clone._mode = self._mode
        return clone


class _Named(_Switch):
    def __new__(cls, function: Any = None) -> Any:
        switch = super().__new__(cls)
        # `@torch.no_grad` without parentheses decorates, as in PyTorch.
        return switch(function) if callable(function) else switch


class no_grad(_Named):
    """Ops inside are not recorded and their results do not require grad."""

    _mode = False


class enable_grad(_Named):
    """Ops inside are recorded, also within `no_grad`."""

    _mode = True


class set_grad_enabled(_Switch):
    """Switch recording on or off, at once; as a context manager, until it ends."""

    def __init__(self, mode: bool) -> None:
        self._mode = bool(mode)
        self._before = GradMode.enabled
        GradMode.enabled = self._mode

    def __enter__(self) -> None:
        self.__dict__.setdefault("_saved", []).append(self._before)
        GradMode.enabled = self._mode

    def __call__(self, f: F) -> F:
        GradMode.enabled = self._before  # a decorator takes effect in the call, not here
        return super().__call__(f)

    def _clone(self) -> _Switch:
        return set_grad_enabled(self._mode)


class inference_mode(_Switch):
    """As `no_grad`; PyTorch forbids more of the tensors made inside, which are ordinary tensors here."""

    def __new__(cls, mode: Any = True) -> Any:
        switch = super().__new__(cls)
        if callable(mode):
            switch._mode = False
            return switch(mode)
        return switch

    def __init__(self, mode: bool = True) -> None:
        self._mode = not mode and GradMode.enabled
