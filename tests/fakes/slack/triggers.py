"""What an interaction hands the app for a while: trigger ids and response URLs.

Source: Slack's "Handling user interaction": a trigger lasts three seconds and opens one modal; a
response URL lasts thirty minutes and takes five messages.
"""

import time
import uuid
from dataclasses import dataclass, field

from tests.fakes.slack.refusals import Refusal
from tests.fakes.slack.state import Channel, Ephemeral, Message, User

TRIGGER_SECONDS = 3.0
RESPONSE_USES, RESPONSE_SECONDS = 5, 1800.0


@dataclass(slots=True, eq=False)
class Trigger:
    user: User
    expires_at: float
    exchanged: bool = False


@dataclass(slots=True, eq=False)
class ResponseUrl:
    """`source` is the message whose control was used, if it was one."""

    channel: Channel
    user: User
    expires_at: float
    source: Message | Ephemeral | None = None
    uses: int = 0


@dataclass(slots=True)
class Triggers:
    time_scale: float
    deadline_scale: float
    _triggers: dict[str, Trigger] = field(default_factory=dict)
    _urls: dict[str, ResponseUrl] = field(default_factory=dict)

    def new(self, user: User) -> str:
        trigger_id = f"{len(self._triggers) + 1}.{user.team.id}.{uuid.uuid4().hex}"
        until = time.monotonic() + TRIGGER_SECONDS * self.deadline_scale
        self._triggers[trigger_id] = Trigger(user, until)
        return trigger_id

    def exchange(self, trigger_id: str) -> User:
        """Use it up; whose it was."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise Refusal("invalid_trigger_id")
        if trigger.exchanged:
            raise Refusal("exchanged_trigger_id")
        if time.monotonic() > trigger.expires_at:
            raise Refusal("expired_trigger_id")
        trigger.exchanged = True
        return trigger.user

    def expire(self) -> None:
        """End every trigger given out so far."""
        for trigger in self._triggers.values():
            trigger.expires_at = 0.0

    def new_url(
        self, channel: Channel, user: User, source: Message | Ephemeral | None = None
    ) -> str:
        """The path to answer at."""
        key = uuid.uuid4().hex
        until = time.monotonic() + RESPONSE_SECONDS * self.time_scale
        self._urls[key] = ResponseUrl(channel, user, until, source)
        return f"/response/{key}"

    def use_url(self, key: str) -> ResponseUrl:
        found = self._urls.get(key)
        if found is None:
            raise Refusal("no_such_url")
        if found.uses >= RESPONSE_USES:
            raise Refusal("used_url")
        if time.monotonic() > found.expires_at:
            raise Refusal("expired_url")
        found.uses += 1
        return found
