"""Whether questions can be answered now: what `/readyz` tells.

Of the models only the default chairman is looked at, without whom no council ends as it should. It
is asked for a word where it answered nothing within the last hour, so at most once an hour, also
over restarts; that is booked, and not done where the day's budget has no room.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.chat import KnowsConnected
from bot.conversation.app import App
from bot.conversation.health import Finding
from bot.errors import Kind, StoreFailed
from bot.language import _
from bot.program.trials import ask_for_a_word, word_micros
from bot.records import PlatformName

LATELY = timedelta(hours=1)
# A store that takes longer than this for one small row keeps people waiting, too.
WRITE_SECONDS = 5.0
# The least that every provider takes. Whoever thinks first ends cut off, and has answered.
WORD_TOKENS = 16

_ANSWERED: frozenset[Kind] = frozenset({"refused", "empty", "cut_off"})
_PROBE, _WRITTEN = "chairman_asked", "written_for_readiness"


class Readiness:
    def __init__(self, app: App, platforms: Sequence[PlatformName]) -> None:
        self._app = app
        self._platforms = platforms
        self._chairman = Finding(False, _("The chairman was not asked yet."))

    async def findings(self) -> Mapping[str, Finding]:
        """Ready is whoever has none that is False."""
        findings: dict[str, Finding] = {name: self._connected(name) for name in self._platforms}
        findings["database"] = await self._written()
        findings["chairman"] = self._chairman
        return findings

    def _connected(self, name: PlatformName) -> Finding:
        platform = self._app.platforms.get(name)
        if isinstance(platform, KnowsConnected) and platform.connected:
            return Finding(True, _("Connected."))
        if self._app.standing.by(name):
            return Finding(True, _("Another process is connected; this one stands by."))
        return Finding(False, _("Not connected."))

    async def _written(self) -> Finding:
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self._app.store.set_note(_WRITTEN, self._app.now().isoformat())
        except TimeoutError:
            return Finding(False, _("The database takes no writes in time."))
        except StoreFailed as error:
            return Finding(False, error.public)
        return Finding(True, _("The database can be written."))

    async def turn(self) -> None:
        """Look at the chairman anew, and ask it where nothing else tells. Every minute or so."""
        if await self._answered_lately() or await self._probed_lately():
            return
        self._chairman = await self._asked()

    async def _answered_lately(self) -> bool:
        since = self._app.now() - LATELY
        if not await self._app.store.has_answered(self._app.defaults.chairman, since):
            return False
        self._chairman = Finding(True, _("The chairman answers."))
        return True

    async def _probed_lately(self) -> bool:
        """Also by a process before this one."""
        note = json.loads(await self._app.store.note(_PROBE) or "{}")
        if note.get("model") != self._app.defaults.chairman:
            return False
        if datetime.fromisoformat(note["at"]) <= self._app.now() - LATELY:
            return False
        self._chairman = _told(note["failure"])
        return True

    async def _asked(self) -> Finding:
        app, chairman, today = self._app, self._app.defaults.chairman, self._app.now().date()
        most = word_micros(app.catalogue, chairman, WORD_TOKENS)
        if not await app.store.set_aside(today, chairman, most, app.rules.limits):
            return Finding(None, _("The chairman was not asked: the day's budget is spent."))
        error, bill = await ask_for_a_word(
            app.provider,
            app.catalogue,
            chairman,
            tokens=WORD_TOKENS,
            seconds=app.caller.patience.silence,
        )
        over = replace(bill, counted_micros=bill.counted_micros - most)
        await app.store.spend(today, chairman, over)
        failure = error.kind if error and error.kind not in _ANSWERED else None
        note = {"model": chairman, "at": app.now().isoformat(), "failure": failure}
        await app.store.set_note(_PROBE, json.dumps(note))
        return _told(failure)


def _told(failure: Kind | None) -> Finding:
    if failure is None:
        return Finding(True, _("The chairman answers."))
    return Finding(False, _("The chairman does not answer ({kind}).", kind=failure))
