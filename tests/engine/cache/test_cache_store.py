"""Files of kept prompts: whatever is wrong with one, it is not used, it goes, and the answer is the right one."""

import json
import os
import shutil
import stat
import time
from collections import namedtuple

import numpy as np
import pytest

from engine.fakes import FakeModel, FakeRecurrentModel, make_engine
from sotto_engine.cache import cache_file, cache_store
from sotto_engine.cache.cache_file import CacheFile
from sotto_engine.cache.cache_store import CacheStore, measure_kept, project_folder
from sotto_engine.cache.kv_cache import CacheTensor, KVCache
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.model_files.user_cache import UnusableEntry
from sotto_engine.request import FillInRequest, Limits

REQUEST = FillInRequest("def f(x):\n    y = 1\n" * 30, "\n\nend\n", limits=Limits(max_tokens=4))
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files or modes")


def never():
    return False


def engine_at(root, project="a", identity="model", make_model=FakeModel):
    return make_engine(make_model=make_model, store=CacheStore(root, project, identity))


def completed(engine, request=REQUEST):
    return run_steps(engine.complete(request, CancelFlag()))


def keep(root, *requests, **options):
    """An engine that answered these and kept them; the files, the newest first."""
    engine = engine_at(root, **options)
    for request in requests or (REQUEST,):
        completed(engine, request)
    engine.keep_prompts(never)
    return sorted(root.glob("*/*.cache"), key=lambda path: -path.stat().st_mtime)


def cost(root, request=REQUEST, **options):
    """Tokens of the prompt that another run computes; its answer must be the right one."""
    done = completed(engine_at(root, **options), request)
    right = completed(make_engine(make_model=options.get("make_model", FakeModel)), request)
    assert (done.token_ids, done.token_logprobs) == (right.token_ids, right.token_logprobs)
    return done.num_prompt_tokens - done.num_cached_tokens


def prompt(number):
    return FillInRequest(f"# file {number}\nx = {number}\n" * 40, f"\n# {number}\n", limits=Limits(max_tokens=2))


@pytest.mark.parametrize("make_model", [FakeModel, FakeRecurrentModel])
@pytest.mark.parametrize("where", [0.0, 0.005, 0.05, 0.2, 0.5, 0.9, 0.999])
def test_flipped_bit_anywhere_is_noticed(tmp_path, where, make_model):
    (path,) = keep(tmp_path, make_model=make_model)
    assert cost(tmp_path, make_model=make_model) <= 8
    data = bytearray(path.read_bytes())
    data[int(where * len(data))] ^= 4
    path.write_bytes(data)
    assert cost(tmp_path, make_model=make_model) > 300
    assert not path.exists() or where == 0.05, "there it is in a token id: nobody asks for such a prompt"


def test_flipped_bit_would_be_a_wrong_answer(tmp_path, monkeypatch):
    (path,) = keep(tmp_path)
    data = bytearray(path.read_bytes())
    data[-500] ^= 4
    path.write_bytes(data[:-32] + bytes(32))
    monkeypatch.setattr(cache_file, "hashlib", NoChecksum)
    with pytest.raises(AssertionError):
        cost(tmp_path)


class NoChecksum:
    """In hashlib's place."""

    digest_size = 32

    @classmethod
    def sha256(cls):
        return cls()

    def update(self, piece):
        pass

    def digest(self):
        return bytes(32)


@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.5, 0.99])
def test_cut_off_or_grown_file_is_not_used(tmp_path, share):
    (path,) = keep(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert cost(tmp_path) > 300 and not path.exists()
    path.write_bytes(whole + b"\0")
    path.chmod(0o600)
    assert cost(tmp_path) > 300 and not path.exists()


def test_other_models_rows_are_not_used(tmp_path):
    (path,) = keep(tmp_path, identity="another")
    assert cost(tmp_path) > 300 and not path.exists()


def test_other_projects_file_in_place_of_ours_is_not_used(tmp_path):
    (theirs,) = keep(tmp_path, project="b")
    assert cost(tmp_path) > 300 and theirs.exists(), "its own project still has it"
    ours = project_folder(tmp_path, "a") / theirs.name
    ours.parent.mkdir(mode=0o700)
    shutil.copy2(theirs, ours)
    assert cost(tmp_path) > 300 and not ours.exists() and theirs.exists()


@posix
def test_links_pipes_folders_and_readable_files_are_not_used(tmp_path):
    (path,) = keep(tmp_path)
    elsewhere = path.rename(tmp_path / "elsewhere")
    path.symlink_to(elsewhere)
    assert cost(tmp_path) > 300 and not path.is_symlink() and elsewhere.exists()
    os.mkfifo(path, 0o600)
    assert cost(tmp_path) > 300 and not path.exists()
    shutil.copy2(elsewhere, path)
    path.chmod(0o640)
    assert cost(tmp_path) > 300 and not path.exists()
    path.mkdir(mode=0o700)
    assert cost(tmp_path) > 300 and not path.exists()
    shutil.copy2(elsewhere, path)
    path.parent.chmod(0o755)
    assert cost(tmp_path) > 300
    path.parent.chmod(0o700)
    assert cost(tmp_path) <= 8, "the file itself was right"


@pytest.mark.parametrize(
    "changed",
    [
        {"num_tokens": 10**15},
        {"num_tokens": -1},
        {"num_tokens": "9"},
        {"checkpoints": [3, 2]},
        {"checkpoints": None},
        {"grid": 32},
        {"layout": [[["state", 1, 1, "<f8"]], []]},
        {"more": 1},
    ],
)
def test_changed_head_is_refused(tmp_path, changed):
    (path,) = keep(tmp_path)
    data = path.read_bytes()
    start, end = data.index(b"{"), data.index(b"]}") + 2
    head = json.dumps(json.loads(data[start:end]) | changed).encode()
    path.write_bytes(data[: start - 4] + len(head).to_bytes(4, "little") + head + data[end:])
    with pytest.raises(UnusableEntry):
        CacheFile(path, engine_at(tmp_path).store._identity).read(make_engine().model.new_cache())
    assert cost(tmp_path) > 300


def test_other_layout_is_refused(tmp_path):
    (path,) = keep(tmp_path)
    other = KVCache([CacheTensor("state", 1, 1, np.dtype(np.float32))], 2048)
    with pytest.raises(UnusableEntry, match="another model"):
        CacheFile(path, engine_at(tmp_path).store._identity).read(other)


@posix
def test_private_modes_and_no_leftovers(tmp_path):
    (path,) = keep(tmp_path / "prompts")
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent, path.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]
    assert list(path.parent.iterdir()) == [path]
    assert "def f" not in path.read_bytes().decode("latin-1"), "the code is there as token ids, not as text"


