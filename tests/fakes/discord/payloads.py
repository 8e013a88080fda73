"""How Discord writes its objects as JSON. Pure: records in, JSON out."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.fakes.discord.components import media_urls, numbered
from tests.fakes.discord.refusals import Json
from tests.fakes.discord.state import (
    EPOCH_MS,
    Attachment,
    Channel,
    ChannelType,
    Guild,
    Mentions,
    Message,
    MessageType,
    Reaction,
    Role,
    User,
)

if TYPE_CHECKING:
    from tests.fakes.discord.world import World

_JOINED_AT = "2024-01-01T00:00:00+00:00"


def time_of(snowflake: int) -> str:
    return datetime.fromtimestamp(((snowflake >> 22) + EPOCH_MS) / 1000, UTC).isoformat()


def user(user: User) -> Json:
    return {
        "id": str(user.id),
        "username": user.name,
        "discriminator": "0",
        "global_name": None,
        "avatar": None,
        "bot": user.bot,
        "public_flags": 0,
    }


def bare_member(guild: Guild, user: User) -> Json:
    return {
        "nick": None,
        "avatar": None,
        "roles": [str(role_id) for role_id in guild.member_roles.get(user.id, [])],
        "joined_at": _JOINED_AT,
        "deaf": False,
        "mute": False,
        "flags": 0,
    }


def member(guild: Guild, of: User) -> Json:
    return bare_member(guild, of) | {"user": user(of)}


def role(guild: Guild, role: Role) -> Json:
    body: Json = {
        "id": str(role.id),
        "name": role.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": list(guild.roles).index(role.id),
        "permissions": str(role.permissions.value),
        "managed": role.bot_id is not None,
        "mentionable": role.mentionable,
        "flags": 0,
    }
    if role.bot_id is not None:
        body["tags"] = {"bot_id": str(role.bot_id)}
    return body


def guild(guild: Guild, world: "World") -> Json:
    """The whole server. Without the members intent the only member listed is the bot."""
    own = [c for c in world.channels.values() if c.guild is guild and not c.is_thread]
    threads = world.active_threads(guild)
    joined = [t for t in threads if world.bot.id in t.thread_members]
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": None,
        "owner_id": str(guild.owner.id),
        "roles": [role(guild, item) for item in guild.roles.values()],
        "emojis": [_guild_emoji(emoji_id, name) for emoji_id, name in guild.emojis.items()],
        "stickers": [],
        "features": [],
        "channels": [channel(item) for item in own],
        "threads": [
            channel(t) | ({"member": thread_member(t, world.bot)} if t in joined else {})
            for t in threads
        ],
        "members": [member(guild, world.bot)],
        "member_count": len(guild.members),
        "large": False,
        "joined_at": _JOINED_AT,
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "preferred_locale": guild.locale,
        "system_channel_id": None,
    }


def channel(channel: Channel) -> Json:
    body: Json = {"id": str(channel.id), "type": int(channel.type), "flags": 0}
    body["last_message_id"] = str(max(channel.messages)) if channel.messages else None
    if channel.recipient is not None:
        return body | {"recipients": [user(channel.recipient)]}
    assert channel.guild is not None
    body |= {
        "guild_id": str(channel.guild.id),
        "name": channel.name,
        "parent_id": str(channel.parent.id) if channel.parent else None,
        "rate_limit_per_user": 0,
    }
    if channel.is_thread:
        return body | _thread(channel)
    body |= {
        "position": 0,
        "topic": channel.topic,
        "nsfw": False,
        "permission_overwrites": [
            {
                "id": str(o.target),
                "type": int(o.is_member),
                "allow": str(o.allow.value),
                "deny": str(o.deny.value),
            }
            for o in channel.overwrites
        ],
    }
    if channel.type == ChannelType.FORUM:
        body |= {"available_tags": [], "default_forum_layout": 0, "default_sort_order": None}
    if channel.type == ChannelType.VOICE:
        body |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
    return body


def thread_member(thread: Channel, of: User) -> Json:
    return {
        "id": str(thread.id),
        "user_id": str(of.id),
        "join_timestamp": time_of(thread.id),
        "flags": 0,
    }


def place(channel: Channel) -> Json:
    """Where something happened: the server's id only where there is a server."""
    body: Json = {"channel_id": str(channel.id)}
    if channel.guild is not None:
        body["guild_id"] = str(channel.guild.id)
    return body


def emoji(reaction: Reaction) -> Json:
    custom = reaction.custom_id
    return {"id": None if custom is None else str(custom), "name": reaction.name}


def attachment(attachment: Attachment, base_url: str) -> Json:
    path = f"{attachment.channel_id}/{attachment.id}/{attachment.filename}"
    url = f"{base_url}/attachments/{path}?ex=0&is=0&hm=0"
    body: Json = {
        "id": str(attachment.id),
        "filename": attachment.filename,
        "size": len(attachment.data),
        "content_type": attachment.content_type,
        "url": url,
        "proxy_url": url,
    }
    if attachment.description is not None:
        body["description"] = attachment.description
    return body


