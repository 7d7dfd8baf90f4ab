"""The docs are short and true: few words, short sentences, links and paths and commands that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
EDITOR_PAGES = sorted((ROOT / "editors").glob("**/README.md"))
EDITOR_PAGES = [page for page in EDITOR_PAGES if "node_modules" not in page.parts]
OTHER_PAGES = [
    ROOT / "CHANGELOG.md",
    ROOT / "tests/editors/README.md",
    ROOT / "onnx_models/sotto_models/embedded/README.md",
]
MAX_WORDS = 10_000
MAX_ARCHITECTURE_WORDS = 900
MAX_SENTENCE_WORDS = 20
TOP_FOLDERS = "docs|editors|engine|lsp|onnx_models|tests"
TARGETS = set(re.findall(r"(?m)^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))

BENCHMARKS = set(
    re.findall(
        r'(?m)^    "([\w-]+)": Benchmark\(',
        (ROOT / "tests/benchmarks/__main__.py").read_text(encoding="utf-8"),
    )
)

every_page = pytest.mark.parametrize(
    "page", [*PAGES, *EDITOR_PAGES, *OTHER_PAGES], ids=lambda page: str(page.relative_to(ROOT))
)
short_page = pytest.mark.parametrize("page", [*PAGES, *EDITOR_PAGES], ids=lambda page: str(page.relative_to(ROOT)))


def text_of(page):
    return page.read_text(encoding="utf-8")


def prose_of(page):
    """Paragraphs and list items, without code, tables, headings and the targets of links."""
    text = re.sub(r"(?ms)^ *```.*?^ *```$|<!--.*?-->", "", text_of(page))
    text = re.sub(r"(?m)^(    \S.*|\|.*|#.*|!\[.*)$", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"`[^`]*`", "code", text)
    return re.split(r"\n\s*\n|(?m:^ *(?:-|\d+\.) )", text)


def sentences_of(page):
    for paragraph in prose_of(page):
        yield from re.split(r"(?<=[.!?:])[*)\"]*\s+", paragraph.strip())


def anchors_of(page):
    titles = re.findall(r"(?m)^#+ (.*)$", text_of(page))
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@every_page
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text_of(page)):
        path, _, anchor = target.partition("#")
        goal = page.parent / path if path else page
        assert goal.exists(), target
        assert not anchor or anchor in anchors_of(goal), target


@every_page
def test_paths_exist(page):
    for path in re.findall(rf"[`\s(]((?:{TOP_FOLDERS})/[\w./*-]+)", text_of(page)):
        if not re.search(r"build/|\.vsix$", path):
            assert list(ROOT.glob(path.rstrip("./"))), path


@every_page
def test_commands_exist(page):
    for target in re.findall(r"(?:`|^    )make ([\w-]+)", text_of(page), re.MULTILINE):
        assert target in TARGETS, target
    for name in re.findall(r"make bench NAME=([\w-]+)", text_of(page)):
        assert name in BENCHMARKS, name
    for module in re.findall(r"python -m (recipe(?:\.\w+)+)", text_of(page)):
        path = ROOT / "onnx_models" / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module


@short_page
def test_sentences_are_short(page):
    long = [each for each in sentences_of(page) if len(each.split()) > MAX_SENTENCE_WORDS]
    assert not long


def test_words_of_the_docs_are_few():
    assert sum(len(text_of(page).split()) for page in PAGES) <= MAX_WORDS


def test_words_of_the_architecture_are_few():
    text = re.sub(r"(?s)```mermaid.*?```", "", text_of(ROOT / "docs" / "architecture.md"))
    assert len(text.split()) <= MAX_ARCHITECTURE_WORDS


def test_pictures_are_shown():
    shown = {
        (page.parent / target).resolve()
        for page in [*PAGES, *EDITOR_PAGES]
        for target in re.findall(r"!\[.*?\]\((.*?)\)", text_of(page))
    }
    pictures = [each for each in (ROOT / "docs").iterdir() if each.suffix in {".svg", ".png"}]
    assert set(pictures) <= shown
