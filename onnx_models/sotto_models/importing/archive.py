"""A model in a .tar or .zip, unpacked into a folder that nothing in the archive can leave."""

import errno
import tarfile
import zipfile
from pathlib import Path

from sotto_engine.errors import SottoError, first_line
from sotto_engine.model_files.inner_path import leaves_folder

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".zip")


def is_archive(path: Path) -> bool:
    return path.is_file() and path.name.endswith(SUFFIXES)


def unpacked_nbytes(archive: Path) -> int:
    """What its files take, by its table of contents. Raises SottoError for a broken one."""
    try:
        if archive.suffix == ".zip":
            with zipfile.ZipFile(archive) as zipped:
                return sum(member.file_size for member in zipped.infolist())
        with tarfile.open(archive) as tarred:
            return sum(member.size for member in tarred)
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError) as error:
        raise _broken(archive, error) from error


def unpack(archive: Path, folder: Path) -> Path:
    """The model's folder inside `folder`. Raises SottoError for members that would leave it, and for broken files."""
    try:
        if archive.suffix == ".zip":
            with zipfile.ZipFile(archive) as zipped:
                _refuse_outside(archive, zipped.namelist())
                zipped.extractall(folder)
        else:
            with tarfile.open(archive) as tarred:
                tarred.extractall(folder, filter="data")
    except tarfile.FilterError as error:
        raise _leaves(archive, error.tarinfo.name) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        raise _broken(archive, error) from error
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise _broken(archive, error) from error
    entries = list(folder.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else folder


def _refuse_outside(archive: Path, names: list[str]) -> None:
    for name in names:
        if leaves_folder(name):
            raise _leaves(archive, name)


def _broken(archive: Path, error: Exception) -> SottoError:
    return SottoError(f"{archive} cannot be unpacked ({first_line(error)}); copy it again.")


def _leaves(archive: Path, name: str) -> SottoError:
    return SottoError(f"{archive} holds {name!r}, which leaves its folder; do not use this file.")
