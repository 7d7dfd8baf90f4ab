"""What a model is good for on this machine, and what to do about its shortcomings: sentences from figures."""

from collections.abc import Sequence

from sotto_engine.model.language_model import ModelTraits
from sotto_engine.model.probe import Speed
from sotto_engine.model_files.manifest import Manifest
from sotto_lsp.syntax.languages.registry import is_among, language_ids, syntax_of

_LINE_TOKENS = 10
_BLOCK_TOKENS = 120
_LINE_WAIT_S = 0.5
"""What a person waits for a line without going on to type."""
_BLOCK_WAIT_S = 10.0
"""What a person waits for an action."""
_COPY_NBYTES = 8 << 20
"""A cache whose copy at every token can be felt."""


def judge_speed(quick_tokens: int) -> str:
    """The speed class in words. quick_tokens: prompt tokens that are read while a user waits; 0: any number."""
    if not quick_tokens:
        return "fast: a new place is read while you wait"
    return (
        f"slow: it reads {quick_tokens} tokens while you wait; a place with more to read is read in the background, "
        "and until then the embedded model answers (sotto.standIn)"
    )


def judge_uses(speed: Speed, context_length: int) -> tuple[str, ...]:
    """A sentence a use, with its figure."""
    line_s = _LINE_TOKENS / speed.decode_tokens_per_s
    block_s = _BLOCK_TOKENS / speed.decode_tokens_per_s
    window_s = context_length / speed.prefill_tokens_per_s
    return (
        f"Inline completions: {'yes' if line_s <= _LINE_WAIT_S else 'slow'}, a line of {_LINE_TOKENS} tokens takes "
        f"{line_s:.2f} s; a full window of {context_length} tokens is read once in {window_s:.1f} s.",
        f"Code actions: {'yes' if block_s <= _BLOCK_WAIT_S else 'slow'}, a block of {_BLOCK_TOKENS} tokens takes "
        f"{block_s:.1f} s.",
    )


def advise(manifest: Manifest, traits: ModelTraits, speed: Speed, prefill_grid: int) -> tuple[str, ...]:
    """A sentence for each thing that the user could change; none for a model that is as it should be."""
    line_s = _LINE_TOKENS / speed.decode_tokens_per_s
    window_copy = traits.cache_nbytes_per_token * manifest.context_length
    found = (
        (
            line_s > _LINE_WAIT_S,
            "choose a smaller model, one quantized to 4 bits with accuracy_level 4, or set sotto.maxLines to 1.",
        ),
        (
            not traits.writes_in_place and window_copy > _COPY_NBYTES,
            f"this graph copies its cache at every token (up to {window_copy / 1e6:.0f} MB); `sotto models add` "
            "prepares a copy that does not, where its attention is the usual one; else export it with "
            "GroupQueryAttention (onnxruntime-genai's builder, or mobius --ep cpu).",
        ),
        (
            not traits.limits_logits,
            "this graph computes logits for the whole prompt; `sotto models add` prepares a copy that does not.",
        ),
        (
            manifest.is_instruct,
            "this model was tuned to answer, not to fill in; for inline completions take the base model of its size.",
        ),
        (
            prefill_grid > 1,
            f"a key computes up to {prefill_grid} tokens again, since this model's rows depend on how a prompt is "
            "cut; a graph that writes its cache in place and no fused mixture of experts avoid that.",
        ),
        (
            not all(file.sha256 for file in manifest.files),
            "this folder has no checksums; `sotto models add` copies it and writes them.",
        ),
    )
    return tuple(sentence for applies, sentence in found if applies)


def find_languages(known: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the languages in which code actions are offered, and a sentence for each that could be added.

    known: the languages that the model was trained on, as editors call them; empty: not known.
    """
    ids = [each for each in language_ids() if not known or is_among(each, known)]
    lacks = {syntax_of(each).name: syntax_of(each).explain_missing_parser() for each in ids}
    complaints = [f"c{lack[1:]}" for lack in lacks.values() if lack is not None]
    return tuple(name for name, lack in lacks.items() if lack is None), tuple(complaints)
