"""Which workspace folder a document belongs to."""

from pathlib import Path

import pytest

from sotto_lsp.documents.paths import WorkspaceFile


@pytest.mark.parametrize(
    ("uri", "folders", "root"),
    [
        ("file:///w/a/b.py", ["file:///w"], "/w"),
        ("file:///w/a/b.py", ["file:///w", "file:///w/a"], "/w/a"),
        ("file:///w/a/b.py", ["file:///w/a/b.py"], "/w/a"),
        ("file:///w/a/b.py", ["file:///other", "untitled:x"], "/w/a"),
        ("file:///w/a/b.py", [], "/w/a"),
        ("file:///w%20x/b.py", ["file:///w%20x"], "/w x"),
        ("file:///w-more/b.py", ["file:///w"], "/w-more"),
    ],
)
def test_workspace_root_is_the_innermost_folder(uri, folders, root):
    assert WorkspaceFile.of(uri, folders).root == Path(root)


@pytest.mark.parametrize("uri", ["untitled:Untitled-1", "vscode-notebook-cell:/w/a.ipynb#1", "file:///w/../b.py", ""])
def test_uri_of_no_file_has_no_workspace(uri):
    assert WorkspaceFile.of(uri, ["file:///w"]) is None
