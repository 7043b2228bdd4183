"""The fused path of MultiheadAttention and TransformerEncoder in inference."""

_fastpath = True


def get_fastpath_enabled() -> bool:
    """What `set_fastpath_enabled` last said; True at start."""
    return _fastpath


def set_fastpath_enabled(value: bool) -> None:
    """Remembered, and of no effect: both paths give the same values."""
    global _fastpath
    _fastpath = value
