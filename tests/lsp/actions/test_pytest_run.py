"""Tests by name: what a report says of them, what is left of an answer without some, what a process can take."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from sotto_lsp.actions import tests_trial
from sotto_lsp.actions.answered_tests import tests_in as names_in
from sotto_lsp.actions.answered_tests import without_tests
from sotto_lsp.actions.checkers import pytest_run
from sotto_lsp.actions.checkers.checker_process import CheckerError
from sotto_lsp.actions.checkers.pytest_report import read_report

ANSWER = """import pytest
from app import f

LIMITS = [1, 2]


def helper():
    return 1


# The usual case.
@pytest.mark.parametrize("x", LIMITS)
def test_one(x):
    assert f(x)


class TestMore:
    def test_two(self):
        assert f(2)


class Fake:
    pass


async def test_three():
    assert f(3)
"""


def test_the_tests_of_an_answer_have_names():
    assert names_in(ANSWER) == ["test_one", "TestMore", "test_three"]
    assert names_in("def test_x(") == []
    assert names_in("class A(unittest.TestCase):\n    def test_a(self): pass\n") == ["A"]


def test_tests_are_left_out_with_what_belongs_to_them():
    assert without_tests(ANSWER, []) == ANSWER
    left = without_tests(ANSWER, ["test_one", "test_three"])
    assert "usual case" not in left and "parametrize" not in left and names_in(left) == ["TestMore"]
    assert "return 1\n\n\nclass TestMore" in left and left.endswith("    pass\n")


CASES = """<?xml version="1.0"?><testsuites><testsuite>
<testcase classname="tests.test_app" name="test_one[1]"/>
<testcase classname="tests.test_app" name="test_one[2]">
<failure message="assert 1 == 2&#10; + where">x</failure></testcase>
<testcase classname="tests.test_app.TestMore" name="test_two"/>
<testcase classname="tests.test_app" name="test_three"><skipped message="no"/></testcase>
<testcase classname="tests.test_app" name="test_onetwo"><error message="failed on setup"/></testcase>
</testsuite></testsuites>"""


def test_a_report_is_read_by_the_names_that_were_asked_for():
    outcomes = read_report(CASES, ["test_one", "TestMore", "test_three", "test_four"])
    assert outcomes.passed == ("TestMore",)
    assert outcomes.failed == {
        "test_one": "assert 1 == 2",
        "test_three": "is skipped",
        "test_four": "was not found by pytest",
    }
    with pytest.raises(CheckerError, match="no report"):
        read_report("<testsuites>", ["test_one"])


def run(tmp_path, tests, names, **texts):
    files = {tmp_path / f"{name}.py": text for name, text in texts.items()}
    path = tmp_path / "test_app.py"
    return pytest_run.run_tests(tmp_path, {path: tests, **files}, path, names, tmp_path)


@pytest.fixture
def outcomes(tmp_path, monkeypatch):
    import asyncio

    if sys.platform != "linux":
        pytest.skip("Windows may have no links, macOS keeps no limit of memory")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    return lambda tests, *names, **texts: asyncio.run(run(tmp_path, tests, names, **texts))


def test_a_file_that_cannot_be_imported_fails_with_its_error(outcomes):
    found = outcomes("from app import f\ndef test_a(): pass\n", "test_a", app="import nowhere\n")
    assert found.failed == {"test_a": "ModuleNotFoundError: No module named 'nowhere'"}


@pytest.mark.parametrize(("code", "told"), [("os._exit(0)", 0), ("os.abort()", -6)])
def test_a_test_that_ends_pytest_does_not_pass(outcomes, code, told):
    found = outcomes(f"import os\ndef test_a(): {code}\n", "test_a")
    assert found.failed == {"test_a": f"ended pytest with exit code {told}"}


def test_a_pytest_that_cannot_be_started_is_said_to_have_failed(outcomes, tmp_path):
    planted = tmp_path / ".venv" / "bin" / "pytest"
    planted.parent.mkdir(parents=True)
    planted.write_text("#!/nowhere/python\n")
    planted.chmod(0o755)
    with pytest.raises(CheckerError, match=r"failed .No such file or directory"):
        outcomes("def test_a(): pass\n", "test_a")


def test_what_pytest_takes_for_no_test_is_not_run_nor_written():
    import asyncio

    code = "class Case:\n    def test_it(self):\n        assert f(1)\n"
    tried = asyncio.run(tests_trial.TestsTrial(None, None).of(code, {}))
    assert not tried.has_tests and "no test in it" in tried.sentence


def test_tests_that_take_too_long_are_ended(outcomes, monkeypatch):
    monkeypatch.setattr(pytest_run, "LIMIT_S", 3.0)
    found = outcomes("import time\ndef test_a(): time.sleep(600)\n", "test_a")
    assert found.failed == {"test_a": "took longer than 3 s"}


def test_tests_see_few_variables_and_no_network_and_not_all_memory(outcomes, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "x")
    found = outcomes(
        "import os, socket, tempfile\nimport pytest\n"
        "def test_variables(): assert 'SECRET_TOKEN' not in os.environ\n"
        "def test_folder(): assert tempfile.gettempdir().startswith(os.path.dirname(os.getcwd()))\n"
        "def test_memory():\n    with pytest.raises(MemoryError): bytearray(6 << 30)\n"
        "def test_network():\n    with pytest.raises(OSError):\n"
        "        socket.create_connection(('192.0.2.1', 80), timeout=1)\n",
        *(names := ["test_variables", "test_folder", "test_memory", "test_network"]),
    )
    assert found.failed == {} and list(found.passed) == names


def test_what_a_test_leaves_running_is_ended_with_it(outcomes, tmp_path):
    pid = tmp_path / "pid"
    found = outcomes(
        "import subprocess, sys\ndef test_a():\n"
        "    null = subprocess.DEVNULL\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'while 1: pass'], stdout=null, stderr=null)\n"
        f"    open({str(pid)!r}, 'w').write(str(child.pid))\n",
        "test_a",
    )
    assert found.passed == ("test_a",)
    state, end = Path("/proc", pid.read_text(), "stat"), time.monotonic() + 10
    while state.exists() and state.read_text().split(") ")[1][0] not in "ZX":
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform != "linux", reason="the others have no networks of their own")
def test_a_limited_process_reaches_not_even_this_machine(tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        code = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 2)"
        plain = [sys.executable, "-c", code]
        assert subprocess.run(plain, check=False, capture_output=True).returncode == 0
        limited = subprocess.run([*pytest_run._limits(), *plain], check=False, capture_output=True)
        if subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode:
            pytest.skip("this machine lends no network of one's own")
        assert b"unreachable" in limited.stderr
