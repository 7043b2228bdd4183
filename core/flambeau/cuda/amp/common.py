"""Whether mixed precision on CUDA is out of the question."""

from .. import is_available

__all__ = ["amp_definitely_not_available"]


def amp_definitely_not_available() -> bool:
    """Always True, as without CUDA."""
    return not is_available()
