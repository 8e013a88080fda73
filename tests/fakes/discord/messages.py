"""What a message may be and whom it pings: limits, embeds, files, allowed mentions, V2.

A draft is built from the body (and from the message, for an edit), judged whole, and only then
applied, so a refused request changes nothing.
"""

from dataclasses import dataclass
from typing import Any, Literal

from tests.fakes.discord.components import check_message, displayed_text
from tests.fakes.discord.refusals import (
    Check,
    Form,
    Json,
    Path,
    Refusal,
    anything,
    boolean,
    items,
    number,
    one_of,
    shape,
    snowflake,
    text,
)
from tests.fakes.discord.state import (
    Attachment,
    Channel,
    Flag,
    Mentions,
    Message,
    MessageType,
    Ping,
    User,
)
from tests.fakes.discord.world import World

MIB = 1024 * 1024
FILE_LIMIT_BYTES = 10 * MIB
REQUEST_LIMIT_BYTES = 25 * MIB
CONTENT_LIMIT_CHARS = 2000
EMBEDS_LIMIT_CHARS = 6000

Files = dict[int, tuple[str, bytes]]
"""Uploads by the number in their part's name, `files[n]`."""


@dataclass(frozen=True, slots=True)
class Draft:
    content: str
    flags: int
    embeds: list[Json]
    components: list[Json]
    attachments: list[Attachment]

    @property
    def empty(self) -> bool:
        """Components alone are a message only in V2."""
        shown = self.components if self.flags & Flag.V2 else []
        return not (self.content or self.embeds or shown or self.attachments)


CREATE_FIELDS: dict[str, Check] = {
    "content": text(0, CONTENT_LIMIT_CHARS),
    "nonce": anything,
    "enforce_nonce": boolean,
    "tts": boolean,
    "embeds": anything,
    "allowed_mentions": anything,
    "message_reference": anything,
    "components": anything,
    "attachments": anything,
    "flags": number(0, 2**31 - 1),
}
EDIT_FIELDS: dict[str, Check] = {
    name: CREATE_FIELDS[name]
    for name in ("content", "embeds", "allowed_mentions", "components", "attachments", "flags")
} | {"tts": boolean}
"""discord.py sends `tts` with every edit, where it means nothing."""


NEW_FLAGS = Flag.SUPPRESS_EMBEDS | Flag.SILENT | Flag.V2
"""What a bot may set on a message it sends to a channel."""


def draft(
    world: World,
    channel: Channel,
    body: Json,
    files: Files,
    *,
    fields: dict[str, Check],
    settable_flags: int,
    before: Message | None = None,
    path: Path = (),
) -> Draft:
    """What the message becomes; 50035, 50006 or 40005 if it may not.

    A flag that cannot be set is ignored, as Discord does; V2 is kept for ever once set.
    """
    form = Form()
    form.fields(path, body, {}, fields, nullable=frozenset(fields))
    check_allowed_mentions(form, (*path, "allowed_mentions"), body.get("allowed_mentions"))
    check_embeds(form, (*path, "embeds"), body.get("embeds"))
    form.refuse()
    old_flags = before.flags if before else 0
    flags = old_flags
    if body.get("flags") is not None:
        flags = (old_flags & ~settable_flags) | (body["flags"] & settable_flags)
        flags |= old_flags & Flag.V2
    attachments = _attachments(world, channel, form, (*path, "attachments"), body, files, before)
    form.refuse()
    found = Draft(
        content=_kept(body, "content", before.content if before else "") or "",
        flags=flags,
        embeds=_kept(body, "embeds", before.embeds if before else []) or [],
        components=_kept(body, "components", before.components if before else []) or [],
        attachments=attachments,
    )
    _check(form, path, found)
    form.refuse()
    if found.empty:
        raise Refusal(50006)
    world.check_words(found.content + displayed_text(found.components))
    return found


