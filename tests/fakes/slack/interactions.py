"""Commands, shortcuts, buttons and modals: what is sent to the app and what its answer does.

Source of the payloads: Slack's reference of interaction payloads and of slash commands.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from tests.fakes.slack import payloads
from tests.fakes.slack.chat import checked_blocks
from tests.fakes.slack.delivery import Acknowledged, Courier, Outcome
from tests.fakes.slack.elements import OPTION_GROUP, PLAIN_OPTION
from tests.fakes.slack.forms import Filled, current_state, filled_in
from tests.fakes.slack.refusals import Form, Json, Refusal, items
from tests.fakes.slack.state import Channel, Ephemeral, Message, Team, User, Via, View
from tests.fakes.slack.triggers import ResponseUrl, Triggers
from tests.fakes.slack.views import Views, check_view
from tests.fakes.slack.world import World


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from the app. Without `acknowledged` the person sees that it failed."""

    acknowledged: bool
    after_seconds: float = 0.0
    payload: Json | None = None
    problem: str = ""

    @property
    def text(self) -> str:
        return str((self.payload or {}).get("text", ""))

    @property
    def action(self) -> str:
        """What an answered submission does: `close`, `errors`, `update`, `push` or `clear`."""
        return str((self.payload or {}).get("response_action", "close"))

    @property
    def options(self) -> list[Json]:
        """Offered by an external select, groups opened."""
        groups = (self.payload or {}).get("option_groups", [])
        plain = (self.payload or {}).get("options", [])
        return [o for one in [plain, *(g["options"] for g in groups)] for o in one]


