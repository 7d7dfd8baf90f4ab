"""Real weights, as people have them: what is added computes what the file says, warm as cold, and answers.

    make test-real-models

They are fetched into the cache folder (REAL_MODELS names another) by a script that lies next to the repository.
"""

import os
import random
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the extra `prepare` is not installed: no onnx")
pytest.importorskip("gguf", reason="the extra `prepare` is not installed: no gguf")
pytest.importorskip("safetensors", reason="the extra `recipe` is not installed: no safetensors")

from models.importing.reference import reference_logits
from models.importing.tiny import TinyModel
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.engine import CHAT
from sotto_engine.loading import load_engine
from sotto_engine.prompt.tokenizer import Tokenizer
from sotto_engine.request import ChatRequest, FillInRequest, Limits, Message, StopAt
from sotto_models.importing import calibrating
from sotto_models.importing.adding import ModelAdding
from sotto_models.store import ModelStore
from sotto_models.weights.gguf_file import GgufFile

FOLDER = Path(os.environ.get("REAL_MODELS") or Path.home() / ".cache" / "sotto" / "real-models")
FILES = {
    "qwen": "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    "smollm": "SmolLM2-135M-Instruct.Q4_1.gguf",
}
QWENS_TOKENIZER = Path(__file__).parents[4] / "shared" / "data" / "qwen2.5-tokenizer" / "tokenizer.json"
CODE = "def mean(values):\n    total = sum(values)\n    return total / len("
NUM_HISTORIES = 200

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(autouse=True)
def _is_wanted(request):
    if not request.config.getoption("--real-models"):
        pytest.skip("real weights take minutes: `make test-real-models`")


@pytest.fixture(scope="module", params=FILES)
def added(request, tmp_path_factory):
    """(the file, the folder that was made of it)"""
    file = FOLDER / FILES[request.param]
    if not file.is_file():
        pytest.skip(f"there is no {file.name} in {FOLDER}")
    store = ModelStore(tmp_path_factory.mktemp("store"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibrating, "NUM_LINES", 5)
        ModelAdding(store, lambda *_: None).add(file, request.param)
    return file, store.path(request.param)


class _Weights:
    """Tensors by name, read when they are used: the whole model in float64 would take 4 GB."""

    def __init__(self, source):
        self._source = source

    def __contains__(self, name):
        return name in self._source

    def __getitem__(self, name):
        return self._source.read(name).astype(np.float64)

    def get(self, name, default=None):
        if name not in self:
            return default
        return self[name]


def test_logits_are_those_of_the_files_weights(added):
    file, folder = added
    source = GgufFile(file)
    sizes = source.description
    engine, _ = load_engine(folder, remembers=False)
    ids = engine.tokenizer.encode(CODE)
    config = {
        "model_type": sizes.architecture,
        "num_hidden_layers": sizes.num_layers,
        "num_attention_heads": sizes.num_heads,
        "num_key_value_heads": sizes.num_kv_heads,
        "hidden_size": sizes.hidden_size,
        "head_dim": sizes.head_dim,
        "rope_theta": sizes.rope_theta,
        "rms_norm_eps": sizes.norm_eps,
        "is_interleaved": sizes.interleaved_rotary,
    }
    expected = reference_logits(TinyModel(config, {}, {}), ids, _Weights(source))[-1]
    got = engine.model.forward(engine.model.new_cache(), ids, CancelFlag())[-1]
    error = np.linalg.norm(got - expected) / np.linalg.norm(expected)
    assert int(got.argmax()) == int(expected.argmax())
    assert error < 0.15, "of weights in 4 bits, where the file has no more"


def test_tokens_are_qwens_own(added):
    file, folder = added
    if "qwen" not in file.name or not QWENS_TOKENIZER.is_file():
        pytest.skip("Qwen's own tokenizer lies next to the repository only where this is made")
    ours, theirs = Tokenizer.load(folder / "tokenizer.json"), Tokenizer.load(QWENS_TOKENIZER)
    for path in sorted(Path(os.__file__).parent.glob("*.py"))[:100]:
        text = path.read_text(encoding="utf-8", errors="replace")
        assert ours.encode(text) == theirs.encode(text), path.name


def test_warm_equals_cold_on_random_histories(added):
    _, folder = added
    warm, _ = load_engine(folder, remembers=False)
    cold, _ = load_engine(folder, remembers=False)
    dice = random.Random(2)
    text = "import os\n\ndef f(x):\n    return x\n\nvalue = f(os.getcwd())\nother = value"
    for _ in range(NUM_HISTORIES):
        end = dice.randrange(5, len(text))
        if dice.random() < 0.3:
            at = dice.randrange(end)
            text = text[:at] + dice.choice(["a", "\n", "(", "  "]) + text[at + 1 :]
        request = FillInRequest(text[:end], text[end:][:20], limits=Limits(3, StopAt.BUDGET, min_probability=0.0))
        cold._prefix_cache.clear()
        expected = run_steps(cold.complete(request, CancelFlag()))
        assert expected.num_cached_tokens == 0
        got = run_steps(warm.complete(request, CancelFlag()))
        assert (got.token_ids, got.token_logprobs) == (expected.token_ids, expected.token_logprobs)


def test_it_completes_and_answers(added):
    _, folder = added
    engine, manifest = load_engine(folder, remembers=False)
    assert CHAT in manifest.good_for
    if "inline-completion" in manifest.good_for:
        request = FillInRequest(CODE, ")\n", limits=Limits(16, StopAt.LINE, min_probability=0.0))
        assert run_steps(engine.complete(request, CancelFlag())).text.startswith("values")
    question = (Message("user", "What is 2 + 2? Answer with the number alone."),)
    chat = ChatRequest(question, limits=Limits(24, StopAt.BUDGET, min_probability=0.0))
    assert "4" in run_steps(engine.complete(chat, CancelFlag())).text
