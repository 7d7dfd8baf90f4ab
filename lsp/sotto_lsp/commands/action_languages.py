"""In which languages code actions are offered with a model on this machine, and what others lack: for the doctor."""

from collections.abc import Sequence

from sotto_lsp.syntax.languages.registry import is_among, language_ids, syntax_of


def action_languages(known: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Their names, and a sentence for each that could be added.

    known: the languages that the model was trained on, as editors call them; empty: not known.
    """
    ids = [each for each in language_ids() if not known or is_among(each, known)]
    lacks = {syntax_of(each).name: syntax_of(each).explain_missing_parser() for each in ids}
    complaints = [f"c{lack[1:]}" for lack in lacks.values() if lack is not None]
    return tuple(name for name, lack in lacks.items() if lack is None), tuple(complaints)
