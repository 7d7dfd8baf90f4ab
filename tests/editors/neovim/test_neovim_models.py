"""`:Sotto models` in real Neovims: one that was found is added and answers, one is ready, one is cancelled."""

import importlib.util

import pytest

import sotto_models
from e2e.silent_hub import silent_hub
from editors.neovim.plugin_keys import CODE, call, messages
from sotto_models.importing.adding import ModelAdding
from sotto_models.store import ModelStore

FETCHED = "starcoder2-3b"
# As a picker does it: the lines are kept, and the one with a word is taken.
PICK = """
picked = {}
local words = { ... }
vim.ui.select = function(items, options, done)
  local lines = vim.tbl_map(options.format_item or tostring, items)
  table.insert(picked, options.prompt .. ": " .. table.concat(lines, "; "))
  local word = table.remove(words, 1)
  for number, line in ipairs(lines) do
    if word and line:find(word, 1, true) then return done(items[number], number) end
  end
  done(nil)
end
"""
ASK = """
answers = nil
local server = require("sotto.server")
local explain = { command = "sotto.explainLast" }
server.call(server.client(), "request", "workspace/executeCommand", explain, function(_, found)
  answers = found
end)
"""

pytestmark = pytest.mark.skipif(
    not (importlib.util.find_spec("pynvim") and importlib.util.find_spec("gguf")),
    reason="pynvim or gguf is not installed (pip install -e '.[test]')",
)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """With a model `mine`; the home is the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SOTTO_MODELS", str(tmp_path / "store"))
    store = ModelStore()
    ModelAdding(store, lambda step, share: None).add(sotto_models.embedded_model_dir(), "mine", prepare=False)
    return store


def choose(nvim, *words):
    nvim.lua(PICK, *words)
    nvim.lua("vim.cmd('Sotto models')")


def answering_model(nvim):
    """The name of the model that answers the key that is typed here."""
    nvim.input("<Esc>GA(")
    found = []

    def is_answered():
        nvim.lua(ASK)
        nvim.wait(lambda: nvim.lua("return answers ~= nil"))
        found[:] = [each["model"] for each in nvim.lua("return answers") if each["model"]]
        return found

    nvim.wait(is_answered)
    return found[0]


def test_model_that_is_ready_is_chosen_and_answers(store, open_neovim):
    nvim = open_neovim(CODE)
    nvim.wait(lambda: call(nvim, "status") == "ready")
    choose(nvim, "mine")
    nvim.wait(lambda: "mine is used from now on" in messages(nvim))
    assert "embedded  (in use, 8 MB, base, Apache-2.0)" in nvim.lua("return picked[1]")
    assert "mine  (ready, 8 MB, base, Apache-2.0)" in nvim.lua("return picked[1]")
    assert store.used() == "mine"
    nvim.wait(lambda: call(nvim, "status") == "ready")
    assert answering_model(nvim) == store.manifest("mine").name


def test_model_that_was_found_is_added_and_used(request, store, open_neovim, tmp_path):
    if not request.config.getoption("--real-editors"):
        pytest.skip("adding a model of weights calibrates it, which takes long; `make test-editors` runs this")
    from models.importing.tiny import make_model, write_gguf

    (tmp_path / "models").mkdir()
    write_gguf(make_model("qwen2"), tmp_path / "models/tiny.gguf")
    nvim = open_neovim(CODE)
    nvim.wait(lambda: call(nvim, "status") == "ready")
    choose(nvim, "tiny")
    nvim.wait(lambda: "tiny is used from now on" in messages(nvim), 300)
    assert "on this machine" in nvim.lua("return picked[1]")
    assert store.used() == "tiny"
    assert answering_model(nvim) == "tiny"


def test_download_is_asked_for_first_and_cancelled_leaves_all_as_it_was(store, open_neovim, monkeypatch):
    with silent_hub() as (address, connected):
        monkeypatch.setenv("HF_ENDPOINT", address)
        nvim = open_neovim(CODE)
        nvim.wait(lambda: call(nvim, "status") == "ready")
        choose(nvim, FETCHED, "Leave it")
        nvim.wait(lambda: nvim.lua("return #picked") == 2)
        assert "Licence: BigCode OpenRAIL-M" in nvim.lua("return picked[2]")
        assert not connected.is_set(), "nothing is fetched before the answer"
        choose(nvim, FETCHED, "Download")
        nvim.wait(connected.is_set)
        assert call(nvim, "status") == "ready", "ghost text comes as ever"
        nvim.lua("vim.cmd('Sotto cancel')")
        nvim.wait(lambda: "nothing was added" in messages(nvim))
    assert store.names() == ["mine"]
    assert store.used() == "embedded"
    nvim.lua("vim.cmd('Sotto cancel')")
    nvim.wait(lambda: "no model is being added" in messages(nvim))
