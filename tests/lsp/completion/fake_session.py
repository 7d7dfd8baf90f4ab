"""A session whose model answers when the test lets it."""

import asyncio
from types import SimpleNamespace

from sotto_engine.cancel import CancelFlag
from sotto_engine.request import Completion, FinishReason, Timings
from sotto_lsp.host.metrics import Metrics
from sotto_lsp.settings import Settings

ENGINE = SimpleNamespace(
    complete=lambda request, flag: ("complete", request),
    prefill=lambda request, flag: ("prefill", request),
    prefill_next=lambda request, flag: ("prefill next", request),
)


class Run:
    """One run on the engine: what it is, and when it may end."""

    def __init__(self, kind, request, cancelled):
        self.kind, self.request, self.cancelled = kind, request, cancelled
        self.may_end = asyncio.Event()


class FakeSession:
    """`answers`: what the model says, in order; an exception is raised. `waits`: each run ends when it may."""

    def __init__(self, *answers, waits=False):
        self.settings = Settings()
        self.metrics = Metrics()
        self.min_probability = None
        self.model_indentation = ""
        self.reads_file_names = True
        self.stand_in, self.is_resident, self.quick_tokens, self.loaded_name = None, True, 0, "fake"
        self.on_configured, self.on_request = [], []
        self.answers = list(answers)
        self.waits = waits
        self.runs = []
        self.is_allowed = True

    @property
    def kinds(self):
        return [run.kind for run in self.runs]

    def supersede(self, method, uri):
        pass

    async def find_refusal(self, snapshot):
        return None if snapshot else "not-open"

    def knows(self, language_id):
        return True

    async def may_prefetch(self):
        return self.is_allowed

    async def run(self, start, priority, cancelled=None):
        kind, request = start(ENGINE, cancelled)
        run = Run(kind, request, cancelled or CancelFlag())
        self.runs.append(run)
        if self.waits:
            await run.may_end.wait()
        if kind != "complete":
            return 0
        answer = self.answers.pop(0) if self.answers else ""
        if isinstance(answer, Exception):
            raise answer
        return Completion(answer, (), (), FinishReason.STOP_ID, 0, 0, Timings())
