"""The command line: what it prints, and one sentence with a non-zero exit code for every bad input."""

import json
import subprocess
import sys

import pytest

CODE = "def mean(values):\n    total = su\n    return total / len(values)\n"


def sotto(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "sotto_lsp", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "app.py"
    path.write_text(CODE)
    return path


def test_complete_prints_the_suggestion(source):
    done = sotto("complete", f"{source}:2:15")
    assert done.returncode == 0 and done.stdout.startswith("m(values)") and done.stderr == ""


def test_complete_as_json_has_counts_and_timings(source):
    report = json.loads(sotto("complete", f"{source}:2:15", "--json").stdout)
    assert report["shown"].startswith("m(values)")
    assert report["promptTokens"] > report["cachedTokens"] == 0
    assert {"said", "finish", "probabilities", "reasons"} <= set(report)
    assert set(report["timings"]) == {"prompt", "prefill", "decode", "total"}


def test_complete_explains_what_was_shown_and_why_nothing_was(source, tmp_path):
    said = sotto("complete", f"{source}:2:15", "--explain").stdout
    assert said.startswith("shown:  'm(values)") and "prompt: " in said
    (tmp_path / "server.pem").write_text("x = ")
    silent = sotto("complete", f"{tmp_path / 'server.pem'}:1:5", "--explain").stdout
    assert silent.startswith("shown:  nothing\nreason: ")


def test_windows_paths_and_line_ends(tmp_path):
    path = tmp_path / "dos.py"
    path.write_bytes(CODE.replace("\n", "\r\n").encode("utf-8-sig"))
    assert sotto("complete", f"{path}:2:15").stdout.startswith("m(values)")


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("app.py", "write FILE:LINE:COL"),
        ("missing.py:1:1", "cannot be read"),
        ("{source}:0:1", "outside the file"),
        ("{source}:99:1", "outside the file, which has 4 lines"),
        ("{source}:1:99", "outside its line, which has 17 characters"),
        ("{folder}:1:1", "cannot be read"),
        ("{binary}:1:1", "is binary"),
        ("{latin}:1:1", "is not UTF-8 text"),
        ("{large}:1:1", "larger than 8 MB"),
    ],
)
def test_place_that_is_bad_gets_one_sentence(source, place, reason):
    folder = source.parent
    (folder / "binary").write_bytes(b"a\0b")
    (folder / "latin").write_bytes("é".encode("latin-1"))
    (folder / "large").write_bytes(b"x = 1\n" * 3_500_000)
    names = {name: folder / name for name in ("binary", "latin", "large")}
    done = sotto("complete", place.format(source=source, folder=folder, **names))
    assert done.returncode == 1 and done.stdout == ""
    assert reason in done.stderr and done.stderr.count("\n") == 1 and "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("complete", "{source}:1:1"), ("demo", "--plain")])
def test_folder_without_a_model_is_refused(source, command):
    done = sotto(*(part.format(source=source) for part in command), "--model", source.parent)
    assert done.returncode == 1 and "no .onnx file" in done.stderr and done.stderr.count("\n") == 1


def test_doctor_finds_everything_well():
    done = sotto("doctor", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0 and report["problem"] == "" and report["checksum"] == "matches"
    assert report["decode_tokens_per_s"] > 0 and report["prefill_tokens_per_s"] > 0
    assert report["speed_class"].startswith("fast")
    assert report["first_suggestion"]


def test_doctor_names_the_problem(tmp_path):
    done = sotto("doctor", "--model", tmp_path)
    assert done.returncode == 1 and "Problem: There is no .onnx file" in done.stdout


def test_demo_types_accepts_and_sums_up():
    done = sotto("demo", "--plain")
    assert done.returncode == 0, done.stderr
    assert "├" in done.stdout, "a suggestion was taken over"
    for row in ("key to answer", "from the KV cache", "CPU"):
        assert row in done.stdout


def test_demo_on_a_file_of_ones_own(tmp_path):
    path = tmp_path / "own.py"
    path.write_text("".join(f"def f{i}(x):\n    return x + {i}\n\n\n" for i in range(6)))
    assert sotto("demo", path, "--plain").returncode == 0
    path.write_text("")
    assert "empty" in sotto("demo", path, "--plain").stderr


def test_help_names_every_command():
    text = sotto("--help").stdout
    assert all(command in text for command in ("serve", "complete", "demo", "doctor", "Nothing leaves"))
    assert sotto("--version").stdout.startswith("sotto ")
    assert sotto().returncode == 2
