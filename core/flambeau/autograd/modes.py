"""Switches for recording: `no_grad`, `enable_grad`, `set_grad_enabled`, `inference_mode`. Each thread has its own.

Source: https://docs.pytorch.org/docs/stable/notes/autograd.html#locally-disable-grad-doc
"""

from __future__ import annotations

import functools
import threading
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from .. import storage

F = TypeVar("F", bound=Callable[..., Any])


class _GradMode(threading.local):
    """Whether ops record backward nodes. `GradMode.enabled` is read on every op, hence a plain attribute."""

    enabled: bool = True
    shown: bool = False
    """In inference mode, where nothing is recorded: whether `is_grad_enabled` says so all the same."""


GradMode = _GradMode()


def is_grad_enabled() -> bool:
    """Whether ops are being recorded."""
    return GradMode.enabled or GradMode.shown


def is_inference_mode_enabled() -> bool:
    """Whether this thread is in inference mode."""
    return storage.inference.on


def is_inference(input: Any) -> bool:
    """Whether a tensor was made in inference mode."""
    return bool(input._storage.version < 0)


def _set(mode: bool) -> None:
    GradMode.enabled = mode and not storage.inference.on
    GradMode.shown = mode and storage.inference.on


class _Switch:
    """A context manager, and a decorator of functions and generators, that sets the mode and puts it back."""

    _mode: bool

    def __enter__(self) -> None:
        # A stack, so that one object may be entered again inside itself.
        self.__dict__.setdefault("_saved", []).append(is_grad_enabled())
        _set(self._mode)

    def __exit__(self, *exc: object) -> None:
        _set(self.__dict__["_saved"].pop())

    def __call__(self, f: F) -> F:
        if isinstance(f, type):
            warnings.warn(
                "Decorating classes is deprecated and will be disabled in future versions. You should only decorate functions "
                "or methods. To preserve the current behavior of class decoration, you can directly decorate the `__init__` "
                "method and nothing else.",
                FutureWarning,
                stacklevel=2,
            )
            decorated: Any = lambda *args, **kwargs: f(*args, **kwargs)  # noqa: E731
            return self(decorated)
        from inspect import isgeneratorfunction  # takes longer to import than all of this package

        if isgeneratorfunction(f):

            @functools.wraps(f)
            def generator(*args: Any, **kwargs: Any) -> Any:
                inner = f(*args, **kwargs)
                resume: Callable[[Any], Any] = inner.send
                sent: Any = None
                while True:  # the mode holds while the generator runs, not while it is suspended
                    with self.clone():
                        try:
                            item = resume(sent)
                        except StopIteration as stop:
                            return stop.value
                    try:
                        sent = yield item
                        resume = inner.send
                    except GeneratorExit:
                        with self.clone():
                            inner.close()
                        raise
                    except BaseException as thrown:
                        sent = thrown
                        resume = inner.throw

            return generator  # type: ignore[return-value]

        @functools.wraps(f)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                return f(*args, **kwargs)

        return wrapper  # type: ignore[return-value]

    def clone(self) -> _Switch:
        """Another switch of the same kind and mode."""
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
    """Switch recording on or off, at once; as a context manager, until it ends.

    Raises:
        TypeError: the mode is not a bool.
    """

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            raise TypeError(
                f"set_grad_enabled(): argument 'enabled' (position 1) must be bool, not {type(mode).__name__}"
            )
        self.mode = self._mode = mode
        self.prev = is_grad_enabled()
        _set(mode)

    def __enter__(self) -> None:
        self.__dict__.setdefault("_saved", []).append(self.prev)
        _set(self._mode)

    def __call__(self, f: F) -> F:
        _set(self.prev)  # a decorator takes effect in the call, not here
        return super().__call__(f)

    def clone(self) -> _Switch:
        """Another switch to the same mode, which takes effect at once."""
        return set_grad_enabled(self._mode)

    def __str__(self) -> str:
        return f"torch.autograd.grad_mode.set_grad_enabled(mode={self.mode})"

    __repr__ = __str__


class inference_mode(_Switch):
    """As `no_grad`, and what is made inside counts no writes and may not take part in what autograd records later.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html
    """

    def __new__(cls, mode: Any = True) -> Any:
        switch = super().__new__(cls)
        if callable(mode):
            switch.mode = True
            return switch(mode)
        return switch

    def __init__(self, mode: bool = True) -> None:
        self.mode = mode

    def __enter__(self) -> None:
        before = (storage.inference.on, GradMode.enabled, GradMode.shown)
        self.__dict__.setdefault("_saved", []).append(before)
        storage.contexts += self.mode
        storage.inference.on = self.mode
        GradMode.enabled, GradMode.shown = not self.mode, False

    def __exit__(self, *exc: object) -> None:
        storage.contexts -= self.mode
        storage.inference.on, GradMode.enabled, GradMode.shown = self.__dict__["_saved"].pop()

    def clone(self) -> _Switch:
        """Another of the same mode."""
        clone: _Switch = inference_mode(self.mode)
        return clone


class set_multithreading_enabled(_Switch):
    """Accepted for programs that choose: the backward pass here has one thread."""

    def __init__(self, mode: bool) -> None:
        self.mode = mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        pass

    def clone(self) -> _Switch:
        """Another."""
        return set_multithreading_enabled(self.mode)
