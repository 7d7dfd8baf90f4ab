"""A folder for one run of a program: what it writes there is gone at the end, however that comes."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path


@contextlib.asynccontextmanager
async def private_folder() -> AsyncGenerator[Path]:
    """Made and removed on another thread; for this user alone."""
    private = await asyncio.to_thread(
        tempfile.TemporaryDirectory, prefix="sotto-", ignore_cleanup_errors=True
    )
    try:
        yield Path(private.name)
    finally:
        await asyncio.shield(asyncio.to_thread(private.cleanup))