def test_stopped_writing_leaves_no_file_and_goes_on_later(tmp_path):
    engine = engine_at(tmp_path)
    for number in range(3):
        completed(engine, prompt(number))
    for steps in range(12):
        left = iter(range(steps))
        engine.keep_prompts(lambda left=left: next(left, None) is None)
        assert not list(tmp_path.glob("*/.new-*"))
    engine.keep_prompts(never)
    assert len(list(tmp_path.glob("*/*.cache"))) == 3
    assert [cost(tmp_path, prompt(number)) for number in range(3)] == [2, 2, 2]


def test_grown_prompt_replaces_its_older_file(tmp_path):
    engine = engine_at(tmp_path)
    text = "def f(x):\n    y = 1\n" * 30
    for typed in ("", "a = 1\n" * 5, "a = 1\n" * 40):
        completed(engine, FillInRequest(text + typed, "\n", limits=Limits(max_tokens=2)))
        engine.keep_prompts(never)
        (path,) = tmp_path.glob("*/*.cache")
    before = path.stat().st_ino
    engine.keep_prompts(never)
    assert path.stat().st_ino == before
    assert cost(tmp_path, FillInRequest(text + "a = 1\n" * 40, "\n", limits=Limits(max_tokens=2))) <= 8


def test_bounds_keep_the_last_used_prompts(tmp_path, monkeypatch):
    assert len(keep(tmp_path, *map(prompt, range(12)))) == 8
    assert cost(tmp_path, prompt(11)) == 2 and cost(tmp_path, prompt(0)) > 300
    newest = keep(tmp_path, prompt(20))[0]
    assert len(list(tmp_path.glob("*/*.cache"))) == 8 and newest.exists()
    size = newest.stat().st_size
    monkeypatch.setattr(cache_store, "_MAX_NBYTES", 3 * size)
    assert len(keep(tmp_path, prompt(21))) <= 3
    monkeypatch.setattr(cache_store, "_MAX_NBYTES_OF_ALL", 2 * size)
    assert len(keep(tmp_path, prompt(22), project="b")) <= 2
    number, nbytes = measure_kept(tmp_path)
    assert 1 <= number <= 2 and nbytes <= 2 * size


def test_short_prompts_are_not_kept(tmp_path):
    assert keep(tmp_path, FillInRequest("x = 1\n" * 10, "", limits=Limits(max_tokens=2))) == []


def test_month_old_files_and_leftovers_go(tmp_path):
    (old,) = keep(tmp_path, project="b")
    os.utime(old, (time.time() - 40 * 86400,) * 2)
    folder = project_folder(tmp_path, "a")
    folder.mkdir(mode=0o700)
    (folder / ".new-abc").write_bytes(b"x")
    os.utime(folder / ".new-abc", (time.time() - 7200,) * 2)
    keep(tmp_path)
    assert not old.parent.exists() and len(list(folder.iterdir())) == 1


def test_full_disk_or_missing_folder_is_no_trouble(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    assert keep(tmp_path / "file" / "prompts") == []
    usage = namedtuple("usage", "total used free")(1 << 40, 1 << 40, 1 << 29)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert keep(tmp_path / "prompts") == []


@posix
def test_link_in_place_of_the_folder_is_not_written_through(tmp_path):
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "prompts").symlink_to(tmp_path / "real")
    assert keep(tmp_path / "prompts") == [] and not list((tmp_path / "real").glob("*/*"))


def test_kept_file_is_read_once(tmp_path, monkeypatch):
    keep(tmp_path)
    engine = engine_at(tmp_path)
    assert completed(engine).num_cached_tokens > 300
    monkeypatch.setattr(CacheFile, "read", pytest.fail)
    engine._prefix_cache.clear()
    assert completed(engine).num_cached_tokens == 0
