"""In which languages code actions are offered with a model on this machine, and what others lack: for the doctor."""

from collections.abc import Sequence

from sotto_lsp.syntax.target import PYTHON
from sotto_lsp.syntax.tree_sitter.grammar import grammar_of
from sotto_lsp.syntax.tree_sitter.language import all_languages, is_among


def action_languages(known: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Their names, and a sentence for each that could be added.

    known: the languages that the model was trained on, as editors call them; empty: not said.
    """
    rows = [
        row for row in all_languages() if not known or any(is_among(each, known) for each in row.grammars)
    ]
    lacking = [row for row in rows if any(grammar_of(each) is None for each in row.grammars)]
    names = [row.name for row in rows if row not in lacking]
    if not known or PYTHON in known:
        names.insert(0, "Python")
    return tuple(names), tuple(f"code actions in {row.name} need a grammar; {row.remedy}" for row in lacking)
