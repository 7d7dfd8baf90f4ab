"""Fill-in-the-middle formats, one table row a model family, from the families' model cards and papers."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from sotto_engine.errors import SottoError
from sotto_engine.prompt.tokenizer import Tokenizer
from sotto_engine.request import FimOrder, Snippet


class Slot(Enum):
    """A place in a layout that is filled with text."""

    PREFIX = "prefix"
    SUFFIX = "suffix"
    TYPED = "typed"
    REGION = "region"


class Header(Enum):
    """How a family writes repository and file names in front of the code."""

    NONE = "none"
    FILE_SEP_LINES = "<repo>name, then <sep>path and the code, a line each; the target file last"
    FILE_SEP_INLINE = "<repo>name<sep>path, the code; the target's path stands after the prefix token"
    FILENAME = "<sep>path and the code; the target file last"
    PLUS_PATH = "+++++ path as plain text in the prefix"


Layout = tuple[str | Slot, ...]


@dataclass(frozen=True)
class FimTemplate:
    """A family's control tokens and how they are arranged. `bos` and `repository` may be empty."""

    family: str
    prefix_first: Layout | None
    suffix_first: Layout | None
    bos: str = ""
    stops: tuple[str, ...] = ()
    header: Header = Header.NONE
    repository: str = ""
    separator: str = ""

    def layout(self, order: FimOrder) -> Layout:
        """Raises SottoError if the family has no such order."""
        if order is FimOrder.ANCHORED:
            layout = self.prefix_first or self.suffix_first
            if layout is None or isinstance(layout[-1], Slot):
                raise SottoError(
                    f"Models of the family {self.family!r} cannot be anchored: their prompts end with the "
                    "prefix; set another order."
                )
            return (*layout, Slot.TYPED)
        if self.suffix_first is None:
            raise SottoError(f"Models of the family {self.family!r} have no {order.value} order; set another.")
        return self.suffix_first

    def edit_layout(self, task: str) -> Layout:
        """The prompt of an edit task, as the recipe trains it: the text to replace stands after the task's token.

        Raises SottoError if the family has no order with a middle token at the end.
        """
        *parts, middle = self.prefix_first or (Slot.TYPED,)
        if isinstance(middle, Slot):
            raise SottoError(f"Models of the family {self.family!r} have no edit tasks; use another model.")
        return (*parts, edit_token(task), Slot.REGION, middle)

    def control_tokens(self) -> set[str]:
        """Every control token that an order of this family needs."""
        return {
            part
            for layout in (self.prefix_first, self.suffix_first)
            for part in layout or ()
            if isinstance(part, str)
        }


_P, _S = Slot.PREFIX, Slot.SUFFIX
NONE = "none"
"""Of models that were not trained to fill in: they go on after the prefix, and are good for questions alone."""

