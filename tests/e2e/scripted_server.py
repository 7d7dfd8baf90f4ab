"""`sotto serve` whose embedded model can do everything, in every language: with the answers of a JSON file, if any.

It says one answer after the other, to all that is not about the Python around a cursor.

An answer that is `null` is one that the model is still at until it is cancelled, or until the file `go` lies next to
the script; the answer is then the next one. Everything but the answers is the real server and its real engine.
"""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from sotto_engine import loading
from sotto_engine.request import ChatRequest, Completion, FinishReason, Timings
from sotto_lsp.commands.cli import main

SCRIPT = Path(sys.argv[1]) if sys.argv[1:] else Path(os.devnull)


class ScriptedAnswers:
    def __init__(self, engine):
        self._complete, self._score = engine.complete, engine.score
        self._answers = iter(json.loads(SCRIPT.read_text(encoding="utf-8") or "[]"))

    def complete(self, request, cancelled, on_text=None):
        # Keys tell this model no name: theirs has no suffix.
        if not isinstance(request, ChatRequest) and Path(request.path).suffix in ("", ".py"):
            return (yield from self._complete(request, cancelled, on_text))
        if (text := next(self._answers, "")) is None:
            for _ in range(8):
                on_text("so that the progress says it")
            while not (SCRIPT.parent / "go").exists():
                if cancelled.is_set():
                    return self._said("", FinishReason.CANCELLED)
                yield 0.005
            text = next(self._answers, "")
        ends = [at for stop in request.limits.stop_strings if (at := text.find(stop)) >= 0]
        reason = FinishReason.STOP_STRING if ends else FinishReason.STOP_ID
        return self._said(text[: min(ends, default=len(text))], reason)

    def score(self, request, texts, cancelled):
        return () if isinstance(request, ChatRequest) else (yield from self._score(request, texts, cancelled))

    def _said(self, text, reason):
        return Completion(text, (), (), reason, 0, 0, Timings(), (0.5,))


def load_scripted(*args, load=loading.load_engine, **options):
    engine, manifest = load(*args, **options)
    answers = ScriptedAnswers(engine)
    engine.complete, engine.score = answers.complete, answers.score
    return engine, replace(manifest, good_for=(*manifest.good_for, "body", "docstring", loading.CHAT), languages=())


loading.load_engine = load_scripted
sys.argv[1:] = ["serve"]
sys.exit(main())
