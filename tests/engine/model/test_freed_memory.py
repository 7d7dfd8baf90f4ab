"""What the C library holds back after a lot was freed goes back to the system."""

import sys

import psutil
import pytest

from sotto_engine.model import freed_memory

NUM_BLOCKS, BLOCK_NBYTES = 40_000, 2_000


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's way to hold memory back")
def test_freed_blocks_below_one_that_is_in_use_are_given_back():
    blocks = [bytearray(BLOCK_NBYTES) for _ in range(NUM_BLOCKS)]
    in_use = blocks[-1]
    del blocks
    before = psutil.Process().memory_info().rss
    freed_memory.give_back()
    assert before - psutil.Process().memory_info().rss > NUM_BLOCKS * BLOCK_NBYTES / 2
    assert len(in_use) == BLOCK_NBYTES
