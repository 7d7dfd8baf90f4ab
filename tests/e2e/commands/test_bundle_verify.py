"""`sotto bundle verify`: one sentence for every fault that is planted in a bundle."""

import io
import tarfile

import pytest

from e2e.small_wheels import refusal, sotto, write_bundle

FOLDER = "sotto-0.1.0"
WHEEL = f"{FOLDER}/wheels/sotto_ls-0.1.0-py3-none-any.whl"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The members of a bundle that is whole: pairs of TarInfo and bytes."""
    folder = tmp_path_factory.mktemp("whole")
    with tarfile.open(write_bundle(folder)) as tar:
        return [(info, tar.extractfile(info).read()) for info in tar]


def member(name, data=b"more", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def changed(members):
    return [(info, data[:-1] + b"!" if info.name == WHEEL else data) for info, data in members]


def without(name):
    return lambda members: [each for each in members if each[0].name != name]


def with_one_more(name, data=b"more", **fields):
    return lambda members: [*members, member(name, data, **fields)]


FAULTS = {
    "a byte is changed": (changed, "does not match its checksum"),
    "a file is missing": (without(WHEEL), "is missing"),
    "a file is added": (with_one_more(f"{FOLDER}/wheels/evil-1.0-py3-none-any.whl"), "is not listed"),
    "a file goes up": (with_one_more(f"{FOLDER}/../evil"), "leaves its folder"),
    "a file is absolute": (with_one_more("/etc/evil"), "leaves its folder"),
    "a file goes up on Windows": (with_one_more(f"{FOLDER}/..\\evil"), "leaves its folder"),
    "a file is on a drive": (with_one_more(f"{FOLDER}/C:evil"), "leaves its folder"),
    "a file is in no folder": (with_one_more("evil"), "leaves its folder"),
    "a file is in another folder": (with_one_more("other/evil"), "in another folder"),
    "a symbolic link": (
        with_one_more(f"{FOLDER}/link", b"", type=tarfile.SYMTYPE, linkname="/etc"),
        "is a link",
    ),
    "a hard link": (with_one_more(f"{FOLDER}/link", b"", type=tarfile.LNKTYPE, linkname=WHEEL), "is a link"),
    "a device": (with_one_more(f"{FOLDER}/null", b"", type=tarfile.CHRTYPE), "no plain file"),
    "a folder": (with_one_more(f"{FOLDER}/wheels", b"", type=tarfile.DIRTYPE), "no plain file"),
    "a file is there twice": (with_one_more(WHEEL), "is there twice"),
    "twice where case does not matter": (with_one_more(WHEEL.upper()), "another folder"),
    "twice but for case": (with_one_more(f"{FOLDER}/INSTALL.sh"), "is there twice"),
    "no checksums": (without(f"{FOLDER}/SHA256SUMS"), "has no SHA256SUMS"),
    "no files": (lambda members: [], "has no SHA256SUMS"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_refused(whole, tmp_path, fault):
    plant, reason = FAULTS[fault]
    path = tmp_path / "bad.tar"
    with tarfile.open(path, "w") as tar:
        for info, data in plant(whole):
            tar.addfile(info, io.BytesIO(data))
    sentence = refusal(sotto("bundle", "verify", path))
    assert reason in sentence and str(path) in sentence


def test_rewritten_bundle_without_a_fault_passes(whole, tmp_path):
    """So none of the faults above is refused for how it was planted."""
    path = tmp_path / "good.tar"
    with tarfile.open(path, "w") as tar:
        for info, data in whole:
            tar.addfile(info, io.BytesIO(data))
    done = sotto("bundle", "verify", path)
    assert done.returncode == 0 and "every file matches" in done.stdout
    cut = tmp_path / "cut.tar"
    cut.write_bytes(path.read_bytes()[:-12_000])
    assert str(cut) in refusal(sotto("bundle", "verify", cut))


def test_file_that_is_no_tar_is_refused(tmp_path):
    (tmp_path / "a.tar").write_bytes(b"no tar" * 1000)
    assert "cannot be read as a tar" in refusal(sotto("bundle", "verify", tmp_path / "a.tar"))
    assert "cannot be read as a tar" in refusal(sotto("bundle", "verify", tmp_path / "missing.tar"))
