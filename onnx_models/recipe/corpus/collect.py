"""The training text: Python source of the pinned packages and the standard library, cleaned, into JSON lines.

    PYTHONPATH=onnx_models python -m recipe.corpus.collect --cache CACHE \
        --benchmark HumanEval-SingleLineInfilling.jsonl.gz

Downloads each package once (pip, no dependencies), refuses what is not permissively licensed, and writes
CACHE/corpus.jsonl (one file a line: package, path, text), CACHE/held_out.jsonl and CACHE/manifest.json.
"""

import argparse
import email.parser
import hashlib
import json
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from recipe.corpus.clean import Deduplicator, is_source, mask_secrets
from recipe.corpus.decontaminate import Benchmark

PACKAGES = Path(__file__).parent / "packages.toml"
HELD_OUT = frozenset({"networkx", "prompt_toolkit", "hypothesis", "asyncio", "email"})
"""Validation only: never trained on."""
BANNED = frozenset({"pygls", "jedi_language_server", "esbonio", "mlx_lm", "nano_vllm", "nanochat"})
"""Not in the corpus at all."""
_PERMISSIVE = re.compile(
    r"\b(MIT|BSD|Apache|PSF|Python Software Foundation|ISC|Unlicense|0BSD|Zope)\b", re.IGNORECASE
)
_COPYLEFT = re.compile(r"\b(A?L?GPL|GNU|MPL|Mozilla|EUPL|CC-BY)", re.IGNORECASE)
_DOWNLOADS_AT_ONCE = 4
_LICENCE_CHARS = 120
"""A longer licence field is the text of one, which mentions others: the classifiers decide then."""


@dataclass(frozen=True)
class SourceFile:
    """One file: the package it is from, its path inside it, its text."""

    package: str
    path: str
    text: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder for downloads and results")
    parser.add_argument("--packages", type=Path, default=PACKAGES, help="the pinned list")
    parser.add_argument(
        "--benchmark", type=Path, action="append", default=[], help="rows to keep out (.jsonl, .jsonl.gz)"
    )
    parser.add_argument("--no-standard-library", action="store_true")
    arguments = parser.parse_args()
    archives = download(read_packages(arguments.packages), arguments.cache / "downloads")
    build(archives, arguments.cache, Benchmark.load(arguments.benchmark), not arguments.no_standard_library)


def read_packages(path: Path) -> dict[str, str]:
    """Name to version, out of the pinned list."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return tables["packages"] | tables.get("small", {})


def read_repeats(path: Path) -> dict[str, int]:
    """Package, as the corpus spells it, to how often an epoch takes it; the others once."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return dict.fromkeys(tables.get("small", {}), 2) | tables.get("repeats", {})


def download(packages: dict[str, str], folder: Path) -> list[Path]:
    """One archive a package, a wheel where there is one; those that are there already stay."""
    folder.mkdir(parents=True, exist_ok=True)

    def fetch(pinned: tuple[str, str]) -> None:
        if _archive_of(folder, *pinned) is None:
            # What is only read may be written for another Python.
            options = ["--quiet", "--no-deps", "--ignore-requires-python", "--dest", str(folder)]
            pip = [sys.executable, "-m", "pip", "download", *options]
            subprocess.run([*pip, "==".join(pinned)], check=True)

    with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool:
        for number, _ in enumerate(pool.map(fetch, packages.items()), 1):
            if number % 50 == 0:
                print(f"{number} of {len(packages)} packages downloaded", flush=True)
    found = [_archive_of(folder, name, version) for name, version in packages.items()]
    return [archive for archive in found if archive is not None]


