"""Keys and passwords are never suggested, wherever they come from."""

from sotto_lsp.completion.filters.surroundings import Surroundings
from sotto_lsp.context.secrets import copies_secret, find_secrets, is_inside_key


def secret(text: str, around: Surroundings) -> str:
    """Cut before the first line with a secret, be it half typed; drop a copy of one that stands around the cursor."""
    before = around.line_prefix
    if is_inside_key(around.prefix):
        return ""
    for start, end in find_secrets(before + text):
        if end > len(before):
            return text[: max(0, text.rfind("\n", 0, max(0, start - len(before))))]
    return "" if copies_secret(before[-100:] + text, around.prefix[: -len(before) or None] + around.suffix) else text
