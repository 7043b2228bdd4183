"""Memory that NumPy frees stays with the process, for the next array.

The C library of GNU gives large blocks back to the system as soon as they are free. A training step then fetches its
temporaries anew each time, and to touch fresh pages costs more than most of the arithmetic done on them.
Source: https://man7.org/linux/man-pages/man3/mallopt.3.html
"""

from __future__ import annotations

import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt
_KEPT = 1 << 28
"""Bytes of free memory at the heap's end from which on it is given back."""
_LARGE = 1 << 25
"""Bytes of a block from which on it is not taken from the heap; the C library allows no more."""


def keep_freed_memory() -> bool:
    """Have the C library keep what is freed; returns whether it does.

    It does not where it is another one, nor where the environment tells it what to do (`MALLOC_TRIM_THRESHOLD_` and its like,
    or `GLIBC_TUNABLES`): that is left as it is.
    """
    told = any(name.startswith("MALLOC_") for name in os.environ) or "malloc" in os.environ.get("GLIBC_TUNABLES", "")
    if sys.platform != "linux" or told:
        return False
    import ctypes

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # not GNU's
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _LARGE) and mallopt(_TRIM_THRESHOLD, _KEPT))
