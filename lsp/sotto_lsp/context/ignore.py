"""IgnoreRules: stub until the rules are there."""

from collections.abc import Sequence


class IgnoreRules:
    """Names no file yet."""

    def find_reason(self, uri: str, folder_uris: Sequence[str]) -> str | None:
        """None."""
        del uri, folder_uris
        return None
