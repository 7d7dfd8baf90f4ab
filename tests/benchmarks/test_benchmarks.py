"""Every benchmark can be run by its name: what it imports is there, and it lists its options."""

import pytest

from benchmarks.__main__ import BENCHMARKS, BY_DEFAULT, run


@pytest.mark.parametrize("name", BENCHMARKS)
def test_benchmark_lists_its_options(name, capsys, monkeypatch):
    if name == "checkpoint":
        pytest.importorskip("torch", reason="the extra `recipe` is not installed: no torch")
    monkeypatch.setattr("sys.argv", [])
    with pytest.raises(SystemExit) as ended:
        run(name, "--help")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: benchmarks {name}")


def test_default_benchmarks_have_names():
    assert {name for name, *_ in BY_DEFAULT} <= BENCHMARKS.keys()
