"""Where weights lie is read from a graph's bytes, as onnx reads it; what is no graph is refused."""

import random

import numpy as np
import pytest

from sotto_engine.model_files.external_weights import find_external_data

onnx = pytest.importorskip("onnx", reason="graphs are made with onnx, which is missing")


def tensor(name, location):
    made = onnx.TensorProto(name=name, data_type=1, dims=[2], data_location=onnx.TensorProto.EXTERNAL)
    for key, value in (("offset", "0"), ("location", location), ("length", "8")):
        made.external_data.append(onnx.StringStringEntryProto(key=key, value=value))
    return made


@pytest.fixture
def path(tmp_path):
    """Weights in each place where a graph can hold them."""
    inner = onnx.helper.make_graph([], "inner", [], [], [tensor("b", "../b")])
    constant = onnx.helper.make_node("Constant", [], ["c"], value=tensor("c", "/etc/c"))
    branch = onnx.helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)
    sparse = onnx.SparseTensorProto(values=tensor("d", "d"), indices=tensor("e", "e"), dims=[2])
    graph = onnx.helper.make_graph([constant, branch], "outer", [], [], [tensor("a", "über/a")])
    graph.sparse_initializer.append(sparse)
    graph.initializer.append(onnx.numpy_helper.from_array(np.zeros(5000), "inline"))
    (tmp_path / "model.onnx").write_bytes(onnx.helper.make_model(graph).SerializeToString())
    return tmp_path / "model.onnx"


def test_external_data_is_found_wherever_it_is_named(path):
    assert find_external_data(path) == {"über/a", "../b", "/etc/c", "d", "e"}


@pytest.mark.parametrize("content", [b"", b"no graph", b"\xff" * 40, b"\x3a\x7f"])
def test_graph_that_is_none_is_refused(tmp_path, content):
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(ValueError):
        find_external_data(tmp_path / "model.onnx")


def test_damaged_graph_ends_in_an_answer_or_a_refusal(path):
    whole, rng = path.read_bytes(), random.Random(1)
    for _ in range(300):
        data = bytearray(whole[: rng.randrange(1, len(whole))])
        for _ in range(rng.randrange(4)):
            data[rng.randrange(min(len(data), 400))] = rng.randrange(256)
        path.write_bytes(data)
        try:
            find_external_data(path)
        except ValueError:
            continue
