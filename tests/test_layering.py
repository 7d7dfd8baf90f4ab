"""The layering rules of docs/architecture.md, held against the imports."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGINE = ROOT / "engine" / "sotto_engine"
LSP = ROOT / "lsp" / "sotto_lsp"
MODELS = ROOT / "onnx_models" / "sotto_models"
PREPARE = MODELS / "preparing"
GRAPHS = {PREPARE, MODELS / "decoder"}
"""Rooms that make graphs; they are imported when a model is added, and by nothing else."""
HEAVY = {"onnxruntime", "tokenizers", "numpy"}
TRAINING = {"torch", "onnx", "transformers", "safetensors", "recipe"}
NETWORK = {"socket", "http", "requests", "httpx", "aiohttp", "websockets", "ssl", "ftplib", "smtplib"}


def imports(path):
    """Top-level names of the modules a file imports, with `urllib.request` spelled out."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names | {name.split(".")[0] for name in names}


def files(folder):
    return sorted(folder.rglob("*.py"))


def ids(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", files(ENGINE), ids=ids)
def test_the_engine_knows_no_protocol(path):
    assert not imports(path) & {"pygls", "lsprotocol", "sotto_lsp", "sotto_models"}


@pytest.mark.parametrize("path", files(LSP), ids=ids)
def test_the_server_knows_no_tensors(path):
    assert not imports(path) & HEAVY


@pytest.mark.parametrize("path", files(ENGINE), ids=ids)
def test_each_heavy_library_has_one_door(path):
    assert "onnxruntime" not in imports(path) or path.name == "onnx_model.py"
    assert "tokenizers" not in imports(path) or path.name == "tokenizer.py"


@pytest.mark.parametrize("path", files(LSP), ids=ids)
def test_tree_sitter_has_one_door(path):
    allowed = {LSP / "syntax" / "tree_sitter" / name for name in ("grammar.py", "syntax_tree.py")}
    assert "tree_sitter" not in imports(path) or path in allowed


@pytest.mark.parametrize("path", files(LSP), ids=ids)
def test_pygls_has_one_door(path):
    # its client is public, and for the demo; `pygls.uris` is functions from text to text
    allowed = {LSP / "transport" / "pygls_adapter.py", LSP / "commands" / "demo" / "client.py"}
    reached = {name for name in imports(path) if name.startswith("pygls.")}
    assert reached <= {"pygls.uris"} or path in allowed


@pytest.mark.parametrize("path", files(ENGINE) + files(LSP) + files(MODELS), ids=ids)
def test_nothing_that_runs_trains_or_opens_a_connection(path):
    allowed = {"onnx"} if path.parent in GRAPHS else set()
    assert not imports(path) & (TRAINING - allowed | NETWORK | {"urllib.request"})


@pytest.mark.parametrize("path", files(ENGINE) + files(LSP) + files(MODELS), ids=ids)
def test_graphs_are_prepared_by_one_command(path):
    prepares = any(name.startswith("sotto_models.preparing") for name in imports(path))
    assert not prepares or path.parent in GRAPHS or path.name == "adding.py"


@pytest.mark.parametrize("path", files(LSP), ids=ids)
def test_only_the_host_and_the_commands_hold_an_engine(path):
    holds = "sotto_engine.engine" in imports(path)
    commands = {"complete.py", "doctor.py"}
    assert not holds or path.parent == LSP / "host" or path.name in commands


@pytest.mark.parametrize("path", files(ENGINE) + files(LSP) + files(MODELS), ids=ids)
def test_a_file_is_one_page_and_says_what_it_is(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    assert ast.get_docstring(ast.parse(text)), "a module docstring"
