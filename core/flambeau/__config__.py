"""`torch.__config__`: how this was built, in words."""

from __future__ import annotations

import platform

from .backends import registry
from .settings import get_num_interop_threads, get_num_threads


def show() -> str:
    """What computes here: Python, and the backends there are."""
    return (
        f"flambeau built with:\n  - Python {platform.python_version()}\n"
        f"  - backends: {', '.join(registry.names())}\n  - CPU arithmetic: {type(registry.get('cpu')).__name__.removesuffix('Backend')}\n"
    )


def parallel_info() -> str:
    """The numbers of threads asked for."""
    return f"threads: {get_num_threads()}\nthreads between operations: {get_num_interop_threads()}\n"
