"""`python -m flambeau script.py args`: run a PyTorch program, unmodified, on flambeau. `-m package.module` works as Python's."""

from __future__ import annotations

import os
import runpy
import sys

from .torch_alias import install_as_torch

_USAGE = "usage: python -m flambeau script.py [arguments]\n       python -m flambeau -m module [arguments]"


def main(arguments: list[str]) -> int:
    """Run what the command line names as `__main__`, with `import torch` giving flambeau."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__, _USAGE, sep="\n\n", file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    if arguments[0] == "-m":
        if len(arguments) == 1:
            print(_USAGE, file=sys.stderr)
            return 2
        install_as_torch()
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        return 0
    script = arguments[0]
    if not os.path.exists(script):
        print(f"python -m flambeau: can't open file '{script}'", file=sys.stderr)
        return 2
    install_as_torch()
    sys.argv = arguments
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    runpy.run_path(script, run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
