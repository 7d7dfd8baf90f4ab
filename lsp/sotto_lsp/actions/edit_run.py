"""EditRun: one action under way in one document, from the target to an edit that fits the document as it is now."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lsprotocol import types

from sotto_engine.errors import SottoError
from sotto_lsp.actions.asking import Asking, make_refusal
from sotto_lsp.actions.checkers.verifier import Verifier
from sotto_lsp.actions.checks import Checked, check_all, verify
from sotto_lsp.actions.instruct.candidate import Candidate
from sotto_lsp.actions.proposal import ask
from sotto_lsp.actions.snippet import is_line_of_code, spell_choice, spell_line
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.target import BODY
from sotto_lsp.transport.progress import ActionProgress

Choose = Callable[[list[str]], Awaitable[int | None]]
"""Lines to choose from -> the index of the chosen one."""
_PERCENT_ASKED = 100
"""When all answers are there, and only checking is left."""


@dataclass(frozen=True)
class CheckedEdit:
    """edits: of places that do not overlap, snippets only for a client that takes them. sentence: what was checked.

    version: None for a document that is not open. creates_file: the document is a file that is not there yet.
    """

    uri: str
    version: int | None
    edits: tuple[types.TextEdit | types.SnippetTextEdit, ...]
    sentence: str
    creates_file: bool = False


@dataclass(frozen=True)
class EditRun:
    """Made while the text is the target's, whatever is typed before the model is asked.

    verifier: the project's own checkers, where they are to be asked. choose: asks the user, where the client can.
    has_snippets: the client takes them.
    """

    asking: Asking
    verifier: Verifier | None = None
    choose: Choose | None = None
    has_snippets: bool = False

    async def edit(self, progress: ActionProgress) -> CheckedEdit:
        """The most probable answer that passes the checks, or the one that the user chooses of several.

        A client with snippets has several in one edit, to choose from in their place.

        Raises SottoError, in one sentence, where there is none or the lines have changed meanwhile.
        """
        asking, question = self.asking, self.asking.question
        model, goes_on = asking.model(progress)
        num_choices = question.action.num_choices if self.choose or self.has_snippets else 1

        async def accepts(candidates: list[Candidate]) -> bool:
            return bool((await self._verify(candidates, num_choices, progress)).candidates)

        asked = await ask(model, question, asking.num_answers, goes_on, self.verifier and accepts)
        verified = await self._verify(asked, num_choices, progress)
        asking.check_unchanged()
        if not verified.candidates:
            raise make_refusal(verified.refusals)
        changes = self._check_now(verified.candidates, num_choices)
        snippet = self._make_snippet(changes)
        change = changes[0]
        if self.choose is not None and question.action.num_choices > 1 and snippet is None:
            chosen = await self.choose([self._line_with(each) for each in changes])
            if chosen is None:
                raise SottoError("Nothing was chosen; nothing was changed.")
            # The user took their time: the answer is checked again, in the text there is now.
            again = self._check_now(verified.candidates, num_choices)
            fitting = [each for each in again if each.new == changes[chosen].new]
            if not fitting:
                raise SottoError("The answer does not fit the document any more; run the action again.")
            change = fitting[0]
        snapshot = asking.document.snapshot()
        edit = snippet or types.TextEdit(snapshot.range_at(change.start, change.end), change.new)
        sentence = self._describe(verified, len(asked))
        return CheckedEdit(snapshot.uri, snapshot.version, (edit,), sentence)

    async def _verify(self, candidates: list[Candidate], num_wanted: int, progress: ActionProgress) -> Checked:
        """What the project's own checkers leave of the candidates; all of them where there are none to ask."""
        span, question = self.asking.span, self.asking.question
        if self.verifier is None or span.is_touched:
            return Checked(candidates)

        def goes_on(what: str) -> bool:
            progress.report(what, _PERCENT_ASKED)
            return not span.is_touched

        return await verify(self.verifier, question.text, question.target, candidates, num_wanted, goes_on)

    def _check_now(self, candidates: list[Candidate], num_wanted: int) -> list[TextChange]:
        """The changes that pass in the document as it is now, at least one."""
        self.asking.check_unchanged()
        text, target = self.asking.document.text, self.asking.question.target
        delta = self.asking.span.start - target.first
        moved = [candidate.shift(delta) for candidate in candidates]
        checked = check_all(text, target.shift(delta), moved, num_wanted)
        if not checked.candidates:
            raise make_refusal(checked.refusals)
        return [each.change.minimize(text) for each in checked.candidates]

    def _make_snippet(self, changes: list[TextChange]) -> types.SnippetTextEdit | None:
        """Lines to choose from, or a body with the cursor after it; None where it has to be a plain edit.

        None, too, once something was typed: the cursor is where the user wants it.
        """
        question, document = self.asking.question, self.asking.document
        lines, end = question.lines, question.target.last
        if not self.has_snippets or document.version != lines.snapshot.version:
            return None
        start, new = changes[0].start, [changes[0].new + document.text[changes[0].end : end]]
        if question.action.num_choices > 1:
            start = lines.code_start(lines.snapshot.line_starts.line_of(question.target.first))
            new = [self._line_with(each) for each in changes]
            value = spell_choice(new)
        else:
            value = spell_line(new[0])
        fits = len(new) > 1 or BODY in question.target.holes
        if not fits or not all(map(is_line_of_code, (document.text[start:end], *new))):
            return None
        return types.SnippetTextEdit(lines.snapshot.range_at(start, end), types.StringValue(value))

    def _line_with(self, change: TextChange) -> str:
        """The target's lines as they would be."""
        text, span = self.asking.document.text, self.asking.span
        after = change.apply(text)
        return after[span.start : span.end + len(after) - len(text)].strip()

    def _describe(self, verified: Checked, num_answers: int) -> str:
        target = self.asking.question.target
        checked = ", ".join([*syntax_of(target.language_id).list_checks(target), *verified.passed])
        counted = "1 answer" if num_answers == 1 else f"{num_answers} answers"
        unchecked = f" Not checked: {'; '.join(verified.unchecked)}." if verified.unchecked else ""
        return f"done; checked that {checked} ({counted}).{unchecked}"
