"""Who people are on Slack: their names, and what they may do at this moment."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from adapters.slack.limits import MINUTE_SECONDS
from adapters.slack.refusals import error_of, is_of_the_token, lacking, sentence
from adapters.slack.web import Me, Web
from bot.chat import Person

logger = logging.getLogger(__name__)

Json = dict[str, Any]

SOMEBODY = "somebody"
# Of a channel, told at once. Source: docs.slack.dev, "conversations.members".
_MEMBERS = 999

# Lookups a minute that those who ask leave for everything else.
RESERVED_LOOKUPS = 30
# What is answered within three seconds waits no longer for a language.
LOCALE_SECONDS = 1.0
# Of the list of everybody: as many people as a page may hold, and fewer pages than tier 2 allows in a
# minute. Source: docs.slack.dev, "users.list".
_PAGE, _PAGES = 999, 15

# Of whom Slack says nothing, and of whom the bot may not ask.
_STRANGER: Json = {"is_stranger": True}
_UNKNOWN: Json = {"is_unknown": True}


@dataclass(frozen=True, slots=True)
class _Seen:
    """Who sees a channel, of those that Slack named so far; `None`: everybody. It holds `until`, in
    the loop's seconds."""

    by: frozenset[str] | None
    until: float

    def includes(self, id: str) -> bool:
        return self.by is None or id in self.by


