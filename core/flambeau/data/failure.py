"""An exception on its way from a worker to the main process, with the text of its traceback."""

from __future__ import annotations

import sys
import traceback
from typing import Any, NoReturn


class KeyErrorMessage(str):
    """A text that KeyError shows as it is, over several lines."""

    def __repr__(self) -> str:
        return self


class ExceptionWrapper:
    """The type and the formatted traceback of an exception, by default of the one being handled."""

    def __init__(self, exc_info: Any = None, where: str = "in background") -> None:
        info = sys.exc_info() if exc_info is None else exc_info
        self.exc_type: Any = info[0]
        self.exc_msg = "".join(traceback.format_exception(*info))
        self.where = where

    def reraise(self) -> NoReturn:
        """Raise an exception of the same type, whose text has the original traceback.

        Raises:
            RuntimeError: the type cannot be made from a text alone.
        """
        text = f"Caught {self.exc_type.__name__} {self.where}.\nOriginal {self.exc_msg}"
        if self.exc_type is KeyError:
            raise KeyError(KeyErrorMessage(text))
        if getattr(self.exc_type, "message", None):
            raise self.exc_type(message=text)
        try:
            exception = self.exc_type(text)
        except Exception:
            raise RuntimeError(text) from None
        try:
            raise exception
        finally:
            # Its traceback has this frame: without the name there is no cycle, which would keep the loader's workers.
            del exception
