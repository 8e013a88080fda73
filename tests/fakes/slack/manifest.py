"""The app's manifest: what it may do and what it hears of, as its owner pastes it into Slack.

Source of the limits: Slack's manifest reference.
"""

from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.fakes.slack.refusals import Json

# Which scopes let an app hear of an event; any one of them is enough.
EVENT_SCOPES: dict[str, tuple[str, ...]] = {
    "app_mention": ("app_mentions:read",),
    "channel_archive": ("channels:read",),
    "channel_unarchive": ("channels:read",),
    "group_archive": ("groups:read",),
    "group_unarchive": ("groups:read",),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "message.mpim": ("mpim:history",),
    "member_joined_channel": ("channels:read", "groups:read"),
    "reaction_added": ("reactions:read",),
    "reaction_removed": ("reactions:read",),
}


class BadManifest(Exception):
    """Slack would not take it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    scopes: frozenset[str]
    events: frozenset[str]
    commands: dict[str, bool]
    """Whether mentions in the text are escaped, by command."""
    message_shortcuts: frozenset[str]
    interactive: bool
    socket_mode: bool
    direct_messages: bool


def read_manifest(path: Path) -> Manifest:
    """Raises `BadManifest`, every problem named."""
    document: Json = yaml.safe_load(path.read_text(encoding="utf-8"))
    problems = _problems(document)
    features, settings = document.get("features", {}), document.get("settings", {})
    events = settings.get("event_subscriptions", {}).get("bot_events", [])
    scopes = document.get("oauth_config", {}).get("scopes", {}).get("bot", [])
    for event in events:
        needed = EVENT_SCOPES.get(event)
        if needed is None:
            problems.append(f"unknown event {event}")
        elif not set(needed) & set(scopes):
            problems.append(f"{event} needs the scope {' or '.join(needed)}")
    commands, shortcuts = features.get("slash_commands", []), features.get("shortcuts", [])
    if (commands or shortcuts) and "commands" not in scopes:
        problems.append("commands and shortcuts need the scope commands")
    if problems:
        raise BadManifest("; ".join(problems))
    home = features.get("app_home", {})
    return Manifest(
        scopes=frozenset(scopes),
        events=frozenset(events),
        commands={c["command"]: bool(c.get("should_escape")) for c in commands},
        message_shortcuts=frozenset(s["callback_id"] for s in shortcuts if s["type"] == "message"),
        interactive=bool(settings.get("interactivity", {}).get("is_enabled")),
        socket_mode=bool(settings.get("socket_mode_enabled")),
        direct_messages=bool(home.get("messages_tab_enabled"))
        and not home.get("messages_tab_read_only_enabled"),
    )


def _problems(document: Json) -> list[str]:
    display, features = document.get("display_information", {}), document.get("features", {})
    commands, shortcuts = features.get("slash_commands", []), features.get("shortcuts", [])
    limited = [("name", display.get("name", ""), 35)]
    limited += [("description", display.get("description", ""), 140)]
    limited += [("command", c["command"], 32) for c in commands]
    limited += [("shortcut name", s["name"], 24) for s in shortcuts]
    problems = [
        f"{what} {value!r} is longer than {limit}"
        for what, value, limit in limited
        if len(value) > limit
    ]
    if not display.get("name"):
        problems.append("the app has no name")
    if len(commands) > 50 or len(shortcuts) > 10:
        problems.append("at most 50 commands and 10 shortcuts")
    return problems