def apply(message: Message, found: Draft) -> None:
    message.content = found.content
    message.flags = found.flags
    message.embeds = found.embeds
    message.components = found.components
    message.attachments = found.attachments


def required_permissions(body: Json, files: Files) -> list[str]:
    """What sending this needs beyond seeing the channel."""
    names = ["send_messages"]
    if files:
        names.append("attach_files")
    if body.get("embeds"):
        names.append("embed_links")
    return names


def reply_target(world: World, channel: Channel, body: Json, author: User) -> Message | None:
    """The message replied to; None where there is none or it may be missing."""
    reference = body.get("message_reference")
    if reference is None:
        return None
    form = Form()
    own: dict[str, Check] = {"message_id": snowflake}
    more: dict[str, Check] = {
        "channel_id": snowflake,
        "guild_id": snowflake,
        "type": one_of(0),
        "fail_if_not_exists": boolean,
    }
    form.fields(("message_reference",), reference, own, more)
    form.refuse()
    if not channel.permissions(author).read_message_history:
        raise Refusal(160002)
    target = channel.messages.get(int(reference["message_id"]))
    if target is None and reference.get("fail_if_not_exists", True):
        form.add(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
    if target is not None and target.type in (
        MessageType.THREAD_CREATED,
        MessageType.THREAD_STARTER,
        MessageType.PINNED,
    ):
        sentence = "Cannot reply to a system message"
        form.add(("message_reference",), "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", sentence)
    form.refuse()
    return target


def mention(
    world: World,
    message: Message,
    allowed: Json | None,
    by: Literal["create", "edit"],
    *,
    default_everything: bool = True,
) -> None:
    """Set whom the message mentions and record whom that notifies.

    Without `allowed_mentions` everything is parsed, also in an edit that changes only components;
    in the answer to an interaction (`default_everything` False) users only.
    """
    reply = message.reference if message.type == MessageType.REPLY else None
    if allowed is None:
        parse = ["users", "roles", "everyone"] if default_everything else ["users"]
        allowed = {"parse": parse, "replied_user": True}
    pinged_reply = reply if allowed.get("replied_user", False) else None
    found = world.mentions(message.channel, message.author, message.text, pinged_reply)
    message.mentions = _filtered(found, allowed, pinged_reply)
    if message.viewer is not None:
        return
    rights = message.channel.permissions(message.author)
    users = tuple(user for user in message.mentions.users if user is not message.author)
    roles = tuple(
        role for role in message.mentions.roles if role.mentionable or rights.mention_everyone
    )
    if users or roles or message.mentions.everyone:
        everyone = message.mentions.everyone
        world.pings.append(Ping(message, users, roles, everyone, by, message.silent))


def check_allowed_mentions(form: Form, path: Path, value: Any) -> None:
    if value is None:
        return
    kinds = one_of("users", "roles", "everyone")
    fields: dict[str, Check] = {
        "parse": items(0, 3, kinds),
        "users": items(0, 100, snowflake),
        "roles": items(0, 100, snowflake),
        "replied_user": boolean,
    }
    shape({}, fields)(form, path, value)
    for kind in ("users", "roles"):
        if kind in value.get("parse", []) and value.get(kind):
            sentence = f"parse:[{kind!r}] and {kind}: [ids...] are mutually exclusive."
            form.add(path, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", sentence)


def check_embeds(form: Form, path: Path, value: Any) -> None:
    if value is None:
        return
    named = shape({"name": text(1, 256)}, {"url": anything, "icon_url": anything})
    footer = shape({"text": text(1, 2048)}, {"icon_url": anything})
    row = shape({"name": text(1, 256), "value": text(1, 1024)}, {"inline": boolean})
    embed = shape(
        {},
        {
            "title": text(1, 256),
            "description": text(1, 4096),
            "fields": items(0, 25, row),
            "footer": footer,
            "author": named,
            **dict.fromkeys(("type", "url", "color", "timestamp", "image", "thumbnail"), anything),
        },
    )
    items(0, 10, embed)(form, path, value)
    if isinstance(value, list) and sum(_length(embed) for embed in value) > EMBEDS_LIMIT_CHARS:
        sentence = f"Embed size exceeds maximum size of {EMBEDS_LIMIT_CHARS}"
        form.add(path, "MAX_EMBED_SIZE_EXCEEDED", sentence)


def _length(embed: Json) -> int:
    rows = embed.get("fields", [])
    texts = [embed.get("title"), embed.get("description")]
    texts += [embed.get("footer", {}).get("text"), embed.get("author", {}).get("name")]
    texts += [row.get(key) for row in rows for key in ("name", "value")]
    return sum(len(text or "") for text in texts)


def _kept(body: Json, name: str, before: Any) -> Any:
    """The body's field where it is given, null included, else what was there."""
    return body.get(name, before)


def _check(form: Form, path: Path, found: Draft) -> None:
    v2 = bool(found.flags & Flag.V2)
    names = frozenset(attachment.filename for attachment in found.attachments)
    check_message(form, (*path, "components"), found.components, v2=v2, files=names)
    for name, used in (("content", found.content), ("embeds", found.embeds)):
        if v2 and used:
            code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
            sentence = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            form.add((*path, name), code, sentence)


def _attachments(
    world: World,
    channel: Channel,
    form: Form,
    path: Path,
    body: Json,
    files: Files,
    before: Message | None,
) -> list[Attachment]:
    """Kept ones first, then uploads, each described by the entry with its number as id."""
    if any(len(data) > FILE_LIMIT_BYTES for _, data in files.values()):
        raise Refusal(40005)
    if sum(len(data) for _, data in files.values()) > REQUEST_LIMIT_BYTES:
        raise Refusal(40005)
    present = list(before.attachments) if before else []
    entries = body.get("attachments")
    if entries is None:
        entries = [{"id": str(a.id)} for a in present] + [{"id": number} for number in files]
    if not isinstance(entries, list):
        form.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return []
    by_id = {attachment.id: attachment for attachment in present}
    kept = [by_id[int(entry["id"])] for entry in entries if int(entry["id"]) in by_id]
    described = {int(entry["id"]): entry for entry in entries if int(entry["id"]) in files}
    for index, entry in enumerate(entries):
        if int(entry["id"]) not in by_id and int(entry["id"]) not in files:
            form.add((*path, index, "id"), "ATTACHMENT_NOT_FOUND", "Neither kept nor uploaded")
    new = [
        _upload(world, channel, described.get(number, {}), *file) for number, file in files.items()
    ]
    if len(kept) + len(new) > 10:
        form.add(path, "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    return kept + new


def _upload(world: World, channel: Channel, entry: Json, filename: str, data: bytes) -> Attachment:
    name = entry.get("filename") or filename
    attachment = Attachment(
        world.new_id(),
        channel.id,
        name,
        data,
        content_type_of(name),
        entry.get("description"),
    )
    world.attachments[attachment.id] = attachment
    return attachment


def content_type_of(filename: str) -> str:
    known = {"txt": "text/plain; charset=utf-8", "md": "text/markdown; charset=utf-8"}
    known |= {"png": "image/png", "json": "application/json; charset=utf-8"}
    return known.get(filename.rpartition(".")[2], "application/octet-stream")


def _filtered(found: Mentions, allowed: Json, reply: Message | None) -> Mentions:
    parse = allowed.get("parse", [])
    user_ids = {int(item) for item in allowed.get("users") or []}
    role_ids = {int(item) for item in allowed.get("roles") or []}
    if reply is not None:
        user_ids.add(reply.author.id)
    return Mentions(
        tuple(user for user in found.users if "users" in parse or user.id in user_ids),
        tuple(role for role in found.roles if "roles" in parse or role.id in role_ids),
        found.everyone and "everyone" in parse,
    )