class Interactions:
    def __init__(self, world: World, courier: Courier, triggers: Triggers, views: Views) -> None:
        self.world = world
        self.courier = courier
        self.triggers = triggers
        self.views = views
        self.refused_responses: list[str] = []
        """What the app was refused at response URLs."""

    async def slash(self, user: User, channel: Channel, command: str, text: str) -> Answer:
        world = self.world
        body: Json = {
            "token": "verification-token",
            "team_id": world.team.id,
            "team_domain": world.team.name,
            "channel_id": channel.id,
            "channel_name": "directmessage" if channel.kind == "im" else channel.name,
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": text,
            "api_app_id": payloads.APP_ID,
            "is_enterprise_install": "false",
            "response_url": self._url(channel, user),
            "trigger_id": self.triggers.new(user),
        }
        outcome = await self.courier.interact("slash_commands", body, wants_answer=True)
        answer = _answer(outcome)
        if answer.payload is not None:
            problem = self._say(channel, user, answer.payload)
            answer = Answer(True, answer.after_seconds, answer.payload, problem)
        return answer

    async def shortcut(self, user: User, callback_id: str, message: Message) -> Answer:
        channel = message.channel
        body = self._common("message_action", user) | {
            "callback_id": callback_id,
            "action_ts": self.world.new_ts(),
            "channel": {"id": channel.id, "name": channel.name},
            "message_ts": message.ts,
            "message": payloads.message(message, self.world.base_url),
            "response_url": self._url(channel, user),
        }
        return _answer(await self.courier.interact("interactive", body, wants_answer=False))

    async def act(
        self,
        user: User,
        source: Message | Ephemeral | View,
        block: Json,
        element: Json,
        chosen: Json,
    ) -> Answer:
        """A control was used; `chosen` is the part of the action that depends on its type."""
        action = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "action_ts": self.world.new_ts(),
            **chosen,
        }
        body = self._common("block_actions", user) | self._where(source)
        body |= {"actions": [action]}
        if isinstance(source, View):
            body["view"]["state"] = {"values": current_state(source, {})}
        else:
            body |= {"state": {"values": {}}}
            body["response_url"] = self._url(source.channel, user, source)
        return _answer(await self.courier.interact("interactive", body, wants_answer=False))

    async def suggest(
        self,
        user: User,
        source: Message | Ephemeral | View,
        block: Json,
        element: Json,
        query: str,
    ) -> Answer:
        """Somebody types into an external select."""
        body = self._common("block_suggestion", user) | self._where(source)
        body |= {
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "value": query,
        }
        del body["trigger_id"]
        answer = _answer(await self.courier.interact("interactive", body, wants_answer=True))
        if not answer.acknowledged:
            return answer
        problem = _options_problem(answer.payload)
        if problem:
            self.world.violations.append(f"bad options: {problem}")
        elif isinstance(source, View):
            source.offered.setdefault(element["action_id"], []).extend(answer.options)
        return Answer(True, answer.after_seconds, answer.payload, problem)

    async def submit(self, user: User, view: View, values: Mapping[str, Filled]) -> Answer:
        body = self._common("view_submission", user)
        body |= {"view": self._view(view), "response_urls": []}
        body["view"]["state"] = {"values": filled_in(view, values)}
        answer = _answer(await self.courier.interact("interactive", body, wants_answer=True))
        if not answer.acknowledged:
            return answer
        try:
            self._follow(view, answer.payload or {})
        except Refusal as refusal:
            self.world.violations.append(f"bad answer to a submission: {refusal}")
            return Answer(True, answer.after_seconds, answer.payload, str(refusal))
        return answer

    async def close(self, user: User, view: View) -> Answer:
        """The person closes the modal; the app hears of it only if it asked to."""
        self.views.close(view)
        if not view.body.get("notify_on_close"):
            return Answer(True)
        body = self._common("view_closed", user)
        body |= {"view": self._view(view), "is_cleared": False}
        return _answer(await self.courier.interact("interactive", body, wants_answer=False))

    # Answers through the response URL

    async def respond(self, request: web.Request) -> web.StreamResponse:
        try:
            found = self.triggers.use_url(request.match_info["key"])
        except Refusal as refusal:
            return web.json_response(refusal.body, status=404)
        try:
            body = json.loads(await request.text())
            self._respond(found, body)
        except (ValueError, Refusal) as error:
            text = error.error if isinstance(error, Refusal) else "invalid_payload"
            self.refused_responses.append(str(error))
            return web.Response(status=400, text=text)
        return web.Response(text="ok")

    def _respond(self, found: ResponseUrl, body: Json) -> None:
        source = found.source
        if body.get("delete_original") and source is not None:
            if isinstance(source, Ephemeral):
                source.deleted = True
                self.world.changed()
            else:
                self.world.delete(source)
            return
        if not body.get("replace_original") or source is None:
            self._post(found.channel, found.user, body, "response_url")
            return
        text, blocks = self._content(body)
        source.text, source.blocks = text, blocks
        if isinstance(source, Message):
            self.world.edit(source, self.world.bot)
        self.world.changed()

    # Inside

    def _say(self, channel: Channel, user: User, body: Json) -> str:
        """Show what came with an acknowledgement; the problem if Slack would not."""
        try:
            self._post(channel, user, body, "acknowledgement")
        except Refusal as refusal:
            self.world.violations.append(f"bad answer to a command: {refusal}")
            return str(refusal)
        return ""

    def _post(self, channel: Channel, user: User, body: Json, via: Via) -> None:
        text, blocks = self._content(body)
        if body.get("response_type", "ephemeral") == "ephemeral":
            thread_ts = body.get("thread_ts")
            self.world.show(
                Ephemeral(self.world.new_ts(), channel, user, text, blocks, via, thread_ts)
            )
            return
        message = Message(self.world.new_ts(), channel, self.world.bot, text, blocks)
        self.world.post(message)

    def _content(self, body: Json) -> tuple[str, list[Json]]:
        text, blocks = str(body.get("text") or ""), checked_blocks(body.get("blocks"), self.world)
        if not text.strip() and not blocks:
            raise Refusal("no_text")
        return text, blocks

    def _follow(self, view: View, payload: Json) -> None:
        match payload.get("response_action"):
            case None:
                self.views.close(view)
            case "clear":
                for each in self.views.stack(view):
                    self.views.close(each)
            case "errors":
                self._show_errors(view, payload.get("errors", {}))
            case "update":
                check_view(payload.get("view"), self.world.unknown_blocks)
                self.views.replace(view, payload["view"])
            case "push":
                check_view(payload.get("view"), self.world.unknown_blocks)
                self.views.push_onto(view, payload["view"])
            case other:
                raise Refusal("invalid_response_action", [str(other)])

    def _show_errors(self, view: View, errors: dict[str, str]) -> None:
        inputs = {b["block_id"] for b in view.body["blocks"] if b["type"] == "input"}
        if not errors or not set(errors) <= inputs:
            raise Refusal("invalid_errors", [f"{sorted(errors)} are not inputs: {sorted(inputs)}"])
        view.errors = dict(errors)
        self.world.changed()

    def _common(self, kind: str, user: User) -> Json:
        return {
            "type": kind,
            "user": payloads.actor(user),
            "api_app_id": payloads.APP_ID,
            "token": "verification-token",
            "trigger_id": self.triggers.new(user),
            "team": payloads.team(self.world.team),
            "enterprise": _enterprise(self.world.team),
            "is_enterprise_install": False,
        }

    def _where(self, source: Message | Ephemeral | View) -> Json:
        if isinstance(source, View):
            container = {"type": "view", "view_id": source.id}
            return {"container": container, "view": self._view(source)}
        ephemeral = isinstance(source, Ephemeral)
        place = {"id": source.channel.id, "name": source.channel.name}
        container_of_message: Json = {
            "type": "message",
            "message_ts": source.ts,
            "channel_id": source.channel.id,
            "is_ephemeral": ephemeral,
        }
        if source.thread_ts is not None:
            container_of_message["thread_ts"] = source.thread_ts
        found: Json = {"container": container_of_message, "channel": place}
        if isinstance(source, Message):
            found["message"] = payloads.message(source, self.world.base_url)
        return found

    def _view(self, view: View) -> Json:
        return payloads.view(view, self.world.team.id, self.world.bot.bot_id)

    def _url(self, channel: Channel, user: User, source: Message | Ephemeral | None = None) -> str:
        return self.world.base_url + self.triggers.new_url(channel, user, source)


def _enterprise(team: Team) -> Json | None:
    return {"id": team.enterprise, "name": team.enterprise} if team.enterprise else None


def _answer(outcome: Outcome) -> Answer:
    if isinstance(outcome, Acknowledged):
        return Answer(True, outcome.after_seconds, outcome.payload)
    return Answer(False, problem=outcome.reason)


def _options_problem(payload: Json | None) -> str:
    form = Form()
    body = payload or {}
    if "option_groups" in body:
        items(1, 100, OPTION_GROUP)(form, ("option_groups",), body["option_groups"])
    else:
        items(0, 100, PLAIN_OPTION)(form, ("options",), body.get("options"))
    return "; ".join(form.errors)
