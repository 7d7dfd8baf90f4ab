"""Secrets: texts that look like a key, a token or a password. Their formats are data, in `secret_patterns.toml`."""

import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources

_TELLING = re.compile(
    r"(?:passw(?:or)?d|passphrase|pwd|secret|token|api_?key|access_?key|private_?key|credential|auth(?!or(?!i)))"
    r"\w{0,30}[\"']?\]?[ \t]*(?:==?|:|=>|,)[ \t]*[bru]?[\"'](?:(?:bearer|basic|token) )?(?P<value>[^\"'\s]{8,200})",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"your|my[-_]|example|change|dummy|fake|test|sample|placeholder|xxx|todo|insert|replace|[<>{}$%]|\*\*\*|\.\.\.|"
    r"\A[.~]?/[a-z]+/|\A[a-z]+([-_ .][a-z]+)*[-_.]?\d{0,4}\Z|\A(.)\2*\Z",
    re.IGNORECASE,
)
_OPAQUE = re.compile(r"(?=[A-Za-z_\-+/=]*[0-9])(?=[0-9_\-+/=]*[A-Za-z])[A-Za-z0-9_\-+/=]{8,}")
_MIN_BITS = 2.8
"""A character. Random hexadecimal digits have 3 and more, words about 2.5."""
_NUM_COPIED = 8
"""Characters of a secret that no text may repeat."""


def find_secrets(text: str) -> Iterator[tuple[int, int]]:
    """Where secrets stand in a text: `[start, end)` of each."""
    for match in _formats().finditer(text):
        yield match.span()
    for match in _TELLING.finditer(text):
        if is_random(match["value"]):
            yield match.span("value")


def is_random(value: str) -> bool:
    """Whether a value has letters and digits as no word has them, by Shannon's entropy, and is no placeholder."""
    if _PLACEHOLDER.search(value) or not any(map(str.isdigit, value)):
        return False
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares) >= _MIN_BITS


def is_inside_key(prefix: str) -> bool:
    """Whether a text ends inside the lines of a private key."""
    begin = prefix.rfind("-----BEGIN")
    return begin > prefix.rfind("-----END") and "PRIVATE KEY" in prefix[begin:].split("\n", 1)[0]


def copies_secret(text: str, around: str) -> bool:
    """Whether a text repeats some of a secret that stands around it."""
    words = [match.group() for match in _OPAQUE.finditer(text)]
    if not words:
        return False
    known = [around[start:end] for start, end in find_secrets(around)]
    return any(
        word[at : at + _NUM_COPIED] in secret
        for word in words
        for secret in known
        for at in range(len(word) - _NUM_COPIED + 1)
    )


@lru_cache(maxsize=1)
def _formats() -> re.Pattern[str]:
    source = resources.files("sotto_lsp.context").joinpath("secret_patterns.toml").read_text(encoding="utf-8")
    data = tomllib.loads(source)
    begins = "|".join(map(re.escape, data["begins"]["texts"]))
    return re.compile("|".join([rf"(?<![A-Za-z0-9_])(?:{begins}){data['begins']['rest']}", *data["whole"].values()]))
