"""`torch.hub`: models from a folder with a `hubconf.py`, and files fetched once and kept.

Repositories are not fetched: their code is written for PyTorch's own packages. Clone one and load it with `source="local"`.
Source: https://docs.pytorch.org/docs/stable/hub.html
"""

from __future__ import annotations

import builtins
import hashlib
import importlib.util
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_HASH = re.compile(r"-([a-f0-9]*)\.")
_CHUNK = 128 * 1024

_hub_dir: str | None = None


def get_dir() -> str:
    """The folder of what was fetched: `$TORCH_HOME/hub`, by default `~/.cache/torch/hub`, or what `set_dir` said."""
    if _hub_dir is not None:
        return _hub_dir
    cache = os.getenv("XDG_CACHE_HOME", "~/.cache")
    return os.path.join(os.path.expanduser(os.getenv("TORCH_HOME", os.path.join(cache, "torch"))), "hub")


def set_dir(d: str | os.PathLike[str]) -> None:
    """Set the folder of what is fetched."""
    global _hub_dir
    _hub_dir = os.path.expanduser(d)


@contextmanager
def _first_on_path(folder: str) -> Iterator[None]:
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _hubconf(folder: str, source: str) -> ModuleType:
    if source not in ("github", "local"):
        raise ValueError(f'Unknown source: "{source}". Allowed values: "github" | "local".')
    if source == "github":
        raise RuntimeError(
            f"torch.hub: flambeau does not fetch repositories (asked for {folder}). Clone it and pass its folder with source='local'"
        )
    path = os.path.join(folder, "hubconf.py")
    spec = importlib.util.spec_from_file_location("hubconf.py", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with _first_on_path(folder):
        spec.loader.exec_module(module)
    missing = [name for name in getattr(module, "dependencies", ()) if not _can_import(name)]
    if missing:
        raise RuntimeError(f"Missing dependencies: {', '.join(missing)}")
    return module


def _can_import(name: str) -> bool:
    if name == "torch":
        return True
    return importlib.util.find_spec(name) is not None


def _entry(module: ModuleType, model: str) -> Any:
    if not isinstance(model, str):
        raise ValueError("Invalid input: model should be a string of function name")
    found = getattr(module, model, None)
    if not callable(found):
        raise RuntimeError(f"Cannot find callable {model} in hubconf")
    return found


def load(
    repo_or_dir: str,
    model: str,
    *args: Any,
    source: str = "github",
    trust_repo: Any = "check",
    force_reload: bool = False,
    verbose: bool = True,
    skip_validation: bool = False,
    **kwargs: Any,
) -> Any:
    """What the function `model` of a folder's `hubconf.py` returns; `source="local"`.

    Raises:
        RuntimeError: no such function, a missing dependency, or a repository that would have to be fetched.
    """
    folder = os.path.abspath(repo_or_dir) if source == "local" else repo_or_dir
    entry = _entry(_hubconf(folder, source), model)
    with _first_on_path(folder):
        return entry(*args, **kwargs)


def list(
    github: str,
    force_reload: bool = False,
    skip_validation: bool = False,
    trust_repo: Any = "check",
    verbose: bool = True,
    *,
    source: str = "github",
) -> builtins.list[str]:
    """The names of a folder's functions; `source="local"`."""
    module = _hubconf(github, source)
    return [name for name in dir(module) if callable(getattr(module, name)) and not name.startswith("_")]


def help(
    github: str,
    model: str,
    force_reload: bool = False,
    skip_validation: bool = False,
    trust_repo: Any = "check",
    *,
    source: str = "github",
) -> str | None:
    """The docstring of one of a folder's functions; `source="local"`."""
    doc: str | None = _entry(_hubconf(github, source), model).__doc__
    return doc


def download_url_to_file(url: str, dst: str, hash_prefix: str | None = None, progress: bool = True) -> None:
    """Fetch a file; nothing is left at `dst` unless all of it arrived.

    Raises:
        RuntimeError: its SHA-256 does not begin with `hash_prefix`.
        URLError: it cannot be fetched.
    """
    from urllib.request import Request, urlopen

    dst = os.path.expanduser(dst)
    handle, partial = tempfile.mkstemp(suffix=".partial", dir=os.path.dirname(os.path.abspath(dst)))
    digest = hashlib.sha256()
    try:
        with os.fdopen(handle, "wb") as file, urlopen(Request(url, headers={"User-Agent": "torch.hub"})) as answer:
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                digest.update(chunk)
        if hash_prefix is not None and not digest.hexdigest().startswith(hash_prefix):
            raise RuntimeError(f'invalid hash value (expected "{hash_prefix}", got "{digest.hexdigest()}")')
        shutil.move(partial, dst)
    finally:
        if os.path.exists(partial):
            os.remove(partial)


_download_url_to_file = download_url_to_file


def load_state_dict_from_url(
    url: str,
    model_dir: str | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = False,
) -> Any:
    """What `torch.load` gives for the file of a URL, which is fetched if it is not in `model_dir` yet."""
    from urllib.parse import urlparse

    import flambeau

    model_dir = os.path.join(get_dir(), "checkpoints") if model_dir is None else model_dir
    os.makedirs(model_dir, exist_ok=True)
    name = file_name if file_name is not None else os.path.basename(urlparse(url).path)
    kept = os.path.join(model_dir, name)
    if not os.path.exists(kept):
        sys.stdout.write(f'Downloading: "{url}" to {kept}\n')
        found = _HASH.search(name) if check_hash else None
        download_url_to_file(url, kept, found.group(1) if found else None, progress)
    return flambeau.load(kept, map_location=map_location, weights_only=weights_only)
