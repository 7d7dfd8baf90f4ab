"""Where a workspace's program and Python are: its `.venv` first, which has the project's own version."""

import os
import shutil
from pathlib import Path

_SCRIPTS = "Scripts" if os.name == "nt" else "bin"


def find_program(name: str, root: Path) -> Path | None:
    """None where it is neither in the workspace's environment nor on the PATH."""
    # Relative entries of the PATH would be looked up in whatever folder the editor was started in.
    path = os.pathsep.join(
        each for each in os.environ.get("PATH", "").split(os.pathsep) if Path(each).is_absolute()
    )
    found = shutil.which(name, path=str(root / ".venv" / _SCRIPTS)) or shutil.which(name, path=path)
    return Path(found) if found else None


def find_python(root: Path) -> Path | None:
    """The interpreter of the workspace's environment."""
    found = shutil.which("python", path=str(root / ".venv" / _SCRIPTS))
    return Path(found) if found else None
