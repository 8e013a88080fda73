"""How things on the local Slack look as JSON, in answers and in events."""

from tests.fakes.slack.refusals import Json
from tests.fakes.slack.state import Channel, File, Message, Reactions, Team, User, View

APP_ID = "A0COUNCIL"
# A user list without `full` may be cut short; the count is always right.
USERS_SHOWN = 2

_CHANNEL_TYPES = {"public": "channel", "private": "group", "im": "im", "mpim": "mpim"}


def channel_type(channel: Channel) -> str:
    """As events name it."""
    return _CHANNEL_TYPES[channel.kind]


def team(value: Team) -> Json:
    return {"id": value.id, "domain": value.name}


def actor(value: User) -> Json:
    """Who interacts."""
    return {
        "id": value.id,
        "username": value.name,
        "name": value.name,
        "team_id": value.team.id,
    }


def user(value: User, home: Team, *, locale: bool = False) -> Json:
    """Somebody from another organisation is shown without roles.

    Source of what stands in a Grid: Slack's reference of the user object.
    """
    found: Json = {
        "id": value.id,
        "team_id": value.team.id,
        "name": value.name,
        "real_name": value.name,
        "deleted": value.deleted,
        "is_bot": value.bot,
        "is_app_user": False,
        "profile": {"real_name": value.name, "display_name": value.name},
    }
    if locale:
        found["locale"] = value.locale
    if value.team.enterprise:
        found["enterprise_user"] = {
            "id": f"W{value.id[1:]}",
            "enterprise_id": value.team.enterprise,
            "enterprise_name": value.team.enterprise,
            "is_admin": False,
            "is_owner": False,
            "teams": [value.team.id],
        }
    if not value.team.is_of(home):
        return found | {"is_stranger": True}
    return found | {
        "is_admin": value.admin or value.owner,
        "is_owner": value.owner,
        "is_primary_owner": False,
        "is_restricted": value.guest,
        "is_ultra_restricted": False,
        "tz": "Europe/London",
    }


def channel(value: Channel, bot: User, *, members: bool = False) -> Json:
    common: Json = {
        "id": value.id,
        "created": 1_700_000_000,
        "is_archived": value.archived,
        "is_im": value.kind == "im",
        "is_mpim": value.kind == "mpim",
        "is_org_shared": any(each.is_of(bot.team) for each in value.shared_with),
        "context_team_id": bot.team.id,
    }
    if value.kind == "im":
        other = next(person for person in value.members.values() if person is not bot)
        return common | {"user": other.id}
    found = common | {
        "name": value.name,
        "name_normalized": value.name,
        "is_channel": value.kind == "public",
        "is_group": value.kind == "private",
        "is_private": value.kind != "public",
        "creator": value.creator.id,
        "is_general": False,
        "is_shared": bool(value.shared_with),
        "is_ext_shared": is_external(value, bot.team),
        "is_member": bot.id in value.members,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }
    return found | {"num_members": len(value.members)} if members else found


def is_external(value: Channel, home: Team) -> bool:
    """Whether another organisation shares the channel."""
    return any(not each.is_of(home) for each in value.shared_with)


def forwarded(value: Message, base_url: str) -> Json:
    """A message as it hangs on the one that forwards it.

    Source: what `conversations.history` answers, as quoted in openclaw/openclaw issue 97727.
    """
    address = permalink(value, base_url)
    inner = {"blocks": value.blocks} | ({"files": []} if value.files else {})
    found: Json = {
        "id": 1,
        "ts": value.ts,
        "author_id": value.user.id,
        "author_name": value.user.name,
        "channel_id": value.channel.id,
        "channel_team": value.user.team.id,
        "is_msg_unfurl": True,
        "is_share": True,
        "message_blocks": [
            {
                "team": value.user.team.id,
                "channel": value.channel.id,
                "ts": value.ts,
                "message": inner,
            }
        ],
        "text": value.text,
        "fallback": f"[June 1st, 2026 9:00 AM] {value.user.name}: {value.text}",
        "from_url": address,
        "original_url": address,
        "footer": f"Posted in #{value.channel.name}",
        "mrkdwn_in": ["text"],
    }
    if value.files:
        found["files"] = [file(each, base_url) for each in value.files]
    return found


