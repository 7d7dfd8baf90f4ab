"""Installs an unpacked bundle: `python -m sotto_lsp.commands.bundle.installation FOLDER`, as install.sh starts it.

It runs from the bundle's own wheel, before anything is installed: standard library only, here and in all it imports.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

from sotto_engine.errors import SottoError
from sotto_lsp.commands.bundle.bundle_index import INDEX_NAME, BundleIndex
from sotto_lsp.commands.bundle.target import Target
from sotto_models.importing.checksums import NAME as CHECKSUMS_NAME
from sotto_models.importing.checksums import verify_checksums
from sotto_models.importing.progress_line import ProgressLine

_WINDOWS = os.name == "nt"


class Installation:
    """One run. `to`: the virtual environment that is made, and made anew where a bundle made it before."""

    def __init__(self, bundle: Path, to: Path, on_step: Callable[[str, float | None], None]) -> None:
        self._bundle = bundle
        self._to = to
        self._on_step = on_step
        self._scripts = to / ("Scripts" if _WINDOWS else "bin")

    def run(self) -> str:
        """What to do next, in lines. Raises SottoError; nothing was changed then, unless the disk or pip failed."""
        self._verify()
        index = BundleIndex.from_json((self._bundle / INDEX_NAME).read_text(encoding="utf-8"))
        target = Target.here()
        if target not in index.wheels:
            raise SottoError(f"This is {target} and the bundle is for {index.for_whom()}; make one for this machine.")
        if self._to.exists() and not (self._to / INDEX_NAME).exists():
            raise SottoError(f"{self._to} is there and no bundle made it; name another folder with --to.")
        self._make_environment()
        self._install([self._bundle / "wheels" / name for name in index.wheels[target]])
        if index.models:
            complaint = self._python("-m", "sotto_lsp.commands.bundle.carried_models", str(self._bundle / "models"))
            if complaint:
                raise SottoError(complaint.removeprefix("sotto: "))
        return self._next_steps(index)

    def _verify(self) -> None:
        listed = verify_checksums(self._bundle, self._on_step)
        files = [path for path in self._bundle.rglob("*") if path.is_symlink() or not path.is_dir()]
        extra = {path.relative_to(self._bundle).as_posix() for path in files} - listed - {CHECKSUMS_NAME}
        if not listed or extra:
            why = f"{min(extra)!r} is not listed in" if listed else "there is no"
            raise SottoError(f"{self._bundle} is refused: {why} {CHECKSUMS_NAME}; unpack the bundle again.")

    def _make_environment(self) -> None:
        self._on_step("virtual environment", None)
        if self._to.exists():
            shutil.rmtree(self._to)
        self._to.mkdir(parents=True)
        # the first file: what breaks off here is still known as ours the next time
        shutil.copyfile(self._bundle / INDEX_NAME, self._to / INDEX_NAME)
        # without ensurepip, which Debian's Python lacks: the bundle has pip's wheel
        venv.EnvBuilder(with_pip=False, symlinks=not _WINDOWS).create(self._to)
        shutil.copytree(self._bundle / "editors", self._to / "editors")

    def _install(self, wheels: list[Path]) -> None:
        self._on_step(f"installing {len(wheels)} wheels", None)
        pip = next(path for path in wheels if path.name.startswith("pip-"))
        options = ["--quiet", "--no-index", f"--find-links={self._bundle / 'wheels'}", "--no-cache-dir"]
        options += ["--disable-pip-version-check", "--no-warn-script-location"]
        complaint = self._python(str(pip / "pip"), "install", *options, *map(str, wheels))
        if complaint:
            why = complaint.removeprefix("ERROR: ").rstrip(".")
            raise SottoError(f"The packages cannot be installed ({why}); mend that and install again.")

    def _python(self, *arguments: str) -> str:
        """Run the new environment's Python, out of reach of the user's settings for pip and Python.

        The last line of its errors where it fails, else nothing.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
        python = self._scripts / ("python.exe" if _WINDOWS else "python")
        done = subprocess.run(
            [python, *arguments],
            env=kept | {"PIP_CONFIG_FILE": os.devnull},
            check=False,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        if done.returncode == 0:
            return ""
        return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]

    def _next_steps(self, index: BundleIndex) -> str:
        sotto = _quoted(self._scripts / ("sotto.exe" if _WINDOWS else "sotto"))
        editors = self._to / "editors"
        lines = [f"Sotto {index.version} is installed: {sotto}", f"  see whether all is well: {sotto} doctor"]
        if not _WINDOWS:
            link = f"mkdir -p ~/.local/bin && ln -sf {sotto} ~/.local/bin/sotto"
            lines.append(f"  let editors find it:     {link}")
        lines += [f"  use your model:          {sotto} models use {name}" for name in index.models]
        lines.append(f"Editor plugins: {_quoted(editors)}")
        advice = {
            "neovim": f'Neovim:  vim.opt.runtimepath:append("{(editors / "neovim").as_posix()}")',
            "helix": f"Helix:   {editors / 'helix' / 'README.md'}",
            "vscode": f"VS Code: code --install-extension {_quoted(editors / 'vscode' / 'sotto.vsix')}",
        }
        lines += [f"  {words}" for name, words in advice.items() if (editors / name).is_dir()]
        lines.append("The folder of the bundle can be removed now; installing a newer one replaces this.")
        return "\n".join(lines)


def _quoted(path: Path) -> str:
    """For a command line."""
    return f'"{path}"' if _WINDOWS else shlex.quote(str(path))


def default_folder() -> Path:
    """Next to the user's models, where nothing else is kept."""
    if _WINDOWS:
        data = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return data / "sotto" / "venv"


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="install", description="Install Sotto from this bundle, without a network.")
    parser.add_argument("bundle", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, default=default_folder(), metavar="DIR", help="default: %(default)s")
    arguments = parser.parse_args()
    try:
        with ProgressLine() as progress:
            steps = Installation(arguments.bundle.resolve(), arguments.to.absolute(), progress.show).run()
    except SottoError as error:
        print(f"sotto: {error}", file=sys.stderr)  # noqa: T201 - the command's output
        return 1
    except OSError as error:
        print(f"sotto: {error.filename} cannot be written ({error.strerror}).", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130
    print(steps)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
