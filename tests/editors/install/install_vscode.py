"""A real VS Code (code-server) and a browser to look at it, from the registries this machine is set up for.

    PYTHONPATH=tests python -m editors.install.install_vscode            prints the folder

code-server, the Node it needs and playwright-core come from npm into the user's cache folder; Chromium and the
headers that code-server's native parts are built with are Debian's, and are installed into the system if missing.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HOME = Path(os.environ.get("SOTTO_EDITORS", Path.home() / ".cache" / "sotto-editors"))
NPM = {"node24": "node@24", "code-server": "code-server@4.139.1", "tools": "playwright-core@1.65.1"}
"""Folders, and what npm puts into them. 4.139.1 is VS Code 1.139.1."""
DEBIAN = ["chromium", "fonts-dejavu-core"]
HEADERS = ["libkrb5-dev", "libsecret-1-dev", "libx11-dev", "libxkbfile-dev"]


@dataclass(frozen=True)
class Vscode:
    """Where the parts are."""

    node: Path
    """A folder with `node`"""
    entry: Path
    """code-server's program, for `node`"""
    playwright: Path
    """A folder that playwright-core can be required from"""
    chromium: Path


def installed() -> Vscode | None:
    """The parts, if all were installed before."""
    chromium = shutil.which("chromium")
    parts = Vscode(
        HOME / "node24/node_modules/.bin",
        HOME / "code-server/node_modules/code-server/out/node/entry.js",
        HOME / "tools",
        Path(chromium or ""),
    )
    is_whole = (parts.node / "node").exists() and _is_built(parts.entry) and chromium
    return parts if is_whole and (HOME / "tools/node_modules/playwright-core").exists() else None


def install() -> Vscode:
    """Install what is missing; about three minutes. Raises RuntimeError with the failing program's words."""
    if parts := installed():
        return parts
    if not shutil.which("npm"):
        raise RuntimeError("VS Code is installed with npm, and there is none here; install Node 20 or newer.")
    _install_debian([*DEBIAN, *HEADERS])
    environment = os.environ | {"PATH": f"{HOME}/node24/node_modules/.bin:{os.environ['PATH']}"}
    for folder, package in NPM.items():
        _run(
            ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(HOME / folder), package],
            environment,
        )
    if (parts := installed()) is None:
        raise RuntimeError(f"npm reported success, but VS Code is not whole; remove {HOME}/code-server.")
    return parts


def _is_built(entry: Path) -> bool:
    """Whether code-server's own installation came to its end: it installs the workbench's modules last."""
    return (entry.parents[2] / "lib/vscode/node_modules").exists()


def _install_debian(packages: list[str]) -> None:
    state = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *packages],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    missing = [name for name in packages if f"{name} installed" not in state]
    if not missing:
        return
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise RuntimeError(f"These packages of Debian's are missing: {', '.join(missing)}; install them first.")
    _run(["apt-get", "update", "-qq"])
    _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing])


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")


if __name__ == "__main__":
    try:
        print(install().entry.parents[2])
    except RuntimeError as error:
        sys.exit(str(error))
