"""`torch.compile` and `torch.compiler`: functions run as they are written, so what is compiled is what was given.

Programs that compile where it helps run unchanged, with the same results.
Source: https://docs.pytorch.org/docs/stable/torch.compiler_api.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_default_backend: Any = "inductor"


def compile(
    model: Any = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: Any = None,
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    disable: bool = False,
    **settings: Any,
) -> Any:
    """`model`, a function or module, as it is; without it a decorator: `@torch.compile(mode="max-autotune")`.

    Raises:
        RuntimeError: both `mode` and `options`.
    """
    if mode is not None and options is not None:
        raise RuntimeError("Either mode or options can be specified, but both can't be specified at the same time.")
    return _unchanged if model is None else model


def _unchanged(model: F) -> F:
    return model


def reset() -> None:
    """Does nothing: no compiled code is kept."""


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """`fn` as it is; without it a decorator."""
    return _unchanged if fn is None else fn


def allow_in_graph(fn: Any) -> Any:
    """`fn` as it is."""
    return fn


def assume_constant_result(fn: F) -> F:
    """`fn` as it is."""
    return fn


def nested_compile_region(fn: Any = None, **settings: Any) -> Any:
    """`fn` as it is; without it a decorator."""
    return _unchanged if fn is None else fn


def substitute_in_graph(original_fn: Callable[..., Any], **settings: Any) -> Callable[[F], F]:
    """A decorator that changes nothing."""
    return _unchanged


def is_compiling() -> bool:
    """Always False."""
    return False


def is_dynamo_compiling() -> bool:
    """Always False."""
    return False


def is_exporting() -> bool:
    """Always False."""
    return False


def list_backends(exclude_tags: Any = ("debug", "experimental")) -> list[str]:
    """No compilers."""
    return []


def set_default_backend(backend: Any) -> None:
    """Remembered, and of no effect."""
    global _default_backend
    _default_backend = "inductor" if backend is None else backend


def get_default_backend() -> Any:
    """What `set_default_backend` last said."""
    return _default_backend


def cudagraph_mark_step_begin() -> None:
    """Does nothing."""


_STANCES = (
    "default",
    "eager_then_compile",
    "aot_eager_then_compile",
    "force_eager",
    "eager_on_recompile",
    "fail_on_recompile",
)


class set_stance:
    """How compiled functions are to run: a call, a `with`, or a decorator. They run as written whatever it is.

    Raises:
        RuntimeError: no such stance.
    """

    def __init__(
        self, stance: str = "default", *, skip_guard_eval_unsafe: bool = False, force_backend: Any = None
    ) -> None:
        if stance not in _STANCES:
            raise RuntimeError(f"invalid torch.compile stance '{stance}'")
        if force_backend is not None and stance != "default":
            raise RuntimeError("non-default stance cannot have force_backend set")
        self.stance = stance

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        pass

    def __call__(self, fn: F) -> F:
        return fn
