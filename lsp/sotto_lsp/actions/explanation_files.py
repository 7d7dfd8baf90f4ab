"""ExplanationFiles: explanations as files that an editor can show beside the code."""

import shutil
import tempfile
from pathlib import Path


class ExplanationFiles:
    """In a folder that is the user's alone, made for the first of them; all gone at the session's end."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._num_files = 0

    def write(self, text: str) -> Path:
        """A new file each time: an editor may still show the one before. Raises OSError."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="sotto-explanations-"))
        self._num_files += 1
        path = self._folder / f"explanation-{self._num_files}.md"
        path.write_text(text + "\n", encoding="utf-8")
        return path

    def remove(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
