"""NNPACK as a PyTorch without it answers."""


def is_available() -> bool:
    """False: NNPACK is not used."""
    return False
