"""What the CPU can do, by PyTorch's word for nothing special."""


def get_cpu_capability() -> str:
    """Always "DEFAULT": which instructions run is NumPy's choice."""
    return "DEFAULT"
