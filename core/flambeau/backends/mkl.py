"""Intel MKL as a PyTorch without it answers: NumPy brings its own library of linear algebra."""

from __future__ import annotations

VERBOSE_OFF = 0
VERBOSE_ON = 1


def is_available() -> bool:
    """False: MKL is not used."""
    return False


class verbose:
    """`with torch.backends.mkl.verbose(level):` changes nothing."""

    def __init__(self, enable: int) -> None:
        self.enable = enable

    def __enter__(self) -> verbose:
        return self

    def __exit__(self, *exc: object) -> None:
        pass
