"""The commands sotto.models.list, .use and .get over stdio: chosen without a restart, added, cancelled."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import sotto_models
from e2e.conftest import Editor
from e2e.raw_client import EVERYTHING
from e2e.silent_hub import silent_hub

CODE = "def mean(values):\n    total = sum(values)\n    return total / len("
PROGRESS = {"window": {"workDoneProgress": True}}
CANCELLED = -32800
NAME = "mine"


@pytest.fixture
def start(tmp_path, start_server):
    """A session whose store of models and whose home are the test's own."""

    def start(settings=None, **environment):
        own = {"SOTTO_MODELS": str(tmp_path / "store"), "HOME": str(tmp_path), "HF_HUB_DISABLE_TELEMETRY": "1"}
        editor = start_server(env=os.environ | own | environment, cwd=tmp_path)
        editor.initialize(initializationOptions=EVERYTHING | (settings or {}), capabilities=PROGRESS)
        return editor

    return start


def command(editor, name, *arguments, timeout=60):
    params = {"command": f"sotto.models.{name}", "arguments": list(arguments)}
    return editor.result("workspace/executeCommand", params, timeout=timeout)


def add_copy(editor, name="mine"):
    return command(editor, "get", {"source": str(sotto_models.embedded_model_dir()), "name": name})


def progress(editor):
    """The values of the progress of the model that is added, in their order."""
    sent = [each["params"] for each in editor.notifications if each["method"] == "$/progress"]
    tokens = [each["token"] for each in sent if each["value"].get("title", "").startswith("Sotto: adding")]
    return [each["value"] for each in sent if each["token"] in tokens]


def test_model_is_added_and_answers_without_a_restart(start):
    editor = start()
    assert add_copy(editor) == {"done": True, "message": "mine is there and can be chosen.", "name": "mine"}
    kinds = [each["kind"] for each in progress(editor)]
    assert kinds[0] == "begin" and kinds[-1] == "end" and "report" in kinds
    editor.open_text(CODE)
    before = editor.ghost()
    assert [row["name"] for row in command(editor, "list") if row["used"]] == ["embedded"]
    assert command(editor, "use", {"name": "mine"})["done"]
    assert [row["name"] for row in command(editor, "list") if row["used"]] == ["mine"]
    editor.delete(len(CODE) - 1, len(CODE))
    editor.type("(")
    assert editor.ghost() == before != ""
    assert command(editor, "use", "embedded")["done"]


def test_choice_in_a_terminal_is_taken_up_by_an_open_editor(start, tmp_path):
    editor = start()
    add_copy(editor)
    assert command(editor, "use", {"name": "mine"})["done"]
    editor.open_text(CODE)
    assert editor.ghost() and editor.explain_last()[0]["model"] == NAME
    num_loaded = len(loadings(editor))
    own = os.environ | {"SOTTO_MODELS": str(tmp_path / "store")}
    subprocess.run([sys.executable, "-m", "sotto_lsp", "models", "use", "embedded"], env=own, check=True)
    deadline = time.monotonic() + 60
    while len(loadings(editor)) == num_loaded:
        assert time.monotonic() < deadline, "it is not taken up"
        editor.open_text(CODE, f"file:///{time.monotonic()}.py")
        editor.ghost()
    assert loadings(editor)[-1].endswith("embedded")


def loadings(editor):
    """The titles of the progress of loading."""
    sent = [each["params"]["value"] for each in editor.notifications if each["method"] == "$/progress"]
    return [each["title"] for each in sent if each.get("title", "").startswith("Sotto: loading")]


