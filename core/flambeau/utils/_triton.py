"""Whether Triton can compile kernels for a GPU here: it cannot."""


def has_triton() -> bool:
    """Always False."""
    return False


def has_triton_package() -> bool:
    """Always False."""
    return False
