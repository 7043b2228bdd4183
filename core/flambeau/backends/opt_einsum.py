"""opt_einsum as a PyTorch without it answers: einsum contracts from left to right."""

enabled = False
strategy: str | None = None


def is_available() -> bool:
    """Always False."""
    return False
