"""OpenMP as a PyTorch without it answers."""


def is_available() -> bool:
    """False: OpenMP is not used."""
    return False
