"""A server that is started again knows the prompts of its project from disk: the same suggestion, few tokens."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.conftest import COMMAND, Editor
from e2e.raw_client import EVERYTHING

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="moves the user's cache folder by XDG_CACHE_HOME")
CODE = "".join(f"def f{n}(values):\n    total = {n}\n    return total + sum(values)\n\n\n" for n in range(25))
BEGUN = "def mean(values):\n    return su"


class Run:
    """What one run of the server showed and what it cost."""

    def __init__(self, home, folder="file:///project", text=CODE + BEGUN, **settings):
        env = os.environ | {"XDG_CACHE_HOME": str(home)}
        with Editor.start(COMMAND, env=env) as editor:
            options = EVERYTHING | {"lookAhead": "off", "warmStart": "on"} | settings
            editor.initialize(rootUri=folder, initializationOptions=options)
            editor.open_text(text)
            self.ghost = editor.ghost()
            metrics = editor.metrics()
            assert editor.end() == 0
        self.num_computed = metrics["num_prompt_tokens"] - metrics["num_cached_tokens"]
        self.stderr = editor.stderr


def kept(home):
    return sorted(home.glob("sotto/prompts/*/*"))


def test_restart_gives_the_same_suggestion_for_few_tokens(tmp_path):
    first, second = Run(tmp_path), Run(tmp_path)
    assert first.ghost and second.ghost == first.ghost
    assert first.num_computed > 500 and second.num_computed <= 8
    typed = CODE + BEGUN + "m(values) / le"
    assert Run(tmp_path, text=typed).num_computed <= 40
    assert Run(tmp_path, text=typed).ghost == Run(tmp_path / "new", text=typed).ghost


def test_kept_prompts_are_private_and_of_one_project(tmp_path):
    first = Run(tmp_path)
    (path,) = kept(tmp_path)
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent, path.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]
    other = Run(tmp_path, folder="file:///other")
    assert other.num_computed == first.num_computed and other.ghost == first.ghost


def test_damaged_file_is_ignored_and_written_anew(tmp_path):
    first = Run(tmp_path)
    (path,) = kept(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    second = Run(tmp_path)
    assert (second.ghost, second.num_computed) == (first.ghost, first.num_computed)
    assert second.stderr == "", "nobody can do anything about it"
    assert Run(tmp_path).num_computed <= 8, "it was written anew"


@pytest.mark.parametrize(
    "options",
    [{"warmStart": "off"}, {"warmStart": "auto"}, {"folder": None}],
    ids=["off", "auto", "no folder"],
)
def test_warm_start_writes_nothing_where_it_is_off(tmp_path, options):
    assert Run(tmp_path, **options).ghost
    assert not list(Path(tmp_path).rglob("*")), "the embedded model is too small for auto"


def test_warm_start_switched_off_deletes_kept_prompts(tmp_path):
    Run(tmp_path), Run(tmp_path, folder="file:///other")
    assert len(kept(tmp_path)) == 2
    Run(tmp_path, warmStart="off")
    assert len(kept(tmp_path)) == 1


def test_doctor_says_where_prompts_are_kept(tmp_path):
    Run(tmp_path)
    env = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    report = subprocess.run([*COMMAND[:-1], "doctor"], env=env, capture_output=True, text=True, check=True)
    assert f"1 prompt ({kept(tmp_path)[0].stat().st_size / 1e6:.0f} MB)" in report.stdout
    assert str(tmp_path / "sotto" / "prompts") in report.stdout
