"""Wheels of a few bytes, and a Sotto's among them that `sotto bundle` takes: whole bundles without an index."""

import os
import subprocess
import sys
import zipfile


def write_wheel(folder, name, version="1.0", requires=(), files=()):
    """A wheel with metadata and `files`, pairs of a name and bytes."""
    stem = f"{name}-{version}"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {each}" for each in requires]
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr(f"{stem}.dist-info/METADATA", "\n".join([*lines, ""]))
        zipped.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        zipped.writestr(f"{stem}.dist-info/RECORD", "")
        for file, data in files:
            zipped.writestr(file, data)
    return path


def write_sotto_wheel(folder, requires=(), payload=b""):
    entrance = ("sotto_lsp/commands/bundle/installation.py", b""), ("sotto_lsp/payload", payload)
    return write_wheel(folder, "sotto_ls", "0.1.0", requires, entrance)


def sotto(*arguments, **more):
    """The command; pip has no index but `--find-links`, unless `more` says so."""
    alone = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "PIP_NO_INDEX": "1"}
    command = [sys.executable, "-m", "sotto_lsp", *map(str, arguments)]
    environment = os.environ | alone | more
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)


def write_bundle(folder):
    """The smallest bundle that is whole; its path."""
    write_wheel(folder, "pip", "99.0")
    out = folder / "sotto.tar"
    done = sotto("bundle", out, "--wheel", write_sotto_wheel(folder), "--find-links", folder)
    assert done.returncode == 0, done.stderr
    return out


def refusal(done):
    """The sentence of a command that failed as it should."""
    lines = done.stderr.splitlines()
    assert done.returncode == 1 and lines[-1].startswith("sotto: ") and lines[-1].endswith("."), done.stderr
    return lines[-1]
