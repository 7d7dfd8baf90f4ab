"""Code actions in TypeScript, Rust and Go over stdio: the real server, and answers that are written down."""

import json
import sys
import time
from pathlib import Path

import pytest

from e2e.action_editor import ActionEditor
from e2e.conftest import COMMAND
from sotto_lsp.syntax.tree_sitter.grammar import grammar_of
from sotto_lsp.syntax.tree_sitter.syntax_tree import SyntaxTree

SCRIPTED = Path(__file__).parents[1] / "scripted_server.py"
EXPORT = Path(__file__).parents[2] / "exporters" / "models" / "qwen2-optimum-int4"
FIX, BODY, TODO = "Fix syntax error here", "Complete this body", "Implement this TODO"
LINE, SIMPLIFY, EXPLAIN = "Rewrite line: 3 alternatives", "Simplify", "Explain"
SHORTER = "Rewrite selection as: as one line, please"


class Code:
    """One text a language, and what becomes of it."""

    def __init__(self, language_id, suffix, text, **answers):
        self.language_id, self.suffix, self.text, self.answers = language_id, suffix, text, answers


TYPESCRIPT = Code(
    "typescript",
    ".ts",
    "export function area(r: number): number {\n  // as one line, please\n  const pi = 3;\n  return pi * r;\n}\n\n"
    "function twice(x: number): number {\n}\n\nfunction half(x: number): number {\n  // TODO: divide\n}\n",
    lines=("  const pi = 3;\n  return pi * r;\n", "return 3 * r;"),
    line=("return pi * r;", "return r * pi;"),
    body=("function twice", "return x * 2;", "return x * (2;"),
    todo=("return x / 2;", "return x /;"),
    broken=("pi = 3;", "pi = (3;"),
)
RUST = Code(
    "rust",
    ".rs",
    "pub fn area(r: f64) -> f64 {\n    // as one line, please\n    let pi = 3.0;\n    pi * r\n}\n\n"
    "fn twice(x: f64) -> f64 {\n    todo!()\n}\n\nfn half(x: f64) -> f64 {\n    // TODO: divide\n}\n",
    lines=("    let pi = 3.0;\n    pi * r\n", "3.0 * r"),
    line=("pi * r", "r * pi"),
    body=("fn twice", "x * 2.0", "x * (2.0"),
    todo=("x / 2.0", "x /"),
    broken=("pi = 3.0;", "pi = g(3.0;"),
)
GO = Code(
    "go",
    ".go",
    "package shapes\n\nfunc Area(r float64) float64 {\n\t// as one line, please\n\tpi := 3.0\n\treturn pi * r\n}\n\n"
    'func twice(x float64) float64 {\n\tpanic("not implemented")\n}\n\n'
    "func half(x float64) float64 {\n\t// TODO: divide\n}\n",
    lines=("\tpi := 3.0\n\treturn pi * r\n", "return 3 * r"),
    line=("return pi * r", "return r * pi"),
    body=("func twice", "return x * 2", "return x * (2"),
    todo=("return x / 2", "return x /"),
    broken=("pi := 3.0", "pi := g(3.0"),
)
every_language = pytest.mark.parametrize("code", [TYPESCRIPT, RUST, GO], ids=lambda code: code.language_id)


@pytest.fixture
def start(tmp_path):
    """An editor on a text, and a model that gives these answers."""
    started = []

    def start(code, *answers, text=None, command=None, **settings):
        script = tmp_path / "script.json"
        script.write_text(json.dumps(answers))
        editor = ActionEditor.start(command or [sys.executable, str(SCRIPTED), str(script)])
        started.append(editor)
        editor.begin(settings)
        show(editor, code, text, tmp_path)
        return editor

    yield start
    for editor in started:
        assert editor.not_protocol == b"" and editor.unasked == []
        editor.close()


def show(editor, code, text, folder):
    editor.uri, editor.version = (folder / f"shapes{code.suffix}").as_uri(), 1
    editor.text = code.text if text is None else text
    editor.open(editor.uri, editor.text, code.language_id)


def titles(editor, place, **more):
    return [each["title"] for each in editor.actions(place, **more)]


def run(editor, title, place, **more):
    (action,) = [each for each in editor.actions(place, **more) if each["title"] == title]
    return editor.run(action)


@every_language
def test_offered_actions_by_language_and_place(start, code, tmp_path):
    editor = start(code)
    shown, line, (head, *_) = code.answers["lines"][0], code.answers["line"][0], code.answers["body"]
    assert titles(editor, shown) == [SIMPLIFY, SHORTER, EXPLAIN]
    assert titles(editor, line) == [SIMPLIFY, EXPLAIN, LINE] if line == shown.strip() else [LINE]
    assert titles(editor, head) == [BODY, SIMPLIFY, EXPLAIN]
    assert titles(editor, "TODO") == [BODY, TODO]
    right, wrong = code.answers["broken"]
    show(editor, code, code.text.replace(right, wrong), tmp_path)
    assert titles(editor, wrong) == [FIX]
    assert titles(editor, "TODO") != [], "an error elsewhere is nobody's fault"


