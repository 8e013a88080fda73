"""What a message asks of the council, and where the answer goes. Posts nothing.

Slack tells the bot of messages that mention it and of direct messages, and hides all others.
"""

import html
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import unquote

from slack_sdk.errors import SlackApiError

from adapters.slack import content
from adapters.slack.address import Address
from adapters.slack.files import attached
from adapters.slack.people import People
from adapters.slack.refusals import sentence
from adapters.slack.web import Me, Web
from bot import chat
from bot.conversation.app import App
from bot.language import N_, _
from bot.protocol.folding import is_blank

logger = logging.getLogger(__name__)

Json = dict[str, Any]

# question: a typed mention, or a direct message. reply: more in the thread of a direct message.
Addressed = Literal["question", "reply"]

# Everything else that has a subtype tells of something: a topic set, somebody who joined.
_WRITTEN_BY_PEOPLE = frozenset({None, "file_share", "me_message", "thread_broadcast"})

_TOKEN = re.compile(r"<([^<>]*)>")
# What stands in code is shown, and said to nobody.
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)

# What is asked where nothing but material was sent.
ABOUT = "Answer this message: what it asks, or else what is to be said about it."
UNREAD_THREAD = N_(
    "What this thread began with could not be read, so the council does not know it."
)
UNKNOWN_PEOPLE = N_("Slack does not say who anybody is, by name or by rights.")

# Names that are looked up for one message; the others are "somebody".
_NAMES = 20


def addressed(message: Json, me: Me) -> Addressed | None:
    """How a message speaks to the bot; `None` where it does not."""
    if not is_by_person(message, me):
        return None
    if re.search(rf"<@{me.user}[|>]", _CODE.sub(" ", message.get("text") or "")):
        return "question"
    if not is_direct(message):
        return None
    return "reply" if message.get("thread_ts") else "question"


def is_by_person(message: Json, me: Me) -> bool:
    if message.get("subtype") not in _WRITTEN_BY_PEOPLE or message.get("bot_id"):
        return False
    return message.get("user") not in {None, me.user, "USLACKBOT"}


async def whole_text(people: People, message: Json, me: Me) -> str:
    """Everything that the message says, without the mention that it begins with."""
    return "\n\n".join(filter(None, await _said(people, message, me)))


def deleted(event: Json) -> str | None:
    """The `ts` of the message that the event says was deleted.

    One with replies becomes a stone, `tombstone`, that its thread hangs on.
    """
    match event:
        case {"subtype": "message_deleted", "deleted_ts": str(ts)}:
            return ts
        case {
            "subtype": "message_changed",
            "message": {"subtype": "tombstone", "ts": str(ts)},
        }:
            return ts
        case _:
            return None


def is_direct(message: Json) -> bool:
    return str(message["channel"]).startswith("D")


def is_from_elsewhere(message: Json, me: Me) -> bool:
    """Whether its writer is of another workspace: of another organisation perhaps."""
    home = message.get("user_team") or message.get("source_team") or message.get("team")
    return bool(home) and home not in me.homes


def key_of(team: str, channel: str, ts: str) -> str:
    """The event that a question is; the message's own place, which outlives replays and edits."""
    return f"slack:{team}:{channel}:{ts}"


def time_of(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)


def root_of(message: Json) -> str:
    return str(message.get("thread_ts") or message["ts"])


async def mention_of(
    app: App, web: Web, people: People, message: Json, person: chat.Person
) -> chat.Mention:
    """The message as a question to the council, put by `person`."""
    me = await web.me()
    channel, ts, root = str(message["channel"]), str(message["ts"]), root_of(message)
    typed, material = await _said(people, message, me)
    first, unread = await _thread(app, web, message, me)
    begun, beneath = await _said(people, first, me)
    if is_blank(typed):
        # A bare mention in a thread means what the thread began with.
        typed, begun = begun, ""
    quoted = "\n\n".join(filter(None, (begun, beneath, material)))
    return chat.Mention(
        key=key_of(me.team, channel, ts),
        channel=chat.Channel("slack", me.team, channel),
        person=person,
        text=typed or (ABOUT if quoted else ""),
        address=Address(me.team, channel, root, ts).to_json(),
        thread=root,
        quoted=quoted,
        unread=(*unread, *await unknown_people(app, people, channel)),
        direct=is_direct(message),
        files=(*attached(first), *attached(message)),
        locale=await people.locale(person.id),
    )


async def _said(people: People, message: Json, me: Me) -> tuple[str, str]:
    """What a person typed, without the mention that it begins with; and what else stands there.

    That is what was forwarded and what apps wrote: material, which nobody asks with.
    """
    own = re.compile(rf"^\s*(?:<@{me.user}(?:\|[^>]*)?>[\s,:]*)+")
    typed = content.typed_words(message)
    material = (
        "" if typed else await _as_read(people, content.shown_words(message)),
        await _as_read(people, content.attached_words(message)),
    )
    return await _as_read(people, own.sub("", typed)), "\n\n".join(filter(None, material))


async def _as_read(people: People, text: str) -> str:
    mentioned = dict.fromkeys(re.findall(r"<@([UW][A-Z0-9]+)>", text))
    names = {id: await people.name(id) for id in list(mentioned)[:_NAMES]}
    return plain_text(text, names)


async def _thread(app: App, web: Web, message: Json, me: Me) -> tuple[Json, tuple[str, ...]]:
    """What the message's thread began with, and why that is not known, in sentences.

    Empty where there is no thread, or the council knows it from an earlier question.
    """
    channel, root = str(message["channel"]), root_of(message)
    key = key_of(me.team, channel, root)
    is_root = root == str(message["ts"])
    if is_root or await app.questions.knows_thread("slack", channel, root, key):
        return {}, ()
    try:
        answer = await web.persistently(
            lambda: web.client.conversations_replies(channel=channel, ts=root, limit=1)
        )
    except SlackApiError as error:
        logger.warning("%s: a thread could not be read: %s", channel, sentence(error))
        return {}, (f"{_(UNREAD_THREAD)} {sentence(error)}",)
    first: Json = answer["messages"][0]
    return ({}, ()) if first.get("subtype") == "tombstone" else (first, ())


async def unknown_people(app: App, people: People, channel: str) -> tuple[str, ...]:
    """That nobody's name and rights are known, in a sentence: once a day in a channel."""
    today = app.now().date()
    if people.problem and await app.once(f"slack:unknown:{channel}:{today}"):
        return (f"{_(UNKNOWN_PEOPLE)} {people.problem}",)
    return ()


def plain_text(text: str, names: Mapping[str, str]) -> str:
    """Slack's tokens as people read them, links as Markdown."""
    return html.unescape(_TOKEN.sub(lambda found: _token(found[1], names), text)).strip()


def _token(inside: str, names: Mapping[str, str]) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return f"@{(label or names.get(target[1:], 'somebody')).removeprefix('@')}"
    if target.startswith("#"):
        return f"#{label or 'channel'}"
    if target.startswith("!"):
        return label or f"@{target[1:].partition('^')[0]}"
    if label and not _is_what_was_typed(label, target):
        return f"[{label}]({target})"
    return label or target


def _is_what_was_typed(label: str, target: str) -> bool:
    """Whether Slack made the address out of a word that looks like one: `hf.co/acme/tiny`."""
    without_scheme = target.partition(":")[2].removeprefix("//")
    return label.rstrip("/").lower() in {
        address.rstrip("/").lower() for address in (target, without_scheme, unquote(without_scheme))
    }
