"""Names that somebody else wrote down must not lead out of their folder, on any system."""

import pytest

from sotto_engine.model_files.inner_path import leaves_folder


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/passwd", "..\\a", "C:\\a", "C:a", "\\\\server\\a"])
def test_paths_that_leave_their_folder(name):
    assert leaves_folder(name)


@pytest.mark.parametrize("name", ["a", "onnx/model.onnx", "a..b", "...", "sub\\model.onnx"])
def test_paths_that_stay_in_their_folder(name):
    assert not leaves_folder(name)
