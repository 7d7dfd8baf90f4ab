"""What was freed goes back to the system; what is in use goes to huge pages, unharmed, and does not grow."""

import mmap
import platform
import re
import sys
from pathlib import Path

import psutil
import pytest

from sotto_engine.model import memory

NUM_SMALL, SMALL_NBYTES = 40_000, 2_000
BLOCK, NUM_BLOCKS = 2 << 20, 8


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's way to hold memory back")
def test_freed_blocks_below_one_in_use_are_given_back():
    blocks = [bytearray(SMALL_NBYTES) for _ in range(NUM_SMALL)]
    in_use = blocks[-1]
    del blocks
    before = psutil.Process().memory_info().rss
    memory.give_back_freed()
    assert before - psutil.Process().memory_info().rss > NUM_SMALL * SMALL_NBYTES / 2
    assert len(in_use) == SMALL_NBYTES


def can_gather():
    if sys.platform != "linux" or "[never]" in memory._SWITCH.read_text():
        return False
    major, minor = map(int, platform.release().split(".")[:2])
    return (major, minor) >= (6, 1)


needs_huge_pages = pytest.mark.skipif(
    not can_gather(), reason="huge pages are gathered by Linux 6.1 and later, unless switched off"
)


@pytest.fixture
def mapped():
    with mmap.mmap(-1, NUM_BLOCKS * BLOCK, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory_map:
        yield memory_map


def kilobytes(name):
    rollup = Path("/proc/self/smaps_rollup").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB", rollup, re.MULTILINE)[1])


@needs_huge_pages
def test_huge_pages_take_what_is_wholly_in_use_unharmed(mapped):
    mapped[:] = bytes(range(256)) * (len(mapped) // 256)
    before = kilobytes("AnonHugePages")
    assert memory.gather_in_huge_pages() >= (NUM_BLOCKS - 1) * BLOCK  # it may begin inside a block
    assert kilobytes("AnonHugePages") - before >= (NUM_BLOCKS - 1) * BLOCK // 1024
    assert mapped[:] == bytes(range(256)) * (len(mapped) // 256)


@needs_huge_pages
def test_huge_pages_do_not_grow_what_is_in_use_in_part(mapped):
    memory.gather_in_huge_pages()  # all that the test run itself holds
    for start in range(0, len(mapped), BLOCK):
        mapped[start : start + BLOCK // 2] = b"x" * (BLOCK // 2)
    before = kilobytes("Rss")
    memory.gather_in_huge_pages()
    assert kilobytes("Rss") - before < BLOCK // 1024


@needs_huge_pages
@pytest.mark.parametrize(("name", "value"), [("_COLLAPSE", 9999), ("_SWITCH", Path("/nowhere"))])
def test_huge_pages_are_left_alone_where_a_kernel_has_none(mapped, monkeypatch, name, value):
    mapped[:] = b"x" * len(mapped)
    monkeypatch.setattr(memory, name, value)
    assert memory.gather_in_huge_pages() == 0


@needs_huge_pages
def test_huge_pages_that_an_administrator_switched_off(mapped, monkeypatch, tmp_path):
    mapped[:] = b"x" * len(mapped)
    (tmp_path / "enabled").write_text("always madvise [never]\n")
    monkeypatch.setattr(memory, "_SWITCH", tmp_path / "enabled")
    assert memory.gather_in_huge_pages() == 0