def file(value: File, base_url: str) -> Json:
    return {
        "id": value.id,
        "name": value.name,
        "title": value.title,
        "user": value.user.id,
        "size": value.length,
        "mimetype": mimetype(value),
        "filetype": value.name.rpartition(".")[2],
        "url_private": f"{base_url}/files-pri/{value.user.team.id}-{value.id}/{value.name}",
        "url_private_download": (
            f"{base_url}/files-pri/{value.user.team.id}-{value.id}/download/{value.name}"
        ),
        "permalink": f"{base_url}/files/{value.user.id}/{value.id}/{value.name}",
    }


def mimetype(value: File) -> str:
    known = {"png": "image/png", "jpg": "image/jpeg", "md": "text/markdown", "json": "text/json"}
    return known.get(value.name.rpartition(".")[2], "text/plain")


def permalink(value: Message, base_url: str) -> str:
    address = f"{base_url}/archives/{value.channel.id}/p{value.ts.replace('.', '')}"
    if value.is_reply:
        return f"{address}?thread_ts={value.thread_ts}&cid={value.channel.id}"
    return address


def reactions(value: Reactions, *, full: bool) -> list[Json]:
    return [
        {
            "name": name,
            "users": [u.id for u in (users if full else users[:USERS_SHOWN])],
            "count": len(users),
        }
        for name, users in value.items()
        if users
    ]


def message(value: Message, base_url: str, *, metadata: bool = False, full: bool = False) -> Json:
    found: Json = {
        "type": "message",
        "user": value.user.id,
        "text": value.text,
        "ts": value.ts,
        "team": value.user.team.id,
        "blocks": value.blocks,
    }
    if value.subtype is not None:
        found["subtype"] = value.subtype
    if value.client_msg_id is not None:
        found["client_msg_id"] = value.client_msg_id
    if value.user.bot:
        found |= {"bot_id": value.user.bot_id, "app_id": f"A{value.user.bot_id[1:]}"}
    if value.files:
        found["files"] = [file(each, base_url) for each in value.files]
    if value.attachments:
        found["attachments"] = value.attachments
    if value.edited_by is not None:
        found["edited"] = {"user": value.edited_by.id, "ts": value.edited_ts}
    if value.reactions:
        found["reactions"] = reactions(value.reactions, full=full)
    if metadata and value.metadata is not None:
        found["metadata"] = value.metadata
    return found | _thread(value)


def _thread(value: Message) -> Json:
    if value.thread_ts is None:
        return {}
    if value.is_reply:
        root = value.channel.messages.get(value.thread_ts)
        parent = {"parent_user_id": root.user.id} if root else {}
        return {"thread_ts": value.thread_ts, **parent}
    replies = value.channel.thread(value.ts)
    users = list(dict.fromkeys(reply.user.id for reply in replies))
    return {
        "thread_ts": value.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "reply_users": users[:5],
        "latest_reply": replies[-1].ts if replies else value.ts,
        "subscribed": False,
        "is_locked": False,
    }


def view(value: View, team_id: str, bot_id: str) -> Json:
    found: Json = {
        "id": value.id,
        "team_id": team_id,
        "app_id": APP_ID,
        "app_installed_team_id": team_id,
        "bot_id": bot_id,
        "callback_id": "",
        "external_id": "",
        "private_metadata": "",
        "title": None,
        "submit": None,
        "close": None,
        "clear_on_close": False,
        "notify_on_close": False,
        "state": {"values": {}},
        "hash": value.hash,
        "root_view_id": value.root_id,
        "previous_view_id": value.previous.id if value.previous else None,
    }
    return found | value.body
