"""Memory in use goes to huge pages, unharmed; what is in use in part only does not grow."""

import mmap
import platform
import re
import sys
from pathlib import Path

import pytest

from sotto_engine.model import huge_pages

BLOCK, NUM_BLOCKS = 2 << 20, 8


def can_gather():
    if sys.platform != "linux" or "[never]" in huge_pages._SWITCH.read_text():
        return False
    major, minor = map(int, platform.release().split(".")[:2])
    return (major, minor) >= (6, 1)


pytestmark = pytest.mark.skipif(
    not can_gather(), reason="huge pages are gathered by Linux 6.1 and later, unless switched off"
)


@pytest.fixture
def memory():
    with mmap.mmap(-1, NUM_BLOCKS * BLOCK, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as mapped:
        yield mapped


def kilobytes(name):
    rollup = Path("/proc/self/smaps_rollup").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB", rollup, re.MULTILINE)[1])


def test_what_is_wholly_in_use_is_gathered_and_stays_what_it_is(memory):
    memory[:] = bytes(range(256)) * (len(memory) // 256)
    before = kilobytes("AnonHugePages")
    assert huge_pages.gather() >= (NUM_BLOCKS - 1) * BLOCK  # it may begin inside a block
    assert kilobytes("AnonHugePages") - before >= (NUM_BLOCKS - 1) * BLOCK // 1024
    assert memory[:] == bytes(range(256)) * (len(memory) // 256)


def test_what_is_in_use_in_part_does_not_grow(memory):
    huge_pages.gather()  # all that the test run itself holds
    for start in range(0, len(memory), BLOCK):
        memory[start : start + BLOCK // 2] = b"x" * (BLOCK // 2)
    before = kilobytes("Rss")
    huge_pages.gather()
    assert kilobytes("Rss") - before < BLOCK // 1024


@pytest.mark.parametrize(("name", "value"), [("_COLLAPSE", 9999), ("_SWITCH", Path("/nowhere"))])
def test_a_kernel_that_refuses_or_knows_of_none_is_left_alone(memory, monkeypatch, name, value):
    memory[:] = b"x" * len(memory)
    monkeypatch.setattr(huge_pages, name, value)
    assert huge_pages.gather() == 0


def test_an_administrator_s_never_is_respected(memory, monkeypatch, tmp_path):
    memory[:] = b"x" * len(memory)
    (tmp_path / "enabled").write_text("always madvise [never]\n")
    monkeypatch.setattr(huge_pages, "_SWITCH", tmp_path / "enabled")
    assert huge_pages.gather() == 0
