"""What is remembered of an adapter from one program to the next, as one text: natively in the user's cache directory; in a page
by `browser.py`, in IndexedDB.
"""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Protocol


class Store(Protocol):
    """Keeps a text for a device. Where nothing can be kept it does nothing, and nothing fails."""

    def recall(self) -> str:
        """The text; empty if there is none."""

    def remember(self, text: str) -> None:
        """Keep a text in the place of the last one."""


def store_name(adapter: str) -> str:
    """The name under which an adapter's text is kept."""
    return f"tune-{re.sub('[^a-z0-9]+', '-', adapter.lower())}"


def cache_directory() -> Path:
    """Where programs of this user keep what can be made again."""
    base = os.environ.get("XDG_CACHE_HOME") or (os.environ.get("LOCALAPPDATA") if os.name == "nt" else None)
    return Path(base or Path.home() / ".cache") / "flambeau"


class FileStore:
    """A file in the cache directory."""

    def __init__(self, adapter: str) -> None:
        self.name = store_name(adapter)

    @property
    def path(self) -> Path:
        return cache_directory() / f"{self.name}.json"

    def recall(self) -> str:
        with suppress(OSError, ValueError):
            return self.path.read_text(encoding="utf-8")
        return ""

    def remember(self, text: str) -> None:
        """In one step: another process may read or write at the same time."""
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.path.parent, suffix=".json")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(name, self.path)
