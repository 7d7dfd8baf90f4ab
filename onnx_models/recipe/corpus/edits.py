"""Edit tasks made from good code by spoiling it: what the code actions ask for, and the code as it was is the answer.

Each function takes a text and dice and returns an Edit, or None where the text has nothing to offer. The prompt is
`<P>prefix<S>suffix<TASK>region<M>answer`: the region is what is to be replaced, the answer what replaces it.
"""

import builtins
import keyword
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from recipe.corpus.signature import Signature, find_signatures

TASKS = ("fix", "types", "docstring", "rename")
_WORD = re.compile(r"\b[A-Za-z_]\w{2,}\b")
_KNOWN = frozenset(keyword.kwlist) | frozenset(dir(builtins))
_LOCAL = re.compile(r"^[ \t]+([a-z_]\w+) = ", re.MULTILINE)
_DOCSTRING = re.compile(r'[ \t]*[rR]?("""|\'\'\')[\s\S]*?\1[ \t]*\n')
_UNCHANGED_SHARE = 0.15
"""Of the regions to fix nothing is wrong with: a model must be able to say so."""
_MAX_REGION_LINES = 24
_OPERATORS = {
    "==": "!=",
    "!=": "==",
    "<=": "<",
    ">=": ">",
    " < ": " <= ",
    " > ": " >= ",
    " and ": " or ",
    " or ": " and ",
    " + ": " - ",
    " - ": " + ",
    "+=": "-=",
    " is not ": " is ",
    " not in ": " in ",
    "True": "False",
    "False": "True",
    "if not ": "if ",
}
_OPERATOR = re.compile("|".join(re.escape(operator) for operator in sorted(_OPERATORS, key=len, reverse=True)))


@dataclass(frozen=True)
class Edit:
    """`prefix + answer + suffix` is the code as it was written."""

    task: str
    prefix: str
    region: str
    answer: str
    suffix: str


def edit(text: str, dice: random.Random) -> Edit | None:
    """A task of a random kind; a region to fix where the text has nothing for the kind drawn."""
    return MAKERS[dice.choices(TASKS, (0.25, 0.25, 0.25, 0.25))[0]](text, dice) or fix(text, dice)


def fix(text: str, dice: random.Random) -> Edit | None:
    """One to eight lines with one thing wrong in them, now and then nothing."""
    lines = text.splitlines(keepends=True)
    size = dice.choice((1, 1, 2, 3, 4, 6, 8))
    if len(lines) < size + 2:
        return None
    start = dice.randrange(len(lines) - size)
    answer = "".join(lines[start : start + size])
    spoil = dice.choice(_SPOILERS)
    region = answer if dice.random() < _UNCHANGED_SHARE else spoil(answer, text, dice)
    if region is None or not answer.strip():
        return None
    return Edit("fix", "".join(lines[:start]), region, answer, "".join(lines[start + size :]))


def types(text: str, dice: random.Random) -> Edit | None:
    """A signature without its annotations, to be annotated again."""
    signatures = [each for each in find_signatures(text) if each.plain != each.text]
    if not signatures:
        return None
    chosen = dice.choice(signatures)
    return Edit("types", text[: chosen.start], chosen.plain, chosen.text, text[chosen.end :])


def docstring(text: str, dice: random.Random) -> Edit | None:
    """A function without its docstring. Nothing is replaced: the region is empty, after the signature."""
    matches = [_DOCSTRING.match(text, signature.end) for signature in find_signatures(text)]
    found = [match for match in matches if match and match[0].count("\n") <= _MAX_REGION_LINES]
    if not found:
        return None
    match = dice.choice(found)
    return Edit("docstring", text[: match.start()], "", match[0], text[match.end() :])


def rename(text: str, dice: random.Random) -> Edit | None:
    """A function in which one local name was replaced by a foreign one; the first line says which to which."""
    signatures = find_signatures(text)
    if not signatures:
        return None
    signature = dice.choice(signatures)
    end = _end_of_block(text, signature)
    block = text[signature.start : end]
    names = [name for name in dict.fromkeys(_LOCAL.findall(block)) if len(name) > 1 and name not in _KNOWN]
    others = sorted(set(_WORD.findall(text)) - set(_WORD.findall(block)) - _KNOWN)
    if not names or not others:
        return None
    name, other = dice.choice(names), dice.choice(others)
    region, count = re.subn(rf"(?<![\w.]){re.escape(name)}\b", other, block)
    if count < 2:
        return None
    return Edit("rename", text[: signature.start], f"{other} {name}\n{region}", block, text[end:])