def message(message: Message, world: "World", *, gateway: bool, reads_all: bool) -> Json:
    """Blank unless `reads_all` or the application may read this one; `gateway` adds the server."""
    readable = reads_all or world.readable(message)
    body: Json = {
        "id": str(message.id),
        "channel_id": str(message.channel.id),
        "type": int(message.type),
        "author": user(message.author),
        "content": message.content if readable else "",
        "timestamp": message.created_at.isoformat(),
        "edited_timestamp": message.edited_at.isoformat() if message.edited_at else None,
        "tts": False,
        "pinned": False,
        "flags": message.flags,
        "embeds": message.embeds if readable else [],
        "attachments": [attachment(a, world.base_url) for a in message.attachments if readable],
        "components": _components(message, world.base_url) if readable else [],
        "reactions": [_reaction(r, world.bot) for r in message.reactions.values()],
    }
    body |= _mentions(message.mentions, message.channel.guild if gateway else None)
    body |= _references(message, world, reads_all)
    if message.nonce is not None:
        body["nonce"] = message.nonce
    if message.thread is not None:
        body["thread"] = channel(message.thread)
    if message.origin is not None:
        body |= _origin(message, world.bot)
    if message.webhook_id is not None:
        body["webhook_id"] = str(message.webhook_id)
    if gateway and message.channel.guild is not None:
        body["guild_id"] = str(message.channel.guild.id)
        if "webhook_id" not in body:
            body["member"] = bare_member(message.channel.guild, message.author)
    return body


def _mentions(mentions: Mentions, guild: Guild | None) -> Json:
    users = [
        user(item) | ({"member": bare_member(guild, item)} if guild else {})
        for item in mentions.users
    ]
    return {
        "mentions": users,
        "mention_roles": [str(item.id) for item in mentions.roles],
        "mention_everyone": mentions.everyone,
    }


def _references(source: Message, world: "World", reads_all: bool) -> Json:
    if source.reference_id is None:
        return {}
    about = source.reference
    where = about.channel if about else source.channel
    kind = int(source.forwarded)
    body: Json = {
        "message_reference": {"type": kind, "message_id": str(source.reference_id)} | place(where)
    }
    if source.forwarded and about is not None:
        told = reads_all or world.readable(source) or world.forwards_reveal_content
        return body | {"message_snapshots": [{"message": _snapshot(about, world, told)}]}
    if source.type == MessageType.REPLY and world.references_left_out:
        return body
    if source.type in (MessageType.REPLY, MessageType.THREAD_STARTER):
        body["referenced_message"] = None
        if about is not None and not about.deleted:
            inner = message(about, world, gateway=False, reads_all=reads_all)
            inner.pop("referenced_message", None)
            body["referenced_message"] = inner
    return body


def _snapshot(of: Message, world: "World", told: bool) -> Json:
    """Source: "Message Snapshot Object"; nothing says who wrote it."""
    return {
        "type": int(of.type),
        "content": of.content if told else "",
        "embeds": of.embeds if told else [],
        "attachments": [attachment(a, world.base_url) for a in of.attachments if told],
        "timestamp": of.created_at.isoformat(),
        "edited_timestamp": None,
        "flags": of.flags,
        "mentions": [],
        "mention_roles": [],
    }


def _components(message: Message, base_url: str) -> list[Json]:
    """As sent, with ids, and with each `attachment://` turned into the file's address."""
    copies = numbered(message.components)
    by_name = {a.filename: attachment(a, base_url) for a in message.attachments}
    for media in media_urls(copies):
        file = by_name.get(media["url"].removeprefix("attachment://"))
        if file is not None:
            media |= {key: file[key] for key in ("url", "proxy_url", "content_type")}
            media["attachment_id"] = file["id"]
        media.setdefault("proxy_url", media["url"])
        media |= {"loading_state": 2, "placeholder": "", "flags": 0}
    return copies


def _reaction(reaction: Reaction, me: User) -> Json:
    return {
        "emoji": emoji(reaction),
        "count": len(reaction.normal) + len(reaction.burst),
        "count_details": {"normal": len(reaction.normal), "burst": len(reaction.burst)},
        "me": me.id in reaction.normal,
        "me_burst": me.id in reaction.burst,
        "burst_colors": [],
    }


def _origin(message: Message, bot: User) -> Json:
    origin = message.origin
    assert origin is not None
    metadata: Json = {
        "id": str(origin.id),
        "type": origin.type,
        "user": user(origin.user),
        "authorizing_integration_owners": {},
    }
    if origin.source_message_id is not None:
        metadata["interacted_message_id"] = str(origin.source_message_id)
    if origin.name is not None:
        metadata["name"] = origin.name
    return {
        "interaction_metadata": metadata,
        "webhook_id": str(bot.id),
        "application_id": str(bot.id),
    }


def _thread(thread: Channel) -> Json:
    return {
        "owner_id": str(thread.owner_id),
        "member_count": len(thread.thread_members),
        "message_count": len(thread.messages),
        "total_message_sent": thread.sent,
        "applied_tags": [],
        "thread_metadata": {
            "archived": thread.archived,
            "locked": thread.locked,
            "auto_archive_duration": thread.auto_archive_minutes,
            "archive_timestamp": time_of(thread.id),
            "create_timestamp": time_of(thread.id),
        },
    }


def _guild_emoji(emoji_id: int, name: str) -> Json:
    return {"id": str(emoji_id), "name": name, "roles": [], "available": True, "managed": False}
