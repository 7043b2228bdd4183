"""Writes the site's `pyodide-lock.json`: Pyodide's own header, and the wheels that the site carries.

Usage: lock.py PYODIDE_LOCK OUTPUT WHEEL...

This is the library behind `pyodide lockfile add-wheels`. The command itself cannot be used: the version that pip
resolves on Python 3.11 drops its result, and no released version reads the lock format of Pyodide 314 (its `info`
has an ABI version, its packages a `tool` table). So the tool starts from the same Python and platform with no
packages, and Pyodide's own header goes back afterwards. The lock then names exactly what lies in the site. Source:
pyodide_lock/utils.py 0.1.2.
"""

import json
import sys
from pathlib import Path

from pyodide_lock import PyodideLockSpec
from pyodide_lock.utils import add_wheels_to_spec


def main(pyodide_lock: Path, output: Path, wheels: list[Path]) -> None:
    """Writes `output`; wheel paths in it are relative to the folder of the first wheel."""
    header = json.loads(pyodide_lock.read_text())["info"]
    known = {key: header[key] for key in ("arch", "platform", "python")} | {"version": header.get("abi_version", "")}
    empty = PyodideLockSpec(info=known, packages={})
    spec = json.loads(add_wheels_to_spec(empty, wheels).model_dump_json())
    output.write_text(json.dumps({"info": header, "packages": spec["packages"]}, indent=1))
    print(f"{output.name} names {', '.join(spec['packages'])}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [Path(wheel) for wheel in sys.argv[3:]])