MAKERS: dict[str, Callable[[str, random.Random], Edit | None]] = {
    "fix": fix,
    "types": types,
    "docstring": docstring,
    "rename": rename,
}
"""What makes an edit of each task out of a text."""


def _end_of_block(text: str, signature: Signature) -> int:
    """Where the function ends, or where it has become too long for a task."""
    depth = len(signature.indentation.expandtabs(8))
    end = last = signature.end
    for number, line in enumerate(text[end:].splitlines(keepends=True)):
        indentation = len(line[: len(line) - len(line.lstrip())].expandtabs(8))
        if (line.strip() and indentation <= depth) or number == _MAX_REGION_LINES:
            break
        end += len(line)
        last = end if line.strip() else last
    return last


def _at_random(pattern: str, text: str, dice: random.Random) -> re.Match[str] | None:
    matches = list(re.finditer(pattern, text, re.MULTILINE))
    return dice.choice(matches) if matches else None


def _replaced(region: str, match: re.Match[str] | None, by: str) -> str | None:
    return region[: match.start()] + by + region[match.end() :] if match else None


def _slip(region: str, text: str, dice: random.Random) -> str | None:
    """A character that syntax needs is missing, or there twice."""
    del text
    match = _at_random(r":$|[\"'()\[\]{},]", region, dice)
    return _replaced(region, match, "" if dice.random() < 0.7 else match[0] * 2) if match else None


def _letters(region: str, text: str, dice: random.Random) -> str | None:
    """A typing mistake in a word: a letter lost, or two the wrong way round."""
    del text
    match = _at_random(r"[A-Za-z_]{4,}", region, dice)
    if match is None:
        return None
    word, place = match[0], dice.randrange(1, len(match[0]) - 1)
    swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    wrong = swapped if swapped != word and dice.random() < 0.5 else word[:place] + word[place + 1 :]
    return _replaced(region, match, wrong)


def _wrong_name(region: str, text: str, dice: random.Random) -> str | None:
    """One name where another of the same text should stand."""
    match = _at_random(r"\b[a-z_]\w{2,}\b", region, dice)
    others = [word for word in _WORD.findall(text) if match and word != match[0] and word not in _KNOWN]
    if match is None or match[0] in _KNOWN or not others:
        return None
    return _replaced(region, match, dice.choice(others))


def _wrong_operator(region: str, text: str, dice: random.Random) -> str | None:
    del text
    matches = list(_OPERATOR.finditer(region))
    match = dice.choice(matches) if matches else None
    return _replaced(region, match, _OPERATORS[match[0]]) if match else None


def _no_return(region: str, text: str, dice: random.Random) -> str | None:
    del text
    return _replaced(region, _at_random(r"\b(return|await|self\.|yield) ?\b", region, dice), "")


def _off_by_one(region: str, text: str, dice: random.Random) -> str | None:
    """A small number is one too high or low, or a bound is."""
    del text
    match = _at_random(r"(?<![\w.])\d{1,2}(?![\w.])", region, dice)
    if match:
        return _replaced(region, match, str(abs(int(match[0]) + dice.choice((-1, 1)))))
    match = _at_random(r"len\([\w.]+\)", region, dice)
    return _replaced(region, match, match[0] + dice.choice((" - 1", " + 1"))) if match else None


def _lost_indentation(region: str, text: str, dice: random.Random) -> str | None:
    """A line has slid to the left or to the right."""
    del text
    match = _at_random(r"^    (?=[ \t]*\S)", region, dice)
    return _replaced(region, match, "" if dice.random() < 0.5 else " " * 8) if match else None


_Spoiler = Callable[[str, str, random.Random], str | None]
_SPOILERS: tuple[_Spoiler, ...] = (
    *(_slip, _slip, _letters, _wrong_name, _wrong_name),
    *(_wrong_operator, _no_return, _off_by_one, _lost_indentation),
)
