"""Apple's Metal as a PyTorch without it answers.

Source: https://docs.pytorch.org/docs/stable/backends.html#module-torch.backends.mps
"""


def is_built() -> bool:
    """Always False."""
    return False


def is_available() -> bool:
    """Always False; `flambeau.accelerator` names the GPU that there is."""
    return False


def is_macos_or_newer(major: int, minor: int) -> bool:
    """Raises RuntimeError."""
    raise RuntimeError("Cannot execute isOnMacOSorNewer() without MPS backend.")
