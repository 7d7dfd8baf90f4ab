"""Generated tokens as text: bytes in, whole code points out."""

import codecs


class TextStream:
    """Decodes token bytes step by step; an unfinished code point is held back until its bytes are there."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.text = ""

    def push(self, data: bytes) -> None:
        """Add one token's bytes; invalid ones become U+FFFD."""
        self.text += self._decoder.decode(data)
