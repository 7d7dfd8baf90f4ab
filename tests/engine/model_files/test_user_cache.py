"""Entries of the user's cache folder: private, bounded, whole or not there."""

import os
import stat
import subprocess
import sys
import time

import pytest

from sotto_engine.model_files.user_cache import (
    UnusableEntry,
    delete,
    delete_oldest,
    find_entries,
    is_being_written,
    is_private_folder,
    make_private_folder,
    new_entry,
    open_private,
    sweep,
    touch,
)

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files or modes")


def entry(folder, name, days=0.0, nbytes=10):
    path = folder / name
    path.write_bytes(bytes(nbytes))
    os.utime(path, (time.time() - days * 86400,) * 2)
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("is_folder", [False, True])
def test_new_entry_is_private_and_goes_unless_it_was_renamed(tmp_path, is_folder):
    path = tmp_path / "entry"
    with new_entry(path, is_folder=is_folder) as new:
        assert stat.S_IMODE(new.stat().st_mode) == (0o700 if is_folder else 0o600) or os.name == "nt"
        assert is_being_written(path) and not path.exists()
    assert names(tmp_path) == [] and not is_being_written(path)
    with pytest.raises(OSError, match="full"), new_entry(path, is_folder=is_folder) as new:
        raise OSError("full")
    assert names(tmp_path) == []
    with new_entry(path, is_folder=is_folder) as new:
        new.rename(path)
    assert names(tmp_path) == ["entry"]


def test_sweep_deletes_what_a_writer_left_that_is_gone(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    entry(tmp_path, f".new-a-{gone.pid}")
    (tmp_path / f".new-b-{gone.pid}").mkdir()
    entry(tmp_path, "whole")
    with new_entry(tmp_path / "c") as new:
        sweep(tmp_path)
        assert names(tmp_path) == sorted([new.name, "whole"])


def test_bounds_keep_the_most_recently_used(tmp_path):
    for number in range(4):
        entry(tmp_path, str(number), days=number)

    def kept(**bounds):
        delete_oldest(find_entries(tmp_path, "*"), **{"max_nbytes": 1000, **bounds})
        return names(tmp_path)

    assert kept() == ["0", "1", "2", "3"]
    assert kept(max_entries=3) == ["0", "1", "2"]
    assert kept(max_nbytes=20) == ["0", "1"]
    assert kept(max_age_s=43200) == ["0"]
    assert kept(max_nbytes=1, keep=tmp_path / "0") == ["0"]
    assert kept(max_nbytes=1) == []


def test_bounds_count_all_files_of_a_folder(tmp_path):
    (tmp_path / "folder").mkdir()
    entry(tmp_path / "folder", "a", nbytes=5)
    entry(tmp_path / "folder", "b", nbytes=6)
    assert [each.nbytes for each in find_entries(tmp_path, "*")] == [11]
    delete_oldest(find_entries(tmp_path, "*"), max_nbytes=10)
    assert names(tmp_path) == []


def test_touch_makes_an_entry_the_newest(tmp_path):
    old, new = entry(tmp_path, "old", days=9), entry(tmp_path, "new", days=1)
    touch(new, rank=1)
    touch(old)
    assert [each.path for each in find_entries(tmp_path, "*")] == [old, new]
    touch(tmp_path / "missing")


@posix
def test_private_file_is_no_link_no_pipe_and_closed_to_others(tmp_path):
    path = entry(tmp_path, "file")
    path.chmod(0o600)
    with open_private(path) as file:
        assert len(file.read()) == 10
    (tmp_path / "link").symlink_to(path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("link", "pipe"):
        with pytest.raises(UnusableEntry):
            open_private(tmp_path / name)
    for mode in (0o640, 0o604, 0o620):
        path.chmod(mode)
        with pytest.raises(UnusableEntry):
            open_private(path)
    with pytest.raises(FileNotFoundError):
        open_private(tmp_path / "missing")


@posix
def test_private_folder_is_no_link_and_closed_to_others(tmp_path):
    folder = tmp_path / "a" / "b"
    make_private_folder(folder)
    assert is_private_folder(folder) and stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o750)
    assert not is_private_folder(folder)
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(PermissionError):
        make_private_folder(tmp_path / "link")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750, "nothing is changed through a link"


@posix
def test_delete_takes_a_link_and_leaves_what_it_leads_to(tmp_path):
    (tmp_path / "folder").mkdir()
    entry(tmp_path / "folder", "a")
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    delete(tmp_path / "link")
    assert names(tmp_path) == ["folder"]
    delete(tmp_path / "folder")
    delete(tmp_path / "missing")
    assert names(tmp_path) == []
