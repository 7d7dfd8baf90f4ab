"""WarmStart: whether prompts are kept on disk from one run to the next, where, and whose rows they are."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from sotto_engine.cache.cache_store import CacheStore, folder_of
from sotto_engine.model_files.manifest import Manifest
from sotto_engine.model_files.start_memory import machine

_FORMAT = 2
"""To be raised whenever the same graph comes to be run, or the same text to be asked about, in another way."""


@dataclass(frozen=True)
class WarmStart:
    """What the user wants. Without a project nothing is kept: its prompts would take the places of others."""

    mode: str = "off"
    """`on`, `off`, `auto`: only for large models, whose prompts take seconds to compute."""
    project: str = ""
    """Prompts that were kept for one are never read for another."""

    def store(self, manifest: Manifest, prompts: Sequence[object], num_threads: int) -> CacheStore | None:
        """Where a loaded model's prompts are kept; `prompts` says how they are made.

        Where that is switched off, what was kept for the project is deleted.
        """
        if not self.project:
            return None
        if self.mode == "off":
            shutil.rmtree(folder_of(kept_root(), self.project), ignore_errors=True)
            return None
        if self.mode == "auto" and not manifest.is_large:
            return None
        facts = [_FORMAT, manifest.contents(), machine(num_threads), manifest.fim_header, *prompts]
        return CacheStore(kept_root(), self.project, json.dumps(facts))


def kept_root() -> Path:
    """The folder of all projects' prompts; it need not be there."""
    return platformdirs.user_cache_path("sotto", appauthor=False) / "prompts"
