"""The real server on the embedded model, over stdio, as editors talk to it."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import sotto_models
from e2e.raw_client import EVERYTHING

CLIENTS = sorted((Path(__file__).parents[1] / "clients").glob("*.json"))
CODE = "def mean(values):\n    total = sum(values)\n    return total / len("
CANCELLED, INVALID_PARAMS = -32800, -32602


@pytest.mark.parametrize("path", CLIENTS, ids=lambda path: path.stem)
def test_handshake_of_every_editor_gets_ghost_text(start_server, path):
    editor = start_server(answers={"workspace/configuration": [EVERYTHING]})
    params = json.loads(path.read_text())
    capabilities = editor.initialize(**params)
    assert capabilities["inlineCompletionProvider"] is not None
    declares_ghost_text = params["capabilities"]["textDocument"].get("inlineCompletion") is not None
    assert ("completionProvider" in capabilities) == (not declares_ghost_text)
    editor.open_text(CODE)
    (item,) = editor.inline()
    assert item["insertText"].startswith("values")
    assert item["range"]["start"] == item["range"]["end"], "one empty range at the cursor"
    shows_progress = params["capabilities"].get("window", {}).get("workDoneProgress")
    kinds = [n["params"]["value"]["kind"] for n in editor.notifications if n["method"] == "$/progress"]
    assert kinds == (["begin", "end"] if shows_progress else [])
    assert editor.end() == 0


@pytest.mark.parametrize("kind", [1, 2])
def test_trigger_kind_invoked_and_automatic(editor, kind):
    editor.open_text(CODE)
    assert editor.inline(kind=kind)


def test_invoked_request_shows_what_the_model_is_unsure_of(start_server):
    editor = start_server()
    editor.initialize(initializationOptions=EVERYTHING | {"minProbability": 1})
    editor.open_text(CODE)
    assert editor.inline(kind=2) == []
    assert editor.inline(kind=1)


def test_empty_answer_is_a_list_and_never_null(editor):
    params = {"textDocument": {"uri": "file:///not/open.py"}, "position": {"line": 0, "character": 0}}
    result = editor.result("textDocument/inlineCompletion", params | {"context": {"triggerKind": 2}})
    assert result == {"items": []}


def test_type_through_runs_no_model(editor):
    editor.open_text(CODE)
    ghost = editor.ghost()
    runs = editor.metrics()["num_completions"]
    for number, character in enumerate(ghost[:4], 1):
        editor.type(character)
        assert editor.ghost() == ghost[number:]
    metrics = editor.metrics()
    assert metrics["num_completions"] == runs
    assert metrics["num_from_last_suggestion"] == 4


def test_prefix_cache_serves_the_other_keystrokes(editor):
    editor.open_text("import os\n\n\n" * 50 + CODE)
    editor.ghost()
    before = editor.metrics()
    for character in "xyz_":
        editor.type(character)
        editor.ghost()
    after = editor.metrics()
    prompt = after["num_prompt_tokens"] - before["num_prompt_tokens"]
    assert (after["num_cached_tokens"] - before["num_cached_tokens"]) / prompt > 0.95


def test_completion_list_of_classic_clients(editor):
    editor.open_text("def mean(values):\n    total = su")
    params = editor.inline_params() | {"context": {"triggerKind": 1}}
    result = editor.result("textDocument/completion", params, timeout=30)
    assert result["isIncomplete"] is True
    (item,) = result["items"]
    assert item["kind"] == 1 and item["filterText"] == "su"
    assert item["textEdit"]["newText"].startswith("sum(")
    assert item["textEdit"]["range"]["start"] == {"line": 1, "character": 12}


def test_selected_entry_begins_the_ghost(editor):
    editor.open_text("import math\n\nx = math.s")
    span = {"start": {"line": 2, "character": 9}, "end": {"line": 2, "character": 10}}
    items = editor.inline(selectedCompletionInfo={"range": span, "text": "sqrt"})
    for item in items:
        assert item["insertText"].startswith("sqrt") and item["range"] == span


def test_supersede_cancels_the_older_requests_at_once(editor):
    editor.open_text("x = 1\n" * 1000 + CODE)
    editor.ghost()  # the model is loaded
    ids = []
    for offset in range(1001, 5000, 498):  # ends of lines
        ids.append(editor.send_request("textDocument/inlineCompletion", editor.inline_params(offset)))
    responses = [editor.wait(msg_id) for msg_id in ids]
    assert "items" in responses[-1]["result"]
    codes = [response["error"]["code"] for response in responses[:-1] if "error" in response]
    assert codes and set(codes) == {CANCELLED}


def test_supersede_leaves_requests_for_other_documents(editor):
    editor.open_text(CODE, "file:///a.py")
    editor.open_text(CODE, "file:///b.py")
    ids = []
    for uri in ("file:///a.py", "file:///b.py"):
        editor.uri = uri
        ids.append(editor.send_request("textDocument/inlineCompletion", editor.inline_params()))
    for msg_id in ids:
        assert editor.wait(msg_id, timeout=30)["result"]["items"]


def test_supersede_leaves_the_list_next_to_ghost_text(start_server):
    editor = start_server()
    editor.initialize(initializationOptions=EVERYTHING | {"completion": "on"})
    editor.open_text(CODE)
    inline = editor.send_request("textDocument/inlineCompletion", editor.inline_params())
    params = editor.inline_params() | {"context": {"triggerKind": 1}}
    listed = editor.send_request("textDocument/completion", params)
    assert editor.wait(inline, timeout=30)["result"]["items"]
    assert editor.wait(listed, timeout=30)["result"]["items"]


def test_cancel_is_answered_and_the_prefill_is_kept(editor):
    editor.open_text(CODE)
    editor.ghost()
    for number in range(6):  # until a cancel falls into the prefill, on a machine of any speed
        text = f"def f{number}(a, b):\n    return a + b\n\n\n" * 300 + "x"
        editor.open_text(text, f"file:///long{number}.py")
        msg_id = editor.send_request("textDocument/inlineCompletion", editor.inline_params())
        time.sleep(0.03 * 2**number)
        editor.cancel(msg_id)
        response = editor.wait(msg_id)
        before = editor.metrics()["num_cached_tokens"]
        editor.ghost()
        if "error" in response:
            assert response["error"]["code"] == CANCELLED
            if editor.metrics()["num_cached_tokens"] >= before + 64:
                return
    raise AssertionError("no cancelled prefill was found again")


def test_stale_answer_is_empty(editor):
    editor.open_text("x = 1\n" * 1500)
    editor.ghost()
    editor.open_text("y = 2\n" * 1500 + CODE, "file:///other.py")
    msg_id = editor.send_request("textDocument/inlineCompletion", editor.inline_params())
    editor.type("# more")
    assert editor.wait(msg_id, timeout=30)["result"] == {"items": []}


@pytest.mark.parametrize(
    "change",
    [
        {"position": {"line": -1, "character": 0}},
        {"context": {"triggerKind": 0}},
        {"textDocument": None},
        {"position": "here"},
    ],
)
def test_invalid_params_get_one_error_and_the_server_lives(editor, change):
    editor.open_text(CODE)
    response = editor.request("textDocument/inlineCompletion", editor.inline_params() | change)
    assert response["error"]["code"] == INVALID_PARAMS
    assert editor.ghost()


def test_invalid_change_silences_the_document_until_it_is_opened(editor):
    editor.open_text(CODE)
    assert editor.ghost()
    editor.change(editor.uri, 2, {"range": {"start": {"line": -1, "character": 0}}, "text": "x"})
    assert editor.inline() == []
    editor.open_text(CODE)
    assert editor.ghost()


def test_position_outside_the_document_is_clamped(editor):
    editor.open_text(CODE)
    for position in ({"line": 10_000, "character": 3}, {"line": 1, "character": 10_000}):
        params = editor.inline_params() | {"position": position}
        assert "items" in editor.result("textDocument/inlineCompletion", params, timeout=30)


def test_large_file_and_binary_content_are_answered_empty(editor):
    editor.open_text("x = 1\n" * 3_500_000, "file:///large.py")
    assert editor.inline(12) == []
    editor.open_text("\0\1\2" * 1000, "file:///binary.py")
    assert editor.inline(12) == []
    editor.open_text(CODE)
    assert editor.ghost()


def test_strange_text_does_not_break_it(editor):
    for text in (
        "",
        "\n",
        "é" * 300,
        "🙂" * 100,
        "\r\n\r\n",
        "x\x0c\u2028y",
        "<|fim_middle|>" * 20,
        "(" * 3000,
    ):
        editor.open_text(text, f"file:///{len(text)}.py")
        assert "items" in editor.result("textDocument/inlineCompletion", editor.inline_params(), timeout=30)


def test_line_ends_of_the_document_are_kept(editor):
    text = "def f(a):\r\n    b = 1\r\n"
    editor.open_text(text)
    params = editor.inline_params() | {"position": {"line": 2, "character": 0}}
    for item in editor.result("textDocument/inlineCompletion", params, timeout=30)["items"]:
        assert item["insertText"].count("\n") == item["insertText"].count("\r\n")


def test_settings_that_are_wrong_are_named_once(start_server):
    editor = start_server()
    editor.initialize(initializationOptions=EVERYTHING | {"maxTokens": "many"})
    message = editor.wait_notification("window/showMessage")["message"]
    assert "sotto.maxTokens must be a whole number" in message
    editor.open_text(CODE)
    assert editor.ghost()


def test_settings_that_change_take_effect(editor):
    editor.open_text(CODE)
    assert editor.ghost()
    editor.notify("workspace/didChangeConfiguration", {"settings": {"sotto": {"enabled": False}}})
    assert editor.inline() == []
    settings = EVERYTHING | {"enabled": True, "disabledLanguages": ["python"]}
    editor.notify("workspace/didChangeConfiguration", {"settings": {"sotto": settings}})
    assert editor.inline() == []
    settings["disabledLanguages"] = []
    editor.notify("workspace/didChangeConfiguration", {"settings": {"sotto": settings}})
    assert editor.ghost()


def damaged(folder, how):
    model_dir = Path(shutil.copytree(sotto_models.embedded_model_dir(), folder / "model"))
    victim = max(model_dir.iterdir(), key=lambda path: path.stat().st_size)
    how(victim)
    return model_dir


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: path.write_bytes(path.read_bytes()[:999]), "truncated"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\x99"), "does not match the checksum"),
    ],
    ids=["missing", "truncated", "tampered"],
)
def test_broken_model_is_shown_once_and_the_server_lives(start_server, tmp_path, how, reason):
    editor = start_server("--model", str(damaged(tmp_path, how)))
    editor.initialize()
    assert reason in editor.wait_notification("window/showMessage")["message"]
    editor.open_text(CODE)
    assert editor.inline() == [] and editor.inline() == []
    assert sum(n["method"] == "window/showMessage" for n in editor.notifications) == 1
    assert editor.end() == 0


def test_log_above_debug_has_no_user_code(start_server):
    editor = start_server("--log-level", "info")
    editor.initialize(initializationOptions=EVERYTHING)
    editor.open_text("secret_name = 1\n" + CODE)
    ghost = editor.ghost()
    assert ghost
    editor.request("textDocument/inlineCompletion", {"textDocument": {"uri": "secret_name"}})
    editor.end()
    assert "secret_name" not in editor.stderr.replace("uri", "") and ghost not in editor.stderr


def test_initialize_loads_no_model_library():
    program = (
        "import time, sys, os; sys.argv=['sotto', 'serve']\n"
        "from sotto_lsp.server import make_server\n"
        "make_server()\n"
        "print(time.process_time(), *(name in sys.modules for name in ('onnxruntime', 'numpy', 'tree_sitter')))"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.split()[1:] == ["False", "False", "False"], "they are loaded by the worker, after initialize"
