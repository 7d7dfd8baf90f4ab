"""A step of the recipe as a person runs it: `python -m recipe.STEP`."""

import os
import subprocess
import sys
from pathlib import Path

_MODELS = Path(__file__).parents[2] / "onnx_models"


def step(name, *arguments):
    """What the step printed; fails with its stderr."""
    command = [sys.executable, "-m", f"recipe.{name}", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(_MODELS), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
