"""A real Helix from Debian's packages.

PYTHONPATH=tests python -m editors.install.install_helix            prints the path of the program
"""

import sys
from pathlib import Path

from editors.install.debian_root import HOME, DebianRoot, write_wrapper

FOLDER = HOME / "helix-sid"


def installed() -> Path | None:
    """The program, if it was installed before."""
    program = FOLDER / "hx"
    return program if program.exists() else None


def install() -> Path:
    """Download, unpack and wrap; returns the program. Raises RuntimeError with apt's words if that fails."""
    if program := installed():
        return program
    root = DebianRoot(FOLDER, "sid", "root")
    root.unpack("hx")
    program = root.path / "usr/lib/hx/hx"
    root.adopt(program)
    return write_wrapper(FOLDER / "hx", program, HELIX_RUNTIME=root.path / "usr/lib/hx/runtime")


if __name__ == "__main__":
    try:
        print(install())
    except RuntimeError as error:
        sys.exit(str(error))
