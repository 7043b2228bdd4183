"""`torch.torch_version`: versions as strings that compare by their numbers.

Source: PEP 440, https://packaging.python.org/en/latest/specifications/version-specifiers/
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_PATTERN = re.compile(
    r"v?(?P<release>\d+(?:\.\d+)*)(?:[-_.]?(?P<pre>a|b|c|rc|alpha|beta|pre|preview)[-_.]?(?P<pre_n>\d*))?"
    r"(?:[-_.]?(?P<post>post|rev|r)[-_.]?(?P<post_n>\d*))?(?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_n>\d*))?"
    r"(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?",
    re.IGNORECASE,
)
_PRE = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}

Key = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[Any, ...]]


def _key(text: str) -> Key | None:
    """What orders versions; None for a text that is none."""
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        return None
    release = [int(n) for n in match["release"].split(".")]
    while len(release) > 1 and not release[-1]:
        release.pop()  # 2.0 equals 2.0.0
    if match["pre"]:
        pre = (_PRE[match["pre"].lower()], int(match["pre_n"] or 0))
    else:  # 1.0.dev1 < 1.0a1 < 1.0
        pre = (-1, 0) if match["dev"] and not match["post"] else (3, 0)
    post = (1, int(match["post_n"] or 0)) if match["post"] else (0, 0)
    dev = (0, int(match["dev_n"] or 0)) if match["dev"] else (1, 0)
    parts = re.split(r"[-_.]", match["local"].lower()) if match["local"] else []
    local = tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts)
    return tuple(release), pre, post, dev, local


class TorchVersion(str):
    """A version string that `<`, `==`, ... compare as a version, with another, a string or a tuple of numbers.

    `torch.__version__ >= (2, 0)` and `torch.__version__ > "1.13"` hold, though "2.13" sorts below "2.4" as text.
    """

    __slots__ = ()

    def _compare(self, other: Any, by: Callable[[Any, Any], Any], plain: Callable[[Any, Any], Any]) -> Any:
        text = ".".join(str(n) for n in other) if isinstance(other, (tuple, list)) else str(other)
        mine, others = _key(str(self)), _key(text)
        if mine is None or others is None:
            return plain(str(self), other)
        return by(mine, others)

    def __lt__(self, other: Any) -> bool:
        return bool(self._compare(other, lambda a, b: a < b, str.__lt__))

    def __le__(self, other: Any) -> bool:
        return bool(self._compare(other, lambda a, b: a <= b, str.__le__))

    def __gt__(self, other: Any) -> bool:
        return bool(self._compare(other, lambda a, b: a > b, str.__gt__))

    def __ge__(self, other: Any) -> bool:
        return bool(self._compare(other, lambda a, b: a >= b, str.__ge__))

    def __eq__(self, other: Any) -> bool:
        return bool(self._compare(other, lambda a, b: a == b, lambda a, b: a == str(b)))

    def __ne__(self, other: Any) -> bool:
        return not self == other

    __hash__ = str.__hash__
