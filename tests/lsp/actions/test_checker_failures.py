"""A checker that is missing, hangs, crashes or talks nonsense refuses nothing and is named in one sentence."""

import asyncio
import os
import sys
import time

import pytest

from sotto_lsp.actions.checkers.known_checkers import find_checkers
from sotto_lsp.actions.checkers.verifier import Verifier

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the planted programs are scripts with a #! line")
BEGIN = f"#!{sys.executable}\nimport json, os, pathlib, subprocess, sys, time\n"
HANG = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\ntime.sleep(600)\n"


@pytest.fixture
def plant(tmp_path, monkeypatch):
    """Put a program into the workspace's .venv, and nothing onto the PATH."""
    monkeypatch.setenv("PATH", "")
    scripts = tmp_path / ".venv" / "bin"
    scripts.mkdir(parents=True)

    def plant(name, code):
        program = scripts / name
        program.write_text(BEGIN + code)
        program.chmod(0o755)

    return plant


def verdicts(project, name="ruff", after=("x = 2\n", "x = 3\n"), limit_s=60.0, goes_on=lambda what: True):
    verifier = Verifier(find_checkers((name,)), project, project / "app.py", limit_s=limit_s)
    return asyncio.run(verifier.judge("x = 1\n", after, 2, goes_on))


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (None, "ruff is neither in the workspace's .venv nor on the PATH"),
        ("print('boom', file=sys.stderr)\nsys.exit(2)\n", "ruff failed (boom)"),
        ("sys.exit(7)\n", "ruff failed (exit code 7)"),
        ("os.kill(os.getpid(), 9)\n", "ruff failed (exit code -9)"),
        ("print('{')\n", "ruff gave an answer that is not understood; is it another version?"),
        ("print('[{\"code\": 1}]')\n", "ruff gave an answer that is not understood; is it another version?"),
        ("print('{}, ' * 9_000_000)\n", "ruff gave an answer that is not understood; is it another version?"),
    ],
)
def test_broken_checker_refuses_nothing_and_is_named(plant, tmp_path, code, why):
    if code is not None:
        plant("ruff", code)
    verdict = verdicts(tmp_path)
    assert verdict.accepted == [0, 1] and verdict.unchecked == [why]
    assert verdict.passed == [] and verdict.refusals == []


def test_broken_checker_without_an_interpreter_is_named(plant, tmp_path):
    plant("ruff", "")
    (tmp_path / ".venv" / "bin" / "ruff").write_bytes(b"#!/nowhere/at/all\n")
    assert "could not be started" in verdicts(tmp_path).unchecked[0]


def test_timeout_of_a_checker_ends_it_with_its_children(plant, tmp_path):
    plant("pyright", "pathlib.Path(__file__ + '.pid').write_text(str(os.getpid()))\n" + HANG)
    verdict = verdicts(tmp_path, "pyright", limit_s=1.0)
    assert verdict.accepted == [0, 1] and verdict.unchecked == ["pyright gave no answer in 1 s"]
    pid = tmp_path / ".venv" / "bin" / "pyright.pid"
    assert not pid.exists() or not is_running(int(pid.read_text()))


def test_timeout_of_a_checker_keeps_its_refusals(plant, tmp_path):
    count = (
        "p = pathlib.Path(__file__ + '.n')\nn = len(p.read_text()) if p.exists() else 0\n"
        "p.write_text('x' * (n + 1))\n"
    )
    report = "print(json.dumps([{'location': {'row': 1}, 'code': 'F1', 'message': 'no'}] if n == 1 else []))\n"
    plant("ruff", count + "if n == 2: time.sleep(600)\n" + report)
    verifier = Verifier(find_checkers(("ruff",)), tmp_path, tmp_path / "app.py", limit_s=5.0)
    for _ in range(2):  # the second time it is not asked again
        verdict = asyncio.run(verifier.judge("x = 1\n", ["x = 2\n", "x = 3\n"], 2, lambda what: True))
        assert verdict.accepted == [1] and verdict.refusals == ["ruff reports F1: no"]
        assert verdict.unchecked == ["ruff gave no answer in 5 s"]
    assert (tmp_path / ".venv" / "bin" / "ruff.n").read_text() == "xxx"


def test_cancel_ends_the_checker_and_leaves_no_file(plant, tmp_path, monkeypatch):
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(private))
    plant("pyright", "pathlib.Path(__file__ + '.pid').write_text(str(os.getpid()))\n" + HANG)
    pid = tmp_path / ".venv" / "bin" / "pyright.pid"

    async def begin_and_cancel():
        verifier = Verifier(find_checkers(("pyright",)), tmp_path, tmp_path / "app.py")
        task = asyncio.create_task(verifier.judge("x = 1\n", ["x = 2\n"], 1, lambda what: True))
        end = time.monotonic() + 60
        while not (pid.exists() and pid.read_text()):
            assert time.monotonic() < end
            await asyncio.sleep(0.01)
        assert list(private.iterdir()), "the mirror is there while it is needed"
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(begin_and_cancel())
    assert not is_running(int(pid.read_text()))
    assert list(private.iterdir()) == []


def test_environment_of_a_checker_has_no_secrets_and_no_network(plant, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    plant("ruff", "pathlib.Path(__file__ + '.env').write_text(json.dumps(dict(os.environ)))\nprint('[]')\n")
    assert verdicts(tmp_path).passed == ["ruff reports no new error"]
    seen = (tmp_path / ".venv" / "bin" / "ruff.env").read_text()
    assert "secret" not in seen and "example" not in seen and '"https_proxy": "http://127.0.0.1:9"' in seen


def test_stale_lines_end_the_checking(plant, tmp_path):
    plant("ruff", "with open(__file__ + '.log', 'a') as log: log.write('x')\nprint('[]')\n")
    verdicts(tmp_path, goes_on=lambda what: "answer" not in what)
    assert (tmp_path / ".venv" / "bin" / "ruff.log").read_text() == "x", "the text as it was, and no answer"