@every_language
def test_body_is_completed_by_the_answer_that_parses(start, code):
    head, right, wrong = code.answers["body"]
    editor = start(code, wrong, right)
    result = run(editor, BODY, head)
    assert result["applied"], result
    assert right in editor.text and wrong not in editor.text
    assert result["message"] == "done; checked that it parses, all signatures are kept (2 answers)."


@every_language
def test_answer_that_does_not_parse_is_never_applied(start, code):
    head, _, wrong = code.answers["body"]
    line, _ = code.answers["line"]
    editor = start(code, *[wrong] * 5, *[code.answers["todo"][1]] * 5, *[line + " + ("] * 5)
    for title, place in ((BODY, head), (TODO, "TODO"), (LINE, line)):
        result = run(editor, title, place)
        assert result["applied"] is False and "it would not parse" in result["message"], result
    assert editor.text == code.text and editor.edits == []


def test_body_in_one_line_is_laid_out_in_three(start):
    text = "class A {\n  twice(x: number): number {}\n}\n"
    editor = start(TYPESCRIPT, "return x * 2;", text=text)
    assert run(editor, BODY, "twice")["applied"]
    assert editor.text == "class A {\n  twice(x: number): number {\n    return x * 2;\n  }\n}\n"


@every_language
def test_todo_is_implemented_below_it(start, code):
    right, wrong = code.answers["todo"]
    editor = start(code, wrong, right)
    assert run(editor, TODO, "TODO")["applied"]
    lines = editor.text.split("\n")
    at = next(number for number, line in enumerate(lines) if "TODO" in line)
    assert lines[at + 1].strip() == right and lines[at + 2] == "}"


@every_language
def test_syntax_error_is_mended_by_one_sign(start, code):
    """Which of the signs that mend it the embedded model likes best, it cannot know outside Python."""
    right, wrong = code.answers["broken"]
    editor = start(code, text=code.text.replace(right, wrong))
    before = editor.text
    result = run(editor, FIX, wrong)
    assert result["applied"], result
    assert editor.text != before and abs(len(editor.text) - len(before)) <= 1
    assert FIX not in titles(editor, code.answers["line"][0])
    assert result["message"].startswith("done; checked that these lines parse, their words are kept")


@every_language
def test_line_is_rewritten_by_itself_and_for_a_diagnostic(start, code):
    old, new = code.answers["line"]
    editor = start(code, *[new] * 5, *[old] * 5)
    assert run(editor, LINE, old)["applied"] and editor.text == code.text.replace(old, new)
    diagnostics = [editor.diagnostic(new, "wrong order")]
    assert titles(editor, "as one", diagnostics=diagnostics, only=["quickfix"]) == ["Fix: wrong order"]
    assert run(editor, "Fix: wrong order", "as one", diagnostics=diagnostics)["applied"]
    assert editor.text == code.text


@every_language
def test_lines_are_simplified_rewritten_and_explained(start, code, tmp_path):
    lines, new = code.answers["lines"]
    editor = start(code, *["Sure!", f"```\n{new} )\n```", f"```\n{new}\n```"] * 2, "It is an area.")
    for title in (SIMPLIFY, SHORTER):
        show(editor, code, None, tmp_path)
        result = run(editor, title, lines)
        assert result["applied"], result
        assert "pi" not in editor.text and new in editor.text and "Sure" not in editor.text
        assert "checked that it parses, signatures and names that other code uses are kept" in result["message"]
        (change,) = editor.edits[-1]["documentChanges"]
        assert len(change["edits"][0]["newText"]) <= len(new), "no more than what differs"
    show(editor, code, None, tmp_path)
    assert run(editor, EXPLAIN, lines)["message"] == "It is an area." and editor.text == code.text


@pytest.mark.parametrize("where", ["above", "inside"])
def test_typing_while_the_model_answers_moves_or_ends_it(start, tmp_path, where):
    code = RUST
    head, right, _ = code.answers["body"]
    editor = start(code, None, *[right] * 5)
    (action,) = [each for each in editor.actions(head) if each["title"] == BODY]
    msg_id = editor.start_action(action, workDoneToken="t")
    while not any("8 tokens" in value.get("message", "") for value in editor.progress("t")):
        editor.wait_notification("$/progress", num_before=len(editor.progress("t")))
    editor.type("// (\n", 0 if where == "above" else editor.text.index(head) + 4)
    changed = editor.text
    (tmp_path / "go").touch()
    result = editor.wait(msg_id, timeout=60)["result"]
    if where == "above":
        assert result["applied"], result
        assert right in editor.text and editor.text.startswith("// (\n")
    else:
        assert "changed meanwhile" in result["message"] and editor.text == changed


