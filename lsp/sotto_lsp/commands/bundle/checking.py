"""`sotto bundle verify`: is a carried bundle whole, unharmed, and nothing else?

Nothing is unpacked; the members are read where they lie.
"""

import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from sotto_engine.errors import SottoError, first_line
from sotto_lsp.commands.bundle.bundle_index import INDEX_NAME, BundleIndex
from sotto_lsp.commands.bundle.tar_writing import CountingReader
from sotto_models.importing.checksums import NAME as CHECKSUMS_NAME
from sotto_models.importing.checksums import parse_checksums

_MAX_TEXT_NBYTES = 8 << 20
"""Of SHA256SUMS and bundle.json, which are kept."""


class BundleChecking:
    """One run. `on_step` gets what is being done and the share of it that is."""

    def __init__(self, bundle: Path, on_step: Callable[[str, float | None], None]) -> None:
        self._bundle = bundle
        self._on_step = on_step
        self._digests: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._folders: set[str] = set()

    def check(self) -> BundleIndex:
        """The bundle's index. Raises SottoError for one that is not exactly what its SHA256SUMS lists."""
        try:
            nbytes = self._bundle.stat().st_size
            with tarfile.open(self._bundle, "r:") as tar:
                for info in tar:
                    self._on_step("checksums", info.offset / nbytes)
                    self._read(tar, info)
        except (tarfile.TarError, OSError) as error:
            raise SottoError(
                f"{self._bundle} cannot be read as a tar ({first_line(error)}); copy it again."
            ) from error
        self._compare()
        return BundleIndex.from_json(self._texts.get(INDEX_NAME, ""))

    def _read(self, tar: tarfile.TarFile, info: tarfile.TarInfo) -> None:
        name = self._name(info)
        file = tar.extractfile(info)
        if file is None:
            raise self._refused(f"{info.name!r} has no contents")
        reader = CountingReader(file, _ignore)
        if name in (CHECKSUMS_NAME, INDEX_NAME):
            self._texts[name] = reader.read(_MAX_TEXT_NBYTES).decode("utf-8", "replace")
        self._digests[name] = reader.sha256()

    def _name(self, info: tarfile.TarInfo) -> str:
        """Its name below the bundle's folder, which is the same for all and which nothing leaves."""
        if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
            kind = "a link" if info.issym() or info.islnk() else "no plain file"
            raise self._refused(f"{info.name!r} is {kind}")
        path = PurePosixPath(info.name)
        odd = {"\\", ":"} & set(info.name) or str(path) != info.name
        if odd or path.is_absolute() or ".." in path.parts or len(path.parts) < 2:
            raise self._refused(f"{info.name!r} leaves its folder")
        self._folders.add(path.parts[0])
        if len(self._folders) > 1:
            raise self._refused(f"{info.name!r} is in another folder than the rest")
        name = "/".join(path.parts[1:])
        if name.casefold() in map(str.casefold, self._digests):
            raise self._refused(f"{info.name!r} is there twice")
        return name

    def _compare(self) -> None:
        if CHECKSUMS_NAME not in self._texts:
            raise SottoError(
                f"{self._bundle} has no {CHECKSUMS_NAME}: it is no bundle of Sotto's, or not a whole one."
            )
        listed = parse_checksums(self._texts[CHECKSUMS_NAME])
        found = {name: digest for name, digest in self._digests.items() if name != CHECKSUMS_NAME}
        for name in sorted(listed.keys() - found.keys()):
            raise self._refused(f"{name!r} is missing")
        for name in sorted(found.keys() - listed.keys()):
            raise self._refused(f"{name!r} is not listed in {CHECKSUMS_NAME}")
        for name, digest in sorted(found.items()):
            if digest != listed[name]:
                raise self._refused(f"{name!r} does not match its checksum")

    def _refused(self, why: str) -> SottoError:
        return SottoError(
            f"{self._bundle} is refused: {why}; do not install it, copy it again from where it was made."
        )


def _ignore(nbytes: int) -> None:
    """The place in the tar is the progress."""
