"""Who people are on Slack: their names, and what they may do at this moment."""

import logging
from typing import Any

from slack_sdk.errors import SlackApiError

from adapters.slack.refusals import error_of, is_of_the_token, sentence
from adapters.slack.web import Me, Web
from bot.chat import Person

logger = logging.getLogger(__name__)

Json = dict[str, Any]

SOMEBODY = "somebody"

# Of whom Slack says nothing, and of whom the bot may not ask.
_STRANGER: Json = {"is_stranger": True}
_UNKNOWN: Json = {"is_unknown": True}


class People:
    """`problem` says in sentences why nobody is known; "" while Slack tells."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self.problem = ""
        # Neither changes; everything else is looked up again.
        self._is_bot: dict[str, bool] = {}
        self._names: dict[str, str] = {}

    async def asker(self, id: str) -> Person:
        """Somebody who asks: whether they are a guest, as far as that is known."""
        user = await self._user(id)
        return Person(id, guest=user != _UNKNOWN and _is_guest(user, await self._web.me()))

    async def changer(self, id: str, channel: str) -> Person:
        """Somebody who may want to change something: an administrator, or the channel's creator."""
        user, me = await self._user(id), await self._web.me()
        if user != _UNKNOWN and _is_guest(user, me):
            return Person(id, guest=True)
        return Person(id, admin=_is_admin(user, me) or await self._created(channel, id))

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
        try:
            answer = await self._web.persistently(lambda: self._web.client.users_info(user=id))
        except SlackApiError as error:
            if error_of(error) in {"user_not_found", "user_not_visible"}:
                return _STRANGER
            if is_of_the_token(error):
                raise
            if self.problem != sentence(error):
                self.problem = sentence(error)
                logger.warning("Slack does not say who people are: %s", self.problem)
            return _UNKNOWN
        self.problem = ""
        found: Json = answer["user"]
        return found

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
