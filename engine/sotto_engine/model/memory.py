"""The process's memory: what was freed goes back to the system, weights go to huge pages, where Linux is willing.

A pass reads every weight once, and in pages of four kilobytes the processor looks up where each of them lies.
"""

import ctypes
import mmap
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np

_HUGE_NBYTES = 2 << 20
_COLLAPSE = 25
"""MADV_COLLAPSE, Linux 6.1 and later; Python has no name for it."""
_SWITCH = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_MAPPINGS = Path("/proc/self/maps")


def give_back_freed() -> None:
    """Takes milliseconds. Only glibc holds memory back that was freed; elsewhere nothing is done."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def gather_in_huge_pages() -> int:
    """Move what this process holds in memory to huge pages; how many bytes lie in such pages then.

    Takes a second or two a GB. What is in use in part only stays as it is, so that nothing grows. Nothing is done on
    other systems, on older kernels and where huge pages are switched off; a refusal is the end of it.
    """
    if sys.platform != "linux" or not _SWITCH.exists() or "[never]" in _SWITCH.read_text():
        return 0
    libc, nbytes = ctypes.CDLL(None), 0
    for address in _full_blocks(libc):
        if libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(_HUGE_NBYTES), _COLLAPSE):
            break  # an older kernel, or no two megabytes are free in one piece
        nbytes += _HUGE_NBYTES
    return nbytes


def _full_blocks(libc: Any) -> Generator[int]:  # noqa: ANN401
    """Addresses of the blocks of a huge page's size that are in memory to the last page, none of a file."""
    for line in _MAPPINGS.read_text().splitlines():
        addresses, access, _, _, inode = line.split()[:5]
        start, end = (int(address, 16) for address in addresses.split("-"))
        start = -(-start // _HUGE_NBYTES) * _HUGE_NBYTES
        if inode != "0" or not access.startswith("rw") or end - start < _HUGE_NBYTES:
            continue
        is_there = np.empty(((end - start) // _HUGE_NBYTES, _HUGE_NBYTES // mmap.PAGESIZE), np.uint8)
        length = ctypes.c_size_t(is_there.shape[0] * _HUGE_NBYTES)
        if libc.mincore(ctypes.c_void_p(start), length, ctypes.c_void_p(is_there.ctypes.data)) == 0:
            for number in np.flatnonzero((is_there & 1).all(axis=1)).tolist():
                yield start + number * _HUGE_NBYTES
