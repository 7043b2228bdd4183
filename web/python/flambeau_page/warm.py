"""Imports what programs will want, for the memory image that the page starts from. Nothing here may touch JavaScript."""

import importlib
import pkgutil
from contextlib import suppress

import tqdm

import flambeau
import flambeau_wgpu

STANDARD = (
    "argparse collections csv dataclasses encodings.ascii functools gettext inspect itertools json math pathlib pickle "
    "random re statistics string textwrap time typing"
).split()
# For developers of backends, who do not work in the page.
LEFT_OUT = ("flambeau.testing",)


def warm() -> None:
    """Import every module of both packages, and the usual ones of the standard library."""
    for name in STANDARD:
        importlib.import_module(name)
    for package in (flambeau, flambeau_wgpu):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(LEFT_OUT):
                with suppress(ImportError):  # what drives numpy or a native GPU
                    importlib.import_module(module.name)
    tqdm.tqdm.get_lock()  # made once; looks for multiprocessing, which takes its time to say that it is missing
