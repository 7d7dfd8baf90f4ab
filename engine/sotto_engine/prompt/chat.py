"""The chat format of an instruct model: its own template, else ChatML where the vocabulary has its tokens.

A template is a program that comes with a model: it runs in jinja2's sandbox, which is loaded when the first question
is asked. Messages never go through it: it gets a placeholder for each, and what a message spells out stays text.
"""

import datetime
import json
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from sotto_engine.errors import SottoError, first_line
from sotto_engine.prompt.tokenizer import Tokenizer
from sotto_engine.request import Message

TEMPLATE_NAME = "chat_template.jinja"
CONFIG_NAME = "tokenizer_config.json"
_MAX_CHARS = 1 << 18
_PLACEHOLDER = "\ue000{}\ue001"  # private-use characters, which no template looks for
_PLACEHOLDERS = re.compile("\ue000(\\d+)\ue001")
_THOUGHT = re.compile(r"<(think|thinking)>\s*\Z")
_CHATML = ("<|im_start|>", "<|im_end|>")


class ChatTemplate:
    """The template of one model's folder, read when it is first needed."""

    def __init__(self, directory: Path, tokenizer: Tokenizer) -> None:
        self._directory = directory
        self._tokenizer = tokenizer

    @cached_property
    def is_there(self) -> bool:
        """Whether the model can be asked at all."""
        return bool(self._source) or self._speaks_chatml

    def render(self, messages: Sequence[Message]) -> list[int | str]:
        """Control tokens' ids and the text between them, up to where the answer begins.

        Models that think first are asked not to: that takes minutes on a CPU.

        Raises SottoError for a model without a template and for a template that cannot be used.
        """
        if not self._source:
            return self._split(self._chatml(messages), messages)
        try:
            rendered = self._render_template(messages)
        except SottoError:
            if messages[0].role != "system" or len(messages) < 2:
                raise
            first, second, *rest = messages  # some know no system; the user's turn then holds it
            messages = [Message(second.role, f"{first.content}\n\n{second.content}"), *rest]
            rendered = self._render_template(messages)
        return self._split(rendered, messages)

    def _render_template(self, messages: Sequence[Message]) -> str:
        """The template's text with placeholders for the messages' contents."""
        import jinja2  # noqa: PLC0415 - a tenth of a second that only questions need
        from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

        def refuse(reason: str) -> None:
            raise jinja2.TemplateError(reason)

        environment: Any = ImmutableSandboxedEnvironment(  # its filters have no types
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.globals.update(raise_exception=refuse, strftime_now=_now)
        environment.filters["tojson"] = _to_json
        turns = [{"role": message.role, "content": _PLACEHOLDER.format(i)} for i, message in enumerate(messages)]
        try:
            rendered = environment.from_string(self._source).render(
                messages=turns,
                add_generation_prompt=True,
                enable_thinking=False,
                tools=None,
                **self._control_names,
            )
        except Exception as error:  # a template can raise whatever Python can
            raise SottoError(
                f"The chat template of the model in {self._directory} cannot be used ({first_line(error)}); "
                "copy it again from the model's repository."
            ) from error
        if sorted(_PLACEHOLDERS.findall(rendered), key=int) != [str(i) for i in range(len(messages))]:
            raise SottoError(
                f"The chat template of the model in {self._directory} does not show every message once; "
                "use another model."
            )
        # A template that knows no such switch has begun a thought: it ends at once, as Qwen's templates spell it.
        return _THOUGHT.sub(r"<\1>\n\n</\1>\n\n", rendered)

    def _chatml(self, messages: Sequence[Message]) -> str:
        if not self._speaks_chatml:
            raise SottoError(
                f"The model in {self._directory} has no chat template; "
                f"put its {TEMPLATE_NAME} or {CONFIG_NAME} there, or use a model that was tuned to answer."
            )
        start, end = _CHATML
        turns = (f"{start}{each.role}\n{_PLACEHOLDER.format(i)}{end}\n" for i, each in enumerate(messages))
        return "".join(turns) + f"{start}assistant\n"

    def _split(self, rendered: str, messages: Sequence[Message]) -> list[int | str]:
        """Control tokens are read in the template's text only; neighbouring texts are one, as the model saw them."""
        parts: list[int | str] = []
        for number, piece in enumerate(_PLACEHOLDERS.split(rendered)):
            is_message = number % 2 == 1
            found = [messages[int(piece)].content] if is_message else self._tokenizer.split_controls(piece)
            for part in found:
                if isinstance(part, str) and parts and isinstance(last := parts[-1], str):
                    parts[-1] = last + part
                else:
                    parts.append(part)
        return parts

    @property
    def _speaks_chatml(self) -> bool:
        return all(self._tokenizer.control_id(token) is not None for token in _CHATML)

    @cached_property
    def _config(self) -> dict[str, Any]:
        try:
            data: object = json.loads((self._directory / CONFIG_NAME).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return cast("dict[str, Any]", data) if isinstance(data, dict) else {}

    @cached_property
    def _source(self) -> str:
        """The template; "" for none. Of several named ones the default."""
        try:
            source = (self._directory / TEMPLATE_NAME).read_text(encoding="utf-8")
        except (OSError, ValueError):
            named: Any = self._config.get("chat_template")
            if isinstance(named, list):
                choices = cast("list[dict[str, Any]]", named)
                named = next((each.get("template") for each in choices if each.get("name") == "default"), "")
            source = named if isinstance(named, str) else ""
        return source if len(source) <= _MAX_CHARS else ""

    @cached_property
    def _control_names(self) -> dict[str, str]:
        """bos_token and the like, which templates write themselves."""
        names: dict[str, str] = {}
        for name in ("bos_token", "eos_token", "pad_token", "unk_token"):
            value = self._config.get(name)
            if isinstance(value, dict):
                value = cast("dict[str, Any]", value).get("content")
            names[name] = value if isinstance(value, str) else ""
        return names


def _now(form: str) -> str:
    return datetime.datetime.now().astimezone().strftime(form)


def _to_json(value: object, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)
