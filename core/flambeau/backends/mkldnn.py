"""oneDNN's switches, which programs set; the CPU's arithmetic here is NumPy's, and they change nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager

from .switches import changed, checked

enabled = True
deterministic = False
allow_tf32: bool | None = None
fp32_precision = "none"

checked(__name__, {"enabled": "set_enabled_mkldnn", "deterministic": "set_deterministic_mkldnn"})


def is_available() -> bool:
    """False: oneDNN is not used."""
    return False


def flags(
    enabled: bool = False, deterministic: bool = False, allow_tf32: bool = True, fp32_precision: str = "none"
) -> AbstractContextManager[None]:
    """The switches are so within a `with`."""
    return changed(__name__, enabled=enabled, deterministic=deterministic, allow_tf32=allow_tf32)
