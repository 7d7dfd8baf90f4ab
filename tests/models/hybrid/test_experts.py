"""Mixtures of experts in our own graph: float64 logits, rounded experts, and what the operators cannot do."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("onnx", reason="building graphs needs the `prepare` extra: onnx is missing")

from models.hybrid.hybrid_decoder import (
    MOE,
    Dictionary,
    Uniform,
    error_of,
    make_weights,
    reference_logits,
    round_weights,
    run_graph,
)
from sotto_engine.errors import SottoError
from sotto_engine.model.onnx_model import Model
from sotto_models.decoder.builder import write_graph
from sotto_models.quantizing.blockwise import quantize
from sotto_models.quantizing.scheme import AS_STORED, FLOAT32, Format

IDS = [int(token) for token in np.random.default_rng(1).integers(0, MOE.vocab_size, 40)]
SIZES = (17, 2, 21)
SHARED = replace(MOE, experts=replace(MOE.experts, shared_size=96))
UNWEIGHTED = replace(MOE, experts=replace(MOE.experts, normalize=False, num_used=3))


@pytest.mark.parametrize("description", [MOE, SHARED, UNWEIGHTED], ids=["plain", "shared expert", "not normalized"])
def test_float32_equals_the_reference(description, tmp_path):
    tensors = make_weights(description)
    graph = write_graph(Dictionary(description, tensors), Uniform(FLOAT32), tmp_path)
    assert error_of(run_graph(graph, IDS, SIZES), reference_logits(description, tensors, IDS)) < 1e-5


@pytest.mark.parametrize("description", [SHARED, UNWEIGHTED], ids=["shared expert", "not normalized"])
@pytest.mark.parametrize(
    ("stored", "far"), [(Format(4, 32), 0.05), (Format(4, 16), 0.05), (Format(8, 32), 0.003)], ids=str
)
def test_rounded_experts_are_near_the_reference_on_rounded_weights(description, stored, far, tmp_path):
    # of one layer: further ones would choose other experts, since the kernel rounds rows to 8 bits
    description = replace(description, num_layers=1)
    tensors, scheme = make_weights(description), Uniform(FLOAT32, ".experts.", stored)
    graph = write_graph(Dictionary(description, tensors), scheme, tmp_path)
    reference = reference_logits(description, round_weights(tensors, scheme), IDS)
    assert error_of(run_graph(graph, IDS, SIZES), reference) < 0.015
    assert error_of(reference, reference_logits(description, tensors, IDS)) > far, "rounding shows"


def test_graph_for_a_later_onnxruntime_says_so(tmp_path):
    scheme = Uniform(Format(4, 32))
    graph = write_graph(Dictionary(MOE, make_weights(MOE)), scheme, tmp_path)
    graph.write_bytes(graph.read_bytes().replace(b"accuracy_level", b"accuracy_lever"))
    with pytest.raises(SottoError, match=r"Unrecognized attribute.*; update onnxruntime\.$"):
        Model(graph, 512, 1)


class Blocks(Dictionary):
    """A file whose experts lie in blocks."""

    def read_blocks(self, name):
        return quantize(self.tensors[name], 4, 32) if ".experts." in name else None


def test_experts_in_blocks_are_taken_as_they_are(tmp_path):
    description, scheme = replace(MOE, num_layers=1), Uniform(FLOAT32, ".experts.", AS_STORED)
    tensors = make_weights(description)
    graph = write_graph(Blocks(description, tensors), scheme, tmp_path)
    rounded = round_weights(tensors, Uniform(FLOAT32, ".experts.", Format(4, 32)))
    assert error_of(run_graph(graph, IDS, SIZES), reference_logits(description, rounded, IDS)) < 0.015


class TooFew(Dictionary):
    def __init__(self, description, tensors):
        super().__init__(replace(description, experts=replace(description.experts, num_used=5)), tensors)


@pytest.mark.parametrize(
    ("weights", "scheme", "words"),
    [
        (Dictionary, Uniform(FLOAT32, "experts.3.up_proj", Format(4, 32)), "not all stored in the same bits"),
        (Dictionary, Uniform(Format(4, 32), "down_proj", Format(8, 32)), "gates and downs"),
        (Dictionary, Uniform(Format(4, 128)), "do not fill blocks of 128"),
        (TooFew, Uniform(FLOAT32), "cannot be used at once"),
    ],
    ids=["experts differ", "parts differ", "wide blocks", "too few"],
)
def test_what_the_operators_cannot_do_is_refused(weights, scheme, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        write_graph(weights(MOE, make_weights(MOE)), scheme, tmp_path)
