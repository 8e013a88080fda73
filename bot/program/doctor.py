"""`council doctor`, the front desk: what is set, what of it works, and what to do about the rest.

What can be found out without a network is told without one. Nothing here prints a secret.
"""

import logging
import shutil
import sys
import textwrap
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import aclosing
from datetime import UTC, date, datetime
from pathlib import Path

from bot.bills import Bill
from bot.conversation.health import Finding
from bot.document import Document, Text
from bot.errors import StoreFailed, StoreLocked
from bot.language import _, listed, n_
from bot.pages.privacy import Facts, in_file, on_server, page
from bot.printing import tell
from bot.program.compose import open_queue, retention_days, routing_of
from bot.program.config import Config
from bot.program.endpoints import KNOWN_SERVERS
from bot.program.process import DONE, NO_ANSWER
from bot.program.reading import put
from bot.program.trials import Ledger, Tell, examine_models, passed_on
from bot.program.work import nobody_takes
from bot.store.server import Server
from bot.store.store import Store


async def doctor(config: Config) -> int:
    """Tell each finding as soon as it is there. Returns the exit code: whether a person has to
    mend something."""
    # What it warns of is a finding here.
    logging.getLogger("bot.models").setLevel(logging.ERROR)
    broken = 0

    def found(finding: Finding) -> None:
        nonlocal broken
        broken += finding.ok is False
        tell(_folded(f"  {finding}"))

    book = _Book(config, datetime.now(UTC).date())
    tell(_("Configuration"))
    for finding in _configuration(config):
        found(finding)
    tell(_("Database and budget"))
    await book.examine(found)
    for finding in _budget(config, book.spent_micros):
        found(finding)
    tell(_("Models"))
    await examine_models(config, book, found)
    tell(_("Platforms"))
    await _platforms(config, found)
    if broken:
        mend = n_(
            "{n} thing has to be mended: ✗ above.",
            "{n} things have to be mended: ✗ above.",
            broken,
        )
        tell(mend)
        return NO_ANSWER
    fine = _("Nothing is broken.")
    tell(_("Nothing is broken; the models are simulated.") if config.rehearsal else fine)
    return DONE


async def privacy(config: Config) -> int:
    """Tell what is stored, where, how long, and who receives what. Asks nobody, and writes nothing:
    of a database that is not there yet it tells what will hold."""
    place, days = config.database_place(), config.retention_days
    if isinstance(place, Server) or place.exists():
        store = await Store.open(place, read_only=True)
        try:
            days = await retention_days(config, store)
        finally:
            await store.close()
    put(Document((Text(page(_facts(config, days))),)), sys.stdout)
    return DONE


def _facts(config: Config, days: int | None) -> Facts:
    routing, endpoints = routing_of(config), config.endpoints()
    told = [passed_on(each.url, routing) for each in endpoints if each.openrouter]
    platforms = {"Discord": config.discord_token, "Slack": config.slack_bot_token}
    served = [name for name, token in platforms.items() if token]
    place = config.database_place()
    kept_in = on_server if isinstance(place, Server) else in_file
    return Facts(
        kept_in=kept_in(f"`{place}`"),
        texts_kept=_("for ever (`COUNCIL_RETENTION_DAYS` has them erased)")
        if days is None
        else n_("erased after {n} day", "erased after {n} days", days),
        servers=", ".join(each.url for each in endpoints)
        or _("this program itself, whose models are simulated"),
        routing=" ".join(told),
        platforms=listed(served) or _("no platform: none has a token"),
    )


