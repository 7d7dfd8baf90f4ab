"""The commands `sotto.models.list`, `.use` and `.get`: what can be chosen, the switch, one added meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from lsprotocol import types

from sotto_engine.errors import SottoError
from sotto_lsp.host.session import Session
from sotto_lsp.model_choice.child import run_sotto
from sotto_lsp.model_choice.listing import ModelRow, list_catalogue, list_own, parse_found
from sotto_lsp.model_choice.wish import Wish, parse_name, parse_options, parse_wish
from sotto_lsp.transport.client import Client
from sotto_lsp.transport.progress import ActionProgress
from sotto_models.store import ModelStore

LIST, USE, GET = "sotto.models.list", "sotto.models.use", "sotto.models.get"

Answer = dict[str, Any]
"""Of a command that changes something: `done`, a `message` of one sentence, the model's `name`."""


class ModelHandlers:
    """For one client; it adds one model at a time. `reload`: loads the model that is used now, with progress."""

    def __init__(self, client: Client, session: Session, reload: Callable[[], Awaitable[None]]) -> None:
        self._client = client
        self._session = session
        self._reload = reload
        self._is_adding = False

    async def list(self, params: types.ExecuteCommandParams) -> list[dict[str, object]]:
        """Those that are there; with `found` those of other programs, with `catalogue` those that can be fetched."""
        options, store = parse_options(params.arguments), ModelStore()
        rows = list_own(store, self._session.model_name(self._session.settings))
        if options.get("found"):
            rows += await self._find()
        if options.get("catalogue"):
            rows += list_catalogue(store)
        if self._client.drops_answers:
            self._client.show_info("models: " + ", ".join(f"{row.name}{' (in use)' * row.used}" for row in rows))
        return [row.report() for row in rows]

    async def use(self, params: types.ExecuteCommandParams) -> Answer:
        """Take this model from now on, here and in what starts later."""
        try:
            name = parse_name(params.arguments)
            ModelStore().use(name)
        except SottoError as error:
            return self._refuse(error)
        except OSError as error:
            return self._refuse(
                SottoError(f"The choice cannot be kept ({error.strerror}); look at its folder's rights.")
            )
        if (named := self._session.named_model) is not None:
            return self._tell(
                f"{name} is chosen, but `sotto.model` or `--model` names {named}, which goes first.", name
            )
        await self._reload()
        return self._tell(f"{name} is used from now on.", name)

    async def get(self, params: types.ExecuteCommandParams) -> Answer:
        """Add a model from this machine or fetch one of the catalogue, with progress; cancelling leaves nothing."""
        if self._is_adding:
            return self._refuse(SottoError("A model is being added already; wait for it, or cancel it."))
        self._is_adding = True
        try:
            wish = parse_wish(params.arguments)
            name = await self._add(wish, params.work_done_token)
        except SottoError as error:
            return self._refuse(error)
        finally:
            self._is_adding = False
        return self._tell(f"{name} is there and can be chosen.", name)

    async def _find(self) -> "list[ModelRow]":
        """Empty where the packages that read weights are missing: the list of those that are there is still good."""
        try:
            return parse_found(await run_sotto(["models", "find", "--json"]))
        except SottoError as error:
            self._client.show_warning(f"models on this machine were not looked for: {error}")
            return []

    async def _add(self, wish: Wish, token: types.ProgressToken | None) -> str:
        """The name it can be chosen by."""
        store = ModelStore()
        before = set(store.names())
        task = asyncio.current_task()
        progress = ActionProgress(self._client, lambda: task.cancel() if task else None)
        message = "nothing was added"
        try:
            await progress.begin(f"adding {wish.title}", token)
            await run_sotto(
                wish.command,
                lambda step, share: progress.report(step, None if share is None else round(100 * share)),
            )
            message = "added"
        finally:
            progress.end(message)
        new = sorted(set(store.names()) - before)
        return new[0] if new else wish.title

    def _tell(self, sentence: str, name: str) -> Answer:
        if self._client.drops_answers:
            self._client.show_info(sentence)
        return {"done": True, "message": sentence, "name": name}

    def _refuse(self, error: SottoError) -> Answer:
        """The editor shows the sentence where it shows answers at all."""
        if self._client.drops_answers:
            self._client.show_warning(str(error))
        return {"done": False, "message": str(error)}