TEMPLATES: tuple[FimTemplate, ...] = (
    FimTemplate(
        family="qwen",  # Qwen2.5-Coder, Qwen3-Coder; CodeGemma spells the three alike
        prefix_first=("<|fim_prefix|>", _P, "<|fim_suffix|>", _S, "<|fim_middle|>"),
        suffix_first=("<|fim_prefix|>", "<|fim_suffix|>", _S, "<|fim_middle|>", _P),
        stops=("<|endoftext|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<|im_end|>"),
        header=Header.FILE_SEP_LINES,
        repository="<|repo_name|>",
        separator="<|file_sep|>",
    ),
    FimTemplate(
        family="codegemma",
        prefix_first=("<|fim_prefix|>", _P, "<|fim_suffix|>", _S, "<|fim_middle|>"),
        suffix_first=None,
        bos="<bos>",
        stops=("<|file_separator|>", "<eos>"),
    ),
    FimTemplate(
        family="deepseek",
        prefix_first=("<｜fim▁begin｜>", _P, "<｜fim▁hole｜>", _S, "<｜fim▁end｜>"),
        suffix_first=None,
        bos="<｜begin▁of▁sentence｜>",
        stops=("<｜end▁of▁sentence｜>",),
    ),
    FimTemplate(
        family="codellama",
        prefix_first=("▁<PRE>", _P, "▁<SUF>", _S, "▁<MID>"),
        suffix_first=("▁<PRE>", "▁<SUF>", _S, "▁<MID>", _P),
        bos="<s>",
        stops=("</s>", "▁<EOT>"),
    ),
    FimTemplate(
        family="codestral",
        prefix_first=None,
        suffix_first=("[SUFFIX]", _S, "[PREFIX]", _P),
        bos="<s>",
        stops=("</s>",),
        header=Header.PLUS_PATH,
    ),
    FimTemplate(
        family="seed-coder",
        prefix_first=None,
        suffix_first=("<[fim-suffix]>", _S, "<[fim-prefix]>", _P, "<[fim-middle]>"),
        stops=("<[end▁of▁sentence]>",),
    ),
    FimTemplate(
        family="starcoder",
        prefix_first=("<fim_prefix>", _P, "<fim_suffix>", _S, "<fim_middle>"),
        suffix_first=("<fim_prefix>", "<fim_suffix>", _S, "<fim_middle>", _P),
        stops=("<|endoftext|>", "<file_sep>"),
        header=Header.FILE_SEP_INLINE,
        repository="<repo_name>",
        separator="<file_sep>",
    ),
    FimTemplate(
        family="mellum",
        prefix_first=None,
        suffix_first=("<fim_suffix>", _S, "<fim_prefix>", _P, "<fim_middle>"),
        stops=("<|endoftext|>", "<filename>"),
        header=Header.FILENAME,
        separator="<filename>",
    ),
    FimTemplate(family=NONE, prefix_first=None, suffix_first=(_P,)),
    FimTemplate(
        family="granite",
        prefix_first=("<fim_prefix>", _P, "<fim_suffix>", _S, "<fim_middle>"),
        suffix_first=("<fim_prefix>", "<fim_suffix>", _S, "<fim_middle>", _P),
        stops=("<|endoftext|>", "<fim_pad>"),
    ),
)
"""Distinct spellings first. The last three share theirs and name files differently; granite's row asks for least."""


EDIT_TASKS = ("fix", "types", "docstring", "rename")
"""What `onnx_models/recipe` trains besides filling in the middle."""


def edit_token(task: str) -> str:
    return f"<|{task}|>"


def find_template(family: str, tokenizer: Tokenizer) -> FimTemplate:
    """The family's row, its control tokens checked against the vocabulary.

    Raises SottoError for an unknown family and for a model that lacks the tokens.
    """
    for template in TEMPLATES:
        if template.family == family:
            missing = sorted(t for t in template.control_tokens() if tokenizer.control_id(t) is None)
            if missing:
                raise SottoError(
                    f"The model's vocabulary has no {', '.join(missing)}: it was not trained to fill in the "
                    f"middle as the family {family!r} is; choose a model with FIM tokens."
                )
            return template
    known = ", ".join(template.family for template in TEMPLATES)
    raise SottoError(f"The FIM family {family!r} is unknown; use one of {known}.")


def detect_template(tokenizer: Tokenizer, hint: str) -> FimTemplate | None:
    """The family whose tokens the vocabulary has; None if there is none.

    `hint` is whatever names the model (folder, `model_type`): a family named there goes before others with the same
    tokens. Having the tokens does not prove that a model was trained with them.
    """
    rows = {template.family: template for template in TEMPLATES if template.family != NONE}
    named = [family for family in rows if family in hint.lower()]
    for family in (*named, *rows):
        template = rows[family]
        needed = template.control_tokens() | {template.separator, template.repository} - {""}
        if all(tokenizer.control_id(token) is not None for token in needed):
            return template
    return None


def make_header(
    template: FimTemplate, path: str, repository: str, snippets: Sequence[Snippet]
) -> tuple[list[str], str]:
    """Repository, snippets and file name as the family writes them: `(parts in front, text before prefix)`.

    A part that is spelled like a control token is one; all else is text. Without a path nothing is written.
    """
    if template.header is Header.NONE or not path:
        return [], ""
    separator = template.separator
    front = [template.repository, repository] if template.repository and repository else []
    if template.header is Header.PLUS_PATH:
        texts = [f"+++++ {snippet.path}\n{snippet.text}\n" for snippet in snippets]
        return [], "".join([*texts, f"+++++ {path}\n"])
    if template.header is Header.FILE_SEP_INLINE:
        for snippet in snippets:
            front += [separator, f"{snippet.path}\n{snippet.text}"]
        return [*front, separator], f"{path}\n"
    if template.header is Header.FILE_SEP_LINES and front:
        front.append("\n")
    for snippet in snippets:
        front += [separator, f"{snippet.path}\n{snippet.text}\n"]
    return [*front, separator, f"{path}\n"], ""
