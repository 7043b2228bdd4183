"""`torch._logging`: which of the compiler's logs are shown. There is no compiler, so none."""

from typing import Any


def set_logs(*, modules: dict[str, int] | None = None, **levels: Any) -> None:
    """Accepts PyTorch's settings; there is nothing that they would show."""


def get_logs() -> dict[str, int]:
    """No logs."""
    return {}
