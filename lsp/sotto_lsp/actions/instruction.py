"""An action whose instruction is text: what an instruct model is told to do with some lines of code.

This is all that such an action needs besides its place. With `find_code` (the selected lines, or the function whose
signature the cursor is in) it is a row of the catalogue like any other:

    Action("use_logging", instructed("Use logging", "Replace each print by a call of log.info."), find_code)

The hole that its `find` gives must be named `PART` and cover whole lines. The rest is as for every action: it is
offered only if the loaded model can be asked; of several answers the code is taken, not the text around it; they are
checked (`checks.py`); the edit is as small as it can be, follows what is typed meanwhile, and can be cancelled.
"""

from sotto_engine.request import StopAt
from sotto_lsp.actions.conversation import Conversation, load_conversation
from sotto_lsp.actions.template import INSTRUCT_ATTEMPTS, Template

NEEDS = "chat"
"""What the manifest of a loaded instruct model says it is good for."""
_MAX_TOKENS = 512


def instructed(
    title: str,
    instruction: str,
    *,
    kind: str = "refactor.rewrite",
    conversation: Conversation | None = None,
    max_tokens: int = _MAX_TOKENS,
) -> Template:
    """A template that asks an instruct model to do what `instruction` says, in words, with the lines of the hole.

    title, kind: as the editor shows them. The instruction is put into the conversation as it is: braces in it mean
    nothing. `conversation`: how it is asked, by default as in `conversations/rewrite.toml`.
    """
    return Template(
        title=title,
        kind=kind,
        needs=NEEDS,
        stop_at=StopAt.BUDGET,
        max_tokens=max_tokens,
        attempts=INSTRUCT_ATTEMPTS,
        conversation=conversation or load_conversation("rewrite"),
        words={"instruction": instruction},
    )
