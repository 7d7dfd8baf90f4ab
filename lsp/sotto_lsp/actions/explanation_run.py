"""ExplanationRun: what the model says about some lines, for the user to read; no document is changed."""

from dataclasses import dataclass

from sotto_engine.errors import SottoError
from sotto_lsp.actions.asking import Asking
from sotto_lsp.actions.explanation import explanation
from sotto_lsp.actions.proposal import answers
from sotto_lsp.transport.progress import ActionProgress


@dataclass(frozen=True)
class ExplanationRun:
    asking: Asking

    async def text(self, progress: ActionProgress) -> str:
        """The first answer that says something. Raises SottoError where there is none."""
        model, goes_on = self.asking.model(progress)
        num_wanted = self.asking.session.settings.action_candidates
        async for _, _, completion in answers(model, self.asking.question, num_wanted, goes_on):
            if said := explanation(completion):
                self.asking.check_unchanged()
                return said
        self.asking.check_unchanged()
        raise SottoError("The model has no answer; nothing was changed.")
