"""Keyboard: what a person does in an editor, sent to a server; waits for a suggestion after each key."""

import re
import statistics
import time
from dataclasses import dataclass, field
from typing import Any

from benchmarks.replay import Source, read_metrics
from e2e.raw_client import RawClient

_COUNTED = ("num_prompt_tokens", "num_cached_tokens", "num_completions", "cpu_seconds")


@dataclass
class Buffer:
    """An open file, its cursor, and the text to be written there."""

    uri: str
    text: str
    cursor: int
    to_come: str
    version: int = 1

    @classmethod
    def of(cls, source: Source) -> "Buffer":
        """A file with a hole, the cursor in it."""
        return cls(source.uri, source.before + source.after, source.hole.start, source.text[source.hole])

    def position(self, offset: int) -> dict[str, int]:
        """As the protocol has it; the files are ASCII."""
        before = self.text[:offset]
        return {"line": before.count("\n"), "character": offset - (before.rfind("\n") + 1)}

    def replace(self, start: int, end: int, new: str) -> dict[str, Any]:
        """Change the text, the cursor after it; the change as the protocol has it."""
        change = {"range": {"start": self.position(start), "end": self.position(end)}, "text": new}
        self.text = self.text[:start] + new + self.text[end:]
        self.cursor = start + len(new)
        self.version += 1
        return change


@dataclass
class Presses:
    """What was counted, a number a key; latencies in milliseconds."""

    latencies_ms: list[float] = field(default_factory=list)
    num_prompt: list[float] = field(default_factory=list)
    num_computed: list[float] = field(default_factory=list)
    """Prompt tokens before the first new one; both only of keys that the model was asked for."""
    cpu_seconds: float = 0.0

    @property
    def cached_share(self) -> float:
        """Of the prompt tokens, those that were not computed again."""
        return 1 - sum(self.num_computed) / sum(self.num_prompt)

    @property
    def computed_p95(self) -> float:
        return statistics.quantiles(self.num_computed, n=20, method="inclusive")[18]


class Keyboard:
    """One client at one server. Each method but `open` is one key (or click), and ends with the answer to it."""

    def __init__(self, client: RawClient, buffers: list[Buffer]) -> None:
        """The buffers are opened, and each is asked about once, which counts for nothing."""
        self._client = client
        self.buffers = buffers
        self.presses = Presses()
        self.shown = ""
        self._undone: list[tuple[int, int, str]] = []
        for buffer in buffers:
            client.open(buffer.uri, buffer.text)
            self.buffer = buffer
            self._ask(None)
        self.buffer = buffers[0]
        self.presses = Presses()

    def press(self, text: str) -> None:
        """Insert text at the cursor: a letter, a line's end with its indentation, what was pasted."""
        self._replace(self.buffer.cursor, self.buffer.cursor, text)

    def type_next(self, num_chars: int) -> None:
        """Type the text to come, a letter a key."""
        for _ in range(num_chars):
            text, self.buffer.to_come = self.buffer.to_come[:1], self.buffer.to_come[1:]
            self.press(text)

    def press_next_word(self) -> None:
        """A word or a sign of the text to come as one key, a line's end with its indentation too."""
        word = re.match(r"\n[ \t]*|\w+|[ \t]+|.", self.buffer.to_come)
        assert word is not None, "nothing is left to write"
        self.buffer.to_come = self.buffer.to_come[word.end() :]
        self.press(word.group())

    def press_pair(self, pair: str) -> None:
        """An opening bracket that the editor closes: the cursor is between the two."""
        start = self.buffer.cursor
        change = self.buffer.replace(start, start, pair)
        self.buffer.cursor = start + 1
        self._ask(change)

    def erase(self, num_chars: int) -> None:
        """Backspace, or a word or line deleted before the cursor."""
        self._replace(self.buffer.cursor - num_chars, self.buffer.cursor, "")

    def accept(self) -> str:
        """Tab: the suggestion on the screen, which is inserted."""
        text = self.shown
        self.press(text)
        return text

    def undo(self) -> None:
        """Take the last change back."""
        self._replace(*self._undone.pop())

    def go_to(self, offset: int) -> None:
        """Put the cursor elsewhere in the file."""
        self.buffer.cursor = offset
        self._ask(None)

    def switch_to(self, buffer: Buffer) -> None:
        """Another file, its cursor where it was."""
        self.buffer = buffer
        self._ask(None)

    def change_elsewhere(self, start: int, end: int, new: str) -> None:
        """A change that leaves the cursor where it is: by Delete, or below it by another tool."""
        cursor = self.buffer.cursor
        change = self.buffer.replace(start, end, new)
        self.buffer.cursor = cursor
        self._ask(change)

    def _replace(self, start: int, end: int, new: str) -> None:
        self._undone.append((start, start + len(new), self.buffer.text[start:end]))
        self._ask(self.buffer.replace(start, end, new))

    def _ask(self, change: dict[str, Any] | None) -> None:
        buffer, client, counts = self.buffer, self._client, self.presses
        params = {
            "textDocument": {"uri": buffer.uri},
            "position": buffer.position(buffer.cursor),
            "context": {"triggerKind": 2},
        }
        before = read_metrics(client)
        start = time.perf_counter()
        if change is not None:
            client.change(buffer.uri, buffer.version, change)
        msg_id = client.send_request("textDocument/inlineCompletion", params)
        items = client.wait(msg_id, timeout=60)["result"]["items"]
        counts.latencies_ms.append((client.received_at[msg_id] - start) * 1000)
        after = read_metrics(client)
        used = {name: after[name] - before[name] for name in _COUNTED}
        counts.cpu_seconds += used["cpu_seconds"]
        if used["num_completions"]:
            counts.num_prompt.append(used["num_prompt_tokens"])
            counts.num_computed.append(used["num_prompt_tokens"] - used["num_cached_tokens"])
        self.shown = items[0]["insertText"] if items else ""