def _folded(line: str) -> str:
    """At words, where a person reads it; in a pipe a finding is a line."""
    if not sys.stdout.isatty():
        return line
    width = shutil.get_terminal_size().columns
    return textwrap.fill(
        line,
        max(width, 40),
        subsequent_indent=" " * 4,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _configuration(config: Config) -> Iterator[Finding]:
    if config.env_file:
        path = config.env_file.resolve()
        yield Finding(None, _("Read beside the environment: {path}.", path=path))
    else:
        yield Finding(
            None,
            _(
                "There is no .env in {folder}, nor in the program's checkout: only the environment "
                "was read.",
                folder=Path.cwd(),
            ),
        )
    for warning in config.warnings:
        yield Finding(None, warning)
    if config.unused_keys:
        yield Finding(None, _unused(config.unused_keys))


def _unused(keys: Iterable[str]) -> str:
    """How the keys that lie around could be used."""
    entries = {key: KNOWN_SERVERS[key] for key in keys}
    first, (__, url) = next(iter(entries.items()))
    return _(
        "Set, and used by nothing here: {keys}. To ask one of these servers alone, write into .env "
        "COUNCIL_MODEL_URL={url} and, as COUNCIL_MODEL_KEY, the key in {first}. To ask them beside "
        "others: COUNCIL_ENDPOINTS={endpoints} and members like {name}/MODEL.",
        keys=", ".join(entries),
        url=url,
        first=first,
        endpoints=",".join(f"{name}={url};key={key}" for key, (name, url) in entries.items()),
        name=entries[first][0],
    )


class _Book(Ledger):
    """Today's page of the database: what is spent, and what asking the models adds to it."""

    def __init__(self, config: Config, today: date) -> None:
        self._config = config
        self._today = today
        self.spent_micros = 0

    async def examine(self, tell: Tell) -> None:
        """Beside a program that runs, too."""
        try:
            path = self._config.database_place()
            try:
                store = await Store.open(path, holder="council doctor")
                found = _("The database {path} can be read and written.", path=path)
            except StoreLocked:
                store = await Store.open(path, read_only=True)
                found = _(
                    "The database {path} can be read; a running Council writes to it.", path=path
                )
            try:
                damage = await store.damage()
                self.spent_micros = await store.spent(self._today)
                days = await retention_days(self._config, store)
                workers = await _workers(self._config, store)
            finally:
                await store.close()
        except StoreFailed as error:
            tell(Finding(False, str(error)))
            return
        tell(Finding(True, found))
        for finding in workers:
            tell(finding)
        if damage:
            damaged = _(
                "The database {path} is damaged ({damage}). Stop Council and restore a backup, or "
                "set COUNCIL_DATABASE to another file.",
                path=path,
                damage=damage,
            )
            tell(Finding(False, damaged))
        tell(Finding(None, _kept(days)))
        tell(Finding(None, _("Spent today (UTC): ${usd:.4f}.", usd=self.spent_micros / 1e6)))

    async def allows(self, micros: int) -> bool:
        budget_usd = self._config.budget_usd(serving=False)
        return budget_usd is None or self.spent_micros + micros <= budget_usd * 1e6

    async def book(self, spent: Mapping[str, Bill]) -> bool:
        try:
            store = await Store.open(self._config.database_place(), holder="council doctor")
            try:
                for model, bill in spent.items():
                    await store.spend(self._today, model, bill)
            finally:
                await store.close()
        except StoreFailed:
            return False
        return True


async def _workers(config: Config, store: Store) -> list[Finding]:
    """Whether what is asked is taken, where several processes share a database."""
    async with open_queue(config, "doctor") as queue:
        if queue is None:
            return []
        waiting, living = len(await store.open_work()), await queue.workers()
    if not living:
        if waiting:
            return [Finding(False, nobody_takes(waiting))]
        none = _("No worker lives: `council serve` is one, and so is `council worker` beside it.")
        return [Finding(None, none)]
    found = [Finding(True, n_("{n} worker lives.", "{n} workers live.", living))]
    if waiting:
        wait = n_(
            "{n} question waits until a worker is free.",
            "{n} questions wait until a worker is free.",
            waiting,
        )
        found.append(Finding(None, wait))
    return found


def _kept(days: int | None) -> str:
    if days is None:
        return _("Texts are kept for ever; COUNCIL_RETENTION_DAYS has them erased.")
    return n_(
        "Texts are erased after {n} day (COUNCIL_RETENTION_DAYS); numbers and votes stay.",
        "Texts are erased after {n} days (COUNCIL_RETENTION_DAYS); numbers and votes stay.",
        days,
    )


def _budget(config: Config, spent_micros: int) -> Iterator[Finding]:
    if config.rehearsal:
        return
    budget_usd = config.budget_usd(serving=True)
    if budget_usd is None:
        yield Finding(None, _("No budget: COUNCIL_DAILY_BUDGET_USD says unlimited."))
        return
    if "daily_budget_usd" in config.model_fields_set:
        yield Finding(None, _("Budget: ${usd:.2f} a day over all channels.", usd=budget_usd))
    else:
        only_served = _(
            "Budget: `council serve` spends at most ${usd:.2f} a day; chat, ask and bench have no "
            "limit. COUNCIL_DAILY_BUDGET_USD sets one for all.",
            usd=budget_usd,
        )
        yield Finding(None, only_served)
    if spent_micros >= budget_usd * 1e6:
        spent = _("Today's budget is spent; what it limits is asked again after midnight UTC.")
        yield Finding(None, spent)


async def _platforms(config: Config, tell: Tell) -> None:
    checks: list[AsyncGenerator[Finding, None]] = []
    if config.discord_token:
        from adapters.discord.checks import examine

        token = config.discord_token.get_secret_value()
        is_listed = bool(config.allowed)
        checks.append(examine(token, is_listed=is_listed, time_scale=config.time_scale))
    if config.slack_bot_token:
        from adapters.slack.checks import examine as examine_slack

        bot, app = config.slack_bot_token, config.slack_app_token
        checks.append(
            examine_slack(
                bot.get_secret_value(),
                app.get_secret_value() if app else None,
                api_url=config.slack_api_url,
                time_scale=config.time_scale,
            )
        )
    for each in checks:
        async with aclosing(each) as findings:
            async for finding in findings:
                tell(finding)
    if not checks:
        none = _(
            "No platform has a token, so `council serve` has nothing to run; chat and ask need "
            "none. Set DISCORD_TOKEN, or SLACK_BOT_TOKEN and SLACK_APP_TOKEN."
        )
        tell(Finding(None, none))
