"""What was freed, given back to the system: reading a vocabulary of 150,000 tokens leaves 115 MB to the C library."""

import ctypes
import sys


def give_back() -> None:
    """Takes milliseconds. Where the C library is not glibc nothing is done; others give back by themselves."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
