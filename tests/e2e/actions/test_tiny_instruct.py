"""An instruct-shaped model with random weights, end to end: its answers are noise; this proves the plumbing alone."""

import json
import shutil
import time
from pathlib import Path

import pytest

from e2e.action_editor import ActionEditor
from e2e.conftest import COMMAND
from sotto_engine.model_files.manifest import load_manifest
from sotto_models import embedded_model_dir

EXPORT = Path(__file__).parents[2] / "exporters" / "models" / "qwen2-optimum-int4"
END_OF_TURN = 264  # <|im_end|> of its vocabulary, by which a model that was tuned to answer is known
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CODE = "def area(rs):\n    out = []\n    for r in rs:\n        out.append(3 * r)\n    return out\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny"
    shutil.copytree(EXPORT, folder)
    config = json.loads((folder / "config.json").read_text())
    config |= {"eos_token_id": [END_OF_TURN, 256], "max_position_embeddings": 4096}  # a token is a byte here
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "chat_template.jinja").write_text(CHATML)
    return folder


@pytest.fixture
def editor(model):
    with ActionEditor.start([*COMMAND, "--model", model]) as editor:
        yield editor.begin({"actionCandidates": 2})
        assert editor.not_protocol == b"" and editor.unasked == []


def offered(editor, place):
    return {each["title"]: each for each in editor.actions(place)}


def test_actions_model_explains_while_the_embedded_one_answers_keys(model, tmp_path):
    with ActionEditor.start(COMMAND) as editor:
        editor.begin({"actionsModel": str(model), "actionCandidates": 1})
        editor.open_text(CODE, (tmp_path / "app.py").as_uri())
        action = offered(editor, "def area")["Explain"]
        num_before = editor.metrics()["num_action_answers"]
        editor.run(action)
        assert editor.metrics()["num_action_answers"] == num_before + 1
        editor.delete(len(CODE) - len("return out\n"), len(CODE))
        editor.type("ret")
        editor.inline()
        assert editor.explain_last()[0]["source"] == "model"
        assert editor.explain_last()[0]["model"] == load_manifest(embedded_model_dir()).name


def test_noise_from_an_instruct_model_is_never_written(editor, tmp_path):
    editor.open_text("# Say it shorter.\n" + CODE, (tmp_path / "app.py").as_uri())
    whole = editor.text
    (tmp_path / "test_app.py").touch()
    actions = offered(editor, whole) | offered(editor, "def area")
    assert {"Add type hints", "Write docstring"}.isdisjoint(actions), "it knows no edit tasks"
    for title in (
        "Simplify",
        "Rewrite selection as: Say it shorter.",
        "Write tests for this function",
        "Explain",
    ):
        num_before = editor.metrics()["num_action_answers"]
        result = editor.run(actions[title])
        assert result["applied"] is False, result
        num_asked = editor.metrics()["num_action_answers"] - num_before
        assert num_asked == (1 if title == "Explain" else 2)
        assert title == "Explain" or "passes the checks" in result["message"] or "no answer" in result["message"]
    assert editor.text == whole and editor.edits == []


def test_completion_overtakes_an_answer_and_a_cancel_ends_it(editor):
    editor.open_text(CODE)
    msg_id = editor.start_action(offered(editor, "def area")["Simplify"], workDoneToken="t")
    while not any("tokens" in value.get("message", "") for value in editor.progress("t")):
        editor.wait_notification("$/progress", num_before=len(editor.progress("t")), timeout=60)
    during = editor.send_request("textDocument/inlineCompletion", editor.inline_params(len(CODE)))
    editor.wait(during, timeout=60)
    editor.cancel(msg_id)
    response = editor.wait(msg_id, timeout=60)
    assert response.get("error", {}).get("code") == -32800 or response["result"]["applied"] is False
    assert editor.received_at[during] < editor.received_at[msg_id]
    assert editor.text == CODE and editor.edits == []


def test_thousand_menus_with_an_instruct_model_run_no_model(editor):
    body = "".join(f"        for r in rs[{i}:]:\n            out.append({i} * r)\n" for i in range(25))
    method = "    def area{}(self, rs):\n        out = []\n" + body + "        return out\n\n"
    editor.open_text("class Shapes:\n" + "".join(method.format(i) for i in range(60)))
    before = editor.metrics()
    times = []
    for number in range(1000):
        first = 1 + 54 * (number % 60)
        cursor = {"line": first, "character": 10}
        end = cursor if number % 2 else {"line": first + 2 + number % 50, "character": 0}
        start = time.perf_counter()
        editor.actions({"start": cursor, "end": end})
        times.append((time.perf_counter() - start) * 1000)
    print(f"codeAction, client's round trip: p50 {sorted(times)[500]:.2f}, p95 {sorted(times)[950]:.2f} ms")  # noqa: T201
    after = editor.metrics()
    for counter in ("num_action_answers", "num_prompt_tokens"):
        assert after[counter] == before[counter]


def test_base_model_is_offered_no_instruct_action():
    with ActionEditor.start([*COMMAND, "--model", EXPORT]) as editor:
        editor.begin()
        editor.open_text(CODE)
        assert {"Simplify", "Explain", "Write tests for this function"}.isdisjoint(offered(editor, "def area"))
