"""ActionRun: one action under way in one document, from the target to an edit that fits the document as it is now."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from lsprotocol import types

from sotto_engine.errors import SottoError
from sotto_lsp.actions.action import Action
from sotto_lsp.actions.asking import Asking, none_passes
from sotto_lsp.actions.checked_edit import CheckedEdit
from sotto_lsp.actions.checkers.verifier import Verifier
from sotto_lsp.actions.checks.candidate import Candidate
from sotto_lsp.actions.checks.check import Checked, check_all, verify
from sotto_lsp.actions.proposal import Question, ask
from sotto_lsp.actions.snippet import choice_of, is_line_of_code, with_cursor_behind
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.paths import file_name
from sotto_lsp.documents.store import Document, DocumentStore
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.documents.tracked_span import TrackedSpan
from sotto_lsp.host.session import Session
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.target import Target
from sotto_lsp.transport.progress import ActionProgress

Choose = Callable[[list[str]], Awaitable[int | None]]
"""Lines to choose from -> the index of the chosen one."""
_PERCENT_ASKED = 100
"""When all answers are there, and only checking is left."""


@dataclass
class ActionRun:
    """Made at once with its target: the text is then the target's, whatever is typed before the model is asked.

    `span` follows the target's lines from then until the edit is sent. `verifier`: the project's own checkers, where
    they are to be asked. `has_snippets`: the client takes them.
    """

    session: Session
    documents: DocumentStore
    action: Action
    document: Document
    target: Target
    span: TrackedSpan
    verifier: Verifier | None = None
    has_snippets: bool = False

    def __post_init__(self) -> None:
        lines = Lines(self.document.snapshot())
        self._version = self.document.version
        self._question = Question(self.action, lines, self.target, file_name(self.document.uri))
        self._asking = Asking(self.session, self.documents, self.document, self._question, self.span)

    async def edit(self, progress: ActionProgress, choose: Choose | None) -> CheckedEdit:
        """The most probable answer that passes the checks, or the one that the user chooses of several.

        A client with snippets has several in one edit, to choose from in their place.

        Raises SottoError, in one sentence, where there is none or the lines have changed meanwhile.
        """
        model, goes_on = self._asking.model(progress)
        num_wanted = self.action.num_choices if choose or self.has_snippets else 1
        verifying = partial(self._verify, num_wanted, progress)

        async def accepts(candidates: list[Candidate]) -> bool:
            return bool((await verifying(candidates)).candidates)

        num_answers = self.session.settings.action_candidates
        asked = await ask(model, self._question, num_answers, goes_on, self.verifier and accepts)
        verified = await verifying(asked)
        self._asking.check_unchanged()
        if not verified.candidates:
            raise none_passes(verified.refusals)
        candidates = verified.candidates
        sound = self._checked(candidates, num_wanted)
        change = sound[0]
        snippet = self._snippet(sound)
        if choose is not None and self.action.num_choices > 1 and snippet is None:
            chosen = await choose([self._line_with(each) for each in sound])
            if chosen is None:
                raise SottoError("Nothing was chosen; nothing was changed.")
            # The user took their time: the answer is checked again, in the text there is now.
            again = self._checked(candidates, self.action.num_choices)
            fitting = [each for each in again if each.new == sound[chosen].new]
            if not fitting:
                raise SottoError("The answer does not fit the document any more; run the action again.")
            change = fitting[0]
        snapshot = self.document.snapshot()
        edit = snippet or types.TextEdit(snapshot.range_at(change.start, change.end), change.new)
        checked = ", ".join(
            [*syntax_of(self.target.language_id).checks_passed(self.target), *verified.passed]
        )
        num_answers_said = "1 answer" if len(asked) == 1 else f"{len(asked)} answers"
        sentence = f"done; checked that {checked} ({num_answers_said})."
        if verified.unchecked:
            sentence += f" Not checked: {'; '.join(verified.unchecked)}."
        return CheckedEdit(snapshot.uri, snapshot.version, (edit,), sentence)

    async def _verify(
        self, num_wanted: int, progress: ActionProgress, candidates: list[Candidate]
    ) -> Checked:
        """What the project's own checkers leave of the candidates; all of them where there are none to ask."""
        if self.verifier is None or self.span.is_touched:
            return Checked(candidates)

        def goes_on(what: str) -> bool:
            progress.report(what, _PERCENT_ASKED)
            return not self.span.is_touched

        text, target = self._question.text, self._question.target
        return await verify(self.verifier, text, target, candidates, num_wanted, goes_on)

    def _checked(self, candidates: list[Candidate], num_wanted: int) -> list[TextChange]:
        """At least one answer that passes in the document as it is now."""
        self._asking.check_unchanged()
        delta = self.span.start - self.target.first
        moved = [candidate.shift(delta) for candidate in candidates]
        text = self.document.text
        checked = check_all(text, self.target.shift(delta), moved, num_wanted)
        if not checked.candidates:
            raise none_passes(checked.refusals)
        return [each.change.minimize(text) for each in checked.candidates]

    def _snippet(self, sound: list[TextChange]) -> types.SnippetTextEdit | None:
        """Lines to choose from, or a body with the cursor behind it; None where it has to be a plain edit.

        None, too, once something was typed: the cursor is where the user wants it.
        """
        if not self.has_snippets or self.document.version != self._version:
            return None
        lines, end = self._question.lines, self.target.last
        start, told = sound[0].start, [sound[0].new + self.document.text[sound[0].end : end]]
        if self.action.num_choices > 1:
            start = lines.code_start(lines.snapshot.line_starts.line_of(self.target.first))
            told = [self._line_with(each) for each in sound]
            value = choice_of(told)
        else:
            value = with_cursor_behind(told[0])
        is_for_it = len(told) > 1 or "body" in self.target.holes
        if not is_for_it or not all(map(is_line_of_code, (self.document.text[start:end], *told))):
            return None
        return types.SnippetTextEdit(lines.snapshot.range_at(start, end), types.StringValue(value))

    def _line_with(self, change: TextChange) -> str:
        """The target's lines as they would be."""
        after = change.apply(self.document.text)
        return after[self.span.start : self.span.end + len(after) - len(self.document.text)].strip()
