"""What the model says about some lines, and how the user gets to read it; no document is changed."""

import logging
import re
import shutil
import tempfile
from pathlib import Path

from lsprotocol import types
from pygls.uris import from_fs_path

from sotto_engine.request import Completion, FinishReason
from sotto_lsp.actions.asking import Asking, make_refusal
from sotto_lsp.actions.instruct.code_answer import drop_thoughts
from sotto_lsp.actions.proposal import generate_answers
from sotto_lsp.transport.client import Client
from sotto_lsp.transport.progress import ActionProgress
from sotto_lsp.transport.pygls_adapter import ClientError

log = logging.getLogger(__name__)

_MAX_CHARS = 1000
_MAX_MESSAGE_CHARS = 160
"""Editors with one line for messages cut longer ones off."""
_SENTENCE = re.compile(r".*[.!?](?=\s|\Z)", re.DOTALL)


async def explain(asking: Asking, progress: ActionProgress) -> str:
    """The first answer that says something. Raises SottoError where there is none."""
    model, goes_on = asking.model(progress)
    async for _, _, completion in generate_answers(model, asking.question, asking.num_answers, goes_on):
        if text := read_explanation(completion):
            asking.check_unchanged()
            return text
    asking.check_unchanged()
    raise make_refusal([])


def read_explanation(completion: Completion) -> str:
    """An answer as text for people, without half a sentence at its end; empty where nothing is whole."""
    text = drop_thoughts(completion.text).strip()
    if completion.finish_reason is FinishReason.STOP_ID and len(text) <= _MAX_CHARS:
        return text
    sentences = _SENTENCE.match(text[:_MAX_CHARS])
    return sentences.group() if sentences and completion.finish_reason is not FinishReason.CANCELLED else ""


class ExplanationView:
    """A message, or a file next to the code where the text is too long for one.

    The files lie in a folder that is the user's alone, made for the first of them.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._folder: Path | None = None
        self._num_files = 0

    async def show(self, title: str, text: str) -> None:
        """Whole in a message where it is short, or no document can be shown."""
        is_short = len(text) <= _MAX_MESSAGE_CHARS and "\n" not in text
        if not is_short and self._client.abilities.shows_documents:
            try:
                path = self._write(f"# {title}\n\n{text}\n")
                params = types.ShowDocumentParams(uri=from_fs_path(str(path)) or "", take_focus=False)
                if (await self._client.ask(types.WINDOW_SHOW_DOCUMENT, params)).success:
                    self._client.show_info(f"{title}: see {path.name}.")
                    return
            except (OSError, ClientError) as error:
                log.warning("an explanation could not be shown as a document: %s", error)
        self._client.show_info(f"{title}: {text}")

    def remove_files(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _write(self, text: str) -> Path:
        """A new file each time: an editor may still show the one before. Raises OSError."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="sotto-explanations-"))
        self._num_files += 1
        path = self._folder / f"explanation-{self._num_files}.md"
        path.write_text(text, encoding="utf-8")
        return path
