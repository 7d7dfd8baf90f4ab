"""Real Neovims from Debian's packages; Debian 12's own is too old.

PYTHONPATH=tests python -m editors.install.install_neovim [0.12|0.10]     prints the path of the program
"""

import sys
from pathlib import Path

from editors.install.debian_root import HOME, DebianRoot, write_wrapper

SUITES = {"0.12": "sid", "0.10": "trixie"}
"""Where Debian has which Neovim; 0.11 was in none of its releases."""


def installed(version: str = "0.12") -> Path | None:
    """The program, if it was installed before."""
    program = _folder(version) / "nvim"
    return program if program.exists() else None


def install(version: str = "0.12") -> Path:
    """Download, unpack and wrap; returns the program. Raises RuntimeError with apt's words if that fails."""
    if program := installed(version):
        return program
    folder = _folder(version)
    root = DebianRoot(folder, SUITES[version], "nvim-root")
    root.unpack("neovim")
    program = root.path / "usr/bin/nvim"
    root.adopt(program)
    lua = root.path / "usr/share/lua/5.1"
    return write_wrapper(
        folder / "nvim",
        program,
        VIMRUNTIME=root.path / "usr/share/nvim/runtime",
        LUA_PATH=f"{lua}/?.lua;{lua}/?/init.lua;;",
        LUA_CPATH=f"{root.libraries}/lua/5.1/?.so;;",
    )


def _folder(version: str) -> Path:
    return HOME if version == "0.12" else HOME / f"neovim-{version}"


if __name__ == "__main__":
    try:
        print(install(*sys.argv[1:2]))
    except RuntimeError as error:
        sys.exit(str(error))
