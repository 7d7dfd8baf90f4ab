"""read_source: a file of the disk as text, for the commands. Knows no editor."""

from pathlib import Path

from sotto_engine.errors import SottoError
from sotto_lsp.documents.line_ends import normalize_line_ends

MAX_FILE_NBYTES = 8_000_000


def read_source(path: Path) -> str:
    """A source file with `\\n` line ends. Raises SottoError if it is missing, too large or not text."""
    try:
        if path.stat().st_size > MAX_FILE_NBYTES:
            raise SottoError(f"{path} is larger than {MAX_FILE_NBYTES // 1_000_000} MB; give a smaller file.")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SottoError(f"{path} cannot be read ({error.strerror}); give a source file.") from error
    except UnicodeDecodeError as error:
        raise SottoError(f"{path} is not UTF-8 text; give a source file.") from error
    if "\0" in text:
        raise SottoError(f"{path} is binary; give a source file.")
    return normalize_line_ends(text)
