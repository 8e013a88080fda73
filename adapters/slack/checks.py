"""What `council doctor` says about Slack: the tokens, the scopes, and whether Slack takes what the
bot would post. Nothing is posted."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Set
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from adapters.slack import asking, form, refusals, render
from adapters.slack.packing import Message
from adapters.slack.refusals import error_of
from adapters.slack.supervisor import REFUSED_APP_TOKEN, REFUSED_BOT_TOKEN, refused
from adapters.slack.web import Web, granted_scopes
from bot.chat import HEADLINE, RANKING, answer_key
from bot.conversation.commands import help_page, welcome
from bot.conversation.health import Finding
from bot.conversation.presses import Form
from bot.document import (
    Bar,
    Bars,
    Button,
    Detail,
    Document,
    Entry,
    Heading,
    Note,
    Select,
    Table,
    Text,
)
from bot.language import _
from bot.pages.settings import Prices
from bot.records import StoredSettings
from bot.settings import Settings

Json = dict[str, Any]

# Nobody reads it: it is validated, and not posted.
_SAMPLE = "Some **text** with `code` and a [link](https://a.example)."


async def examine(
    bot_token: str, app_token: str | None, *, api_url: str, time_scale: float
) -> AsyncGenerator[Finding, None]:
    """Each finding as soon as it is there."""
    web = Web(bot_token, api_url=f"{api_url.rstrip('/')}/", time_scale=time_scale)
    try:
        answer = await web.client.auth_test()
    except SlackApiError as error:
        yield Finding(False, refused(REFUSED_BOT_TOKEN, error))
        return
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        yield Finding(False, _("Slack cannot be reached: {error}", error=error))
        return
    user, team = answer["user"], answer["team"]
    accepted = _("Slack accepts the bot's token: {user} in {team}.", user=user, team=team)
    yield Finding(True, accepted)
    for finding in _of_scopes(granted_scopes(answer)):
        yield finding
    if app_token:
        yield await _of_sockets(web, app_token)
    async for finding in _of_templates(web):
        yield finding


def _of_scopes(granted: Set[str]) -> Iterator[Finding]:
    missing = refusals.missing(granted)
    if not granted:
        yield Finding(None, _("Slack does not say which scopes the bot has."))
    elif not missing:
        yield Finding(True, _("The bot has every scope that it needs."))
    else:
        for scope, lack in missing.items():
            yield Finding(False if scope in refusals.VITAL else None, lack)
        yield Finding(None, _("Compare the app with slack-manifest.yaml, then install it again."))


async def _of_sockets(web: Web, app_token: str) -> Finding:
    try:
        await web.client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        return Finding(False, refused(REFUSED_APP_TOKEN, error))
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return Finding(False, _("Slack cannot be reached: {error}", error=error))
    return Finding(True, _("Slack accepts the app's token: a socket can be opened."))


async def _of_templates(web: Web) -> AsyncIterator[Finding]:
    """Each kind of message, as Slack's own validator sees it."""
    refused = 0
    for name, body in templates():
        try:
            await web.client.api_call("blocks.validate", json=body)
        except SlackApiError as error:
            refused += 1
            problem = f"{error_of(error)} {error.response.get('errors', '')}".strip()
            refusal = _(
                "Slack would not take {name}, plainer blocks follow: {problem}",
                name=name,
                problem=problem,
            )
            yield Finding(None, refusal)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            yield Finding(None, _("Messages could not be validated: {error}", error=error))
            return
    if not refused:
        yield Finding(True, _("Slack takes every kind of message that the bot posts."))


def templates() -> Iterator[tuple[str, Json]]:
    """One of each, by what it is called."""
    text, note = Text(_SAMPLE), Note(_SAMPLE)
    table = Table((_("Answer"), _("Score")), (("A", "0.75"), ("B", "0.25")))
    bars = Bars((Bar("A", 0.75, "75 %", "2"), Bar("B", 0.25, "25 %")), ("A", "B", "C"))
    buttons = tuple(Button(f"{name}:1", name, name == "a") for name in "abcd")
    fold = Detail("A", (table, text, note), hint="1 min")
    for name, key, document in (
        (_("a headline"), HEADLINE, Document((Heading(_SAMPLE), text, note), buttons=buttons)),
        (_("an answer"), answer_key("A"), Document((fold, note))),
        (_("a ranking"), RANKING, Document((text, Detail("A", (bars, note), hint="B"), note))),
    ):
        posted = render.post(
            document,
            run="doctor",
            key=key,
            asker="U0000000000",
            verdict_url="https://slack.com/archives/C0000000000/p1",
            files=False,
        )
        for message in posted:
            assert isinstance(message, Message)
            yield name, {"blocks": list(message.blocks)}
    entry = Entry(_SAMPLE, _SAMPLE, buttons[0])
    select = Select("add", _("Add a model"), (("a", "a"), ("b", "b")))
    for name, document in (
        (_("a welcome"), welcome()),
        (_("the help"), help_page()),
        (_("a list"), Document((Heading(_SAMPLE), entry, select, note), buttons=buttons[:1])),
    ):
        yield name, {"blocks": list(render.document_messages(document)[0].blocks)}
    whom = (("A", "a"), ("B", "b"))
    follow = Form("doctor", "follow:1", "A", "A", "B", "C", whom)
    yield _("a follow-up"), {"view": asking.view(follow, "C0000000000")}
    yield _("the settings"), {"view": _form()}


def _form() -> Json:
    settings = Settings(("lab/a", "lab/b"), "lab/a", criteria="short")
    opened = form.Opened("C0000000000", 0, "https://hooks.slack.com/commands/1")
    prices = Prices(0.09, lambda model: 0.01, lambda model: "")
    return form.view(settings, StoredSettings(0, {}), prices, opened)
