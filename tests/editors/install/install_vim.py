"""A real Vim 9 with ALE, from Debian's packages.

PYTHONPATH=tests python -m editors.install.install_vim            prints the path of the program
"""

import sys
from pathlib import Path

from editors.install.debian_root import HOME, DebianRoot, write_wrapper

FOLDER = HOME / "vim-sid"
ALE = FOLDER / "root/usr/share/vim-ale"


def installed() -> Path | None:
    """The program, if it was installed before."""
    program = FOLDER / "vim"
    return program if program.exists() else None


def install() -> Path:
    """Download, unpack and wrap; returns the program. Raises RuntimeError with apt's words if that fails."""
    if program := installed():
        return program
    root = DebianRoot(FOLDER, "sid", "root")
    root.unpack("vim-nox", "vim-ale")
    program = root.path / "usr/bin/vim.nox"
    root.adopt(program)
    (runtime,) = (root.path / "usr/share/vim").glob("vim9*")
    return write_wrapper(FOLDER / "vim", program, VIMRUNTIME=runtime)


if __name__ == "__main__":
    try:
        print(install())
    except RuntimeError as error:
        sys.exit(str(error))
