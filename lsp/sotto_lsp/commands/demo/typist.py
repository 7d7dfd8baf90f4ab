"""The person in the demo: types a known text key by key and accepts what is exactly right."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from lsprotocol import types

from sotto_lsp.commands.demo.client import DemoClient

_MAX_HOLE_LINES = 12
_MIN_ACCEPTED_CHARS = 3


@dataclass(frozen=True)
class Moment:
    """The editor after one key: the text on both sides of the cursor, the ghost, how long it took to come."""

    prefix: str
    suffix: str
    ghost: str
    latency_ms: float
    accepted: str = ""
    """the part of the ghost that is taken over next"""


def choose_hole(text: str, first_line: str | None) -> slice:
    """The part to be typed: from the line that starts with `first_line`, else from about the middle.

    The text must not be blank.
    """
    lines = text.splitlines(keepends=True)
    number = next(i for i in range(len(lines) // 2, -1, -1) if lines[i].strip())
    if first_line is not None:
        number = next(i for i, line in enumerate(lines) if line.startswith(first_line))
    start = sum(map(len, lines[:number]))
    return slice(start, start + len("".join(lines[number : number + _MAX_HOLE_LINES]).rstrip("\n")))


async def type_hole(client: DemoClient, text: str, hole: slice) -> AsyncIterator[Moment]:
    """Type `text[hole]` into the rest of the text, which is open in the server."""
    prefix, target, suffix = text[: hole.start], text[hole], text[hole.stop :]
    while target:
        key, target = target[0], target[1:]
        client.insert(_position(prefix), key)
        prefix += key
        start = time.perf_counter()
        ghost = await client.suggestion(_position(prefix))
        latency_ms = (time.perf_counter() - start) * 1000
        accepted = _right_part(ghost, target)
        yield Moment(prefix, suffix, ghost, latency_ms, accepted)
        if accepted:
            client.insert(_position(prefix), accepted)
            prefix, target = prefix + accepted, target[len(accepted) :]


def _right_part(ghost: str, target: str) -> str:
    """The first lines of the ghost that are exactly what would be typed, if they are worth a key."""
    right = 0
    lines = ghost.splitlines(keepends=True)
    for number in range(len(lines), 0, -1):
        candidate = "".join(lines[:number]).rstrip("\n")
        if target.startswith(candidate) and target[len(candidate) : len(candidate) + 1] in ("\n", ""):
            right = len(candidate)
            break
    return ghost[:right] if right >= _MIN_ACCEPTED_CHARS else ""


def _position(prefix: str) -> types.Position:
    """The end of `prefix`, in UTF-16 units."""
    last_line = prefix[prefix.rfind("\n") + 1 :]
    return types.Position(prefix.count("\n"), len(last_line.encode("utf-16-le")) // 2)
