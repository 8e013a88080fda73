"""Modals and home tabs: what Slack accepts, and views.*.

Source: Slack's "Modals" and the reference of views.open, views.push, views.update, views.publish.
"""

import json
from typing import Any

from tests.fakes.slack import payloads
from tests.fakes.slack.blocks import IN_VIEW, VIEW_BLOCKS, check_blocks, walk, with_ids
from tests.fakes.slack.elements import plain
from tests.fakes.slack.http import Call, Method, method
from tests.fakes.slack.refusals import (
    Check,
    Form,
    Json,
    Path,
    Refusal,
    anything,
    boolean,
    one_of,
    string,
)
from tests.fakes.slack.state import User, View
from tests.fakes.slack.triggers import Triggers
from tests.fakes.slack.world import World

SIZE_LIMIT_BYTES, STACK_LIMIT = 250_000, 3

_ANY: dict[str, Check] = {
    "private_metadata": string(0, 3000),
    "callback_id": string(0, 255),
    "external_id": string(0, 255),
}
_MODAL: dict[str, Check] = {
    **_ANY,
    "submit": plain(24),
    "close": plain(24),
    "clear_on_close": boolean,
    "notify_on_close": boolean,
    "submit_disabled": boolean,
}


def check_view(value: Any, unknown_blocks: frozenset[str]) -> None:
    """Raise `invalid_arguments` or `view_too_large` for what is no proper view."""
    form, path = Form(), ("view",)
    if not isinstance(value, dict):
        raise Refusal("invalid_arguments", ["must be an object [json-pointer:/view]"])
    required: dict[str, Check] = {"type": one_of("modal", "home"), "blocks": anything}
    if value.get("type") == "home":
        form.fields(path, value, required, _ANY)
    else:
        form.fields(path, value, {**required, "title": plain(24)}, _MODAL)
    _check_content(form, path, value, unknown_blocks)
    form.refuse("invalid_arguments")
    if len(json.dumps(value).encode()) > SIZE_LIMIT_BYTES:
        raise Refusal("view_too_large")


def _check_content(form: Form, path: Path, value: Json, unknown: frozenset[str]) -> None:
    blocks = value.get("blocks")
    check_blocks(form, (*path, "blocks"), blocks, IN_VIEW - unknown, VIEW_BLOCKS)
    if blocks == []:
        form.add((*path, "blocks"), "no fewer than 1 items allowed")
    if form.errors or value["type"] == "home":
        return
    if any(block["type"] == "input" for block in walk(value["blocks"])) and "submit" not in value:
        form.add((*path, "submit"), "a modal with inputs needs submit")


class Views:
    def __init__(self, world: World, triggers: Triggers) -> None:
        self.world = world
        self.triggers = triggers

    def methods(self) -> tuple[Method, ...]:
        return (
            method("views.open", self.open, 4, "trigger_id view"),
            method("views.push", self.push, 4, "trigger_id view"),
            method("views.update", self.update, 4, "view external_id view_id hash"),
            method("views.publish", self.publish, 4, "user_id view hash"),
        )

    def open(self, call: Call) -> Json:
        body = self._body(call, "modal")
        user = self.triggers.exchange(call.required("trigger_id"))
        return self._shown(self.add(user, body, None))

    def push(self, call: Call) -> Json:
        body = self._body(call, "modal")
        user = self.triggers.exchange(call.required("trigger_id"))
        below = self.top(user)
        if below is None:
            raise Refusal("invalid_trigger_id")
        return self._shown(self.push_onto(below, body))

    def update(self, call: Call) -> Json:
        view = self._find(call)
        body = self._body(call, view.body["type"], view)
        if call.text("hash") not in (None, view.hash):
            raise Refusal("hash_conflict")
        self.replace(view, body)
        return self._shown(view)

    def publish(self, call: Call) -> Json:
        user = self.world.user(call.required("user_id"))
        return self._shown(self.add(user, self._body(call, "home"), None))

    # Also what an answer to a submission does

    def add(self, user: User, body: Json, previous: View | None) -> View:
        view = View(self.world.new_id("V"), user, self._kept(body), self.world.new_id("h"))
        view.previous, view.root_id = previous, previous.root_id if previous else view.id
        self.world.views[view.id] = view
        self.world.changed()
        return view

    def push_onto(self, below: View, body: Json) -> View:
        if len(self.stack(below)) >= STACK_LIMIT:
            raise Refusal("push_limit_reached")
        return self.add(below.user, body, below)

    def replace(self, view: View, body: Json) -> None:
        view.body, view.hash = self._kept(body), self.world.new_id("h")
        view.errors = {}
        self.world.changed()

    def close(self, view: View) -> None:
        view.open = False
        self.world.changed()

    def stack(self, view: View) -> list[View]:
        """From this view down to the first."""
        found: list[View] = []
        at: View | None = view
        while at is not None:
            found.append(at)
            at = at.previous
        return found

    def top(self, user: User) -> View | None:
        """The modal this person sees."""
        shown = [
            view
            for view in self.world.views.values()
            if view.user is user and view.open and view.body["type"] == "modal"
        ]
        return shown[-1] if shown else None

    def _kept(self, body: Json) -> Json:
        return body | {"blocks": with_ids(body["blocks"], self.world.new_ids())}

    def _body(self, call: Call, kind: str, replaced: View | None = None) -> Json:
        body = call.json("view", "invalid_arguments")
        check_view(body, self.world.unknown_blocks)
        if body["type"] != kind:
            raise Refusal("invalid_arguments", [f"must be {kind} [json-pointer:/view/type]"])
        others = [v for v in self.world.views.values() if v.open and v is not replaced]
        taken = {view.body.get("external_id") for view in others}
        if body.get("external_id") and body["external_id"] in taken:
            raise Refusal("duplicate_external_id")
        return dict(body)

    def _find(self, call: Call) -> View:
        view_id, external_id = call.text("view_id"), call.text("external_id")
        for view in self.world.views.values():
            if view_id is None:
                found = external_id is not None and view.body.get("external_id") == external_id
            else:
                found = view.id == view_id
            if found and view.open:
                return view
        raise Refusal("not_found")

    def _shown(self, view: View) -> Json:
        world = self.world
        return {"view": payloads.view(view, world.team.id, world.bot.bot_id)}
