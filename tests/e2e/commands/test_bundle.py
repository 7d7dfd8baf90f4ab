"""`sotto bundle`: what goes in for which machine, the same bytes again, and one sentence for what cannot be had."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile

import pytest

from e2e.small_wheels import refusal, sotto, write_sotto_wheel, write_wheel


@pytest.fixture
def links(tmp_path):
    """A folder with a pip, which every bundle carries."""
    folder = tmp_path / "links"
    folder.mkdir()
    write_wheel(folder, "pip", "99.0")
    return folder


@pytest.fixture
def bundle(tmp_path, links):
    """Makes tmp_path/NAME from a small Sotto that needs `requires`."""

    def make(*options, requires=(), name="sotto.tar", payload=b"", **more):
        wheel = write_sotto_wheel(tmp_path, requires, payload)
        out = tmp_path / name
        return sotto("bundle", out, "--wheel", wheel, "--find-links", links, *options, **more), out

    return make


def names(path):
    with tarfile.open(path) as tar:
        return [name.removeprefix("sotto-0.1.0/") for name in tar.getnames()]


def test_bundle_holds_wheels_plugins_scripts_and_checksums(bundle):
    done, out = bundle()
    assert done.returncode == 0, done.stderr
    found = names(out)
    assert found == sorted(found)
    assert {"SHA256SUMS", "bundle.json", "install.sh", "install.ps1"} <= set(found)
    assert {"wheels/pip-99.0-py3-none-any.whl", "wheels/sotto_ls-0.1.0-py3-none-any.whl"} <= set(found)
    assert {"editors/neovim/plugin/sotto.lua", "editors/neovim/doc/sotto.txt"} <= set(found)
    assert not [name for name in found if "/." in name or name.endswith("/tags")]
    assert "every file matches its checksum" in sotto("bundle", "verify", out).stdout


def test_marker_is_evaluated_for_the_target(bundle, links):
    """pip answers it for the machine it runs on: a bundle for Windows that was made on Linux lacked colorama."""
    write_wheel(links, "click", requires=["colorama>=0.4; platform_system == 'Windows'", "six[extra]"])
    write_wheel(links, "colorama", "0.4.6", requires=["ansi; python_version < '3.12'"])
    write_wheel(links, "ansi")
    write_wheel(links, "six", requires=["seven; extra == 'extra' and sys_platform == 'darwin'"])
    write_wheel(links, "seven")
    platforms = ("--platform", "windows-x86_64", "--platform", "macos-arm64")
    done, out = bundle(*platforms, "--python", "3.12", requires=["click"])
    assert done.returncode == 0, done.stderr
    with tarfile.open(out) as tar:
        index = json.load(tar.extractfile("sotto-0.1.0/bundle.json"))
    own = {"sotto_ls", "pip", "click", "six"}
    expected = {
        ("windows-x86_64", "3.12"): own | {"colorama"},
        ("macos-arm64", "3.12"): own | {"seven"},
    }
    found = {
        (each["platform"], each["python"]): {name.split("-")[0] for name in each["wheels"]}
        for each in index["targets"]
    }
    assert found == expected


def test_reproducible_bundle_of_the_same_files(bundle, tmp_path):
    """Whatever the wheel's own zip looks like: members in another order, other times, compressed or not."""
    _, first = bundle(name="first.tar", payload=b"code" * 1000)
    wheel = tmp_path / "sotto_ls-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as zipped:
        files = {name: zipped.read(name) for name in reversed(zipped.namelist())}
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in files.items():
            zipped.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    second = tmp_path / "second.tar"
    done = sotto("bundle", second, "--wheel", wheel, "--find-links", tmp_path / "links", TZ="Asia/Tokyo")
    assert done.returncode == 0, done.stderr
    assert first.read_bytes() == second.read_bytes()


def test_missing_wheel_is_named_and_leaves_nothing(bundle, tmp_path):
    done, out = bundle("--python", "3.13", requires=["onnxruntime>=1.26"])
    assert "Python 3.13" in refusal(done) and "no wheel of onnxruntime>=1.26 that fits" in refusal(done)
    unreachable = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "1"}
    done, _ = bundle(requires=["onnxruntime"], **unreachable)
    assert "pip reaches no package index" in refusal(done)
    assert "There is no model 'mine'" in refusal(bundle("--model", "mine")[0])
    assert not out.exists() and not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["sotto.tar", "--python", "3.8"], "runs on Python 3.11 and newer"),
        (["sotto.zip"], "as in sotto.tar"),
        (["verify"], "as in sotto.tar"),
        (["nowhere/sotto.tar"], "a folder that is there"),
        (["sotto.tar", "--wheel", "other-1.0-py3-none-any.whl"], "cannot be read as a wheel"),
        (["sotto.tar", "--wheel", "{foreign}"], "is no wheel of sotto-ls"),
        (["sotto.tar", "--wheel", "{own}", "--vsix", "{own}"], "cannot be read as a VS Code extension"),
        (["sotto.tar", "--wheel", "{own}", "--vsix", "{old}"], "is version 0.0.1 and Sotto is 0.1.0"),
    ],
)
def test_wrong_options_are_refused(tmp_path, monkeypatch, options, reason):
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile(tmp_path / "old.vsix", "w") as zipped:
        zipped.writestr("extension/package.json", '{"version": "0.0.1"}')
    files = {
        "foreign": write_wheel(tmp_path, "other", "2.0"),
        "own": write_sotto_wheel(tmp_path),
        "old": tmp_path / "old.vsix",
    }
    assert reason in refusal(sotto("bundle", *(option.format(**files) for option in options)))


def test_pip_that_is_missing_is_explained(tmp_path):
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__init__.py").touch()  # not to be run, as a pip that is not there
    assert "-m ensurepip" in refusal(sotto("bundle", tmp_path / "a.tar", PYTHONPATH=str(tmp_path)))


def test_full_disk_is_named(tmp_path, links):
    small = tmp_path / "small"
    small.mkdir()
    wheel = write_sotto_wheel(tmp_path, payload=os.urandom(3 << 20))
    command = [sys.executable, "-m", "sotto_lsp", "bundle", f"{small}/a.tar", "--wheel", wheel]
    mounted = f"mount -t tmpfs -o size=2m none '{small}' || exit 99; exec \"$@\""
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mounted, "sh", *command, "--find-links", links],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip(f"no disk can be made small here: {done.stderr.strip()}")
    assert "No space left on device" in refusal(done)
