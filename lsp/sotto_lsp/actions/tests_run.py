"""TestsRun: tests for a function, from the question to an edit of the file that the project has for them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lsprotocol import types
from pygls.uris import from_fs_path, to_fs_path

from sotto_engine.errors import SottoError
from sotto_engine.request import ChatRequest, Completion, FinishReason, Request
from sotto_lsp.actions.asking import Asking, make_refusal
from sotto_lsp.actions.edit_run import CheckedEdit
from sotto_lsp.actions.instruct.code_answer import extract_code, read_code
from sotto_lsp.actions.proposal import Question, generate_answers
from sotto_lsp.documents.paths import WorkspaceFile
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.documents.store import MAX_DOCUMENT_CHARS
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.protocol import ModuleTests
from sotto_lsp.transport.progress import ActionProgress


@dataclass(frozen=True)
class _File:
    """The test file as it is now: the user's own text where it is open, else the disk's, empty for a new one."""

    snapshot: DocumentSnapshot
    is_open: bool
    is_there: bool


@dataclass(frozen=True)
class TestsRun:
    """`workspace_file`: the module's, None for a document that is none. `creates_files`: whether the client can."""

    asking: Asking
    workspace_file: WorkspaceFile | None
    creates_files: bool

    async def edit(self, progress: ActionProgress) -> CheckedEdit:
        """The first answer whose tests can be added to the file as it is then.

        Raises SottoError, in one sentence, where there is none, or no file that they could be written to.
        """
        source = self.workspace_file
        if source is None:
            raise SottoError("The document is no file on the disk; save it and run the action again.")
        target = self.asking.question.target
        tests = await asyncio.to_thread(syntax_of(target.language_id).find_tests, source)
        shown = tests.file.relative_to(source.root).as_posix()
        if not self.creates_files and not (await self._file(tests.file)).is_there:
            raise SottoError(f"The editor cannot create files; create {shown} and run the action again.")
        name = target.words["name"]
        question = name_subject(self.asking.question, tests, name)
        model, goes_on = self.asking.model(progress)
        refusals: list[str] = []
        async for _, request, completion in generate_answers(model, question, self.asking.num_answers, goes_on):
            code, file = _read_tests(completion, request, tests), await self._file(tests.file)
            self.asking.check_unchanged()
            changes = tests.add_tests(file.snapshot.text, code, name)
            if isinstance(changes, list):
                return _edit(file, changes, shown)
            refusals.append(changes)
        self.asking.check_unchanged()
        raise make_refusal(refusals)

    async def _file(self, path: Path) -> _File:
        for document in self.asking.documents:
            if to_fs_path(document.uri) == str(path):
                return _File(document.snapshot(), is_open=True, is_there=True)
        text = await asyncio.to_thread(_read, path)
        encoding, language_id = self.asking.documents.encoding, self.asking.question.target.language_id
        uri = from_fs_path(str(path)) or ""
        return _File(
            DocumentSnapshot.of(text or "", uri=uri, language_id=language_id, encoding=encoding),
            is_open=False,
            is_there=text is not None,
        )


def name_subject(question: Question, tests: ModuleTests, name: str) -> Question:
    """The question with the words that its conversation needs, which are known only after a look at the disk."""
    words = {"name": name, "module": tests.module, "import": tests.import_line(name)}
    return replace(question, target=replace(question.target, words=words))


def _read(path: Path) -> str | None:
    """None where there is no such file."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8")  # with its line ends
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SottoError(f"{path.name} could not be read ({error}); nothing was changed.") from error
    if len(text) > MAX_DOCUMENT_CHARS or "\0" in text:
        raise SottoError(f"{path.name} is too large, or no text; nothing was changed.")
    return text


def _read_tests(completion: Completion, request: Request, tests: ModuleTests) -> str:
    """An answer that was cut off has whole tests in front."""
    assert isinstance(request, ChatRequest), "its templates are conversations"
    if completion.finish_reason is FinishReason.LENGTH:
        return tests.whole_tests(extract_code(request.answer_prefix + completion.text, "", is_whole=True))
    return read_code(completion, request, "")


def _edit(file: _File, changes: Sequence[TextChange], shown: str) -> CheckedEdit:
    snapshot = file.snapshot
    edits = tuple(types.TextEdit(snapshot.range_at(each.start, each.end), each.new) for each in changes)
    sentence = (
        f"done in {shown}; checked that the file compiles, every name it reads is known, nothing but tests and "
        f"imports is added; the tests were not run."
    )
    version = snapshot.version if file.is_open else None
    return CheckedEdit(snapshot.uri, version, edits, sentence, creates_file=not file.is_there)