def build(archives: list[Path], cache: Path, benchmark: Benchmark, standard_library: bool) -> dict[str, object]:
    """Write the corpus, what is held out of it, and the manifest, which is returned."""
    deduplicator = Deduplicator()
    entries: list[dict[str, object]] = []
    refused: list[dict[str, str]] = []
    with (cache / "corpus.jsonl").open("w") as corpus, (cache / "held_out.jsonl").open("w") as held_out:
        for origin, licence, files in _origins(archives, standard_library, refused):
            kept = chars = 0
            for file in files:
                text = mask_secrets(file.text)
                if not is_source(file.path, text) or benchmark.contaminates(text):
                    continue
                if not deduplicator.is_new(text):
                    continue
                kept, chars = kept + 1, chars + len(text)
                target = held_out if file.package in HELD_OUT else corpus
                target.write(json.dumps({"package": file.package, "path": file.path, "text": text}) + "\n")
            entries.append({**origin, "licence": licence, "files": kept, "characters": chars})
            print(f"{origin['name']:30} {licence[:30]:30} {kept:6} files {chars / 1e6:7.2f} MB", flush=True)
    manifest: dict[str, object] = {"packages": entries, "refused": refused}
    (cache / "manifest.json").write_text(json.dumps(manifest, indent=1))
    return manifest


def licence_of(metadata: str) -> str:
    """The licence a package declares, by expression, classifiers or its short name."""
    message = email.parser.Parser().parsestr(metadata, headersonly=True)
    classifiers = [c.split("::")[-1].strip() for c in message.get_all("Classifier", []) if c.startswith("License ::")]
    short = str(message.get("License") or "").strip()
    declared = message.get("License-Expression") or ", ".join(classifiers)
    return declared or (short if len(short) <= _LICENCE_CHARS else short.split("\n")[0][:_LICENCE_CHARS])


def is_permissive(licence: str) -> bool:
    """MIT, BSD, Apache, PSF and their like, and no copyleft next to them."""
    return bool(_PERMISSIVE.search(licence)) and not _COPYLEFT.search(licence)


def _origins(
    archives: list[Path], standard_library: bool, refused: list[dict[str, str]]
) -> Iterator[tuple[dict[str, object], str, Iterator[SourceFile]]]:
    if standard_library:
        version = ".".join(map(str, sys.version_info[:3]))
        yield {"name": "python", "version": version, "sha256": ""}, "PSF-2.0", _standard_library()
    for archive in archives:
        members = dict(_members(archive))
        metadata = next((text for path, text in members.items() if path.endswith(("METADATA", "PKG-INFO"))), "")
        name, version = archive.name.split("-")[0], archive.name.removesuffix(".tar.gz").split("-")[1]
        package, licence = name.replace(".", "_").lower(), licence_of(metadata)
        # What is held out is only measured on, so its licence does not matter.
        if package in BANNED or not (package in HELD_OUT or is_permissive(licence)):
            refused.append({"name": name, "version": version, "licence": licence})
            continue
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        files = (SourceFile(package, path, text) for path, text in members.items() if path.endswith(".py"))
        yield {"name": name, "version": version, "sha256": digest}, licence, files


def _standard_library() -> Iterator[SourceFile]:
    root = Path(sysconfig.get_path("stdlib"))
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root)
        names = {part.removeprefix("test_").removesuffix(".py") for part in inside.parts}
        if "site-packages" not in inside.parts and not (names & HELD_OUT and inside.parts[0] not in HELD_OUT):
            package = inside.parts[0] if inside.parts[0] in HELD_OUT else "python"
            yield SourceFile(package, str(inside), path.read_text(encoding="utf-8", errors="replace"))


def _members(archive: Path) -> Iterator[tuple[str, str]]:
    """Path and text of every source and metadata file of a wheel or source archive; nothing is unpacked."""
    wanted = (".py", "METADATA", "PKG-INFO")
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for path in sorted(wheel.namelist()):
                if path.endswith(wanted):
                    yield path, wheel.read(path).decode("utf-8", errors="replace")
        return
    with tarfile.open(archive) as source:
        for member in source:
            if member.isfile() and member.name.endswith(wanted) and (file := source.extractfile(member)):
                yield member.name.split("/", 1)[-1], file.read().decode("utf-8", errors="replace")


def _archive_of(folder: Path, name: str, version: str) -> Path | None:
    plain = re.sub(r"[-_.]+", "_", name).lower()
    for path in folder.iterdir():
        parts = path.name.removesuffix(".tar.gz").split("-")
        if re.sub(r"[-_.]+", "_", parts[0]).lower() == plain and parts[1:2] == [version]:
            return path
    return None


if __name__ == "__main__":
    main()
