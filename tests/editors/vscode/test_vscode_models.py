"""Choose a Model in a real VS Code: one that was found, one that is ready, a download that is cancelled."""

import importlib.util

import pytest

import sotto_models
from e2e.raw_client import EVERYTHING
from e2e.silent_hub import silent_hub
from editors.vscode.vscode_session import CODE, started, wait_ready

FETCHED = "qwen2.5-coder-3b"
MODAL = ".monaco-dialog-box"
CANCEL = ".notification-list-item .monaco-button"

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("gguf"), reason="the extra `prepare` is not installed: no gguf"
)


@pytest.fixture(scope="module")
def vscode(request, tmp_path_factory):
    from models.importing.tiny import make_model, write_gguf

    with silent_hub() as (address, connected), pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", address)
        with started(request, tmp_path_factory) as window:
            folder = sotto_models.embedded_model_dir()
            window.server.run_sotto("models", "add", str(folder), "--name", "mine", "--no-prepare")
            (window.server.home / "models").mkdir()
            write_gguf(make_model("qwen2"), window.server.home / "models/tiny.gguf")
            window.connected = connected
            window.set(**EVERYTHING)
            window.load()
            wait_ready(window)
            yield window


def open_list(window):
    """The models stand there, those of the machine too."""
    window.run("Sotto: Choose a Model")
    window.wait(lambda: any(FETCHED in row for row in window.rows()), 120)


def say(window, sentence):
    window.wait(lambda: any(sentence in each for each in window.messages()), 120)


def used(window):
    listed = window.server.run_sotto("models", "list")
    (name,) = [line.split()[1] for line in listed.splitlines() if line.startswith("*")]
    return name


def answering_model(window):
    """The name of the model that has answered last."""
    window.open_text(CODE)
    window.type("(")
    window.wait(lambda: "len()" in window.lines()[-1])
    window.run("Sotto: Explain Last Suggestion")
    window.wait(lambda: any(".py:3:" in row for row in window.rows()))
    (last, *_) = window.rows()
    window.press("Escape")
    return last


def test_model_that_is_ready_is_chosen_and_answers(vscode):
    servers = vscode.server.servers()
    open_list(vscode)
    vscode.shoot("models")
    assert any("mine" in row and "8 MB, base, Apache-2.0" in row for row in vscode.rows())
    vscode.choose("mine")
    say(vscode, "mine is used from now on")
    wait_ready(vscode)
    assert used(vscode) == "mine"
    assert vscode.server.servers() == servers, "without a restart"
    assert vscode.wait(lambda: ", mine" in answering_model(vscode))


def test_model_that_was_found_is_added_and_used(vscode):
    open_list(vscode)
    vscode.choose("tiny")
    say(vscode, "tiny is used from now on")
    wait_ready(vscode)
    assert used(vscode) == "tiny"
    assert vscode.wait(lambda: ", tiny" in answering_model(vscode))


def test_download_is_asked_for_first_and_cancelled_leaves_all_as_it_was(vscode):
    before, listed = used(vscode), vscode.server.run_sotto("models", "list")
    open_list(vscode)
    vscode.choose(FETCHED)
    vscode.wait(lambda: any("Licence: Qwen Research Licence" in each for each in vscode.rows(MODAL)))
    vscode.shoot("model-licence")
    assert not vscode.connected.is_set(), "nothing is fetched before the answer"
    vscode.click(f"{MODAL} .monaco-button", "Download")
    vscode.wait(vscode.connected.is_set, 120)
    vscode.click('[id="status.notifications"] a')  # the bell: a message of a progress may have gone by
    vscode.wait(lambda: any(f"adding {FETCHED}" in each for each in vscode.messages()))
    vscode.shoot("model-progress")
    vscode.click(CANCEL, "Cancel")
    say(vscode, "no other model was chosen")
    assert used(vscode) == before
    assert vscode.server.run_sotto("models", "list") == listed
