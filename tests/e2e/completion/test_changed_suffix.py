"""A small change below the cursor costs no prefill, and the answer is one for the text as it stands now."""

import pytest

from e2e.raw_client import EVERYTHING

BEFORE = "class Point:\n    def __init__(self, x, y):\n        self.x = x\n        "
BELOW = "\n        self.z = 0\n" + "".join(
    f"\n    def move_{number}(self, by):\n        self.x += by * {number}\n" for number in range(12)
)


@pytest.fixture
def open_editor(start_server):
    def open_editor(look_ahead="off", below=BELOW):
        editor = start_server()
        editor.initialize(initializationOptions=EVERYTHING | {"lookAhead": look_ahead})
        editor.open_text(BEFORE + below)
        return editor

    return open_editor


def replace(editor, old, new):
    start = editor.text.index(old)
    span = {"start": editor.position(start), "end": editor.position(start + len(old))}
    editor.text = editor.text.replace(old, new, 1)
    editor.version += 1
    editor.change(editor.uri, editor.version, {"range": span, "text": new})


def request(editor, kind=2):
    """`(what is shown, prompt tokens computed for it)`."""
    before = editor.metrics()
    items = editor.inline(len(BEFORE), kind=kind)
    ghost = items[0]["insertText"] if items else ""
    after = editor.metrics()
    prompt, cached = (after[name] - before[name] for name in ("num_prompt_tokens", "num_cached_tokens"))
    return ghost, prompt - cached


def test_changed_suffix_filters_what_it_says_already(open_editor):
    editor = open_editor()
    ghost, num_computed = request(editor)
    assert ghost and num_computed > 200
    replace(editor, "self.z = 0", ghost.split("\n", maxsplit=1)[0])
    shown, num_computed = request(editor)
    assert num_computed <= 8, "the model got the suffix that it has read"
    assert not shown.startswith(ghost.split("\n", maxsplit=1)[0]), "and filtered with the one that is there"


@pytest.mark.parametrize(("look_ahead", "costs"), [("on", False), ("off", True)])
def test_changed_suffix_is_prefetched_in_a_pause(open_editor, look_ahead, costs):
    editor = open_editor(look_ahead)
    request(editor)
    replace(editor, "self.z = 0", "self.w = 5")
    request(editor)
    if look_ahead == "on":
        editor.wait_ahead(editor.metrics()["num_ahead_tokens"])
    replace(editor, "move_0(self, by)", "shift(me, how)")
    _, num_computed = request(editor)
    assert (num_computed > 100) is costs, "both changes together are too many for the suffix that was read first"


def test_invoked_request_reads_the_text_as_it_is(open_editor):
    editor, changed = open_editor(), open_editor(below=BELOW.replace("self.z = 0", "self.y = x"))
    request(editor)
    replace(editor, "self.z = 0", "self.y = x")
    (shown, num_computed), (expected, _) = request(editor, kind=1), request(changed, kind=1)
    assert shown == expected != "" and num_computed > 100