def test_listed_models_say_what_they_are(start):
    editor = start()
    rows = {row["name"]: row for row in command(editor, "list", {"catalogue": True})}
    assert rows["embedded"]["kind"] == "embedded" and rows["embedded"]["nbytes"] > 1e6
    assert rows["embedded"]["used"] and rows["embedded"]["fillsIn"] and not rows["embedded"]["instruct"]
    assert rows["qwen2.5-coder-0.5b"] == {
        "name": "qwen2.5-coder-0.5b",
        "kind": "catalogue",
        "licence": "Apache-2.0",
        "used": False,
        "about": "base, 0.5 billion parameters",
        "instruct": False,
    }
    assert "esearch" in rows["qwen2.5-coder-3b"]["licence"]


def test_setting_that_names_a_model_goes_first_and_says_so(start):
    editor = start({"model": "embedded"})
    add_copy(editor)
    answer = command(editor, "use", {"name": "mine"})
    assert answer["done"] and "embedded" in answer["message"] and "goes first" in answer["message"]


@pytest.mark.parametrize(
    ("name", "argument", "sentence"),
    [
        ("use", {"name": "nothing"}, "There is no model 'nothing'"),
        ("use", {}, "names no model"),
        ("get", {}, "names no model"),
        ("get", {"name": "qwen2.5-coder-0.5"}, "did you mean"),
        ("get", {"source": "/no/such/file.gguf"}, "/no/such/file.gguf"),
        ("get", {"name": "--help"}, "There is no model '--help'"),
    ],
)
def test_wrong_wish_is_refused_in_one_sentence(start, name, argument, sentence):
    answer = command(start(), name, argument)
    assert not answer["done"] and sentence in answer["message"] and "\n" not in answer["message"]


def children_of(editor: Editor):
    return Path(f"/proc/{editor.process.pid}/task/{editor.process.pid}/children").read_text().split()


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="child processes are looked up in Linux's /proc")
@pytest.mark.parametrize("how", ["the progress's button", "the request"])
def test_cancelled_in_the_middle_all_is_as_it_was(start, tmp_path, how):
    with silent_hub() as (address, connected):
        editor = start(HF_ENDPOINT=address, NO_PROXY="*")
        wish = {"command": "sotto.models.get", "arguments": [{"name": "qwen2.5-coder-0.5b"}]}
        asked = editor.send_request("workspace/executeCommand", wish)
        assert connected.wait(60), "nobody asks the hub"
        assert len(children_of(editor)) == 1
        assert not command(editor, "get", {"name": "starcoder2-3b"})["done"], "one at a time"
        if how == "the request":
            editor.cancel(asked)
        else:
            (token,) = {
                each["params"]["token"]
                for each in editor.notifications
                if each["method"] == "$/progress" and each["params"]["value"].get("cancellable")
            }
            editor.notify("window/workDoneProgress/cancel", {"token": token})
        assert editor.wait(asked, 30)["error"]["code"] == CANCELLED
    assert progress(editor)[-1] == {"kind": "end", "message": "nothing was added"}
    assert children_of(editor) == []
    assert [row["name"] for row in command(editor, "list")] == ["embedded"]
    assert not list(tmp_path.glob("store/*"))


def test_commands_are_those_of_the_server(start_server):
    offered = start_server().initialize()["executeCommandProvider"]["commands"]
    assert {"sotto.models.list", "sotto.models.use", "sotto.models.get"} <= set(offered)


def test_model_of_another_program_is_listed_with_what_it_costs(start, tmp_path):
    pytest.importorskip("gguf", reason="the extra `prepare` is not installed: no gguf")
    from models.importing.tiny import make_model, write_gguf

    (tmp_path / "models").mkdir()
    file = write_gguf(make_model("qwen2"), tmp_path / "models" / "tiny.gguf")
    rows = [row for row in command(start(), "list", {"found": True}) if row["kind"] == "found"]
    (row,) = [row for row in rows if row["name"] == "tiny"]
    assert row["source"] == str(file) and row["nbytes"] > 0 and row["licence"] == "unknown"
    assert row["fillsIn"] and not row["instruct"] and row["memoryNbytes"] > row["nbytes"] and row["keyMs"] >= 0
