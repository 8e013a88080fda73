"""`council serve`: every platform that has a token, and what is done beside them for weeks.

Imports what a platform needs when it runs: a Slack bot needs no Discord library.

Whatever goes wrong, "alive": no part of the program ends by itself, or hangs.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from bot.errors import BotError, InvalidConfiguration
from bot.language import _, listed, n_
from bot.program.process import DONE
from bot.program.work import KEEP_UP_SECONDS, swept, taking

if TYPE_CHECKING:
    from bot.conversation.app import App
    from bot.program.config import Config
    from bot.records import PlatformName

logger = logging.getLogger(__name__)

EXPIRE_SECONDS = 3_600
TIDY_SECONDS = 3_600
# What a platform is called by those who read logs, and in the store.
PLACES: "Mapping[str, PlatformName]" = {"Discord": "discord", "Slack": "slack"}


async def serve(config: "Config", *, at_once: int) -> int:
    """Until it is cancelled. So many are deliberated here at once, of those that workers take; 0
    leaves all of them to others."""
    from bot.program.compose import open_app, open_queue
    from bot.program.health_port import health_port

    adapters = _adapters(config)
    if not adapters:
        raise InvalidConfiguration(
            [_("No platform has a token: set DISCORD_TOKEN or SLACK_BOT_TOKEN.")]
        )
    async with (
        open_queue(config, "serve") as queue,
        open_app(config, "serve", queue) as app,
        health_port(config, app, [PLACES[name] for name in adapters]),
        swept(app, queue),
        taking(app, queue, at_once),
    ):
        logger.info("%s", await _served(config, app, tuple(adapters)))
        loops = [asyncio.create_task(each) for each in beside(app, config.time_scale)]
        try:
            await _serve_all(
                [asyncio.create_task(run(app), name=name) for name, run in adapters.items()]
            )
        finally:
            for task in loops:
                task.cancel()
            await asyncio.wait(loops)
    return DONE


async def _serve_all(adapters: "Sequence[asyncio.Task[None]]") -> None:
    """Until the last platform fails: one that does takes no other down. Raises its error."""
    going: set[asyncio.Task[None]] = set(adapters)
    try:
        while True:
            ended, going = await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
            for adapter in ended:
                if not going:
                    adapter.result()
                error = adapter.exception()
                trace = None if isinstance(error, BotError) else error
                left = listed(sorted(each.get_name() for each in going))
                logger.error(
                    "%s is not served any more, %s goes on. %s",
                    adapter.get_name(),
                    left,
                    error or "",
                    exc_info=trace,
                )
            if not going:
                return
    finally:
        for adapter in going:
            adapter.cancel()
        if going:
            await asyncio.wait(going)


def beside(app: "App", time_scale: float) -> "Iterator[Coroutine[Any, Any, NoReturn]]":
    """What is done every minute while the program serves for weeks."""
    from bot.conversation import recounts, removals
    from bot.conversation.loops import forever

    pause = KEEP_UP_SECONDS * time_scale
    # Models come, go and change their prices.
    yield forever("the list of models is not refreshed", app.catalogue.load, pause_seconds=pause)
    yield forever("old lines are kept", app.tidy, pause_seconds=TIDY_SECONDS * time_scale)
    yield forever("unfinished questions are not looked for", app.running.sweep, pause_seconds=pause)
    yield forever(
        "unfinished reflections are not looked for",
        partial(app.reflections.sweep, app.platforms),
        pause_seconds=pause,
    )
    yield forever("what requests cost is not looked up", app.look_up, pause_seconds=pause)
    yield forever(
        "votes are not shown",
        app.recounts.turn,
        pause_seconds=recounts.PAUSE_SECONDS * time_scale,
    )
    yield forever("ends of trials are not told", app.trials.turn, pause_seconds=pause)
    yield forever(
        "posts of forgotten questions are not removed",
        app.removals.turn,
        pause_seconds=removals.PAUSE_SECONDS * time_scale,
    )
    yield forever("old texts are not erased", app.expire, pause_seconds=EXPIRE_SECONDS * time_scale)
    yield forever("the statistics are not kept up", partial(_keep_up, app), pause_seconds=pause)


async def _keep_up(app: "App") -> None:
    """Whoever asks for statistics should not wait for what could be loaded and read before."""
    from bot.pages import picture as plots

    await asyncio.to_thread(plots.load)
    await app.statistics().keep_up()
    await app.questions.weighing.keep_up()


async def _served(config: "Config", app: "App", platforms: "Sequence[str]") -> str:
    """What is served where, by whom and for how much, in a line."""
    from bot.pages.settings import seats_in_words

    limit = app.rules.daily_budget_micros
    if config.rehearsal:
        budget = _("the models are simulated")
    elif limit is None:
        budget = _("no budget")
    else:
        budget = _(
            "${usd:.2f} a day, ${spent:.2f} of it spent",
            usd=limit / 1e6,
            spent=await app.store.spent(app.now().date()) / 1e6,
        )
    return _(
        "Serving {platforms}: members {members}; chairman {chairman}; {budget}; {kept}.",
        platforms=listed(platforms),
        members=seats_in_words(app.defaults.members),
        chairman=app.defaults.chairman,
        budget=budget,
        kept=kept(app.retention_days),
    )


def kept(days: int | None) -> str:
    """How long texts are kept."""
    if days is None:
        return _("texts are kept for ever")
    return n_("texts are kept for {n} day", "texts are kept for {n} days", days)


def _adapters(config: "Config") -> "dict[str, Callable[[App], Coroutine[Any, Any, None]]]":
    """Every platform that has a token by its name, as something that runs until it is cancelled."""
    adapters: dict[str, Callable[[App], Coroutine[Any, Any, None]]] = {}
    if config.discord_token:
        from adapters.discord.supervisor import run as run_discord

        token = config.discord_token.get_secret_value()
        adapters["Discord"] = partial(run_discord, token=token, time_scale=config.time_scale)
    if config.slack_bot_token:
        adapters["Slack"] = _slack(config)
    return adapters


def _slack(config: "Config") -> "Callable[[App], Coroutine[Any, Any, None]]":
    """Over a socket where there is a token for it, which needs no address of ours."""
    from adapters.slack.supervisor import run

    bot, app, secret = config.slack_bot_token, config.slack_app_token, config.slack_signing_secret
    assert bot
    return partial(
        run,
        bot_token=bot.get_secret_value(),
        app_token=app.get_secret_value() if app else None,
        signing_secret=secret.get_secret_value() if secret else "",
        port=config.http_port,
        host=config.http_host,
        api_url=config.slack_api_url,
        time_scale=config.time_scale,
    )
