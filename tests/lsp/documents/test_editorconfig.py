"""`.editorconfig`: read for files on the disk, once; whatever stands in it, nothing is raised."""

import pytest

from sotto_lsp.documents.editorconfig import find_unit


@pytest.fixture
def configured(tmp_path):
    def write(text):
        (tmp_path / ".editorconfig").write_bytes(text.encode() if isinstance(text, str) else text)
        return lambda name: find_unit((tmp_path / name).as_uri())

    return write


def test_editorconfig_names_tabs_and_spaces_by_the_kind_of_file(configured):
    unit = configured("root = true\n[*.py]\nindent_style = tab\n[*.js]\nindent_style = space\nindent_size = 2\n")
    assert unit("new.py") == "\t"
    assert unit("new.js") == "  "
    assert unit("new.rs") == ""


def test_editorconfig_names_a_file_without_a_suffix(configured):
    assert configured("root = true\n[Makefile]\nindent_style = tab\n")("Makefile") == "\t"


def test_editorconfig_of_a_folder_above_and_in_a_folder_with_spaces(configured, tmp_path):
    unit = configured("root = true\n[*]\nindent_style = space\nindent_size = 3\n")
    (tmp_path / "some where").mkdir()
    assert unit("some where/deep.py") == "   "


@pytest.mark.parametrize(
    "rule", ["indent_size = 0", "indent_size = 99", "indent_size = -1", "indent_size = two", "indent_style = spiral"]
)
def test_editorconfig_with_a_wrong_value_names_nothing(configured, rule):
    assert configured(f"root = true\n[*]\n{rule}\n")("any.py") == ""


@pytest.mark.parametrize(
    "text",
    [b"\xff\xfe\0", "[", "indent_size", "[*.{py\nindent_size=2", "[[!]]\nx=1", "[" + "{a," * 500, "[{9..1}(]\na=b"],
)
def test_editorconfig_that_is_broken_raises_nothing(configured, text):
    assert configured(text)("any.py") in ("", "  ")


def test_editorconfig_is_read_once_for_each_kind_of_file(configured, tmp_path):
    assert configured("root = true\n[*]\nindent_style = tab\n")("one.py") == "\t"
    (tmp_path / ".editorconfig").unlink()
    assert find_unit((tmp_path / "two.py").as_uri()) == "\t"


@pytest.mark.parametrize(
    "uri", ["untitled:Untitled-1", "vscode-notebook-cell:/x/y.ipynb#1", "file:", "", "http://x/y.py"]
)
def test_editorconfig_is_not_sought_for_what_is_no_file(uri):
    assert find_unit(uri) == ""
