"""Packed weights in a cache folder of the test's own."""

import platformdirs
import pytest

import sotto_models
from sotto_engine import loading
from sotto_engine.model import packing
from sotto_engine.model.onnx_model import Model
from sotto_engine.model.packing import pack
from sotto_engine.model_files.export_folder import describe_model
from sotto_engine.model_files.packed_graph import PackedGraph, packed_root

EMBEDDED = sotto_models.embedded_model_dir()


@pytest.fixture
def root(tmp_path, monkeypatch):
    """The user's cache folder, for which every model is large; memory is measured in fresh processes only."""
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: tmp_path / "cache")
    monkeypatch.setattr("sotto_engine.model_files.manifest.LARGE_NBYTES", 0)
    monkeypatch.setattr(packing, "_saves_memory", lambda *_: True)
    return packed_root()


@pytest.fixture
def loaded(monkeypatch):
    """Whether each graph that is loaded was a packed one."""
    calls = []

    def spy(graph, *arguments, is_packed=False, **options):
        calls.append(is_packed)
        return Model(graph, *arguments, is_packed=is_packed, **options)

    monkeypatch.setattr(loading, "Model", spy)
    return calls


@pytest.fixture
def packed(root):
    manifest = describe_model(EMBEDDED)
    graph = PackedGraph(manifest, root)
    assert "shared with other windows from now on" in pack(manifest, graph)
    return graph
