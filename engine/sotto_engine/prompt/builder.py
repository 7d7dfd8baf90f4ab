"""From a request to the prompt's token ids: windows that move in jumps, layout, token healing.

A prompt is a pure function of the request: nothing is remembered between keystrokes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sotto_engine.errors import SottoError
from sotto_engine.prompt.chat import ChatTemplate
from sotto_engine.prompt.fim import FimTemplate, Slot, make_header
from sotto_engine.prompt.tokenizer import Tokenizer
from sotto_engine.request import ChatRequest, EditRequest, FillInRequest, FimOrder, Request

_WINDOW_STEP = 256
"""Tokens by which the start of the prefix jumps: each jump is a whole prefill, each step costs context."""
ANCHOR_CHARS = 200
"""At least so much of what was written before the cursor's line stands after the middle token: with less to go on
from, a small model does not find its place."""
ANCHOR_STEP = 400
"""Characters by which the anchor jumps. Each jump costs the suffix and what stands after the anchor once more."""
_TAIL = 6
"""Tokens before the end at which a cache that needs checkpoints gets one: for what is typed, erased, healed there."""
_SUFFIX_SHARE = 0.2
"""Of the room: what follows shows where to stop, what precedes shows what to write."""
_HEADER_SHARE = 0.25


@dataclass(frozen=True)
class Prompt:
    """The prompt of a request. `healed` is text that the user typed and the first new token must extend."""

    token_ids: list[int]
    healed: bytes
    boundaries: tuple[int, ...] = ()
    """Lengths that a later prompt probably shares: around each part of the layout, and a few tokens before the end,
    where typing goes on."""


class PromptBuilder:
    """Renders requests for one model. `max_tokens` is the model's context length."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        template: FimTemplate,
        order: FimOrder,
        max_tokens: int,
        *,
        header: bool,
        chat: ChatTemplate | None = None,
        window_tokens: int = 0,
    ) -> None:
        """window_tokens: the most of a prompt that fills in; 0: as many as the context has."""
        self.tokenizer = tokenizer
        self._template = template
        self._order = order
        self._layout = template.layout(order)
        self._max_tokens = max_tokens
        self._window_tokens = window_tokens
        self._header_trained = header
        self._chat = chat

    def build(self, request: Request) -> Prompt:
        """Token ids that leave room for `limits.max_tokens` new ones, or for half a context of them."""
        if isinstance(request, ChatRequest):
            return self._build_chat(request)
        is_edit = isinstance(request, EditRequest)
        layout = self._template.edit_layout(request.task) if is_edit else self._layout
        room = self._prompt_room(request) - len(layout)
        front, lead = self._build_header(request, int(room * _HEADER_SHARE))
        room -= len(front)
        suffix_ids = self.tokenizer.encode(request.suffix)[: int(room * _SUFFIX_SHARE)]
        room -= len(suffix_ids)
        region_ids = self.tokenizer.encode(request.region) if is_edit else []
        room -= len(region_ids)
        if room < 0:
            raise SottoError("These lines are too long for the model; choose fewer of them.")
        anchor = len(request.prefix) if is_edit else self._find_anchor(request.prefix)
        prefix_ids = self.tokenizer.encode(lead + request.prefix[:anchor])
        typed_ids = self.tokenizer.encode(request.prefix[anchor:])
        healed = b"" if is_edit else self._pop_unfinished(typed_ids or prefix_ids)
        typed_ids = self._cut_to_window(typed_ids, room)
        filling = {
            Slot.PREFIX: self._cut_to_window(prefix_ids, room - len(typed_ids)),
            Slot.SUFFIX: suffix_ids,
            Slot.TYPED: typed_ids,
            Slot.REGION: region_ids,
        }
        parts = ([self._control_id(part)] if isinstance(part, str) else filling[part] for part in layout)
        return _join_parts(front, parts, healed)

    def _prompt_room(self, request: Request) -> int:
        """Tokens of the context that are not kept for the answer."""
        room = self._max_tokens - min(request.limits.max_tokens, self._max_tokens // 2)
        is_limited = self._window_tokens and isinstance(request, FillInRequest)
        return min(room, self._window_tokens) if is_limited else room

    def _build_chat(self, request: ChatRequest) -> Prompt:
        """A question in the model's chat format and the beginning of the answer."""
        if self._chat is None:
            raise SottoError("This model cannot be asked questions; use one that was tuned to answer.")
        parts = self._chat.render(request.messages)
        if request.answer_prefix:
            last = parts.pop() if parts and isinstance(parts[-1], str) else ""
            parts.append(f"{last}{request.answer_prefix}")
        ids = ([part] if isinstance(part, int) else self.tokenizer.encode(part) for part in parts)
        prompt = _join_parts([], ids, healed=b"")
        if len(prompt.token_ids) > self._prompt_room(request):
            raise SottoError("This question is too long for the model; choose fewer lines.")
        return prompt

    def _find_anchor(self, prefix: str) -> int:
        """Where the text after the middle token starts: at a line's end, the same for some lines on end."""
        if self._order is not FimOrder.ANCHORED:
            return len(prefix)
        latest = max(0, prefix.rfind("\n") - ANCHOR_CHARS)
        return max(prefix.rfind("\n", 0, latest // ANCHOR_STEP * ANCHOR_STEP), 0)

    def _build_header(self, request: FillInRequest | EditRequest, room: int) -> tuple[list[int], str]:
        """`(ids in front of the layout, text before the prefix)`, without the snippets that do not fit."""
        start = [self._control_id(self._template.bos)] if self._template.bos else []
        if not self._header_trained:
            return start, ""
        ids: list[int] = []
        lead = ""
        snippets = request.snippets if isinstance(request, FillInRequest) else ()
        for num_snippets in range(len(snippets), -1, -1):
            fitting = snippets[:num_snippets]
            parts, lead = make_header(self._template, request.path, request.repository, fitting)
            ids = [token_id for part in parts for token_id in self._encode_part(part)]
            if len(ids) <= room:
                return start + ids, lead
        return start, ""

    def _encode_part(self, part: str) -> list[int]:
        is_control = part in (self._template.repository, self._template.separator)
        return [self._control_id(part)] if is_control else self.tokenizer.encode(part)

    def _pop_unfinished(self, token_ids: list[int]) -> bytes:
        """Take the last token off, to be generated again (token healing), and return its bytes.

        A newline with its indentation is finished: the editor wrote it. A token that starts inside a code
        point stays, since text must be cut between code points.
        """
        last = self.tokenizer.token_bytes(token_ids[-1]) if token_ids else b""
        is_indentation = not last.strip(b" \t\r\n") and b"\n" in last
        starts_inside_code_point = bool(last) and last[0] & 0xC0 == 0x80
        if not last or is_indentation or starts_inside_code_point:
            return b""
        token_ids.pop()
        return last

    def _cut_to_window(self, token_ids: list[int], room: int) -> list[int]:
        """The last tokens that fit, starting at a line; the start jumps, so that most keystrokes keep it."""
        if len(token_ids) <= room:
            return token_ids
        step = max(1, min(_WINDOW_STEP, room // 2))
        start = -(-(len(token_ids) - room) // step) * step
        for ahead in range(start, min(start + step // 4, len(token_ids))):
            if b"\n" in self.tokenizer.token_bytes(token_ids[ahead]):
                return token_ids[ahead:]
        return token_ids[start:]

    def _control_id(self, spelling: str) -> int:
        token_id = self.tokenizer.control_id(spelling)
        if token_id is None:
            raise SottoError(f"The model's vocabulary has no {spelling}; set another FIM family or order.")
        return token_id


def _join_parts(front: list[int], parts: Iterable[list[int]], healed: bytes) -> Prompt:
    """Before each part lies a boundary."""
    token_ids = list(front)
    boundaries: list[int] = []
    for part in parts:
        boundaries.append(len(token_ids))
        token_ids += part
    return Prompt(token_ids, healed, (*boundaries, len(token_ids) - _TAIL))
