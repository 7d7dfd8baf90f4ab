"""Two windows with a large model: the second one needs little memory, and both answer as one alone would."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("onnx", reason="makes a model, for which the `recipe` extra is missing")
pytest.importorskip("safetensors", reason="makes a model, for which the `recipe` extra is missing")

from e2e.conftest import COMMAND, Editor
from e2e.large_model import make_large_model

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
CODE = "".join(f"def f{n}(values):\n    total = {n}\n    return total + sum(values)\n\n\n" for n in range(8))
SETTINGS = {"budgetMs": 60_000, "maxTokens": 4, "lookAhead": "off", "warmStart": "off"}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_large_model(tmp_path_factory.mktemp("models") / "large")


def own_megabytes(pid):
    """Memory that no other process uses."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def windows(model, home, number=2, **settings):
    """The suggestions of windows that are open at once, and what each has in memory for itself."""
    with contextlib.ExitStack() as stack:
        env = os.environ | {"XDG_CACHE_HOME": str(home)}
        command = [*COMMAND, "--model", str(model)]
        opened = [stack.enter_context(Editor.start(command, env=env)) for _ in range(number)]
        suggested = []
        for window in opened:
            window.initialize(initializationOptions=SETTINGS | settings)
            window.open_text(CODE + "def mean(values):\n    return su")
            window.ghost()
            suggested.append(window.explain_last()[0]["said"])
        own = [own_megabytes(window.process.pid) for window in opened]
        assert not any(window.end() for window in opened)
    return suggested, own


def test_second_window_costs_no_second_model(model, tmp_path):
    megabytes = sum(path.stat().st_size for path in model.iterdir()) / (1 << 20)
    suggested, own = windows(model, tmp_path)
    packing = [
        sys.executable,
        "-m",
        "sotto_engine.model.packing",
        str(tmp_path / "sotto" / "packed"),
        str(model),
    ]
    with subprocess.Popen(packing, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert "shared with other windows from now on" in process.stdout.read()
    suggested_shared, own_shared = windows(model, tmp_path)
    assert suggested[0] and {*suggested, *suggested_shared} == {suggested[0]}
    for before, after in zip(own, own_shared, strict=True):
        assert before - after > megabytes / 2
    (folder,) = (tmp_path / "sotto" / "packed").iterdir()
    doctor = [*COMMAND[:-1], "doctor", "--model", str(model)]
    env = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    report = subprocess.run(doctor, env=env, capture_output=True, text=True, check=True).stdout
    assert f"1 model ({sum(path.stat().st_size for path in folder.iterdir()) / 1e6:.0f} MB)" in report
    assert f"{folder.parent}, with this one" in report
    assert windows(model, tmp_path, 1, shareWeights=False)[0] == suggested[:1]
    assert not folder.exists(), "switched off, nothing is left of it"
