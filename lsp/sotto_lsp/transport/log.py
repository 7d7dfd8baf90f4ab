"""configure_logging: to stderr or a file, never stdout, and without the user's code above DEBUG."""

import logging
import sys
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_MAX_BYTES = 5_000_000

# These quote params and message bodies at INFO and below.
_QUOTING_LOGGERS = ("pygls", "asyncio", "concurrent.futures")

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class _Formatter(logging.Formatter):
    """Leaves out the text of an exception, unless `quote`: a KeyError or a decoding error holds the user's text."""

    def __init__(self, quote: bool) -> None:
        super().__init__(_FORMAT)
        self._quote = quote

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - overrides logging's name
        if self._quote or ei[0] is None:
            return super().formatException(ei)
        frames = "".join(traceback.format_tb(ei[2]))
        return f"Traceback (most recent call last):\n{frames}{ei[0].__qualname__}"


def configure_logging(level: int | str = logging.WARNING, file: Path | None = None) -> None:
    """Send all logs of `level` ("debug", "info", ... or a number) and above to `file`, or to stderr without one.

    A file that cannot be opened is reported on stderr, which is then used. Raises ValueError for an unknown level.
    """
    root = logging.getLogger()
    root.setLevel(level.upper() if isinstance(level, str) else level)
    problem = ""
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if file is not None:
        try:
            handler = RotatingFileHandler(file, maxBytes=_MAX_BYTES, backupCount=1, encoding="utf-8")
        except OSError as error:
            problem = f"The log file {file} cannot be opened ({error.strerror}); logs go to stderr."
    handler.setFormatter(_Formatter(quote=root.level <= logging.DEBUG))
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    for name in _QUOTING_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    if problem:
        logging.getLogger(__name__).warning("%s", problem)
