"""Which exports are tested: those in `models/`, and all built ones where `--exporters` names their folder."""

from pathlib import Path

import pytest

CORE = Path(__file__).parent / "models"


def pytest_generate_tests(metafunc):
    if "model_dir" not in metafunc.fixturenames:
        return
    built = metafunc.config.getoption("--exporters")
    folder = Path(built).expanduser() if built else CORE
    models = sorted(path for path in folder.iterdir() if (path / "reference.npz").exists())
    assert models, f"there are no exports in {folder}; run `make test-exporters`"
    metafunc.parametrize("model_dir", models, ids=[path.name for path in models])


@pytest.fixture
def scope(request):
    return "all" if request.config.getoption("--exporters") else "core"
