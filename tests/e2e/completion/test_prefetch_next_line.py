"""The anchored order over stdio: after a pause, a new line costs a few tokens and gets the same answer."""

from e2e.raw_client import EVERYTHING

ABOVE = "".join(f"name_{number} = value_{number} + {number}\n" for number in range(80))[-1375:]
"""As long as it has to be for the anchor to jump when the next line begins: it does at 200 + 3 * 400 characters."""
LINE = "def mean(values):\n    total = values_size"
BELOW = "\n\n\nprint(mean([1, 2]))\n" * 20


def open_editor(start_server, look_ahead):
    editor = start_server()
    options = {"fimOrder": "anchored", "lookAhead": look_ahead, "minProbability": 1}
    editor.initialize(initializationOptions=EVERYTHING | options)
    editor.open_text(ABOVE + LINE + BELOW)
    return editor


def computed(editor):
    metrics = editor.metrics()
    return metrics["num_prompt_tokens"] - metrics["num_cached_tokens"]


def request(editor, offset, kind=2):
    """`(what is shown there, prompt tokens that were computed for it)`."""
    before = computed(editor)
    items = editor.result("textDocument/inlineCompletion", editor.inline_params(offset, kind), timeout=60)
    return items, computed(editor) - before


def new_line(editor, *, pause):
    """The same for a new line below `LINE`, after a pause or not."""
    num_ahead = editor.wait_ahead(0) if pause else 0  # of the document that was opened
    where = len(ABOVE + LINE)
    request(editor, where)
    if pause:
        editor.wait_ahead(num_ahead)
    where = editor.type("\n    ", where)
    return request(editor, where, kind=1)


def test_next_line_after_a_pause_costs_few_tokens(start_server):
    ahead, plain = open_editor(start_server, "on"), open_editor(start_server, "off")
    shown, cost = new_line(ahead, pause=True)
    expected, full_cost = new_line(plain, pause=False)
    assert shown == expected and shown["items"]
    assert cost <= 8 and full_cost > 100