def test_user_action_in_the_languages_that_it_names(start, tmp_path):
    mine = '[[action]]\ntitle = "Mine"\ninstruction = "Say it shorter."\nlanguages = ["rust", "go"]\n'
    (tmp_path / ".sotto").mkdir()
    (tmp_path / ".sotto" / "actions.toml").write_text(mine)
    script = tmp_path / "script.json"
    lines, new = RUST.answers["lines"]
    script.write_text(json.dumps([new]))
    with ActionEditor.start([sys.executable, str(SCRIPTED), str(script)]) as editor:
        editor.begin(workspaceFolders=[{"uri": tmp_path.as_uri(), "name": "work"}])
        show(editor, TYPESCRIPT, None, tmp_path)
        assert "Mine" not in titles(editor, TYPESCRIPT.answers["lines"][0])
        show(editor, RUST, None, tmp_path)
        assert run(editor, "Mine", lines)["applied"] and new in editor.text


def test_embedded_model_is_offered_for_python_only(start, tmp_path):
    editor = start(GO, command=COMMAND)
    for code in (TYPESCRIPT, RUST, GO):
        show(editor, code, None, tmp_path)
        right, wrong = code.answers["broken"]
        assert [titles(editor, place) for place in ("TODO", right, code.answers["body"][0])] == [[], [], []]
        show(editor, code, code.text.replace(right, wrong), tmp_path)
        assert titles(editor, wrong) == []
        command = {"action": "fix_syntax", "uri": editor.uri, "range": editor.range_of(wrong)}
        result = editor.run({"command": {"command": "sotto.action", "arguments": [command]}})
        assert result["message"] == "The loaded model cannot do this; load one that was tuned for it."


def test_noise_from_a_model_never_breaks_the_text(start, tmp_path):
    """A base model of random weights, whose manifest names no languages."""
    editor = start(GO, command=[*COMMAND, "--model", str(EXPORT)])
    for code in (TYPESCRIPT, RUST, GO):
        grammar = grammar_of(code.language_id)
        places = {BODY: code.answers["body"][0], TODO: "TODO", LINE: code.answers["line"][0]}
        for title, place in places.items():
            show(editor, code, None, tmp_path)
            assert SyntaxTree.parse(grammar, editor.text).problems == ()
            run(editor, title, place)
            assert SyntaxTree.parse(grammar, editor.text).problems == ()
    assert editor.metrics()["num_action_answers"] > 0


def test_large_file_gets_one_clear_sentence(start, tmp_path):
    minified = "var a=[" + ",".join(f"function(e){{return e+{number}}}" for number in range(12_000)) + "];"
    editor = start(TYPESCRIPT, text=minified)
    assert titles(editor, "return e+7") == []
    command = {"action": "rewrite_line", "uri": editor.uri, "range": editor.range_of("return e+7")}
    result = editor.run({"command": {"command": "sotto.action", "arguments": [command]}})
    assert result["message"] == (
        "Documents of more than 200,000 characters are not parsed, so no answer can be checked."
    )
    show(editor, TYPESCRIPT, "x = 1;\n" * 3_000_000, tmp_path)
    assert titles(editor, "x = 1") == []


@every_language
def test_thousand_menus_run_no_model(start, code):
    editor = start(code, text=code.text + code.text.replace("package shapes", "") * 200)
    before = editor.metrics()
    num_lines = editor.text.count("\n")
    times = {"menu": [], "menu behind a key": []}
    for number in range(1200):
        what = "menu behind a key" if number >= 1000 else "menu"
        if number >= 1000:
            editor.type(";", editor.text.index("\n", len(editor.text) // 2))
        at = {"line": number % num_lines, "character": 2}
        diagnostics = [editor.diagnostic("pi", "unused")]
        begun = time.perf_counter()
        editor.actions({"start": at, "end": at}, diagnostics=diagnostics)
        times[what].append((time.perf_counter() - begun) * 1000)
    for what, each in times.items():
        p50, p95 = (sorted(each)[len(each) * percent // 100] for percent in (50, 95))
        print(f"{what}, client's round trip: p50 {p50:.2f} ms, p95 {p95:.2f} ms")  # noqa: T201 - with -s
    after = editor.metrics()
    for counter in ("num_completions", "num_action_answers", "num_prompt_tokens"):
        assert after[counter] == before[counter]