class People:
    def __init__(self, web: Web) -> None:
        self._web = web
        self._refused: SlackApiError | None = None
        # Neither changes; everything else is looked up again.
        self._is_bot: dict[str, bool] = {}
        self._names: dict[str, str] = {}
        # As of their last lookup.
        self._locales: dict[str, str] = {}
        # Everybody, as of a moment that is less than a minute ago.
        self._listed: Mapping[str, Json] = {}
        self._listed_until = 0.0
        self._listing = asyncio.Lock()
        # By channel, for less than a minute, too.
        self._seen: Mapping[str, _Seen] = {}
        self._looking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def problem(self) -> str:
        """Says in sentences why nobody is known; "" while Slack tells."""
        return sentence(self._refused) if self._refused else ""

    async def asker(self, id: str) -> Person:
        """Somebody who asks: whether they are a guest, as far as that is known."""
        is_free = self._web.people.is_free(RESERVED_LOOKUPS)
        user = None if is_free else (await self._everybody()).get(id)
        user = user or await self._user(id)
        return Person(id, guest=user != _UNKNOWN and _is_guest(user, await self._web.me()))

    async def changer(self, id: str, channel: str) -> Person:
        """Somebody who may want to change something: an administrator, or the channel's creator."""
        user, me = await self._user(id), await self._web.me()
        if user != _UNKNOWN and _is_guest(user, me):
            return Person(id, guest=True)
        return Person(id, admin=_is_admin(user, me) or await self._created(channel, id))

    async def sees(self, id: str, channel: str) -> bool:
        """Whether they see this channel now: a form may be sent off long after it was opened.

        Of a private one they have to be a member. True where the bot may not ask.
        """
        if channel.startswith("D"):
            return True  # nobody leaves a direct conversation
        now = asyncio.get_running_loop().time()
        until = now + MINUTE_SECONDS * self._web.time_scale
        seen = _Seen(await self._found_in(channel, id), until)
        lately = {key: each for key, each in self._seen.items() if each.until > now}
        self._seen = lately | {channel: seen}
        return seen.includes(id)

    async def saw(self, id: str, channel: str) -> bool:
        """The same, as of a minute ago at most where they did: buttons are pressed by crowds."""
        async with self._looking[channel]:
            seen = self._seen.get(channel)
            now = asyncio.get_running_loop().time()
            if seen and seen.until > now and seen.includes(id):
                return True
            return await self.sees(id, channel)

    async def _found_in(self, channel: str, id: str) -> frozenset[str] | None:
        """Who sees the channel, as far as it takes to find this person; `None`: everybody."""
        client, found, cursor = self._web.client, set[str](), ""
        try:
            info = await self._web.persistently(lambda: client.conversations_info(channel=channel))
            if not info["channel"].get("is_private"):
                return None
            while True:
                list_members = partial(
                    client.conversations_members, channel=channel, cursor=cursor, limit=_MEMBERS
                )
                page = await self._web.persistently(list_members)
                found.update(page["members"])
                cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
                if id in found or not cursor:
                    return frozenset(found)
        except SlackApiError as error:
            if lacking(error):
                return None
            raise

    async def locale(self, id: str) -> str:
        """What they read, as Slack calls it; "" where that is not known soon, or looking it up would
        take from what those who ask need."""
        can_be_asked = not self.problem and self._web.people.is_free(RESERVED_LOOKUPS)
        if id not in self._locales and can_be_asked:
            with suppress(SlackApiError, aiohttp.ClientError, OSError, TimeoutError):
                async with asyncio.timeout(LOCALE_SECONDS):
                    await self._user(id)
        return self._locales.get(id, "")

    async def is_ours(self, id: str) -> bool:
        """Whether somebody of another workspace is of this one's organisation."""
        return _is_ours(await self._user(id), await self._web.me())

    async def is_bot(self, id: str) -> bool:
        if id not in self._is_bot:
            user = await self._user(id)
            if user == _UNKNOWN:
                return False
            self._is_bot[id] = bool(user.get("is_bot"))
        return self._is_bot[id]

    async def name(self, id: str) -> str:
        if id not in self._names:
            user = await self._user(id)
            if user == _UNKNOWN:
                return SOMEBODY
            profile = user.get("profile") or {}
            self._names[id] = profile.get("display_name") or user.get("real_name") or SOMEBODY
        return self._names[id]

    async def _user(self, id: str) -> Json:
        await self._web.people.take()
        try:
            answer = await self._web.persistently(
                lambda: self._web.client.users_info(user=id, include_locale=True)
            )
        except SlackApiError as error:
            if error_of(error) in {"user_not_found", "user_not_visible"}:
                self._locales[id] = ""
                return _STRANGER
            if is_of_the_token(error):
                raise
            before, self._refused = self._refused, error
            if before is None or error_of(before) != error_of(error):
                logger.warning("Slack does not say who people are: %s", self.problem)
            return _UNKNOWN
        self._refused = None
        found: Json = answer["user"]
        self._read(found)
        return found

    async def _everybody(self) -> Mapping[str, Json]:
        """By id: where more people ask in a minute than may be looked up one by one. As far as
        Slack lists them."""
        loop = asyncio.get_running_loop()
        async with self._listing:
            if loop.time() >= self._listed_until:
                self._listed = await self._list()
                self._listed_until = loop.time() + MINUTE_SECONDS * self._web.time_scale
            return self._listed

    async def _list(self) -> Mapping[str, Json]:
        found: dict[str, Json] = {}
        cursor, users_list = "", self._web.client.users_list
        wanted: Json = {"limit": _PAGE, "include_locale": True}
        try:
            for _ in range(_PAGES):
                page = await self._web.persistently(partial(users_list, **wanted, cursor=cursor))
                for user in page["members"]:
                    found[user["id"]] = user
                    self._read(user)
                cursor = page["response_metadata"]["next_cursor"]
                if not cursor:
                    break
        except SlackApiError as error:
            logger.info("Slack does not list everybody: %s", sentence(error))
        return found

    def _read(self, user: Json) -> None:
        self._locales[user["id"]] = user.get("locale") or ""

    async def _created(self, channel: str, id: str) -> bool:
        if channel.startswith("D"):
            return True  # a direct conversation belongs to whoever has it
        try:
            answer = await self._web.persistently(
                lambda: self._web.client.conversations_info(channel=channel)
            )
        except SlackApiError as error:
            # Groups need a scope of their own, and a private channel the bot's presence.
            if error_of(error) not in {"channel_not_found", "missing_scope"}:
                raise
            return False
        return bool(answer["channel"].get("creator") == id)


def _is_guest(user: Json, me: Me) -> bool:
    """A guest of the workspace, or somebody of another organisation."""
    restricted = user.get("is_restricted") or user.get("is_ultra_restricted")
    return bool(restricted) or not _is_ours(user, me)


def _is_ours(user: Json, me: Me) -> bool:
    """Of the workspace, or of the Enterprise Grid organisation that it belongs to."""
    if user in (_UNKNOWN, _STRANGER) or user.get("is_stranger"):
        return False
    return user.get("team_id", me.team) in me.homes or _is_of_the_enterprise(user, me)


def _is_of_the_enterprise(user: Json, me: Me) -> bool:
    enterprise = (user.get("enterprise_user") or {}).get("enterprise_id")
    return bool(enterprise) and enterprise == me.enterprise


def _is_admin(user: Json, me: Me) -> bool:
    """Of the organisation, or of this workspace: not of a sister workspace."""
    of_org: Json = user.get("enterprise_user") or {}
    if _is_of_the_enterprise(user, me) and (of_org.get("is_admin") or of_org.get("is_owner")):
        return True
    at_home = user.get("team_id", me.team) in me.homes or me.team in of_org.get("teams", ())
    return at_home and bool(user.get("is_admin") or user.get("is_owner"))
