"""Who people are on Slack: their names, and what they may do at this moment."""

from typing import Any

from slack_sdk.errors import SlackApiError

from adapters.slack.refusals import error_of
from adapters.slack.web import Me, Web
from bot.chat import Person

Json = dict[str, Any]


class People:
    def __init__(self, web: Web) -> None:
        self._web = web
        # Neither changes; everything else is looked up again.
        self._is_bot: dict[str, bool] = {}
        self._names: dict[str, str] = {}

    async def asker(self, id: str) -> Person:
        """Somebody who asks: whether they are a guest."""
        return Person(id, guest=_is_guest(await self._user(id), await self._web.me()))

    async def changer(self, id: str, channel: str) -> Person:
        """Somebody who may want to change something: an administrator, or the channel's creator."""
        user = await self._user(id)
        if _is_guest(user, await self._web.me()):
            return Person(id, guest=True)
        admin = bool(user.get("is_admin") or user.get("is_owner"))
        return Person(id, admin=admin or await self._created(channel, id))

    async def is_bot(self, id: str) -> bool:
        if id not in self._is_bot:
            self._is_bot[id] = bool((await self._user(id)).get("is_bot"))
        return self._is_bot[id]

    async def name(self, id: str) -> str:
        if id not in self._names:
            user = await self._user(id)
            profile = user.get("profile") or {}
            self._names[id] = profile.get("display_name") or user.get("real_name") or "somebody"
        return self._names[id]

    async def _user(self, id: str) -> Json:
        try:
            answer = await self._web.persistently(lambda: self._web.client.users_info(user=id))
        except SlackApiError as error:
            if error_of(error) not in {"user_not_found", "user_not_visible"}:
                raise
            return {"is_stranger": True}
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
    """A guest of the workspace, or somebody of another one, of whom Slack tells little."""
    if user.get("is_stranger") or user.get("is_restricted") or user.get("is_ultra_restricted"):
        return True
    return "enterprise_user" not in user and user.get("team_id", me.team) != me.team
